//! Whole groups.

use futures_util::future::BoxFuture;
use groupmembers_http::Scope;
use groupmembers_http::walk::{Fetch, Walk as _};

use super::{Client, Inner};
use crate::error::Error;
use crate::options::RosterOptions;
use crate::superteam_walk::{SuperteamAnswer, SuperteamRoster, SuperteamWalk};
use crate::team_walk::{TeamAnswer, TeamAsk, TeamRoster, TeamWalk};
use crate::walk::{Answer, Ask, Roster, RosterWalk};

impl Client {
    /// Every member of a chatroom, once, and a report on how sure that is.
    pub fn roster(&self, roomid: u64) -> Roster {
        self.roster_with(roomid, RosterOptions::default())
    }

    /// Every member of a chatroom, with options.
    pub fn roster_with(&self, roomid: u64, options: RosterOptions) -> Roster {
        self.run(RosterWalk::new(roomid, options, self.inner.concurrency))
    }

    /// Takes up a walk that was saved: who was given out before is not given out again.
    pub fn resume(&self, mut walk: RosterWalk) -> Roster {
        walk.restart();
        self.run(walk)
    }

    /// Every member of a team, once, and a report on how sure that is.
    pub fn team_roster(&self, tid: u64) -> TeamRoster {
        self.run_team(TeamWalk::new(tid))
    }

    /// Takes up a walk over a team that was saved: who was given out before is not given out again.
    pub fn resume_team_roster(&self, mut walk: TeamWalk) -> TeamRoster {
        walk.restart();
        self.run_team(walk)
    }

    fn run_team(&self, walk: TeamWalk) -> TeamRoster {
        self.start(walk.tid(), walk, |client, ask, scope| {
            Box::pin(async move {
                match ask {
                    TeamAsk::Detail(request) => {
                        client.call(&request, &scope).await.map(|team| TeamAnswer::Detail(Box::new(team)))
                    }
                    TeamAsk::Size(request) => client.call(&request, &scope).await.map(TeamAnswer::Size),
                }
            })
        })
    }

    /// Every member of a superteam, once, and a report on how sure that is.
    pub fn superteam_roster(&self, tid: u64) -> SuperteamRoster {
        self.run_superteam(SuperteamWalk::new(tid, self.inner.concurrency))
    }

    /// Takes up a walk over a superteam that was saved: who was given out before is not given out again.
    pub fn resume_superteam_roster(&self, mut walk: SuperteamWalk) -> SuperteamRoster {
        walk.restart();
        self.run_superteam(walk)
    }

    fn run_superteam(&self, walk: SuperteamWalk) -> SuperteamRoster {
        self.start(walk.tid(), walk, |client, request, scope| {
            Box::pin(async move {
                let (page, at) = client.call_dated(&request, &scope).await?;
                Ok(SuperteamAnswer { page, at })
            })
        })
    }

    /// Starts a walk over a group whose requests are made so.
    fn start<W>(
        &self,
        group: u64,
        walk: W,
        ask: impl Fn(Self, W::Request, Scope) -> BoxFuture<'static, Result<W::Answer, Error>> + Send + Sync + 'static,
    ) -> groupmembers_http::walk::Roster<W>
    where
        W: groupmembers_http::walk::Walk<Error = Error> + Unpin,
        W::Request: 'static,
        W::Answer: Send + 'static,
    {
        let client = self.clone();
        let fetch: Fetch<W> = Box::new(move |request, scope| ask(client.clone(), request, scope));
        let Inner { driver, concurrency, deadline, .. } = &*self.inner;
        groupmembers_http::walk::Roster::new(
            "nim",
            group.to_string(),
            walk,
            driver.clone(),
            *concurrency,
            *deadline,
            fetch,
        )
    }

    fn run(&self, walk: RosterWalk) -> Roster {
        let refused = walk.options().validate().err();
        self.start(walk.room(), walk, move |client, ask, scope| {
            let refused = refused.clone();
            Box::pin(async move {
                if let Some(refused) = refused {
                    return Err(refused.into());
                }
                match ask {
                    Ask::Room(request) => client.call(&request, &scope).await.map(|room| Answer::Room(Box::new(room))),
                    Ask::Roles(request) => client.call(&request, &scope).await.map(Answer::Roles),
                    Ask::Members(request) => client.call(&request, &scope).await.map(Answer::Members),
                }
            })
        })
    }
}
