//! The members of a group as they were when the list was last proved, and what another listing finds to be different.
//!
//! Of a member no more is held than an id and a line of JSON, and a listing is compared as it comes: a million members need
//! room for one roster, not for two.

use std::collections::BTreeMap;
use std::fmt;

use groupmembers_unified::{Changed, Difference, Member, MutedUntil, Role, Timestamp, Vendor};
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde::ser::{Error as _, Serializer};
use serde::{Deserialize, Serialize};

/// The members of one group.
#[derive(Default)]
pub(crate) struct Known {
    members: BTreeMap<Box<str>, Entry>,
    /// Counts the listings.
    turn: u32,
}

/// One member, without an id.
#[derive(Clone)]
struct Entry {
    /// [`Fields`] as JSON.
    fields: Box<str>,
    /// The last listing that had it.
    seen: u32,
}

/// What may change of a member: name, role, when they joined, picture, until when they are muted, whether they are online.
type Fields = (Option<String>, Option<Role>, Option<Timestamp>, Option<String>, Option<MutedUntil>, Option<bool>);

/// What a listing has found so far that was not known.
#[derive(Default)]
pub(crate) struct Found {
    joined: BTreeMap<Box<str>, Entry>,
    changed: BTreeMap<Box<str>, Box<str>>,
}

/// How many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) joined: u64,
    pub(crate) left: u64,
    pub(crate) changed: u64,
}

impl Known {
    pub(crate) fn len(&self) -> u64 {
        self.members.len() as u64
    }

    /// Another listing begins. What the one before it found is gone, unless it was [taken over](Self::take_over).
    pub(crate) fn compare(&mut self) -> Found {
        self.turn += 1;
        Found::default()
    }

    /// Takes a member of the listing that is going on.
    pub(crate) fn see(&mut self, found: &mut Found, member: &Member) -> serde_json::Result<()> {
        let fields = packed(member)?;
        let Some(entry) = self.members.get_mut(member.id.as_str()) else {
            found.joined.insert(member.id.as_str().into(), Entry { fields, seen: self.turn });
            return Ok(());
        };
        entry.seen = self.turn;
        if entry.fields != fields {
            let old = unpacked(&member.vendor, &member.group, &member.id, &entry.fields)?;
            // Two ways to write the same are no change.
            if Changed::between(&old, member).is_some() {
                found.changed.insert(member.id.as_str().into(), fields);
            }
        }
        Ok(())
    }

    /// How much the listing found, now that all of it was seen.
    pub(crate) fn counts(&self, found: &Found) -> Counts {
        let left = self.members.values().filter(|entry| entry.seen != self.turn).count() as u64;
        Counts { joined: found.joined.len() as u64, left, changed: found.changed.len() as u64 }
    }

    /// Hands out every difference: who joined, who left, what changed, each in the order of the ids.
    pub(crate) fn differences<E: From<serde_json::Error>>(
        &self,
        found: &Found,
        vendor: &Vendor,
        group: &str,
        mut show: impl FnMut(&Difference<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        for (id, entry) in &found.joined {
            show(&Difference::Joined(&unpacked(vendor, group, id, &entry.fields)?))?;
        }
        for (id, entry) in self.members.iter().filter(|(_, entry)| entry.seen != self.turn) {
            show(&Difference::Left(&unpacked(vendor, group, id, &entry.fields)?))?;
        }
        for (id, fields) in &found.changed {
            let new = unpacked(vendor, group, id, fields)?;
            let old =
                self.members.get(id).map_or_else(|| Ok(new.clone()), |old| unpacked(vendor, group, id, &old.fields))?;
            if let Some(changed) = Changed::between(&old, &new) {
                show(&Difference::Changed(changed))?;
            }
        }
        Ok(())
    }

    /// What was found is known from now on.
    pub(crate) fn take_over(&mut self, mut found: Found) {
        let turn = self.turn;
        self.members.retain(|_, entry| entry.seen == turn);
        for (id, fields) in found.changed {
            if let Some(entry) = self.members.get_mut(&id) {
                entry.fields = fields;
            }
        }
        self.members.append(&mut found.joined);
    }
}

fn packed(member: &Member) -> serde_json::Result<Box<str>> {
    let Member { name, role, joined_at, avatar_url, muted_until, online, .. } = member;
    serde_json::to_string(&(name, role, joined_at, avatar_url, muted_until, online)).map(Into::into)
}

fn unpacked(vendor: &Vendor, group: &str, id: &str, fields: &str) -> serde_json::Result<Member> {
    let mut member = Member::new(vendor.clone(), group, id);
    let fields: Fields = serde_json::from_str(fields)?;
    (member.name, member.role, member.joined_at, member.avatar_url, member.muted_until, member.online) = fields;
    Ok(member)
}

/// A member in a file: the id, and what may change.
type Row = (Box<str>, Fields);

impl Serialize for Known {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows = self
            .members
            .iter()
            .map(|(id, entry)| serde_json::from_str::<Fields>(&entry.fields).map(|fields| (id, fields)));
        let mut failed = None;
        let rows = rows.map_while(|row| row.map_err(|error| failed = Some(error)).ok());
        let written = serializer.collect_seq(rows)?;
        failed.map_or(Ok(written), |error| Err(S::Error::custom(error)))
    }
}

