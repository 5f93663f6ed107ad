//! Passkeys and USB keys (WebAuthn level 3), as a second factor that is bound to the hall's own address and cannot be
//! phished. The device verifies its user, so a USB key needs a PIN. The vault keeps the key's public part; how far its
//! count went is in the facts, and a count that stands still is refused there.

use serde_json::Value;
use webauthn_rs::prelude::{
    CredentialID, Passkey, PasskeyAuthentication, PasskeyRegistration, Url, Uuid,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use super::People;
use super::error::PeopleError;
use crate::domain::staff::{Factor, FactorKind, StaffState};
use crate::domain::{Digest, StaffId};

/// Where passkeys hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeySettings {
    /// The address people's browsers show: `https://hall.example`. Passkeys made under one name do not work under
    /// another.
    pub origin: String,
}

pub(super) struct Passkeys {
    server: Webauthn,
}

impl Passkeys {
    pub(super) fn new(settings: &PasskeySettings) -> Result<Self, PeopleError> {
        let origin = Url::parse(&settings.origin).map_err(|_| PeopleError::NoPasskeys)?;
        let name = origin.host_str().ok_or(PeopleError::NoPasskeys)?.to_owned();
        let builder = WebauthnBuilder::new(&name, &origin).map_err(|_| PeopleError::NoPasskeys)?;
        let server = builder.rp_name(&name).build();
        Ok(Self {
            server: server.map_err(|_| PeopleError::NoPasskeys)?,
        })
    }

    pub(super) fn enrol(
        &self,
        staff: &StaffId,
        held: &[Passkey],
    ) -> Result<(Value, PasskeyRegistration), PeopleError> {
        let exclude = held.iter().map(|held| held.cred_id().clone()).collect();
        // The device is told the code of the account and no name.
        let begun = self.server.start_passkey_registration(
            user_handle(staff),
            staff.as_str(),
            staff.as_str(),
            Some(exclude),
        );
        let (options, begun) = begun.map_err(|_| PeopleError::PasskeyFailed)?;
        Ok((to_json(&options)?, begun))
    }

    /// The record for the vault, and the count the factor begins with.
    pub(super) fn enrolled(
        &self,
        begun: &PasskeyRegistration,
        answer: &Value,
    ) -> Result<(Vec<u8>, u64), PeopleError> {
        let answer = serde_json::from_value(answer.clone());
        let answer = answer.map_err(|_| PeopleError::PasskeyFailed)?;
        let key = self.server.finish_passkey_registration(&answer, begun);
        let key = key.map_err(|_| PeopleError::PasskeyFailed)?;
        let record = serde_json::to_vec(&key).map_err(|_| PeopleError::Damaged)?;
        Ok((record, 0))
    }

    pub(super) fn challenge(
        &self,
        held: &[Passkey],
    ) -> Result<(Value, PasskeyAuthentication), PeopleError> {
        if held.is_empty() {
            return Err(PeopleError::NothingBegun);
        }
        let begun = self.server.start_passkey_authentication(held);
        let (options, begun) = begun.map_err(|_| PeopleError::PasskeyFailed)?;
        Ok((to_json(&options)?, begun))
    }

    pub(super) fn verify(
        &self,
        begun: &PasskeyAuthentication,
        answer: &Value,
    ) -> Result<(CredentialID, u64), PeopleError> {
        let answer = serde_json::from_value(answer.clone());
        let answer = answer.map_err(|_| PeopleError::PasskeyFailed)?;
        let shown = self.server.finish_passkey_authentication(&answer, begun);
        let shown = shown.map_err(|_| PeopleError::PasskeyFailed)?;
        Ok((shown.cred_id().clone(), u64::from(shown.counter())))
    }
}

impl People {
    pub(super) fn passkeys(&self) -> Result<&Passkeys, PeopleError> {
        self.inner.passkeys.as_ref().ok_or(PeopleError::NoPasskeys)
    }

    pub(super) async fn passkeys_of(
        &self,
        staff: &StaffId,
        state: &StaffState,
    ) -> Result<Vec<Passkey>, PeopleError> {
        let mut held = Vec::new();
        for factor in &state.factors {
            held.extend(self.passkey_of(staff, factor).await?);
        }
        Ok(held)
    }

    pub(super) async fn passkey_of(
        &self,
        staff: &StaffId,
        factor: &Factor,
    ) -> Result<Option<Passkey>, PeopleError> {
        if factor.kind != FactorKind::Passkey {
            return Ok(None);
        }
        let record = self.get(staff, &factor.secret).await?;
        let key = serde_json::from_slice(&record).map_err(|_| PeopleError::Damaged)?;
        Ok(Some(key))
    }
}

/// Whether `held` is the key with this credential id.
pub(super) fn is(held: &Passkey, credential: &CredentialID) -> bool {
    held.cred_id() == credential
}

fn to_json<T: serde::Serialize>(options: &T) -> Result<Value, PeopleError> {
    serde_json::to_value(options).map_err(|_| PeopleError::Damaged)
}

/// The 16 bytes by which a device tells accounts apart: derived from the id, so that they are always the same.
fn user_handle(staff: &StaffId) -> Uuid {
    let digest = Digest::of(format!("counterfoil/passkey/{staff}"));
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    Uuid::from_bytes(bytes)
}
