//! One of every fact about visits, cases and tickets, with every part it can have.

use counterfoil::domain::case::*;
use counterfoil::domain::catalogue::*;
use counterfoil::domain::hall::Power;
use counterfoil::domain::person::AgentPower;
use counterfoil::domain::ticket::*;
use counterfoil::domain::*;

use crate::case_kit::*;

fn met() -> Met {
    Met {
        way: MetBy::PaperKept,
        kept: PaperCount {
            originals: 1,
            copies: 2,
        },
        shared: None,
        evidence: None,
        earlier: None,
        clerk: code("clerk-1"),
    }
}

fn agent() -> Agent {
    Agent {
        record: secret("agent"),
        powers: vec![AgentPower::Apply, AgentPower::Collect],
        signed_on: code("2026-03-01"),
        valid_until: Some(code("2026-03-31")),
    }
}

pub fn at_the_window() -> Vec<CaseEvent> {
    use CaseEvent::*;
    let item = food();
    let (row, clerk): (MaterialCode, StaffId) = (code("lease"), code("clerk-1"));
    let given = application(&item);
    let finding = FieldFinding {
        field: code("applicant.id_number"),
        kind: DefectKind::InvalidField,
    };
    vec![
        Opened {
            mandate: given.mandate.clone(),
            visit: Some(code("v1")),
            channel: Channel::OffSite,
            clerk: clerk.clone(),
            applicant: given.applicant,
            agent: Some(agent()),
            delivery: by_mail(),
            query: given.query,
            findings: vec![finding],
        },
        PlatformNumbered {
            number: code("P-1"),
        },
        NumberOf { case: code("c1") },
        Attended {
            visit: code("v2"),
            mandate: mandate(&item, Power::Receive),
            channel: Channel::Window,
        },
        AgentAppointed { agent: agent() },
        DeliveryChosen {
            choice: DeliveryChoice::PickUp,
        },
        FieldsChecked { findings: vec![] },
        RowDecided {
            row: code("health"),
            needed: true,
            reason: secret("reason"),
            clerk: clerk.clone(),
        },
        RowMet {
            row: row.clone(),
            met: Met {
                shared: Some(SharedOriginal {
                    case: code("c0"),
                    row: row.clone(),
                }),
                evidence: Some(Digest::of("evidence")),
                earlier: Some(code("c0")),
                ..met()
            },
        },
        RowReopened { row: row.clone() },
        ScanFiled {
            row: row.clone(),
            scan: Digest::of("scan"),
        },
    ]
}

pub fn about_the_receipt() -> Vec<CaseEvent> {
    use CaseEvent::*;
    let (row, clerk): (MaterialCode, StaffId) = (code("lease"), code("clerk-1"));
    vec![
        DeferralGranted {
            deferred: Deferred {
                rows: vec![row.clone()],
                due: code("2026-03-09"),
                undertaking: Digest::of("undertaking"),
                signature: signed("applicant"),
            },
        },
        DeferralRefused {
            rows: vec![BarredRow {
                row: code("form"),
                bar: DeferralBar::MainMaterial,
            }],
            notice: Digest::of("notice"),
            clerk: clerk.clone(),
        },
        ReceiptIssued {
            manifest: Digest::of("manifest"),
            rows: 3,
            kept: met().kept,
            manner: ReceiptManner::Print,
            serial: Some(code("R-1")),
            clerk: clerk.clone(),
        },
        Supplemented {
            row: row.clone(),
            met: met(),
            manifest: Digest::of("manifest"),
        },
        CorrectionNoticed {
            defects: vec![
                Defect {
                    about: DefectSubject::Row { row },
                    kind: DefectKind::Missing,
                    note: Some(secret("note")),
                },
                Defect {
                    about: DefectSubject::Field {
                        field: code("applicant.id_number"),
                    },
                    kind: DefectKind::InvalidField,
                    note: None,
                },
            ],
            due: code("2026-03-09"),
            notice: Digest::of("notice"),
            clerk: clerk.clone(),
            signature: Some(signed("back")),
        },
        CorrectionEscalated(Escalated {
            supervisor: code("supervisor-1"),
            reason: secret("reason"),
        }),
        Resubmitted { clerk },
    ]
}

pub fn at_the_department() -> Vec<CaseEvent> {
    use CaseEvent::*;
    let officer = officer("market");
    let digest = Digest::of("document");
    vec![
        Pushed {
            department: code("market"),
            step: 0,
            by_paper: vec![code("lease")],
            package: digest,
        },
        Acknowledged {
            department: code("market"),
            step: 0,
        },
        PaperCollected {
            department: code("market"),
            rows: vec![code("lease")],
            count: met().kept,
            given: window_signs("clerk-1"),
            taken: department_signs("market", "m-1"),
        },
        Accepted {
            officer: officer.clone(),
            notice: digest,
        },
        AcceptanceRefused {
            officer: officer.clone(),
            reason: RefusalReason::NotEligible,
            note: secret("note"),
            notice: digest,
        },
        Returned {
            officer: officer.clone(),
            reason: ReturnReason::WrongForm,
            note: secret("note"),
        },
        suspended(None),
        Resumed {
            procedure: SpecialProcedure::Hearing,
            report: digest,
            officer: officer.clone(),
        },
        Extended {
            days: 10,
            notice: digest,
            approver: officer.clone(),
        },
        TaskDone {
            officer: officer.clone(),
            step: 1,
            opinion: digest,
        },
        FirstReviewed {
            officer: officer.clone(),
            opinion: digest,
        },
        Decided {
            outcome: Outcome::Granted,
            document: digest,
            officer,
            chief: true,
            authority: false,
        },
    ]
}

