//! The calls themselves: a parsed body in, an answer or a refusal out.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use serde_json::{Map, Value};

use super::{
    accounts,
    config::{Config, Status},
    envelope::{Answer, Refusal},
    faults::Fault,
    gate::{self, Command, text},
    groups::Group,
    json::{Fields, Json},
    people::profile,
    rows,
    world::{State, World},
};

type Reply = Result<Answer, Refusal>;
type Body = Map<String, Value>;

const SECOND: Duration = Duration::from_secs(1);

/// What a call may look at besides its body.
pub(crate) struct Context<'a> {
    pub(crate) world: &'a World,
    pub(crate) state: &'a mut State,
    pub(crate) faults: &'a [Fault],
    pub(crate) arrived: Instant,
}

pub(crate) fn run(command: Command, body: &Body, mut context: Context<'_>) -> Reply {
    let context = &mut context;
    match command {
        Command::Login => return login(body, context),
        Command::QueryLoginWx => {
            gate::in_good_standing(context.state.status)?;
            return Ok(Answer::ok(online(context)));
        }
        Command::IsOnline => {
            gate::in_good_standing(context.state.status)?;
            return is_online(body, context);
        }
        _ => gate::in_good_standing(context.state.status)?,
    }
    let account = accounts::find(&context.state.accounts, text(body, "wId")?)?;
    context.pace(command, account)?;
    match command {
        Command::ChatRoomMember => context.about_group(body, account, |group, context| {
            Ok(Answer::ok(rows::members(group, context.seed(), context.faults)))
        }),
        Command::ChatRoomInfo => context.about_group(body, account, |group, context| {
            Ok(Answer::ok(vec![rows::room(group, context.seed(), context.faults)]))
        }),
        Command::ChatRoomMemberInfo => {
            let one = text(body, "userList")?;
            if one.contains(',') {
                return Err(Refusal::new("暂不支持多个群成员查询", "userList names more than one member"));
            }
            context.about_group(body, account, |group, context| match group.member(one) {
                Some(_) => Ok(Answer::ok(vec![rows::detail(&profile(context.seed(), one), context.faults)])),
                None => Err(Refusal::new("群成员不存在", format!("{} is not in the group", shown(one)))),
            })
        }
        Command::InitAddressList => {
            let account = &mut context.state.accounts[account];
            let note = if account.initialised { "initialised before, in the same login" } else { "" };
            account.initialised = true;
            Ok(Answer {
                message: "初始化通讯录成功".to_owned(), note: note.to_owned(), ..Answer::ok(Json::Null)
            })
        }
        Command::AddressList => address_list(account, context),
        Command::Contact => contact(body, account, context),
        Command::Login | Command::QueryLoginWx | Command::IsOnline => Err(Refusal::new("失败", "answered elsewhere")),
    }
}

impl Context<'_> {
    fn has(&self, fault: &Fault) -> bool {
        self.faults.contains(fault)
    }

    fn config(&self) -> &Config {
        self.world.config()
    }

    fn seed(&self) -> u64 {
        self.world.seed()
    }

    /// Refuses who asks too soon, and takes who does it too often offline.
    fn pace(&mut self, command: Command, account: usize) -> Result<(), Refusal> {
        let config = self.world.config();
        let (limit, window) = match command {
            Command::Contact => (1, config.contact_gap),
            Command::ChatRoomMemberInfo => (1, config.detail_gap),
            _ if config.calls_per_second == 0 => return Ok(()),
            _ => (config.calls_per_second as usize, SECOND),
        };
        let State { accounts, limits, .. } = &mut *self.state;
        let account = &mut accounts[account];
        if window.is_zero() || limits.admit(&account.wc_id, command.name(), limit, window, self.arrived) {
            return Ok(());
        }
        let mut note = format!("more than {limit} in {} ms", window.as_millis());
        if account.hurry(config.hurried_until_offline) {
            note = format!("{note}, once too often: {} is offline", account.wc_id);
        }
        Err(Refusal { throttled: true, ..Refusal::new("操作过于频繁，请稍后再试", note) })
    }

    /// Answers about a group the WeChat account is in, while people come and go.
    fn about_group(
        &mut self,
        body: &Body,
        account: usize,
        answer: impl FnOnce(&mut Group, &Context<'_>) -> Reply,
    ) -> Reply {
        let id = text(body, "chatRoomId")?;
        if !id.ends_with("@chatroom") {
            return Err(Refusal::new("群号错误", format!("{} does not end in @chatroom", shown(id))));
        }
        let mut groups = std::mem::take(&mut self.state.groups);
        let reply = match groups.find(id) {
            None => Err(Refusal::new("群不存在", format!("no group {}", shown(id)))),
            Some(group) if account != 0 || group.own_role().is_none() => {
                let wc_id = &self.state.accounts[account].wc_id;
                Err(Refusal::new("你不在该群中", format!("{wc_id} is not in the group")))
            }
            Some(group) => {
                group.churn();
                let reply = answer(group, self);
                group.churn();
                reply
            }
        };
        self.state.groups = groups;
        reply
    }
}

