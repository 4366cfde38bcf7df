//! `groupmembers sandbox`: the vendors on a local port, until Ctrl-C.

mod agora;
mod nim;
mod wkteam;
mod yunshop;

use std::io::Write as _;
use std::time::Duration;

use groupmembers_sandbox::tim::{Churn, DEMO_ADMIN, DEMO_SDK_APP_ID, DEMO_SECRET_KEY, Injection};
use groupmembers_sandbox::{Config, Sandbox};

use crate::error::{Code, Error};
use crate::interrupt::Interrupt;
use crate::{cli, terminal};

const AFTER_HELP: &str = "\
It listens on 127.0.0.1 only, checks every signature, enforces the documented
limits, and says on stderr what it refused and why. It runs until Ctrl-C: paste
what --env prints, eval would wait for its end.

Examples:
  groupmembers sandbox --port 8990 --env      exports to paste elsewhere
  groupmembers sandbox --members 100000 --latency-ms 30
  groupmembers sandbox --churn 2 --seed 7     members come and go meanwhile
  groupmembers sandbox --fault 502-html@every-3 --fault 10018";

/// What a sandbox takes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The port; 0 takes any free one
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = |text: &str| cli::number::<u16>(text, 0..=65_535), allow_negative_numbers = true)]
    port: u16,

    /// Members of every group, but no more than the vendor allows for its type [default: another number for each]
    #[arg(long, value_name = "N", value_parser = |text: &str| cli::number::<u32>(text, 1..=5_000_000), allow_negative_numbers = true)]
    members: Option<u32>,

    /// How long every answer takes
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = |text: &str| cli::number::<u64>(text, 0..=60_000), allow_negative_numbers = true)]
    latency_ms: u64,

    /// The same seed makes the same members and the same churn
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = |text: &str| cli::number::<u64>(text, 0..=u64::MAX), allow_negative_numbers = true)]
    seed: u64,

    /// So many members leave, join or come back for every page that is read
    #[arg(long, value_name = "X", default_value_t = 0.0, allow_negative_numbers = true)]
    churn: f64,

    /// Something that goes wrong: 502-html, reset@every-3, 10018=50, ...; may be given several times. A wrong name
    /// lists them all. For another vendor than TIM with its name in front: wkteam:short-list
    #[arg(long = "fault", value_name = "NAME")]
    faults: Vec<String>,

    /// Print what a shell needs to talk to it, to paste
    #[arg(long)]
    env: bool,
}

/// Runs the sandbox until Ctrl-C.
pub(crate) fn run(args: Args) -> Result<Code, Error> {
    if !(0.0..=1000.0).contains(&args.churn) {
        return Err(Error::Usage(
            "--churn is no number from 0 to 1000: write 0.5 for an event every other page".to_owned(),
        ));
    }
    let mut config = Config { port: args.port, seed: args.seed, ..Config::default() };
    config.latency = Duration::from_millis(args.latency_ms);
    for fault in &args.faults {
        if let Some((vendor, name)) = fault.split_once(':')
            && let Some(injected) = inject(&mut config, vendor, name)
        {
            injected.map_err(|error| Error::Usage(format!("--fault {vendor}: {error}")))?;
            continue;
        }
        let fault: Injection = fault.parse().map_err(|error| Error::Usage(format!("--fault: {error}")))?;
        config.tim.faults.push(fault);
    }
    for group in &mut config.tim.groups {
        let most = group.kind.most_members().unwrap_or(u32::MAX);
        if let Some(members) = args.members {
            group.members = members.min(most);
        }
        group.churn = Churn::per_call(args.churn);
    }
    let asked = args.members.unwrap_or(0);
    let smaller: Vec<&str> =
        config.tim.groups.iter().filter(|group| group.members < asked).map(|group| group.kind.as_str()).collect();
    let note = (!smaller.is_empty()).then(|| {
        let asked = terminal::count(asked.into());
        format!("note: the vendor has no groups of {asked} for {}: those have as many as it allows", smaller.join(", "))
    });
    let groups: Vec<String> = config
        .tim
        .groups
        .iter()
        .map(|group| {
            format!("{:<22} {:<10} {:>9}", group.id, group.kind.as_str(), terminal::count(group.members.into()))
        })
        .collect();

    agora::set(&mut config.agora, &args);
    nim::set(&mut config.nim, &args);
    wkteam::set(&mut config.wkteam, &args);
    yunshop::set(&mut config.yunshop, &args);
    let groups = [
        groups,
        agora::groups(&config.agora),
        nim::groups(&config.nim),
        wkteam::groups(&config.wkteam),
        yunshop::groups(&config.yunshop),
    ]
    .concat();

    let sandbox = Sandbox::start(config).map_err(|error| {
        Error::Usage(format!("--port {}: cannot listen there: {error}; name another, or 0 for any free one", args.port))
    })?;
    let text = if args.env { exports(&sandbox.base_url()) } else { readable(&sandbox.base_url(), &groups) };
    crate::runtime()?.block_on(async {
        // Before anything is printed: who reads it may press Ctrl-C at once.
        let mut interrupt = Interrupt::listen();
        let mut stdout = std::io::stdout().lock();
        let printed = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        printed.map_err(|error| Error::write("stdout", &error))?;
        drop(stdout);
        if let Some(note) = note {
            terminal::say(&note);
        }
        if args.env {
            terminal::say("Groups:");
            for group in &groups {
                terminal::say(&format!("  {group}"));
            }
        }
        terminal::say("Ctrl-C ends it.");
        let mut seen = 0;
        while interrupt.pressed().is_none() {
            tokio::select! {
                () = interrupt.wait() => {}
                () = tokio::time::sleep(Duration::from_millis(250)) => {}
            }
            seen = tell(&sandbox, seen);
        }
        Ok::<(), Error>(())
    })?;
    let (calls, throttled) = (terminal::counted(sandbox.calls(), "call"), terminal::count(sandbox.throttled()));
    terminal::say(&format!("{calls} answered, {throttled} of them throttled"));
    crate::DONE
}

