//! Lists a group: `WKTEAM_BASE_URL=http://… WKTEAM_ACCOUNT=… WKTEAM_PASSWORD=… WKTEAM_WID=… cargo run --example wkteam_list_members --
//! 24343869723@chatroom`. `WKTEAM_TOKEN` stands for account and password, `WKTEAM_WCID` for the `wId`.

use wkteam_api::{BaseUrl, Client, Credentials, WId};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let group = std::env::args().nth(1).ok_or("which group? give its id, …@chatroom")?;
    let client = Client::builder(BaseUrl::from_env()?, Credentials::from_env()?);
    let client = match std::env::var("WKTEAM_WCID") {
        Ok(wc_id) => client.wc_id(wc_id),
        Err(_) => client.w_id(WId::from_env()?),
    };
    let mut roster = client.build()?.roster(group);
    while let Some(member) = roster.next().await {
        let member = member?;
        println!("{}\t{}", member.user_name, member.name().unwrap_or(""));
    }
    let report = roster.report();
    eprintln!("{} members, {}", report.members, report.completeness.as_str());
    for gap in &report.gaps {
        eprintln!("after {} members: {}", gap.after, gap.what);
    }
    Ok(())
}
