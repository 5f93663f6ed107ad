//! People who work here, folded from their histories: accounts, roles, factors, signing keys, tokens, and how they end.
//!
//! A person is a [`crate::domain::StaffId`], a code that also signs in; the name, the password's hash and the factors'
//! secrets are vault records of that subject, and facts hold their commitments. The roll of everyone who was ever
//! enrolled is the [`StaffEvent::Listed`] facts about the hall, so an empty roll is what `init` may fill, once.
//! Nothing personal and no secret ever lives here.

mod account;
mod enrol;
mod event;
mod key;
mod refusal;
mod roll;
mod signature;
mod state;
mod token;

pub use account::{
    Proof, change_password, enrol_factor, issue_recovery, link_single_sign_on, lock, remove_factor,
    sign_in, unlink_single_sign_on, unlock, use_factor, use_recovery,
};
pub use enrol::{Enrolment, assign, change_profile, enrol, initialise, offboard, remove};
pub use event::{
    FactorKind, LockReason, PublicKey, RevocationReason, SignInMethod, SignatureBytes, StaffEvent,
};
pub use key::{enrol_key, revoke_key};
pub use refusal::StaffRefusal;
pub use roll::{Roll, actor_of, staff_of};
pub use signature::{SignatureFault, signing_message, verify};
pub use state::{Factor, Recovery, SigningKey, StaffState, Token, fold};
pub use token::{issue_token, revoke_token};
