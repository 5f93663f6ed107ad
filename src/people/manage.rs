//! Enrolling people, roles, locks and second chances. Whoever calls these has asked [`super::Caller::require`] first;
//! what nobody may do at all is refused by the decisions themselves.

use super::error::PeopleError;
use super::password::check;
use super::sign_in::normal_code;
use super::{Order, People, SecretText, read};
use crate::domain::access::{Grant, Role};
use crate::domain::staff::{
    self, Enrolment, LockReason, Roll, StaffRefusal, StaffState, change_profile,
    link_single_sign_on, unlink_single_sign_on,
};
use crate::domain::{Commitment, Digest, StaffId, Subject, Timestamp};
use crate::ledger::{Decline, Reads, Receipt};
use crate::store::keys::fill_random;

/// The longest name, in characters.
const NAME_CHARS_MAX: usize = 100;

/// Letters of a recovery code: no 0, 1, 8, 9 beside O, I, B, G (RFC 4648 base32).
const CODE_LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// An account to open.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// The id that signs in: lower-case letters, digits and `. _ -`.
    pub staff: StaffId,
    /// The name, for the vault.
    pub name: SecretText,
    /// The first password; none for whoever begins with single sign-on or a recovery code.
    pub password: Option<SecretText>,
    /// Someone else chose the password, so that the first sign-in must set another.
    pub temporary: bool,
    /// The roles it begins with.
    pub grants: Vec<Grant>,
}

impl People {
    /// Opens the first three accounts: the system, the security and the audit administrator, in this order. Once, in a
    /// hall without people.
    pub async fn initialise(
        &self,
        order: &Order,
        three: &[NewPerson; 3],
    ) -> Result<Receipt, PeopleError> {
        // Nothing is stored for a hall that has people already.
        if !self.inner.directory.roll().await?.is_empty() {
            return Err(StaffRefusal::AlreadyInitialised.into());
        }
        let mut enrolments = Vec::with_capacity(3);
        for person in three {
            enrolments.push(self.prepare(person).await?);
        }
        let three: [Enrolment; 3] = enrolments.try_into().map_err(|_| PeopleError::Damaged)?;
        let recorded = self.commit(order, &three[0].staff, Vec::new(), |reads, _| {
            Ok(staff::initialise(&read_roll(reads)?, &three)?)
        });
        recorded.await
    }

    /// Opens an account.
    pub async fn enrol(&self, order: &Order, person: &NewPerson) -> Result<Receipt, PeopleError> {
        let enrolment = self.prepare(person).await?;
        let mut stored = vec![enrolment.profile];
        stored.extend(enrolment.credential);
        let recorded = self.commit(order, &enrolment.staff, stored, |reads, _| {
            let roll = read_roll(reads)?;
            let state = read(reads, &enrolment.staff)?;
            Ok(staff::enrol(&roll, state.as_ref(), &enrolment)?)
        });
        recorded.await
    }

    async fn prepare(&self, person: &NewPerson) -> Result<Enrolment, PeopleError> {
        staff::actor_of(&person.staff)?;
        let profile = profile_record(&person.name)?;
        let mut credential = None;
        if let Some(password) = &person.password {
            check(password, person.staff.as_str())?;
            let hashed = self.inner.hasher.hash(password).await?;
            credential = Some(self.put(&person.staff, hashed.as_bytes()).await?);
        }
        Ok(Enrolment {
            staff: person.staff.clone(),
            profile: self.put(&person.staff, &profile).await?,
            credential,
            temporary: person.temporary,
            grants: person.grants.clone(),
        })
    }

    /// Corrects a name. The record with the old one is erased.
    pub async fn rename(
        &self,
        order: &Order,
        staff: &StaffId,
        name: &SecretText,
    ) -> Result<Receipt, PeopleError> {
        let before = self.state(staff).await?.ok_or(StaffRefusal::Unknown)?;
        let profile = self.put(staff, &profile_record(name)?).await?;
        let recorded = self.commit(order, staff, vec![profile], |reads, _| {
            Ok(change_profile(
                staff,
                read(reads, staff)?.as_ref(),
                profile,
            )?)
        });
        let receipt = recorded.await?;
        if !receipt.repeated {
            self.erase(staff, &[before.profile]).await;
        }
        Ok(receipt)
    }

    /// Gives a role.
    pub async fn assign(
        &self,
        order: &Order,
        staff: &StaffId,
        grant: &Grant,
    ) -> Result<Receipt, PeopleError> {
        let recorded = self.commit(order, staff, Vec::new(), |reads, _| {
            let state = read(reads, staff)?;
            Ok(staff::assign(
                staff,
                state.as_ref(),
                grant.clone(),
                &order.by,
            )?)
        });
        recorded.await
    }

    /// Takes a role away.
    pub async fn unassign(
        &self,
        order: &Order,
        staff: &StaffId,
        grant: &Grant,
    ) -> Result<Receipt, PeopleError> {
        let recorded = self.commit(order, staff, Vec::new(), |reads, _| {
            let state = read(reads, staff)?;
            let others = colleagues(reads, staff, std::slice::from_ref(grant))?;
            let others: Vec<&StaffState> = others.iter().collect();
            let (state, grant) = (state.as_ref(), grant.clone());
            Ok(staff::remove(staff, state, grant, &others, &order.by)?)
        });
        recorded.await
    }

    /// Locks an account; its sessions end at once.
    pub async fn lock(
        &self,
        order: &Order,
        staff: &StaffId,
        reason: LockReason,
    ) -> Result<Receipt, PeopleError> {
        let recorded = self.commit(order, staff, Vec::new(), |reads, _| {
            let state = read(reads, staff)?;
            Ok(staff::lock(staff, state.as_ref(), reason, &order.by)?)
        });
        let receipt = recorded.await?;
        self.end_sessions(staff);
        Ok(receipt)
    }

