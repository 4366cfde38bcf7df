//! A group of each vendor that takes a second or so to list, and what is true of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use groupmembers_sandbox::nim::{MemberType, RoomConfig, TeamConfig, TeamKind};
use groupmembers_sandbox::tim::{Churn, GroupConfig, GroupKind};
use groupmembers_sandbox::yunshop::{Account, Churn as ShopChurn, DEMO_BUSINESS_ID, Enterprise, Identity, Kind};
use groupmembers_sandbox::{Config, Sandbox, agora, wkteam, yunshop};
use serde_json::Value;

use crate::program::{ADMIN, APP, CERTIFICATE, Run, SECRET};

/// wkteam's wIds and NIM's key have a mark in them that is looked for everywhere, too.
const WID: &str = "349be9b5-MARKEDSECRET-4e10ca568c67";
const ROOM: u64 = 2_757_903_841;
const SUPERTEAM: u64 = 2_690_000_002;

/// A listing: where, what, and with which arguments.
pub(crate) struct Listing {
    pub(crate) sandbox: Sandbox,
    pub(crate) name: &'static str,
    pub(crate) vendor: &'static str,
    pub(crate) group: &'static str,
    args: Vec<&'static str>,
    env: Vec<(&'static str, String)>,
}

/// Whose lists are read in the most different ways.
pub(crate) const ALL: [&str; 8] = ["tim", "community", "agora", "nim", "superteam", "wkteam", "yunshop", "employees"];

impl Listing {
    /// Of this name, with `churn` events for each call of the list, on this port (0: any), each answer `latency` late.
    pub(crate) fn start(name: &'static str, churn: f64, port: u16, latency: Duration) -> Self {
        Self::start_with(name, churn, port, latency, |_| {})
    }

