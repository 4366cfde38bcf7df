//! Lists a group: `YUNSHOP_BASE_URL=… YUNSHOP_UNIACID=… YUNSHOP_MOBILE=… YUNSHOP_PASSWORD=… YUNSHOP_BUSINESS_ID=… cargo run --example yunshop_list_members -- 13`.
//! Instead of the account, `YUNSHOP_SESSION` takes the value of the cookie `PHPSESSID`. Without a number it lists the groups.

use yunshop_wecom::{Client, Credentials, RosterOptions, Site, get_list, manage_business};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::builder(Site::from_env()?, Credentials::from_env()?).build()?;
    let enterprise = client.manage(manage_business::Request::from_env()?.id).await?;
    let Some(group) = std::env::args().nth(1) else {
        let mut pages = enterprise.get_list_pages(get_list::Request::new());
        while let Some(page) = pages.next().await {
            for group in page?.data.list.map(|list| list.data).unwrap_or_default() {
                println!("{}\t{}", group.id, group.group_name.as_deref().unwrap_or(""));
            }
        }
        return Ok(());
    };
    let mut roster = enterprise.roster_with(group.parse()?, RosterOptions::default().with_employees());
    while let Some(member) = roster.next().await {
        let member = member?;
        println!("{}\t{}", member.userid, member.name().unwrap_or(""));
    }
    let report = roster.report();
    eprintln!("{} members, {}", report.members, report.completeness.as_str());
    for gap in &report.gaps {
        eprintln!("after {} members: {}", gap.after, gap.what);
    }
    Ok(())
}
