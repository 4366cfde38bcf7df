//! Lists as files, and the synchronisation.

use groupmembers_sandbox::yunshop::{DEMO_BUSINESS_ID, GroupConfig, Kind};
use serde_json::{Value, json};

use super::*;

#[test]
fn an_export_is_a_spreadsheet_with_a_row_for_each_that_passes_the_filters() {
    let sandbox = sandbox(25, |_| {});
    let client = Client::managing(&sandbox);
    let export = |body: Value| {
        let mut bytes = Vec::new();
        client.send(&target(EXPORT), "application/json", &body.to_string()).read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let text = export(json!({"group_id": GROUP}));
    assert!(text.contains("\r\n\r\nPK\u{3}\u{4}") && text.contains("[Content_Types].xml"));
    let rows = sandbox.yunshop().rows(GROUP, Kind::External);
    assert_eq!(text.matches("<row>").count(), rows.len() + 1);
    assert!(rows.iter().all(|row| text.contains(&format!("<t>{}</t>", row.userid))));
    let one = export(json!({"group_id": GROUP, "id": rows[3].row_id}));
    assert!(one.matches("<row>").count() == 2 && one.contains(&rows[3].userid));
    // What the member may not see is refused as everywhere.
    assert_eq!(Client::new(&sandbox).call(EXPORT, &json!({"group_id": GROUP})).json()["data"]["login_status"], 1);
}

#[test]
fn a_synchronisation_goes_on_from_its_cursors() {
    let sandbox = sandbox(1, |config| {
        config.enterprises[0].groups = (1..=7).map(|id| GroupConfig::new(id, "g", 1)).collect();
    });
    let client = Client::managing(&sandbox);
    let mut asked = json!({"is_start": 1});
    let mut steps = 0;
    loop {
        let cursor = client.call(SYNCH, &asked).json()["data"]["next_cursor"].clone();
        steps += 1;
        if cursor == "" {
            break;
        }
        asked = json!({ "next_cursor": cursor });
    }
    assert_eq!(steps, 3);
    let wanted: Vec<_> = (1..=7).map(|group| (DEMO_BUSINESS_ID, group)).collect();
    assert_eq!(sandbox.yunshop().synchronised(), wanted);
    for bad in [json!({}), json!({"next_cursor": "x"}), json!({"is_start": 1, "next_cursor": "x"})] {
        assert_eq!(client.call(SYNCH, &bad).json()["result"], Value::from(0), "{bad}");
    }
    assert_eq!(sandbox.yunshop().synchronised().len(), 7);
}
