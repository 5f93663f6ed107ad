//! Who may sign for a side, and whether a signature holds.

use super::refusal::CustodyRefusal;
use super::terms::{KeySignature, Side};
use crate::domain::access::{Grant, Role, Scope};
use crate::domain::digest::Digest;
use crate::domain::id::StaffId;
use crate::domain::staff::{self, StaffState};

/// Whether a role lets a person hold paper for a side.
fn holds_for(grant: &Grant, side: &Side) -> bool {
    match (grant.role, &grant.scope, side) {
        (
            Role::Clerk | Role::Archivist | Role::Supervisor,
            Scope::Site { site },
            Side::Hall { site: at },
        ) => site == at,
        (Role::Supervisor, Scope::Hall, Side::Hall { .. }) => true,
        (
            Role::DepartmentOfficer | Role::ChiefRepresentative,
            Scope::Department { department },
            Side::Department { department: at },
        ) => department == at,
        _ => false,
    }
}

/// Refuses a person who does not act for the side, or whose account is locked.
pub fn acts_for(staff: &StaffId, state: &StaffState, side: &Side) -> Result<(), CustodyRefusal> {
    if state.locked || !state.grants.iter().any(|grant| holds_for(grant, side)) {
        let (staff, side) = (staff.clone(), side.clone());
        return Err(CustodyRefusal::NotTheirSide { staff, side });
    }
    Ok(())
}

/// Refuses a signature that was not made over `document` with the key that the person has in force.
pub(super) fn check(
    signature: &KeySignature,
    signer: &StaffState,
    document: &Digest,
) -> Result<(), CustodyRefusal> {
    let staff = signature.staff.clone();
    let key = signer.signing_key().filter(|key| key.id == signature.key);
    let Some(key) = key else {
        return Err(CustodyRefusal::NoKey { staff });
    };
    staff::verify(&key.public, document, &signature.signature)
        .map_err(|_| CustodyRefusal::BadSignature { staff })
}
