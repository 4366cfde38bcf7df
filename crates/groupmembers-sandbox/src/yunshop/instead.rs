//! The answers that come instead of the one that was asked for.

use super::{answers::Reply, faults::Fault, json::map, routes::Turn};

impl Turn<'_> {
    /// The answer of faults that leave the call out altogether.
    pub(super) fn instead(&self) -> Option<Reply> {
        self.faults.iter().find_map(|fault| {
            let page = |status: u16, title: &str| Some(Reply::page(status, title, ""));
            match fault {
                Fault::Transport(fault) => fault.instead().map(|sent| Reply::Page(Box::new(sent))),
                Fault::MethodNotAllowed => page(405, "405 Method Not Allowed"),
                Fault::Whoops => page(200, "Whoops! There was an error."),
                Fault::HtmlLogin => page(200, "登录"),
                Fault::ServerError => Some(Reply::server_error(self.asked, "")),
                Fault::ShopException => Some(Reply::exception(self.asked, "系统繁忙，请稍后再试", "")),
                Fault::LoginStatus(status) => Some(Reply::login_status(self.asked, *status, "")),
                Fault::Forbidden => Some(Reply::forbidden("")),
                Fault::StatusMinus2 => Some(Reply::error("请登录", map! { "status": -2 }, "")),
                Fault::StatusMinus5 => {
                    Some(Reply::odd(map! { "result": 1, "msg": "", "data": map! { "status": -5 } }, ""))
                }
                Fault::NoResult => {
                    let data = map! { "login_status": 1, "login_url": "/login" };
                    Some(Reply::odd(map! { "status": 0, "data": data }, ""))
                }
                _ => None,
            }
        })
    }
}
