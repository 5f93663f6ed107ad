//! Facts as they come, as server-sent events: what a case or a tray shows is told to whoever looks at it. An event says
//! which fact it is and about what; who wants to know more asks for the subject itself.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use futures::future::BoxFuture;
use futures::stream::{self, Stream};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, timeout_at};
use utoipa::ToSchema;

use super::problem::HttpProblem;
use crate::domain::{Problem, Subject, Timestamp};
use crate::ledger::{Ledger, Recorded};

/// Facts read at once.
const BATCH: usize = 256;
/// How often a quiet stream shows that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a stream lives. Whoever still may comes back with `Last-Event-ID`; a right taken away ends here.
const LIFE: Duration = Duration::from_secs(120);

/// What an event says of a fact.
#[derive(Debug, Serialize, ToSchema)]
pub struct FactNotice {
    /// Its place in the ledger.
    pub index: u64,
    /// What it is about: `case/…`.
    pub subject: String,
    /// What happened: `case.opened`.
    pub kind: String,
    /// When it was recorded.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

impl FactNotice {
    /// Says what is known of `fact` without reading anything else.
    pub fn of(fact: &Recorded) -> Self {
        Self {
            index: fact.index,
            subject: fact.entry.subject.to_string(),
            kind: fact.entry.event.name(),
            at: fact.entry.at,
        }
    }
}

/// Picks the facts of a stream.
pub type Wanted = Box<dyn Fn(&Recorded) -> BoxFuture<'static, bool> + Send>;

/// Picks the facts about one subject.
pub fn about(subject: Subject) -> Wanted {
    Box::new(move |fact| Box::pin(std::future::ready(fact.entry.subject == subject)))
}

/// Where a stream stands.
struct Following {
    ledger: Arc<Ledger>,
    published: watch::Receiver<u64>,
    next: u64,
    ready: VecDeque<FactNotice>,
    wanted: Wanted,
    _permit: OwnedSemaphorePermit,
}

/// The fact a caller who comes back has seen last (`Last-Event-ID`).
pub fn last_seen(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get("last-event-id")?;
    value.to_str().ok()?.parse().ok()
}

/// Streams the facts that `wanted` picks: those after `last_seen` when the caller comes back, else those from `begin`
/// on. `room` limits how many streams there are.
pub fn follow(
    ledger: Arc<Ledger>,
    last_seen: Option<u64>,
    begin: u64,
    room: Arc<Semaphore>,
    wanted: Wanted,
) -> Result<Sse<impl Stream<Item = Result<SseEvent, Infallible>>>, HttpProblem> {
    let Ok(permit) = room.try_acquire_owned() else {
        let detail = "too many event streams are open; close a window and try again";
        return Err(HttpProblem::new(Problem::Busy, detail));
    };
    let following = Following {
        published: ledger.published(),
        ledger,
        next: last_seen.map_or(begin, |last| last.saturating_add(1)),
        ready: VecDeque::new(),
        wanted,
        _permit: permit,
    };
    let end = Instant::now() + LIFE;
    let events = stream::unfold(following, move |mut following| async move {
        let notice = timeout_at(end, following.notice()).await.ok()??;
        Some((Ok(event(&notice)), following))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

impl Following {
    /// The next wanted fact; none once the ledger is closed or cannot be read, so that the caller connects anew.
    async fn notice(&mut self) -> Option<FactNotice> {
        loop {
            if let Some(notice) = self.ready.pop_front() {
                return Some(notice);
            }
            let size = *self.published.borrow_and_update();
            if self.next >= size {
                self.published.changed().await.ok()?;
                continue;
            }
            let facts = match self.ledger.entries(self.next, BATCH).await {
                Ok(facts) => facts,
                Err(error) => {
                    tracing::warn!(%error, "an event stream ends: the ledger cannot be read");
                    return None;
                }
            };
            let last = facts.last()?;
            self.next = last.index.saturating_add(1);
            for fact in &facts {
                if (self.wanted)(fact).await {
                    self.ready.push_back(FactNotice::of(fact));
                }
            }
        }
    }
}

fn event(notice: &FactNotice) -> SseEvent {
    let event = SseEvent::default()
        .id(notice.index.to_string())
        .event("fact");
    match event.json_data(notice) {
        Ok(event) => event,
        Err(_) => SseEvent::default().comment("unreadable"),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::BodyDataStream;
    use axum::response::IntoResponse as _;
    use futures::{FutureExt as _, StreamExt as _};
    use tokio::time;

    use super::*;
    use crate::domain::time::ManualClock;
    use crate::domain::{Actor, CaseNo, Digest, Event, Fact, RequestId};
    use crate::ledger::{Decline, LogSigner};
    use crate::store::MemoryLedger;

    const SLACK: Duration = Duration::from_secs(1);

    async fn ledger() -> Arc<Ledger> {
        let signer = LogSigner::new("hall.example/log", &[7; 32]).unwrap();
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(0)));
        let store = Arc::new(MemoryLedger::new());
        let ledger = Ledger::open(store, signer, clock, "hall.example/log");
        Arc::new(ledger.await.unwrap())
    }

    async fn file(ledger: &Ledger, scan: &Subject) {
        let case = CaseNo::new("2026-1").unwrap();
        let fact = Fact::new(scan.clone(), Event::ScanFiled { case });
        let request = RequestId::new("file").unwrap();
        let by = Actor::new("cli:test").unwrap();
        let decide =
            move |_: &mut crate::ledger::Reads<'_>, _| Ok::<_, Decline>(vec![fact.clone()]);
        ledger.record(request, &by, decide).await.unwrap();
    }

    /// The next fact that is told; signs of life are passed over.
    async fn told(body: &mut BodyDataStream) -> String {
        loop {
            let chunk = time::timeout(Duration::from_secs(5), body.next()).await;
            let chunk = chunk.unwrap().expect("the stream has ended").unwrap();
            let text = String::from_utf8(chunk.to_vec()).unwrap();
            if text.contains("event: fact") {
                return text;
            }
        }
    }

    /// Time is stopped except while the ledger works on its own thread, and moved by hand: that thread keeps it from
    /// moving by itself.
    #[tokio::test]
    async fn a_stream_lives_its_life_and_then_ends() {
        let ledger = ledger().await;
        let scan = Subject::Scan(Digest::of("paper"));
        let begin = *ledger.published().borrow();
        let room = Arc::new(Semaphore::new(1));
        let begun = Instant::now();
        let wanted = about(scan.clone());
        let events = follow(ledger.clone(), None, begin, room.clone(), wanted);
        let Ok(events) = events else {
            panic!("there is room for one stream");
        };
        let mut body = events.into_response().into_body().into_data_stream();
        time::pause();
        time::advance(LIFE - 10 * SLACK).await;
        time::resume();
        file(&ledger, &scan).await;
        let fact = told(&mut body).await;
        assert!(fact.contains("scan_filed"), "{fact}");
        assert!(begun.elapsed() >= LIFE - 10 * SLACK);
        time::pause();
        time::advance(LIFE - SLACK - begun.elapsed()).await;
        while let Some(chunk) = body.next().now_or_never() {
            assert!(chunk.is_some(), "it ended before its time");
        }
        assert_eq!(room.available_permits(), 0, "it still lives");
        time::advance(SLACK + Duration::from_millis(1)).await;
        while let Some(chunk) = body.next().now_or_never().expect("it lives on") {
            assert!(chunk.unwrap().starts_with(b":"), "nothing happened since");
        }
        drop(body);
        assert_eq!(room.available_permits(), 1, "there is room for another");
    }
}
