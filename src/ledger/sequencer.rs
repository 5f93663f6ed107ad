//! The one task that writes. It takes every request that is waiting, builds one batch, appends it durably, publishes
//! the new size and only then answers.
//!
//! When an append fails its outcome is not known. The sequencer then asks the store what is durable: a batch that is
//! there is acknowledged, one that is not is given back to its requests as retryable. Until that is settled nothing
//! else is appended, so the log never forks and nothing is acknowledged that is not durable.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::draft::{Answer, Draft, Proposal, send};
use super::error::LedgerError;
use super::head::{Head, Recent, stored_root};
use super::store::{Batch, LedgerStore, StoreError};
use crate::merkle::LogSigner;

/// Requests taken from the pool at once.
const REQUESTS_AT_ONCE: usize = 1024;

/// Looks for a request before the thread sleeps, about a tenth of a millisecond.
const LOOKS: u32 = 300;

/// How often the store is asked what became of a failed append, and the first pause between; each pause doubles.
const SETTLE_ATTEMPTS: u32 = 4;
const SETTLE_PAUSE: Duration = Duration::from_millis(20);

/// What readers of the log see: everything here is durable.
pub(super) struct Published {
    newest: Mutex<(u64, String)>,
    size: watch::Sender<u64>,
}

impl Published {
    pub(super) fn new(head: &Head) -> Self {
        let size = head.frontier.size();
        Self {
            newest: Mutex::new((size, head.checkpoint.clone())),
            size: watch::Sender::new(size),
        }
    }

    /// Size and signed checkpoint of the published log.
    pub(super) fn newest(&self) -> (u64, String) {
        self.newest
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn size(&self) -> u64 {
        *self.size.borrow()
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.size.subscribe()
    }

    fn publish(&self, head: &Head) {
        let size = head.frontier.size();
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) =
            (size, head.checkpoint.clone());
        self.size.send_replace(size);
    }
}

/// The state of the writing task.
pub(super) struct Sequencer {
    store: Arc<dyn LedgerStore>,
    origin: String,
    signer: LogSigner,
    /// The key that takes over if the rotation in an append of unknown outcome turns out to be recorded.
    candidate: Option<LogSigner>,
    published: Arc<Published>,
    head: Head,
    recent: Recent,
    /// Whether `head` is known to be what the store holds.
    settled: bool,
    waiting: VecDeque<Proposal>,
}

impl Sequencer {
    pub(super) fn new(
        store: Arc<dyn LedgerStore>,
        origin: String,
        signer: LogSigner,
        head: Head,
        published: Arc<Published>,
    ) -> Self {
        Self {
            store,
            origin,
            signer,
            candidate: None,
            published,
            recent: Recent::from(head.frontier.size()),
            head,
            settled: true,
            waiting: VecDeque::new(),
        }
    }

    /// Works until the pool is closed and empty.
    pub(super) async fn run(mut self, mut pool: mpsc::Receiver<Proposal>) {
        let mut taken = Vec::new();
        let mut alone = false;
        loop {
            if self.waiting.is_empty() && alone {
                self.look(&mut pool);
            }
            if self.waiting.is_empty() {
                if pool.recv_many(&mut taken, REQUESTS_AT_ONCE).await == 0 {
                    return;
                }
                self.waiting.extend(taken.drain(..));
            }
            alone = self.waiting.len() == 1;
            self.commit().await;
        }
    }

    /// After a request that came alone, looks for the next one a moment longer before the thread sleeps: whoever was
    /// just answered often asks again at once, and waking a thread takes a good part of the time of a sync. Where many
    /// ask, the moment until the thread wakes is when their group forms.
    fn look(&mut self, pool: &mut mpsc::Receiver<Proposal>) {
        for _ in 0..LOOKS {
            match pool.try_recv() {
                Ok(proposal) => {
                    self.waiting.push_back(proposal);
                    while self.waiting.len() < REQUESTS_AT_ONCE
                        && let Ok(next) = pool.try_recv()
                    {
                        self.waiting.push_back(next);
                    }
                    return;
                }
                Err(mpsc::error::TryRecvError::Empty) => std::thread::yield_now(),
                Err(mpsc::error::TryRecvError::Disconnected) => return,
            }
        }
    }

