//! What changed between two lists of the same group.

use std::collections::HashMap;

use crate::get_chat_room_member::Member;

/// What changed between two lists of the same group. Compare whole lists only: of one that is `incomplete`, those who are
/// missing seem to have left.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diff<'a> {
    /// In the new list alone, in its order.
    pub joined: Vec<&'a Member>,
    /// In the old list alone, in its order.
    pub left: Vec<&'a Member>,
    /// In both, under another name.
    pub renamed: Vec<Renamed<'a>>,
}

/// A member who goes by another name than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Renamed<'a> {
    /// As it was.
    pub old: &'a Member,
    /// As it is.
    pub new: &'a Member,
}

impl<'a> Diff<'a> {
    /// Compares by `userName`.
    #[must_use]
    pub fn between(old: &'a [Member], new: &'a [Member]) -> Self {
        let by_id =
            |list: &'a [Member]| list.iter().map(|m| (m.user_name.as_str(), m)).collect::<HashMap<&str, &Member>>();
        let (before, after) = (by_id(old), by_id(new));
        let renamed = new.iter().filter_map(|new| {
            let old = *before.get(new.user_name.as_str())?;
            (old.name() != new.name()).then_some(Renamed { old, new })
        });
        Self {
            joined: new.iter().filter(|member| !before.contains_key(member.user_name.as_str())).collect(),
            left: old.iter().filter(|member| !after.contains_key(member.user_name.as_str())).collect(),
            renamed: renamed.collect(),
        }
    }

    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.joined.is_empty() && self.left.is_empty() && self.renamed.is_empty()
    }
}
