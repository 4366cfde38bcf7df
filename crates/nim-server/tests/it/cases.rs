//! Finds the fixture cases and reads them. The same walk over the folder drives every test of them.

use std::fs;
use std::path::{Path, PathBuf};

use groupmembers_http::replay::{parse_request, parse_response};
use nim_server::{BaseUrl, Credentials, Stamp};
use serde::Deserialize;
use serde_json::Value;

type Exchange = (http::Request<Vec<u8>>, http::Response<Vec<u8>>);

#[derive(Deserialize)]
pub(crate) struct Case {
    schema: u32,
    pub(crate) endpoint: String,
    pub(crate) stamp: When,
    credentials: Pair,
    pub(crate) request: Value,
    pub(crate) allow: Vec<Allow>,
    pub(crate) expect: String,
    #[serde(skip)]
    pub(crate) dir: PathBuf,
    #[serde(skip)]
    pub(crate) exchanges: Vec<Exchange>,
}

#[derive(Deserialize)]
pub(crate) struct When {
    pub(crate) unix: u64,
    nonce: String,
    request_id: Option<String>,
}

#[derive(Deserialize)]
struct Pair {
    app_key: String,
    app_secret: String,
}

#[derive(Deserialize)]
pub(crate) struct Allow {
    pub(crate) path: String,
}

impl Case {
    pub(crate) fn credentials(&self) -> Credentials {
        Credentials::new(&self.credentials.app_key, &self.credentials.app_secret).unwrap()
    }

    pub(crate) fn stamp(&self) -> Stamp {
        let stamp = Stamp::new(self.stamp.unix, &self.stamp.nonce);
        match &self.stamp.request_id {
            Some(id) => stamp.with_request_id(id),
            None => stamp,
        }
    }

    pub(crate) fn base_url(&self) -> BaseUrl {
        let host = self.exchanges[0].0.headers()["host"].to_str().unwrap();
        format!("https://{host}/nimserver").parse().unwrap()
    }

    pub(crate) fn name(&self) -> String {
        format!("{}__{}", self.endpoint, self.dir.file_name().unwrap().to_str().unwrap())
    }

    pub(crate) fn request<C: serde::de::DeserializeOwned>(&self) -> C {
        serde_json::from_value(self.request.clone()).unwrap()
    }
}

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/nim")
}

/// Every case, sorted by name.
pub(crate) fn all() -> Vec<Case> {
    let mut dirs: Vec<PathBuf> = folders(&fixtures()).iter().flat_map(|endpoint| folders(endpoint)).collect();
    dirs.sort();
    assert!(dirs.len() > 80, "the fixtures are gone");
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
        let Ok(request) = fs::read(dir.join(format!("{number}.request.http"))) else { break };
        let response = fs::read(dir.join(format!("{number}.response.http"))).unwrap();
        case.exchanges.push((parse_request(&request).unwrap(), parse_response(&response).unwrap()));
    }
    assert!(!case.exchanges.is_empty(), "{}", dir.display());
    case.dir = dir;
    case
}

/// Calls a generic function with the request type of the case's endpoint.
macro_rules! for_endpoint {
    ($case:expr, ($($given:expr),+), $run:ident $(. $await:ident)?) => {
        match $case.endpoint.as_str() {
            "chatroom_get" => $run::<nim_server::chatroom_get::Request>($($given),+)$(.$await)?,
            "chatroom_getBatch" => $run::<nim_server::chatroom_get_batch::Request>($($given),+)$(.$await)?,
            "chatroom_membersByPage" => $run::<nim_server::chatroom_members_by_page::Request>($($given),+)$(.$await)?,
            "chatroom_queryMembers" => $run::<nim_server::chatroom_query_members::Request>($($given),+)$(.$await)?,
            "chatroom_queryMembersByRole" => {
                $run::<nim_server::chatroom_query_members_by_role::Request>($($given),+)$(.$await)?
            }
            "chatroom_queryUserRoomIds" => {
                $run::<nim_server::chatroom_query_user_room_ids::Request>($($given),+)$(.$await)?
            }
            "chatroom_tagMembersCount" => $run::<nim_server::chatroom_tag_members_count::Request>($($given),+)$(.$await)?,
            "chatroom_tagMembersQuery" => $run::<nim_server::chatroom_tag_members_query::Request>($($given),+)$(.$await)?,
            "superteam_getTlists" => $run::<nim_server::superteam_get_tlists::Request>($($given),+)$(.$await)?,
            "team_query" => $run::<nim_server::team_query::Request>($($given),+)$(.$await)?,
            "team_queryDetail" => $run::<nim_server::team_query_detail::Request>($($given),+)$(.$await)?,
            other => panic!("no request type for {other}"),
        }
    };
}
pub(crate) use for_endpoint;

/// The name of an error's variant, and of what the API meant.
pub(crate) fn kind(error: &nim_server::Error) -> String {
    use nim_server::Error;
    match error {
        Error::Build(_) => "build".to_owned(),
        Error::Status(error) => format!("status {}", error.status.as_u16()),
        Error::Api(error) => format!("api {:?} {}", error.kind, error.code),
        Error::Decode(error) => format!("decode: {}", error.reason),
        Error::Walk(_) => "walk".to_owned(),
        other => format!("{other}"),
    }
}
