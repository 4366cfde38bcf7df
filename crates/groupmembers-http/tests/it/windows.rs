//! An offset list whose server is not to be trusted.

use groupmembers_http::Completeness;
use groupmembers_http::walk::{Findings, Ledger, Page, Row, Windows};

struct Id(u64);

impl Row for Id {
    fn id(&self) -> &str {
        ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19"]
            [self.0 as usize]
    }

    fn joined(&self) -> Option<i64> {
        Some(self.0 as i64)
    }
}

/// Walks a list whose window is made by `server` of its offset and limit: `None` is an answer that is too large.
fn walk(mut windows: Windows<Id>, total: u64, server: impl Fn(u64, u32) -> Option<Vec<u64>>) -> Findings {
    let mut ledger = Ledger::default();
    let mut calls = 0;
    while let Some((ticket, offset, limit)) = windows.want(&ledger) {
        calls += 1;
        assert!(calls < 1_000, "it never ends");
        match server(offset, limit) {
            None => assert!(windows.shrink(ticket)),
            Some(rows) => {
                windows.take(&mut ledger, ticket, Page::new(rows.into_iter().map(Id).collect(), Some(total)));
            }
        }
    }
    assert!(windows.is_done());
    ledger.findings(windows.proved(&ledger))
}

#[test]
fn a_number_of_members_that_ends_where_a_full_window_ends_is_not_believed_at_once() {
    // The list has 20, the server says 14; from the second window on no more than 4 rows fit into an answer.
    let findings = walk(Windows::new(8, 1, 1), 14, |offset, limit| {
        (offset == 0 || limit <= 4).then(|| (offset..20).take(limit as usize).collect())
    });
    assert_eq!(findings.members, 20, "{findings:?}");
    assert_eq!(findings.completeness, Completeness::Unverified, "{findings:?}");
}

#[test]
fn an_order_that_moves_is_a_gap_and_not_a_doubt() {
    let findings = walk(Windows::new(4, 2, 1), 6, |offset, limit| {
        let list = if offset < 2 { [0, 1, 2, 3, 4, 5] } else { [0, 1, 3, 2, 4, 5] };
        Some(list.into_iter().skip(offset as usize).take(limit as usize).collect())
    });
    assert_eq!(findings.members, 6, "{findings:?}");
    assert_eq!(findings.completeness, Completeness::Incomplete, "{findings:?}");
    assert!(findings.gaps[0].what.contains("order moved"), "{findings:?}");
}

#[test]
fn who_comes_back_under_the_old_join_time_joins_no_windows() {
    // Ids are join times; from 14 on they joined while the list was read.
    let (mut windows, mut ledger) = (Windows::new(8, 1, 1), Ledger::default());
    let mut list = (0..10).collect::<Vec<_>>();
    while let Some((ticket, offset, limit)) = windows.want(&ledger) {
        let rows = list.iter().skip(offset as usize).take(limit as usize).map(|&id| Id(id)).collect();
        let mut page = Page::new(rows, Some(list.len() as u64));
        page.at = Some(14);
        windows.take(&mut ledger, ticket, page);
        // 1 and 2 leave, 3 leaves and comes back, three join: 8 and 9 have moved out of the window behind the first.
        list = vec![0, 4, 5, 6, 7, 8, 9, 14, 15, 16, 3];
    }
    let findings = ledger.findings(windows.proved(&ledger));
    assert_eq!(findings.members, 13, "8 and 9 are among them: {findings:?}");
}
