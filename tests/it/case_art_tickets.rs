//! Acceptance of the regulation's Article 14: who answers a complaint mainly.

use counterfoil::domain::case::Party;
use counterfoil::domain::ticket::*;
use counterfoil::domain::*;

use crate::case_kit::*;
use crate::case_tickets::*;
use crate::case_world::*;

fn complaint(category: ComplaintCategory, party: Party) -> OpenTicket {
    let matter = Matter::Complaint {
        category,
        mismatch: None,
        late_call: None,
    };
    ticket_of(matter, party)
}

/// Opens a complaint of each category where Art 14 sends it, and checks that the other side is refused.
async fn routed(categories: &[ComplaintCategory], to: Party, other: Party) {
    for category in categories {
        let world = World::at("2026-03-02T09:00").await;
        let department: DepartmentCode = code("market");
        assert_eq!(route(*category, Some(&department)), Ok(to.clone()));
        let astray = open_on(&world, complaint(*category, other.clone())).await;
        assert_eq!(astray, Err(TicketRefusal::WrongParty));
        open_on(&world, complaint(*category, to.clone()))
            .await
            .unwrap();
        let ticket = world.ticket("t1").await;
        assert_eq!((ticket.party, ticket.case), (to.clone(), Some(code("c1"))));
        assert_eq!(ticket.due, Some(code("2026-03-23")), "15 working days");
    }
}

#[tokio::test]
async fn art_14_a_complaint_is_joint_and_tied_to_its_case() {
    let world = World::at("2026-03-02T09:00").await;
    let opened = open_on(
        &world,
        complaint(ComplaintCategory::Attitude, Party::Window),
    );
    opened.await.unwrap();
    let on = |decide: fn(&TicketState) -> Result<Vec<Fact>, TicketRefusal>| {
        world.on_ticket("t1", move |ticket, _| decide(ticket.unwrap()))
    };
    assert_eq!(on(|ticket| join(ticket, market())).await, Ok(1));
    assert_eq!(on(|ticket| join(ticket, market())).await, Ok(0));
    assert_eq!(on(|ticket| reassign(ticket, code("clerk-2"))).await, Ok(1));
    let step = |command: Proceed| {
        world.on_ticket("t1", move |ticket, _| {
            proceed(ticket.unwrap(), command.clone(), code("clerk-2"))
        })
    };
    let (founded, report, note) = (false, secret("report"), secret("note"));
    step(Proceed::Verify { founded, report }).await.unwrap();
    step(Proceed::FeedBack { note }).await.unwrap();
    step(Proceed::Close).await.unwrap();
    let ticket = world.ticket("t1").await;
    assert_eq!((ticket.joined, ticket.next), (vec![market()], Step::Done));
    assert_eq!(ticket.owner, code("clerk-2"));
}

#[tokio::test]
async fn art_14_1_1_attitude_goes_to_the_window() {
    routed(&[ComplaintCategory::Attitude], Party::Window, market()).await;
}

#[tokio::test]
async fn art_14_1_2_a_progress_enquiry_goes_to_the_window() {
    routed(
        &[ComplaintCategory::ProgressEnquiry],
        Party::Window,
        market(),
    )
    .await;
}

#[tokio::test]
async fn art_14_1_3_a_wrong_receipt_goes_to_the_window() {
    routed(&[ComplaintCategory::WrongReceipt], Party::Window, market()).await;
}

#[tokio::test]
async fn art_14_2_1_substance_process_system_time_and_result_go_to_the_department() {
    use ComplaintCategory::*;
    let all = [Substance, Process, SystemInterface, Duration, Result];
    routed(&all, market(), Party::Window).await;
    assert_eq!(
        route(Substance, None),
        Err(TicketRefusal::DepartmentMissing)
    );
}

#[tokio::test]
async fn art_14_2_2_a_list_mismatch_goes_to_the_department_with_the_comparison() {
    routed(&[ComplaintCategory::ListMismatch], market(), Party::Window).await;
    let world = World::at("2026-03-02T09:00").await;
    let mut mismatch = complaint(ComplaintCategory::ListMismatch, market());
    mismatch.matter = Matter::Complaint {
        category: ComplaintCategory::ListMismatch,
        mismatch: Some(Digest::of("comparison")),
        late_call: None,
    };
    let matter = mismatch.matter.clone();
    open_on(&world, mismatch).await.unwrap();
    assert_eq!(world.ticket("t1").await.matter, matter);
}

#[tokio::test]
async fn art_14_2_3_late_expert_help_goes_to_the_department_with_the_waiting_time() {
    routed(
        &[ComplaintCategory::LateExpertHelp],
        market(),
        Party::Window,
    )
    .await;
    let world = World::at("2026-03-02T09:00").await;
    let mut call = complaint(ComplaintCategory::LateExpertHelp, market());
    call.id = code("call");
    call.matter = Matter::ExpertCall;
    open_on(&world, call).await.unwrap();
    world.go("2026-03-02T10:10");
    let waited = late_call(&world.ticket("call").await, world.now());
    assert_eq!(waited.waited_ms, 70 * 60 * 1000);
    let mut late = complaint(ComplaintCategory::LateExpertHelp, market());
    late.matter = Matter::Complaint {
        category: ComplaintCategory::LateExpertHelp,
        mismatch: None,
        late_call: Some(waited),
    };
    open_on(&world, late).await.unwrap();
}
