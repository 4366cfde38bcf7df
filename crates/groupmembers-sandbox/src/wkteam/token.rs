//! The token of `/member/login`: a JWT without an expiry, which carries a hash of the password.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha512;

use super::json::Fields;
use crate::rng::seed_of;

/// What makes a token and knows it again.
pub(crate) struct Signer {
    key: [u8; 8],
}

impl Signer {
    pub(crate) fn new(seed: u64) -> Self {
        Self { key: seed_of(seed, "wkteam token").to_be_bytes() }
    }

    fn mac(&self, text: &[u8]) -> Hmac<Sha512> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha512>::new_from_slice(&self.key).expect("a key of any length");
        mac.update(text);
        mac
    }

    /// A stand-in for the vendor's bcrypt hash: as long, and another one for every password and after every logout.
    fn hash(&self, password: &str, logouts: u32) -> String {
        let digest = self.mac(format!("{logouts}:{password}").as_bytes()).finalize().into_bytes();
        let text = URL_SAFE_NO_PAD.encode(digest).replace(['-', '_'], ".");
        format!("$2a$10${}", &text[..53])
    }

    /// The token of this login. The vendor's never expire, so the same login gives the same token.
    pub(crate) fn sign(&self, account: &str, password: &str, logouts: u32) -> String {
        let claims = Fields::new().with("sub", account.to_owned()).with("password", self.hash(password, logouts));
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS512"}"#);
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.bytes()));
        let signature = URL_SAFE_NO_PAD.encode(self.mac(signed.as_bytes()).finalize().into_bytes());
        format!("{signed}.{signature}")
    }

    /// What is wrong with a token, in words that do not repeat it.
    pub(crate) fn verify(&self, token: &str, account: &str, password: &str, logouts: u32) -> Result<(), &'static str> {
        let (signed, signature) = token.rsplit_once('.').ok_or("Authorization is no JWT")?;
        let (header, claims) = signed.split_once('.').ok_or("Authorization is no JWT")?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| "a part of the JWT is not base64url");
        let (header, claims, signature) = (decode(header)?, decode(claims)?, decode(signature)?);
        let parse = |json: &[u8]| serde_json::from_slice::<Value>(json).map_err(|_| "a part of the JWT is not JSON");
        if parse(&header)?.get("alg").and_then(Value::as_str) != Some("HS512") {
            return Err("the JWT's alg is not HS512");
        }
        self.mac(signed.as_bytes()).verify_slice(&signature).map_err(|_| "the JWT's signature is wrong")?;
        let claims = parse(&claims)?;
        let claim = |name| claims.get(name).and_then(Value::as_str);
        if claim("sub") != Some(account) {
            return Err("the JWT is another account's");
        }
        if claim("password") != Some(self.hash(password, logouts).as_str()) {
            return Err("the JWT was made before a logout or a change of the password");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_until_a_logout_or_another_password() {
        let signer = Signer::new(1);
        let token = signer.sign("138", "secret", 0);
        assert_eq!(token, signer.sign("138", "secret", 0));
        assert_eq!(signer.verify(&token, "138", "secret", 0), Ok(()));
        for (account, password, logouts, why) in
            [("139", "secret", 0, "another account"), ("138", "other", 0, "before"), ("138", "secret", 1, "before")]
        {
            assert!(signer.verify(&token, account, password, logouts).unwrap_err().contains(why));
        }
        assert!(Signer::new(2).verify(&token, "138", "secret", 0).unwrap_err().contains("signature"));
        for text in ["", "x", "a.b.c", "e30.e30.e30"] {
            assert!(signer.verify(text, "138", "secret", 0).is_err(), "{text}");
        }
        assert!(!token.contains("secret"));
    }
}