    /// Commits one batch of what is waiting.
    async fn commit(&mut self) {
        if !self.settled
            && let Err(error) = self.settle().await
        {
            tracing::warn!(%error, "the log is still not settled; requests are refused for now");
            for proposal in self.waiting.drain(..) {
                send(proposal.answer, Answer::Failed(unavailable(&error)));
            }
            return;
        }
        let mut draft = self.draft();
        if draft.is_empty() {
            draft.acknowledge();
            return;
        }
        let batch = match draft.seal(&self.origin, &self.signer) {
            Ok(batch) => batch,
            Err(error) => return draft.dismiss(|| Answer::Failed(unavailable(&error))),
        };
        match self.store.append(&batch).await {
            Ok(()) => self.adopt(draft),
            Err(StoreError::Moved { .. } | StoreError::StaleRead) => {
                // Another writer was faster and nothing was written: take its facts into account and decide again.
                self.settled = false;
                match self.settle_patiently().await {
                    Ok(()) => draft.dismiss(|| Answer::Conflict),
                    Err(error) => draft.dismiss(|| Answer::Failed(unavailable(&error))),
                }
            }
            Err(error) => self.find_out(draft, batch, error).await,
        }
    }

    fn draft(&mut self) -> Draft {
        let mut draft = Draft::on(&self.head);
        while draft.has_room()
            && let Some(proposal) = self.waiting.pop_front()
        {
            if self.recent.holds(&proposal.reads, proposal.read_at) {
                draft.add(proposal);
            } else {
                draft.stale.push(proposal.answer);
            }
        }
        draft
    }

    /// The batch is durable: publish it, then answer.
    fn adopt(&mut self, mut draft: Draft) {
        let last = draft.head.frontier.size().saturating_sub(1);
        for (subject, count) in draft.written() {
            self.recent.note(last, subject, count);
        }
        if let Some(signer) = draft.rotate_to.take() {
            self.signer = signer;
        }
        self.head = draft.head.clone();
        self.published.publish(&self.head);
        draft.acknowledge();
    }

    /// An append failed and may have been applied nevertheless.
    async fn find_out(&mut self, draft: Draft, batch: Batch, error: StoreError) {
        tracing::warn!(%error, facts = batch.entries.len(), "an append failed; asking the store whether it was applied");
        self.settled = false;
        let end = draft.head.frontier.size();
        self.candidate = draft.rotate_to.clone();
        let settled = self.settle_patiently().await;
        let applied = match settled {
            Ok(()) if self.head.frontier.size() < end => Ok(false),
            Ok(()) => self.holds(&batch).await,
            Err(error) => Err(error),
        };
        match applied {
            Ok(true) => draft.acknowledge(),
            Ok(false) => draft.dismiss(|| Answer::Failed(unavailable(&error))),
            Err(unknown) => {
                tracing::warn!(error = %unknown, "what became of the append is not known yet");
                draft.dismiss(|| Answer::Failed(unavailable(&error)));
            }
        }
    }

    /// Whether the store holds exactly the facts of `batch` where they should stand.
    async fn holds(&self, batch: &Batch) -> Result<bool, LedgerError> {
        let stored = self
            .store
            .entries(batch.expected, batch.entries.len())
            .await?;
        let ours = batch.entries.iter().map(|recorded| &recorded.bytes);
        Ok(ours.eq(stored.iter().map(|recorded| &recorded.bytes)))
    }

    async fn settle_patiently(&mut self) -> Result<(), LedgerError> {
        let mut pause = SETTLE_PAUSE;
        for _ in 1..SETTLE_ATTEMPTS {
            if self.settle().await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        self.settle().await
    }

    /// Takes the head from the store, after checking that it continues what was published.
    async fn settle(&mut self) -> Result<(), LedgerError> {
        let store = self.store.clone();
        let known = self.head.frontier.size();
        let Some((head, keys)) = Head::load(store.as_ref()).await? else {
            if known > 0 {
                let reason = format!("{known} facts were recorded and the store is empty");
                return Err(LedgerError::inconsistent(reason));
            }
            self.settled = true;
            return Ok(());
        };
        let size = head.frontier.size();
        if size < known || stored_root(store.as_ref(), known).await? != self.head.frontier.root() {
            let reason = format!(
                "the store's log of {size} facts does not continue the {known} facts recorded"
            );
            return Err(LedgerError::inconsistent(reason));
        }
        let signs_now = |signer: &LogSigner| keys.current() == Some(signer.verifier());
        if let Some(candidate) = self.candidate.take_if(|signer| signs_now(signer)) {
            self.signer = candidate;
        }
        if !signs_now(&self.signer) {
            let expected = keys.current().map(ToString::to_string).unwrap_or_default();
            return Err(LedgerError::WrongKey { expected });
        }
        self.candidate = None;
        if size > known {
            self.recent = Recent::from(size);
            self.head = head;
            self.published.publish(&self.head);
        }
        self.settled = true;
        Ok(())
    }
}

fn unavailable(error: &impl ToString) -> LedgerError {
    LedgerError::Unavailable {
        reason: error.to_string(),
    }
}
