//! The reads themselves: a form in, the fields of an answer or a refusal out.

mod members;
mod rooms;
mod teams;

use serde_json::Value;

use super::{
    faults::Fault,
    form::Form,
    gate::Command,
    json::{Fields, Json},
    refusal::Refusal,
    world::State,
};

/// The fields of the answer, all but `code`.
type Reply = Result<Fields, Refusal>;

/// What a call may look at besides its form.
pub(crate) struct Context<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) faults: &'a [Fault],
}

pub(crate) fn run(command: Command, form: &Form, context: &mut Context<'_>) -> Reply {
    match command {
        Command::MembersByPage => members::by_page(form, context),
        Command::QueryMembersByRole => members::by_role(form, context),
        Command::QueryMembers => members::by_account(form, context),
        Command::TagMembersQuery => members::by_tag(form, context),
        Command::TagMembersCount => members::tag_count(form, context),
        Command::Get => rooms::get(form, context),
        Command::GetBatch => rooms::get_batch(form, context),
        Command::QueryUserRoomIds => rooms::by_creator(form, context),
        Command::TeamQuery => teams::query(form, context),
        Command::TeamQueryDetail => teams::detail(form, context),
        Command::SuperTeamGetTlists => teams::tlists(form, context),
    }
}

impl Context<'_> {
    fn has(&self, fault: &Fault) -> bool {
        self.faults.contains(fault)
    }

    /// How many rows the page shall have at most.
    fn rows(&self, limit: usize) -> usize {
        self.faults.iter().fold(limit, |rows, fault| match fault {
            Fault::ClampPage(most) => rows.min(*most as usize),
            Fault::ShortPages => rows.min(limit.div_ceil(2)),
            Fault::EmptyPage => 0,
            _ => rows,
        })
    }

    /// Where a page ends that begins before `endtime`; 0 means now, and nobody enters later than now.
    fn before(&self, endtime: u64) -> u64 {
        match endtime {
            0 => u64::MAX,
            _ if self.has(&Fault::StuckCursor) => u64::MAX,
            at if self.has(&Fault::EndtimeInclusive) => at.saturating_add(1),
            at => at,
        }
    }

    /// `desc.data`.
    fn desc(&self, rows: Vec<Fields>) -> Reply {
        Ok(vec![("desc", Json::Object(self.list("data", rows)))])
    }

    /// The rows under their name, with whatever is to be wrong with them.
    fn list(&self, name: &'static str, mut rows: Vec<Fields>) -> Fields {
        let middle = rows.len() / 2;
        for fault in self.faults {
            match fault {
                Fault::NullList => return vec![(name, Json::NULL)],
                Fault::NoList => return Vec::new(),
                Fault::RisingRows => rows.reverse(),
                Fault::RepeatedRows => rows = rows.into_iter().flat_map(|row| [row.clone(), row]).collect(),
                Fault::BadRow => {
                    if let Some(row) = rows.get_mut(middle) {
                        replace(row, |name, _| (name == "accid").then_some(Json::NULL));
                    }
                }
                Fault::UnknownType => {
                    if let Some(row) = rows.get_mut(middle) {
                        replace(row, |name, _| (name == "type").then(|| "VISITOR".into()));
                    }
                }
                fault => rows.iter_mut().for_each(|row| spoil(row, fault)),
            }
        }
        vec![(name, Json::Array(rows.into_iter().map(Json::Object).collect()))]
    }
}

fn replace(row: &mut Fields, with: impl Fn(&str, &Json) -> Option<Json>) {
    for (name, value) in row {
        if let Some(other) = with(name, value) {
            *value = other;
        }
    }
}

/// Faults that hit every row alike.
fn spoil(row: &mut Fields, fault: &Fault) {
    match fault {
        Fault::NoEnterTime => row.retain(|(name, _)| *name != "enterTime"),
        Fault::StringNumbers => replace(row, |_, value| match value {
            Json::Leaf(Value::Number(number)) => Some(number.to_string().into()),
            _ => None,
        }),
        Fault::NumericType => replace(row, |name, value| match value {
            Json::Leaf(Value::String(role)) if name == "type" => Some(role_number(role).into()),
            _ => None,
        }),
        Fault::FalseFlags => {
            for flag in ["blacklisted", "muted", "tempMuted", "isRobot"] {
                if !row.iter().any(|(name, _)| *name == flag) {
                    row.push((flag, false.into()));
                }
            }
        }
        Fault::NullTexts => replace(row, |name, _| matches!(name, "nick" | "ext").then_some(Json::NULL)),
        Fault::SparseRows => row.retain(|(name, _)| matches!(*name, "roomid" | "accid" | "type" | "enterTime")),
        Fault::ExtraFields => row.push(("sandboxExtra", Json::Object(vec![("a", Json::Array(vec![1.into()]))]))),
        _ => {}
    }
}

/// The numbers of the vendor's native SDKs.
fn role_number(role: &str) -> i32 {
    match role {
        "LIMITED" => -1,
        "COMMON" => 0,
        "CREATOR" => 1,
        "MANAGER" => 2,
        "TEMPORARY" => 3,
        "ANONYMOUS" => 4,
        _ => -2,
    }
}
