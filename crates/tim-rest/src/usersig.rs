//! UserSig (TLSSigAPIv2): signing, decoding, verifying.
//!
//! Rules: <https://cloud.tencent.com/document/product/269/32688>. Two signatures of the same content need not be the same
//! text: the JSON's layout and the deflate level are free. Compare what [`Claims::decode`] finds.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_zlib_with_limit};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::credentials::{Credentials, SecretKey, check_text};
use crate::error::BuildError;

/// The deflate level that zlib takes by default.
const LEVEL: u8 = 6;

/// No honest signature unpacks to more.
const MAX_JSON: usize = 64 * 1024;

/// A signature that lets its bearer act as `identifier` of the app until it expires. Debug does not show it.
#[derive(Clone)]
pub struct UserSig {
    sdk_app_id: u32,
    identifier: String,
    expires_at: u64,
    text: String,
}

impl UserSig {
    /// Signs for the App admin of `credentials`, from `now` (seconds since 1970-01-01 UTC) for `expire` seconds.
    ///
    /// # Errors
    /// `expire` is 0.
    pub fn sign(credentials: &Credentials, now: u64, expire: u64) -> Result<Self, BuildError> {
        Self::sign_for(credentials.sdk_app_id(), credentials.secret_key(), credentials.identifier(), now, expire, None)
    }

    /// Signs for any user of an app, with a userbuf where a product asks for one
    /// (see [`PrivateMapKey`](crate::userbuf::PrivateMapKey)).
    ///
    /// # Errors
    /// The identifier is empty or has blanks around it, or `expire` is 0.
    pub fn sign_for(
        sdk_app_id: u32,
        key: &SecretKey,
        identifier: &str,
        now: u64,
        expire: u64,
        userbuf: Option<&[u8]>,
    ) -> Result<Self, BuildError> {
        check_text("identifier", identifier)?;
        if expire == 0 {
            return Err(BuildError::new("expire", "is 0: the signature would be dead at birth"));
        }
        let mut claims = Claims {
            version: "2.0".to_owned(),
            identifier: identifier.to_owned(),
            sdk_app_id,
            expire,
            time: now,
            userbuf: userbuf.map(|bytes| BASE64.encode(bytes)),
            signature: String::new(),
        };
        claims.signature = BASE64.encode(claims.mac(key).finalize().into_bytes());
        Ok(Self {
            sdk_app_id,
            identifier: claims.identifier.clone(),
            expires_at: claims.expires_at(),
            text: claims.encode(),
        })
    }

    /// The app it was signed for.
    #[must_use]
    pub fn sdk_app_id(&self) -> u32 {
        self.sdk_app_id
    }

    /// The user it was signed for.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// The last second at which it is good.
    #[must_use]
    pub fn expires_at(&self) -> u64 {
        self.expires_at
    }

    /// The signature itself. Whoever holds it can act as the user: keep it out of logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for UserSig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserSig")
            .field("sdk_app_id", &self.sdk_app_id)
            .field("identifier", &self.identifier)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// What a UserSig says. Decoding proves nothing: [`verify`](Self::verify) does.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    #[serde(rename = "TLS.ver")]
    version: String,
    #[serde(rename = "TLS.identifier")]
    identifier: String,
    #[serde(rename = "TLS.sdkappid")]
    sdk_app_id: u32,
    #[serde(rename = "TLS.expire")]
    expire: u64,
    #[serde(rename = "TLS.time")]
    time: u64,
    #[serde(rename = "TLS.userbuf", default, skip_serializing_if = "Option::is_none")]
    userbuf: Option<String>,
    #[serde(rename = "TLS.sig")]
    signature: String,
}

impl Claims {
    /// Reads a UserSig.
    ///
    /// # Errors
    /// [`Refusal::Damaged`], with what is wrong with it.
    pub fn decode(usersig: &str) -> Result<Self, Refusal> {
        // Not RFC 4648's alphabet: '-' is '/', and the padding is kept as '_'.
        let standard: String = usersig
            .trim()
            .chars()
            .map(|c| match c {
                '*' => '+',
                '-' => '/',
                '_' => '=',
                other => other,
            })
            .collect();
        let packed = BASE64
            .decode(standard)
            .map_err(|_| Refusal::Damaged("it is not in the UserSig alphabet, or was cut off"))?;
        let json = decompress_to_vec_zlib_with_limit(&packed, MAX_JSON).map_err(|error| match error.status {
            TINFLStatus::HasMoreOutput => Refusal::Damaged("it unpacks to more than any UserSig holds"),
            _ => Refusal::Damaged("it does not unpack: it was cut off or changed"),
        })?;
        let claims: Self =
            serde_json::from_slice(&json).map_err(|_| Refusal::Damaged("its content is not a UserSig's"))?;
        if claims.version != "2.0" {
            return Err(Refusal::Damaged("its version is not 2.0: it may be an old ECDSA signature"));
        }
        Ok(claims)
    }

