//! Witnesses of the log: their keys are enrolled, the cosigned checkpoints they hand in are checked against the log and
//! recorded, and the newest of them is given to whoever wants to keep it.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Ask, Counter, CounterError, Done, witness_list};
use crate::domain::witness::{self, Cosigned, WitnessRefusal, WitnessState, fold as fold_witness};
use crate::domain::{DepartmentCode, Digest, Subject, Timestamp, WitnessId};
use crate::ledger::{Decline, Recorded};
use crate::merkle::{Checkpoint, Cosignature, Note, WitnessKey};
use crate::store::lists::Page;

/// Witnesses there can be.
const WITNESSES_MAX: usize = 500;
/// Seconds that a witness's clock may be fast.
const FAST_SECONDS: u64 = 300;
/// Cosignatures that go into one note, beside the log's own signatures.
const LINES_MAX: usize = 12;

/// A witness to be enrolled.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WitnessOrder {
    /// What it is called here.
    pub id: WitnessId,
    /// Its verifier key (C2SP, algorithm 4): `name+hash+base64`.
    pub key: String,
    /// The department it signs for, if for one.
    #[serde(default)]
    pub department: Option<DepartmentCode>,
}

/// A witness.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WitnessView {
    /// What it is called here.
    pub id: WitnessId,
    /// Its verifier key.
    pub key: String,
    /// The department it signs for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<DepartmentCode>,
    /// Whether its cosignatures are not taken any more.
    pub retired: bool,
    /// Cosignatures of it.
    pub cosignatures: u64,
    /// That of the largest log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<CosignatureView>,
}

/// A cosignature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CosignatureView {
    /// Whose.
    pub witness: WitnessId,
    /// Facts in the checkpoint.
    pub size: u64,
    /// Its root.
    pub root: Digest,
    /// When the witness signed, as it says itself.
    pub at: Timestamp,
}

fn shown(id: &WitnessId, one: &Cosigned) -> CosignatureView {
    let millis = i64::try_from(one.time.saturating_mul(1000)).unwrap_or(i64::MAX);
    CosignatureView {
        witness: id.clone(),
        size: one.size,
        root: one.root,
        at: Timestamp::from_millis(millis),
    }
}

impl From<&WitnessState> for WitnessView {
    fn from(state: &WitnessState) -> Self {
        Self {
            id: state.id.clone(),
            key: state.key.clone(),
            department: state.department.clone(),
            retired: state.retired,
            cosignatures: u64::try_from(state.cosigned.len()).unwrap_or(u64::MAX),
            newest: state.newest().map(|one| shown(&state.id, one)),
        }
    }
}

fn known(id: &WitnessId, history: &[Recorded]) -> Option<WitnessState> {
    fold_witness(id, history.iter().map(|fact| &fact.entry.event))
}

impl Counter {
    /// Every witness, by enrolment.
    pub async fn witnesses(&self) -> Result<Vec<WitnessState>, CounterError> {
        let page = Page::first(WITNESSES_MAX);
        let mut found = Vec::new();
        for entry in self.catalog.listed(witness_list(), &page).await? {
            if let Subject::Witness(id) = &entry.subject {
                found.push(self.witness(id).await?.0);
            }
        }
        Ok(found)
    }

    /// A witness, and how many facts it has.
    pub async fn witness(&self, id: &WitnessId) -> Result<(WitnessState, u32), CounterError> {
        let history = self.history(&Subject::Witness(id.clone())).await?;
        let state = known(id, &history);
        let state = state.ok_or_else(|| CounterError::NotFound(format!("witness {id}")))?;
        Ok((state, super::change::count(&history)))
    }

    /// Enrols a witness with its key.
    pub async fn enrol_witness(
        &self,
        ask: &Ask,
        order: &WitnessOrder,
    ) -> Result<Done, CounterError> {
        let WitnessOrder {
            id,
            key,
            department,
        } = order;
        let read: WitnessKey = key.parse().map_err(|_| WitnessRefusal::KeyForm)?;
        let taken = self.witnesses().await?;
        let taken = taken.iter().find(|one| one.key == *key && one.id != *id);
        if let Some(other) = taken {
            let id = other.id.clone();
            return Err(WitnessRefusal::KeyTaken { id }.into());
        }
        if let Some(code) = department {
            self.department(code).await?;
        }
        let key = read.to_string();
        let subject = Subject::Witness(id.clone());
        self.done(ask, &subject, |history, _, _| {
            let known = known(id, history);
            Ok(witness::enrol(
                known.as_ref(),
                id,
                &key,
                department.as_ref(),
            )?)
        })
        .await
    }

    /// Takes no more cosignatures of a witness.
    pub async fn retire_witness(&self, ask: &Ask, id: &WitnessId) -> Result<Done, CounterError> {
        self.done(ask, &Subject::Witness(id.clone()), |history, _, _| {
            let missing = || CounterError::NotFound(format!("witness {id}"));
            Ok(witness::retire(&known(id, history).ok_or_else(missing)?))
        })
        .await
    }

