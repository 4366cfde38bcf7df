//! Lists a chatroom: `NIM_APP_KEY=… NIM_APP_SECRET=… cargo run --example nim_list_members -- ROOM [china|singapore]`.
//! `NIM_BASE_URL` names another host, a sandbox say: `http://127.0.0.1:8080/nimserver`.

use nim_server::{Client, Credentials};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let room = arguments.next().ok_or("which room?")?.parse()?;
    let region = arguments.next().as_deref().unwrap_or("china").parse()?;
    let mut client = Client::builder(Credentials::from_env()?).region(region);
    if let Ok(base) = std::env::var("NIM_BASE_URL") {
        client = client.base_url(base.parse()?);
    }
    let mut roster = client.build()?.roster(room);
    while let Some(member) = roster.next().await {
        let member = member?;
        println!("{}\t{}", member.accid, member.role.map_or_else(String::new, |role| role.to_string()));
    }
    let report = roster.report();
    eprintln!("{} members, {}", report.members, report.completeness.as_str());
    for gap in report.gaps {
        eprintln!("after {} members: {}", gap.after, gap.what);
    }
    Ok(())
}
