//! The set of ids seen: exact, and small enough for a million members.

use std::fmt;
use std::hash::BuildHasher as _;
use std::ops::Range;

use hashbrown::{DefaultHashBuilder, HashTable};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// All ids end to end in one buffer, found through a table of their starts. A set of a million short ids takes some 30 MB
/// instead of the 80 and more of a `HashSet<String>`.
#[derive(Clone, Default)]
pub(super) struct IdSet {
    /// For each id: its length (LEB128), its bytes, and the pass in which it was seen last.
    bytes: Vec<u8>,
    starts: HashTable<u32>,
    keys: DefaultHashBuilder,
    len: u64,
}

/// Whether an id was seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Never.
    New,
    /// In an earlier pass through the list.
    Before,
    /// In this pass already.
    Again,
}

impl fmt::Debug for IdSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdSet").field("len", &self.len).finish_non_exhaustive()
    }
}

impl IdSet {
    /// Whether it was seen before this `pass`, or in it; `None` if there is no room to tell (4 GiB of ids).
    pub(super) fn insert(&mut self, id: &str, pass: u8) -> Option<Seen> {
        let hash = self.keys.hash_one(id.as_bytes());
        let start = u32::try_from(self.bytes.len()).ok()?;
        let Self { bytes, starts, keys, .. } = self;
        if let Some(&at) = starts.find(hash, |&at| &bytes[id_at(bytes, at)] == id.as_bytes()) {
            let mark = id_at(bytes, at).end;
            let before = std::mem::replace(&mut bytes[mark], pass) != pass;
            return Some(if before { Seen::Before } else { Seen::Again });
        }
        let mut length = id.len();
        while length >= 0x80 {
            bytes.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        bytes.push(length as u8);
        bytes.extend_from_slice(id.as_bytes());
        bytes.push(pass);
        starts.insert_unique(hash, start, |&at| keys.hash_one(&bytes[id_at(bytes, at)]));
        self.len += 1;
        Some(Seen::New)
    }

    /// Whether it was seen in this `pass`.
    pub(super) fn has(&self, id: &str, pass: u8) -> bool {
        let hash = self.keys.hash_one(id.as_bytes());
        let found = self.starts.find(hash, |&at| &self.bytes[id_at(&self.bytes, at)] == id.as_bytes());
        found.is_some_and(|&at| self.bytes[id_at(&self.bytes, at).end] == pass)
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Each id, and the pass in which it was seen last.
    fn iter(&self) -> impl Iterator<Item = (&str, u8)> {
        let mut at = 0;
        std::iter::from_fn(move || {
            (at < self.bytes.len()).then(|| {
                let id = id_at(&self.bytes, at as u32);
                at = id.end + 1;
                (std::str::from_utf8(&self.bytes[id.clone()]).unwrap_or_default(), self.bytes[id.end])
            })
        })
    }
}

/// Where the id that starts here has its bytes.
fn id_at(bytes: &[u8], start: u32) -> Range<usize> {
    let (mut at, mut length, mut shift) = (start as usize, 0, 0);
    loop {
        let byte = bytes[at];
        at += 1;
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return at..at + length;
        }
    }
}

impl Serialize for IdSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for IdSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut set = Self::default();
        for (id, pass) in Vec::<(String, u8)>::deserialize(deserializer)? {
            set.insert(&id, pass);
        }
        Ok(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_every_length_are_told_apart_and_survive_saving() {
        let ids: Vec<String> = (0..500).map(|n| "张".repeat(n % 70) + &n.to_string()).chain([String::new()]).collect();
        let mut set = IdSet::default();
        assert!(ids.iter().all(|id| set.insert(id, 1) == Some(Seen::New)));
        assert!(ids.iter().all(|id| set.insert(id, 1) == Some(Seen::Again)));
        assert!(ids[..200].iter().all(|id| set.insert(id, 2) == Some(Seen::Before)));
        assert_eq!(set.len(), 501);
        let mut back: IdSet = serde_json::from_str(&serde_json::to_string(&set).unwrap()).unwrap();
        assert!(ids[..200].iter().all(|id| back.insert(id, 2) == Some(Seen::Again)));
        assert!(ids[200..].iter().all(|id| back.insert(id, 2) == Some(Seen::Before)));
        assert_eq!(back.len(), 501);
    }
}
