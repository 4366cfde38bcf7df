//! The one door: every request comes in here, goes to the vendor whose path it has, and leaves a line in the log.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::to_bytes,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName, header},
    response::Response,
};

use crate::{
    log::{Log, LogEntry},
    wire::{Delivery, Peer, respond},
};

const LARGEST_REQUEST: usize = 1024 * 1024;

/// One vendor's API.
pub(crate) trait Vendor: Send + Sync {
    /// Its short name.
    fn name(&self) -> &'static str;

    /// Whether a request with this path is meant for it.
    fn owns(&self, path: &str) -> bool;

    /// What it answers.
    fn answer(&self, call: &Call<'_>) -> Sent;
}

/// A request, all of it here.
pub(crate) struct Call<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
    pub(crate) arrived: Instant,
}

/// An answer with everything the wire and the log want to know.
pub(crate) struct Sent {
    pub(crate) command: String,
    pub(crate) group: Option<String>,
    pub(crate) status: u16,
    pub(crate) code: u32,
    pub(crate) throttled: bool,
    pub(crate) note: String,
    pub(crate) headers: Vec<(HeaderName, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) delivery: Delivery,
    /// How long the call takes, beside the latency of every call.
    pub(crate) delay: Duration,
}

impl Sent {
    /// A success.
    pub(crate) fn ok(content_type: &str, body: Vec<u8>) -> Self {
        Self {
            command: String::new(),
            group: None,
            status: 200,
            code: 0,
            throttled: false,
            note: String::new(),
            headers: vec![(header::CONTENT_TYPE, content_type.to_owned())],
            body,
            delivery: Delivery::Whole,
            delay: Duration::ZERO,
        }
    }

    /// A page of HTML, which is no answer of any vendor's API.
    pub(crate) fn html(status: u16, title: &str) -> Self {
        let body = format!("<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n");
        Self { status, ..Self::ok("text/html; charset=utf-8", body.into_bytes()) }
    }

    /// With one more header.
    pub(crate) fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Whole seconds since 1970-01-01 UTC.
pub(crate) fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The form of `Date`: `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(crate) fn http_date(unix: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, second) = (unix / 86_400, unix % 86_400);
    // Years that begin in March have their leap day at the end (Hinnant's civil_from_days).
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12;
    let year = era * 400 + year_of_era + u64::from(month < 2);
    let name = |names: &[&'static str], at: u64| names.get(usize::try_from(at).unwrap_or(0)).copied().unwrap_or("");
    format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
        name(&DAYS, days % 7),
        name(&MONTHS, month),
        second / 3_600,
        second / 60 % 60,
        second % 60,
    )
}

#[derive(Clone)]
struct Door {
    /// The last one answers what is nobody's.
    vendors: Arc<[Box<dyn Vendor>]>,
    log: Arc<Log>,
    latency: Duration,
}

pub(crate) fn router(vendors: Vec<Box<dyn Vendor>>, log: Arc<Log>, latency: Duration) -> Router {
    Router::new().fallback(handle).with_state(Door { vendors: vendors.into(), log, latency })
}

async fn handle(State(door): State<Door>, ConnectInfo(peer): ConnectInfo<Peer>, request: Request) -> Response {
    let arrived = Instant::now();
    let (parts, body) = request.into_parts();
    // A body that breaks off or is far too long reads as none, and is refused as none.
    let body = to_bytes(body, LARGEST_REQUEST).await.unwrap_or_default();
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    let owner = door.vendors.iter().find(|vendor| vendor.owns(path)).or(door.vendors.last());
    let Some(vendor) = owner else { return Response::default() };
    let call = Call { method: parts.method.as_str(), path, query, headers: &parts.headers, body: &body, arrived };
    let sent = vendor.answer(&call);
    let wait = door.latency + sent.delay;
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    door.log.add(LogEntry {
        at: door.log.at(arrived),
        vendor: vendor.name(),
        command: sent.command,
        group: sent.group,
        status: if sent.delivery == Delivery::Reset { 0 } else { sent.status },
        code: sent.code,
        throttled: sent.throttled,
        note: sent.note,
    });
    respond(&peer, sent.delivery, sent.status, sent.headers, sent.body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_http() {
        for (unix, date) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_825_600, "Tue, 29 Feb 2000 12:00:00 GMT"),
            (1_700_000_000, "Tue, 14 Nov 2023 22:13:20 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        ] {
            assert_eq!(http_date(unix), date);
        }
    }
}
