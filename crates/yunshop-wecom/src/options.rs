//! How a group is listed.

use serde::{Deserialize, Serialize};

/// How to list a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RosterOptions {
    /// Whether the staff in the group are listed behind its external members: another call of the API, and another right.
    pub employees: bool,
    /// How often a list is read at most, where reading it once proves nothing. 1 to 5.
    pub passes: u32,
}

impl Default for RosterOptions {
    /// External members alone, read three times at most.
    fn default() -> Self {
        Self { employees: false, passes: 3 }
    }
}

impl RosterOptions {
    /// With the staff in the group.
    #[must_use]
    pub fn with_employees(mut self) -> Self {
        self.employees = true;
        self
    }

    /// With so many readings at most.
    #[must_use]
    pub fn passes(mut self, passes: u32) -> Self {
        self.passes = passes.clamp(1, 5);
        self
    }
}
