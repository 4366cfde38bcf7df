//! The vendor's envelope, and its refusals: nearly always 1001 and a text.

use super::{
    faults::Fault,
    json::{Fields, Json},
};

/// What goes into an envelope.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) code: u32,
    pub(crate) message: String,
    pub(crate) data: Json,
    /// For the log.
    pub(crate) note: String,
}

impl Answer {
    pub(crate) fn ok(data: impl Into<Json>) -> Self {
        Self { code: 1000, message: "成功".to_owned(), data: data.into(), note: String::new() }
    }
}

/// A refusal: the vendor's words for the caller, and for the log what exactly was wrong.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) code: u32,
    pub(crate) message: String,
    pub(crate) note: String,
    pub(crate) throttled: bool,
}

impl Refusal {
    /// `note` goes to the log and must hold no secret.
    pub(crate) fn new(message: impl Into<String>, note: impl Into<String>) -> Self {
        Self { code: 1001, message: message.into(), note: note.into(), throttled: false }
    }

    pub(crate) fn answer(&self) -> Answer {
        Answer { code: self.code, message: self.message.clone(), data: Json::Null, note: self.note.clone() }
    }
}

/// An answer's bytes, as they are or as the faults want them.
pub(crate) fn seal(answer: Answer, faults: &[Fault]) -> Vec<u8> {
    let has = |fault: &Fault| faults.contains(fault);
    let mut data = answer.data;
    if answer.code == 1000 {
        if has(&Fault::NullData) {
            data = Json::Null;
        }
        if has(&Fault::EmptyData) {
            data = Json::Array(Vec::new());
        }
        if has(&Fault::DataObject)
            && let Json::Array(items) = &mut data
            && items.len() == 1
        {
            data = items.remove(0);
        }
        let inner = |message: &str, code, data| envelope(message.to_owned(), code, data, faults);
        if has(&Fault::Nested) {
            data = vec![inner("成功", 1000, data)].into();
        } else if has(&Fault::NestedObject) {
            data = inner("成功", 1000, data).into();
        } else if has(&Fault::NestedFailure) {
            data = inner("系统失败,请重试", 1001, Json::Null).into();
        }
    }
    let mut sealed = envelope(answer.message, answer.code, data, faults);
    if answer.code == 1000 && has(&Fault::MissingData) {
        sealed.remove(&["data"]);
    }
    if has(&Fault::NoCode) {
        sealed.remove(&["code"]);
    }
    if has(&Fault::DataFirst) {
        sealed.reverse();
    }
    sealed.bytes()
}

fn envelope(message: String, code: u32, data: Json, faults: &[Fault]) -> Fields {
    let has = |fault: &Fault| faults.contains(fault);
    let code = match () {
        () if has(&Fault::CodeNumber) => Json::Number(code.into()),
        () if has(&Fault::CodeSpaced) => format!(" {code} ").into(),
        () => code.to_string().into(),
    };
    let name = if has(&Fault::MsgKey) { "msg" } else { "message" };
    Fields::new().with(name, message).with("code", code).with("data", data)
}
