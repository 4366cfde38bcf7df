//! All groups of an app.

use std::collections::HashMap;
use std::sync::Arc;

use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;
use groupmembers_http::Runtime;
use groupmembers_unified::Timestamp;
use tim_rest::get_appid_group_list::{self, MAX_LIMIT};
use tim_rest::{Client, ClientBuilder, get_group_info};

use super::{Type, Way};
use crate::cli;
use crate::error::Error;
use crate::groups::{self, Group, Groups, Page, given};

/// What a list of TIM groups takes.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    #[command(flatten)]
    way: Way,

    /// Only groups of this type
    #[arg(long = "type", value_name = "TYPE", ignore_case = true)]
    group_type: Option<Type>,

    /// Ask for name, type, owner and numbers as well: another call for every 50 groups. Without it these are ids alone
    #[arg(long)]
    details: bool,

    /// Rows a page, 1 to 10000
    #[arg(long, value_name = "N", default_value_t = MAX_LIMIT, value_parser = |text: &str| cli::number::<u32>(text, 1..=MAX_LIMIT.into()), allow_negative_numbers = true)]
    page_size: u32,
}

/// An app whose groups are asked for.
pub(crate) struct App {
    builder: ClientBuilder,
    first: get_appid_group_list::Request,
    details: bool,
}

impl Args {
    /// What can be wrong before anything is sent, is not.
    pub(crate) fn reach(&self, args: &groups::Args) -> Result<App, Error> {
        let (builder, _) = self.way.builder()?;
        let mut first = get_appid_group_list::Request::default();
        (first.limit, first.group_type) = (Some(self.page_size), self.group_type.map(Into::into));
        Ok(App { builder: builder.deadline(Some(args.deadline())), first, details: self.details })
    }
}

impl Groups for App {
    const VENDOR: &'static str = "tim";

    type Client = Client;

    async fn connect(&self, runtime: Arc<dyn Runtime>) -> Result<Client, String> {
        self.builder.clone().runtime(runtime).build().map_err(|error| error.to_string())
    }

    fn pages(&self, client: &Client) -> BoxStream<'static, Result<Page, String>> {
        let (client, details, pages) = (client.clone(), self.details, client.pages(self.first.clone()));
        pages
            .then(move |answer| {
                let client = client.clone();
                async move {
                    let answer = answer.map_err(|error| error.to_string())?;
                    let mut page = Page {
                        groups: answer
                            .group_id_list
                            .iter()
                            .map(|row| Group::new("tim", &row.group_id).with_raw(row))
                            .collect(),
                        unreadable: answer.envelope.rejected.iter().map(|row| row.reason.clone()).collect(),
                        total: answer.total_count,
                    };
                    if details && !page.groups.is_empty() {
                        describe(&client, &mut page.groups).await.map_err(|error| error.to_string())?;
                    }
                    Ok(page)
                }
            })
            .boxed()
    }
}

/// Adds what the groups say of themselves. Of one that is gone by now no more is known than that it was there.
async fn describe(client: &Client, groups: &mut [Group]) -> Result<(), tim_rest::Error> {
    const FIELDS: [&str; 6] = ["GroupId", "Type", "Name", "Owner_Account", "MemberNum", "CreateTime"];
    let ids = groups.iter().map(|group| group.group.as_str());
    let answer = client.get_group_info(&get_group_info::Request::new(ids).with_base_info(FIELDS)).await?;
    let mut known: HashMap<&str, &get_group_info::GroupInfo> = HashMap::new();
    known.extend(answer.group_info.iter().map(|info| (info.group_id.as_str(), info)));
    for group in groups {
        let Some(info) = known.get(group.group.as_str()).filter(|info| info.error_code.unwrap_or(0) == 0) else {
            continue;
        };
        *group = Group {
            name: given(info.name.as_deref()),
            kind: info.group_type.as_ref().map(|kind| kind.as_str().to_owned()),
            owner: given(info.owner_account.as_deref()),
            members: info.member_num,
            created_at: info.create_time.and_then(|time| Timestamp::from_seconds(i64::try_from(time).ok()?)),
            ..Group::new("tim", &info.group_id)
        }
        .with_raw(info);
    }
    Ok(())
}
