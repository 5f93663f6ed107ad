//! Signing keys of people: enrolling and revoking them, keeping them sealed, and checking what they signed.

use super::error::PeopleError;
use super::sign_in::own_order;
use super::{People, SecretText, draw_name, read, seal};
use crate::domain::staff::{
    self, PublicKey, RevocationReason, SignatureBytes, SignatureFault, StaffEvent, StaffRefusal,
    enrol_key, fold, revoke_key,
};
use crate::domain::{Digest, Event, SigningKeyId, StaffId, Subject, Timestamp};

/// A signing key with the time it was in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownKey {
    /// Its name.
    pub key: SigningKeyId,
    /// Its public half.
    pub public: PublicKey,
    /// When it was enrolled.
    pub enrolled: Timestamp,
    /// When it was revoked, or the person left; none while it is in force.
    pub revoked: Option<Timestamp>,
}

impl KnownKey {
    /// Whether it was in force at an instant. What was recorded in the instant of its revocation was recorded by a key
    /// that is in doubt, so that instant is outside.
    pub fn held_at(&self, at: Timestamp) -> bool {
        self.enrolled <= at && self.revoked.is_none_or(|revoked| at < revoked)
    }
}

/// What a signature over a statement is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The key that made it; none when no key of the person ever did.
    pub key: Option<KnownKey>,
    /// Whether that key was in force at the instant asked about.
    pub valid: bool,
}

impl People {
    /// What a new key signs to show that the person holds its private half: the digest of this text.
    pub fn enrolment_challenge(staff: &StaffId, public: &PublicKey) -> Digest {
        Digest::of(format!("counterfoil/enrol-signing-key/{staff}/{public}"))
    }

    /// Enrols the person's signing key. `proof` is the key's signature over [`Self::enrolment_challenge`]; `sealed` the
    /// private half under a PIN, as in [`super::seal`], kept for the person's browser.
    pub async fn enrol_signing_key(
        &self,
        token: &SecretText,
        public: &PublicKey,
        proof: &SignatureBytes,
        sealed: Option<&[u8]>,
    ) -> Result<SigningKeyId, PeopleError> {
        let caller = self.caller(token).await?;
        caller.require_fresh()?;
        let staff = caller.staff().ok_or(PeopleError::NotSignedIn)?;
        staff::verify(public, &Self::enrolment_challenge(staff, public), proof)?;
        if sealed.is_some_and(|sealed| sealed.len() != seal::SEALED_BYTES) {
            return Err(PeopleError::BadText { field: "sealed" });
        }
        let key = SigningKeyId::new(draw_name()?).map_err(|_| PeopleError::Damaged)?;
        let mut record = None;
        if let Some(sealed) = sealed {
            record = Some(self.put(staff, sealed).await?);
        }
        let order = own_order(staff, "key")?;
        let recorded = self.commit(&order, staff, Vec::from_iter(record), |reads, _| {
            let state = read(reads, staff)?;
            Ok(enrol_key(
                staff,
                state.as_ref(),
                key.clone(),
                *public,
                record,
            )?)
        });
        recorded.await?;
        Ok(key)
    }

    /// The person's own key in force: its name, its public half, and the sealed private half if it is kept here.
    pub async fn own_signing_key(
        &self,
        token: &SecretText,
    ) -> Result<(SigningKeyId, PublicKey, Option<Vec<u8>>), PeopleError> {
        let caller = self.caller(token).await?;
        let staff = caller.staff().ok_or(PeopleError::NotSignedIn)?;
        let state = self.state(staff).await?.ok_or(PeopleError::NotSignedIn)?;
        let key = state.signing_key().ok_or(PeopleError::NotFound)?;
        let mut sealed = None;
        if let Some(record) = &key.sealed {
            sealed = Some(self.get(staff, record).await?.to_vec());
        }
        Ok((key.id.clone(), key.public, sealed))
    }

    /// A person's key in force as it is kept, sealed: for the command line on the hall's own machine, where the person
    /// types the PIN. Sealed it says nothing to anybody else.
    pub async fn kept_signing_key(
        &self,
        staff: &StaffId,
    ) -> Result<(SigningKeyId, PublicKey, Vec<u8>), PeopleError> {
        let state = self.state(staff).await?.ok_or(StaffRefusal::Unknown)?;
        let key = state.signing_key().ok_or(SignatureFault::NoKey)?;
        let record = key.sealed.ok_or(PeopleError::NotFound)?;
        let sealed = self.get(staff, &record).await?.to_vec();
        Ok((key.id.clone(), key.public, sealed))
    }

