//! Second factors: enrolling, showing and removing them. Shown while signing in, they complete it; shown later, they
//! are what a sensitive action asks for.

use std::net::IpAddr;
use std::sync::Arc;

use webauthn_rs::prelude::{PasskeyAuthentication, PasskeyRegistration};
use zeroize::Zeroizing;

use super::error::PeopleError;
use super::session::{Session, Stage};
use super::sign_in::{SignedIn, own_order};
use super::{People, SecretText, draw_name, lock, passkey, read, totp};
use crate::domain::staff::{
    FactorKind, Proof, StaffState, enrol_factor, remove_factor, use_factor,
};
use crate::domain::{Digest, FactorId, StaffId, Timestamp};

/// How long something begun may take to be finished, in milliseconds.
const PENDING_MILLIS: i64 = 5 * 60 * 1000;

/// Something begun in a session, to be finished with what the person's device answers.
pub(super) struct Pending {
    begun: Timestamp,
    what: Begun,
}

enum Begun {
    Totp(Zeroizing<Vec<u8>>),
    Enrolment(Box<PasskeyRegistration>),
    Proof(Box<PasskeyAuthentication>),
}

/// How failures of a second factor are counted, apart from those of the password.
fn counted(staff: &StaffId) -> String {
    format!("factor/{staff}")
}

impl People {
    /// Shows a code of an authenticator app.
    pub async fn show_code(
        &self,
        token: &SecretText,
        code: &SecretText,
        address: IpAddr,
    ) -> Result<SignedIn, PeopleError> {
        let (session, state) = self.bearer_of(token).await?;
        self.attempt(&counted(&session.staff), address)?;
        let apps = state.factors.iter();
        for factor in apps.filter(|factor| factor.kind == FactorKind::Totp) {
            let secret = self.get(&session.staff, &factor.secret).await?;
            if let Some(mark) = totp::check(&secret, code.expose(), self.now())? {
                let factor = factor.id.clone();
                return self
                    .shown(token, &session, Proof { factor, mark }, address)
                    .await;
            }
        }
        tracing::info!(staff = %session.staff, "a second factor failed");
        Err(PeopleError::SignInFailed)
    }

    /// Begins to show a passkey: the options for the browser's `navigator.credentials.get`, as JSON.
    pub async fn begin_passkey(
        &self,
        token: &SecretText,
    ) -> Result<serde_json::Value, PeopleError> {
        let (session, state) = self.bearer_of(token).await?;
        let held = self.passkeys_of(&session.staff, &state).await?;
        let (options, begun) = self.passkeys()?.challenge(&held)?;
        self.begin(token, Begun::Proof(Box::new(begun)));
        Ok(options)
    }

    /// Shows a passkey: what the browser answered.
    pub async fn show_passkey(
        &self,
        token: &SecretText,
        answer: &serde_json::Value,
        address: IpAddr,
    ) -> Result<SignedIn, PeopleError> {
        let (session, state) = self.bearer_of(token).await?;
        self.attempt(&counted(&session.staff), address)?;
        let Some(Begun::Proof(begun)) = self.take(token) else {
            return Err(PeopleError::NothingBegun);
        };
        let (credential, count) = self.passkeys()?.verify(&begun, answer)?;
        for factor in state.factors.iter() {
            let held = self.passkey_of(&session.staff, factor).await?;
            if held.is_some_and(|held| passkey::is(&held, &credential)) {
                let factor = factor.id.clone();
                let proof = Proof {
                    factor,
                    mark: count,
                };
                return self.shown(token, &session, proof, address).await;
            }
        }
        Err(PeopleError::PasskeyFailed)
    }

    async fn shown(
        &self,
        token: &SecretText,
        session: &Session,
        proof: Proof,
        address: IpAddr,
    ) -> Result<SignedIn, PeopleError> {
        let staff = &session.staff;
        if session.stage == Stage::SecondFactor {
            self.record_sign_in(staff, session.method, Some(&proof))
                .await?;
        } else {
            let order = own_order(staff, "factor")?;
            let recorded = self.commit(&order, staff, Vec::new(), |reads, _| {
                let state = read(reads, staff)?;
                Ok(use_factor(staff, state.as_ref(), &proof)?)
            });
            recorded.await?;
        }
        self.succeeded(&counted(staff), address);
        let state = self.state(staff).await?.ok_or(PeopleError::NotSignedIn)?;
        let stage = self.next_stage(&state, session.method, true);
        self.advance(token, stage, true)
    }

    /// Begins to enrol an authenticator app: the `otpauth:` address to show as a QR code, once.
    pub async fn begin_totp(&self, token: &SecretText) -> Result<SecretText, PeopleError> {
        let session = self.may_enrol(token).await?;
        let new = totp::draw(&self.inner.settings.hall, &session.staff)?;
        self.begin(token, Begun::Totp(new.secret));
        Ok(new.uri)
    }

    /// Finishes it with the first code the app shows, which is used up by this.
    pub async fn finish_totp(
        &self,
        token: &SecretText,
        code: &SecretText,
        address: IpAddr,
    ) -> Result<SignedIn, PeopleError> {
        let session = self.may_enrol(token).await?;
        self.attempt(&counted(&session.staff), address)?;
        let Some(Begun::Totp(secret)) = self.take(token) else {
            return Err(PeopleError::NothingBegun);
        };
        let Some(mark) = totp::check(&secret, code.expose(), self.now())? else {
            self.begin(token, Begun::Totp(secret));
            return Err(PeopleError::SignInFailed);
        };
        self.succeeded(&counted(&session.staff), address);
        self.enrolled(token, &session, FactorKind::Totp, &secret, mark)
            .await
    }

