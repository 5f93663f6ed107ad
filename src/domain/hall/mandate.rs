//! What the hall's own rules conclude for a case: a window may receive or issue for a department, a person may
//! decide for one. Made by the decisions of this folder, taken by those about cases.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::role::Role;
use crate::domain::digest::Digest;
use crate::domain::id::{AuthorisationId, DepartmentCode, SiteCode, StaffId, TaskCode, WindowCode};

/// What a mandate lets a window do. They are granted apart, and end apart (Art 11(1)).
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Power {
    /// 收件.
    Receive,
    /// 发证.
    Issue,
}

impl fmt::Display for Power {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Role::from(*self).fmt(f)
    }
}

impl From<Power> for Role {
    fn from(power: Power) -> Role {
        match power {
            Power::Receive => Role::Receive,
            Power::Issue => Role::Issue,
        }
    }
}

/// A window's proven right to act on an item, at the instant it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mandate {
    /// Where.
    pub site: SiteCode,
    /// At which window.
    pub window: WindowCode,
    /// To do what.
    pub power: Power,
    /// For which department.
    pub department: DepartmentCode,
    /// Under which authorisation (委托书).
    pub authorisation: AuthorisationId,
    /// On which item.
    pub task: TaskCode,
    /// The version that is live, which a new case pins.
    pub version: u32,
    /// Digest of that version's blob.
    pub content: Digest,
}

impl Mandate {
    /// The role in which the window acts: a merged window has several, and acts in one at a time (Art 6).
    pub fn role(&self) -> Role {
        self.power.into()
    }
}

/// A window's place and the role in which it acts, where no department's mandate is needed: consultation (Art 6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Post {
    /// Where.
    pub site: SiteCode,
    /// At which window.
    pub window: WindowCode,
    /// In which role.
    pub role: Role,
}

/// A person's proven right to decide for a department, at the instant it was asked for (Art 11(2)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delegation {
    /// Who.
    pub staff: StaffId,
    /// For which department.
    pub department: DepartmentCode,
    /// Whether the person is its chief representative: then expert review, site inspection and collective
    /// discussion are not the person's to decide.
    pub chief: bool,
}
