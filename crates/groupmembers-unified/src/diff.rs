//! Who joined, who left, and what changed between two rosters.

use std::borrow::Cow;
use std::fmt;
use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};
use serde::ser::{SerializeMap as _, SerializeStruct as _};
use serde::{Serialize, Serializer};

use crate::member::Member;
use crate::words::{MutedUntil, Vendor};

/// NIM says for how many seconds more somebody is muted. The end is reckoned from the moment of the answer, so of one and
/// the same mute it moves a little from listing to listing.
const NIM_DRIFT_MS: u64 = 30_000;

/// Compares two rosters, of one group or of several. Members are the same where vendor, group and id are; [`Member::row`] is
/// not looked at.
///
/// It is exact, whatever the order of the rosters, and needs some 10 MiB for a million members beside them. Compare whole
/// rosters: who is missing from an incomplete one seems to have left.
///
/// # Errors
/// Somebody stands in one of the rosters twice, so that it is no roster.
pub fn diff<'a>(old: &'a [Member], new: &'a [Member]) -> Result<Diff<'a>, Duplicate> {
    let mut before = Index::of(old);
    let mut here = Index::of(new);
    let mut stayed = vec![false; old.len()];
    let mut diff = Diff { joined: Vec::new(), left: Vec::new(), changed: Vec::new() };
    for at in 0..old.len() {
        before.insert(at, Side::Old)?;
    }
    for (at, member) in new.iter().enumerate() {
        here.insert(at, Side::New)?;
        match before.find(member) {
            None => diff.joined.push(member),
            Some(at) => {
                stayed[at] = true;
                diff.changed.extend(Changed::between(&old[at], member));
            }
        }
    }
    diff.left = old.iter().zip(stayed).filter(|(_, stayed)| !stayed).map(|(member, _)| member).collect();
    Ok(diff)
}

/// The places of members, found by vendor, group and id.
struct Index<'a> {
    members: &'a [Member],
    places: HashTable<u32>,
    keys: DefaultHashBuilder,
}

impl<'a> Index<'a> {
    fn of(members: &'a [Member]) -> Self {
        Self { members, places: HashTable::with_capacity(members.len()), keys: DefaultHashBuilder::default() }
    }

    fn insert(&mut self, at: usize, side: Side) -> Result<(), Duplicate> {
        let Self { members, places, keys } = self;
        let key = key(&members[at]);
        let same = |&other: &u32| self::key(&members[other as usize]) == key;
        let hash = keys.hash_one(key);
        let again = places.find(hash, same).map(|&first| first as usize);
        match (again, u32::try_from(at)) {
            (None, Ok(place)) => {
                places.insert_unique(hash, place, |&other| keys.hash_one(self::key(&members[other as usize])));
                Ok(())
            }
            // Four thousand million members are no roster either.
            (again, _) => Err(Duplicate { side, first: again.unwrap_or(at), again: at, id: members[at].id.clone() }),
        }
    }

    fn find(&self, member: &Member) -> Option<usize> {
        let key = key(member);
        let same = |&other: &u32| self::key(&self.members[other as usize]) == key;
        self.places.find(self.keys.hash_one(key), same).map(|&at| at as usize)
    }
}

fn key(member: &Member) -> (&Vendor, &str, &str) {
    (&member.vendor, &member.group, &member.id)
}

/// What is not the same in two rosters.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Diff<'a> {
    /// In the new one alone, in its order.
    pub joined: Vec<&'a Member>,
    /// In the old one alone, in its order.
    pub left: Vec<&'a Member>,
    /// In both, and not the same; in the order of the new one.
    pub changed: Vec<Changed<'a>>,
}

impl<'a> Diff<'a> {
    /// Whether both are the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.joined.is_empty() && self.left.is_empty() && self.changed.is_empty()
    }

    /// All differences: who joined, who left, what changed.
    pub fn iter(&self) -> impl Iterator<Item = Difference<'a>> {
        let joined = self.joined.iter().copied().map(Difference::Joined);
        let left = self.left.iter().copied().map(Difference::Left);
        joined.chain(left).chain(self.changed.iter().copied().map(Difference::Changed))
    }
}

/// One difference between two rosters. Its serde form is one object: `change` is `joined`, `left` or `changed`; behind it stand
/// the fields of the member, or for `changed` `vendor`, `group`, `id`, `name` as it is now, and `fields`, an object with `from` and
/// `to` under the name of each field that changed.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Difference<'a> {
    /// Is there now.
    Joined(&'a Member),
    /// Is not there any more.
    Left(&'a Member),
    /// Is not the same.
    Changed(Changed<'a>),
}

impl Difference<'_> {
    /// `joined`, `left` or `changed`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Joined(_) => "joined",
            Self::Left(_) => "left",
            Self::Changed(_) => "changed",
        }
    }

    /// The member: as it was where they left, else as it is now.
    #[must_use]
    pub fn member(&self) -> &Member {
        match self {
            Self::Joined(member) | Self::Left(member) => member,
            Self::Changed(changed) => changed.new,
        }
    }
}