    /// Revokes the person's own key: the PIN is forgotten, or worse. What it signed before stays signed.
    pub async fn revoke_signing_key(
        &self,
        token: &SecretText,
        key: &SigningKeyId,
        reason: RevocationReason,
    ) -> Result<(), PeopleError> {
        let caller = self.caller(token).await?;
        caller.require_fresh()?;
        let staff = caller.staff().ok_or(PeopleError::NotSignedIn)?;
        let before = self.state(staff).await?.ok_or(PeopleError::NotSignedIn)?;
        let order = own_order(staff, "key")?;
        let recorded = self.commit(&order, staff, Vec::new(), |reads, _| {
            let state = read(reads, staff)?;
            Ok(revoke_key(staff, state.as_ref(), key, reason)?)
        });
        recorded.await?;
        let sealed = before.key(key).and_then(|key| key.sealed);
        self.erase(staff, sealed.as_slice()).await;
        Ok(())
    }

    /// Checks a person's signature over the manifest with this digest, as of the fact `index`: by the key that was in
    /// force when the facts before it, and it itself, were recorded. For a signature that is to be recorded now, `index`
    /// is the size of the log; the decision that records it reads the person's history and so notices a revocation.
    pub async fn verify_signature(
        &self,
        staff: &StaffId,
        manifest: &Digest,
        signature: &SignatureBytes,
        index: u64,
    ) -> Result<SigningKeyId, PeopleError> {
        let subject = Subject::Staff(staff.clone());
        let history = self.inner.ledger.history(&subject).await?;
        let until = history.iter().take_while(|fact| fact.index <= index);
        let state = fold(until.map(|fact| &fact.entry.event)).ok_or(StaffRefusal::Unknown)?;
        let key = state.signing_key().ok_or(SignatureFault::NoKey)?;
        staff::verify(&key.public, manifest, signature)?;
        Ok(key.id.clone())
    }

    /// Every signing key a person ever had, in the order of enrolment, with the times it was in force.
    pub async fn signing_keys(&self, staff: &StaffId) -> Result<Vec<KnownKey>, PeopleError> {
        let subject = Subject::Staff(staff.clone());
        let history = self.inner.ledger.history(&subject).await?;
        if history.is_empty() {
            return Err(StaffRefusal::Unknown.into());
        }
        let mut keys: Vec<KnownKey> = Vec::new();
        for fact in &history {
            let Event::Staff { event } = &fact.entry.event else {
                continue;
            };
            let at = fact.entry.at;
            match event {
                StaffEvent::SigningKeyEnrolled { key, public, .. } => keys.push(KnownKey {
                    key: key.clone(),
                    public: *public,
                    enrolled: at,
                    revoked: None,
                }),
                StaffEvent::SigningKeyRevoked { key, .. } => {
                    let revoked = keys.iter_mut().filter(|held| held.key == *key);
                    revoked.for_each(|held| held.revoked = held.revoked.or(Some(at)));
                }
                StaffEvent::Offboarded { .. } => {
                    let held = keys.iter_mut();
                    held.for_each(|held| held.revoked = held.revoked.or(Some(at)));
                }
                _ => {}
            }
        }
        Ok(keys)
    }

    /// Checks a person's signature over the statement with this digest, as of an instant: which key made it, and whether
    /// that key was in force then. For what is recorded now, [`Self::verify_signature`] goes by the fact instead.
    pub async fn verify_at(
        &self,
        staff: &StaffId,
        statement: &Digest,
        signature: &SignatureBytes,
        at: Timestamp,
    ) -> Result<Verified, PeopleError> {
        let keys = self.signing_keys(staff).await?;
        let made = |key: &KnownKey| staff::verify(&key.public, statement, signature).is_ok();
        let key = keys.into_iter().find(made);
        let valid = key.as_ref().is_some_and(|key| key.held_at(at));
        Ok(Verified { key, valid })
    }
}
