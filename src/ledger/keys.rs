//! The log's signing keys as its own facts tell them: `LogOpened` names the first, each `KeyRotated` names the next
//! and is signed by the one before.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::error::LedgerError;
use super::store::{LedgerStore, Recorded};
use crate::domain::{Event, Subject};
use crate::merkle::{Checkpoint, LogSigner, VerifierKey};

/// The origin of a log and every key it was ever signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHistory {
    origin: String,
    /// Index of the fact that names the key, and the key.
    keys: Vec<(u64, VerifierKey)>,
}

impl KeyHistory {
    /// Folds the history of [`Subject::Log`]. Fails with `Inconsistent` when the chain of keys is broken; none for an
    /// empty log.
    pub fn from_facts(facts: &[Recorded]) -> Result<Option<Self>, LedgerError> {
        let mut history: Option<Self> = None;
        for fact in facts {
            history = Some(match history {
                None => Self::opened(fact)?,
                Some(mut known) => {
                    known.apply(fact)?;
                    known
                }
            });
        }
        Ok(history)
    }

    /// Reads the key history of the log in `store`.
    pub async fn load(store: &dyn LedgerStore) -> Result<Option<Self>, LedgerError> {
        Self::from_facts(&store.history(&Subject::Log).await?)
    }

    fn opened(fact: &Recorded) -> Result<Self, LedgerError> {
        let Event::LogOpened { origin, key } = &fact.entry.event else {
            return Err(LedgerError::inconsistent(
                "its first fact is not its opening",
            ));
        };
        if fact.index != 0 {
            return Err(LedgerError::inconsistent(
                "its opening is not its first fact",
            ));
        }
        let key = parse_key(key, origin)?;
        Ok(Self {
            origin: origin.clone(),
            keys: vec![(0, key)],
        })
    }

    /// Takes the next fact about the log into account.
    pub fn apply(&mut self, fact: &Recorded) -> Result<(), LedgerError> {
        let Event::KeyRotated {
            old,
            new,
            signature,
        } = &fact.entry.event
        else {
            let reason = format!("fact {} about the log is not a key rotation", fact.index);
            return Err(LedgerError::inconsistent(reason));
        };
        let broken = || {
            let reason = format!("the key rotation in fact {} does not hold", fact.index);
            LedgerError::inconsistent(reason)
        };
        let current = self.current().ok_or_else(broken)?;
        if current.to_string() != *old {
            return Err(broken());
        }
        let signature = STANDARD.decode(signature).map_err(|_| broken())?;
        let held = current.verify(new.as_bytes(), &signature);
        held.map_err(|_| broken())?;
        self.keys.push((fact.index, parse_key(new, &self.origin)?));
        Ok(())
    }

    /// The origin the log was opened under.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Every key, oldest first, with the index of the fact that names it.
    pub fn into_keys(self) -> Vec<(u64, VerifierKey)> {
        self.keys
    }

    /// The key that signs now.
    pub fn current(&self) -> Option<&VerifierKey> {
        self.keys.last().map(|(_, key)| key)
    }

    /// Whether the log was ever signed with `key`.
    pub fn contains(&self, key: &VerifierKey) -> bool {
        self.keys.iter().any(|(_, known)| known == key)
    }

    /// The key that signs the log of `size` facts: the last one that they name.
    pub fn at_size(&self, size: u64) -> Option<&VerifierKey> {
        let named = self.keys.partition_point(|(index, _)| *index < size);
        self.keys.get(named.checked_sub(1)?).map(|(_, key)| key)
    }

    /// Checks that a signed checkpoint is of this log and is signed by the key of its size.
    pub fn verify_checkpoint(&self, note: &str) -> Result<Checkpoint, LedgerError> {
        let invalid = |reason: String| {
            LedgerError::inconsistent(format!("a checkpoint is not valid: {reason}"))
        };
        let claimed = Checkpoint::parse_unverified(note).map_err(|e| invalid(e.to_string()))?;
        let key = self.at_size(claimed.size);
        let key = key.ok_or_else(|| invalid("no key signs this size".to_owned()))?;
        let verified = Checkpoint::verify(note, std::slice::from_ref(key));
        let (checkpoint, _) = verified.map_err(|e| invalid(e.to_string()))?;
        if checkpoint.origin != self.origin {
            return Err(invalid("it is of another log".to_owned()));
        }
        Ok(checkpoint)
    }
}

fn parse_key(text: &str, origin: &str) -> Result<VerifierKey, LedgerError> {
    let key: VerifierKey = text
        .parse()
        .map_err(|_| LedgerError::inconsistent("a fact names a key that is none"))?;
    if key.name() != origin {
        return Err(LedgerError::inconsistent(
            "a key's name is not the log's origin",
        ));
    }
    Ok(key)
}

/// The fact that hands the log from one key to the next.
pub(super) fn rotation(old: &LogSigner, new: &LogSigner) -> Event {
    let new = new.verifier().to_string();
    Event::KeyRotated {
        old: old.verifier().to_string(),
        signature: STANDARD.encode(old.sign(new.as_bytes())),
        new,
    }
}
