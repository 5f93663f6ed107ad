//! Finding the key that opens an object: the master keys, and the keys of the cases it belongs to.

use super::open::{OpenError, Opened, Trailer};
use super::seal::Wrap;
use crate::domain::{CaseNo, Subject};
use crate::store::case_keys::{CaseKeyError, CaseKeys};
use crate::store::keys::{MasterKeys, OwnerKey};

/// Every key that may be at hand. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct KeyRing {
    masters: MasterKeys,
    cases: CaseKeys,
}

/// What was found of wraps that did not open.
#[derive(Default)]
pub(crate) struct Tried {
    /// Owners whose keys are not at hand.
    lacking: Vec<String>,
    /// The first trouble with a case's key.
    trouble: Option<CaseKeyError>,
    /// The first erased case.
    erased: Option<CaseKeyError>,
    /// A wrap beside the blob did not open although its key is at hand.
    stale: bool,
}

impl KeyRing {
    pub(crate) fn new(masters: MasterKeys, cases: CaseKeys) -> Self {
        Self { masters, cases }
    }

    pub(crate) fn masters(&self) -> &MasterKeys {
        &self.masters
    }

    pub(crate) fn cases(&self) -> &CaseKeys {
        &self.cases
    }

    /// The key to wrap with for a case, or for the hall.
    pub(crate) async fn owner(&self, case: Option<&CaseNo>) -> Result<OwnerKey, CaseKeyError> {
        match case {
            Some(case) => self.cases.owner_key(case).await,
            None => Ok(self.masters.current_owner()),
        }
    }

    /// The same for what is about `subject`.
    pub(crate) async fn owner_of(&self, subject: &Subject) -> Result<OwnerKey, CaseKeyError> {
        match subject {
            Subject::Case(case) => self.owner(Some(case)).await,
            _ => self.owner(None).await,
        }
    }

    /// Opens the object called `name` by the wraps in its trailer; none when no key of theirs is at hand, which
    /// `tried` then tells.
    pub(crate) async fn open(
        &self,
        trailer: &Trailer,
        name: &str,
        tried: &mut Tried,
    ) -> Result<Option<Opened>, OpenError> {
        for wrap in &trailer.wraps {
            let Some(owner) = self.key_of(wrap, tried).await? else {
                continue;
            };
            let Some(data_key) = trailer.unwrap(wrap, &owner.key, name) else {
                return Err(OpenError::Damaged(
                    "its data key does not open at this address",
                ));
            };
            return Ok(Some(trailer.open(data_key)));
        }
        Ok(None)
    }

    /// The same by a wrap that stands beside it. One that does not open was left by an object that stood here
    /// before.
    pub(crate) async fn open_beside(
        &self,
        trailer: &Trailer,
        wrap: &Wrap,
        name: &str,
        tried: &mut Tried,
    ) -> Result<Option<Opened>, OpenError> {
        let Some(owner) = self.key_of(wrap, tried).await? else {
            return Ok(None);
        };
        let data_key = trailer.unwrap(wrap, &owner.key, name);
        tried.stale |= data_key.is_none();
        Ok(data_key.map(|data_key| trailer.open(data_key)))
    }

    /// The key of a wrap's owner; none when it is not at hand.
    pub(crate) async fn key_of(
        &self,
        wrap: &Wrap,
        tried: &mut Tried,
    ) -> Result<Option<OwnerKey>, OpenError> {
        match self.cases.by_owner(&wrap.owner).await {
            Some(Ok(owner)) => return Ok(Some(owner)),
            Some(Err(error @ CaseKeyError::Erased { .. })) => {
                tried.erased.get_or_insert(error);
            }
            Some(Err(CaseKeyError::Store(error))) => return Err(OpenError::Store(error)),
            Some(Err(error)) => {
                tried.trouble.get_or_insert(error);
            }
            None => {
                if let Some(key) = self.masters.shared_by_owner(&wrap.owner) {
                    let owner = wrap.owner.clone();
                    return Ok(Some(OwnerKey { owner, key }));
                }
                tried.lacking.push(wrap.owner.clone());
            }
        }
        Ok(None)
    }
}

impl Tried {
    /// Why the object stays closed. What a key that is missing here could still open is not called erased.
    pub(crate) fn verdict(self) -> OpenError {
        if let Some(trouble) = self.trouble {
            return OpenError::Case(trouble);
        }
        match self.erased {
            _ if !self.lacking.is_empty() => OpenError::NoKey {
                owners: self.lacking.join(", "),
            },
            _ if self.stale => OpenError::Damaged("its data key does not open at this address"),
            Some(erased) => OpenError::Case(erased),
            None => OpenError::NoKey {
                owners: "nobody".into(),
            },
        }
    }
}
