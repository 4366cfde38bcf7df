//! Finds the fixture cases and reads them. The same walk over the folder drives every test of them.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use yunshop_wecom::{Command, Session, Site};

use groupmembers_http::replay::{parse_request, parse_response};

type Exchange = (http::Request<Vec<u8>>, http::Response<Vec<u8>>);

#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) schema: u32,
    pub(crate) endpoint: String,
    credentials: Given,
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
struct Given {
    session: Option<String>,
    app_token: Option<String>,
    yz_token: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Allow {
    pub(crate) path: String,
}

impl Case {
    pub(crate) fn session(&self) -> Session {
        let given = &self.credentials;
        let mut session = given.session.as_deref().map_or_else(Session::new, |id| Session::of_cookie(id).unwrap());
        if let Some(token) = &given.app_token {
            session = session.with_app_token(token).unwrap();
        }
        match &given.yz_token {
            Some(token) => session.with_yz_token(token).unwrap(),
            None => session,
        }
    }

    pub(crate) fn site(&self) -> Site {
        site("https://shop.example")
    }

    pub(crate) fn name(&self) -> String {
        format!("{}__{}", self.endpoint, self.dir.file_name().unwrap().to_str().unwrap())
    }

    /// The request of the case as our type.
    pub(crate) fn request<C: Command + serde::de::DeserializeOwned>(&self) -> C {
        serde_json::from_value(self.request.clone()).unwrap()
    }
}

pub(crate) fn site(base: &str) -> Site {
    Site::new(base.parse().unwrap(), 2).unwrap()
}

/// Every case, sorted by name.
pub(crate) fn all() -> Vec<Case> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/yunshop");
    let mut dirs: Vec<PathBuf> = folders(&fixtures).iter().flat_map(|endpoint| folders(endpoint)).collect();
    dirs.sort();
    assert!(dirs.len() > 105, "the fixtures are gone");
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
            "businessList" => $run::<yunshop_wecom::business_list::Request>($($given),+)$(.$wait)?,
            "getBusinessCommonData" => $run::<yunshop_wecom::get_business_common_data::Request>($($given),+)$(.$wait)?,
            "getGroupEmployees" => $run::<yunshop_wecom::get_group_employees::Request>($($given),+)$(.$wait)?,
            "getGroupMembers" => $run::<yunshop_wecom::get_group_members::Request>($($given),+)$(.$wait)?,
            "getList" => $run::<yunshop_wecom::get_list::Request>($($given),+)$(.$wait)?,
            "groupEmployeeListExport" => $run::<yunshop_wecom::group_employee_list_export::Request>($($given),+)$(.$wait)?,
            "groupMemberListExport" => $run::<yunshop_wecom::group_member_list_export::Request>($($given),+)$(.$wait)?,
            "listExport" => $run::<yunshop_wecom::list_export::Request>($($given),+)$(.$wait)?,
            "synch" => $run::<yunshop_wecom::synch::Request>($($given),+)$(.$wait)?,
            "manageBusiness" => $run::<yunshop_wecom::manage_business::Request>($($given),+)$(.$wait)?,
            "member_login_index" => $run::<yunshop_wecom::member_login_index::Request>($($given),+)$(.$wait)?,
            other => panic!("no request type for {other}"),
        }
    };
}
pub(crate) use for_endpoint;

/// The name of an error's variant, and of what the API meant.
pub(crate) fn kind(error: &yunshop_wecom::Error) -> String {
    use yunshop_wecom::Error;
    match error {
        Error::Build(_) => "build".to_owned(),
        Error::Status(error) => format!("status {} {:?}", error.status.as_u16(), error.kind),
        Error::Api(error) => format!("api {:?}", error.kind),
        Error::Decode(error) => format!("decode {:?}: {}", error.kind, error.reason),
        Error::Walk(_) => "walk".to_owned(),
        other => format!("{other}"),
    }
}

/// The rows an answer sets aside, and where its list stands.
pub(crate) fn rejected<C: Command>(response: &http::Response<Vec<u8>>) -> Vec<(&'static str, yunshop_wecom::Rejected)> {
    use yunshop_wecom::{business_list, get_group_employees, get_group_members, get_list};
    let response = response.clone();
    let page = "/data/list/data";
    let (place, rows) = if C::NAME == get_group_members::Request::NAME {
        (page, get_group_members::Request::from_http(response).unwrap().data.list.map(|list| list.rejected))
    } else if C::NAME == get_group_employees::Request::NAME {
        (page, get_group_employees::Request::from_http(response).unwrap().data.list.map(|list| list.rejected))
    } else if C::NAME == get_list::Request::NAME {
        (page, get_list::Request::from_http(response).unwrap().data.list.map(|list| list.rejected))
    } else if C::NAME == business_list::Request::NAME {
        ("/data/platform_list", Some(business_list::Request::from_http(response).unwrap().data.rejected))
    } else {
        (page, None)
    };
    rows.unwrap_or_default().into_iter().map(|row| (place, row)).collect()
}