impl<'de> Deserialize<'de> for Known {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rows;
        impl<'de> Visitor<'de> for Rows {
            type Value = Known;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("members")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Known, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((id, fields)) = rows.next_element::<Row>()? {
                    let fields = serde_json::to_string(&fields).map_err(A::Error::custom)?;
                    members.insert(id, Entry { fields: fields.into(), seen: 0 });
                }
                Ok(Known { members, turn: 0 })
            }
        }
        deserializer.deserialize_seq(Rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(id: &str, name: &str) -> Member {
        let mut member = Member::new(Vendor::Tim, "g", id);
        (member.name, member.role) = (Some(name.to_owned()), Some(Role::Member));
        member
    }

    fn listing(known: &mut Known, members: &[Member]) -> (Found, Vec<String>) {
        let mut found = known.compare();
        for member in members {
            known.see(&mut found, member).unwrap();
        }
        let mut lines = Vec::new();
        let shown = known.differences(&found, &Vendor::Tim, "g", |difference| {
            lines.push(format!("{} {}", difference.as_str(), difference.member().id));
            Ok::<_, serde_json::Error>(())
        });
        shown.unwrap();
        let counts = known.counts(&found);
        assert_eq!(counts.joined + counts.left + counts.changed, lines.len() as u64);
        (found, lines)
    }

    #[test]
    fn what_is_taken_over_is_known_and_what_is_not_is_found_again() {
        let mut known = Known::default();
        let (found, lines) = listing(&mut known, &[member("b", "乙"), member("a", "甲")]);
        assert_eq!(lines, ["joined a", "joined b"]);
        known.take_over(found);
        let new = [member("c", "丙"), member("a", "new")];
        for _ in 0..2 {
            let (_, lines) = listing(&mut known, &new);
            assert_eq!(lines, ["joined c", "left b", "changed a"]);
        }
        let (found, _) = listing(&mut known, &new);
        known.take_over(found);
        assert_eq!((listing(&mut known, &new).1, known.len()), (vec![], 2));
    }

    #[test]
    fn a_file_holds_all_of_it() {
        let mut known = Known::default();
        let mut odd = member("a\"\\", "\u{1f600} \u{0}");
        (odd.online, odd.muted_until) = (Some(false), Some(MutedUntil::Forever));
        odd.joined_at = Timestamp::from_millis(1_700_000_000_123);
        let (found, _) = listing(&mut known, std::slice::from_ref(&odd));
        known.take_over(found);
        let mut read: Known = serde_json::from_slice(&serde_json::to_vec(&known).unwrap()).unwrap();
        assert_eq!(listing(&mut read, std::slice::from_ref(&odd)).1, Vec::<String>::new());
        odd.online = Some(true);
        assert_eq!(listing(&mut read, &[odd]).1, ["changed a\"\\"]);
    }

    /// Prints what a million members take: `cargo test -p groupmembers-cli -- --ignored --nocapture a_million`.
    #[test]
    #[ignore = "takes a while, and room"]
    fn a_million_members_take_room_for_one_roster() {
        let megabytes = |what: &str| {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find(|line| line.starts_with(what)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
        };
        let members = |from: u32| {
            (from..from + 1_000_000).map(|n| {
                let mut member = member(&format!("user_{n:08}"), &format!("成员 {n}"));
                member.avatar_url = Some(format!("https://example.com/avatars/{n:032x}.png"));
                member.joined_at = Timestamp::from_seconds(1_700_000_000 + i64::from(n));
                member
            })
        };
        let before = megabytes("VmRSS");
        let mut known = Known::default();
        for from in [0, 1_000] {
            let mut found = known.compare();
            for member in members(from) {
                known.see(&mut found, &member).unwrap();
            }
            let counts = known.counts(&found);
            known.take_over(found);
            eprintln!(
                "{counts:?}: {} MiB now, {} MiB at most",
                megabytes("VmRSS") - before,
                megabytes("VmHWM") - before
            );
        }
        assert_eq!(known.len(), 1_000_000);
        assert!(megabytes("VmHWM") - before < 512, "it holds more than one roster");
    }
}
