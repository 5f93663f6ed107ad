//! Decisions about cases that no article of its own names: endings, agents, order of time, refusals as a table.

use counterfoil::domain::case::*;
use counterfoil::domain::person::AgentPower;
use counterfoil::domain::ticket::TicketRefusal;
use counterfoil::domain::*;

use crate::case_kit::*;
use crate::case_world::*;

fn kebab(code: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !code.is_empty() && code.chars().all(plain)
}

#[test]
fn every_refusal_has_a_code_of_its_own_and_speaks_chinese_first() {
    for codes in [CaseRefusal::CODES, TicketRefusal::CODES] {
        let mut sorted = codes.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), codes.len());
        assert!(codes.iter().all(|code| kebab(code)));
    }
    let row: MaterialCode = code("lease");
    let refusal = CaseRefusal::NotDeferrable {
        row,
        bar: DeferralBar::MainMaterial,
    };
    assert_eq!(refusal.code(), "not-deferrable");
    assert_eq!(refusal.field(), Some("rows"));
    assert_eq!(CaseRefusal::Ended.field(), None);
    assert!(refusal.zh().contains("lease") && refusal.zh().contains("主要材料"));
    assert!(refusal.en().contains("lease") && refusal.en().contains("main material"));
    assert_eq!(
        refusal.to_string(),
        format!("{} {}", refusal.zh(), refusal.en())
    );
}

fn withdrawing(by: Bearer) -> impl Fn(&CaseState, Timestamp) -> Result<Vec<Fact>, CaseRefusal> {
    move |case, now| {
        let command = Withdraw {
            by,
            signature: signed("withdrawal"),
            reason: None,
        };
        withdraw(case, command, now)
    }
}

fn voiding(case: &CaseState, now: Timestamp) -> Result<Vec<Fact>, CaseRefusal> {
    let command = Void {
        reason: VoidReason::KeyedInError,
        note: secret("wrong item"),
        clerk: code("clerk-1"),
    };
    void(case, command, now)
}

#[tokio::test]
async fn an_agent_withdraws_only_by_a_power_that_says_so() {
    let world = World::at("2026-03-02T09:00").await;
    let item = quick(5);
    let mut with_agent = application(&item);
    let agent = |powers: &[AgentPower]| Agent {
        record: secret("agent"),
        powers: powers.to_vec(),
        signed_on: code("2026-03-02"),
        valid_until: None,
    };
    with_agent.agent = Some(agent(&[AgentPower::Collect]));
    let barred = world.open_as("c1", &item, Channel::Window, with_agent.clone());
    assert_eq!(barred.await, Err(CaseRefusal::PowerMissing));
    with_agent.agent = Some(agent(&[AgentPower::Apply]));
    let opened = world.open_as("c2", &item, Channel::Window, with_agent.clone());
    opened.await.unwrap();
    let uncovered = world.act("c2", withdrawing(Bearer::Agent)).await;
    assert_eq!(uncovered, Err(CaseRefusal::PowerMissing));
    let stranger = world.act("c2", withdrawing(Bearer::Other)).await;
    assert_eq!(stranger, Err(CaseRefusal::WrongHolder));
    with_agent.agent = Some(agent(&[AgentPower::Apply, AgentPower::Withdraw]));
    let opened = world.open_as("c3", &item, Channel::Window, with_agent);
    opened.await.unwrap();
    assert_eq!(world.act("c3", withdrawing(Bearer::Agent)).await, Ok(1));
    assert_eq!(progress(&world.case("c3").await), Progress::Withdrawn);
}

