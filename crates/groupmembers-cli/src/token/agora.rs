//! Agora's AccessToken2 ("007").

use agora_chat_rest::access_token::{self, Claims, Refusal, Service};
use agora_chat_rest::{App, Credentials, Subject};

use super::{instant, print, tell};
use crate::error::{Code, Error};
use crate::vendors::agora::subject;
use crate::{env, ids, terminal};

/// What an AccessToken2 begins with; a UserSig begins with what zlib makes of its first bytes, `eJ`.
const PREFIX: &str = "007";

const CHAT: u16 = 5;
const USER_PRIVILEGE: u16 = 1;
const APP_PRIVILEGE: u16 = 2;

/// Bytes; the API counts 64 characters.
const LONGEST_USER: usize = 256;

pub(super) fn is_one(token: &str) -> bool {
    token.trim_start().starts_with(PREFIX)
}

/// Builds a token.
pub(super) fn sign(user: Option<&str>, expire: u32) -> Result<Code, Error> {
    if let Some(user) = user {
        ids::check("--user", user, LONGEST_USER)?;
    }
    env::require(&["AGORA_APP_ID", "AGORA_APP_CERTIFICATE"])?;
    let credentials = Credentials::from_env().map_err(|error| Error::Usage(error.to_string()))?;
    let salt = getrandom::u32().map_err(|error| Error::Failed(format!("no random number to be had: {error}")))?;
    let token =
        access_token::build(&credentials, &subject(user), terminal::now(), expire, salt).map_err(
            |error| match error.name() {
                "user ID" => Error::Usage(format!("--user {}", error.problem())),
                "expire" => Error::Usage(format!("--expire {}", error.problem())),
                _ => Error::Failed(error.to_string()),
            },
        )?;
    print(&format!("{}\n", token.as_str()))?;
    crate::DONE
}

/// Says what is in a token, and whether it is good; `user` is whom it should be for.
pub(super) fn inspect(token: &str, user: Option<&str>) -> Result<Code, Error> {
    let app = app_id()?;
    let certificate = env::given("AGORA_APP_CERTIFICATE")?;
    let claims = match Claims::decode(token) {
        Ok(claims) => claims,
        Err(refusal) => return tell(&[("verdict", format!("refused: {}", words(&refusal)))], Code::Failed),
    };
    let credentials = certificate
        .map(|certificate| {
            // Checked by the variable's own name; the token's app is no more than what the signature is held against.
            let app = app.clone().unwrap_or_else(|| claims.app_id().to_owned());
            Credentials::new(app, certificate)
        })
        .transpose()
        .map_err(|error| match error.name() {
            "App Certificate" => Error::Usage(format!("AGORA_APP_CERTIFICATE {}", error.problem())),
            _ => Error::Failed("the token's App ID is not 32 hex digits: it is no token of the vendor's".to_owned()),
        })?;

    let mut lines = vec![
        ("kind", "Agora AccessToken2 (007)".to_owned()),
        ("app", claims.app_id().to_owned()),
        ("signed at", instant(claims.issued_at())),
        ("expires at", format!("{} ({} s)", instant(claims.expires_at()), claims.expire())),
    ];
    lines.extend(claims.services().iter().map(|service| ("service", described(service))));
    if let Some(kind) = claims.unknown_service() {
        lines.push(("service", format!("number {kind}, which this version cannot read, and perhaps more")));
    }
    if claims.expire() > access_token::MAX_EXPIRE {
        lines.push(("note", "it lasts longer than the 24 hours that the vendor documents".to_owned()));
    }
    let (verdict, code) = verdict(&claims, app.as_deref(), credentials.as_ref(), user);
    lines.push(("verdict", verdict));
    tell(&lines, code)
}

