//! The set of ids seen: exact, and small enough for a million members.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// All ids end to end in one buffer, found through a table of their starts. A set of a million short ids takes some 30 MB
/// instead of the 80 and more of a `HashSet<String>`.
#[derive(Debug, Clone, Default)]
pub(super) struct IdSet {
    /// For each id: its length (LEB128), then its bytes.
    bytes: Vec<u8>,
    starts: HashTable<u32>,
    keys: DefaultHashBuilder,
    len: u64,
}

impl IdSet {
    /// Whether it is new; `None` if there is no room to tell (4 GiB of ids).
    pub(super) fn insert(&mut self, id: &str) -> Option<bool> {
        let hash = self.keys.hash_one(id.as_bytes());
        let start = u32::try_from(self.bytes.len()).ok()?;
        let Self { bytes, starts, keys, .. } = self;
        if starts.find(hash, |&at| id_at(bytes, at) == id.as_bytes()).is_some() {
            return Some(false);
        }
        let mut length = id.len();
        while length >= 0x80 {
            bytes.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        bytes.push(length as u8);
        bytes.extend_from_slice(id.as_bytes());
        starts.insert_unique(hash, start, |&at| keys.hash_one(id_at(bytes, at)));
        self.len += 1;
        Some(true)
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut at = 0;
        std::iter::from_fn(move || {
            (at < self.bytes.len()).then(|| {
                let id = id_at(&self.bytes, at as u32);
                at = id.as_ptr() as usize - self.bytes.as_ptr() as usize + id.len();
                id
            })
        })
    }
}

fn id_at(bytes: &[u8], start: u32) -> &[u8] {
    let (mut at, mut length, mut shift) = (start as usize, 0, 0);
    loop {
        let byte = bytes[at];
        at += 1;
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return &bytes[at..at + length];
        }
    }
}

impl Serialize for IdSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|id| std::str::from_utf8(id).unwrap_or_default()))
    }
}

impl<'de> Deserialize<'de> for IdSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut set = Self::default();
        for id in Vec::<String>::deserialize(deserializer)? {
            set.insert(&id);
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
        assert!(ids.iter().all(|id| set.insert(id) == Some(true)));
        assert!(ids.iter().all(|id| set.insert(id) == Some(false)));
        assert_eq!(set.len(), 501);
        let mut back: IdSet = serde_json::from_str(&serde_json::to_string(&set).unwrap()).unwrap();
        assert!(ids.iter().all(|id| back.insert(id) == Some(false)));
        assert_eq!(back.len(), 501);
    }
}
