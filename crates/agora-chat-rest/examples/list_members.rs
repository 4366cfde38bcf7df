//! Lists a group: `AGORA_BASE_URL=… AGORA_APP_ID=… AGORA_APP_CERTIFICATE=… cargo run --example agora_list_members -- 220101020304`.
//! `AGORA_ORG` and `AGORA_APP` choose the older form of the URL.

use agora_chat_rest::{App, BaseUrl, Client, Credentials};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let group = std::env::args().nth(1).ok_or("which group? give its id")?;
    let client = Client::builder(BaseUrl::from_env()?, App::from_env()?, Credentials::from_env()?).build()?;
    let mut roster = client.roster(group);
    while let Some(member) = roster.next().await {
        let member = member?;
        println!("{}\t{}", member.user_id, member.role.as_str().unwrap_or(""));
    }
    let report = roster.report();
    eprintln!("{} members, {}", report.members, report.completeness.as_str());
    for gap in &report.gaps {
        eprintln!("after {} members: {}", gap.after, gap.what);
    }
    Ok(())
}
