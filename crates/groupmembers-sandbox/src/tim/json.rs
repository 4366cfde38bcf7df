//! Writing answers field by field: the vendor's order of fields, and rows that are never held as a tree.

use serde::Serialize;

/// An answer about to be sent.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) json: Vec<u8>,
    pub(crate) content_type: &'static str,
}

/// What the vendor sends for most commands.
pub(crate) const JSON: &str = "application/json";
/// What it sends for some, though the request said `contenttype=json`.
pub(crate) const PLAIN: &str = "text/plain; charset=utf-8";

/// An object being written.
#[derive(Debug)]
pub(crate) struct Object(Vec<u8>);

impl Object {
    pub(crate) fn new() -> Self {
        Self(vec![b'{'])
    }

    /// The envelope of a success. Some commands send no `ErrorInfo`.
    pub(crate) fn ok(error_info: bool) -> Self {
        let mut object = Self::new().field("ActionStatus", "OK");
        if error_info {
            object = object.field("ErrorInfo", "");
        }
        object.field("ErrorCode", &0)
    }

    pub(crate) fn fail(code: u32, error_info: Option<&str>) -> Self {
        let mut object = Self::new().field("ActionStatus", "FAIL");
        if let Some(info) = error_info {
            object = object.field("ErrorInfo", info);
        }
        object.field("ErrorCode", &code)
    }

    pub(crate) fn field<T: Serialize + ?Sized>(mut self, name: &str, value: &T) -> Self {
        self.name(name);
        append(&mut self.0, value);
        self
    }

    /// A field whose value is JSON already.
    pub(crate) fn raw(mut self, name: &str, json: &[u8]) -> Self {
        self.name(name);
        self.0.extend_from_slice(json);
        self
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        append(&mut self.0, name);
        self.0.push(b':');
    }

    pub(crate) fn end(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }

    pub(crate) fn answer(self, content_type: &'static str) -> Answer {
        Answer { json: self.end(), content_type }
    }
}

/// An array being written.
#[derive(Debug)]
pub(crate) struct Array(Vec<u8>);

impl Array {
    pub(crate) fn new() -> Self {
        Self(vec![b'['])
    }

    pub(crate) fn push<T: Serialize + ?Sized>(&mut self, value: &T) {
        self.comma();
        append(&mut self.0, value);
    }

    pub(crate) fn push_raw(&mut self, json: &[u8]) {
        self.comma();
        self.0.extend_from_slice(json);
    }

    /// Bytes so far.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    fn comma(&mut self) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
    }

    pub(crate) fn end(mut self) -> Vec<u8> {
        self.0.push(b']');
        self.0
    }
}

fn append<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    // Strings, numbers and structs of them, written to a Vec: there is nothing here that can fail.
    let _ = serde_json::to_writer(out, value);
}
