//! The open chatrooms that somebody created.

use std::collections::HashMap;
use std::sync::Arc;

use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;
use groupmembers_http::Runtime;
use nim_server::{Client, chatroom_get_batch, chatroom_query_user_room_ids};

use super::{Reached, Way};
use crate::error::Error;
use crate::groups::{self, Group, Groups, Page, given};
use crate::ids;

/// What a list of NIM chatrooms takes.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    #[command(flatten)]
    way: Way,

    /// Whose rooms: the accid of who created them
    #[arg(long, value_name = "ACCID")]
    creator: String,
}

/// No accid is longer.
const LONGEST_ACCID: usize = 32;

/// Somebody whose rooms are asked for.
pub(crate) struct Creator {
    app: Reached,
    accid: String,
}

impl Args {
    /// What can be wrong before anything is sent, is not.
    pub(crate) fn reach(&self, args: &groups::Args) -> Result<Creator, Error> {
        ids::check("--creator", &self.creator, LONGEST_ACCID)?;
        let mut app = self.way.reach()?;
        app.builder = app.builder.deadline(Some(args.deadline()));
        Ok(Creator { app, accid: self.creator.clone() })
    }
}

impl Groups for Creator {
    const VENDOR: &'static str = "nim";

    type Client = Client;

    async fn connect(&self, runtime: Arc<dyn Runtime>) -> Result<Client, String> {
        self.app.builder.clone().runtime(runtime).build().map_err(|error| error.to_string())
    }

    /// All ids come in one answer.
    fn pages(&self, client: &Client) -> BoxStream<'static, Result<Page, String>> {
        let (client, accid) = (client.clone(), self.accid.clone());
        futures_util::stream::once(async move { rooms(&client, &accid).await.map_err(|error| error.to_string()) })
            .boxed()
    }

    fn note(&self) -> Option<&'static str> {
        Some("these are open rooms: closed ones are not in the list, nor are teams")
    }

    fn hint(&self, error: &str) -> Option<String> {
        self.app.hint(error)
    }
}

/// The ids, and what the rooms say of themselves. Of one that is gone by now no more is known than that it was there.
async fn rooms(client: &Client, creator: &str) -> Result<Page, nim_server::Error> {
    let list = client.chatroom_query_user_room_ids(&chatroom_query_user_room_ids::Request::new(creator)).await?;
    let roomids = &list.desc.roomids;
    let mut known = HashMap::new();
    if !roomids.rows.is_empty() {
        let answer = client.chatroom_get_batch(&chatroom_get_batch::Request::new(roomids.rows.iter().copied())).await?;
        known.extend(answer.succ_rooms.rows.into_iter().map(|room| (room.roomid, room)));
    }
    let group = |id: &u64| {
        let bare = Group::new("nim", id.to_string());
        known.get(id).map_or(bare.clone(), |room| {
            Group { name: given(room.name.as_deref()), owner: given(room.creator.as_deref()), ..bare }.with_raw(room)
        })
    };
    Ok(Page {
        groups: roomids.rows.iter().map(group).collect(),
        unreadable: roomids.rejected.iter().map(|row| row.reason.clone()).collect(),
        total: None,
    })
}
