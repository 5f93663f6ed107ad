//! Passwords: what is accepted, and how they are hashed.
//!
//! Argon2id (RFC 9106) with 32 MiB, 3 passes, one lane, a 16-byte salt and a 32-byte tag, stored as a PHC string.
//! OWASP asks for at least 19 MiB and 2 passes. One hash takes some 60 ms of one core and its memory, so hashes run on
//! blocking threads, as many at once as there are permits, and a queue longer than [`QUEUE_MAX`] is told to come back:
//! log-ins cannot starve the server of threads or memory.

use std::sync::Arc;

use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, CustomizedPasswordHasher, Params, Version};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::error::PeopleError;
use super::secret::SecretText;
use crate::store::keys::fill_random;

/// Hashes that may wait for a permit.
const QUEUE_MAX: usize = 64;

/// The fewest and the most characters of a password. Length is what counts (NIST SP 800-63B); no rule about kinds of
/// characters, and no change by calendar.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// The most: longer ones only cost time.
pub const PASSWORD_CHARS_MAX: usize = 256;

/// What a hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Default for HashCost {
    fn default() -> Self {
        Self {
            memory_kib: 32 * 1024,
            passes: 3,
        }
    }
}

/// Hashes and checks passwords.
#[derive(Clone)]
pub(super) struct Hasher {
    cost: HashCost,
    /// A hash of nobody's password: an unknown account costs the same time as a known one.
    nobody: Arc<Zeroizing<String>>,
    running: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

impl Hasher {
    pub(super) fn new(cost: HashCost) -> Result<Self, PeopleError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut nothing = Zeroizing::new([0u8; 32]);
        fill_random(nothing.as_mut_slice())?;
        Ok(Self {
            cost,
            nobody: Arc::new(hash(cost, nothing.as_slice())?),
            running: Arc::new(Semaphore::new((cores / 2).max(1))),
            queue: Arc::new(Semaphore::new(QUEUE_MAX)),
        })
    }

    /// Hashes a password as a PHC string.
    pub(super) async fn hash(
        &self,
        password: &SecretText,
    ) -> Result<Zeroizing<String>, PeopleError> {
        let (cost, password) = (self.cost, password.clone());
        self.run(move || hash(cost, password.expose().as_bytes()))
            .await?
    }

    /// Checks a password; without a hash it takes as long and says no.
    pub(super) async fn matches(
        &self,
        stored: Option<Zeroizing<String>>,
        password: &SecretText,
    ) -> Result<bool, PeopleError> {
        let (known, password) = (stored.is_some(), password.clone());
        let stored = stored.unwrap_or_else(|| self.nobody.as_ref().clone());
        let fits = self
            .run(move || {
                let parsed = PasswordHash::new(&stored).map_err(|_| PeopleError::Damaged)?;
                let checked =
                    Argon2::default().verify_password(password.expose().as_bytes(), &parsed);
                Ok::<bool, PeopleError>(checked.is_ok())
            })
            .await??;
        Ok(fits && known)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PeopleError> {
        let _place = self.queue.try_acquire().map_err(|_| PeopleError::Busy)?;
        let permit = self.running.clone().acquire_owned().await;
        let permit = permit.map_err(|_| PeopleError::Busy)?;
        // The permit goes along: a caller that went away leaves its hash running.
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        done.await.map_err(|_| PeopleError::Damaged)
    }
}

fn hash(cost: HashCost, password: &[u8]) -> Result<Zeroizing<String>, PeopleError> {
    let params = Params::new(cost.memory_kib, cost.passes, 1, None);
    let params = params.map_err(|_| PeopleError::Damaged)?;
    let mut salt = [0u8; 16];
    fill_random(&mut salt)?;
    let version = Some(Version::V0x13.into());
    let hashed = Argon2::default()
        .hash_password_customized(
            password,
            &salt,
            Some(Algorithm::Argon2id.as_ref()),
            version,
            params,
        )
        .map_err(|_| PeopleError::Damaged)?;
    Ok(Zeroizing::new(hashed.to_string()))
}

/// What is wrong with a password, if anything. It is never part of the answer.
pub(super) fn check(password: &SecretText, account: &str) -> Result<(), PeopleError> {
    let text = password.expose();
    let length = text.chars().count();
    let first = text.chars().next();
    let monotonous = text.chars().all(|c| Some(c) == first);
    let like_account = text.to_lowercase().contains(&account.to_lowercase()) && account.len() > 3;
    if !(PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&length) || monotonous || like_account {
        return Err(PeopleError::WeakPassword);
    }
    Ok(())
}
