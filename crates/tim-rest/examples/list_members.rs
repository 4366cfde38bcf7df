//! Lists a group: `TIM_SDK_APP_ID=… TIM_SECRET_KEY=… TIM_ADMIN=… cargo run --example tim_list_members -- '@TGS#1NVTZEAE4'`.

use tim_rest::{Client, Credentials};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let group = std::env::args().nth(1).ok_or("which group? give its id")?;
    let mut client = Client::builder(Credentials::from_env()?);
    if let Ok(base) = std::env::var("TIM_BASE_URL") {
        client = client.base_url(base.parse()?);
    }
    let mut roster = client.build()?.roster(group);
    while let Some(member) = roster.next().await {
        let member = member?;
        println!("{}\t{}", member.member_account, member.name_card.as_deref().unwrap_or(""));
    }
    let report = roster.report();
    eprintln!("{} members, {}", report.members, report.completeness.as_str());
    for gap in &report.gaps {
        eprintln!("after {} members: {}", gap.after, gap.what);
    }
    Ok(())
}
