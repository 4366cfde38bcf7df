//! The vendors beside TIM, each against the loop that people write by hand.

use std::time::{Duration, Instant};

use groupmembers::{agora, nim, wkteam, yunshop};
use groupmembers_sandbox::{Config, Sandbox};
use serde_json::{Value, json};

use crate::{Outcome, Row, median};

const LATENCY: Duration = Duration::from_millis(30);

/// Sends what a codec built, as it is.
async fn send(http: &reqwest::Client, request: http::Request<Vec<u8>>) -> Outcome<Value> {
    Ok(serde_json::from_slice(&http.execute(request.try_into()?).await?.bytes().await?)?)
}

fn against(
    what: &'static str,
    hand: Vec<Duration>,
    ours: Vec<Duration>,
    (target, parts): (&'static str, f64),
    fine: bool,
) -> Row {
    let (hand, ours) = (median(hand), median(ours));
    let ratio = hand.as_secs_f64() / ours.as_secs_f64();
    let measured = format!("1/{ratio:.1} ({} ms against {} ms)", ours.as_millis(), hand.as_millis());
    Row { what, measured, target, met: ratio >= parts && fine }
}

/// 20,000 guests of one room, 100 calls a second.
pub(crate) async fn nim(rows: &mut Vec<Row>) -> Outcome<()> {
    use groupmembers_sandbox::nim::{Config as Nim, DEMO_APP_KEY, DEMO_APP_SECRET, RoomConfig};
    use nim::chatroom_members_by_page::Request;
    use nim::{Client, Command as _, Credentials, Kind, MemberType, RosterOptions, Stamp};

    const ROOM: u64 = 9_500_000_001;
    let nim = Nim { rooms: vec![RoomConfig::new(ROOM, 3, 20_000)], ..Nim::default() };
    let (mut hand, mut ours, mut refused) = (Vec::new(), Vec::new(), 0);
    for _ in 0..3 {
        // A sandbox for each, so that neither starts with the other's calls on its account.
        let sandbox = Sandbox::start(Config { latency: LATENCY, nim: nim.clone(), ..Config::default() })?;
        let base: nim::BaseUrl = format!("{}/nimserver", sandbox.base_url()).parse()?;
        let credentials = Credentials::new(DEMO_APP_KEY, DEMO_APP_SECRET)?;
        let http = reqwest::Client::new();
        let start = Instant::now();
        let (mut request, mut found) = (Request::new(ROOM, MemberType::Temporary), 0);
        loop {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
            let answer = send(&http, request.to_http(&base, &credentials, &Stamp::new(now, "nonce"))?).await?;
            let page = answer["desc"]["data"].as_array().ok_or("no list")?;
            found += page.len();
            match page.last().and_then(|row| row["enterTime"].as_i64()) {
                Some(oldest) if page.len() == 100 => request.endtime = oldest,
                _ => break,
            }
        }
        hand.push(start.elapsed());
        if found < 19_000 {
            return Err(format!("the loop by hand found {found} guests").into());
        }

        let sandbox = Sandbox::start(Config { latency: LATENCY, nim: nim.clone(), ..Config::default() })?;
        let base: nim::BaseUrl = format!("{}/nimserver", sandbox.base_url()).parse()?;
        let client = Client::builder(credentials).base_url(base).build()?;
        let start = Instant::now();
        let listing = client.roster_with(ROOM, RosterOptions::default().kind(Kind::Temporary)).all().await?;
        ours.push(start.elapsed());
        refused += sandbox.throttled();
        if listing.members.len() != 20_000 || !listing.report.completeness.is_complete() {
            return Err(format!("not complete: {:?}", listing.report).into());
        }
    }
    let what = "NIM: 20,000 guests, 30 ms latency, 100 calls/s enforced, against the loop by hand";
    rows.push(against(what, hand, ours, ("at most 1/2, no 416", 2.0), refused == 0));
    Ok(())
}

/// 10,000 members, more than a group's description holds.
pub(crate) async fn agora(rows: &mut Vec<Row>) -> Outcome<()> {
    use agora::chatgroups_users::Request;
    use agora::{App, BaseUrl, Client, Command as _, Credentials};
    use groupmembers_sandbox::agora::{Config as Agora, DEMO_APP_CERTIFICATE, DEMO_APP_ID, GroupConfig};

    const GROUP: &str = "271828182845904";
    let world = Agora { groups: vec![GroupConfig::new(GROUP, 10_000)], ..Agora::default() };
    let sandbox = Sandbox::start(Config { latency: LATENCY, agora: world, ..Config::default() })?;
    let (base, app): (BaseUrl, App) = (sandbox.base_url().parse()?, App::id(DEMO_APP_ID)?);
    let client =
        Client::builder(base.clone(), app.clone(), Credentials::new(DEMO_APP_ID, DEMO_APP_CERTIFICATE)?).build()?;
    let (http, token) = (reqwest::Client::new(), agora::Token::new(sandbox.agora().app_token(3_600))?);
    let (mut hand, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..7 {
        let start = Instant::now();
        let mut found = 0;
        for page in 1.. {
            let answer = send(&http, Request::page(GROUP, page, 1_000).to_http(&base, &app, Some(&token))?).await?;
            let rows = answer["data"].as_array().ok_or("no list")?.len();
            found += rows;
            if rows < 1_000 {
                break;
            }
        }
        hand.push(start.elapsed());
        let start = Instant::now();
        let listing = client.roster(GROUP).all().await?;
        ours.push(start.elapsed());
        if found != 10_000 || listing.members.len() != 10_000 || !listing.report.completeness.is_complete() {
            return Err(format!("not complete: {found} by hand, {:?}", listing.report).into());
        }
    }
    let what = "Agora: 10,000 members, 30 ms latency, against the loop by hand";
    rows.push(against(what, hand, ours, ("at most 1/3", 3.0), sandbox.throttled() == 0));
    Ok(())
}

/// 2,000 rows, ten a page.
pub(crate) async fn yunshop(rows: &mut Vec<Row>) -> Outcome<()> {
    use groupmembers_sandbox::yunshop::{DEMO_BUSINESS_ID, DEMO_MOBILE, DEMO_PASSWORD, DEMO_UNIACID, GroupConfig};
    use yunshop::get_group_members::Request;
    use yunshop::{Account, Client, Site};

    const GROUP: u32 = 7;
    let mut config = Config { latency: LATENCY, ..Config::default() };
    config.yunshop.enterprises[0].groups = vec![GroupConfig::new(GROUP, "会员群", 2_000)];
    let sandbox = Sandbox::start(config)?;
    let site = Site::new(sandbox.base_url().parse()?, DEMO_UNIACID.into())?;
    let client = Client::builder(site, Account::new(DEMO_MOBILE, DEMO_PASSWORD)?).build()?;
    let shop = client.manage(DEMO_BUSINESS_ID.into()).await?;
    let (mut hand, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let start = Instant::now();
        let mut found = 0;
        for page in 1.. {
            let answer = shop.get_group_members(&Request::new(GROUP.into()).page(page)).await?;
            let rows = answer.data.list.map_or(0, |list| list.data.len());
            found += rows;
            if rows < 10 || found >= 2_000 {
                break;
            }
        }
        hand.push(start.elapsed());
        let start = Instant::now();
        let listing = shop.roster(GROUP.into()).all().await?;
        ours.push(start.elapsed());
        if found != 2_000 || listing.members.len() != 2_000 || !listing.report.completeness.is_complete() {
            return Err(format!("not complete: {found} by hand, {:?}", listing.report).into());
        }
    }
    let what = "Yunshop: 2,000 rows in pages of 10, 30 ms latency, against the loop by hand";
    rows.push(against(what, hand, ours, ("at most 1/3", 3.0), true));
    Ok(())
}

/// 500 members in one answer of some 0.3 MB.
pub(crate) fn wkteam(rows: &mut Vec<Row>) -> Outcome<()> {
    use wkteam::Command as _;
    use wkteam::get_chat_room_member::{Request, Response};

    let member = |n: u32| {
        json!({
            "chatRoomId": "24343869723@chatroom", "userName": format!("wxid_{n:014}"), "nickName": format!("张三丰🎉{n}"),
            "chatRoomOwner": null, "bigHeadImgUrl": format!("https://wx.qlogo.cn/mmhead/ver_1/made_up/{n:0120}/0"),
            "smallHeadImgUrl": format!("https://wx.qlogo.cn/mmhead/ver_1/made_up/{n:0120}/132"), "v1": null, "memberCount": 0,
            "displayName": if n.is_multiple_of(3) { "销售部 王小明" } else { "" }, "chatRoomMembers": null, "inviterUserName": "wxid_00000000000000"
        })
    };
    let members: Vec<Value> = (0..500).map(member).collect();
    let body = json!({"code": "1000", "message": "获取群成员成功", "data": members}).to_string().into_bytes();
    let time = |work: &dyn Fn() -> Outcome<usize>| -> Outcome<Duration> {
        let start = Instant::now();
        for _ in 0..100 {
            if work()? != 500 {
                return Err("not 500 members".into());
            }
        }
        Ok(start.elapsed())
    };
    let mut ratios = Vec::new();
    for _ in 0..9 {
        let ours = time(&|| Ok(Request::from_http(http::Response::new(&body))?.data.len()))?;
        let plain = time(&|| Ok(serde_json::from_slice::<Response>(&body)?.data.len()))?;
        ratios.push((ours.as_secs_f64() / plain.as_secs_f64(), ours / 100, plain / 100));
    }
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (ratio, ours, plain) = ratios[ratios.len() / 2];
    rows.push(Row {
        what: "wkteam: decoding 500 members, against `serde_json::from_slice` without checks",
        measured: format!(
            "{ratio:.2}× ({} µs against {} µs, {} KB)",
            ours.as_micros(),
            plain.as_micros(),
            body.len() / 1000
        ),
        target: "at most 1.25×",
        met: ratio <= 1.25,
    });
    Ok(())
}
