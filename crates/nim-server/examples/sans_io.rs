//! Builds a signed request and reads an answer, without a client, a runtime or a socket.

use nim_server::chatroom_members_by_page::Request;
use nim_server::{Command, Credentials, MemberType, Region, Stamp};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let credentials = Credentials::new("app-key-of-the-console", "app-secret-of-the-console")?;
    let request = Request::new(9_500_000_001, MemberType::Fixed);

    // Send this with whatever HTTP client you have…
    let stamp = Stamp::new(1_700_000_000, "0123456789abcdefx");
    let http = request.to_http(&Region::China.base_url(), &credentials, &stamp)?;
    println!("{} {} {}", http.method(), http.uri(), String::from_utf8_lossy(http.body()));

    // …and read what comes back.
    let body =
        r#"{"desc":{"data":[{"roomid":9500000001,"accid":"u1","type":"CREATOR","onlineStat":true}]},"code":200}"#;
    let page = Request::from_http(http::Response::new(body.as_bytes()))?;
    for member in &page.desc.data {
        println!("{} {:?}", member.accid, member.role);
    }
    Ok(())
}
