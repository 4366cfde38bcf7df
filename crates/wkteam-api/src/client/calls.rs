//! One method an endpoint.

use super::{Client, not_online};
use crate::command::{Answer, Command, Rejected, Session};
use crate::error::{BuildError, Error};
use crate::{
    get_address_list, get_chat_room_info, get_chat_room_member, get_chat_room_member_info, get_contact,
    init_address_list, is_online, member_login, query_login_wx,
};

impl Client {
    /// Makes any endpoint's call.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn execute<C: Command>(&self, command: &C) -> Result<Answer<C::Data>, Error> {
        self.call(command, &self.shared.scope()).await
    }

    /// Logs in, and gives the whole answer. The client does so by itself where it was given an account.
    ///
    /// # Errors
    /// The login failed, or the account is frozen or has expired.
    pub async fn member_login(&self, request: &member_login::Request) -> Result<member_login::Response, Error> {
        let answer = self.shared.attempt(request, &Session::default(), &self.shared.scope()).await?;
        answer.data.token()?;
        Ok(answer)
    }

    /// Everybody in a group, as the API gives them. With a check: [`roster`](Self::roster).
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_chat_room_member(
        &self,
        request: &get_chat_room_member::Request,
    ) -> Result<get_chat_room_member::Response, Error> {
        self.execute(request).await
    }

    /// One member's profile.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_chat_room_member_info(
        &self,
        request: &get_chat_room_member_info::Request,
    ) -> Result<get_chat_room_member_info::Response, Error> {
        self.execute(request).await
    }

    /// A group's name, owner and size.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_chat_room_info(
        &self,
        request: &get_chat_room_info::Request,
    ) -> Result<get_chat_room_info::Response, Error> {
        self.execute(request).await
    }

    /// The WeChat accounts that are online. The client remembers whose each `wId` is.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn query_login_wx(&self) -> Result<query_login_wx::Response, Error> {
        self.shared.logins(&self.shared.scope()).await
    }

    /// Whether the WeChat account is online. Where it is known which account that is, by its `wcId`, any login of it counts,
    /// and a newer one is used from then on; else only the login that the `wId` names.
    ///
    /// # Errors
    /// What is left after all attempts. A 1001 may mean that it is not, and may mean anything else: where the account is known,
    /// the list of those online decides.
    pub async fn is_online(&self) -> Result<bool, Error> {
        let scope = self.shared.scope();
        match self.call(&is_online::Request::default(), &scope).await {
            // It is that login which is not; there may be a newer one.
            Ok(answer) if !answer.data.is_online => self.shared.has_newer(&self.acting, &scope).await,
            Ok(_) => Ok(true),
            Err(error) => not_online(error),
        }
    }

    /// Has the server read the address book: ten seconds to three minutes, once after each login. Never tried again once it may
    /// have arrived.
    ///
    /// # Errors
    /// The attempt's.
    pub async fn init_address_list(&self) -> Result<init_address_list::Response, Error> {
        self.execute(&init_address_list::Request::default()).await
    }

    /// The ids in the address book.
    ///
    /// # Errors
    /// What is left after all attempts.
    pub async fn get_address_list(&self) -> Result<get_address_list::Response, Error> {
        self.execute(&get_address_list::Request::default()).await
    }

    /// The profiles of these. A list over the documented 20 is split, and the parts are asked for one after the other; who is
    /// not in the answer, [`missing`](get_contact::Request::missing) names.
    ///
    /// # Errors
    /// What is left after all attempts, of the first part that fails.
    pub async fn get_contact(&self, request: &get_contact::Request) -> Result<get_contact::Response, Error> {
        let scope = self.shared.scope();
        let mut parts = request.wc_ids.chunks(get_contact::MAX_IDS);
        let Some(first) = parts.next() else {
            return Err(BuildError::new("wcId", "is an empty list").into());
        };
        let mut whole = self.call(&get_contact::Request::new(first), &scope).await?;
        for part in parts {
            let part = self.call(&get_contact::Request::new(part), &scope).await?;
            let before = whole.data.len() + whole.rejected.len();
            whole.data.extend(part.data);
            whole.rejected.extend(part.rejected.into_iter().map(|row| Rejected { index: before + row.index, ..row }));
        }
        Ok(whole)
    }
}
