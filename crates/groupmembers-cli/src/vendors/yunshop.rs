//! Yunshop (芸众商城) with the plugin 群拓客: WeCom customer groups.

pub(crate) mod groups;
mod rules;

use std::sync::Arc;

use groupmembers_http::Runtime;
use groupmembers_unified::{self as unified, Member};
use yunshop_wecom::{
    Account, BaseUrl, BuildError, Client, ClientBuilder, Command as _, Credentials, Enterprise, Roster, RosterOptions,
    RosterWalk, Session, Site, manage_business,
};

use super::{Help, Listing, RowOf, Shape, Target, Task, either};
use crate::error::{Code, Error};
use crate::sanitize::Rules;
use crate::{cli, env, ids, terminal};

pub(crate) const HELP: Help = Help {
    environment: "  YUNSHOP_UNIACID      the tenant's number, behind i= in the admin's address
  YUNSHOP_BUSINESS_ID  the enterprise's number
  YUNSHOP_SESSION      the value of the cookie PHPSESSID, of a session that
                       works in this enterprise alone
  YUNSHOP_MOBILE       instead of a session: a shop member's mobile number, and
  YUNSHOP_PASSWORD     the password
  YUNSHOP_BASE_URL     stands for --base-url

A shop is its merchant's own server. Where it speaks plain http, the session,
and at a login the password, travel in the open: use https where it is offered.",
    exports: "  export YUNSHOP_BASE_URL=https://shop.example YUNSHOP_UNIACID=2
  export YUNSHOP_BUSINESS_ID=33 YUNSHOP_MOBILE=13800000000
  read -rs YUNSHOP_PASSWORD; export YUNSHOP_PASSWORD",
    group: "yunshop --group 7",
    lists: &["", "--employees -o list.csv"],
};

/// What leads to the enterprise.
#[derive(Debug, clap::Args)]
pub(crate) struct Way {
    /// The shop's host, such as https://shop.example, with the path it is installed under; plain http is taken
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
}

/// What a Yunshop listing takes.
#[derive(Debug, clap::Args)]
#[command(
    mut_arg("group", |arg| arg.help("The number of the group's row in the shop, such as 7; not the chat_id, wr...")),
    mut_arg("concurrency", |arg| {
        arg.default_value("4").value_parser(|text: &str| cli::number::<u16>(text, 1..=64)).help("Requests in flight; it is a merchant's own server")
    }),
)]
pub(crate) struct Args {
    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    way: Way,

    /// List the staff in the group behind its customers: another call of the API, and another right
    #[arg(long)]
    employees: bool,

    /// Read the list so often at most, where reading it once proves nothing
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = |text: &str| cli::number::<u32>(text, 1..=5), allow_negative_numbers = true)]
    passes: u32,
}

/// A customer group.
struct Group {
    id: u64,
    /// As it was typed, without zeros in front.
    name: String,
    business: Business,
    options: RosterOptions,
    shape: Shape,
}

impl Listing for Group {
    type Walk = RosterWalk;
    type Client = Enterprise;

    fn rules(&self) -> &'static Rules {
        &rules::RULES
    }

    fn group(&self) -> &str {
        &self.name
    }

    fn shape(&self) -> Shape {
        self.shape.clone()
    }

    async fn connect(&self, runtime: Arc<dyn Runtime>) -> Result<Enterprise, String> {
        self.business.manage(runtime).await
    }

    fn roster(&self, enterprise: &Enterprise, walk: Option<RosterWalk>) -> Roster {
        match walk {
            Some(walk) => enterprise.resume(walk),
            None => enterprise.roster_with(self.id, self.options.clone()),
        }
    }

    fn member(&self, _: &RosterWalk, row: RowOf<Self>) -> Member {
        unified::yunshop::member(&self.name, row)
    }
}

/// An enterprise that can be asked for.
struct Business {
    id: u64,
    builder: ClientBuilder,
    /// What leads to it, for a [`Shape`].
    shape: Shape,
}

impl Business {
    /// Logs in where that is needed, and chooses it.
    async fn manage(&self, runtime: Arc<dyn Runtime>) -> Result<Enterprise, String> {
        let client = self.builder.clone().runtime(runtime).build().map_err(|error| error.to_string())?;
        client.manage(self.id).await.map_err(|error| hinted(&error))
    }
}

fn refused(name: &str, error: &BuildError) -> Error {
    Error::Usage(format!("{name} {}", error.problem()))
}