/// Says what was refused, or went wrong on purpose, since call `seen`.
fn tell(sandbox: &Sandbox, seen: u64) -> u64 {
    const MOST: usize = 20;
    let calls = sandbox.calls();
    if calls == seen {
        return seen;
    }
    let log = sandbox.log();
    let new = usize::try_from(calls - seen).unwrap_or(usize::MAX).min(log.len());
    let noted: Vec<_> = log[log.len() - new..].iter().filter(|entry| !entry.note.is_empty()).collect();
    for entry in noted.iter().take(MOST) {
        terminal::say(&entry.to_string());
    }
    if noted.len() > MOST {
        terminal::say(&format!("and {} more like these", noted.len() - MOST));
    }
    calls
}

/// Puts a fault into another vendor's world than TIM's; `None` where there is no such vendor.
fn inject(config: &mut Config, vendor: &str, name: &str) -> Option<Result<(), String>> {
    match vendor {
        "agora" => Some(agora::inject(&mut config.agora, name)),
        "nim" => Some(nim::inject(&mut config.nim, name)),
        "wkteam" => Some(wkteam::inject(&mut config.wkteam, name)),
        "yunshop" => Some(yunshop::inject(&mut config.yunshop, name)),
        _ => None,
    }
}

fn exports(base_url: &str) -> String {
    [
        tim_exports(base_url),
        agora::exports(base_url),
        nim::exports(base_url),
        wkteam::exports(base_url),
        yunshop::exports(base_url),
    ]
    .concat()
}

fn tim_exports(base_url: &str) -> String {
    format!(
        "# The app and key of Tencent's published demo pair: no secret, and good for this sandbox only.\n\
         export TIM_BASE_URL={base_url}\n\
         export TIM_SDK_APP_ID={DEMO_SDK_APP_ID}\n\
         export TIM_SECRET_KEY={DEMO_SECRET_KEY}\n\
         export TIM_ADMIN={DEMO_ADMIN}\n"
    )
}

fn readable(base_url: &str, groups: &[String]) -> String {
    format!(
        "Tencent IM at {base_url}\n\
         \x20 app         {DEMO_SDK_APP_ID}\n\
         \x20 admin       {DEMO_ADMIN}\n\
         \x20 secret key  {DEMO_SECRET_KEY}  (Tencent's published demo key: no secret)\n\
         \n\
         Groups:\n  {}\n\
         \n\
         With --env it prints this, and what the other vendors take, as exports to paste into another shell.\n",
        groups.join("\n  ")
    )
}
