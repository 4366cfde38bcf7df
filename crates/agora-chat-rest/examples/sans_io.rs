//! Builds a request with a token made on the spot and reads an answer, without a client, a runtime or a socket.

use agora_chat_rest::access_token::{self, Claims};
use agora_chat_rest::chatgroups_users::Request;
use agora_chat_rest::{App, Command, Credentials, Subject};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let credentials = Credentials::new("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210")?;
    let token = access_token::build(&credentials, &Subject::App, 1_700_000_000, 86_400, 99_999_999)?;
    Claims::decode(token.as_str())?.verify(&credentials, &Subject::App, 1_700_000_001)?;

    // Send this with whatever HTTP client you have…
    let app = App::id(credentials.app_id())?;
    let request = Request::page("220101020304", 1, 1000);
    let http = request.to_http(&"https://a41.chat.agora.io".parse()?, &app, Some(&token))?;
    println!("{} {}", http.method(), http.uri());

    // …and read what comes back.
    let body = r#"{"action":"get","data":[{"owner":"u1","joined_time":1700000000000},{"member":"u2"}],"count":2}"#;
    let page = Request::from_http(http::Response::new(body.as_bytes()))?;
    for member in &page.data {
        println!("{} {:?} {:?}", member.user_id, member.role, member.joined_time);
    }
    Ok(())
}
