//! Finds the fixture cases and reads them. The same walk over the folder drives every test of them.

use std::fs;
use std::path::{Path, PathBuf};

use groupmembers_http::replay::{parse_request, parse_response};
use serde::Deserialize;
use serde_json::Value;
use tim_rest::{BaseUrl, Command, Credentials, Region, UserSig};

type Exchange = (http::Request<Vec<u8>>, http::Response<Vec<u8>>);

#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) schema: u32,
    pub(crate) endpoint: String,
    pub(crate) stamp: Stamp,
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
pub(crate) struct Stamp {
    pub(crate) unix: u64,
    pub(crate) random: u32,
}

#[derive(Deserialize)]
struct Pair {
    sdk_app_id: u32,
    identifier: String,
    secret_key: String,
}

#[derive(Deserialize)]
pub(crate) struct Allow {
    pub(crate) path: String,
}

impl Case {
    pub(crate) fn credentials(&self) -> Credentials {
        let Pair { sdk_app_id, identifier, secret_key } = &self.credentials;
        Credentials::new(*sdk_app_id, identifier, secret_key).unwrap()
    }

    pub(crate) fn signature(&self) -> UserSig {
        UserSig::sign(&self.credentials(), self.stamp.unix, 86_400).unwrap()
    }

    pub(crate) fn base_url(&self) -> BaseUrl {
        Region::China.base_url()
    }

    pub(crate) fn name(&self) -> String {
        format!("{}__{}", self.endpoint, self.dir.file_name().unwrap().to_str().unwrap())
    }

    /// The request of the case as our type; of `get_online_member_num` the path says which service is meant.
    pub(crate) fn request<C: Command + serde::de::DeserializeOwned>(&self) -> C {
        serde_json::from_value(self.request.clone()).unwrap()
    }
}

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/tim")
}

/// Every case, sorted by name.
pub(crate) fn all() -> Vec<Case> {
    let mut dirs: Vec<PathBuf> = folders(&fixtures()).iter().flat_map(|endpoint| folders(endpoint)).collect();
    dirs.sort();
    assert!(dirs.len() > 80, "the fixtures are gone");
    dirs.into_iter().map(read).collect()
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
    (($case:expr, $more:expr), $run:ident) => {
        for_endpoint!(@ $case, ($case, $more), $run)
    };
    ($case:expr, $run:ident) => {
        for_endpoint!(@ $case, $case, $run)
    };
    (@ $case:expr, $given:expr, $run:ident) => {
        match $case.endpoint.as_str() {
            "get_appid_group_list" => $run::<tim_rest::get_appid_group_list::Request>($given),
            "get_group_ban_member" => $run::<tim_rest::get_group_ban_member::Request>($given),
            "get_group_info" => $run::<tim_rest::get_group_info::Request>($given),
            "get_group_member_info" => $run::<tim_rest::get_group_member_info::Request>($given),
            "get_group_muted_account" => $run::<tim_rest::get_group_muted_account::Request>($given),
            "get_joined_group_list" => $run::<tim_rest::get_joined_group_list::Request>($given),
            "get_members" => $run::<tim_rest::get_members::Request>($given),
            "get_role_in_group" => $run::<tim_rest::get_role_in_group::Request>($given),
            "get_specified_group_member_info" => $run::<tim_rest::get_specified_group_member_info::Request>($given),
            "get_online_member_num" => $run::<tim_rest::get_online_member_num::Request>($given),
            other => panic!("no request type for {other}"),
        }
    };
}
pub(crate) use for_endpoint;

/// The name of an error's variant, and of what the API meant.
pub(crate) fn kind(error: &tim_rest::Error) -> String {
    use tim_rest::Error;
    match error {
        Error::Build(_) => "build".to_owned(),
        Error::Status(error) => format!("status {}", error.status.as_u16()),
        Error::Api(error) => format!("api {:?} {}", error.kind, error.code),
        Error::Decode(error) => format!("decode: {}", error.reason),
        Error::Walk(_) => "walk".to_owned(),
        other => format!("{other}"),
    }
}
