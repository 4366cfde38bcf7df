//! What is known of a list of groups from reading it, and whether that is all of it.
//!
//! A list that came in one answer is a snapshot. One of several pages may have lost a group between two of them, when
//! another was made or dissolved meanwhile: it is read again until two readings agree.

use std::collections::BTreeSet;

use groupmembers_http::Completeness;
use serde::Serialize;

/// Read so often at most.
const MOST_PASSES: u32 = 3;

/// A place where groups may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Gap {
    /// Behind so many groups.
    pub(crate) after: u64,
    pub(crate) what: String,
}

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Proof {
    /// Every group so far.
    ids: BTreeSet<String>,
    /// Those of this reading.
    pass: BTreeSet<String>,
    /// Those of the reading before.
    before: Option<BTreeSet<String>>,
    pub(crate) pages: u64,
    pages_of_pass: u64,
    pub(crate) passes: u32,
    /// The vendor's number in the latest answer that had one.
    pub(crate) total: Option<u64>,
    pub(crate) gaps: Vec<Gap>,
}

impl Proof {
    /// Another reading begins.
    pub(crate) fn begin(&mut self) {
        if self.passes > 0 {
            self.before = Some(std::mem::take(&mut self.pass));
        }
        (self.passes, self.pages_of_pass) = (self.passes + 1, 0);
    }

    /// A page came.
    pub(crate) fn page(&mut self, total: Option<u64>) {
        self.pages += 1;
        self.pages_of_pass += 1;
        self.total = total.or(self.total);
    }

    /// Takes a group of the page; whether it is the first time that it came.
    pub(crate) fn see(&mut self, id: &str) -> bool {
        self.pass.insert(id.to_owned());
        self.ids.insert(id.to_owned())
    }

    /// A row could not be read.
    pub(crate) fn unreadable(&mut self, why: &str) {
        let what = format!("a row could not be read: {why}");
        if !self.gaps.iter().any(|gap| gap.what == what) {
            self.gaps.push(Gap { after: self.ids.len() as u64, what });
        }
    }

    /// A reading has come to its end: what that proves, or `None` where the list is to be read again.
    pub(crate) fn end(&mut self) -> Option<Completeness> {
        if !self.gaps.is_empty() {
            return Some(Completeness::Incomplete);
        }
        let count = self.pass.len() as u64;
        let agrees = self.total.is_none_or(|total| total == count);
        let proved = match (self.pages_of_pass, self.total) {
            (0 | 1, Some(_)) if agrees => Some(Completeness::Verified),
            (0 | 1, None) => Some(Completeness::Stable),
            _ if agrees && self.before.as_ref() == Some(&self.pass) => Some(Completeness::Stable),
            _ => None,
        };
        if proved.is_some() || self.passes < MOST_PASSES {
            return proved;
        }
        if let Some(total) = self.total.filter(|&total| total > count) {
            self.gaps.push(Gap { after: count, what: format!("the vendor counts {total} groups, and {count} came") });
            return Some(Completeness::Incomplete);
        }
        Some(Completeness::Unverified)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads lists of pages one after the other until something is proved.
    fn read(passes: &[&[&[&str]]], total: Option<u64>) -> (Option<Completeness>, u32, usize) {
        let mut proof = Proof::default();
        let mut proved = None;
        for pages in passes {
            proof.begin();
            for page in *pages {
                proof.page(total);
                for id in *page {
                    proof.see(id);
                }
            }
            proved = proof.end();
            if proved.is_some() {
                break;
            }
        }
        (proved, proof.passes, proof.ids.len())
    }

    #[test]
    fn one_answer_is_a_snapshot_and_several_are_read_until_two_agree() {
        use Completeness::{Incomplete, Stable, Unverified, Verified};
        assert_eq!(read(&[&[&["a", "b"]]], Some(2)), (Some(Verified), 1, 2));
        assert_eq!(read(&[&[&["a", "b"]]], None), (Some(Stable), 1, 2));
        assert_eq!(read(&[&[&[]]], Some(0)), (Some(Verified), 1, 0));
        let two: &[&[&str]] = &[&["a", "b"], &["c"]];
        assert_eq!(read(&[two], Some(3)), (None, 1, 3), "the number agrees, and one may be lost and one be new");
        assert_eq!(read(&[two, two], Some(3)), (Some(Stable), 2, 3));
        let moved: &[&[&str]] = &[&["a", "b"], &["d"]];
        assert_eq!(read(&[two, moved, moved], None), (Some(Stable), 3, 4));
        assert_eq!(read(&[two, moved, two], None), (Some(Unverified), 3, 4));
        assert_eq!(read(&[two, two, two], Some(4)), (Some(Incomplete), 3, 3));
        let short: &[&[&str]] = &[&["a"]];
        assert_eq!(read(&[short, short, short], Some(2)), (Some(Incomplete), 3, 1));
    }

    #[test]
    fn a_row_that_could_not_be_read_is_a_gap() {
        let mut proof = Proof::default();
        proof.begin();
        proof.page(Some(2));
        assert!(proof.see("a") && !proof.see("a"));
        proof.unreadable("no id");
        proof.unreadable("no id");
        assert_eq!(proof.end(), Some(Completeness::Incomplete));
        assert_eq!(proof.gaps, [Gap { after: 1, what: "a row could not be read: no id".to_owned() }]);
    }
}
