//! `Ledger`: opening a log and recording decisions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::draft::{Answer, Proposal, REQUEST_FACTS_MAX};
use super::error::LedgerError;
use super::head::Head;
use super::keys::KeyHistory;
use super::reads::{Decline, Reads};
use super::sequencer::{Published, Sequencer};
use super::store::{LedgerStore, Recorded};
use crate::domain::{Actor, Clock, Event, Fact, RequestId, Subject, Timestamp};
use crate::merkle::LogSigner;

/// Requests that may wait in the pool; further ones wait to enter it.
const POOL_REQUESTS: usize = 1024;

/// Histories one decision may read or write.
const SUBJECTS_MAX: usize = 8192;

/// Facts read on either side of one to find those of its request, at first.
const RECEIPT_REACH: usize = 64;

/// How often a decision is made again because others were faster.
const CONFLICT_ROUNDS: usize = 256;

/// The log. Cloning it gives another handle on the same one.
#[derive(Clone)]
pub struct Ledger {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) store: Arc<dyn LedgerStore>,
    clock: Arc<dyn Clock>,
    pub(super) published: Arc<Published>,
    pool: Mutex<Option<mpsc::Sender<Proposal>>>,
    sequencer: Mutex<Option<JoinHandle<()>>>,
    pub(super) signer: Mutex<LogSigner>,
}

/// What `record` did: the facts `first..first + count` are durable, in the log of `size` facts that `checkpoint` signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Index of the first fact.
    pub first: u64,
    /// Number of facts; 0 when the decision asked for none.
    pub count: u64,
    /// Size of the log that the checkpoint signs.
    pub size: u64,
    /// Signed checkpoint (C2SP signed note) of a log that contains the facts.
    pub checkpoint: String,
    /// Whether an earlier call with the same request recorded the facts. `first` and `count` are then those of that
    /// call; the checkpoint is the present one.
    pub repeated: bool,
}

/// A decision made.
struct Decided {
    facts: Vec<Fact>,
    reads: Vec<(Subject, u32)>,
    read_at: u64,
    at: Timestamp,
}

enum Outcome {
    Decided(Decided),
    /// The request was recorded before.
    Repeated(Receipt),
}

impl Ledger {
    /// Opens the log in `store`. `origin` is also the signer's name. An empty log
    /// records its opening under it; any other must have that origin,
    /// `signer` as its present key, and a newest checkpoint whose signature and root hold.
    pub async fn open(
        store: Arc<dyn LedgerStore>,
        signer: LogSigner,
        clock: Arc<dyn Clock>,
        origin: &str,
    ) -> Result<Ledger, LedgerError> {
        if signer.verifier().name() != origin {
            return Err(LedgerError::WrongOrigin {
                found: signer.verifier().name().to_owned(),
                expected: origin.to_owned(),
            });
        }
        let loaded = Head::load(store.as_ref()).await?;
        let fresh = loaded.is_none();
        let head = match loaded {
            Some((head, keys)) => {
                check_identity(&keys, &signer, origin)?;
                head
            }
            None => Head::empty(origin, &signer)?,
        };
        let published = Arc::new(Published::new(&head));
        let sequencer = Sequencer::new(
            store.clone(),
            origin.to_owned(),
            signer.clone(),
            head,
            published.clone(),
        );
        let (pool, receiver) = mpsc::channel(POOL_REQUESTS);
        // A thread of its own: between a request and its sync stands one change of threads instead of three.
        let runtime = Handle::current();
        let task = tokio::task::spawn_blocking(move || runtime.block_on(sequencer.run(receiver)));
        let key = signer.verifier().to_string();
        let ledger = Self {
            inner: Arc::new(Inner {
                store,
                clock,
                published,
                pool: Mutex::new(Some(pool)),
                sequencer: Mutex::new(Some(task)),
                signer: Mutex::new(signer),
            }),
        };
        if fresh {
            ledger.record_opening(origin, key).await?;
        }
        Ok(ledger)
    }

