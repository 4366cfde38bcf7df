//! The userbuf of a PrivateMapKey: which TRTC room a user may enter, and what for. IM itself needs none.
//!
//! Layout: <https://github.com/tencentyun/tls-sig-api-v2-golang>, all integers big-endian.

use crate::credentials::{Credentials, check_text};
use crate::error::BuildError;
use crate::usersig::UserSig;

/// A room of TRTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Room {
    /// Named by a number.
    Number(u32),
    /// Named by a string.
    Name(String),
}

/// Permission to enter one room.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PrivateMapKey {
    /// Who may enter.
    pub identifier: String,
    /// Where.
    pub room: Room,
    /// What they may do there: 255 is everything, 42 is to join and to receive.
    pub privileges: u32,
}

impl PrivateMapKey {
    /// A permission.
    #[must_use]
    pub fn new(identifier: impl Into<String>, room: Room, privileges: u32) -> Self {
        Self { identifier: identifier.into(), room, privileges }
    }

    /// Signs it, from `now` (seconds since 1970-01-01 UTC) for `expire` seconds. The identifier of `credentials` plays no part.
    ///
    /// # Errors
    /// The identifier is empty or longer than 65535 bytes, or the expiry does not fit into 32 bits.
    pub fn sign(&self, credentials: &Credentials, now: u64, expire: u64) -> Result<UserSig, BuildError> {
        let userbuf = self.userbuf(credentials.sdk_app_id(), now.saturating_add(expire))?;
        let (app, key) = (credentials.sdk_app_id(), credentials.secret_key());
        UserSig::sign_for(app, key, &self.identifier, now, expire, Some(&userbuf))
    }

    /// The bytes that are signed along.
    ///
    /// # Errors
    /// As [`sign`](Self::sign).
    pub fn userbuf(&self, sdk_app_id: u32, expires_at: u64) -> Result<Vec<u8>, BuildError> {
        check_text("identifier", &self.identifier)?;
        let expires_at = u32::try_from(expires_at)
            .map_err(|_| BuildError::new("expire", "ends after 2106: a userbuf has 32 bits for it"))?;
        let (version, number, name) = match &self.room {
            Room::Number(number) => (0, *number, None),
            Room::Name(name) => (1, 0, Some(name)),
        };
        let mut bytes = vec![version];
        push_text(&mut bytes, "identifier", &self.identifier)?;
        for number in [sdk_app_id, number, expires_at, self.privileges, 0] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        if let Some(name) = name {
            push_text(&mut bytes, "room", name)?;
        }
        Ok(bytes)
    }

    /// Reads a userbuf: the permission, its app, and when it expires.
    #[must_use]
    pub fn decode(userbuf: &[u8]) -> Option<(Self, u32, u64)> {
        let (&version, mut rest) = userbuf.split_first()?;
        let identifier = take_text(&mut rest)?;
        let mut number = || {
            let (four, after) = rest.split_first_chunk::<4>()?;
            rest = after;
            Some(u32::from_be_bytes(*four))
        };
        let (app, room, expires_at, privileges, _account_type) =
            (number()?, number()?, number()?, number()?, number()?);
        let room = match version {
            0 => Room::Number(room),
            1 => Room::Name(take_text(&mut rest)?),
            _ => return None,
        };
        rest.is_empty().then_some((Self { identifier, room, privileges }, app, expires_at.into()))
    }
}

fn push_text(bytes: &mut Vec<u8>, name: &'static str, text: &str) -> Result<(), BuildError> {
    let length = u16::try_from(text.len()).map_err(|_| BuildError::new(name, "is longer than 65535 bytes"))?;
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
    Ok(())
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    let (length, after) = rest.split_first_chunk::<2>()?;
    let (text, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
    *rest = after;
    String::from_utf8(text.to_vec()).ok()
}
