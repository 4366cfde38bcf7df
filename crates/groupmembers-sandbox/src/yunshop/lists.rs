//! The lists: which rows a page has, and the paginator around them.

use std::{borrow::Cow, ops::Range};

use super::{
    answers::Reply,
    config::Config,
    faults::Fault,
    groups::{Group, Kind, Row},
    json::{Json, map},
    people::staff_name,
    request::Asked,
    rows::{Shop, group_created},
    time,
};

/// What a list may look at.
pub(crate) struct Context<'a> {
    pub(crate) config: &'a Config,
    pub(crate) groups: &'a mut Vec<Group>,
    /// The next free row id.
    pub(crate) ids: &'a mut u32,
    pub(crate) faults: &'a [Fault],
    pub(crate) asked: &'a Asked<'a>,
    /// The enterprise of the session.
    pub(crate) business: u32,
}

/// Which part of a list was asked for.
struct Page {
    number: usize,
    per_page: usize,
    total: usize,
}

impl Context<'_> {
    fn has(&self, fault: &Fault) -> bool {
        self.faults.contains(fault)
    }

    fn shop(&self) -> Shop<'_> {
        let new_staff = self.has(&Fault::NewStaff);
        Shop { uniacid: self.config.uniacid, host: self.asked.host(), new_staff }
    }

    fn page(&self, total: usize) -> Page {
        // What is no page is the first one.
        let asked = self.asked.get("page").and_then(|page| page.parse::<i64>().ok()).filter(|page| *page >= 1);
        let asked = asked.and_then(|page| usize::try_from(page).ok());
        let number = if self.has(&Fault::IgnoredPage) { 1 } else { asked.unwrap_or(1) };
        Page { number, per_page: self.config.per_page.max(1) as usize, total }
    }

    /// Which places of the list are on the page, when `length` are left of it.
    fn cut(&self, page: &Page, length: usize) -> Range<usize> {
        if self.has(&Fault::EmptyPage) {
            return 0..0;
        }
        let number = if self.has(&Fault::RepeatedRows) { 1 } else { page.number };
        let begin = (number - 1).saturating_mul(page.per_page).min(length);
        let end = begin.saturating_add(page.per_page).min(length);
        begin..end.saturating_sub(usize::from(self.has(&Fault::MissingRow))).max(begin)
    }

    fn paginator(&self, page: &Page, rows: Vec<Json>) -> Json {
        let Page { number, per_page, mut total } = *page;
        let path = format!("http://{}/web/index.php", self.asked.host());
        let url = |number: usize| format!("{path}?page={number}");
        if self.has(&Fault::TotalTooHigh) {
            total += 1;
        }
        if self.has(&Fault::GrowingPages) {
            total = total.max(number.saturating_mul(per_page).saturating_add(1));
        }
        let last = total.div_ceil(per_page).max(1);
        let count = rows.len();
        // Beyond the last page there is nothing, though its number is kept.
        let from = (count > 0).then(|| number.saturating_sub(1).saturating_mul(per_page).saturating_add(1));
        map! {
            "current_page": number,
            "data": rows,
            "first_page_url": url(1),
            "from": from,
            "last_page": last,
            "last_page_url": url(last),
            "next_page_url": (number < last).then(|| url(number.saturating_add(1))),
            "path": path.as_str(),
            "per_page": per_page,
            "prev_page_url": (number > 1).then(|| url(number - 1)),
            "to": from.map(|from| from.saturating_add(count - 1)),
            "total": total,
        }
    }

    fn answer(&self, page: &Page, rows: Vec<Json>, summary: Json) -> Reply {
        Reply::success("", map! { "list": self.paginator(page, rows), "summary": summary })
    }
}

/// `getGroupMembers` and `getGroupEmployees`.
pub(crate) fn members(context: &mut Context<'_>, kind: Kind) -> Reply {
    let (business, asked) = (context.business, context.asked);
    let summary = |present: usize| {
        let (employees, customers) = if kind == Kind::Employee { (present, 0) } else { (0, present) };
        map! {
            "in_group_count": present,
            "in_group_employee_count": employees,
            "in_group_customer_count": customers,
        }
    };
    let foreign = context.has(&Fault::ForeignRows);
    let id = asked.number("group_id");
    let found = context.groups.iter().position(|group| match foreign {
        true => group.business != business && !group.list(kind).is_empty(),
        false => group.business == business && Some(group.config.id) == id,
    });
    let Some(found) = found else {
        let note = match id {
            None => "group_id is missing: nothing matches".to_owned(),
            Some(id) => format!("enterprise {business} has no group {id}: nothing matches"),
        };
        let page = context.page(0);
        return context.answer(&page, Vec::new(), summary(0)).noted(note);
    };
    let group = &mut context.groups[found];
    group.churn(kind, context.ids);
    let mut shuffled = None;
    if context.faults.contains(&Fault::UnstableOrder) {
        let mut rows = group.list(kind).to_vec();
        group.rng().shuffle(&mut rows);
        shuffled = Some(rows);
    }
    let group = &context.groups[found];
    // Copied only where it must be: a list can be long, and a page is ten rows of it.
    let mut rows = shuffled.map_or(Cow::Borrowed(group.list(kind)), Cow::Owned);
    let wanted = Wanted::read(asked, kind);
    if wanted.is_any() {
        rows.to_mut().retain(|row| wanted.matches(group, group.row(*row)));
    }
    let (page, shop) = (context.page(rows.len()), context.shop());
    // Newest first.
    let row = |place: usize| shop.member(group, group.row(rows[rows.len() - 1 - place]));
    let rows = context.cut(&page, rows.len()).map(row).collect();
    // Filters leave the counts alone.
    let reply = context.answer(&page, rows, summary(group.present(kind)));
    context.groups[found].churn(kind, context.ids);
    reply
}