    /// The same, with another sandbox.
    pub(crate) fn start_with(
        name: &'static str,
        churn: f64,
        port: u16,
        latency: Duration,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let mut config = Config::default();
        (config.port, config.latency) = (port, latency);
        let moves = Churn::per_call(churn);
        let (vendor, group, args): (_, _, Vec<&str>) = match name {
            "tim" | "community" => {
                (config.tim.sdk_app_id, config.tim.secret_key) = (APP, SECRET.to_owned());
                config.tim.admins = vec![ADMIN.to_owned()];
                let windows = name == "tim";
                let kind = if windows { GroupKind::Meeting } else { GroupKind::Community };
                config.tim.groups = vec![GroupConfig::new("g", kind, if windows { 2_600 } else { 1_900 }).churn(moves)];
                ("tim", "g", if windows { vec!["--page-size", "50", "--concurrency", "2"] } else { vec![] })
            }
            "agora" => {
                (config.agora.app_id, config.agora.app_certificate) =
                    (crate::token_agora::APP_ID.to_owned(), CERTIFICATE.to_owned());
                config.agora.groups = vec![agora::GroupConfig::new("271828182845904", 1_300).churn(moves)];
                ("agora", "271828182845904", vec!["--page-size", "40", "--concurrency", "2", "--admins"])
            }
            "nim" => {
                (config.nim.app_key, config.nim.app_secret) = ("our-own-app-key".to_owned(), SECRET.to_owned());
                config.nim.rooms = vec![RoomConfig::new(ROOM, 400, 900).churn(moves)];
                ("nim", "2757903841", vec!["--page-size", "60"])
            }
            "superteam" => {
                (config.nim.app_key, config.nim.app_secret) = ("our-own-app-key".to_owned(), SECRET.to_owned());
                config.nim.teams = vec![TeamConfig::new(SUPERTEAM, TeamKind::SuperTeam, 1_300).churn(moves)];
                ("nim", "2690000002", vec!["--kind", "superteam", "--concurrency", "1"])
            }
            "wkteam" | "details" => {
                (config.wkteam.account, config.wkteam.password) = ("13911112222".to_owned(), SECRET.to_owned());
                config.wkteam.wechat[0].wid = WID.to_owned();
                let group = wkteam::GroupConfig::new(
                    "24343869723@chatroom",
                    "老用户群",
                    if name == "wkteam" { 480 } else { 40 },
                );
                config.wkteam.groups = vec![group.role(wkteam::Role::Admin).churn(moves)];
                if name == "wkteam" {
                    // All of it comes in one answer.
                    config.latency = latency * 6;
                }
                config.wkteam.detail_gap = Duration::ZERO;
                let args = if name == "wkteam" { vec![] } else { vec!["--details", "--raw"] };
                ("wkteam", "24343869723@chatroom", [&["--pause-ms", "0"], &args[..]].concat())
            }
            _ => {
                let account = Account::new(3075, "13911112222", SECRET).manages(DEMO_BUSINESS_ID, Identity::Creator);
                config.yunshop.accounts = vec![account];
                let group = yunshop::GroupConfig::new(7, "机密会员群", 230).left(21).employees(60);
                let group = group.churn(ShopChurn::per_call(churn));
                config.yunshop.enterprises = vec![Enterprise::new(DEMO_BUSINESS_ID, "机密零售有限公司", vec![group])];
                ("yunshop", "7", if name == "employees" { vec!["--employees"] } else { vec!["--concurrency", "1"] })
            }
        };
        change(&mut config);
        let sandbox = Sandbox::start(config).unwrap();
        let base = sandbox.base_url();
        let env: &[(&str, &str)] = match vendor {
            "tim" => &[
                ("TIM_SDK_APP_ID", &APP.to_string()),
                ("TIM_SECRET_KEY", SECRET),
                ("TIM_ADMIN", ADMIN),
                ("TIM_BASE_URL", &base),
            ],
            "agora" => &[
                ("AGORA_APP_ID", crate::token_agora::APP_ID),
                ("AGORA_APP_CERTIFICATE", CERTIFICATE),
                ("AGORA_BASE_URL", &base),
            ],
            "nim" => &[
                ("NIM_APP_KEY", "our-own-app-key"),
                ("NIM_APP_SECRET", SECRET),
                ("NIM_BASE_URL", &format!("{base}/nimserver")),
            ],
            "wkteam" => &[
                ("WKTEAM_ACCOUNT", "13911112222"),
                ("WKTEAM_PASSWORD", SECRET),
                ("WKTEAM_WID", WID),
                ("WKTEAM_BASE_URL", &base),
            ],
            _ => &[
                ("YUNSHOP_UNIACID", "2"),
                ("YUNSHOP_BUSINESS_ID", "1"),
                ("YUNSHOP_MOBILE", "13911112222"),
                ("YUNSHOP_PASSWORD", SECRET),
                ("YUNSHOP_BASE_URL", &base),
            ],
        };
        let env = env.iter().map(|&(name, value)| (name, value.to_owned())).collect();
        Self { sandbox, name, vendor, group, args, env }
    }

    /// A run of it in this folder: rows to `rows`, the report to `report.json`, its state in `state`.
    pub(crate) fn run(&self, dir: &Path, format: &str, more: &[&str]) -> Run {
        let fixed = ["-f", format, "--output", "rows", "--report", "report.json", "--resume", "state"];
        self.bare(dir, &[&fixed[..], more].concat())
    }

    /// The same, with nothing but what it needs to reach the group.
    pub(crate) fn bare(&self, dir: &Path, more: &[&str]) -> Run {
        self.with_env(dir, &[&["list", self.vendor, "--group", self.group], &self.args[..], more].concat())
    }

    /// Any run that knows what leads to the vendor.
    fn with_env(&self, dir: &Path, args: &[&str]) -> Run {
        let mut run = Run::new(args);
        run.command.current_dir(dir);
        dir.clone_into(&mut run.dir);
        for (name, value) in &self.env {
            run = run.env(name, value);
        }
        run
    }

    /// [`run`](Self::run), without asking for profiles.
    pub(crate) fn without_details(&self, dir: &Path) -> Run {
        let fixed = ["-f", "ndjson", "--output", "rows", "--report", "report.json", "--resume", "state", "--raw"];
        let group = ["list", self.vendor, "--group", self.group, "--pause-ms", "0"];
        self.with_env(dir, &[&group[..], &fixed].concat())
    }

    /// A watch of it every second.
    pub(crate) fn watch(&self, dir: &Path, more: &[&str]) -> Run {
        let fixed = ["watch", self.vendor, "--group", self.group, "--every", "1s", "-f", "ndjson"];
        self.with_env(dir, &[&fixed[..], &self.args, more].concat())
    }

