//! Authorisations (部门授权委托书): what a department lets the windows do in its name, where, on what and how long.
//! Receiving and issuing are granted apart and end apart. Regulation Art 11(1).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::department::{DepartmentEvent, DepartmentState};
use super::mandate::Power;
use super::plan::not_past;
use super::refusal::{HallRefusal, SetupRefusal};
use crate::domain::date::Date;
use crate::domain::digest::Digest;
use crate::domain::event::{Event, Fact};
use crate::domain::id::{AuthorisationId, DepartmentCode, SiteCode, Subject, TaskCode};
use crate::domain::time::Timestamp;

/// Which items a mandate or a delegation covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ItemScope {
    /// Every item of the department.
    All,
    /// Only these.
    Listed {
        /// At least one.
        items: Vec<TaskCode>,
    },
}

impl ItemScope {
    /// Whether it covers `task`.
    pub fn covers(&self, task: &TaskCode) -> bool {
        match self {
            ItemScope::All => true,
            ItemScope::Listed { items } => items.contains(task),
        }
    }
}

/// The days on which a power holds, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The first.
    pub from: Date,
    /// The last.
    pub until: Date,
}

/// What an authorisation grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Who grants it.
    pub department: DepartmentCode,
    /// At which sites, at least one.
    pub sites: Vec<SiteCode>,
    /// On which items.
    pub items: ItemScope,
    /// 收件, while this term runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receive: Option<Term>,
    /// 发证, while this term runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<Term>,
    /// Digest of the signed document.
    pub document: Digest,
}

/// What can happen to a mandate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum AuthorisationEvent {
    /// It was signed.
    Granted {
        /// What it grants.
        grant: Grant,
    },
    /// Powers were taken back from a day on.
    Revoked {
        /// Which.
        powers: Vec<Power>,
        /// That day.
        from: Date,
        /// Digest of the document that says so.
        document: Digest,
    },
}

/// An authorisation as its history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorisationState {
    /// Its id.
    pub id: AuthorisationId,
    /// What it grants.
    pub grant: Grant,
    /// The powers taken back, from which day, and by which document.
    pub revoked: BTreeMap<Power, (Date, Digest)>,
}

/// Folds the history of authorisation `id`, oldest first; none when it was never granted.
pub fn fold<'a>(
    id: &AuthorisationId,
    history: impl IntoIterator<Item = &'a Event>,
) -> Option<AuthorisationState> {
    let mut state: Option<AuthorisationState> = None;
    for event in history {
        let Event::Authorisation { event } = event else {
            continue;
        };
        match (&mut state, event) {
            (None, AuthorisationEvent::Granted { grant }) => {
                state = Some(AuthorisationState {
                    id: id.clone(),
                    grant: grant.clone(),
                    revoked: BTreeMap::new(),
                });
            }
            (
                Some(known),
                AuthorisationEvent::Revoked {
                    powers,
                    from,
                    document,
                },
            ) => {
                let ends = powers.iter().map(|power| (*power, (*from, *document)));
                known.revoked.extend(ends);
            }
            _ => {}
        }
    }
    state
}

impl AuthorisationState {
    /// The days on which it grants `power`, not counting a revocation.
    pub fn term(&self, power: Power) -> Option<Term> {
        match power {
            Power::Receive => self.grant.receive,
            Power::Issue => self.grant.issue,
        }
    }

    /// Whether it speaks of `power` on `task` at `site`, on whatever days.
    pub fn covers(&self, site: &SiteCode, task: &TaskCode, power: Power) -> bool {
        self.grant.sites.contains(site)
            && self.grant.items.covers(task)
            && self.term(power).is_some()
    }

    /// Whether it grants `power` on `day`, or why it does not. Each power ends by itself.
    pub fn check(&self, power: Power, day: Date) -> Result<(), Option<HallRefusal>> {
        let term = self.term(power).ok_or(None)?;
        let authorisation = self.id.clone();
        if let Some((since, _)) = self.revoked.get(&power).filter(|(from, _)| day >= *from) {
            return Err(Some(HallRefusal::AuthorisationRevoked {
                authorisation,
                power,
                since: *since,
            }));
        }
        if day < term.from {
            return Err(Some(HallRefusal::NotYetAuthorised {
                authorisation,
                power,
                from: term.from,
            }));
        }
        if day > term.until {
            return Err(Some(HallRefusal::AuthorisationExpired {
                authorisation,
                power,
                until: term.until,
            }));
        }
        Ok(())
    }
}

fn fact(id: &AuthorisationId, event: AuthorisationEvent) -> Fact {
    let subject = Subject::Authorisation(id.clone());
    Fact::new(subject, Event::Authorisation { event })
}

/// Decides whether a department may authorise the windows. What is granted is never rewritten: the same grant again
/// gives no fact, another one under the same id is refused.
pub fn grant(
    state: Option<&AuthorisationState>,
    id: &AuthorisationId,
    department: &DepartmentState,
    grant: Grant,
) -> Result<Vec<Fact>, SetupRefusal> {
    if let Some(known) = state {
        if known.grant == grant {
            return Ok(Vec::new());
        }
        let code = id.to_string();
        return Err(SetupRefusal::Differs { code });
    }
    let authorisation = || id.clone();
    let terms: Vec<Term> = [grant.receive, grant.issue].into_iter().flatten().collect();
    if terms.is_empty() {
        let authorisation = authorisation();
        return Err(SetupRefusal::NoPowers { authorisation });
    }
    if let Some(Term { from, until }) = terms.into_iter().find(|term| term.until < term.from) {
        return Err(SetupRefusal::DatesReversed { from, until });
    }
    let no_items = matches!(&grant.items, ItemScope::Listed { items } if items.is_empty());
    if grant.sites.is_empty() || no_items {
        let authorisation = authorisation();
        return Err(SetupRefusal::NoScope { authorisation });
    }
    let authorised = DepartmentEvent::Authorised {
        authorisation: authorisation(),
    };
    Ok(vec![
        fact(id, AuthorisationEvent::Granted { grant }),
        super::department::fact(&department.code, authorised),
    ])
}

/// Decides whether powers may be taken back from a day on. It is never dated back; from today on is at once.
pub fn revoke(
    state: &AuthorisationState,
    powers: &[Power],
    from: Date,
    document: Digest,
    now: Timestamp,
) -> Result<Vec<Fact>, SetupRefusal> {
    not_past(from, now)?;
    let gone = |power: &Power| state.term(*power).is_none() || state.revoked.contains_key(power);
    if powers.is_empty() {
        let authorisation = state.id.clone();
        return Err(SetupRefusal::NoPowers { authorisation });
    }
    if let Some(power) = powers.iter().find(|power| gone(power)) {
        return Err(SetupRefusal::NotGranted {
            authorisation: state.id.clone(),
            power: *power,
        });
    }
    let event = AuthorisationEvent::Revoked {
        powers: powers.to_vec(),
        from,
        document,
    };
    Ok(vec![fact(&state.id, event)])
}