    /// Begins to enrol a passkey or USB key: the options for `navigator.credentials.create`, as JSON.
    pub async fn begin_passkey_enrolment(
        &self,
        token: &SecretText,
    ) -> Result<serde_json::Value, PeopleError> {
        let session = self.may_enrol(token).await?;
        let (_, state) = self.bearer_of(token).await?;
        let held = self.passkeys_of(&session.staff, &state).await?;
        let (options, begun) = self.passkeys()?.enrol(&session.staff, &held)?;
        self.begin(token, Begun::Enrolment(Box::new(begun)));
        Ok(options)
    }

    /// Finishes it with what the browser answered.
    pub async fn finish_passkey_enrolment(
        &self,
        token: &SecretText,
        answer: &serde_json::Value,
    ) -> Result<SignedIn, PeopleError> {
        let session = self.may_enrol(token).await?;
        let Some(Begun::Enrolment(begun)) = self.take(token) else {
            return Err(PeopleError::NothingBegun);
        };
        let (record, count) = self.passkeys()?.enrolled(&begun, answer)?;
        self.enrolled(token, &session, FactorKind::Passkey, &record, count)
            .await
    }

    async fn enrolled(
        &self,
        token: &SecretText,
        session: &Session,
        kind: FactorKind,
        secret: &[u8],
        mark: u64,
    ) -> Result<SignedIn, PeopleError> {
        let staff = &session.staff;
        let factor = FactorId::new(draw_name()?).map_err(|_| PeopleError::Damaged)?;
        let secret = self.put(staff, secret).await?;
        let proof = Proof { factor, mark };
        let order = own_order(staff, "factor")?;
        let recorded = self.commit(&order, staff, vec![secret], |reads, _| {
            let state = read(reads, staff)?;
            Ok(enrol_factor(staff, state.as_ref(), &proof, kind, secret)?)
        });
        recorded.await?;
        let state = self.state(staff).await?.ok_or(PeopleError::NotSignedIn)?;
        let stage = self.next_stage(&state, session.method, true);
        self.advance(token, stage, true)
    }

    /// Removes a second factor of the person's own. The person must have shown one a short while ago.
    pub async fn remove_factor(
        &self,
        token: &SecretText,
        factor: &FactorId,
    ) -> Result<(), PeopleError> {
        let caller = self.caller(token).await?;
        caller.require_fresh()?;
        let staff = caller.staff().ok_or(PeopleError::NotSignedIn)?;
        let state = self.state(staff).await?.ok_or(PeopleError::NotSignedIn)?;
        let all = self.inner.settings.second_factor_for_all;
        let order = own_order(staff, "factor")?;
        let recorded = self.commit(&order, staff, Vec::new(), |reads, _| {
            let state = read(reads, staff)?;
            Ok(remove_factor(staff, state.as_ref(), factor, all)?)
        });
        recorded.await?;
        if let Some(removed) = state.factor(factor) {
            self.erase(staff, &[removed.secret]).await;
        }
        Ok(())
    }

    /// Whether the session may enrol a factor: one that must, or one that proved a short while ago who it is.
    async fn may_enrol(&self, token: &SecretText) -> Result<Session, PeopleError> {
        let key = Digest::of(token.expose());
        self.sessions().touch(&key, self.now())?;
        let (session, state) = self.bearer_of(token).await?;
        match session.stage {
            Stage::EnrolFactor => Ok(session),
            // A role that came during the session asks for the first factor.
            Stage::Full if state.factors.is_empty() => Ok(session),
            Stage::Full if self.sessions().is_fresh(&session, self.now()) => Ok(session),
            Stage::Full => Err(PeopleError::StepUpNeeded),
            stage => Err(PeopleError::Unfinished { stage }),
        }
    }

    /// The session of a token, at any stage and even locked (a second factor unlocks it), and its person.
    async fn bearer_of(
        &self,
        token: &SecretText,
    ) -> Result<(Session, Arc<StaffState>), PeopleError> {
        let key = Digest::of(token.expose());
        let session = self.sessions().peek(&key, self.now())?;
        let state = self.state(&session.staff).await?;
        let state = state.filter(|state| state.is_active());
        Ok((session, state.ok_or(PeopleError::NotSignedIn)?))
    }

    fn begin(&self, token: &SecretText, what: Begun) {
        let now = self.now();
        let mut pending = lock(&self.inner.pending);
        pending.retain(|_, held| is_timely(held, now));
        let key = Digest::of(token.expose());
        pending.insert(key, Pending { begun: now, what });
    }

    fn take(&self, token: &SecretText) -> Option<Begun> {
        let key = Digest::of(token.expose());
        let taken = lock(&self.inner.pending).remove(&key)?;
        is_timely(&taken, self.now()).then_some(taken.what)
    }
}

fn is_timely(pending: &Pending, now: Timestamp) -> bool {
    now.as_millis().saturating_sub(pending.begun.as_millis()) < PENDING_MILLIS
}
