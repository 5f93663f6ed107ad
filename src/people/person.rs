//! Who works here, for lists and for the names beside the codes.

use super::People;
use super::error::PeopleError;
use crate::domain::access::Grant;
use crate::domain::staff::{FactorKind, StaffRefusal, StaffState};
use crate::domain::{FactorId, SigningKeyId, SiteCode, StaffId, Timestamp, TokenId};

/// A person as an administrator sees them. Holds the name, so it is shown and not logged.
#[derive(Clone, serde::Serialize)]
pub struct Person {
    /// The id.
    pub staff: StaffId,
    /// The name.
    pub name: String,
    /// The roles held.
    pub grants: Vec<Grant>,
    /// Whether the account is locked.
    pub locked: bool,
    /// Who took over, once the person left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<StaffId>,
    /// Whether there is a password.
    pub password: bool,
    /// Whether a recovery code waits.
    pub recovering: bool,
    /// Whether single sign-on is linked.
    pub single_sign_on: bool,
    /// The second factors.
    pub factors: Vec<(FactorId, FactorKind)>,
    /// The signing key in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_key: Option<SigningKeyId>,
    /// The stations' tokens this person answers for: name, site, expiry.
    pub tokens: Vec<(TokenId, SiteCode, Timestamp)>,
    /// The version of the account, for whoever changes it.
    #[serde(skip)]
    pub version: u32,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Person({})", self.staff)
    }
}

impl People {
    /// Everyone who was ever enrolled, in that order.
    pub async fn list(&self) -> Result<Vec<Person>, PeopleError> {
        let roll = self.inner.directory.roll().await?;
        let mut people = Vec::with_capacity(roll.members().len());
        for staff in roll.members() {
            people.push(self.person(staff).await?);
        }
        Ok(people)
    }

    /// One person.
    pub async fn person(&self, staff: &StaffId) -> Result<Person, PeopleError> {
        let state = self.state(staff).await?.ok_or(StaffRefusal::Unknown)?;
        let name = self.name_in(staff, &state).await?;
        let factors = state.factors.iter();
        let tokens = state.tokens.iter();
        Ok(Person {
            staff: staff.clone(),
            name,
            grants: state.grants.clone(),
            locked: state.locked,
            successor: state.successor.clone(),
            password: state.credential.is_some(),
            recovering: state.recovery.is_some(),
            single_sign_on: state.single_sign_on.is_some(),
            factors: factors.map(|one| (one.id.clone(), one.kind)).collect(),
            signing_key: state.signing_key().map(|key| key.id.clone()),
            tokens: tokens
                .map(|one| (one.id.clone(), one.site.clone(), one.expires))
                .collect(),
            version: state.version,
        })
    }

    /// A person's name.
    pub async fn name(&self, staff: &StaffId) -> Result<String, PeopleError> {
        let state = self.state(staff).await?.ok_or(StaffRefusal::Unknown)?;
        self.name_in(staff, &state).await
    }

    async fn name_in(&self, staff: &StaffId, state: &StaffState) -> Result<String, PeopleError> {
        #[derive(serde::Deserialize)]
        struct Profile {
            name: String,
        }
        let record = self.get(staff, &state.profile).await?;
        let profile: Profile = serde_json::from_slice(&record).map_err(|_| PeopleError::Damaged)?;
        Ok(profile.name)
    }
}