/// What a caller sent, but not at any length.
fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(80).collect::<String>())
}

fn login(body: &Body, context: &Context<'_>) -> Reply {
    let (account, password) = (text(body, "account")?, text(body, "password")?);
    let config = context.config();
    if account != config.account || password != context.state.password {
        let why = if account == config.account { "the password is wrong" } else { "no such developer's account" };
        return Err(Refusal::new("用户名或密码错误", why));
    }
    let status = match () {
        () if context.has(&Fault::LoginFrozen) => Status::Frozen,
        () if context.has(&Fault::LoginExpired) => Status::Expired,
        () => context.state.status,
    };
    let status = match status.number() {
        number if context.has(&Fault::StatusString) => Json::from(number.to_string()),
        number => number.into(),
    };
    let token = (!context.has(&Fault::NullAuthorization)).then(|| context.world.token_of(context.state));
    let mut data = if context.has(&Fault::Login2020) {
        Fields::new()
            .with("name", "沙盒开发者")
            .with("account", config.account.clone())
            .with("accountType", 1)
            .with("overdueTime", 4_102_416_000_000_i64)
            .with("createTime", 1_586_400_000_000_i64)
            .with("modifyTime", 1_594_780_000_000_i64)
            .with("lastTime", 1_594_780_000_000_i64)
            .with("availableNumber", i64::try_from(config.wechat.len()).unwrap_or(i64::MAX))
            .with("callbackType", 0)
            .with("callbackUrl", Json::Null)
            .with("status", status)
            .with("wcIds", Json::Null)
            .with("Authorization", token)
    } else {
        Fields::new().with("callbackUrl", Json::Null).with("status", status).with("Authorization", token)
    };
    if context.has(&Fault::LowerCaseAuthorization) {
        data.rename("Authorization", "authorization");
    }
    Ok(Answer::ok(data))
}

/// The WeChat accounts that are online.
fn online(context: &Context<'_>) -> Vec<Fields> {
    let online = context.state.accounts.iter().filter(|account| account.online);
    online.map(|a| Fields::new().with("wcId", a.wc_id.clone()).with("wId", a.wid.clone())).collect()
}

/// 1000 whichever way it is: so says the vendor's own sample.
fn is_online(body: &Body, context: &Context<'_>) -> Reply {
    let found = accounts::find(&context.state.accounts, text(body, "wId")?);
    if context.has(&Fault::Offline1001) {
        return Err(Refusal::new("离线", "said to be offline"));
    }
    let note = found.as_ref().err().map(|refusal| refusal.note.clone()).unwrap_or_default();
    Ok(Answer { note, ..Answer::ok(Fields::new().with("isOnline", found.is_ok())) })
}

fn address_list(account: usize, context: &Context<'_>) -> Reply {
    let State { accounts, groups, .. } = &*context.state;
    let me = &accounts[account];
    if !me.initialised {
        return Err(Refusal::new("请先初始化通讯录", "no initAddressList since the last login"));
    }
    let (mut chatrooms, mut friends) = (Vec::new(), Vec::new());
    if account == 0 {
        let mine = groups.all().iter().filter(|group| group.config.saved && group.own_role().is_some());
        chatrooms = mine.map(|group| group.config.id.clone()).collect();
        // Some of the first group's people will be friends.
        let first = groups.all().first().into_iter();
        let names = first.flat_map(|group| group.order().iter().take(8).map(|person| group.name(*person).to_owned()));
        friends = names.filter(|name| *name != me.wc_id).collect();
    }
    let data = Fields::new()
        .with("chatrooms", chatrooms)
        .with("friends", friends)
        .with("ghs", vec!["gh_0a1b2c3d4e5f"])
        .with("others", vec!["fmessage", "medianote", "floatbottle"]);
    Ok(Answer::ok(data))
}

fn contact(body: &Body, account: usize, context: &Context<'_>) -> Reply {
    let (groups, most) = (&context.state.groups, context.config().max_contacts);
    let ids: Vec<&str> = text(body, "wcId")?.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    if ids.is_empty() || ids.len() > most {
        return Err(Refusal::new(format!("wcId最多{most}个"), format!("{} ids in wcId, 1 to {most}", ids.len())));
    }
    let mut known = HashSet::new();
    let mut found = Vec::new();
    for id in &ids {
        let group = groups.all().iter().find(|group| group.config.id == **id).filter(|_| account == 0);
        if !known.insert(*id) {
            continue;
        }
        if let Some(group) = group {
            found.push(rows::group_contact(group, found.len(), context.faults));
        } else if groups.all().iter().any(|group| group.knows(id)) {
            found.push(rows::contact(&profile(context.seed(), id), found.len(), context.faults));
        }
    }
    // Ids nobody has are left out without a word.
    let note = match ids.len() - found.len() {
        0 => String::new(),
        missing => format!("{missing} ids of nobody, or named twice"),
    };
    Ok(Answer { note, ..Answer::ok(found) })
}
