//! Agora Chat (Shengwang, Easemob).

pub(crate) mod groups;
mod rules;

use std::sync::Arc;

use agora_chat_rest::access_token::{Claims, Refusal};
use agora_chat_rest::{
    App, BaseUrl, Client, ClientBuilder, Command as _, Credentials, Roster, RosterOptions, RosterWalk, Subject, Token,
    TokenSource, chatgroups_users,
};
use groupmembers_http::Runtime;
use groupmembers_unified::{self as unified, Member};

use super::{Help, Listing, RowOf, Shape, Target, Task};
use crate::error::{Code, Error};
use crate::sanitize::Rules;
use crate::{cli, env, terminal};

pub(crate) const HELP: Help = Help {
    environment: "  AGORA_BASE_URL         the REST host the console shows; --base-url stands for it
  AGORA_APP_ID           the App ID, 32 hex digits
  AGORA_APP_CERTIFICATE  the App Certificate: tokens are made with it, here
  AGORA_APP_TOKEN        an app token, in place of the certificate; used as it is
  AGORA_ORG, AGORA_APP   the App Key's two halves, for hosts that want them in
                         the URL; with a token, no AGORA_APP_ID is needed then",
    exports: "  export AGORA_BASE_URL=https://a41.chat.agora.io
  export AGORA_APP_ID=0123456789abcdef0123456789abcdef
  read -rs AGORA_APP_CERTIFICATE; export AGORA_APP_CERTIFICATE",
    group: "agora --group 271828182845904",
    lists: &["", "--admins -o list.csv", "--format ndjson | jq -r .id", "--record fixtures/my_group"],
};

/// What leads to the app.
#[derive(Debug, clap::Args)]
pub(crate) struct Way {
    /// The REST host; plain http on this machine only
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
}

/// What an Agora listing takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    way: Way,

    /// Ask who is an admin as well: lists of members often call admins members
    #[arg(long)]
    admins: bool,

    /// Rows a page, 10 to 1000; read in pages even where the group's description holds everybody [default: 1000]
    #[arg(long, value_name = "N", value_parser = |text: &str| cli::number::<u32>(text, 10..=1_000), allow_negative_numbers = true)]
    page_size: Option<u32>,
}

/// The most bytes of an id that the API's client takes.
const LONGEST_GROUP: usize = 256;

/// A chat group.
struct Group {
    id: String,
    app: Reached,
    options: RosterOptions,
    shape: Shape,
}

impl Listing for Group {
    type Walk = RosterWalk;
    type Client = Client;

    fn rules(&self) -> &'static Rules {
        self.app.rules
    }

    fn group(&self) -> &str {
        &self.id
    }

    fn shape(&self) -> Shape {
        self.shape.clone()
    }

    async fn connect(&self, runtime: Arc<dyn Runtime>) -> Result<Client, String> {
        self.app.builder.clone().runtime(runtime).build().map_err(|error| error.to_string())
    }

    fn roster(&self, client: &Client, walk: Option<RosterWalk>) -> Roster {
        match walk {
            Some(walk) => client.resume(walk),
            None => client.roster_with(&self.id, self.options.clone()),
        }
    }

    fn member(&self, _: &RosterWalk, row: RowOf<Self>) -> Member {
        unified::agora::member(&self.id, row)
    }

    fn hint(&self, error: &str) -> Option<String> {
        self.app.hint(error)
    }
}

/// An app that can be asked.
struct Reached {
    builder: ClientBuilder,
    rules: &'static Rules,
    /// What leads to it, for a [`Shape`].
    shape: Shape,
    /// What is wrong with the token as far as can be seen without the server.
    token: Option<String>,
}

impl Reached {
    /// What an error may mean.
    fn hint(&self, error: &str) -> Option<String> {
        self.token.clone().filter(|_| error.contains("the token was refused"))
    }
}

/// What the environment says of the app.
struct Account {
    app: App,
    tokens: TokenSource,
    /// What is wrong with the token as far as can be seen without the server.
    hint: Option<String>,
}

impl Account {
    fn from_env(has_base_url: bool) -> Result<Self, Error> {
        let token = env::given("AGORA_APP_TOKEN")?;
        let by_key = env::given("AGORA_ORG")?.is_some() || env::given("AGORA_APP")?.is_some();
        let mut needed = Vec::new();
        if !has_base_url {
            needed.push("AGORA_BASE_URL");
        }
        if !by_key || token.is_none() {
            needed.push("AGORA_APP_ID");
        }
        if token.is_none() {
            needed.push("AGORA_APP_CERTIFICATE");
        }
        if by_key {
            needed.extend(["AGORA_ORG", "AGORA_APP"]);
        }
        env::require(&needed)?;
        let usage = |error: &agora_chat_rest::BuildError| Error::Usage(error.to_string());
        let app = match (by_key, env::read("AGORA_ORG")?, env::read("AGORA_APP")?) {
            (true, Some(org), Some(app)) => App::key(&format!("{org}#{app}"))
                .map_err(|error| Error::Usage(format!("AGORA_ORG and AGORA_APP: {error}")))?,
            _ => App::id(env::read("AGORA_APP_ID")?.unwrap_or_default())
                .map_err(|error| Error::Usage(format!("AGORA_APP_ID {}", error.problem())))?,
        };
        let Some(token) = token else {
            let credentials = Credentials::from_env().map_err(|error| usage(&error))?;
            return Ok(Self { app, tokens: credentials.into(), hint: None });
        };
        let hint = hint(&token, &app);
        let token = Token::new(token).map_err(|error| Error::Usage(format!("AGORA_APP_TOKEN {}", error.problem())))?;
        Ok(Self { app, tokens: token.into(), hint })
    }
}

