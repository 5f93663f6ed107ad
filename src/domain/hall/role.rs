//! What a window does.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a window does. A merged window has several roles; whoever acts says in which (Art 6).
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
pub enum Role {
    /// 咨询.
    Consult,
    /// 收件.
    Receive,
    /// 发证.
    Issue,
}

impl Role {
    /// Every one, for tables and tests.
    pub const ALL: &[Role] = &[Role::Consult, Role::Receive, Role::Issue];
}

/// In Chinese; in the alternate form (`{:#}`) in English.
impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self, f.alternate()) {
            (Role::Consult, false) => "咨询",
            (Role::Consult, true) => "consult",
            (Role::Receive, false) => "收件",
            (Role::Receive, true) => "receive",
            (Role::Issue, false) => "发证",
            (Role::Issue, true) => "issue",
        })
    }
}
