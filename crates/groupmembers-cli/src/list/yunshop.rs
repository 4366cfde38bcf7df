//! Yunshop (芸众商城) with the plugin 群拓客: WeCom customer groups.

mod rules;

use std::sync::Arc;

use groupmembers_http::Runtime;
use groupmembers_http::reqwest_0_13::Reqwest;
use groupmembers_unified as unified;
use yunshop_wecom::{
    Account, BaseUrl, BuildError, Client, Command as _, Credentials, RosterOptions, Session, Site, manage_business,
};

use super::resume::Shape;
use super::{Common, either};
use crate::error::{Code, Error};
use crate::interrupt::Interrupt;
use crate::{cli, env, ids, terminal};

const AFTER_HELP: &str = "\
Environment:
  YUNSHOP_UNIACID      the tenant's number, behind i= in the admin's address
  YUNSHOP_BUSINESS_ID  the enterprise's number
  YUNSHOP_SESSION      the value of the cookie PHPSESSID, of a session that
                       works in this enterprise alone
  YUNSHOP_MOBILE       instead of a session: a shop member's mobile number, and
  YUNSHOP_PASSWORD     the password
  YUNSHOP_BASE_URL     stands for --base-url

A shop is its merchant's own server. Where it speaks plain http, the session,
and at a login the password, travel in the open: use https where it is offered.

Examples:
  export YUNSHOP_BASE_URL=https://shop.example YUNSHOP_UNIACID=2
  export YUNSHOP_BUSINESS_ID=33 YUNSHOP_MOBILE=13800000000
  read -rs YUNSHOP_PASSWORD; export YUNSHOP_PASSWORD
  groupmembers list yunshop --group 7
  groupmembers list yunshop --group 7 --employees -o list.csv";

/// What a Yunshop listing takes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = AFTER_HELP,
    mut_arg("group", |arg| arg.help("The number of the group's row in the shop, such as 7; not the chat_id, wr...")),
    mut_arg("concurrency", |arg| {
        arg.default_value("4").value_parser(|text: &str| cli::number::<u16>(text, 1..=64)).help("Requests in flight; it is a merchant's own server")
    }),
)]
pub(crate) struct Args {
    #[command(flatten)]
    common: Common,

    /// The shop's host, such as https://shop.example, with the path it is installed under; plain http is taken
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,

    /// List the staff in the group behind its customers: another call of the API, and another right
    #[arg(long)]
    employees: bool,

    /// Read the list so often at most, where reading it once proves nothing
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = |text: &str| cli::number::<u32>(text, 1..=5), allow_negative_numbers = true)]
    passes: u32,
}

/// Lists a Yunshop group.
pub(crate) fn run(args: Args) -> Result<Code, Error> {
    let group_id = args.group_id()?;
    let group = group_id.to_string();
    let always = ["YUNSHOP_BASE_URL", "YUNSHOP_UNIACID", "YUNSHOP_BUSINESS_ID"];
    let always = if args.base_url.is_some() { &always[1..] } else { &always[..] };
    either::require(always, "YUNSHOP_SESSION", ["YUNSHOP_MOBILE", "YUNSHOP_PASSWORD"])?;
    let site =
        Site::new(args.host()?, number("YUNSHOP_UNIACID")?).map_err(|error| refused("YUNSHOP_UNIACID", &error))?;
    let business = number("YUNSHOP_BUSINESS_ID")?;
    let shape = args.shape(business)?;
    let choice = manage_business::Request::new(business).validate();
    choice.map_err(|error| refused("YUNSHOP_BUSINESS_ID", &error))?;
    let builder = Client::builder(site, credentials()?)
        .concurrency(args.common.in_flight_of_a_chain())
        .deadline(Some(args.common.deadline()));

    let transport: Arc<dyn Runtime> = Reqwest::new().map_err(|error| Error::Failed(error.to_string()))?.into_runtime();
    let runtime = crate::runtime()?;
    let mut job = args.common.open(Arc::clone(&transport), &rules::RULES, shape)?;
    let walk = job.walk()?;
    // Not before: opening a pipe waits for its reader, and Ctrl-C ends that best as it always does.
    let mut interrupt = runtime.block_on(async { Interrupt::listen() });
    let client = builder.runtime(job.runtime(transport)).build().map_err(|error| Error::Failed(error.to_string()))?;
    let code = runtime.block_on(async {
        let manage = async { client.manage(business).await.map_err(|error| hinted(&error)) };
        let (job, enterprise) = match job.prepare("yunshop", &mut interrupt, manage).await {
            Ok(prepared) => prepared,
            Err(ended) => return ended,
        };
        let roster = match walk {
            Some(walk) => enterprise.resume(walk),
            None => enterprise.roster_with(group_id, args.options()),
        };
        job.run(roster, interrupt, |row| unified::yunshop::member(&group, row)).await
    });
    // What is still in flight was given up, a name being looked up included: wait for nothing.
    runtime.shutdown_background();
    code
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
    fn options(&self) -> RosterOptions {
        let options = RosterOptions::default().passes(self.passes);
        if self.employees { options.with_employees() } else { options }
    }

    /// What rows and walk hang on.
    fn shape(&self, business: u64) -> Result<Shape, Error> {
        Ok(vec![
            ("--base-url", self.host()?.as_str().to_owned()),
            ("YUNSHOP_UNIACID", number("YUNSHOP_UNIACID")?.to_string()),
            ("YUNSHOP_BUSINESS_ID", business.to_string()),
            ("--employees", self.employees.to_string()),
            ("--passes", self.passes.to_string()),
        ])
    }

    fn group_id(&self) -> Result<u64, Error> {
        let text = self.common.group(64)?;
        text.parse().ok().filter(|&id| id > 0).ok_or_else(|| {
            let shown = terminal::scrub(text);
            let shown = terminal::short(&shown);
            Error::Usage(format!(
                "--group {shown} is no number: give the group's row in the shop, such as 7, and not its chat_id"
            ))
        })
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
