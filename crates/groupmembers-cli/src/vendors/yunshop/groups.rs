//! All customer groups of an enterprise.

use std::sync::Arc;

use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;
use groupmembers_http::Runtime;
use groupmembers_unified::Timestamp;
use yunshop_wecom::{Enterprise, get_list};

use super::{Business, Way};
use crate::error::Error;
use crate::groups::{self, Group, Groups, Page, given};
use crate::ids;

/// What a list of Yunshop groups takes.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    #[command(flatten)]
    way: Way,

    /// Only groups with this in their name
    #[arg(long, value_name = "WORD")]
    name: Option<String>,
}

/// An enterprise whose groups are asked for.
pub(crate) struct Shop {
    business: Business,
    first: get_list::Request,
}

impl Args {
    /// What can be wrong before anything is sent, is not.
    pub(crate) fn reach(&self, args: &groups::Args) -> Result<Shop, Error> {
        if let Some(name) = &self.name {
            ids::check("--name", name, 200)?;
        }
        let mut business = self.way.business()?;
        business.builder = business.builder.deadline(Some(args.deadline()));
        let mut first = get_list::Request::new();
        first.name.clone_from(&self.name);
        Ok(Shop { business, first })
    }
}

impl Groups for Shop {
    const VENDOR: &'static str = "yunshop";

    type Client = Enterprise;

    async fn connect(&self, runtime: Arc<dyn Runtime>) -> Result<Enterprise, String> {
        self.business.manage(runtime).await
    }

    fn pages(&self, enterprise: &Enterprise) -> BoxStream<'static, Result<Page, String>> {
        let pages = enterprise.get_list_pages(self.first.clone());
        pages.map(|answer| answer.map_err(|error| error.to_string()).and_then(page)).boxed()
    }
}

fn page(answer: get_list::Response) -> Result<Page, String> {
    let Some(list) = answer.data.list else {
        return Err("getList did not say which groups there are: that is no empty list".to_owned());
    };
    Ok(Page {
        groups: list.data.iter().map(group).collect(),
        unreadable: list.rejected.into_iter().map(|row| row.reason).collect(),
        total: list.total,
    })
}

fn group(row: &get_list::Group) -> Group {
    let made = row.group_created_time.as_ref().or(row.group_created_time_str.as_ref());
    Group {
        name: given(row.group_name.as_deref()),
        owner: given(row.owner_userid.as_deref()),
        members: row.employee_count.zip(row.customer_count).map(|(staff, customers)| staff.saturating_add(customers)),
        created_at: made.and_then(|time| Timestamp::from_seconds(time.unix()?)),
        ..Group::new("yunshop", row.id.to_string())
    }
    .with_raw(row)
}
