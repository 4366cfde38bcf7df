//! The groups in an account's address book.

use std::collections::HashMap;
use std::sync::Arc;

use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;
use groupmembers_http::Runtime;
use wkteam_api::{Client, ClientBuilder, get_contact};

use super::Way;
use crate::error::Error;
use crate::groups::{self, Group, Groups, Page, given};

/// What a list of wkteam groups takes.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    #[command(flatten)]
    way: Way,

    /// Have the server read the address book first: needed once after each login, takes 10 seconds to 3 minutes, and done
    /// more often may take a new account offline
    #[arg(long)]
    init: bool,

    /// Ask for the groups' names as well: another call for every 20 of them
    #[arg(long)]
    names: bool,
}

/// An account whose groups are asked for.
pub(crate) struct AddressBook {
    builder: ClientBuilder,
    init: bool,
    names: bool,
}

impl Args {
    /// What can be wrong before anything is sent, is not.
    pub(crate) fn reach(&self, args: &groups::Args) -> Result<AddressBook, Error> {
        let builder = self.way.builder()?.deadline(Some(args.deadline()));
        Ok(AddressBook { builder, init: self.init, names: self.names })
    }
}

impl Groups for AddressBook {
    const VENDOR: &'static str = "wkteam";

    type Client = Client;

    async fn connect(&self, runtime: Arc<dyn Runtime>) -> Result<Client, String> {
        let client = self.builder.clone().runtime(runtime).build().map_err(|error| error.to_string())?;
        if self.init {
            client.init_address_list().await.map_err(|error| error.to_string())?;
        }
        Ok(client)
    }

    /// All ids come in one answer.
    fn pages(&self, client: &Client) -> BoxStream<'static, Result<Page, String>> {
        let (client, names) = (client.clone(), self.names);
        futures_util::stream::once(async move { read(&client, names).await }).boxed()
    }

    fn note(&self) -> Option<&'static str> {
        Some("these are the groups saved to the address book, as the server read it last: others cannot be listed")
    }

    fn hint(&self, error: &str) -> Option<String> {
        let init = (!self.init && error.contains("getAddressList"))
            .then(|| "the server may not have read the address book since the last login: see --init".to_owned());
        [super::hint(error), init].into_iter().flatten().reduce(|one, other| format!("{one}; {other}"))
    }
}

async fn read(client: &Client, names: bool) -> Result<Page, String> {
    let list = client.get_address_list().await.map_err(|error| error.to_string())?;
    let Some(chatrooms) = list.data.chatrooms else {
        return Err("getAddressList did not say which groups there are: that is no empty list".to_owned());
    };
    let mut known = HashMap::new();
    if names && !chatrooms.is_empty() {
        let request = get_contact::Request::new(&chatrooms);
        let profiles = client.get_contact(&request).await.map_err(|error| error.to_string())?;
        known.extend(profiles.data.into_iter().map(|profile| (profile.user_name.clone(), profile)));
    }
    let group = |id: &String| {
        let bare = Group::new("wkteam", id);
        known.get(id).map_or(bare.clone(), |profile| {
            Group { name: given(profile.nick_name.as_deref()), ..bare }.with_raw(profile)
        })
    };
    Ok(Page { groups: chatrooms.iter().map(group).collect(), ..Page::default() })
}
