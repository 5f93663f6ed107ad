//! Use cases of the people who work here: accounts, signing in, sessions, second factors, single sign-on, tokens of
//! stations, signing keys. Facts go to the ledger; names, password hashes and factor secrets to the vault; sessions and
//! failed attempts stay in memory. No face lives here, and nothing about a case.

mod backoff;
mod caller;
mod directory;
mod error;
mod factor;
mod manage;
mod offboard;
mod passkey;
mod password;
mod person;
pub mod seal;
mod secret;
mod session;
mod sign_in;
mod signing;
mod sso;
mod token;
mod totp;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use backoff::{Backoff, Wait};
pub use caller::{Caller, Who};
pub use error::PeopleError;
pub use manage::NewPerson;
pub use passkey::PasskeySettings;
pub use password::{HashCost, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN};
pub use person::Person;
pub use secret::SecretText;
pub use session::{NewSession, Session, SessionFault, SessionLimits, Sessions, Stage};
pub use sign_in::SignedIn;
pub use signing::{KnownKey, Verified};
pub use sso::{SsoBegun, SsoSettings};
pub use token::IssuedToken;

use crate::domain::staff::{StaffState, fold};
use crate::domain::{
    Actor, Clock, Commitment, Digest, Fact, RequestId, StaffId, Subject, Timestamp,
};
use crate::ledger::{Decline, Ledger, LedgerError, Reads, Receipt};
use crate::store::keys::fill_random;
use crate::store::vault::Vault;
use directory::Directory;
use factor::Pending;
use passkey::Passkeys;
use password::Hasher;
use sso::SingleSignOn;

/// What the people's side is built of.
#[derive(Clone)]
pub struct PeopleParts {
    /// Where facts go.
    pub ledger: Arc<Ledger>,
    /// Where names and secrets go.
    pub vault: Arc<Vault>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// What a hall decides about its people.
#[derive(Debug, Clone, Default)]
pub struct PeopleSettings {
    /// What authenticator apps call the hall.
    pub hall: String,
    /// How long sessions last.
    pub sessions: SessionLimits,
    /// Whether everyone needs a second factor, not only administrators and chief representatives.
    pub second_factor_for_all: bool,
    /// What a password hash costs.
    pub hash: HashCost,
    /// Passkeys, if they are set up.
    pub passkeys: Option<PasskeySettings>,
    /// Single sign-on, if it is set up.
    pub sso: Option<SsoSettings>,
}

/// Who asks for a change, and under which request. A request that is sent again finds what its first try did.
#[derive(Debug, Clone)]
pub struct Order {
    /// Who.
    pub by: Actor,
    /// Under which name.
    pub request: RequestId,
    /// The version of the account that the asker knows ([`StaffState::version`]); none where that does not matter.
    pub expected: Option<u32>,
}

/// The people who work here. Cloning it gives another handle.
#[derive(Clone)]
pub struct People {
    inner: Arc<Inner>,
}

struct Inner {
    ledger: Arc<Ledger>,
    vault: Arc<Vault>,
    clock: Arc<dyn Clock>,
    settings: PeopleSettings,
    directory: Directory,
    hasher: Hasher,
    sessions: Mutex<Sessions>,
    backoff: Mutex<Backoff>,
    pending: Mutex<HashMap<Digest, Pending>>,
    passkeys: Option<Passkeys>,
    sso: Option<SingleSignOn>,
}

impl People {
    /// Builds it. Fails when a setting cannot be used.
    pub fn new(parts: PeopleParts, settings: PeopleSettings) -> Result<Self, PeopleError> {
        let passkeys = settings.passkeys.as_ref().map(Passkeys::new).transpose()?;
        let sso = settings.sso.clone().map(SingleSignOn::new).transpose()?;
        let inner = Inner {
            directory: Directory::new(parts.ledger.clone()),
            hasher: Hasher::new(settings.hash)?,
            sessions: Mutex::new(Sessions::new(settings.sessions)),
            backoff: Mutex::default(),
            pending: Mutex::default(),
            passkeys,
            sso,
            ledger: parts.ledger,
            vault: parts.vault,
            clock: parts.clock,
            settings,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        lock(&self.inner.sessions)
    }

    async fn state(&self, staff: &StaffId) -> Result<Option<Arc<StaffState>>, PeopleError> {
        self.inner.directory.state(staff).await
    }

    /// Records a decision about `staff`. `stored` are vault records made for it: they are erased again when the
    /// decision was refused, or when an earlier try of the same request recorded its own.
    async fn commit(
        &self,
        order: &Order,
        staff: &StaffId,
        stored: Vec<Commitment>,
        decide: impl Fn(&mut Reads<'_>, Timestamp) -> Result<Vec<Fact>, Decline>,
    ) -> Result<Receipt, PeopleError> {
        let recorded = self
            .inner
            .ledger
            .record(order.request.clone(), &order.by, |reads, now| {
                if let Some(expected) = order.expected {
                    let found = read(reads, staff)?.map_or(0, |state| state.version);
                    if found != expected {
                        return Err(PeopleError::Stale { expected, found }.into());
                    }
                }
                decide(reads, now)
            });
        let recorded = recorded.await;
        let unused = match &recorded {
            Ok(receipt) => receipt.repeated,
            Err(error) => matches!(error, LedgerError::Refused(_)),
        };
        if unused {
            self.erase(staff, &stored).await;
        }
        Ok(recorded?)
    }

    /// Erases vault records that are of no use any more. One that stays behind is sealed all the same, so this is
    /// said in the log and fails nothing.
    async fn erase(&self, staff: &StaffId, records: &[Commitment]) {
        let subject = Subject::Staff(staff.clone());
        for commitment in records {
            if let Err(error) = self.inner.vault.erase(&subject, commitment).await {
                tracing::warn!(%error, "a vault record of an account could not be erased");
            }
        }
    }

    async fn put(&self, staff: &StaffId, bytes: &[u8]) -> Result<Commitment, PeopleError> {
        let subject = Subject::Staff(staff.clone());
        Ok(self.inner.vault.put(&subject, bytes).await?)
    }

    async fn get(
        &self,
        staff: &StaffId,
        commitment: &Commitment,
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, PeopleError> {
        let subject = Subject::Staff(staff.clone());
        Ok(self.inner.vault.get(&subject, commitment).await?)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A person's state as a decision reads it.
fn read(reads: &mut Reads<'_>, staff: &StaffId) -> Result<Option<StaffState>, Decline> {
    let history = reads.history(&Subject::Staff(staff.clone()))?;
    Ok(fold(history.iter().map(|fact| &fact.entry.event)))
}

/// Draws a secret text of 256 bits, in 43 characters of base64url.
fn draw_secret() -> Result<SecretText, PeopleError> {
    use base64::Engine as _;
    let mut bytes = zeroize::Zeroizing::new([0u8; 32]);
    fill_random(bytes.as_mut_slice())?;
    let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes.as_slice());
    Ok(SecretText::new(text))
}

/// Draws a name of 64 bits, in 16 hexadecimal digits.
fn draw_name() -> Result<String, PeopleError> {
    let mut bytes = [0u8; 8];
    fill_random(&mut bytes)?;
    Ok(hex::encode(bytes))
}
