//! Handing the log from one signing key to the next.

use super::error::LedgerError;
use super::keys::{KeyHistory, rotation};
use super::log::{Ledger, Receipt, code, lock};
use crate::domain::{Actor, Fact, RequestId, Subject};
use crate::merkle::LogSigner;

impl Ledger {
    /// Hands the log to another signing key: the old key signs the new one, the checkpoint over that fact is signed by
    /// both, and every later one by the new key alone. A key that signed before never returns (`KeyUsed`). Keep the new key before calling this: after a crash the log's
    /// facts tell which of the two is in force (`WrongKey` names it).
    pub async fn rotate_key(&self, new: LogSigner, by: &Actor) -> Result<Receipt, LedgerError> {
        let old = lock(&self.inner.signer).clone();
        let origin = old.verifier().name();
        if new.verifier().name() != origin {
            return Err(LedgerError::WrongOrigin {
                found: origin.to_owned(),
                expected: new.verifier().name().to_owned(),
            });
        }
        let request = format!("log/rotate/{}", hex::encode(new.verifier().id()));
        let event = rotation(&old, &new);
        let receipt = self
            .propose(
                code(RequestId::new(request))?,
                by,
                |reads, _| {
                    let keys = KeyHistory::from_facts(reads.history(&Subject::Log)?)?;
                    let current = keys.as_ref().and_then(KeyHistory::current);
                    if keys
                        .as_ref()
                        .is_some_and(|keys| keys.contains(new.verifier()))
                    {
                        return Err(LedgerError::KeyUsed.into());
                    }
                    if current != Some(old.verifier()) {
                        let expected = current.map(ToString::to_string).unwrap_or_default();
                        return Err(LedgerError::WrongKey { expected }.into());
                    }
                    Ok(vec![Fact::new(Subject::Log, event.clone())])
                },
                Some(new.clone()),
            )
            .await?;
        *lock(&self.inner.signer) = new;
        Ok(receipt)
    }
}
