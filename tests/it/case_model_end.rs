//! The program's side of the model test, continued: endings, result, delivery, rating.

use counterfoil::domain::calendar::Calendar;
use counterfoil::domain::case::{self, withdraw, *};
use counterfoil::domain::catalogue::*;
use counterfoil::domain::hall::Power;
use counterfoil::domain::person::AgentPower;
use counterfoil::domain::*;

use crate::case_kit::*;
use crate::case_model_departments::signers;
use crate::case_model_real::{at, department};
use crate::case_model_words::{Cmd, DAY, Who};

const OUTCOMES: [PostOutcome; 3] = [
    PostOutcome::Delivered,
    PostOutcome::Returned,
    PostOutcome::Unclaimed,
];
const REASONS: [TerminationReason; 3] = [
    TerminationReason::DeferralLapsed,
    TerminationReason::CorrectionLapsed,
    TerminationReason::Impossible,
];

fn bearer(who: Who) -> Bearer {
    match who {
        Who::Applicant => Bearer::Applicant,
        Who::Agent => Bearer::Agent,
        Who::Other => Bearer::Other,
    }
}

fn result(item: &ServiceItem, route: u8, serial: bool, text: u8, kind: u8) -> CaseResult {
    let (given, taken) = signers(kind, item.lead.as_str());
    let route = match route {
        0 => ResultRoute::Platform,
        1 => ResultRoute::DepartmentSystem {
            clerk: code("clerk-1"),
        },
        _ => ResultRoute::HandedOver { given, taken },
    };
    CaseResult {
        route,
        content: Digest::of([text]),
        serial: serial.then(|| code("S-1")),
    }
}

pub fn at_the_end(
    case: &CaseState,
    item: &ServiceItem,
    calendar: &Calendar,
    cmd: &Cmd,
    t: i64,
) -> Option<Result<Vec<Fact>, CaseRefusal>> {
    let (now, clerk) = (at(t), code("clerk-1"));
    Some(match cmd {
        Cmd::Withdraw { who } => {
            let command = Withdraw {
                by: bearer(*who),
                signature: signed("withdrawal"),
                reason: None,
            };
            withdraw(case, command, now)
        }
        Cmd::Void => {
            let command = Void {
                reason: VoidReason::Duplicate,
                note: secret("why"),
                clerk,
            };
            void(case, command, now)
        }
        Cmd::Terminate { reason } => {
            let command = Terminate {
                reason: REASONS[*reason as usize],
                notice: Digest::of("notice"),
                by: clerk,
            };
            terminate(case, command, now)
        }
        Cmd::PaperBack { who } => return_paper(case, bearer(*who), signed("back"), now),
        Cmd::Result {
            route,
            serial,
            text,
            signers,
        } => obtain_result(
            case,
            item,
            result(item, *route, *serial, *text, *signers),
            now,
        ),
        Cmd::HandOut { who, right } => {
            let mut command = hand(item, bearer(*who));
            if !right {
                command.mandate.power = Power::Receive;
            }
            hand_out(case, command, now)
        }
        Cmd::Choose { mail } => {
            let choice = if *mail {
                by_mail()
            } else {
                DeliveryChoice::PickUp
            };
            choose_delivery(case, choice)
        }
        _ => return Some(after_the_result(case, item, calendar, cmd, now)),
    })
}

fn after_the_result(
    case: &CaseState,
    item: &ServiceItem,
    calendar: &Calendar,
    cmd: &Cmd,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    match cmd {
        Cmd::Post {
            waybill,
            by_department,
        } => {
            let theirs = Party::Department {
                department: code(&department(0)),
            };
            let command = Post {
                mandate: mandate(item, Power::Issue),
                sender: if *by_department {
                    theirs
                } else {
                    Party::Window
                },
                waybill: code(&format!("W{waybill}")),
                clerk: code("clerk-1"),
            };
            case::post(case, command, now)
        }
        Cmd::EndPost { waybill, outcome } => {
            let waybill = code(&format!("W{waybill}"));
            end_post(case, &waybill, OUTCOMES[*outcome as usize])
        }
        Cmd::Chase => chase(case, secret("asked"), code("clerk-1")),
        Cmd::Rate { level, ticket } => {
            let ticket = ticket.then(|| FollowUp {
                id: code("t1"),
                owner: code("clerk-1"),
                days: 15,
            });
            let command = Rate {
                level: RatingLevel::ALL[*level as usize],
                remarks: None,
                ticket,
            };
            rate(case, command, None, calendar, now)
        }
        Cmd::Appoint { collect, until } => {
            let power = if *collect {
                AgentPower::Collect
            } else {
                AgentPower::Apply
            };
            let agent = Agent {
                record: secret("agent"),
                powers: vec![power],
                signed_on: code("2023-12-31"),
                valid_until: Some(Date::of(at(until * DAY))),
            };
            appoint_agent(case, agent)
        }
        Cmd::Report => Ok(report_progress(case)),
        other => panic!("nobody answers {other:?}"),
    }
}
