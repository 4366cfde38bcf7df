//! A group's members as a stream, plain and with their profiles.

use groupmembers_http::Scope;
use groupmembers_http::walk::Walk as _;

use super::Client;
use crate::details::{self, DetailWalk, DetailedRoster};
use crate::error::Error;
use crate::options::RosterOptions;
use crate::walk::{self, Roster, RosterWalk};

impl Client {
    /// Every member of a group, once, and a report on how sure that is.
    ///
    /// Two calls: the group's own description, then the list; again where they disagree, with at most
    /// [`rounds`](RosterOptions::rounds) lists.
    pub fn roster(&self, chat_room_id: impl Into<String>) -> Roster {
        self.roster_with(chat_room_id, RosterOptions::default())
    }

    /// Every member of a group, with options.
    pub fn roster_with(&self, chat_room_id: impl Into<String>, options: RosterOptions) -> Roster {
        self.run(RosterWalk::new(chat_room_id.into(), options))
    }

    /// Every member of a group with their profile: one call a member, paced, so about 11 minutes for 500. A member whose
    /// profile is refused comes without one. What was had before an error is given out, and the walk can be saved and
    /// [taken up again](Self::resume_with_details).
    pub fn roster_with_details(&self, chat_room_id: impl Into<String>, options: RosterOptions) -> DetailedRoster {
        self.run_with_details(DetailWalk::new(RosterWalk::new(chat_room_id.into(), options)))
    }

    /// Takes up a walk that was saved: who was given out before is not given out again.
    pub fn resume(&self, mut walk: RosterWalk) -> Roster {
        walk.restart();
        self.run(walk)
    }

    /// Takes up a walk that was saved: who was given out before is not given out, nor asked about, again.
    pub fn resume_with_details(&self, mut walk: DetailWalk) -> DetailedRoster {
        walk.restart();
        self.run_with_details(walk)
    }

    fn run(&self, walk: RosterWalk) -> Roster {
        let (client, group) = (self.clone(), walk.group().to_owned());
        let fetch: groupmembers_http::walk::Fetch<RosterWalk> = Box::new(move |ask, scope| {
            let client = client.clone();
            Box::pin(async move { client.ask(ask, &scope).await })
        });
        Roster::new("wkteam", group, walk, self.shared.driver.clone(), 1, self.shared.deadline, fetch)
    }

    fn run_with_details(&self, walk: DetailWalk) -> DetailedRoster {
        let (client, group) = (self.clone(), walk.list().group().to_owned());
        let fetch: groupmembers_http::walk::Fetch<DetailWalk> = Box::new(move |ask, scope| {
            let client = client.clone();
            Box::pin(async move {
                match ask {
                    details::Ask::List(ask) => client.ask(ask, &scope).await.map(details::Answer::List),
                    details::Ask::Profile(ask) => client.call(&ask, &scope).await.map(details::Answer::Profile),
                }
            })
        });
        DetailedRoster::new("wkteam", group, walk, self.shared.driver.clone(), 1, self.shared.deadline, fetch)
    }

    async fn ask(&self, ask: walk::Ask, scope: &Scope) -> Result<walk::Answer, Error> {
        match ask {
            walk::Ask::Info(request) => self.call(&request, scope).await.map(walk::Answer::Info),
            walk::Ask::Members(request) => self.call(&request, scope).await.map(walk::Answer::Members),
        }
    }
}
