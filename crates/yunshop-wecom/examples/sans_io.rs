//! Builds requests and reads answers, without a client, a runtime or a socket.

use yunshop_wecom::get_group_members::Request;
use yunshop_wecom::{Command, Session, Site, manage_business};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let site = Site::new("https://shop.example".parse()?, 2)?;
    let mut session = Session::of_cookie("the-value-of-PHPSESSID")?;

    // The enterprise is chosen first: a session that has chosen none silently works in the last one.
    let choice = manage_business::Request::new(1).to_http(&site, &session)?;
    println!("{} {}", choice.method(), choice.uri());

    // Send these with whatever HTTP client you have, and let the session have the headers of every answer…
    let http = Request::new(7).to_http(&site, &session)?;
    println!("{} {}", http.method(), http.uri());

    // …and read what comes back.
    let body = r#"{"result":1,"msg":"","data":{"list":{"current_page":1,"per_page":10,"total":1,"data":[
        {"id":6,"crop_id":1,"userid":"wmAAAA06","we_nickname":"张三","join_time":1623999771,"status":1}]}}}"#;
    let response = http::Response::new(body);
    session.absorb(response.headers());
    let answer = Request::from_http(response)?;
    for member in answer.data.list.iter().flat_map(|list| &list.data) {
        println!("{} {}", member.userid, member.name().unwrap_or_default());
    }
    Ok(())
}
