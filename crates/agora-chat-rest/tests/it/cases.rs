//! Finds the fixture cases and reads them. The same walk over the folder drives every test of them.

use std::fs;
use std::path::{Path, PathBuf};

use agora_chat_rest::{App, BaseUrl, Command, Token};
use serde::Deserialize;
use serde_json::Value;

use groupmembers_http::replay::{parse_request, parse_response};

type Exchange = (http::Request<Vec<u8>>, http::Response<Vec<u8>>);

#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) schema: u32,
    pub(crate) endpoint: String,
    credentials: Pair,
    pub(crate) request: Value,
    pub(crate) ignore_query: Vec<String>,
    pub(crate) allow: Vec<Allow>,
    pub(crate) expect: String,
    #[serde(skip)]
    pub(crate) dir: PathBuf,
    #[serde(skip)]
    pub(crate) exchanges: Vec<Exchange>,
}

#[derive(Deserialize)]
struct Pair {
    token: String,
    app: String,
}

#[derive(Deserialize)]
pub(crate) struct Allow {
    pub(crate) path: String,
}

impl Case {
    pub(crate) fn token(&self) -> Token {
        Token::new(&self.credentials.token).unwrap()
    }

    pub(crate) fn app(&self) -> App {
        let app = &self.credentials.app;
        if app.contains('#') { App::key(app).unwrap() } else { App::id(app).unwrap() }
    }

    pub(crate) fn base_url(&self) -> BaseUrl {
        "https://a1.example.com".parse().unwrap()
    }

    pub(crate) fn name(&self) -> String {
        format!("{}__{}", self.endpoint, self.dir.file_name().unwrap().to_str().unwrap())
    }

    pub(crate) fn request<C: Command + serde::de::DeserializeOwned>(&self) -> C {
        serde_json::from_value(self.request.clone()).unwrap()
    }
}

/// Every case, sorted by name.
pub(crate) fn all() -> Vec<Case> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/agora");
    let mut dirs: Vec<PathBuf> = folders(&fixtures).iter().flat_map(|endpoint| folders(endpoint)).collect();
    dirs.sort();
    assert!(dirs.len() > 50, "the fixtures are gone");
    dirs.into_iter().map(read).collect()
}

pub(crate) fn named(name: &str) -> Case {
    all().into_iter().find(|case| case.name() == name).unwrap()
}

fn folders(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

fn read(dir: PathBuf) -> Case {
    let mut case: Case = serde_json::from_slice(&fs::read(dir.join("case.json")).unwrap()).unwrap();
    assert_eq!(case.schema, 1);
    for number in 1.. {
        let Ok(request) = fs::read(dir.join(format!("{number}.request.http"))) else {
            break;
        };
        let response = fs::read(dir.join(format!("{number}.response.http"))).unwrap();
        case.exchanges.push((parse_request(&request).unwrap(), parse_response(&response).unwrap()));
    }
    assert!(!case.exchanges.is_empty(), "{}", dir.display());
    case.dir = dir;
    case
}

/// Calls a generic function with the request type of the case's endpoint.
macro_rules! for_endpoint {
    ($case:expr, $run:ident) => {
        for_endpoint!($case, ($case), $run)
    };
    ($case:expr, ($($given:expr),+), $run:ident $(. $wait:tt)?) => {
        match $case.endpoint.as_str() {
            "chatgroups" => $run::<agora_chat_rest::chatgroups::Request>($($given),+)$(.$wait)?,
            "chatgroups_admin" => $run::<agora_chat_rest::chatgroups_admin::Request>($($given),+)$(.$wait)?,
            "chatgroups_blocks_users" => $run::<agora_chat_rest::chatgroups_blocks_users::Request>($($given),+)$(.$wait)?,
            "chatgroups_details" => $run::<agora_chat_rest::chatgroups_details::Request>($($given),+)$(.$wait)?,
            "chatgroups_is_joined" => $run::<agora_chat_rest::chatgroups_is_joined::Request>($($given),+)$(.$wait)?,
            "chatgroups_mute" => $run::<agora_chat_rest::chatgroups_mute::Request>($($given),+)$(.$wait)?,
            "chatgroups_roles" => $run::<agora_chat_rest::chatgroups_roles::Request>($($given),+)$(.$wait)?,
            "chatgroups_user" => $run::<agora_chat_rest::chatgroups_user::Request>($($given),+)$(.$wait)?,
            "chatgroups_users" => $run::<agora_chat_rest::chatgroups_users::Request>($($given),+)$(.$wait)?,
            "chatgroups_white_users" => $run::<agora_chat_rest::chatgroups_white_users::Request>($($given),+)$(.$wait)?,
            "joined_chatgroups" => $run::<agora_chat_rest::joined_chatgroups::Request>($($given),+)$(.$wait)?,
            "metadata_chatgroup_get" => $run::<agora_chat_rest::metadata_chatgroup_get::Request>($($given),+)$(.$wait)?,
            "metadata_chatgroup_user" => $run::<agora_chat_rest::metadata_chatgroup_user::Request>($($given),+)$(.$wait)?,
            other => panic!("no request type for {other}"),
        }
    };
}
pub(crate) use for_endpoint;

/// The name of an error's variant, and of what the API meant.
pub(crate) fn kind(error: &agora_chat_rest::Error) -> String {
    use agora_chat_rest::Error;
    match error {
        Error::Build(_) => "build".to_owned(),
        Error::Status(error) => format!("status {} {:?}", error.status.as_u16(), error.kind),
        Error::Api(error) => format!("api {:?} {}", error.kind, error.error),
        Error::Decode(error) => format!("decode {:?}: {}", error.kind, error.reason),
        Error::Walk(_) => "walk".to_owned(),
        other => format!("{other}"),
    }
}