    async fn record_opening(&self, origin: &str, key: String) -> Result<(), LedgerError> {
        let request = code(RequestId::new("log/open"))?;
        let by = code(Actor::new("system:ledger"))?;
        let event = Event::LogOpened {
            origin: origin.to_owned(),
            key,
        };
        self.record(request, &by, |reads, _| {
            if reads.history(&Subject::Log)?.is_empty() {
                return Ok(vec![Fact::new(Subject::Log, event.clone())]);
            }
            Ok(Vec::new())
        })
        .await?;
        Ok(())
    }

    /// Records what `decide` decides: all of its facts durably and next to each other, or none.
    ///
    /// `decide` is pure and may be called several times: first until every history it reads is loaded, and again
    /// whenever one of them grew before its facts were recorded. The time it gets is the facts' recorded time, unless a
    /// later one is in the log already.
    ///
    /// **Idempotent retry.** Every fact carries its request and its actor. Each history that the decision reads or
    /// writes is searched for them, before `decide` sees it and across restarts; if the same actor's same request is
    /// found there, its receipt is returned with `repeated` set and `decide` is not asked further, so a retry is never
    /// refused for what its first try did. Two calls at once collide on the subjects they write; the later one decides
    /// again and finds the facts of the first. A request is therefore known by the subjects it touches: the same id
    /// used for unrelated subjects is another request.
    ///
    /// A dropped call may still be recorded.
    pub async fn record(
        &self,
        request: RequestId,
        by: &Actor,
        decide: impl Fn(&mut Reads<'_>, Timestamp) -> Result<Vec<Fact>, Decline>,
    ) -> Result<Receipt, LedgerError> {
        self.propose(request, by, decide, None).await
    }

    pub(super) async fn propose(
        &self,
        request: RequestId,
        by: &Actor,
        decide: impl Fn(&mut Reads<'_>, Timestamp) -> Result<Vec<Fact>, Decline>,
        rotate_to: Option<LogSigner>,
    ) -> Result<Receipt, LedgerError> {
        for _ in 0..CONFLICT_ROUNDS {
            let decided = match self.decide(&request, by, &decide).await? {
                Outcome::Repeated(receipt) => return Ok(receipt),
                Outcome::Decided(decided) => decided,
            };
            if decided.facts.is_empty() {
                let (size, checkpoint) = self.inner.published.newest();
                return Ok(Receipt {
                    first: size,
                    count: 0,
                    size,
                    checkpoint,
                    repeated: false,
                });
            }
            let (answer, answered) = oneshot::channel();
            let proposal = Proposal {
                request: request.clone(),
                by: by.clone(),
                at: decided.at,
                facts: decided.facts,
                reads: decided.reads,
                read_at: decided.read_at,
                rotate_to: rotate_to.clone(),
                answer,
            };
            let pool = lock(&self.inner.pool).clone().ok_or(LedgerError::Closed)?;
            let entered = pool.send(proposal).await;
            entered.map_err(|_| LedgerError::Closed)?;
            match answered.await {
                Ok(Answer::Recorded(receipt)) => return Ok(receipt),
                Ok(Answer::Conflict) => {}
                Ok(Answer::Failed(error)) => return Err(error),
                Err(_) => return Err(LedgerError::Closed),
            }
        }
        Err(LedgerError::Contended)
    }

    /// Asks for the decision until every history it needs is loaded.
    async fn decide(
        &self,
        request: &RequestId,
        by: &Actor,
        decide: impl Fn(&mut Reads<'_>, Timestamp) -> Result<Vec<Fact>, Decline>,
    ) -> Result<Outcome, LedgerError> {
        let read_at = self.inner.published.size();
        let at = self.inner.clock.now();
        let mut loaded: HashMap<Subject, Vec<Recorded>> = HashMap::new();
        let (facts, mut touched) = loop {
            let mut reads = Reads::new(&loaded);
            let decision = decide(&mut reads, at);
            let (missing, asked) = reads.into_parts();
            if missing.is_empty() {
                match decision {
                    Ok(facts) => break (facts, asked),
                    Err(Decline::Refused(error)) => return Err(LedgerError::Refused(error)),
                    Err(Decline::NeedHistory) => {
                        let nothing = "the decision asked for nothing";
                        return Err(LedgerError::Refused(nothing.into()));
                    }
                }
            }
            for subject in missing {
                if loaded.contains_key(&subject) {
                    continue;
                }
                if let Some(receipt) = self.load(subject, request, by, &mut loaded).await? {
                    return Ok(Outcome::Repeated(receipt));
                }
            }
        };
        if facts.len() > REQUEST_FACTS_MAX {
            let reason = format!(
                "it has {} facts, at most {REQUEST_FACTS_MAX} are allowed",
                facts.len()
            );
            return Err(LedgerError::TooLarge { reason });
        }
        touched.extend(facts.iter().map(|fact| fact.subject.clone()));
        touched.sort_unstable();
        touched.dedup();
        let mut reads = Vec::with_capacity(touched.len());
        for subject in touched {
            if !loaded.contains_key(&subject)
                && let Some(receipt) = self.load(subject.clone(), request, by, &mut loaded).await?
            {
                return Ok(Outcome::Repeated(receipt));
            }
            let count = loaded.get(&subject).map_or(0, Vec::len) as u32;
            reads.push((subject, count));
        }
        Ok(Outcome::Decided(Decided {
            facts,
            reads,
            read_at,
            at,
        }))
    }

    /// Loads one history; gives the receipt of `request` if the history shows that it was recorded before.
    async fn load(
        &self,
        subject: Subject,
        request: &RequestId,
        by: &Actor,
        loaded: &mut HashMap<Subject, Vec<Recorded>>,
    ) -> Result<Option<Receipt>, LedgerError> {
        if loaded.len() >= SUBJECTS_MAX {
            let reason = format!("it reads or writes more than {SUBJECTS_MAX} subjects");
            return Err(LedgerError::TooLarge { reason });
        }
        let facts = self.inner.store.history(&subject).await?;
        let ours = |fact: &&Recorded| fact.entry.request == *request && fact.entry.by == *by;
        if let Some(found) = facts.iter().find(ours) {
            let index = found.index;
            return self.receipt_again(index, request, by).await.map(Some);
        }
        loaded.insert(subject, facts);
        Ok(None)
    }

    /// The receipt of a request one of whose facts has `index`: its facts stand next to each other.
    async fn receipt_again(
        &self,
        index: u64,
        request: &RequestId,
        by: &Actor,
    ) -> Result<Receipt, LedgerError> {
        let ours = |fact: &Recorded| fact.entry.request == *request && fact.entry.by == *by;
        let mut reach = RECEIPT_REACH;
        let (before, after) = loop {
            let from = index.saturating_sub(reach as u64);
            let around = self.inner.store.entries(from, 2 * reach).await?;
            let place = (index - from) as usize;
            let (before, after) = around.split_at_checked(place).unwrap_or_default();
            let before = before.iter().rev().take_while(|fact| ours(fact)).count();
            let after = after.iter().take_while(|fact| ours(fact)).count();
            // Most requests have a few facts; only one that fills what was read is looked at further.
            if before.max(after) < reach || reach >= REQUEST_FACTS_MAX {
                break (before as u64, after as u64);
            }
            reach *= 8;
        };
        // A fact may be durable a moment before it is published; it is acknowledged only after that.
        let mut published = self.inner.published.subscribe();
        let seen = published.wait_for(|size| *size >= index + after).await;
        seen.map_err(|_| LedgerError::Closed)?;
        let (size, checkpoint) = self.inner.published.newest();
        Ok(Receipt {
            first: index - before,
            count: before + after,
            size,
            checkpoint,
            repeated: true,
        })
    }

    /// Takes no further requests, finishes those that wait and lets go of the store's writing task.
    pub async fn close(&self) {
        drop(lock(&self.inner.pool).take());
        let task = lock(&self.inner.sequencer).take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the sequencer ended abnormally");
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn code<T>(code: Result<T, crate::domain::id::NotACode>) -> Result<T, LedgerError> {
    code.map_err(|error| LedgerError::inconsistent(error.to_string()))
}

fn check_identity(keys: &KeyHistory, signer: &LogSigner, origin: &str) -> Result<(), LedgerError> {
    if keys.origin() != origin {
        return Err(LedgerError::WrongOrigin {
            found: keys.origin().to_owned(),
            expected: origin.to_owned(),
        });
    }
    if keys.current() != Some(signer.verifier()) {
        let expected = keys.current().map(ToString::to_string).unwrap_or_default();
        return Err(LedgerError::WrongKey { expected });
    }
    Ok(())
}
