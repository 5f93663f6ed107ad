//! Who may do what: roles, the places they hold for, and one literal table of role, action and place. A verdict is a
//! pure function of these; no other module decides who may do anything. No I/O ever lives here.
//!
//! **Separate duties.** A person may hold several roles that act on cases, each for its own place. Whoever
//! administers or audits holds that one role and no other: the three administrators (三员: system, security, audit)
//! never fall together (standards §2.5, §2.8), an administrator has no business at a case, and nobody audits what they
//! did themselves. [`conflict`] is the rule.

mod action;
mod role;
mod table;

pub use action::Action;
pub use role::{Grant, Role, Scope, Target, conflict};
pub use table::{Cell, cell};

/// What the table says about one request.
///
/// The order is that of generosity: of the verdicts of several roles the largest holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The caller is not to learn whether the thing exists: "not found".
    Hidden,
    /// The caller may know of the thing, but may not do this.
    Denied,
    /// The caller may.
    Allowed,
}

/// Judges whether whoever holds `grants` may do `action` at `target`. No grants: nothing is visible.
pub fn allows<'g>(
    grants: impl IntoIterator<Item = &'g Grant>,
    action: Action,
    target: &Target<'_>,
) -> Verdict {
    let verdicts = grants.into_iter().map(|grant| {
        let cell = cell(grant.role, action);
        if grant.scope.covers(target) {
            cell.own
        } else {
            cell.other
        }
    });
    verdicts.max().unwrap_or(Verdict::Hidden)
}