    /// Records the cosignatures of enrolled witnesses on a checkpoint of this log. Recorded before, they give no fact.
    pub async fn record_cosignatures(
        &self,
        ask: &Ask,
        note: &str,
    ) -> Result<Vec<CosignatureView>, CounterError> {
        let note = Note::parse(note).map_err(|_| WitnessRefusal::NoteForm)?;
        let found = self.cosigned(&note).await?;
        let Some(first) = found.keys().next() else {
            return Err(WitnessRefusal::NoCosignature.into());
        };
        self.change(ask, &Subject::Witness(first.clone()), |_, reads, _| {
            let mut facts = Vec::new();
            for (id, cosigned) in &found {
                let history = reads.history(&Subject::Witness(id.clone()))?;
                let missing = || Decline::from(CounterError::NotFound(format!("witness {id}")));
                let state = known(id, history).ok_or_else(missing)?;
                facts.extend(witness::cosign(&state, cosigned)?);
            }
            Ok(facts)
        })
        .await?;
        let views = found.iter().map(|(id, cosigned)| shown(id, cosigned));
        Ok(views.collect())
    }

    /// The cosignatures of enrolled witnesses on a note, which has to be a checkpoint that this log had.
    async fn cosigned(&self, note: &Note) -> Result<BTreeMap<WitnessId, Cosigned>, CounterError> {
        let newest = self.ledger.checkpoint().await;
        let newest = Checkpoint::parse_unverified(&newest)
            .map_err(|error| CounterError::Internal(error.to_string()))?;
        let stated = Checkpoint::parse(note.text()).map_err(|_| WitnessRefusal::NoteForm)?;
        let Checkpoint { origin, size, root } = &stated;
        if *origin != newest.origin {
            let origin = newest.origin;
            return Err(WitnessRefusal::OtherLog { origin }.into());
        }
        let ours = self.ledger.checkpoint_at(*size).await?;
        let ours = ours.and_then(|note| Checkpoint::parse_unverified(&note).ok());
        // Lines after the root would be signed as well, and nobody here knows what they say.
        if ours.as_ref() != Some(&stated) || note.text() != stated.text() {
            let size = *size;
            return Err(WitnessRefusal::NotOurs { size }.into());
        }
        let now = u64::try_from(self.clock.now().as_millis() / 1000).unwrap_or(0);
        let mut found = BTreeMap::new();
        for witness in self.witnesses().await? {
            let id = witness.id.clone();
            let Ok(key) = witness.key.parse::<WitnessKey>() else {
                continue;
            };
            let wrong = |_| WitnessRefusal::BadCosignature { id: id.clone() };
            let Some(Cosignature { time, signature }) = key.cosignature(note).map_err(wrong)?
            else {
                continue;
            };
            if time > now.saturating_add(FAST_SECONDS) {
                return Err(WitnessRefusal::FromTheFuture { id }.into());
            }
            let cosigned = Cosigned {
                size: *size,
                root: Digest::from_bytes(root.0),
                time,
                signature: STANDARD.encode(signature),
            };
            found.insert(id, cosigned);
        }
        Ok(found)
    }

    /// Sizes of the log in the checkpoints that a witness cosigned.
    pub async fn cosigned_sizes(&self) -> Result<BTreeSet<u64>, CounterError> {
        let witnesses = self.witnesses().await?;
        let sizes = witnesses.iter().flat_map(|one| &one.cosigned);
        Ok(sizes.map(|one| one.size).collect())
    }

    /// The newest cosignatures there are, the largest log first.
    pub async fn cosignatures(&self, limit: usize) -> Result<Vec<CosignatureView>, CounterError> {
        let witnesses = self.witnesses().await?;
        let all = witnesses.iter().flat_map(|witness| {
            let cosigned = witness.cosigned.iter();
            cosigned.map(|one| shown(&witness.id, one))
        });
        let mut all: Vec<CosignatureView> = all.collect();
        all.sort_by_key(|one| std::cmp::Reverse((one.size, one.at)));
        all.truncate(limit);
        Ok(all)
    }

    /// The checkpoint of the largest log that a witness cosigned, with the log's own signature and the newest
    /// cosignature of each witness; none while nobody did.
    pub async fn cosigned_checkpoint(&self) -> Result<Option<String>, CounterError> {
        let witnesses = self.witnesses().await?;
        let sizes = witnesses.iter().filter_map(WitnessState::newest);
        let Some(size) = sizes.map(|one| one.size).max() else {
            return Ok(None);
        };
        let Some(mut note) = self.ledger.checkpoint_at(size).await? else {
            return Ok(None);
        };
        let mut lines = 0;
        for witness in &witnesses {
            let (Ok(key), Some(newest)) = (witness.key.parse::<WitnessKey>(), witness.newest())
            else {
                continue;
            };
            let signature = STANDARD.decode(&newest.signature).unwrap_or_default();
            let Ok(signature) = signature.try_into() else {
                continue;
            };
            if newest.size == size && lines < LINES_MAX {
                let time = newest.time;
                note.push_str(&key.line(&Cosignature { time, signature }));
                lines += 1;
            }
        }
        Ok(Some(note))
    }
}
