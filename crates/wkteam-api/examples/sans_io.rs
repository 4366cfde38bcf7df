//! Builds an authorized request and reads an answer, without a client, a runtime or a socket.

use wkteam_api::get_chat_room_member::Request;
use wkteam_api::{Command, Session, Token, WId};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let session = Session::new(Token::new("the-token-of-a-login")?, WId::new("349be9b5-8734-45ce-811d-4e10ca568c67")?);
    let request = Request::new("24343869723@chatroom");

    // Send this with whatever HTTP client you have…
    let http = request.to_http(&"http://203.0.113.7:9899".parse()?, &session)?;
    println!("{} {}", http.method(), http.uri());

    // …and read what comes back.
    let body =
        r#"{"message":"成功","code":"1000","data":[{"userName":"old_id_1","nickName":"张三","displayName":""}]}"#;
    let answer = Request::from_http(http::Response::new(body))?;
    for member in &answer.data {
        println!("{} {}", member.user_name, member.name().unwrap_or_default());
    }
    Ok(())
}
