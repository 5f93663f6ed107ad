//! Where the keys lie, and which of them is this log's.
//!
//! The signing key's file is named after the key (`log-1a2b3c4d.key`), and the log's own facts say which key is in
//! force. So data folders may share one keys folder without ever signing with each other's key, and a rotation
//! leaves the old file beside the new one.

use std::path::PathBuf;
use std::sync::Arc;

use super::{App, OpenError, Reading};
use crate::config::Config;
use crate::domain::Actor;
use crate::ledger::{KeyHistory, LedgerStore, LogSigner};
use crate::merkle::VerifierKey;
use crate::store::keys::{
    KeyId, MasterKeys, Secret, check_outside, create_secret, load_or_create_secret, random_secret,
};

/// Where the master key lies: outside the data folder.
pub fn master_key_path(config: &Config) -> PathBuf {
    config.keys.folder.join("master.key")
}

/// Where the private half of a log key lies.
pub fn log_key_path(config: &Config, key: &VerifierKey) -> PathBuf {
    let name = format!("log-{}.key", hex::encode(key.id()));
    config.keys.folder.join(name)
}

/// Where the server's token lies.
pub fn token_path(config: &Config) -> PathBuf {
    match &config.http.token_file {
        Some(path) => path.clone(),
        None => config.keys.folder.join("http.token"),
    }
}

/// The master key's name, when the key is there and sound.
pub fn load_master_key(config: &Config) -> Result<KeyId, OpenError> {
    let keys = MasterKeys::load_or_create(&master_key_path(config), &config.data.folder, false)?;
    Ok(keys.current().id())
}

/// The signer of the log in `store`: the key its facts name last, or a new one where there is no log yet.
pub(super) async fn log_signer(
    config: &Config,
    store: &Arc<dyn LedgerStore>,
) -> Result<LogSigner, OpenError> {
    let history = KeyHistory::load(store.as_ref()).await?;
    let Some(key) = history.as_ref().and_then(KeyHistory::current) else {
        return new_log_key(config);
    };
    let secret = load_or_create_secret(&log_key_path(config, key), false)?;
    Ok(signer(config, &secret)?)
}

/// Makes a signing key and keeps it on disk.
fn new_log_key(config: &Config) -> Result<LogSigner, OpenError> {
    let secret = random_secret().map_err(crate::store::keys::KeyError::from)?;
    let signer = signer(config, &secret)?;
    let path = log_key_path(config, signer.verifier());
    check_outside(&path, &config.data.folder)?;
    create_secret(&path, &secret)?;
    Ok(signer)
}

fn signer(config: &Config, secret: &Secret) -> Result<LogSigner, crate::merkle::NoteError> {
    LogSigner::new(&config.ledger.origin, secret)
}

impl App {
    /// Hands the log to a new signing key, which is on disk before the log names it. The old key file stays: it is
    /// no longer used, and whoever verifies old checkpoints needs only its public half, which the log keeps.
    pub async fn rotate_log_key(&self, by: &Actor) -> Result<VerifierKey, OpenError> {
        let signer = new_log_key(&self.config)?;
        let key = signer.verifier().clone();
        self.ledger.rotate_key(signer, by).await?;
        Ok(key)
    }
}

impl Reading {
    /// Every key the log was signed with, oldest first: the fact that named it, and its public half.
    pub async fn log_keys(&self) -> Result<Vec<(u64, VerifierKey)>, OpenError> {
        let history = KeyHistory::load(self.store.as_ref()).await?;
        Ok(history.map(KeyHistory::into_keys).unwrap_or_default())
    }
}
