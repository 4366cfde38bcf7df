//! Runs the program, and looks for secrets in everything that comes out of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use groupmembers_sandbox::tim::{GroupConfig, GroupKind};
use groupmembers_sandbox::{Config, Sandbox};

/// No key of anybody: whoever finds its middle in an output has found a leak.
pub(crate) const SECRET: &str = "5ecMARKEDSECRETret0ff3ecb11d7c805251c51ee463a25727bddc2385f3fa8b";
const MARK: &str = "MARKEDSECRET";
pub(crate) const APP: u32 = 1_600_000_001;
pub(crate) const ADMIN: &str = "the-admin";

/// What other vendors' listings read.
const VENDORS_ENV: [&str; 22] = [
    "AGORA_BASE_URL",
    "AGORA_APP_ID",
    "AGORA_APP_CERTIFICATE",
    "AGORA_APP_TOKEN",
    "AGORA_ORG",
    "AGORA_APP",
    "NIM_APP_KEY",
    "NIM_APP_SECRET",
    "NIM_BASE_URL",
    "NIM_REGION",
    "WKTEAM_BASE_URL",
    "WKTEAM_TOKEN",
    "WKTEAM_ACCOUNT",
    "WKTEAM_PASSWORD",
    "WKTEAM_WID",
    "WKTEAM_WCID",
    "YUNSHOP_BASE_URL",
    "YUNSHOP_UNIACID",
    "YUNSHOP_BUSINESS_ID",
    "YUNSHOP_SESSION",
    "YUNSHOP_MOBILE",
    "YUNSHOP_PASSWORD",
];

/// Agora's certificates are 32 hex digits: this has a mark in it that is.
pub(crate) const CERTIFICATE: &str = "fedcba98badc0de5ec2e7badfedcba98";
const HEX_MARK: &str = "badc0de5ec2e7bad";

/// A sandbox whose app has the marked secret.
pub(crate) fn sandbox(groups: Vec<GroupConfig>, change: impl FnOnce(&mut Config)) -> Sandbox {
    let mut config = Config::default();
    config.tim.sdk_app_id = APP;
    config.tim.secret_key = SECRET.to_owned();
    config.tim.admins = vec![ADMIN.to_owned()];
    config.tim.groups = groups;
    change(&mut config);
    Sandbox::start(config).unwrap()
}

/// A group named `g`.
pub(crate) fn group(kind: GroupKind, members: u32) -> Vec<GroupConfig> {
    vec![GroupConfig::new("g", kind, members)]
}

/// An empty folder of this test's own.
pub(crate) fn folder() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{}-{number}", std::process::id()));
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}

/// Waits for something to become true, not for ever.
pub(crate) fn until(mut what: impl FnMut() -> bool) {
    let began = Instant::now();
    while !what() {
        assert!(began.elapsed() < Duration::from_secs(30), "it did not happen");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// One run of the program.
pub(crate) struct Run {
    pub(crate) command: Command,
    pub(crate) dir: PathBuf,
    makes_tokens: bool,
}

/// What came out of it.
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// In a folder of its own, with an environment that knows nothing of TIM.
    pub(crate) fn new(args: &[&str]) -> Self {
        let dir = folder();
        let mut command = Command::new(env!("CARGO_BIN_EXE_groupmembers"));
        command.args(args).current_dir(&dir).stdin(Stdio::null());
        for name in ["TIM_SDK_APP_ID", "TIM_SECRET_KEY", "TIM_ADMIN", "TIM_BASE_URL", "TIM_REGION"] {
            command.env_remove(name);
        }
        for name in VENDORS_ENV {
            command.env_remove(name);
        }
        // What is sent stays on this machine: a proxy of the environment must not see it.
        for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env_remove(name);
        }
        Self { command, dir, makes_tokens: false }
    }

    /// `list tim --group g` against a sandbox.
    pub(crate) fn list(sandbox: &Sandbox, args: &[&str]) -> Self {
        Self::new(&[&["list", "tim", "--group", "g"], args].concat()).app().env("TIM_BASE_URL", &sandbox.base_url())
    }

    /// With the app's credentials.
    pub(crate) fn app(self) -> Self {
        self.env("TIM_SDK_APP_ID", &APP.to_string()).env("TIM_SECRET_KEY", SECRET).env("TIM_ADMIN", ADMIN)
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Its stdout is a token.
    pub(crate) fn makes_tokens(mut self) -> Self {
        self.makes_tokens = true;
        self
    }

    pub(crate) fn go(mut self) -> Outcome {
        let output = self.command.output().unwrap();
        self.outcome(output)
    }

    /// With something on stdin.
    pub(crate) fn read(mut self, stdin: &str) -> Outcome {
        fs::write(self.dir.join("stdin"), stdin).unwrap();
        self.command.stdin(fs::File::open(self.dir.join("stdin")).unwrap());
        fs::remove_file(self.dir.join("stdin")).unwrap();
        self.go()
    }

    /// Checks what any run must keep.
    pub(crate) fn outcome(&self, output: std::process::Output) -> Outcome {
        let outcome = Outcome {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        if !self.makes_tokens {
            no_secret("stdout", &outcome.stdout);
        }
        no_secret("stderr", &outcome.stderr);
        assert!(!outcome.stdout.contains(MARK) && !outcome.stdout.contains(HEX_MARK));
        assert!(self.makes_tokens || !outcome.stdout.contains("007eJ"), "a token is in stdout: {}", outcome.stdout);
        assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
        for file in files(&self.dir) {
            // Another run may be at work in the same folder, and replace its files.
            let bytes = fs::read(&file).unwrap_or_default();
            no_secret(&file.display().to_string(), &String::from_utf8_lossy(&bytes));
        }
        outcome
    }
}

impl Outcome {
    /// The error: exactly one line of stderr.
    pub(crate) fn error(&self) -> &str {
        let mut errors = self.stderr.lines().filter_map(|line| line.strip_prefix("error: "));
        let error = errors.next().unwrap_or_else(|| panic!("no error: {}", self.stderr));
        assert_eq!(errors.next(), None, "{}", self.stderr);
        error
    }
}

fn no_secret(place: &str, text: &str) {
    assert!(!text.contains(MARK), "the secret key is in {place}: {text}");
    assert!(!text.contains(HEX_MARK), "the certificate is in {place}: {text}");
    let hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    let sums = text.split(|c| !hex(c)).filter(|run| run.len() == 40).count();
    assert_eq!(sums, 0, "a CheckSum is in {place}: {text}");
    let part = |c: char| c.is_ascii_alphanumeric() || "*-_".contains(c);
    for word in text.split(|c| !part(c)) {
        assert!(!word.contains("eJ") || word.len() <= 60, "a signature is in {place}: {text}");
    }
}

/// Every file of a folder and its folders.
pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
#[should_panic(expected = "the secret key is in")]
fn a_leaked_key_is_found() {
    no_secret("a test", &format!("the key is {SECRET}."));
}

#[test]
#[should_panic(expected = "a signature is in")]
fn a_leaked_signature_is_found() {
    no_secret("a test", &format!("usersig=eJ{}&random=1", "yrVgrxCdYrSy1*".repeat(9)));
}
