//! Writing answers field by field, in the vendor's order.

use serde::Serialize;

/// An object being written.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(&'static str, Vec<u8>)>);

impl Fields {
    pub(crate) fn with<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Self {
        self.raw(name, json(value))
    }

    /// A field whose value is JSON already.
    pub(crate) fn raw(mut self, name: &'static str, json: Vec<u8>) -> Self {
        self.0.push((name, json));
        self
    }

    /// As newer clusters write their answers.
    pub(crate) fn sorted(mut self) -> Self {
        self.0.sort_unstable_by_key(|(name, _)| *name);
        self
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.iter().map(|(name, value)| name.len() + value.len() + 4).sum());
        out.push(b'{');
        for (at, (name, value)) in self.0.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write_json(&mut out, name);
            out.push(b':');
            out.extend_from_slice(value);
        }
        out.push(b'}');
        out
    }
}

pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    write_json(&mut out, value);
    out
}

pub(crate) fn write_json<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    // Strings, numbers and lists of them: there is nothing here that can fail.
    serde_json::to_writer(out, value).unwrap_or_default();
}

/// An array of what is JSON already.
pub(crate) fn array(items: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut out = vec![b'['];
    for item in items {
        if out.len() > 1 {
            out.push(b',');
        }
        out.extend(item);
    }
    out.push(b']');
    out
}
