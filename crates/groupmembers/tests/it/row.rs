//! The rows of the tables: what goes wrong, and when.

use std::time::Duration;

use groupmembers_sandbox::faults::{Transport, When};

use crate::watched::Clock;

/// Long enough for a busy machine where nothing is to time out.
const PATIENT: Duration = Duration::from_secs(300);

/// Where an answer is waited for that does not come. No other answer may take as long.
const IMPATIENT: Duration = Duration::from_secs(4);

/// For a call or a list where no attempt ends by itself.
const DEADLINE: Duration = Duration::from_secs(3);

#[derive(Clone, Debug)]
pub(crate) enum Row {
    /// Nothing: what the other rows are held against.
    Usual,
    Fault {
        fault: Transport,
        always: bool,
        /// Whether compressed answers are asked for.
        gzip: bool,
    },
    /// Nobody listens.
    Refused,
    /// No answer comes before the deadline.
    Deadline,
    /// The client's clock is so many seconds ahead.
    Clock(i64),
}

/// What comes once in a while, and for good. The others are habits of a server.
fn is_trouble(name: &str) -> bool {
    const TROUBLE: &[&str] = &[
        "reset",
        "reset-mid-body",
        "reset-after-body",
        "cut-head",
        "cut-body",
        "long-length",
        "short-length",
        "bad-chunks",
        "no-http",
        "slow-answer",
        "endless-body",
        "empty-body",
        "html-200",
        "502-html",
        "503-html",
        "429-retry-after",
        "redirect",
    ];
    TROUBLE.contains(&name)
}

/// All of them. `elsewhere` is where redirects lead.
pub(crate) fn rows(elsewhere: &str) -> Vec<Row> {
    let mut faults: Vec<String> = Vec::new();
    for name in Transport::NAMES {
        match *name {
            "redirect" => faults.push(format!("redirect={elsewhere}")),
            "slow-answer" => faults.push("slow-answer=3600000".to_owned()),
            "wrong-date" => faults.extend(["wrong-date=-90000", "wrong-date=90000"].map(str::to_owned)),
            "429-retry-after" => {
                // Seconds, a date, none, at once, past, garbage, longer than anybody would wait.
                let past = "Wed, 21 Oct 2015 07:28:00 GMT";
                for wish in ["1", "date", "none", "0", past, "soon", "-1", "1.5", "3600", "99999999999999999999"] {
                    faults.push(format!("429-retry-after={wish}"));
                }
            }
            name => faults.push(name.to_owned()),
        }
    }
    let mut rows = vec![Row::Usual, Row::Refused];
    for text in faults {
        let fault: Transport = text.parse().unwrap();
        let name = text.split('=').next().unwrap();
        let whens: &[bool] = if is_trouble(name) { &[false, true] } else { &[true] };
        let asked: &[bool] = if name.contains("gzip") { &[true, false] } else { &[true] };
        for &always in whens {
            rows.extend(asked.iter().map(|&gzip| Row::Fault { fault: fault.clone(), always, gzip }));
        }
    }
    rows.push(Row::Deadline);
    rows.extend([-86_400, -400, 400, 86_400].map(Row::Clock));
    rows
}

impl Row {
    pub(crate) fn name(&self, elsewhere: &str) -> String {
        match self {
            Self::Usual => "nothing".to_owned(),
            Self::Refused => "refused".to_owned(),
            Self::Deadline => "slow-answer, deadline".to_owned(),
            Self::Clock(ahead) => format!("clock {ahead:+} s"),
            Self::Fault { fault, always, gzip } => {
                let unasked = if *gzip { "" } else { ", unasked" };
                let when = if *always { "always" } else { "once" };
                format!("{fault} {when}{unasked}").replace(elsewhere, "http://elsewhere")
            }
        }
    }

    /// The fault, and in which of the calls it comes.
    pub(crate) fn injection(&self, first: u32) -> Option<(Transport, When)> {
        match self {
            Self::Fault { fault, always: true, .. } => Some((fault.clone(), When::Always)),
            Self::Fault { fault, .. } => Some((fault.clone(), When::Call(first))),
            Self::Deadline => Some((Transport::SlowAnswer(3_600_000), When::Always)),
            Self::Usual | Self::Refused | Self::Clock(_) => None,
        }
    }

    /// Whether it is waited for more than worked on.
    pub(crate) fn is_slow(&self) -> bool {
        let slow =
            |fault: &Transport| matches!(fault, Transport::SlowDrip | Transport::SlowAnswer(_) | Transport::LongLength);
        matches!(self, Self::Deadline) || matches!(self, Self::Fault { fault, .. } if slow(fault))
    }

    pub(crate) fn clock(&self) -> Clock {
        match self {
            Self::Deadline => Clock::Real,
            row if row.is_slow() => Clock::Skipping(IMPATIENT),
            _ => Clock::Skipping(PATIENT),
        }
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        matches!(self, Self::Deadline).then_some(DEADLINE)
    }

    pub(crate) fn ahead(&self) -> i64 {
        if let Self::Clock(ahead) = self { *ahead } else { 0 }
    }

    pub(crate) fn gzip(&self) -> bool {
        !matches!(self, Self::Fault { gzip: false, .. })
    }

    pub(crate) fn is_redirect(&self) -> bool {
        matches!(self, Self::Fault { fault: Transport::Redirect(_), .. })
    }

    /// A reset overtakes what was sent before it: whether the head had been read by then is the system's affair.
    pub(crate) fn is_reset(&self) -> bool {
        use Transport::{Reset, ResetAfterBody, ResetMidBody};
        matches!(self, Self::Fault { fault: Reset | ResetMidBody | ResetAfterBody, .. })
    }
}
