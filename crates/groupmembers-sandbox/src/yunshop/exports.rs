//! The lists as spreadsheets. The vendor's columns are not known: these are the sandbox's own.

use super::{
    answers::Reply,
    faults::Fault,
    groups::Kind,
    lists::{Context, Wanted, wanted_groups},
    people::staff_name,
    rows::group_created,
    time, xlsx,
};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// `groupMemberListExport` and `groupEmployeeListExport`.
pub(crate) fn members(context: &mut Context<'_>, kind: Kind) -> Reply {
    let (business, id) = (context.business, context.asked.number("group_id"));
    let found = context.groups.iter().find(|group| group.business == business && Some(group.config.id) == id);
    let mut rows = vec![["ID", "userid", "昵称", "入群时间", "状态"].map(str::to_owned).to_vec()];
    if let Some(group) = found {
        let wanted = Wanted::read(context.asked, kind);
        // Newest first, as the list is.
        for row in group.list(kind).iter().rev().map(|at| group.row(*at)).filter(|row| wanted.matches(group, row)) {
            let status = if row.present { "在群" } else { "已退群" };
            let (userid, name) = (group.userid(row), group.name(row));
            rows.push(vec![row.id.to_string(), userid, name, time::local(row.joined), status.to_owned()]);
        }
    }
    let name = if kind == Kind::External { "群外部成员" } else { "群内部成员" };
    file(context, name, &rows)
}

/// `listExport`.
pub(crate) fn groups(context: &mut Context<'_>) -> Reply {
    let mut rows = vec![["ID", "群名称", "群主", "创建时间", "外部成员", "内部成员"].map(str::to_owned).to_vec()];
    for group in wanted_groups(context) {
        let config = &group.config;
        let owner = if config.employees > 0 { staff_name(0) } else { String::new() };
        let counts = [Kind::External, Kind::Employee].map(|kind| group.present(kind).to_string());
        let mut row = vec![config.id.to_string(), config.name.clone(), owner, time::local(group_created(config.id))];
        row.extend(counts);
        rows.push(row);
    }
    file(context, "客户群", &rows)
}

fn file(context: &Context<'_>, name: &str, rows: &[Vec<String>]) -> Reply {
    if context.faults.contains(&Fault::ExportProgress) {
        return Reply::progress();
    }
    let mut bytes = xlsx::sheet(rows);
    if context.faults.contains(&Fault::CutFile) {
        bytes.truncate(bytes.len() / 2);
    }
    Reply::file(XLSX, name, bytes)
}