/// `getList`.
pub(crate) fn groups(context: &mut Context<'_>) -> Reply {
    let business = context.business;
    let groups: Vec<&Group> = context.groups.iter().filter(|group| group.business == business).collect();
    let members = groups.iter().map(|g| g.present(Kind::External) + g.present(Kind::Employee)).sum::<usize>();
    // The same number is the same person in every group of an enterprise.
    let most = |kind| groups.iter().map(|g| g.present(kind)).max().unwrap_or(0);
    let distinct = most(Kind::External) + most(Kind::Employee);
    let groups = wanted_groups(context);
    let (page, shop) = (context.page(groups.len()), context.shop());
    let rows = groups[context.cut(&page, groups.len())].iter().map(|group| shop.group(group)).collect();
    context.answer(&page, rows, map! { "all_members": members, "all_distinct_members": distinct })
}

/// The enterprise's groups that pass the filters, newest first.
pub(crate) fn wanted_groups<'a>(context: &'a Context<'_>) -> Vec<&'a Group> {
    let (business, asked, span) = (context.business, context.asked, Span::read(context.asked));
    let mut groups: Vec<&Group> = context.groups.iter().filter(|group| group.business == business).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.config.id));
    groups.retain(|group| {
        let config = &group.config;
        asked.get("id").is_none_or(|_| asked.number("id") == Some(config.id))
            && asked.get("name").is_none_or(|name| config.name.contains(name))
            && asked.get("owner_name").is_none_or(|name| config.employees > 0 && staff_name(0).contains(name))
            && span.includes(group_created(config.id))
    });
    groups
}

/// `start_time` and `end_time`, which only count together.
struct Span(Option<(u32, u32)>);

impl Span {
    fn read(asked: &Asked<'_>) -> Self {
        let time = |name| asked.get(name).and_then(time::parse);
        Self(time("start_time").zip(time("end_time")))
    }

    fn includes(&self, then: u32) -> bool {
        self.0.is_none_or(|(start, end)| (start..=end).contains(&then))
    }
}

/// The filters of a list of members.
pub(crate) struct Wanted<'a> {
    kind: Kind,
    id: Option<&'a str>,
    name: Option<&'a str>,
    invitor: Option<&'a str>,
    parent_name: Option<&'a str>,
    parent_uid: Option<&'a str>,
    scene: Option<&'a str>,
    span: Span,
}

impl<'a> Wanted<'a> {
    pub(crate) fn read(asked: &'a Asked<'_>, kind: Kind) -> Self {
        Self {
            kind,
            id: asked.get("id"),
            name: asked.get(if kind == Kind::External { "customer_kwd" } else { "user_kwd" }),
            invitor: asked.get("invitor_kwd"),
            parent_name: asked.get("chat_owner_kwd"),
            parent_uid: asked.get("chat_owner_uid"),
            scene: asked.get("join_scene"),
            span: Span::read(asked),
        }
    }

    fn is_any(&self) -> bool {
        let texts = [self.id, self.name, self.invitor, self.parent_name, self.parent_uid, self.scene];
        texts.iter().any(Option::is_some) || self.span.0.is_some()
    }

    pub(crate) fn matches(&self, group: &Group, row: &Row) -> bool {
        let person = group.person(row);
        let external = self.kind == Kind::External;
        let name = |wanted: &str| match person.shop_member() {
            _ if !external => staff_name(row.person).contains(wanted),
            Some(member) => member.nickname.contains(wanted) || member.mobile.contains(wanted),
            None => false,
        };
        let invitor = |wanted: &str| match person.invitor(group.config.employees) {
            Some(number) if external => staff_name(number).contains(wanted),
            _ => false,
        };
        let parent = person.parent().filter(|_| external);
        let scene = if external { person.join_scene() } else { 1 };
        self.id.is_none_or(|id| id.parse() == Ok(row.id))
            && self.name.is_none_or(name)
            && self.invitor.is_none_or(invitor)
            && self.parent_name.is_none_or(|name| parent.as_ref().is_some_and(|p| p.nickname.contains(name)))
            && self.parent_uid.is_none_or(|uid| parent.as_ref().is_some_and(|p| uid.parse() == Ok(p.uid)))
            && self.scene.is_none_or(|wanted| wanted.parse() == Ok(scene))
            && self.span.includes(row.joined)
    }
}
