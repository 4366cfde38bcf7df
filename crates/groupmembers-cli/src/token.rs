//! `groupmembers token`: signing, and looking into what was signed. All of it offline.

mod agora;

use std::io::{Read as _, Write as _};

use tim_rest::userbuf::{PrivateMapKey, Room};
use tim_rest::usersig::{Claims, Refusal};
use tim_rest::{SecretKey, UserSig};

use crate::error::{Code, Error};
use crate::{cli, env, ids, terminal};

/// What there is to do with tokens.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum What {
    /// Sign a UserSig; it goes to stdout
    #[command(after_help = TIM_HELP)]
    Tim {
        /// The UserID it is for
        #[arg(long, value_name = "ID")]
        identifier: String,

        /// For how many seconds it is good, at most 50 years
        #[arg(long, value_name = "SECONDS", value_parser = |text: &str| cli::number::<u64>(text, 1..=1_576_800_000), allow_negative_numbers = true)]
        expire: u64,
    },
    /// Build an AccessToken2 ("007") for Agora Chat; it goes to stdout
    #[command(after_help = AGORA_HELP)]
    Agora {
        /// The chat user it is for [default: none, an app token, which the REST API wants]
        #[arg(long, value_name = "ID")]
        user: Option<String>,

        /// For how many seconds it is good, at most 24 hours
        #[arg(long, value_name = "SECONDS", value_parser = |text: &str| cli::number::<u32>(text, 1..=86_400), allow_negative_numbers = true)]
        expire: u32,
    },
    /// Say what is in a token (a UserSig or an AccessToken2), and whether it is good
    #[command(after_help = INSPECT_HELP)]
    Inspect {
        /// The token; "-" reads it from stdin, where other users of this machine cannot see it
        token: String,

        /// Refuse it unless it was signed for this user
        #[arg(long, visible_alias = "user", value_name = "ID")]
        identifier: Option<String>,
    },
}

const TIM_HELP: &str = "\
Environment: TIM_SDK_APP_ID and TIM_SECRET_KEY. Whoever holds the token can act as the user until it expires.

Example:
  groupmembers token tim --identifier alice --expire 86400";

const AGORA_HELP: &str = "\
Environment: AGORA_APP_ID and AGORA_APP_CERTIFICATE. Whoever holds an app token can act as the app until it expires.

Examples:
  groupmembers token agora --expire 3600
  groupmembers token agora --user alice --expire 86400";

const INSPECT_HELP: &str = "\
With TIM_SECRET_KEY in the environment the signature of a UserSig is verified, with TIM_SDK_APP_ID the app as well;
with AGORA_APP_CERTIFICATE and AGORA_APP_ID those of an AccessToken2, which begins with 007.
Arguments of a process can be seen by others on the machine: prefer \"-\".

Exit codes: 0 good, 1 refused, 2 usage, 3 not checked, for lack of a key.

Examples:
  groupmembers token inspect - < token.txt
  groupmembers token inspect - --identifier alice < token.txt";

/// Signs or inspects.
pub(crate) fn run(what: What) -> Result<Code, Error> {
    match what {
        What::Tim { identifier, expire } => sign(&identifier, expire),
        What::Agora { user, expire } => agora::sign(user.as_deref(), expire),
        What::Inspect { token, identifier } => inspect(token, identifier.as_deref()),
    }
}

fn sign(identifier: &str, expire: u64) -> Result<Code, Error> {
    ids::check("--identifier", identifier, ids::LONGEST_TIM_USER)?;
    env::require(&["TIM_SDK_APP_ID", "TIM_SECRET_KEY"])?;
    let unset = |name| Error::Usage(format!("{name} is not set: export it"));
    let app = app_id()?.ok_or_else(|| unset("TIM_SDK_APP_ID"))?;
    let key = secret_key()?.ok_or_else(|| unset("TIM_SECRET_KEY"))?;
    let signature = UserSig::sign_for(app, &key, identifier, terminal::now(), expire, None)
        .map_err(|error| Error::Usage(format!("--{} {}", error.name(), error.problem())))?;
    print(&format!("{}\n", signature.as_str()))?;
    crate::DONE
}

