//! A hall in memory for the tests about cases: the real ledger, and a clock that is moved by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use counterfoil::domain::calendar::Calendar;
use counterfoil::domain::case::{self, *};
use counterfoil::domain::catalogue::ServiceItem;
use counterfoil::domain::ticket::{self, TicketRefusal, TicketState};
use counterfoil::domain::time::ManualClock;
use counterfoil::domain::*;
use counterfoil::ledger::{Decline, Ledger, LedgerError, Reads};
use counterfoil::store::MemoryLedger;

use crate::case_kit::*;
use crate::ledger_support::{ORIGIN, actor, request, signer};

/// A hall in memory, driven through the real ledger.
pub struct World {
    pub ledger: Ledger,
    pub calendar: Calendar,
    clock: Arc<ManualClock>,
    requests: AtomicU64,
}

impl World {
    pub async fn at(start: &str) -> Self {
        let clock = Arc::new(ManualClock::new(instant(start)));
        let store = Arc::new(MemoryLedger::new());
        let ledger = Ledger::open(store, signer(1), clock.clone(), ORIGIN);
        Self {
            ledger: ledger.await.unwrap(),
            calendar: Calendar::embedded(),
            clock,
            requests: AtomicU64::new(0),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Moves the clock forward to an instant of the hall's time.
    pub fn go(&self, to: &str) {
        let ahead = instant(to).as_millis() - self.now().as_millis();
        assert!(ahead >= 0, "the clock does not go back to {to}");
        self.clock.advance_millis(ahead);
    }

    /// Records a decision over any histories; gives the number of facts.
    pub async fn record(
        &self,
        decide: impl Fn(&mut Reads<'_>, Timestamp) -> Result<Vec<Fact>, Decline>,
    ) -> Result<u64, LedgerError> {
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        let id = request(format!("r{number}"));
        let receipt = self.ledger.record(id, &actor(), decide).await?;
        Ok(receipt.count)
    }

    /// Records a decision about one case; gives the number of facts, or the refusal.
    pub async fn act(
        &self,
        no: &str,
        decide: impl Fn(&CaseState, Timestamp) -> Result<Vec<Fact>, CaseRefusal>,
    ) -> Result<u64, CaseRefusal> {
        let subject = Subject::Case(code(no));
        let outcome = self.record(|reads, now| {
            let case = case::fold(entries(reads, &subject)?).ok_or(CaseRefusal::Unknown)?;
            Ok(decide(&case, now)?)
        });
        refusal(outcome.await)
    }

    /// Records a decision about one ticket.
    pub async fn on_ticket(
        &self,
        id: &str,
        decide: impl Fn(Option<&TicketState>, Timestamp) -> Result<Vec<Fact>, TicketRefusal>,
    ) -> Result<u64, TicketRefusal> {
        let subject = Subject::Ticket(code(id));
        let outcome = self.record(|reads, now| {
            let state = ticket::fold(entries(reads, &subject)?);
            Ok(decide(state.as_ref(), now)?)
        });
        refusal(outcome.await)
    }

    pub async fn case(&self, no: &str) -> CaseState {
        let facts = self.ledger.history(&Subject::Case(code(no))).await.unwrap();
        case::fold(facts.iter().map(|fact| &fact.entry)).unwrap()
    }

    pub async fn ticket(&self, id: &str) -> TicketState {
        let subject = Subject::Ticket(code(id));
        let facts = self.ledger.history(&subject).await.unwrap();
        ticket::fold(facts.iter().map(|fact| &fact.entry)).unwrap()
    }

    /// A visit at the window, `v-NO`, and on it the case.
    pub async fn open(&self, no: &str, item: &ServiceItem) -> Result<u64, CaseRefusal> {
        self.open_as(no, item, Channel::Window, application(item))
            .await
    }

    pub async fn open_as(
        &self,
        no: &str,
        item: &ServiceItem,
        channel: Channel,
        application: Application,
    ) -> Result<u64, CaseRefusal> {
        let id: VisitId = code(&format!("v-{no}"));
        let seen = Subject::Visit(id.clone());
        let begun = self.record(|reads, _| {
            let known = fold_visit(entries(reads, &seen)?);
            Ok(open_visit(
                known.as_ref(),
                &id,
                visit_at(DeskRole::Receive, channel),
            )?)
        });
        refusal::<CaseRefusal>(begun.await)?;
        self.open_on(&format!("v-{no}"), no, item, application, None)
            .await
    }

    /// Opens a case on a visit that is under way.
    pub async fn open_on(
        &self,
        visit: &str,
        no: &str,
        item: &ServiceItem,
        application: Application,
        consultation: Option<u32>,
    ) -> Result<u64, CaseRefusal> {
        let (visit, subject) = (Subject::Visit(code(visit)), Subject::Case(code(no)));
        let opened = self.record(|reads, now| {
            let known = number(entries(reads, &subject)?);
            let visit = fold_visit(entries(reads, &visit)?).ok_or(CaseRefusal::VisitUnknown)?;
            let application = application.clone();
            Ok(open(
                &known,
                &code(no),
                &visit,
                item,
                application,
                consultation,
                now,
            )?)
        });
        refusal(opened.await)
    }

    /// Records a decision about one visit.
    pub async fn on_visit(
        &self,
        id: &str,
        decide: impl Fn(&VisitState) -> Result<Vec<Fact>, CaseRefusal>,
    ) -> Result<u64, CaseRefusal> {
        let subject = Subject::Visit(code(id));
        let outcome = self.record(|reads, _| {
            let visit = fold_visit(entries(reads, &subject)?).ok_or(CaseRefusal::VisitUnknown)?;
            Ok(decide(&visit)?)
        });
        refusal(outcome.await)
    }
}

/// The entries of a history that a decision reads.
pub fn entries<'a>(
    reads: &mut Reads<'a>,
    subject: &Subject,
) -> Result<impl Iterator<Item = &'a Entry> + Clone + use<'a>, Decline> {
    Ok(reads.history(subject)?.iter().map(|fact| &fact.entry))
}

fn refusal<E>(outcome: Result<u64, LedgerError>) -> Result<u64, E>
where
    E: std::error::Error + Clone + 'static,
{
    match outcome {
        Ok(count) => Ok(count),
        Err(LedgerError::Refused(error)) => match error.downcast_ref::<E>() {
            Some(refusal) => Err(refusal.clone()),
            None => panic!("another kind of refusal: {error}"),
        },
        Err(error) => panic!("the ledger failed: {error}"),
    }
}
