//! The vendor's envelope, its refusals, and the pages that come instead.

use axum::http::{HeaderName, header};

use super::{
    json::{Json, map},
    request::Asked,
};
use crate::vendor::Sent;

/// What a call comes to.
pub(crate) enum Reply {
    /// JSON, with status 200 whatever it says.
    Json {
        body: Json,
        /// For the log: what exactly was wrong. Holds no secret.
        note: String,
        refused: bool,
    },
    /// Something else.
    Page(Box<Sent>),
}

impl Reply {
    pub(crate) fn success(msg: impl Into<Json>, data: Json) -> Self {
        Self::Json { body: map! { "result": 1, "msg": msg, "data": data }, note: String::new(), refused: false }
    }

    pub(crate) fn error(msg: &str, data: Json, note: impl Into<String>) -> Self {
        Self::Json { body: map! { "result": 0, "msg": msg, "data": data }, note: note.into(), refused: true }
    }

    /// A body of its own kind.
    pub(crate) fn odd(body: Json, note: &str) -> Self {
        Self::Json { body, note: note.to_owned(), refused: true }
    }

    pub(crate) fn noted(mut self, with: impl Into<String>) -> Self {
        if let Self::Json { note, .. } = &mut self {
            *note = with.into();
        }
        self
    }

    pub(crate) fn page(status: u16, title: &str, note: impl Into<String>) -> Self {
        Self::Page(Box::new(Sent { code: 1, note: note.into(), ..Sent::html(status, title) }))
    }

    /// No right, no plugin, or a path in the wrong case.
    pub(crate) fn forbidden(note: impl Into<String>) -> Self {
        Self::error("Sorry,您没有操作权限", Json::nothing(), note)
    }

    /// Refused for who is calling.
    pub(crate) fn login_status(asked: &Asked<'_>, status: i32, note: impl Into<String>) -> Self {
        let tenant = asked.get("i");
        let url = |page: &str| {
            let i = tenant.unwrap_or_default();
            format!("http://{}/business/business_font/#/{page}?i={i}", asked.host())
        };
        let (msg, url) = match status {
            1 => ("请登录", url("login")),
            2 => ("请先选择要管理的企业", url("business/index")),
            -1 => ("黑名单用户，请联系管理员", String::new()),
            -2 => ("无此公众号", String::new()),
            -4 => ("请在微信中打开", String::new()),
            _ => ("请登录", String::new()),
        };
        if url.is_empty() {
            return Self::error(msg, map! { "login_status": status, "login_url": url }, note);
        }
        let data = map! {
            "extra": "",
            "i": tenant.unwrap_or_default(),
            "login_status": status,
            "login_url": url,
            "mid": asked.get("mid"),
            "scope": asked.get("scope").unwrap_or_default(),
            "type": asked.client_type().unwrap_or(5),
        };
        Self::error(msg, data, note)
    }

    /// The shop's own exceptions: a page for who does not say that a program is asking.
    pub(crate) fn exception(asked: &Asked<'_>, msg: &str, note: impl Into<String>) -> Self {
        if asked.is_xhr() {
            return Self::error(msg, Json::nothing(), note);
        }
        Self::page(200, msg, format!("{}; a page, as X-Requested-With was not sent", note.into()))
    }

    /// Everybody else's.
    pub(crate) fn server_error(asked: &Asked<'_>, note: &str) -> Self {
        if !asked.wants_json() {
            return Self::page(500, "Server Error", note);
        }
        let sent = Sent::ok("application/json", br#"{"message":"Server Error"}"#.to_vec());
        Self::Page(Box::new(Sent { status: 500, code: 1, note: note.to_owned(), ..sent }))
    }

    /// A download.
    pub(crate) fn file(content_type: &str, name: &str, bytes: Vec<u8>) -> Self {
        let encoded: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let disposition = format!("attachment; filename=\"export.xlsx\"; filename*=UTF-8''{encoded}.xlsx");
        Self::Page(Box::new(Sent::ok(content_type, bytes).with(header::CONTENT_DISPOSITION, disposition)))
    }

    /// What the exporter of other plugins shows before a long list is ready.
    pub(crate) fn progress() -> Self {
        let page =
            "<html><head><meta http-equiv=\"refresh\" content=\"1;url=?export_page=2\"></head><body>1/9</body></html>";
        Self::Page(Box::new(Sent::ok("text/html; charset=utf-8", page.as_bytes().to_vec())))
    }

    /// `prefix` is what a fault puts ahead of the JSON.
    pub(crate) fn send(self, prefix: &str) -> Sent {
        match self {
            Self::Page(sent) => *sent,
            Self::Json { body, note, refused } => {
                let mut text = prefix.to_owned();
                body.write(&mut text);
                let sent = Sent::ok("application/json", text.into_bytes());
                // The vendor does send a header of this name.
                let sent = sent.with(HeaderName::from_static("charset"), "utf-8");
                Sent { code: u32::from(refused), note, ..sent }.with(header::CACHE_CONTROL, "no-cache, private")
            }
        }
    }
}