#[tokio::test]
async fn a_case_that_ended_takes_nothing_but_its_paper_back() {
    let world = World::at("2026-03-02T09:00").await;
    let item = food();
    world.receive("c1", &item).await;
    let back = |case: &CaseState, now| return_paper(case, Bearer::Applicant, signed("back"), now);
    assert_eq!(world.act("c1", back).await, Err(CaseRefusal::NotEnded));
    assert_eq!(world.act("c1", voiding).await, Ok(1));
    let ended = Err(CaseRefusal::Ended);
    assert_eq!(world.act("c1", voiding).await, ended);
    assert_eq!(world.act("c1", withdrawing(Bearer::Applicant)).await, ended);
    assert_eq!(world.push("c1", &item).await, ended);
    assert_eq!(world.issue("c1", &item).await, ended);
    assert_eq!(world.meet("c1", &item, paper("form", 1, 0)).await, ended);
    assert_eq!(world.act("c1", back).await, Ok(1));
    let history = world.ledger.history(&Subject::Case(code("c1"))).await;
    let last = history.unwrap().pop().unwrap().entry.event;
    let Event::Case {
        event: CaseEvent::PaperReturned { rows, count, .. },
    } = last
    else {
        panic!("{last:?}");
    };
    assert_eq!(rows.len(), 3, "form, layout, lease");
    assert_eq!((count.originals, count.copies), (2, 3));
}

#[tokio::test]
async fn an_accepted_case_is_neither_voided_nor_refused_and_a_decided_one_not_withdrawn() {
    let world = World::at("2026-03-02T09:00").await;
    let item = quick(5);
    world.accepted("c1", &item).await;
    assert_eq!(
        world.act("c1", voiding).await,
        Err(CaseRefusal::AlreadyAccepted)
    );
    let refuse = |case: &CaseState, now| {
        let command = RefuseAcceptance {
            officer: officer("market"),
            reason: RefusalReason::NotEligible,
            note: secret("why"),
            notice: Digest::of("document"),
        };
        refuse_acceptance(case, &item, command, now)
    };
    assert_eq!(
        world.act("c1", refuse).await,
        Err(CaseRefusal::AlreadyAccepted)
    );
    world.grant("c1", &item).await.unwrap();
    let withdrawn = world.act("c1", withdrawing(Bearer::Applicant)).await;
    assert_eq!(withdrawn, Err(CaseRefusal::AlreadyDecided));
    world.receive("c2", &item).await;
    let unpushed = world.act("c2", refuse).await.unwrap_err();
    assert_eq!(unpushed.code(), "not-pushed");
    world.scan_and_push("c2", &item).await;
    assert_eq!(world.act("c2", refuse).await, Ok(1));
    assert_eq!(world.case("c2").await.ending, Some(Ending::Refused));
}

#[tokio::test]
async fn what_is_entered_later_counts_from_when_it_happened() {
    let world = World::at("2026-03-02T09:00").await;
    let item = quick(5);
    world.fill("c1", &item).await;
    world.go("2026-03-05T09:00");
    let happened = instant("2026-03-03T15:00");
    let late = world.act("c1", |case, _| {
        let mut facts = issue_receipt(case, &item, receipt(&item), happened)?;
        for fact in &mut facts {
            fact.occurred = Some(Occurred {
                at: happened,
                reason: secret("power cut"),
            });
        }
        Ok(facts)
    });
    assert_eq!(late.await, Ok(1));
    let case = world.case("c1").await;
    assert_eq!(case.receipt().unwrap().at, happened);
    let limit = clocks::promised_due(&case, &item, &world.calendar, world.now());
    assert_eq!(limit.unwrap().unwrap().last_day, code("2026-03-10"));
    // Clocks may differ by a minute, and no more.
    let push_at = |at| {
        let item = &item;
        world.act("c1", move |case, _| push(case, item, &[code("form")], at))
    };
    let minute = happened.plus_millis(-60_000);
    let before = push_at(minute.plus_millis(-1)).await;
    assert_eq!(before, Err(CaseRefusal::OutOfOrder));
    assert_eq!(push_at(minute).await, Ok(1));
}

