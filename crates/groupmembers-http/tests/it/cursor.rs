//! A cursor list whose server is not to be trusted.

use groupmembers_http::Completeness;
use groupmembers_http::walk::{Cursor, Ledger, Page, Row};

struct Id(String);

impl Row for Id {
    fn id(&self) -> &str {
        &self.0
    }

    fn joined(&self) -> Option<i64> {
        self.0.parse().ok()
    }
}

/// Walks a list whose page for a cursor is made by `server`: its rows, and the cursor that comes with them.
fn walk(server: impl Fn(usize) -> (Vec<usize>, Option<usize>), total: u64) -> (Ledger<Id>, Cursor<Id>, usize) {
    walk_with(server, total, 2)
}

fn walk_with(
    server: impl Fn(usize) -> (Vec<usize>, Option<usize>),
    total: u64,
    passes: u32,
) -> (Ledger<Id>, Cursor<Id>, usize) {
    let (mut ledger, mut cursor) = (Ledger::default(), Cursor::new("0", passes, 1_000));
    let mut calls = 0;
    while let Some((_, at)) = cursor.want() {
        let (rows, next) = server(at.parse().unwrap());
        let rows = rows.into_iter().map(|id| Id(id.to_string())).collect();
        cursor.take(&mut ledger, Page::new(rows, Some(total)), next.map(|next| next.to_string()));
        calls += 1;
        assert!(calls < 10_000, "it never ends");
    }
    assert!(cursor.is_done());
    (ledger, cursor, calls)
}

fn completeness(ledger: &Ledger<Id>, cursor: &Cursor<Id>) -> Completeness {
    ledger.findings(cursor.proved(ledger)).completeness
}

#[test]
fn the_same_rows_under_ever_new_cursors_come_to_an_end() {
    let (ledger, cursor, calls) = walk(|at| (vec![1, 2, 3], Some(at + 1)), 500);
    assert_eq!((ledger.members(), calls), (3, 33));
    assert_eq!(completeness(&ledger, &cursor), Completeness::Incomplete);
}

#[test]
fn a_second_pass_as_long_as_the_first_is_not_cut_short() {
    let list = |at: usize| (vec![at], (at < 99).then_some(at + 1));
    let (ledger, cursor, calls) = walk(list, 90);
    assert_eq!((ledger.members(), calls), (100, 200));
    assert_eq!(completeness(&ledger, &cursor), Completeness::Stable, "two passes agree, the total does not");
    let (ledger, cursor, calls) = walk(list, 100);
    assert_eq!((calls, completeness(&ledger, &cursor)), (200, Completeness::Verified), "and the total agrees");
    let first_pass_only = |at: usize| (vec![at], (at < 99).then_some(at + 1));
    let (ledger, cursor, _) = walk_with(first_pass_only, 100, 1);
    assert_eq!(completeness(&ledger, &cursor), Completeness::Unverified, "a total that agrees is no proof");
}

#[test]
fn a_cursor_that_goes_back_is_found_out() {
    let (ledger, cursor, _) = walk(|at| (vec![at], Some(if at == 5 { 2 } else { at + 1 })), 50);
    assert_eq!(ledger.members(), 6);
    assert_eq!(completeness(&ledger, &cursor), Completeness::Incomplete);
}

#[test]
fn a_circle_that_somebody_joins_now_and_then_comes_to_an_end() {
    let (mut ledger, mut cursor) = (Ledger::default(), Cursor::new("0", 2, 1_000_000));
    let mut calls = 0;
    while let Some((_, at)) = cursor.want() {
        let at: usize = at.parse().unwrap();
        let rows = (0..39).chain([1_000 + at]).map(|id| Id(id.to_string())).collect();
        cursor.take(&mut ledger, Page::new(rows, None), Some((at + 1).to_string()));
        calls += 1;
    }
    assert_eq!((calls, completeness(&ledger, &cursor)), (101, Completeness::Incomplete));
}

#[test]
fn a_list_that_has_other_members_each_time_is_not_known_to_be_whole() {
    let (mut ledger, mut cursor) = (Ledger::default(), Cursor::new("0", 2, 1_000));
    // One who leaves in front of the cursor takes somebody behind it along, and one who joins makes up the number.
    let mut pages = [vec![1, 2], vec![4, 5], vec![2, 3], vec![4, 6]].into_iter();
    while let Some((_, at)) = cursor.want() {
        let next = (at == "0").then(|| "1".to_owned());
        let rows = pages.next().unwrap().into_iter().map(|id| Id(id.to_string())).collect();
        cursor.take(&mut ledger, Page::new(rows, Some(5)), next);
    }
    let findings = ledger.findings(cursor.proved(&ledger));
    assert_eq!(findings.completeness, Completeness::Incomplete, "{findings:?}");
    assert!(findings.gaps[0].what.contains("read twice"), "{findings:?}");
}
