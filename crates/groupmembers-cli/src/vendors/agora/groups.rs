//! All groups of an app.

use std::sync::Arc;

use agora_chat_rest::Client;
use agora_chat_rest::chatgroups::{self, GroupSummary, MAX_LIMIT};
use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;
use groupmembers_http::Runtime;
use groupmembers_unified::Timestamp;

use super::{Reached, Way};
use crate::cli;
use crate::error::Error;
use crate::groups::{self, Group, Groups, Page, given};

/// What a list of Agora groups takes.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    #[command(flatten)]
    way: Way,

    /// Rows a page, 1 to 1000
    #[arg(long, value_name = "N", default_value_t = MAX_LIMIT, value_parser = |text: &str| cli::number::<u32>(text, 1..=MAX_LIMIT.into()), allow_negative_numbers = true)]
    page_size: u32,
}

/// An app whose groups are asked for.
pub(crate) struct App {
    app: Reached,
    page_size: u32,
}

impl Args {
    /// What can be wrong before anything is sent, is not.
    pub(crate) fn reach(&self, args: &groups::Args) -> Result<App, Error> {
        let mut app = self.way.reach()?;
        app.builder = app.builder.deadline(Some(args.deadline()));
        Ok(App { app, page_size: self.page_size })
    }
}

impl Groups for App {
    const VENDOR: &'static str = "agora";

    type Client = Client;

    async fn connect(&self, runtime: Arc<dyn Runtime>) -> Result<Client, String> {
        self.app.builder.clone().runtime(runtime).build().map_err(|error| error.to_string())
    }

    fn pages(&self, client: &Client) -> BoxStream<'static, Result<Page, String>> {
        let pages = client.pages(chatgroups::Request::first(self.page_size));
        let page = |answer: chatgroups::Response| Page {
            groups: answer.data.iter().map(group).collect(),
            unreadable: answer.rejected.into_iter().map(|row| row.reason).collect(),
            total: None,
        };
        pages.map(move |answer| answer.map(page).map_err(|error| error.to_string())).boxed()
    }

    fn hint(&self, error: &str) -> Option<String> {
        self.app.hint(error)
    }
}

fn group(row: &GroupSummary) -> Group {
    // As org#app_user: neither of the first two has such a line in it.
    let owner =
        row.owner.as_deref().map(|owner| match owner.split_once('#').and_then(|(_, rest)| rest.split_once('_')) {
            Some((_, user)) => user,
            None => owner,
        });
    Group {
        name: given(row.group_name.as_deref()),
        kind: given(row.kind.as_deref()),
        owner: given(owner),
        members: row.affiliations,
        created_at: row.created.and_then(|time| Timestamp::from_millis(i64::try_from(time).ok()?)),
        ..Group::new("agora", &row.group_id)
    }
    .with_raw(row)
}