#[tokio::test]
async fn a_row_is_met_once_by_its_own_ways_and_counts() {
    let world = World::at("2026-03-02T09:00").await;
    let item = food();
    world.open("c1", &item).await.unwrap();
    let refused = async |meet: Meet| world.meet("c1", &item, meet).await.unwrap_err().code();
    use counterfoil::domain::catalogue::MetBy::*;
    assert_eq!(refused(paper("nothing", 1, 0)).await, "unknown-row");
    assert_eq!(refused(paper("identity", 1, 0)).await, "way-not-allowed");
    assert_eq!(refused(paper("form", 0, 0)).await, "too-few-originals");
    assert_eq!(refused(paper("layout", 0, 1)).await, "too-few-copies");
    assert_eq!(
        refused(by("identity", ELicence, None)).await,
        "evidence-missing"
    );
    assert_eq!(
        refused(by("lease", EarlierSubmission, None)).await,
        "evidence-missing"
    );
    assert_eq!(refused(paper("health", 0, 1)).await, "row-undecided");
    world.meet("c1", &item, paper("form", 1, 0)).await.unwrap();
    assert_eq!(refused(paper("form", 1, 0)).await, "row-not-open");
    let take_back = |case: &CaseState, _| reopen(case, &item, &code("form"));
    assert_eq!(world.act("c1", take_back).await, Ok(1));
    assert_eq!(
        world.act("c1", take_back).await.unwrap_err().code(),
        "row-not-met"
    );
    let earlier = Meet {
        earlier: Some(code("c0")),
        ..by("lease", EarlierSubmission, None)
    };
    assert_eq!(world.meet("c1", &item, earlier).await, Ok(1));
    let required = world.act("c1", |case, _| {
        decide_row(
            case,
            &item,
            &code("form"),
            false,
            secret("x"),
            code("clerk-1"),
        )
    });
    assert_eq!(required.await.unwrap_err().code(), "row-not-conditional");
}

#[tokio::test]
async fn receipted_paper_goes_back_with_a_notice_only_when_signed_for() {
    let world = World::at("2026-03-02T09:00").await;
    let item = quick(5);
    world.receive("c1", &item).await;
    world.scan_and_push("c1", &item).await;
    let give_back = |case: &CaseState, now| {
        let command = Return {
            officer: officer("market"),
            reason: ReturnReason::WrongForm,
            note: secret("unsigned"),
        };
        return_case(case, &item, command, now)
    };
    world.act("c1", give_back).await.unwrap();
    let again = |case: &CaseState, now| resubmit(case, code("clerk-1"), now);
    world.act("c1", again).await.unwrap();
    // What an earlier receipt names is not simply taken back.
    let take_back = |case: &CaseState, _| reopen(case, &item, &code("form"));
    assert_eq!(
        world.act("c1", take_back).await.unwrap_err().code(),
        "row-not-met"
    );
    let notify = |signature: Option<WitnessedSignature>| {
        let item = &item;
        world.act("c1", move |case, now| {
            let command = Correction {
                defects: vec![Defect {
                    about: DefectSubject::Row { row: code("form") },
                    kind: DefectKind::WrongForm,
                    note: Some(secret("sign page 1")),
                }],
                due: code("2026-03-10"),
                notice: Digest::of("notice"),
                clerk: code("clerk-1"),
                signature: signature.clone(),
            };
            notify_correction(case, item, command, now)
        })
    };
    assert_eq!(notify(None).await.unwrap_err().code(), "hand-back-unsigned");
    assert_eq!(notify(Some(signed("back"))).await, Ok(1));
    let lapse = |case: &CaseState, now| {
        let command = Terminate {
            reason: TerminationReason::CorrectionLapsed,
            notice: Digest::of("notice"),
            by: code("supervisor-1"),
        };
        terminate(case, command, now)
    };
    world.go("2026-03-10T23:59");
    assert_eq!(world.act("c1", lapse).await, Err(CaseRefusal::NotLapsed));
    world.go("2026-03-11T00:00");
    let due = clocks::correction_due(&world.case("c1").await).unwrap();
    assert!(due.is_overdue(world.now()));
    assert_eq!(world.act("c1", lapse).await, Ok(1));
}
