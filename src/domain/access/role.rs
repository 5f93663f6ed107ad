//! Roles, the places they hold for, and which of them one person may not combine.

use serde::{Deserialize, Serialize};

use crate::domain::id::{DepartmentCode, SiteCode};

macro_rules! roles {
    ($($(#[$doc:meta])* $variant:ident, $code:literal, $zh:literal, $en:literal;)*) => {
        /// What a person, or a station, is here for.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
        )]
        #[serde(rename_all = "snake_case")]
        #[schema(as = StaffRole)]
        pub enum Role {
            $($(#[$doc])* $variant,)*
        }

        impl Role {
            /// Every role, for tables and tests.
            pub const ALL: &[Role] = &[$(Role::$variant,)*];

            /// Stable code in snake_case, as in the facts.
            pub const fn code(self) -> &'static str {
                match self { $(Role::$variant => $code,)* }
            }

            /// Its name in Chinese.
            pub const fn zh(self) -> &'static str {
                match self { $(Role::$variant => $zh,)* }
            }

            /// Its name in English.
            pub const fn en(self) -> &'static str {
                match self { $(Role::$variant => $en,)* }
            }
        }
    };
}

roles! {
    /// Works at the windows of a site.
    Clerk, "clerk", "窗口人员", "clerk";
    /// Reviews for a department.
    DepartmentOfficer, "department_officer", "部门审核人员", "department officer";
    /// Decides for a department (Art 11(2)).
    ChiefRepresentative, "chief_representative", "首席代表", "chief representative";
    /// Keeps the paper of a site.
    Archivist, "archivist", "档案人员", "archivist";
    /// Answers for a site, or for the hall.
    Supervisor, "supervisor", "大厅主管", "supervisor";
    /// Looks at business and changes nothing.
    Auditor, "auditor", "监督人员", "auditor";
    /// Sets the hall up and enrols people (系统管理员).
    SystemAdministrator, "system_administrator", "系统管理员", "system administrator";
    /// Gives roles, tokens and second chances (安全管理员).
    SecurityAdministrator, "security_administrator", "安全管理员", "security administrator";
    /// Reads what everyone did, the other administrators above all (审计管理员).
    AuditAdministrator, "audit_administrator", "审计管理员", "audit administrator";
    /// A scanning station with an API token. Never a person's.
    Station, "station", "扫描站点", "station";
}

impl Role {
    /// The three administrators (三员).
    pub const ADMINISTRATORS: [Role; 3] = [
        Role::SystemAdministrator,
        Role::SecurityAdministrator,
        Role::AuditAdministrator,
    ];

    /// Whether it is one of the three.
    pub fn is_administrator(self) -> bool {
        Role::ADMINISTRATORS.contains(&self)
    }

    /// Whether a person with this role signs in with a second factor whatever the hall's settings say.
    pub fn needs_second_factor(self) -> bool {
        self.is_administrator() || self == Role::ChiefRepresentative
    }

    /// Whether the role can hold for a place of this kind.
    pub fn fits(self, scope: &Scope) -> bool {
        match self {
            Role::Clerk | Role::Archivist | Role::Station => matches!(scope, Scope::Site { .. }),
            Role::DepartmentOfficer | Role::ChiefRepresentative => {
                matches!(scope, Scope::Department { .. })
            }
            Role::Supervisor | Role::Auditor => {
                matches!(scope, Scope::Site { .. } | Scope::Hall)
            }
            Role::SystemAdministrator | Role::SecurityAdministrator | Role::AuditAdministrator => {
                matches!(scope, Scope::Hall)
            }
        }
    }

    /// Whether it is a person's only one: administrators and auditors.
    pub fn stands_alone(self) -> bool {
        self.is_administrator() || self == Role::Auditor
    }
}

/// Two roles that one person may not hold together, if they may not.
pub fn conflict(one: Role, other: Role) -> bool {
    one != other && (one.stands_alone() || other.stands_alone())
}

/// Where a role holds.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Scope {
    /// At one site.
    Site {
        /// Which.
        site: SiteCode,
    },
    /// For one department.
    Department {
        /// Which.
        department: DepartmentCode,
    },
    /// Everywhere.
    Hall,
}

impl Scope {
    /// Whether `target` lies within.
    pub fn covers(&self, target: &Target<'_>) -> bool {
        match self {
            Scope::Hall => true,
            Scope::Site { site } => target.site == Some(site),
            Scope::Department { department } => target.departments.contains(department),
        }
    }
}

/// A role and where it holds.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// What for.
    pub role: Role,
    /// Where.
    pub scope: Scope,
}

/// Whose the thing is that an action is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Target<'a> {
    /// The site it belongs to, if to one.
    pub site: Option<&'a SiteCode>,
    /// The departments that have to do with it: of a case the lead, and those whose step has come (Art 8(6)).
    pub departments: &'a [DepartmentCode],
}

impl<'a> Target<'a> {
    /// Something of the hall as a whole.
    pub const HALL: Target<'static> = Target {
        site: None,
        departments: &[],
    };

    /// Something of a site.
    pub fn site(site: &'a SiteCode) -> Self {
        Self {
            site: Some(site),
            departments: &[],
        }
    }

    /// Something of departments alone, such as a service item.
    pub fn departments(departments: &'a [DepartmentCode]) -> Self {
        Self {
            site: None,
            departments,
        }
    }

    /// A case: of the site that took it and the departments that handle it.
    pub fn case(site: &'a SiteCode, departments: &'a [DepartmentCode]) -> Self {
        Self {
            site: Some(site),
            departments,
        }
    }
}
