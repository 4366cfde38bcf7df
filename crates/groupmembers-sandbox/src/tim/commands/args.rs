//! Reading the fields of a request's body, strictly: what has the wrong type is refused.

use serde_json::{Map, Value};

use crate::tim::{
    faults::Fault,
    groups::Group,
    member::{Custom, Fields, Role},
    refusal::Refusal,
};

/// The fields of a body. Null counts as a wrong value, not as an absent one.
pub(super) struct Args<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Args<'a> {
    pub(super) fn text(&self, name: &str) -> Result<&'a str, Refusal> {
        self.maybe_text(name)?.ok_or_else(|| Refusal::parameter(format!("{name} is missing")))
    }

    pub(super) fn maybe_text(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refusal::parameter(format!("{name} is not a string"))),
        }
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        let wrong = || Refusal::parameter(format!("{name} is not an unsigned integer"));
        self.0.get(name).map(|value| value.as_u64().ok_or_else(wrong)).transpose()
    }

    /// A page size from 1 to `max`.
    pub(super) fn limit(&self, max: u32) -> Result<Option<usize>, Refusal> {
        match self.number("Limit")? {
            None => Ok(None),
            Some(limit @ 1..) if limit <= u64::from(max) => Ok(usize::try_from(limit).ok()),
            Some(limit) => Err(Refusal::parameter(format!("Limit is {limit}, not 1 to {max}"))),
        }
    }

    pub(super) fn texts(&self, name: &str) -> Result<Option<Vec<&'a str>>, Refusal> {
        let wrong = || Refusal::parameter(format!("{name} is not an array of strings"));
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let items = value.as_array().ok_or_else(wrong)?;
        items.iter().map(|item| item.as_str().ok_or_else(wrong)).collect::<Result<_, _>>().map(Some)
    }

    /// One to `max` accounts.
    pub(super) fn accounts(&self, name: &str, max: usize) -> Result<Vec<&'a str>, Refusal> {
        let items = match self.0.get(name) {
            Some(Value::Array(items)) if !items.is_empty() => items,
            _ => return Err(Refusal::parameter(format!("{name} is missing, empty or not an array"))),
        };
        if items.len() > max {
            return Err(Refusal::new(10005, format!("{} accounts in {name}, at most {max}", items.len())));
        }
        let wrong = || Refusal::new(60015, format!("an account in {name} is not a string"));
        items.iter().map(|item| item.as_str().ok_or_else(wrong)).collect()
    }

    /// An object among the fields; an empty one when absent.
    pub(super) fn inner(&self, name: &str) -> Result<Option<Args<'a>>, Refusal> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Object(inner)) => Ok(Some(Args(inner))),
            Some(_) => Err(Refusal::parameter(format!("{name} is not an object"))),
        }
    }

    pub(super) fn roles(&self) -> Result<Option<Vec<Role>>, Refusal> {
        let Some(names) = self.texts("MemberRoleFilter")? else {
            return Ok(None);
        };
        let role = |name: &&str| {
            Role::from_wire(name).ok_or_else(|| Refusal::parameter(format!("{name:?} is no role to filter by")))
        };
        let roles = names.iter().map(role).collect::<Result<Vec<_>, _>>()?;
        // An empty filter leaves nothing out.
        Ok((!roles.is_empty()).then_some(roles))
    }

    /// The fields a list of names asks for.
    pub(super) fn fields(&self, name: &str) -> Result<Option<Fields>, Refusal> {
        let Some(names) = self.texts(name)?.filter(|names| !names.is_empty()) else {
            return Ok(None);
        };
        let mut fields = Fields::none();
        for field in names {
            if !fields.add(field) {
                return Err(Refusal::parameter(format!("{field:?} in {name} is no field of a member")));
            }
        }
        Ok(Some(fields))
    }

    /// The fields of rows in the two calls that list members. Without a filter of their own, custom fields come with
    /// all others; once `MemberInfoFilter` names fields, only one of the two calls (`named_too`) still sends them.
    pub(super) fn row_fields(&self, group: &Group, faults: &[Fault], named_too: bool) -> Result<Fields, Refusal> {
        let named = self.fields("MemberInfoFilter")?;
        let keys = self.texts("AppDefinedDataFilter_GroupMember")?;
        let custom = match keys {
            _ if !group.custom_fields => Custom::None,
            Some(keys) => Custom::Only(keys.into_iter().map(str::to_owned).collect()),
            None if named.is_none() || named_too => Custom::All,
            None => Custom::None,
        };
        let mut fields = named.unwrap_or_else(|| Fields::standard(Custom::None));
        fields.custom = custom;
        fields.role_with_space = faults.contains(&Fault::RoleWithSpace);
        fields.string_numbers = faults.contains(&Fault::StringNumbers);
        Ok(fields)
    }
}
