//! What the tests about cases share: a hall with a few items, a ledger in memory, a clock that is moved by hand.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use counterfoil::domain::calendar::Calendar;
use counterfoil::domain::case::{self, *};
use counterfoil::domain::catalogue::*;
use counterfoil::domain::hall::{Delegation, Mandate, Power};
use counterfoil::domain::ticket::{self, TicketRefusal, TicketState};
use counterfoil::domain::time::ManualClock;
use counterfoil::domain::*;
use counterfoil::ledger::{Decline, Ledger, LedgerError, Reads};
use counterfoil::store::MemoryLedger;

use crate::ledger_support::{ORIGIN, actor, request, signer};

/// Any code from its text.
pub fn code<T: FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

pub fn secret(text: &str) -> Commitment {
    Commitment(Digest::of(text))
}

/// An instant in the hall's time: `2026-02-14T09:00`.
pub fn instant(text: &str) -> Timestamp {
    format!("{text}:00+08:00").parse().unwrap()
}

pub fn signed(text: &str) -> WitnessedSignature {
    WitnessedSignature {
        digest: Digest::of(text),
        witness: code("clerk-1"),
    }
}

pub fn officer(department: &str) -> Officer {
    Officer {
        staff: code(&format!("{department}-officer")),
        department: code(department),
    }
}

pub fn delegate(department: &str, chief: bool) -> Delegation {
    Delegation {
        staff: code(&format!("{department}-delegate")),
        department: code(department),
        chief,
    }
}

pub fn window_signs(staff: &str) -> StaffSignature {
    StaffSignature {
        staff: code(staff),
        party: Party::Window,
        digest: Digest::of(staff),
    }
}

pub fn department_signs(department: &str, staff: &str) -> StaffSignature {
    StaffSignature {
        staff: code(staff),
        party: Party::Department {
            department: code(department),
        },
        digest: Digest::of(staff),
    }
}

pub fn material(name: &str, weight: Weight, originals: u8, copies: u8, ways: &[MetBy]) -> Material {
    Material {
        code: code(name),
        name: name.into(),
        necessity: Necessity::Required,
        originals,
        copies,
        weight,
        deferral: None,
        met_by: ways.to_vec(),
        marks: Vec::new(),
    }
}

/// An item with a form of one original and nothing else.
pub fn plain(task: &str, lead: &str, handling: Handling) -> ServiceItem {
    ServiceItem {
        task_code: code(task),
        catalog_code: code("000100000001"),
        version: 3,
        name: task.into(),
        kind: ItemKind::Licence,
        field: code("market"),
        applicants: vec![ApplicantKind::Person, ApplicantKind::Organisation],
        handling,
        lead: code(lead),
        co_tasks: Vec::new(),
        materials: vec![material("form", Weight::Main, 1, 0, &[MetBy::PaperKept])],
        review_points: Vec::new(),
        special_procedures: Vec::new(),
        higher_authority: false,
        result: ResultKind {
            name: "licence".into(),
            certificate: None,
        },
        retention: Retention::Years { years: 10 },
        basis: Vec::new(),
    }
}

pub const FOOD_DAYS: Handling = Handling::TimeLimited {
    legal_days: 20,
    promised_days: 8,
};

/// 食品经营许可: all kinds of rows, a certificate, a hearing or an inspection on the way.
pub fn food() -> ServiceItem {
    use MetBy::*;
    let mut item = plain("food", "market", FOOD_DAYS);
    item.result.certificate = Some(code("food-licence"));
    item.special_procedures = vec![SpecialProcedure::Hearing, SpecialProcedure::Inspection];
    let identity = material("identity", Weight::Main, 0, 0, &[OriginalSeen, ELicence]);
    let mut lease = material(
        "lease",
        Weight::Secondary,
        1,
        1,
        &[PaperKept, EarlierSubmission],
    );
    lease.deferral = Some(Deferral { days: 5 });
    let layout = material("layout", Weight::Secondary, 0, 2, &[PaperKept, Commitment]);
    let mut health = material("health", Weight::Secondary, 0, 1, &[PaperKept, SharedData]);
    health.deferral = Some(Deferral { days: 20 });
    health.necessity = Necessity::Conditional {
        when: "staff handle food".into(),
    };
    item.materials.extend([identity, lease, layout, health]);
    item
}

/// 施工许可: a lead, two departments in a first step, one in a second.
pub fn works() -> ServiceItem {
    let mut item = plain("works", "housing", FOOD_DAYS);
    let paper = &[MetBy::PaperKept];
    item.materials
        .push(material("plan", Weight::Main, 0, 1, paper));
    item.materials
        .push(material("land", Weight::Main, 1, 0, paper));
    let part = |department: &str, step, rows: &[&str]| CoTask {
        department: code(department),
        step,
        days: 3,
        materials: rows.iter().map(|row| code(row)).collect(),
    };
    item.co_tasks = vec![
        part("fire", 1, &["plan"]),
        part("planning", 1, &["plan", "land"]),
        part("transport", 2, &["land"]),
    ];
    item
}

pub fn mandate(item: &ServiceItem, power: Power) -> Mandate {
    Mandate {
        site: code("centre"),
        window: code("w1"),
        power,
        department: item.lead.clone(),
        authorisation: code("auth-1"),
        task: item.task_code.clone(),
        version: item.version,
        content: Digest::of(&item.name),
    }
}

pub fn application(item: &ServiceItem) -> Application {
    Application {
        mandate: mandate(item, Power::Receive),
        clerk: code("clerk-1"),
        applicant: Applicant {
            kind: ApplicantKind::Person,
            record: secret("applicant"),
        },
        agent: None,
        delivery: DeliveryChoice::PickUp,
        query: secret("query"),
        findings: Vec::new(),
    }
}

pub fn paper(row: &str, originals: u8, copies: u8) -> Meet {
    Meet {
        row: code(row),
        way: MetBy::PaperKept,
        originals,
        copies,
        shared: None,
        evidence: None,
        earlier: None,
        clerk: code("clerk-1"),
    }
}

pub fn by(row: &str, way: MetBy, evidence: Option<&str>) -> Meet {
    Meet {
        way,
        evidence: evidence.map(Digest::of),
        ..paper(row, 0, 0)
    }
}

pub fn receipt(item: &ServiceItem) -> IssueReceipt {
    IssueReceipt {
        mandate: mandate(item, Power::Receive),
        manner: ReceiptManner::Print,
        serial: None,
        clerk: code("clerk-1"),
    }
}

pub fn granted(department: &str) -> Decide {
    Decide {
        delegation: delegate(department, true),
        outcome: Outcome::Granted,
        document: Digest::of("decision"),
    }
}

pub fn made_here(serial: Option<&str>) -> CaseResult {
    CaseResult {
        route: ResultRoute::Platform,
        content: Digest::of("result"),
        serial: serial.map(code),
    }
}

pub fn hand(item: &ServiceItem, bearer: Bearer) -> HandOut {
    HandOut {
        mandate: mandate(item, Power::Issue),
        bearer,
        signature: signed("taken"),
    }
}

pub fn visit_at(role: DeskRole, channel: Channel) -> OpenVisit {
    OpenVisit {
        site: code("centre"),
        window: code("w1"),
        clerk: code("clerk-1"),
        role,
        channel,
    }
}

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