fn verdict(
    claims: &Claims,
    app: Option<&str>,
    credentials: Option<&Credentials>,
    user: Option<&str>,
) -> (String, Code) {
    let now = terminal::now();
    let subject = user.map_or_else(|| own_subject(claims), |user| subject(Some(user)));
    let verified = match credentials {
        Some(credentials) => claims.verify(credentials, &subject, now),
        // What needs no certificate, in the same order.
        None if app.is_some_and(|app| app != claims.app_id()) => {
            Err(Refusal::OtherApp { signed_for: claims.app_id().to_owned() })
        }
        None if !claims.services().iter().any(|service| service.kind == CHAT) => Err(Refusal::NoChat),
        None if !claims.services().iter().any(|service| is_for(service, &subject)) => Err(Refusal::OtherSubject),
        None if now >= claims.expires_at() => Err(Refusal::Expired { at: claims.expires_at() }),
        None => {
            return ("not checked: set AGORA_APP_CERTIFICATE to verify the signature".to_owned(), Code::Unsure);
        }
    };
    match verified {
        Err(Refusal::OtherSubject) => {
            let whose = match own_subject(claims) {
                Subject::App => "it is an app token, no user's".to_owned(),
                Subject::User(user) => format!("it was signed for another user, {}", user.escape_debug()),
            };
            (format!("refused: {whose}"), Code::Failed)
        }
        Err(refusal) => (format!("refused: {}", words(&refusal)), Code::Failed),
        Ok(()) if app.is_none() => ("good (for its own app: AGORA_APP_ID is not set)".to_owned(), Code::Done),
        Ok(()) => ("good".to_owned(), Code::Done),
    }
}

/// For whom the token says it is.
fn own_subject(claims: &Claims) -> Subject {
    let chat = claims.services().iter().find(|service| service.kind == CHAT);
    match chat {
        Some(service) if !service.privileges.contains_key(&APP_PRIVILEGE) => Subject::User(service.subject.clone()),
        _ => Subject::App,
    }
}

fn is_for(service: &Service, subject: &Subject) -> bool {
    let (privilege, user) = match subject {
        Subject::App => (APP_PRIVILEGE, ""),
        Subject::User(user) => (USER_PRIVILEGE, user.as_str()),
    };
    service.kind == CHAT && service.privileges.contains_key(&privilege) && service.subject == user
}

/// `Chat, of the app for 600 s`.
fn described(service: &Service) -> String {
    const NAMES: [&str; 10] = ["RTC", "RTM", "Streaming", "FPA", "Chat", "FCDN", "APaaS", "RTM2", "ConvoAI", "STT"];
    let name = usize::from(service.kind).checked_sub(1).and_then(|index| NAMES.get(index)).copied();
    let name = name.map_or_else(|| format!("number {}", service.kind), ToOwned::to_owned);
    let privileges = service.privileges.iter().map(|(privilege, seconds)| {
        let what = match (service.kind, *privilege) {
            (CHAT, USER_PRIVILEGE) => "user".to_owned(),
            (CHAT, APP_PRIVILEGE) => "app".to_owned(),
            (_, privilege) => format!("privilege {privilege}"),
        };
        match seconds {
            0 => format!("{what} as long as the token"),
            seconds => format!("{what} for {seconds} s"),
        }
    });
    let privileges = privileges.collect::<Vec<_>>().join(", ");
    let of = if service.subject.is_empty() { String::new() } else { format!(" of {}", service.subject.escape_debug()) };
    format!("{name}{of}: {}", if privileges.is_empty() { "nothing" } else { &privileges })
}

/// Why, with instants as people read them.
fn words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Expired { at } => format!("it expired at {}", instant(*at)),
        Refusal::OtherApp { signed_for } => {
            format!("it was signed for another app, {}", terminal::short(&signed_for.escape_debug().to_string()))
        }
        Refusal::WrongCertificate => {
            "it was signed with another certificate (its case matters), or changed afterwards".to_owned()
        }
        Refusal::NoChat => "it is for other services than Chat".to_owned(),
        Refusal::Damaged(why) => format!("it is damaged: {why}"),
        other => other.to_string(),
    }
}

fn app_id() -> Result<Option<String>, Error> {
    let Some(app) = env::given("AGORA_APP_ID")? else {
        return Ok(None);
    };
    App::id(app.as_str()).map_err(|error| Error::Usage(format!("AGORA_APP_ID {}", error.problem())))?;
    Ok(Some(app))
}