    /// A list of the vendor's groups.
    pub(crate) fn groups(&self, dir: &Path, more: &[&str]) -> Run {
        self.with_env(dir, &[&["groups", self.vendor], more].concat())
    }

    /// Somebody joins.
    pub(crate) fn join(&self, id: &str) -> bool {
        let sandbox = &self.sandbox;
        match self.vendor {
            "tim" => sandbox.tim().add_member(self.group, id),
            "agora" => sandbox.agora().add_member(self.group, id),
            "nim" if self.name == "superteam" => sandbox.nim().add_to_team(SUPERTEAM, id),
            "nim" => sandbox.nim().add_member(ROOM, MemberType::Fixed, id),
            "wkteam" => sandbox.wkteam().add_member(self.group, id),
            _ => sandbox.yunshop().add_member(7, id),
        }
    }

    /// Somebody leaves.
    pub(crate) fn leave(&self, id: &str) -> bool {
        let sandbox = &self.sandbox;
        match self.vendor {
            "tim" => sandbox.tim().remove_member(self.group, id),
            "agora" => sandbox.agora().remove_member(self.group, id),
            "nim" if self.name == "superteam" => sandbox.nim().remove_from_team(SUPERTEAM, id),
            "nim" => sandbox.nim().remove_member(ROOM, MemberType::Fixed, id),
            "wkteam" => sandbox.wkteam().remove_member(self.group, id),
            _ => sandbox.yunshop().remove_member(7, id),
        }
    }

    /// Who was there all the time, and who was at some moment.
    pub(crate) fn truth(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let sandbox = &self.sandbox;
        match self.name {
            "tim" | "community" => (sandbox.tim().present_throughout("g"), sandbox.tim().ever_present("g")),
            "agora" => (sandbox.agora().present_throughout(self.group), sandbox.agora().ever_present(self.group)),
            "wkteam" | "details" => {
                (sandbox.wkteam().present_throughout(self.group), sandbox.wkteam().ever_present(self.group))
            }
            "superteam" => {
                (sandbox.nim().team_present_throughout(SUPERTEAM), sandbox.nim().team_ever_present(SUPERTEAM))
            }
            "nim" => {
                let both = |of: &dyn Fn(MemberType) -> BTreeSet<String>| {
                    [MemberType::Fixed, MemberType::Guests].into_iter().flat_map(of).collect()
                };
                let nim = sandbox.nim();
                (both(&|kind| nim.present_throughout(ROOM, kind)), both(&|kind| nim.ever_present(ROOM, kind)))
            }
            _ => {
                let kinds: &[Kind] =
                    if self.name == "employees" { &[Kind::External, Kind::Employee] } else { &[Kind::External] };
                let shop = sandbox.yunshop();
                (
                    kinds.iter().flat_map(|&kind| shop.present_throughout(7, kind)).collect(),
                    kinds.iter().flat_map(|&kind| shop.ever_present(7, kind)).collect(),
                )
            }
        }
    }
}

/// The ids of all rows that stand whole in a file, in their order. The last one may be cut; no other.
pub(crate) fn whole_rows(path: &Path, format: &str) -> Vec<String> {
    let Ok(bytes) = fs::read(path) else { return Vec::new() };
    if format == "csv" {
        // No value has a line break in it here.
        let end = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let mut reader = csv::Reader::from_reader(&bytes[..end]);
        let ids = reader.records().map(|record| record.unwrap().get(2).unwrap().to_owned());
        return ids.collect();
    }
    let mut ids = Vec::new();
    let mut lines = bytes.split(|&byte| byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let last = lines.peek().is_none();
        let line = if format == "json" { line.strip_suffix(b",").unwrap_or(line) } else { line };
        if matches!(line, b"" | b"[" | b"]" | b"[]") {
            continue;
        }
        match serde_json::from_slice::<Value>(line) {
            Ok(row) if format == "json" || !last => ids.push(row["id"].as_str().unwrap().to_owned()),
            _ => assert!(last, "a row in the middle is cut: {}", String::from_utf8_lossy(line)),
        }
    }
    ids
}

/// The report of the last run.
pub(crate) fn report(dir: &Path) -> Value {
    serde_json::from_slice(&fs::read(dir.join("report.json")).unwrap()).unwrap()
}
