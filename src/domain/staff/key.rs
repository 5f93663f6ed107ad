//! Signing keys: one in force at a time; a forgotten PIN revokes it and enrols another.

use super::enrol::{active, fact, here};
use super::event::{PublicKey, RevocationReason, StaffEvent};
use super::refusal::StaffRefusal;
use super::signature::is_sound;
use super::state::StaffState;
use crate::domain::Fact;
use crate::domain::id::{Commitment, SigningKeyId, StaffId};

/// Enrols a signing key. Only its public half is in the fact; `sealed` is the vault record with the private half,
/// sealed under the person's PIN.
pub fn enrol_key(
    staff: &StaffId,
    state: Option<&StaffState>,
    key: SigningKeyId,
    public: PublicKey,
    sealed: Option<Commitment>,
) -> Result<Vec<Fact>, StaffRefusal> {
    let state = active(state)?;
    if !is_sound(&public) {
        return Err(StaffRefusal::WeakKey);
    }
    let known = |held: &super::SigningKey| held.id == key || held.public == public;
    if state.keys.iter().any(known) {
        return Err(StaffRefusal::KeyKnown);
    }
    if state.signing_key().is_some() {
        return Err(StaffRefusal::KeyInForce);
    }
    let event = StaffEvent::SigningKeyEnrolled {
        key,
        public,
        sealed,
    };
    Ok(vec![fact(staff, event)])
}

/// Revokes a signing key. What it signed before stays signed.
pub fn revoke_key(
    staff: &StaffId,
    state: Option<&StaffState>,
    key: &SigningKeyId,
    reason: RevocationReason,
) -> Result<Vec<Fact>, StaffRefusal> {
    if here(state)?.key(key).is_none() {
        return Err(StaffRefusal::KeyUnknown);
    }
    let event = StaffEvent::SigningKeyRevoked {
        key: key.clone(),
        reason,
    };
    Ok(vec![fact(staff, event)])
}