    /// Unlocks an account.
    pub async fn unlock(&self, order: &Order, staff: &StaffId) -> Result<Receipt, PeopleError> {
        let recorded = self.commit(order, staff, Vec::new(), |reads, _| {
            let state = read(reads, staff)?;
            Ok(staff::unlock(staff, state.as_ref(), &order.by)?)
        });
        recorded.await
    }

    /// Gives out a one-time code, good until `expires`. From here on password and second factors are void and the
    /// sessions are over; whoever comes with the code sets a new password and, where one is needed, a new factor.
    pub async fn issue_recovery(
        &self,
        order: &Order,
        staff: &StaffId,
        expires: Timestamp,
    ) -> Result<SecretText, PeopleError> {
        let before = self.state(staff).await?.ok_or(StaffRefusal::Unknown)?;
        let code = draw_code()?;
        let digest = Digest::of(normal_code(code.expose()));
        let record = self.put(staff, digest.as_bytes()).await?;
        let recorded = self.commit(order, staff, vec![record], |reads, now| {
            let state = read(reads, staff)?;
            let (state, by) = (state.as_ref(), &order.by);
            Ok(staff::issue_recovery(
                staff, state, record, expires, by, now,
            )?)
        });
        if recorded.await?.repeated {
            return Err(PeopleError::ShownOnce);
        }
        let mut void: Vec<Commitment> = before.factors.iter().map(|factor| factor.secret).collect();
        void.extend(before.credential);
        void.extend(before.recovery.map(|recovery| recovery.code));
        self.erase(staff, &void).await;
        self.end_sessions(staff);
        Ok(code)
    }

    /// Links the account to what an identity provider calls the person; only then single sign-on lets them in.
    pub async fn link(
        &self,
        order: &Order,
        staff: &StaffId,
        issuer: &str,
        subject: &SecretText,
    ) -> Result<Receipt, PeopleError> {
        let record = super::sso::link_record(issuer, subject)?;
        let holder = self.linked(issuer, subject).await?;
        if holder.is_some_and(|holder| holder != *staff) {
            return Err(StaffRefusal::LinkTaken.into());
        }
        let link = self.put(staff, &record).await?;
        let recorded = self.commit(order, staff, vec![link], |reads, _| {
            Ok(link_single_sign_on(
                staff,
                read(reads, staff)?.as_ref(),
                link,
            )?)
        });
        recorded.await
    }

    /// Unlinks it.
    pub async fn unlink(&self, order: &Order, staff: &StaffId) -> Result<Receipt, PeopleError> {
        let before = self.state(staff).await?.ok_or(StaffRefusal::Unknown)?;
        let recorded = self.commit(order, staff, Vec::new(), |reads, _| {
            Ok(unlink_single_sign_on(staff, read(reads, staff)?.as_ref())?)
        });
        let receipt = recorded.await?;
        if !receipt.repeated {
            self.erase(staff, before.single_sign_on.as_slice()).await;
        }
        Ok(receipt)
    }

    /// Ends a person's sessions; what was begun in them can no longer be finished.
    pub(super) fn end_sessions(&self, staff: &StaffId) {
        let ended = self.sessions().revoke_all(staff, None);
        tracing::info!(staff = %staff, ended, "sessions ended");
    }
}

/// The roll as a decision reads it.
pub(super) fn read_roll(reads: &mut Reads<'_>) -> Result<Roll, Decline> {
    let history = reads.history(&Subject::Hall)?;
    Ok(Roll::of_hall(history.iter().map(|fact| &fact.entry.event)))
}

/// For each administrator's role among `leaving`, one colleague who is able and holds it too, if there is one. Reads no
/// further than it must, and nothing where no such role is concerned.
pub(super) fn colleagues(
    reads: &mut Reads<'_>,
    staff: &StaffId,
    leaving: &[Grant],
) -> Result<Vec<StaffState>, Decline> {
    let mut found = Vec::new();
    let roles = leaving.iter().map(|grant| grant.role);
    for role in roles.filter(|role| Role::is_administrator(*role)) {
        for member in read_roll(reads)?.members() {
            let state = if member == staff {
                None
            } else {
                read(reads, member)?
            };
            if let Some(state) = state.filter(|state| state.is_active() && state.holds(role)) {
                found.push(state);
                break;
            }
        }
    }
    Ok(found)
}

fn profile_record(name: &SecretText) -> Result<Vec<u8>, PeopleError> {
    let text = name.expose().trim();
    let sound = !text.is_empty() && text.chars().count() <= NAME_CHARS_MAX;
    if !sound || text.chars().any(char::is_control) {
        return Err(PeopleError::BadText { field: "name" });
    }
    serde_json::to_vec(&serde_json::json!({ "name": text })).map_err(|_| PeopleError::Damaged)
}

/// A code of 100 bits in five groups of four letters: `ABCD-EFGH-…`. 32 letters divide 256, so none is likelier.
fn draw_code() -> Result<SecretText, PeopleError> {
    let mut bytes = zeroize::Zeroizing::new([0u8; 20]);
    fill_random(bytes.as_mut_slice())?;
    let mut code = String::with_capacity(24);
    for (place, byte) in bytes.iter().enumerate() {
        if place > 0 && place % 4 == 0 {
            code.push('-');
        }
        let letter = CODE_LETTERS.get(usize::from(byte % 32)).copied();
        code.push(char::from(letter.unwrap_or(b'A')));
    }
    Ok(SecretText::new(code))
}
