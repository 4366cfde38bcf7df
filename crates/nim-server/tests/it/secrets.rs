//! Secrets are planted, and looked for in everything that prints.

use http::Response;
use nim_server::chatroom_members_by_page::Request;
use nim_server::{AppSecret, Command, Credentials, Error, MemberType, Region, Stamp};

const PLANTED: &str = "PLANTED";

#[test]
fn secrets_are_in_no_debug_text() {
    let credentials = Credentials::new("app-key", "PLANTED-secret").unwrap();
    let stamp = Stamp::new(1_700_000_000, "nonce");
    let request = Request::new(1, MemberType::Fixed).to_http(&Region::China.base_url(), &credentials, &stamp).unwrap();
    let sum = request.headers()["checksum"].to_str().unwrap().to_owned();
    let mut texts =
        format!("{credentials:?} {:?} {stamp:?} {request:?} {:?}", credentials.app_secret(), request.headers());
    #[cfg(feature = "client")]
    {
        let builder = nim_server::Client::builder(credentials);
        texts += &format!("{builder:?}");
    }
    assert!(!texts.contains(PLANTED) && !texts.contains(&sum), "{texts}");
    texts.clear();
}

#[test]
fn what_cannot_be_a_credential_is_refused_without_showing_it() {
    let bad = |key: &str, secret: &str| Credentials::new(key, secret).unwrap_err().to_string();
    let texts = [
        bad("", PLANTED),
        bad("key", ""),
        bad("key", " PLANTED"),
        bad("key", "PLANTED\n"),
        bad("key", "PLAN\r\nTED"),
        bad("key", "PLANTED PLANTED"),
        bad("key", "PLANTED张"),
        bad("ke\ny", PLANTED),
        AppSecret::new("PLANTED\u{0}").unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(texts.join("\n"));
    assert!(!texts.join("\n").contains("PLAN"));
}

#[test]
fn an_error_prints_nothing_of_the_body() {
    for (status, body) in [
        (200, r#"{"code":200,"desc":{"data":{"PLANTED":"PLANTED"}}}"#),
        (200, r#"{"code":200,"desc":"PLANTED"}"#),
        (200, r#"{"code":"PLANTED","desc":"PLANTED"}"#),
        (200, r#"{"PLANTED":"PLANTED"}"#),
        (200, "PLANTED"),
        (200, "<html>PLANTED</html>"),
        (502, "<html>PLANTED</html>"),
    ] {
        let response = Response::builder().status(status).body(body.as_bytes()).unwrap();
        let error = Request::from_http(response).unwrap_err();
        let text = format!("{error} {error:?} {error:#?}");
        assert!(!text.contains(PLANTED), "{text}");
        if let Error::Decode(error) = &error {
            assert_eq!(error.body(), body.as_bytes(), "the body is there for those who look");
        }
    }
    let rejected = r#"{"code":200,"desc":{"data":[{"accid":{"PLANTED":1},"nick":"PLANTED"}, "PLANTED"]}}"#;
    let page = Request::from_http(Response::new(rejected.as_bytes())).unwrap();
    assert_eq!(page.desc.data.rejected.len(), 2);
    assert!(!format!("{page:?}").contains(PLANTED));
}

#[test]
fn a_signature_that_the_server_echoes_is_not_printed() {
    let sum = "20fab1286a977afbb8248ba3e7956fae89d5e20d";
    let body = format!(r#"{{"code":414,"desc":"checksum={sum} is wrong"}}"#);
    let error = Request::from_http(Response::new(body.as_bytes())).unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains(sum) && text.contains("is wrong"), "{text}");
}

#[cfg(feature = "client")]
#[test]
fn a_walk_prints_counts_and_not_people() {
    use crate::world::{ROOM, World, client, simulate};
    let (_, simulation) = simulate(World::new(5, 5, 1_000, 1), 1);
    let mut roster = client(&simulation).roster(ROOM);
    let first = simulation.run(roster.next()).unwrap().unwrap();
    let text = format!("{roster:?} {:?}", roster.walk());
    assert!(!text.contains(&format!("\"{}\"", first.accid)), "{text}");
    let saved = serde_json::to_string(roster.walk()).unwrap();
    assert!(!saved.contains(PLANTED));
}