impl Serialize for Difference<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self::Changed(changed) = self else {
            #[derive(Serialize)]
            struct Written<'a> {
                change: &'static str,
                #[serde(flatten)]
                member: &'a Member,
            }
            return Written { change: self.as_str(), member: self.member() }.serialize(serializer);
        };
        let member = changed.new;
        let mut object = serializer.serialize_struct("Difference", 6)?;
        object.serialize_field("change", self.as_str())?;
        object.serialize_field("vendor", &member.vendor)?;
        object.serialize_field("group", &member.group)?;
        object.serialize_field("id", &member.id)?;
        object.serialize_field("name", &member.name)?;
        object.serialize_field("fields", changed)?;
        object.end()
    }
}

/// A member who is in both rosters, and not the same.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Changed<'a> {
    /// As it was.
    pub old: &'a Member,
    /// As it is.
    pub new: &'a Member,
}

impl<'a> Changed<'a> {
    /// What changed between two states of one member, `None` if nothing did.
    #[must_use]
    pub fn between(old: &'a Member, new: &'a Member) -> Option<Self> {
        Field::ALL.iter().any(|field| field.differs(old, new)).then_some(Self { old, new })
    }

    /// The fields that are not the same.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        let Self { old, new } = *self;
        Field::ALL.into_iter().filter(move |field| field.differs(old, new))
    }
}

impl Serialize for Changed<'_> {
    /// `{"role":{"from":"member","to":"admin"}}`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Step<'a> {
            from: Value<'a>,
            to: Value<'a>,
        }
        let mut object = serializer.serialize_map(None)?;
        for field in self.fields() {
            let of = |member| Value { field, member };
            object.serialize_entry(field.as_str(), &Step { from: of(self.old), to: of(self.new) })?;
        }
        object.end()
    }
}

/// What can change of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Field {
    /// [`Member::name`].
    Name,
    /// [`Member::role`].
    Role,
    /// [`Member::joined_at`]: they left and came back.
    JoinedAt,
    /// [`Member::avatar_url`].
    AvatarUrl,
    /// [`Member::muted_until`].
    MutedUntil,
    /// [`Member::online`].
    Online,
}

impl Field {
    /// All of them, in the order of the columns.
    pub const ALL: [Self; 6] =
        [Self::Name, Self::Role, Self::JoinedAt, Self::AvatarUrl, Self::MutedUntil, Self::Online];

    /// The name of the column.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Role => "role",
            Self::JoinedAt => "joined_at",
            Self::AvatarUrl => "avatar_url",
            Self::MutedUntil => "muted_until",
            Self::Online => "online",
        }
    }

    /// The value in words, as it stands in the columns; `None` where nobody knows.
    #[must_use]
    pub fn of(self, member: &Member) -> Option<Cow<'_, str>> {
        match self {
            Self::Name => member.name.as_deref().map(Cow::Borrowed),
            Self::Role => member.role.as_ref().map(|role| role.as_str().into()),
            Self::JoinedAt => member.joined_at.map(|time| time.to_string().into()),
            Self::AvatarUrl => member.avatar_url.as_deref().map(Cow::Borrowed),
            Self::MutedUntil => member.muted_until.map(|end| end.to_string().into()),
            Self::Online => member.online.map(|online| if online { "true" } else { "false" }.into()),
        }
    }

    /// Whether it is not the same in both. Instants are compared, not how they are written; two ends of a mute that NIM told in
    /// seconds are the same within half a minute.
    #[must_use]
    pub fn differs(self, old: &Member, new: &Member) -> bool {
        match self {
            Self::Name => old.name != new.name,
            Self::Role => old.role != new.role,
            Self::JoinedAt => old.joined_at != new.joined_at,
            Self::AvatarUrl => old.avatar_url != new.avatar_url,
            Self::MutedUntil => match (old.muted_until, new.muted_until) {
                (Some(MutedUntil::At(old)), Some(MutedUntil::At(end))) if new.vendor == Vendor::Nim => {
                    old.as_millis().abs_diff(end.as_millis()) > NIM_DRIFT_MS
                }
                (old, new) => old != new,
            },
            Self::Online => old.online != new.online,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One value of a member, in the member's own serde form.
struct Value<'a> {
    field: Field,
    member: &'a Member,
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.field {
            Field::Online => self.member.online.serialize(serializer),
            field => field.of(self.member).serialize(serializer),
        }
    }
}

/// Which of two rosters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The first.
    Old,
    /// The second.
    New,
}

/// Somebody stands in a roster twice.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Duplicate {
    /// In which one.
    pub side: Side,
    /// The member's id.
    pub id: String,
    /// The index it stands at first.
    pub first: usize,
    /// The index it stands at again.
    pub again: usize,
}

impl fmt::Display for Duplicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            Side::Old => "old",
            Side::New => "new",
        };
        let Self { id, first, again, .. } = self;
        write!(f, "{id} stands in the {side} roster twice, at {first} and {again}: it is no roster")
    }
}

impl std::error::Error for Duplicate {}
