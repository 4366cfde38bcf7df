//! What can be asked in an enterprise.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use groupmembers_http::walk::Walk as _;
use groupmembers_http::{Pages, Scope};

use super::Shared;
use super::session::Live;
use crate::command::{Answer, Command, Place};
use crate::error::{BuildError, Error, WalkError};
use crate::file::File;
use crate::options::RosterOptions;
use crate::session::Session;
use crate::walk::{self, Roster, RosterWalk};
use crate::{
    get_business_common_data, get_group_employees, get_group_members, get_list, group_employee_list_export,
    group_member_list_export, list_export, manage_business, synch,
};

/// What a synchronisation ends in that leads back to where it was.
const CIRCLES: &str = "synch: the shop sent a cursor for the second time: the synchronisation does not come to an end";

/// One enterprise, chosen in a session that works in no other. Clones are cheap, and share it.
///
/// The server forgets what was chosen when a session is over, and then silently answers from the enterprise the member
/// managed last. So the enterprise is chosen again after every login, and rows of another enterprise are an error.
#[derive(Clone)]
pub struct Enterprise {
    pub(super) shared: Arc<Shared>,
    pub(super) live: Arc<Live>,
    pub(super) id: u64,
}

impl fmt::Debug for Enterprise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enterprise").field("site", &self.shared.site).field("id", &self.id).finish_non_exhaustive()
    }
}

impl Enterprise {
    /// Its number.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The session as it is now, to be kept.
    #[must_use]
    pub fn session(&self) -> Option<Session> {
        self.live.jar.current().map(|(jar, _)| jar.session().clone())
    }

    /// Every external member of a group, once, and a report on how sure that is. `group_id` is the `id` of a row of
    /// [`get_list`](Self::get_list).
    pub fn roster(&self, group_id: u64) -> Roster {
        self.roster_with(group_id, RosterOptions::default())
    }

    /// Every member of a group, with options.
    pub fn roster_with(&self, group_id: u64, options: RosterOptions) -> Roster {
        let now = self.shared.driver.runtime().now().unix.as_secs();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        self.run(RosterWalk::new(group_id, options, self.shared.concurrency, now))
    }

    /// Takes up a walk that was saved: who was given out before is not given out again.
    pub fn resume(&self, mut walk: RosterWalk) -> Roster {
        walk.restart();
        self.run(walk)
    }

    fn run(&self, walk: RosterWalk) -> Roster {
        let (enterprise, group) = (self.clone(), walk.group().to_string());
        let fetch: groupmembers_http::walk::Fetch<RosterWalk> = Box::new(move |ask, scope| {
            let enterprise = enterprise.clone();
            Box::pin(async move {
                match ask {
                    walk::Ask::Members(ask) => enterprise.call(&ask, &scope).await.map(walk::Answer::Members),
                    walk::Ask::Employees(ask) => enterprise.call(&ask, &scope).await.map(walk::Answer::Members),
                    walk::Ask::Group(ask) => enterprise.call(&ask, &scope).await.map(walk::Answer::Group),
                }
            })
        });
        let shared = &self.shared;
        Roster::new("yunshop", group, walk, shared.driver.clone(), shared.concurrency, shared.deadline, fetch)
    }