    /// Checks it as the service would at `now`, offline.
    ///
    /// # Errors
    /// The first reason to refuse it, in this order: other app, other identifier, wrong key, expired.
    pub fn verify(&self, credentials: &Credentials, now: u64) -> Result<(), Refusal> {
        self.verify_for(credentials.sdk_app_id(), credentials.secret_key(), credentials.identifier(), now)
    }

    /// Checks it for any user of an app.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_for(&self, sdk_app_id: u32, key: &SecretKey, identifier: &str, now: u64) -> Result<(), Refusal> {
        if self.sdk_app_id != sdk_app_id {
            return Err(Refusal::OtherApp { signed_for: self.sdk_app_id });
        }
        if self.identifier != identifier {
            return Err(Refusal::OtherIdentifier { signed_for: self.identifier.clone() });
        }
        let signature = BASE64.decode(&self.signature).map_err(|_| Refusal::Damaged("its TLS.sig is not base64"))?;
        self.mac(key).verify_slice(&signature).map_err(|_| Refusal::WrongKey)?;
        if now > self.expires_at() {
            return Err(Refusal::Expired { at: self.expires_at() });
        }
        Ok(())
    }

    /// The app it is for.
    #[must_use]
    pub fn sdk_app_id(&self) -> u32 {
        self.sdk_app_id
    }

    /// The user it is for.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// When it was signed, in seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn time(&self) -> u64 {
        self.time
    }

    /// For how many seconds it is good.
    #[must_use]
    pub fn expire(&self) -> u64 {
        self.expire
    }

    /// The last second at which it is good.
    #[must_use]
    pub fn expires_at(&self) -> u64 {
        self.time.saturating_add(self.expire)
    }

    /// The userbuf, where there is one and it is base64.
    #[must_use]
    pub fn userbuf(&self) -> Option<Vec<u8>> {
        BASE64.decode(self.userbuf.as_ref()?).ok()
    }

    fn mac(&self, key: &SecretKey) -> Hmac<Sha256> {
        // HMAC takes keys of every length, so this cannot fail; an empty key would only make a signature nobody accepts.
        let mut mac = Hmac::new_from_slice(key.as_bytes()).unwrap_or_else(|_| Hmac::new(&Default::default()));
        mac.update(b"TLS.identifier:");
        mac.update(self.identifier.as_bytes());
        mac.update(
            format!("\nTLS.sdkappid:{}\nTLS.time:{}\nTLS.expire:{}\n", self.sdk_app_id, self.time, self.expire)
                .as_bytes(),
        );
        if let Some(userbuf) = &self.userbuf {
            mac.update(b"TLS.userbuf:");
            mac.update(userbuf.as_bytes());
            mac.update(b"\n");
        }
        mac
    }

    fn encode(&self) -> String {
        // Turning strings and numbers into JSON does not fail.
        let json = serde_json::to_vec(self).unwrap_or_default();
        let packed = compress_to_vec_zlib(&json, LEVEL);
        BASE64.encode(packed).replace('+', "*").replace('/', "-").replace('=', "_")
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("identifier", &self.identifier)
            .field("sdk_app_id", &self.sdk_app_id)
            .field("time", &self.time)
            .field("expire", &self.expire)
            .field("userbuf", &self.userbuf.is_some())
            .finish_non_exhaustive()
    }
}

/// Why a UserSig is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It cannot be read (70003, 70005).
    #[error("the UserSig is damaged: {0}")]
    Damaged(&'static str),
    /// It is for another app (70014).
    #[error("the UserSig was signed for app {signed_for}")]
    OtherApp {
        /// That app.
        signed_for: u32,
    },
    /// It is for another user (70013).
    #[error("the UserSig was signed for the identifier \"{}\"", crate::error::shown(signed_for))]
    OtherIdentifier {
        /// That user.
        signed_for: String,
    },
    /// It was made with another key, or changed afterwards (70009).
    #[error("the UserSig was signed with another key, or changed afterwards")]
    WrongKey,
    /// Its time is over (70001).
    #[error("the UserSig expired at {at} (seconds since 1970-01-01 UTC)")]
    Expired {
        /// The last second at which it was good.
        at: u64,
    },
}
