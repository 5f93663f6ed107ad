//! What somebody asks for at a step of a transfer, and how it is done.

use counterfoil::counter::{Ask, Counter, CounterError};
use counterfoil::custody::*;
use counterfoil::domain::case::*;
use counterfoil::domain::custody::{self, *};
use counterfoil::domain::hall::Power;
use counterfoil::domain::transfer::{fold_round, withdrawn};
use counterfoil::domain::*;
use counterfoil::transfer::*;

use crate::case_kit::{application, mandate, secret};
use crate::custody_kit::two_papers;
use crate::transfer_years_kit::{record, system};
use crate::transfer_years_people::{bundle, signature};
use crate::transfer_years_rounds::seal_lines;

pub const OFFICER: &str = "market-o1";
pub const CLERK: &str = "CENTRE-c1";

/// What somebody asks for; asked again word for word.
#[derive(Clone)]
pub enum Order {
    Close(u32),
    Tick,
    Early(EarlyRound),
    LookUp(TransferId, ReconcileDraft),
    Seal(TransferId),
    Defer(TransferId, &'static str, DeferralOrder),
    Offer(OfferOrder),
    Receive(SlipId, ReceiptOrder),
    CallOff(SlipId, StaffId, CallOffOrder),
    Clear(DiscrepancyId),
    Withdraw(CaseNo),
}

pub fn no(number: u32) -> CaseNo {
    CaseNo::new(format!("C-{number}")).unwrap()
}

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// Takes a case in with two papers, and closes it.
async fn close(counter: &Counter, ask: &Ask, hall: (&str, Digest), number: u32) -> Done {
    let case = no(number);
    let signer: StaffId = CLERK.parse().unwrap();
    let item = crate::case_kit::quick(5);
    let mut mandate = mandate(&item, Power::Receive);
    (mandate.site, mandate.content) = (hall.0.parse().unwrap(), hall.1);
    let application = application(&item);
    let opened = CaseEvent::Opened {
        mandate,
        visit: None,
        channel: Channel::Window,
        clerk: signer.clone(),
        applicant: application.applicant,
        agent: None,
        delivery: application.delivery,
        query: secret("query"),
        findings: Vec::new(),
    };
    let withdrawn = CaseEvent::Withdrawn {
        by: Recipient::Applicant,
        signature: signature(&signer),
        reason: None,
    };
    let at: SiteCode = hall.0.parse().unwrap();
    record(counter, ask, |_, _| {
        let facts = [opened.clone(), withdrawn.clone()].into_iter();
        let subject = Subject::Case(case.clone());
        let facts = facts.map(|event| Fact::new(subject.clone(), Event::Case { event }));
        let mut facts: Vec<Fact> = facts.collect();
        let bundle = Bundle::new(case.clone());
        facts.extend(custody::take_in(&bundle, &at, &signer, papers())?);
        Ok(facts)
    })
    .await
    .map(|_| ())
}

/// Two papers that go to the department that leads.
fn papers() -> Vec<NewPaper> {
    let mut papers = two_papers();
    papers.iter_mut().for_each(|paper| paper.row = None);
    papers
}

type Done = Result<(), CounterError>;

/// The applicant comes for all the paper of a case.
async fn withdraw(counter: &Counter, ask: &Ask, case: &CaseNo) -> Done {
    let signed = signature(&CLERK.parse().unwrap());
    record(counter, ask, |reads, _| {
        let bundle = bundle(reads, case)?;
        let held = bundle.papers.iter().filter(|(_, held)| held.in_hall());
        let papers: Vec<u16> = held.map(|(no, _)| *no).collect();
        let round = bundle.papers[&papers[0]].listed.clone().unwrap();
        let history = reads.history(&Subject::Transfer(round))?;
        let round = fold_round(history.iter().map(|fact| &fact.entry)).unwrap();
        let mut facts = withdrawn(&round, &bundle, &papers)?;
        let to = Recipient::Applicant;
        facts.extend(custody::give_back(&bundle, &papers, to, &signed)?);
        Ok(facts)
    })
    .await
    .map(|_| ())
}

/// Does what is asked for.
pub async fn carry_out(counter: &Counter, ask: &Ask, item: Digest, order: Order) -> Done {
    let staff = |id: &str| -> StaffId { id.parse().unwrap() };
    match order {
        Order::Close(number) => close(counter, ask, ("CENTRE", item), number).await,
        Order::Tick => counter.transfer_tick(&system()).await.map(|_| ()),
        Order::Early(early) => counter.open_early(&system(), &early).await.map(|_| ()),
        Order::LookUp(id, draft) => {
            let by = staff("CENTRE-a1");
            counter
                .reconcile_round(ask, &id, &by, draft)
                .await
                .map(|_| ())
        }
        Order::Seal(id) => {
            let by = staff("CENTRE-a1");
            seal_lines(counter, ask, &id, &by).await.map(|_| ())
        }
        Order::Defer(id, by, order) => counter
            .defer_round(ask, &id, &staff(by), order)
            .await
            .map(|_| ()),
        Order::Offer(order) => counter.offer_slip(ask, order).await.map(|_| ()),
        Order::Receive(id, order) => counter.receive_slip(ask, &id, order).await.map(|_| ()),
        Order::CallOff(id, by, order) => counter
            .call_off_slip(ask, &id, &by, order)
            .await
            .map(|_| ()),
        Order::Clear(id) => {
            let by = staff(CLERK);
            counter
                .clear_discrepancy(ask, &id, &by, "已找到")
                .await
                .map(|_| ())
        }
        Order::Withdraw(case) => withdraw(counter, ask, &case).await,
    }
}