    /// Makes the call of any endpoint that works in an enterprise.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn execute<C: Command>(&self, command: &C) -> Result<Answer<C::Data>, Error> {
        if C::PLACE == Place::Api || C::NAME == manage_business::Request::NAME {
            let why = "would change the session of this enterprise: use Client::manage or Client::member_login_index";
            return Err(BuildError::new("call", why).into());
        }
        self.call(command, &self.shared.scope()).await
    }

    /// One page of the external members of a group.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_group_members(
        &self,
        request: &get_group_members::Request,
    ) -> Result<get_group_members::Response, Error> {
        self.execute(request).await
    }

    /// One page of the staff in a group.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_group_employees(
        &self,
        request: &get_group_employees::Request,
    ) -> Result<get_group_employees::Response, Error> {
        self.execute(request).await
    }

    /// One page of the enterprise's groups.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_list(&self, request: &get_list::Request) -> Result<get_list::Response, Error> {
        self.execute(request).await
    }

    /// What the session works in.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_business_common_data(&self) -> Result<get_business_common_data::Response, Error> {
        self.execute(&get_business_common_data::Request::default()).await
    }

    /// The external members of a group as a spreadsheet, those who left included: all that pass the filters, as the shop has
    /// them. Nothing holds it against anything; [`roster`](Self::roster) does that.
    ///
    /// # Errors
    /// What is left after all attempts; also where the shop answers with a page instead of a file.
    pub async fn group_member_list_export(&self, request: &group_member_list_export::Request) -> Result<File, Error> {
        Ok(self.execute(request).await?.data)
    }

    /// The staff in a group as a spreadsheet.
    ///
    /// # Errors
    /// As [`group_member_list_export`](Self::group_member_list_export).
    pub async fn group_employee_list_export(
        &self,
        request: &group_employee_list_export::Request,
    ) -> Result<File, Error> {
        Ok(self.execute(request).await?.data)
    }

    /// The enterprise's groups as a spreadsheet.
    ///
    /// # Errors
    /// As [`group_member_list_export`](Self::group_member_list_export).
    pub async fn list_export(&self, request: &list_export::Request) -> Result<File, Error> {
        Ok(self.execute(request).await?.data)
    }

    /// Lets the shop bring its copy of the groups up to date with WeCom, step by step until it says that it is done. **This
    /// changes the shop's data**: what all lists say afterwards, for everybody. Nothing is asked for before a step is taken,
    /// and who stops taking them leaves the copy half way.
    ///
    /// No step is sent twice: after an error it is not known whether the shop has made it. Begin anew, or go on from the cursor of
    /// the last answer with [`synch_from`](Self::synch_from). Before each step the session is asked where it is, and led back to
    /// this enterprise where it is not; and asked again after it: a step that was made in another enterprise all the same is an error. All steps together have the client's deadline.
    pub fn synch(&self) -> Pages<synch::Response, Error> {
        self.synch_from(synch::Request::start())
    }

    /// The same from a step on.
    pub fn synch_from(&self, request: synch::Request) -> Pages<synch::Response, Error> {
        let (enterprise, scope) = (self.clone(), self.shared.scope());
        let used = Arc::new(Mutex::new(HashSet::new()));
        Pages::new(request, move |request: synch::Request| {
            let (enterprise, scope, used) = (enterprise.clone(), scope.clone(), Arc::clone(&used));
            async move {
                request.validate()?;
                enterprise.call(&get_business_common_data::Request::default(), &scope).await?;
                let answer = enterprise.call(&request, &scope).await?;
                let next = request.after(&answer);
                let cursor = next.as_ref().and_then(|next| next.next_cursor.clone());
                let mut used = used.lock().unwrap_or_else(PoisonError::into_inner);
                used.extend(request.next_cursor);
                let circles = cursor.is_some_and(|cursor| used.contains(&cursor));
                let next = if circles { Err(WalkError::new(CIRCLES).into()) } else { Ok(next) };
                Ok((answer, next))
            }
        })
    }

    /// The pages of the external members from a request on, as the server has them: nothing is held against anything.
    pub fn get_group_members_pages(
        &self,
        request: get_group_members::Request,
    ) -> Pages<get_group_members::Response, Error> {
        self.pages(request, get_group_members::Request::after)
    }

    /// The pages of the staff from a request on.
    pub fn get_group_employees_pages(
        &self,
        request: get_group_employees::Request,
    ) -> Pages<get_group_employees::Response, Error> {
        self.pages(request, get_group_employees::Request::after)
    }

    /// The pages of the groups from a request on.
    pub fn get_list_pages(&self, request: get_list::Request) -> Pages<get_list::Response, Error> {
        self.pages(request, get_list::Request::after)
    }

    fn pages<C: Command + 'static>(
        &self,
        first: C,
        after: fn(&C, &Answer<C::Data>) -> Option<C>,
    ) -> Pages<Answer<C::Data>, Error>
    where
        Answer<C::Data>: 'static,
    {
        let (enterprise, scope) = (self.clone(), self.shared.scope());
        Pages::new(first, move |request: C| {
            let (enterprise, scope) = (enterprise.clone(), scope.clone());
            async move {
                let answer = enterprise.call(&request, &scope).await?;
                let next = after(&request, &answer);
                Ok((answer, Ok(next)))
            }
        })
    }

    async fn call<C: Command>(&self, command: &C, scope: &Scope) -> Result<Answer<C::Data>, Error> {
        self.shared.call(&self.live, Some(self.id), command, scope).await
    }
}
