//! One method per call of the API.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::Client;
use crate::command::Command;
use crate::error::{BuildError, Error};
use crate::row::Rejected;
use crate::types::Member;
use crate::{
    chatroom_get, chatroom_get_batch, chatroom_members_by_page, chatroom_query_members, chatroom_query_members_by_role,
    chatroom_query_user_room_ids, chatroom_tag_members_count, chatroom_tag_members_query, superteam_get_tlists,
    team_query, team_query_detail,
};

/// Who was found, and who was not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// The members among those asked for.
    pub members: Vec<Member>,
    /// Who was asked for and did not come back: unknown, or a guest who is not online.
    pub missing: Vec<String>,
    /// Rows that could not be read. Whom they are about may be among the missing.
    pub rejected: Vec<Rejected>,
}

impl Client {
    /// One page of members. Whole rooms: [`roster`](Self::roster).
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn chatroom_members_by_page(
        &self,
        request: &chatroom_members_by_page::Request,
    ) -> Result<chatroom_members_by_page::Response, Error> {
        self.execute(request).await
    }

    /// Creator, managers, blacklisted and muted fixed members.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn chatroom_query_members_by_role(
        &self,
        request: &chatroom_query_members_by_role::Request,
    ) -> Result<chatroom_query_members_by_role::Response, Error> {
        self.execute(request).await
    }

    /// These accounts, as far as they are members. A list over the documented 200 is split.
    ///
    /// # Errors
    /// What is left after all attempts, of the first part that fails.
    pub async fn chatroom_query_members(&self, request: &chatroom_query_members::Request) -> Result<Found, Error> {
        use chatroom_query_members::{MAX_ACCIDS, Request};
        let parts = request.accids.chunks(MAX_ACCIDS);
        let parts = parts.map(|part| Request { accids: part.to_vec(), ..request.clone() }).collect();
        let mut found = Found { members: Vec::new(), missing: Vec::new(), rejected: Vec::new() };
        for answer in self.in_parts(request, parts).await? {
            found.members.extend(answer.desc.data.rows);
            found.rejected.extend(answer.desc.data.rejected);
        }
        found.missing = request.missing(&found.members);
        Ok(found)
    }

    /// One room.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn chatroom_get(&self, request: &chatroom_get::Request) -> Result<chatroom_get::Response, Error> {
        self.execute(request).await
    }

    /// These rooms. A list over the documented 20 is split, and what the server failed on is asked for once more.
    ///
    /// # Errors
    /// What is left after all attempts, of the first part that fails.
    pub async fn chatroom_get_batch(
        &self,
        request: &chatroom_get_batch::Request,
    ) -> Result<chatroom_get_batch::Response, Error> {
        let mut whole = self.chatroom_get_batch_once(request).await?;
        let Some(failed) = whole.fail_rooms.as_mut().filter(|failed| !failed.is_empty()) else {
            return Ok(whole);
        };
        let roomids = std::mem::take(&mut failed.rows);
        let again = chatroom_get_batch::Request { roomids, ..request.clone() };
        merge_rooms(&mut whole, self.chatroom_get_batch_once(&again).await?);
        Ok(whole)
    }

    async fn chatroom_get_batch_once(
        &self,
        request: &chatroom_get_batch::Request,
    ) -> Result<chatroom_get_batch::Response, Error> {
        use chatroom_get_batch::{MAX_ROOMIDS, Request};
        let parts = request.roomids.chunks(MAX_ROOMIDS);
        let parts = parts.map(|part| Request { roomids: part.to_vec(), ..request.clone() }).collect();
        let answers = self.in_parts(request, parts).await?;
        let merged = answers.into_iter().reduce(|mut whole, part| {
            merge_rooms(&mut whole, part);
            whole
        });
        merged.ok_or_else(|| BuildError::new("roomids", "is empty").into())
    }

    /// The open rooms that somebody created.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn chatroom_query_user_room_ids(
        &self,
        request: &chatroom_query_user_room_ids::Request,
    ) -> Result<chatroom_query_user_room_ids::Response, Error> {
        self.execute(request).await
    }

    /// One page of those online with a tag, one row a device.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn chatroom_tag_members_query(
        &self,
        request: &chatroom_tag_members_query::Request,
    ) -> Result<chatroom_tag_members_query::Response, Error> {
        self.execute(request).await
    }

    /// How many are online with a tag.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn chatroom_tag_members_count(
        &self,
        request: &chatroom_tag_members_count::Request,
    ) -> Result<chatroom_tag_members_count::Response, Error> {
        self.execute(request).await
    }

    /// Teams, with their members' accounts.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn team_query(&self, request: &team_query::Request) -> Result<team_query::Response, Error> {
        self.execute(request).await
    }

    /// One team, with its members.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn team_query_detail(
        &self,
        request: &team_query_detail::Request,
    ) -> Result<team_query_detail::Response, Error> {
        self.execute(request).await
    }

    /// One page of a superteam's members.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn superteam_get_tlists(
        &self,
        request: &superteam_get_tlists::Request,
    ) -> Result<superteam_get_tlists::Response, Error> {
        self.execute(request).await
    }

    /// Makes the calls of a batch that was split, a few at once, all by one deadline. The answers are in order.
    async fn in_parts<C: Command>(&self, whole: &C, parts: Vec<C>) -> Result<Vec<C::Response>, Error> {
        if parts.len() < 2 {
            return Ok(vec![self.execute(whole).await?]);
        }
        let scope = &self.scope();
        // Each call owns its part: a future that borrowed it could not be spawned.
        let calls = parts.into_iter().map(|part| async move { self.call(&part, scope).await });
        stream::iter(calls).buffered(self.inner.concurrency).try_collect().await
    }
}

fn merge_rooms(whole: &mut chatroom_get_batch::Response, part: chatroom_get_batch::Response) {
    /// An index says nothing once lists are put together, so rejected rows keep their own.
    fn extend<T>(whole: &mut Option<crate::List<T>>, part: Option<crate::List<T>>) {
        match (whole, part) {
            (Some(whole), Some(part)) => {
                whole.rows.extend(part.rows);
                whole.rejected.extend(part.rejected);
            }
            (whole @ None, part) => *whole = part,
            (Some(_), None) => {}
        }
    }
    whole.succ_rooms.rows.extend(part.succ_rooms.rows);
    whole.succ_rooms.rejected.extend(part.succ_rooms.rejected);
    extend(&mut whole.no_exist_rooms, part.no_exist_rooms);
    extend(&mut whole.fail_rooms, part.fail_rooms);
}
