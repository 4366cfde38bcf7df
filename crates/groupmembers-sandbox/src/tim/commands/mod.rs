//! The reads themselves: a parsed body in, an answer or a refusal out.

mod args;
mod group_member_info;
mod groups;
mod members;

use std::collections::HashSet;

use serde_json::{Map, Value};

use self::args::Args;
use super::{
    config::Config,
    faults::Fault,
    gate::Command,
    groups::Group,
    json::{Answer, Object},
    refusal::Refusal,
    world::Groups,
};

type Reply = Result<Answer, Refusal>;

/// What a command may look at besides its body.
pub(crate) struct Context<'a> {
    pub(crate) config: &'a Config,
    pub(crate) groups: &'a mut Groups,
    pub(crate) faults: &'a [Fault],
    /// Unix seconds.
    pub(crate) now: u64,
}

pub(crate) fn run(command: Command, body: &Map<String, Value>, mut context: Context<'_>) -> Reply {
    let (args, context) = (Args(body), &mut context);
    let answer = match command {
        Command::GroupMemberInfo => group_member_info::group_member_info(&args, context),
        Command::SpecifiedGroupMemberInfo => members::specified_group_member_info(&args, context),
        Command::RoleInGroup => members::role_in_group(&args, context),
        Command::GroupInfo => groups::group_info(&args, context),
        Command::JoinedGroupList => groups::joined_group_list(&args, context),
        Command::AppidGroupList => groups::appid_group_list(&args, context),
        Command::OnlineMemberNum => members::online_member_num(&args, context, false),
        Command::MillionOnlineMemberNum => members::online_member_num(&args, context, true),
        Command::Members => members::members(&args, context),
        Command::GroupMutedAccount => members::group_muted_account(&args, context),
        Command::GroupBanMember => members::group_ban_member(&args, context),
    }?;
    context.fits(answer.json.len())?;
    Ok(answer)
}

impl Context<'_> {
    fn has(&self, fault: &Fault) -> bool {
        self.faults.contains(fault)
    }

    fn ok(&self) -> Object {
        Object::ok(!self.has(&Fault::MissingErrorInfo))
    }

    fn group(&mut self, args: &Args<'_>) -> Result<&mut Group, Refusal> {
        self.groups.find(args.text("GroupId")?)
    }

    /// The vendor refuses answers that grow too large, whatever was asked.
    fn fits(&self, length: usize) -> Result<(), Refusal> {
        if length > self.config.max_answer {
            return Err(Refusal::new(10018, format!("the answer is longer than {} bytes", self.config.max_answer)));
        }
        Ok(())
    }
}

/// The groups a body is about: for the log, and for faults that belong to a group.
pub(crate) fn groups_named(body: &Map<String, Value>) -> HashSet<&str> {
    let list = body.get("GroupIdList").and_then(Value::as_array).into_iter().flatten();
    body.get("GroupId").into_iter().chain(list).filter_map(Value::as_str).collect()
}