fn inspect(token: String, identifier: Option<&str>) -> Result<Code, Error> {
    const LONGEST: u64 = 256 * 1024;
    let token = if token == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().take(LONGEST).read_to_end(&mut bytes);
        read.map_err(|error| Error::Failed(format!("cannot read the token from stdin: {error}")))?;
        String::from_utf8(bytes).map_err(|_| Error::Usage("the token on stdin is not text".to_owned()))?
    } else {
        token
    };
    if token.trim().is_empty() {
        return Err(Error::Usage("the token is empty: give one, or - to read it from stdin".to_owned()));
    }
    if agora::is_one(&token) {
        return agora::inspect(&token, identifier);
    }
    let (app, key) = (app_id()?, secret_key()?);
    let now = terminal::now();
    let claims = match Claims::decode(&token) {
        Ok(claims) => claims,
        Err(refusal) => return tell(&[("verdict", format!("refused: {}", words(&refusal)))], Code::Failed),
    };
    let mut lines = vec![
        ("identifier", claims.identifier().to_owned()),
        ("app", claims.sdk_app_id().to_string()),
        ("signed at", instant(claims.time())),
        ("expires at", format!("{} ({} s)", instant(claims.expires_at()), claims.expire())),
        ("userbuf", claims.userbuf().map_or_else(|| "none".to_owned(), |bytes| userbuf(&bytes))),
    ];
    let (verdict, code) = verdict(&claims, app, key.as_ref(), identifier, now);
    lines.push(("verdict", verdict));
    tell(&lines, code)
}

/// Prints what was found.
fn tell(lines: &[(&str, String)], code: Code) -> Result<Code, Error> {
    let text: String = lines.iter().map(|(name, value)| format!("{name:<12} {}\n", terminal::plain(value))).collect();
    print(&text)?;
    Ok(code)
}

fn verdict(
    claims: &Claims,
    app: Option<u32>,
    key: Option<&SecretKey>,
    identifier: Option<&str>,
    now: u64,
) -> (String, Code) {
    let identifier = identifier.unwrap_or(claims.identifier());
    let expected_app = app.unwrap_or(claims.sdk_app_id());
    let verified = match key {
        Some(key) => claims.verify_for(expected_app, key, identifier, now),
        // What needs no key, in the same order.
        None if claims.sdk_app_id() != expected_app => Err(Refusal::OtherApp { signed_for: claims.sdk_app_id() }),
        None if claims.identifier() != identifier => {
            Err(Refusal::OtherIdentifier { signed_for: claims.identifier().to_owned() })
        }
        None if now > claims.expires_at() => Err(Refusal::Expired { at: claims.expires_at() }),
        None => {
            return ("not checked: set TIM_SECRET_KEY to verify the signature".to_owned(), Code::Unsure);
        }
    };
    match verified {
        Err(refusal) => (format!("refused: {}", words(&refusal)), Code::Failed),
        Ok(()) if app.is_none() => ("good (for its own app: TIM_SDK_APP_ID is not set)".to_owned(), Code::Done),
        Ok(()) => ("good".to_owned(), Code::Done),
    }
}

/// Why, with instants as people read them.
fn words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Expired { at } => format!("it expired at {}", instant(*at)),
        Refusal::OtherApp { signed_for } => format!("it was signed for another app, {signed_for}"),
        Refusal::OtherIdentifier { signed_for } => {
            format!("it was signed for another identifier, {}", signed_for.escape_debug())
        }
        Refusal::WrongKey => "it was signed with another key, or changed afterwards".to_owned(),
        Refusal::Damaged(why) => format!("it is damaged: {why}"),
        other => other.to_string(),
    }
}

fn userbuf(bytes: &[u8]) -> String {
    match PrivateMapKey::decode(bytes) {
        Some((key, app, expires_at)) => {
            let room = match &key.room {
                Room::Number(number) => number.to_string(),
                Room::Name(name) => format!("\"{}\"", name.escape_debug()),
            };
            let (who, privileges) = (&key.identifier, key.privileges);
            format!(
                "PrivateMapKey: {who} into room {room} of app {app}, privileges {privileges}, until {}",
                instant(expires_at)
            )
        }
        None => format!("{} bytes, no PrivateMapKey", bytes.len()),
    }
}

fn instant(seconds: u64) -> String {
    terminal::rfc3339(seconds).unwrap_or_else(|| format!("{seconds} s after 1970-01-01 UTC"))
}

fn app_id() -> Result<Option<u32>, Error> {
    let Some(text) = env::read("TIM_SDK_APP_ID")? else {
        return Ok(None);
    };
    let id = text.parse().ok().filter(|&id| id != 0);
    id.map(Some).ok_or_else(|| {
        Error::Usage(
            "TIM_SDK_APP_ID is not an app id: take the number the console shows, such as 1400000000".to_owned(),
        )
    })
}

fn secret_key() -> Result<Option<SecretKey>, Error> {
    let Some(text) = env::read("TIM_SECRET_KEY")? else {
        return Ok(None);
    };
    SecretKey::new(text).map(Some).map_err(|error| Error::Usage(format!("TIM_SECRET_KEY {}", error.problem())))
}

fn print(text: &str) -> Result<(), Error> {
    let mut stdout = std::io::stdout().lock();
    let printed = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    printed.map_err(|error| Error::write("stdout", &error))
}
