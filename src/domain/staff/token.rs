//! API tokens of scanning stations: for one site, for uploads alone, under a person who answers for them.

use super::enrol::{active, fact, here};
use super::event::StaffEvent;
use super::refusal::StaffRefusal;
use super::state::{StaffState, Token};
use crate::domain::id::{StaffId, TokenId};
use crate::domain::{Fact, Timestamp};

/// The longest a token is good: 400 days, in milliseconds.
const TOKEN_MILLIS_MAX: i64 = 400 * 24 * 3600 * 1000;

/// Issues a token under `staff`.
pub fn issue_token(
    staff: &StaffId,
    state: Option<&StaffState>,
    token: Token,
    now: Timestamp,
) -> Result<Vec<Fact>, StaffRefusal> {
    let state = active(state)?;
    if state.token(&token.id).is_some() {
        return Err(StaffRefusal::TokenKnown);
    }
    if token.expires <= now || token.expires > now.plus_millis(TOKEN_MILLIS_MAX) {
        return Err(StaffRefusal::BadExpiry);
    }
    let event = StaffEvent::TokenIssued {
        token: token.id,
        secret: token.secret,
        site: token.site,
        expires: token.expires,
    };
    Ok(vec![fact(staff, event)])
}

/// Revokes a token.
pub fn revoke_token(
    staff: &StaffId,
    state: Option<&StaffState>,
    token: &TokenId,
) -> Result<Vec<Fact>, StaffRefusal> {
    if here(state)?.token(token).is_none() {
        return Err(StaffRefusal::TokenUnknown);
    }
    let token = token.clone();
    Ok(vec![fact(staff, StaffEvent::TokenRevoked { token })])
}
