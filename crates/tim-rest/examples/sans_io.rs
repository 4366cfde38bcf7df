//! Builds a signed request and reads an answer, without a client, a runtime or a socket.

use tim_rest::get_group_member_info::Request;
use tim_rest::{Command, Credentials, Region, UserSig};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let credentials = Credentials::new(1_400_000_000, "administrator", "the key the console shows")?;
    let signature = UserSig::sign(&credentials, 1_700_000_000, 86_400)?;
    let request = Request::page("@TGS#1NVTZEAE4", 100, 0);

    // Send this with whatever HTTP client you have…
    let http = request.to_http(&Region::China.base_url(), &signature, 99_999_999)?;
    println!("{} {}", http.method(), http.uri().path());

    // …and read what comes back.
    let body =
        r#"{"ActionStatus":"OK","ErrorCode":0,"MemberNum":1,"MemberList":[{"Member_Account":"bob","Role":"Owner"}]}"#;
    let page = Request::from_http(http::Response::new(body.as_bytes()))?;
    println!("{} of {:?} members", page.member_list.len(), page.member_num);
    Ok(())
}