pub fn suspended(days: Option<u16>) -> CaseEvent {
    CaseEvent::Suspended {
        procedure: SpecialProcedure::Hearing,
        notice: Digest::of("document"),
        officer: officer("market"),
        days,
    }
}

pub fn at_the_end() -> Vec<CaseEvent> {
    use CaseEvent::*;
    vec![
        Withdrawn {
            by: Recipient::Applicant,
            signature: signed("withdrawal"),
            reason: Some(secret("reason")),
        },
        Voided {
            reason: VoidReason::Duplicate,
            note: secret("note"),
            clerk: code("clerk-1"),
        },
        Terminated {
            reason: TerminationReason::DeferralLapsed,
            notice: Digest::of("notice"),
            by: code("supervisor-1"),
        },
        PaperReturned {
            rows: vec![code("lease")],
            count: met().kept,
            recipient: Recipient::Agent,
            signature: signed("back"),
        },
        ResultObtained {
            result: CaseResult {
                route: ResultRoute::HandedOver {
                    given: department_signs("market", "m-1"),
                    taken: window_signs("clerk-1"),
                },
                ..made_here(Some("S-1"))
            },
        },
        Posted {
            waybill: code("W1"),
            clerk: code("clerk-1"),
        },
        PostEnded {
            waybill: code("W1"),
            outcome: PostOutcome::Unclaimed,
        },
        DeliveryChased {
            note: secret("note"),
            clerk: code("clerk-1"),
        },
        Delivered {
            way: DeliveryWay::PickUp {
                recipient: Recipient::Agent,
                signature: signed("taken"),
                window: None,
            },
        },
        RatingInvited,
        Rated {
            level: RatingLevel::Dissatisfied,
            remarks: Some(secret("remarks")),
            ticket: Some(code("t1")),
        },
        ProgressReported {
            progress: Progress::Delivered,
        },
    ]
}

pub fn visits() -> Vec<VisitEvent> {
    vec![
        VisitEvent::Opened {
            site: code("centre"),
            window: code("w1"),
            clerk: code("clerk-1"),
            role: DeskRole::Consult,
            channel: Channel::ExtendedHours,
        },
        VisitEvent::RoleTaken {
            role: DeskRole::Receive,
        },
        VisitEvent::GuidanceGiven {
            kind: GuidanceKind::Consultation,
            task: Some(code("food")),
            note: Some(secret("note")),
        },
        VisitEvent::CaseOpened {
            case: code("c1"),
            consultation: Some(0),
        },
        VisitEvent::Referred { ticket: code("t1") },
        VisitEvent::Closed,
    ]
}

pub fn tickets() -> Vec<TicketEvent> {
    let (by, note): (StaffId, _) = (code("clerk-1"), secret("note"));
    let market = Party::Department {
        department: code("market"),
    };
    let matters = [
        Matter::Consultation {
            task: Some(code("food")),
        },
        Matter::ExpertCall,
        Matter::Referral {
            notice: Digest::of("notice"),
        },
        Matter::Complaint {
            category: ComplaintCategory::LateExpertHelp,
            mismatch: Some(Digest::of("comparison")),
            late_call: Some(LateCall {
                call: code("t0"),
                waited_ms: 4_200_000,
            }),
        },
        Matter::Finding,
        Matter::Rating {
            level: RatingLevel::VeryDissatisfied,
        },
    ];
    let opened = |matter| TicketEvent::Opened {
        matter,
        party: market.clone(),
        case: Some(code("c1")),
        site: code("centre"),
        owner: code("clerk-1"),
        note: Some(secret("note")),
        due: Some(code("2026-03-23")),
    };
    let mut events: Vec<TicketEvent> = matters.into_iter().map(opened).collect();
    let (answer, report) = (note, note);
    let rest = [
        TicketEvent::Joined {
            party: Party::Window,
        },
        TicketEvent::Reassigned { owner: by.clone() },
        TicketEvent::Answered {
            by: by.clone(),
            answer,
        },
        TicketEvent::Verified {
            by: by.clone(),
            founded: true,
            report,
        },
        TicketEvent::Rectified {
            by: by.clone(),
            report,
        },
        TicketEvent::FedBack {
            by: by.clone(),
            note,
        },
        TicketEvent::Revisited {
            by: by.clone(),
            satisfied: true,
            note,
        },
        TicketEvent::Closed { by },
    ];
    events.extend(rest);
    events
}
