//! Signing in: passwords, second factors, recovery, locks.

use super::enrol::{active, fact, here, not_oneself};
use super::event::{FactorKind, LockReason, SignInMethod, StaffEvent};
use super::refusal::StaffRefusal;
use super::state::StaffState;
use crate::domain::id::{Actor, Commitment, FactorId, StaffId};
use crate::domain::{Fact, Timestamp};

/// The most second factors of one person.
const FACTORS_MAX: usize = 8;

/// The longest a recovery code is good: 7 days, in milliseconds.
const RECOVERY_MILLIS_MAX: i64 = 7 * 24 * 3600 * 1000;

/// A second factor that was shown and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Which.
    pub factor: FactorId,
    /// The counter it showed: a code's time step, or a passkey's own count.
    pub mark: u64,
}

fn shown(staff: &StaffId, state: &StaffState, proof: &Proof) -> Result<Fact, StaffRefusal> {
    let factor = state
        .factor(&proof.factor)
        .ok_or(StaffRefusal::FactorUnknown)?;
    // Many passkeys keep no count and always show 0; a count that stands still otherwise is a copy.
    let uncounted = factor.kind == FactorKind::Passkey && factor.mark == 0 && proof.mark == 0;
    if proof.mark <= factor.mark && !uncounted {
        return Err(StaffRefusal::FactorReplayed);
    }
    Ok(fact(
        staff,
        StaffEvent::FactorUsed {
            factor: proof.factor.clone(),
            mark: proof.mark,
        },
    ))
}

/// Lets a person in whose password (or provider) was checked. `proof` is the second factor; a person who has one must
/// show it, and one who should have one but has none yet comes in to enrol it and for nothing else.
pub fn sign_in(
    staff: &StaffId,
    state: Option<&StaffState>,
    method: SignInMethod,
    proof: Option<&Proof>,
) -> Result<Vec<Fact>, StaffRefusal> {
    let state = active(state)?;
    let mut facts = Vec::new();
    match proof {
        Some(proof) => facts.push(shown(staff, state, proof)?),
        None if !state.factors.is_empty() => return Err(StaffRefusal::FactorMissing),
        None => {}
    }
    facts.push(fact(staff, StaffEvent::SignedIn { method }));
    Ok(facts)
}

/// Records that a person who is signed in showed a second factor again.
pub fn use_factor(
    staff: &StaffId,
    state: Option<&StaffState>,
    proof: &Proof,
) -> Result<Vec<Fact>, StaffRefusal> {
    let state = active(state)?;
    Ok(vec![shown(staff, state, proof)?])
}

/// Sets a password the person chose.
pub fn change_password(
    staff: &StaffId,
    state: Option<&StaffState>,
    credential: Commitment,
) -> Result<Vec<Fact>, StaffRefusal> {
    active(state)?;
    let event = StaffEvent::PasswordChanged { credential };
    Ok(vec![fact(staff, event)])
}

/// Enrols a second factor that was shown to work; `proof` is the counter it showed.
pub fn enrol_factor(
    staff: &StaffId,
    state: Option<&StaffState>,
    proof: &Proof,
    kind: FactorKind,
    secret: Commitment,
) -> Result<Vec<Fact>, StaffRefusal> {
    let state = active(state)?;
    if state.factor(&proof.factor).is_some() {
        return Err(StaffRefusal::FactorKnown);
    }
    if state.factors.len() >= FACTORS_MAX {
        return Err(StaffRefusal::TooManyFactors);
    }
    let event = StaffEvent::FactorEnrolled {
        factor: proof.factor.clone(),
        kind,
        secret,
        mark: proof.mark,
    };
    Ok(vec![fact(staff, event)])
}

/// Removes a second factor. `everyone` says whether the hall asks everyone for one.
pub fn remove_factor(
    staff: &StaffId,
    state: Option<&StaffState>,
    factor: &FactorId,
    everyone: bool,
) -> Result<Vec<Fact>, StaffRefusal> {
    let state = active(state)?;
    if state.factor(factor).is_none() {
        return Err(StaffRefusal::FactorUnknown);
    }
    let mut without = state.clone();
    without.factors.clear();
    if state.factors.len() == 1 && without.needs_second_factor(everyone) {
        return Err(StaffRefusal::LastFactor);
    }
    let factor = factor.clone();
    Ok(vec![fact(staff, StaffEvent::FactorRemoved { factor })])
}

/// Locks an account.
pub fn lock(
    staff: &StaffId,
    state: Option<&StaffState>,
    reason: LockReason,
    by: &Actor,
) -> Result<Vec<Fact>, StaffRefusal> {
    active(state)?;
    not_oneself(staff, by)?;
    Ok(vec![fact(staff, StaffEvent::Locked { reason })])
}

/// Unlocks an account.
pub fn unlock(
    staff: &StaffId,
    state: Option<&StaffState>,
    by: &Actor,
) -> Result<Vec<Fact>, StaffRefusal> {
    if !here(state)?.locked {
        return Err(StaffRefusal::NotLocked);
    }
    not_oneself(staff, by)?;
    Ok(vec![fact(staff, StaffEvent::Unlocked)])
}

/// Gives out a one-time code; the password and the second factors are void from then on. Another person does that.
pub fn issue_recovery(
    staff: &StaffId,
    state: Option<&StaffState>,
    code: Commitment,
    expires: Timestamp,
    by: &Actor,
    now: Timestamp,
) -> Result<Vec<Fact>, StaffRefusal> {
    here(state)?;
    not_oneself(staff, by)?;
    if expires <= now || expires > now.plus_millis(RECOVERY_MILLIS_MAX) {
        return Err(StaffRefusal::RecoveryExpired);
    }
    let event = StaffEvent::RecoveryIssued { code, expires };
    Ok(vec![fact(staff, event)])
}

/// Lets a person in whose code was checked, with a new password. `code` is the commitment the code was checked
/// against: another one given out since makes it void.
pub fn use_recovery(
    staff: &StaffId,
    state: Option<&StaffState>,
    code: Commitment,
    credential: Commitment,
    now: Timestamp,
) -> Result<Vec<Fact>, StaffRefusal> {
    let state = active(state)?;
    let recovery = state.recovery.filter(|recovery| recovery.code == code);
    let recovery = recovery.ok_or(StaffRefusal::NoRecovery)?;
    if now >= recovery.expires {
        return Err(StaffRefusal::RecoveryExpired);
    }
    let signed_in = StaffEvent::SignedIn {
        method: SignInMethod::Recovery,
    };
    Ok(vec![
        fact(staff, StaffEvent::RecoveryUsed { credential }),
        fact(staff, signed_in),
    ])
}

/// Links single sign-on; another link is replaced.
pub fn link_single_sign_on(
    staff: &StaffId,
    state: Option<&StaffState>,
    link: Commitment,
) -> Result<Vec<Fact>, StaffRefusal> {
    here(state)?;
    Ok(vec![fact(staff, StaffEvent::SingleSignOnLinked { link })])
}

/// Unlinks single sign-on.
pub fn unlink_single_sign_on(
    staff: &StaffId,
    state: Option<&StaffState>,
) -> Result<Vec<Fact>, StaffRefusal> {
    if here(state)?.single_sign_on.is_none() {
        return Err(StaffRefusal::NotLinked);
    }
    Ok(vec![fact(staff, StaffEvent::SingleSignOnUnlinked)])
}