/// Why this token may have been refused. Tokens that the vendor issued cannot be looked into.
fn hint(token: &str, app: &App) -> Option<String> {
    let claims = match Claims::decode(token) {
        Ok(claims) => claims,
        Err(Refusal::Damaged(why)) if token.starts_with("007") => {
            return Some(format!("AGORA_APP_TOKEN is damaged: {why}"));
        }
        Err(_) => return None,
    };
    let chat = claims.services().iter().find(|service| service.kind == 5);
    match app {
        App::Id(app) if claims.app_id() != app => Some("AGORA_APP_TOKEN was built for another App ID".to_owned()),
        _ if claims.expires_at() <= terminal::now() => {
            let at = terminal::rfc3339(claims.expires_at()).unwrap_or_default();
            Some(format!("AGORA_APP_TOKEN expired at {at}: make another, with `groupmembers token agora`"))
        }
        _ if chat.is_some_and(|service| !service.subject.is_empty()) => {
            Some("AGORA_APP_TOKEN is a user's: an app token is needed".to_owned())
        }
        _ => None,
    }
}

impl Way {
    fn reach(&self) -> Result<Reached, Error> {
        let account = Account::from_env(self.base_url.is_some())?;
        let base = self.host()?;
        let (rules, name, app) = match &account.app {
            App::Id(id) => (&rules::BY_ID, "AGORA_APP_ID", id.clone()),
            App::Key { org, app } => (&rules::BY_KEY, "AGORA_ORG and AGORA_APP", format!("{org}#{app}")),
        };
        let shape = vec![("--base-url", base.as_str().to_owned()), (name, app)];
        let builder = Client::builder(base, account.app, account.tokens);
        Ok(Reached { builder, rules, shape, token: account.hint })
    }

    fn host(&self) -> Result<BaseUrl, Error> {
        let (name, url) = match &self.base_url {
            Some(url) => ("--base-url", url.clone()),
            None => ("AGORA_BASE_URL", env::read("AGORA_BASE_URL")?.unwrap_or_default()),
        };
        url.parse().map_err(|error: agora_chat_rest::BuildError| Error::Usage(format!("{name} {}", error.problem())))
    }
}

impl Args {
    /// Has the task done with a chat group.
    pub(super) fn run<T: Task>(self, task: T) -> Result<Code, Error> {
        let id = self.target.group(LONGEST_GROUP)?.to_owned();
        chatgroups_users::Request::page(id.as_str(), 1, 1)
            .validate()
            .map_err(|error| Error::Usage(format!("--group {}", error.problem())))?;
        let mut app = self.way.reach()?;
        app.builder = app
            .builder
            .concurrency(self.target.in_flight_of_a_chain(task.records()))
            .deadline(Some(self.target.deadline()));
        let mut shape = app.shape.clone();
        shape.extend([("--admins", self.admins.to_string()), ("--page-size", super::or_none(self.page_size))]);
        task.run(Group { id, app, options: self.options(), shape })
    }

    fn options(&self) -> RosterOptions {
        let mut options = RosterOptions::default();
        if let Some(rows) = self.page_size {
            options = options.page_size(rows).in_pages();
        }
        if self.admins { options.with_admins() } else { options }
    }
}

/// Whom a token speaks for.
pub(crate) fn subject(user: Option<&str>) -> Subject {
    user.map_or(Subject::App, |user| Subject::User(user.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_can_be_looked_into_says_why_it_is_refused() {
        let credentials = |id: &str| Credentials::new(id.repeat(32), "f".repeat(32)).unwrap();
        let app = App::id("0".repeat(32)).unwrap();
        let token = |id: &str, subject: &Subject, at: u64| {
            agora_chat_rest::access_token::build(&credentials(id), subject, at, 60, 1).unwrap().as_str().to_owned()
        };
        let now = terminal::now();
        let user = subject(Some("u1"));
        for (token, words) in [
            (token("1", &Subject::App, now), "another App ID"),
            (token("0", &Subject::App, now - 100), "expired at 2"),
            (token("0", &user, now), "is a user's"),
            (token("0", &Subject::App, now)[..40].to_owned(), "damaged"),
        ] {
            let said = hint(&token, &app).unwrap();
            assert!(said.contains(words) && !said.contains(&token), "{words}: {said}");
        }
        assert_eq!(hint(&token("0", &Subject::App, now), &app), None);
        assert_eq!(hint("YWMtOpaque", &app), None);
    }
}