/// With the variable to look at.
fn hinted(error: &yunshop_wecom::Error) -> String {
    use yunshop_wecom::ApiErrorKind as Of;
    let variable = error.api().and_then(|error| match error.kind {
        Of::NotLoggedIn => Some("YUNSHOP_SESSION"),
        Of::WrongPassword => Some("YUNSHOP_MOBILE and YUNSHOP_PASSWORD"),
        Of::NoSuchMember => Some("YUNSHOP_MOBILE"),
        Of::EnterpriseForbidden | Of::EnterpriseNotSelected => Some("YUNSHOP_BUSINESS_ID"),
        Of::UnknownTenant => Some("YUNSHOP_UNIACID"),
        _ => None,
    });
    variable.map_or_else(|| error.to_string(), |variable| format!("{error} (see {variable})"))
}

impl Args {
    /// Has the task done with a customer group.
    pub(super) fn run<T: Task>(self, task: T) -> Result<Code, Error> {
        let id = self.group_id()?;
        let mut business = self.way.business()?;
        business.builder = business
            .builder
            .concurrency(self.target.in_flight_of_a_chain(task.records()))
            .deadline(Some(self.target.deadline()));
        let mut shape = business.shape.clone();
        shape.extend([("--employees", self.employees.to_string()), ("--passes", self.passes.to_string())]);
        task.run(Group { id, name: id.to_string(), business, options: self.options(), shape })
    }

    fn options(&self) -> RosterOptions {
        let options = RosterOptions::default().passes(self.passes);
        if self.employees { options.with_employees() } else { options }
    }

    fn group_id(&self) -> Result<u64, Error> {
        let text = self.target.group(64)?;
        text.parse().ok().filter(|&id| id > 0).ok_or_else(|| {
            let shown = terminal::scrub(text);
            let shown = terminal::short(&shown);
            Error::Usage(format!(
                "--group {shown} is no number: give the group's row in the shop, such as 7, and not its chat_id"
            ))
        })
    }
}

impl Way {
    fn business(&self) -> Result<Business, Error> {
        let always = ["YUNSHOP_BASE_URL", "YUNSHOP_UNIACID", "YUNSHOP_BUSINESS_ID"];
        let always = if self.base_url.is_some() { &always[1..] } else { &always[..] };
        either::require(always, "YUNSHOP_SESSION", ["YUNSHOP_MOBILE", "YUNSHOP_PASSWORD"])?;
        let (host, uniacid) = (self.host()?, number("YUNSHOP_UNIACID")?);
        let base = host.as_str().to_owned();
        let site = Site::new(host, uniacid).map_err(|error| refused("YUNSHOP_UNIACID", &error))?;
        let id = number("YUNSHOP_BUSINESS_ID")?;
        let choice = manage_business::Request::new(id).validate();
        choice.map_err(|error| refused("YUNSHOP_BUSINESS_ID", &error))?;
        let shape = vec![
            ("--base-url", base),
            ("YUNSHOP_UNIACID", uniacid.to_string()),
            ("YUNSHOP_BUSINESS_ID", id.to_string()),
        ];
        Ok(Business { id, builder: Client::builder(site, credentials()?), shape })
    }

    /// The flag first, then the environment.
    fn host(&self) -> Result<BaseUrl, Error> {
        match &self.base_url {
            Some(url) => url.parse().map_err(|error| refused("--base-url", &error)),
            None => value("YUNSHOP_BASE_URL")?.parse().map_err(|error| refused("YUNSHOP_BASE_URL", &error)),
        }
    }
}

fn value(name: &str) -> Result<String, Error> {
    env::read(name).map(Option::unwrap_or_default)
}

fn number(name: &str) -> Result<u64, Error> {
    let text = value(name)?;
    ids::check(name, &text, 64)?;
    text.parse().map_err(|_| Error::Usage(format!("{name} is no whole number: write digits alone")))
}

fn credentials() -> Result<Credentials, Error> {
    if env::given("YUNSHOP_SESSION")?.is_none() {
        let account = Account::new(value("YUNSHOP_MOBILE")?, value("YUNSHOP_PASSWORD")?);
        let account = account.map_err(|error| refused(&format!("YUNSHOP_{}", error.name().to_uppercase()), &error))?;
        return Ok(account.into());
    }
    let session = value("YUNSHOP_SESSION")?;
    // No session id of PHP has an equals sign in it.
    if session.contains('=') {
        return Err(Error::Usage(
            "YUNSHOP_SESSION has the cookie's name in it: give the value alone, what stands behind PHPSESSID="
                .to_owned(),
        ));
    }
    Ok(Session::of_cookie(&session).map_err(|error| refused("YUNSHOP_SESSION", &error))?.into())
}
