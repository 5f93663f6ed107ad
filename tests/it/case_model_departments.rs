//! The program's side of the model test, continued: what departments do.

use counterfoil::domain::calendar::Calendar;
use counterfoil::domain::case::{self, *};
use counterfoil::domain::catalogue::*;
use counterfoil::domain::*;

use crate::case_kit::*;
use crate::case_model_real::{PROCEDURES, at, department, rows};
use crate::case_model_words::Cmd;

/// 0: one person for both, 1: both of one side, 2: as it should be.
pub fn signers(kind: u8, department: &str) -> (StaffSignature, StaffSignature) {
    let theirs = department_signs(department, "officer");
    match kind {
        0 => (theirs, window_signs("officer")),
        1 => (window_signs("clerk-2"), window_signs("clerk-1")),
        _ => (theirs, window_signs("clerk-1")),
    }
}

pub fn at_department(
    case: &CaseState,
    item: &ServiceItem,
    calendar: &Calendar,
    cmd: &Cmd,
    t: i64,
) -> Option<Result<Vec<Fact>, CaseRefusal>> {
    let now = at(t);
    let digest = Digest::of("document");
    let who = |number: &u8| officer(&department(*number));
    Some(match cmd {
        Cmd::Push { by_paper } => push(case, item, &rows(by_paper), now),
        Cmd::Ack {
            department: number,
            step,
            same,
        } => {
            let to: DepartmentCode = code(&department(*number));
            let mut pushes = case.present_pushes();
            let sent = pushes.find(|push| push.department == to && push.step == *step);
            let sent = sent.filter(|_| *same).map_or(digest, |push| push.package);
            acknowledge(case, &to, *step, sent)
        }
        Cmd::Collect {
            department: number,
            rows: list,
            signers: kind,
        } => {
            let (taken, given) = signers(*kind, &department(*number));
            let command = Collect {
                department: code(&department(*number)),
                rows: rows(list),
                given,
                taken,
            };
            collect_paper(case, item, command, now)
        }
        Cmd::Accept { department } => accept(case, item, who(department), digest, now),
        Cmd::RefuseAcceptance { department } => {
            let command = RefuseAcceptance {
                officer: who(department),
                reason: RefusalReason::NotEligible,
                note: secret("why"),
                notice: digest,
            };
            refuse_acceptance(case, item, command, now)
        }
        Cmd::Return { department } => {
            let command = Return {
                officer: who(department),
                reason: ReturnReason::Inconsistent,
                note: secret("why"),
            };
            return_case(case, item, command, now)
        }
        _ => return on_the_way(case, item, calendar, cmd, t),
    })
}

fn on_the_way(
    case: &CaseState,
    item: &ServiceItem,
    calendar: &Calendar,
    cmd: &Cmd,
    t: i64,
) -> Option<Result<Vec<Fact>, CaseRefusal>> {
    let now = at(t);
    let digest = Digest::of("document");
    let who = |number: &u8| officer(&department(*number));
    Some(match cmd {
        Cmd::Suspend {
            department,
            procedure,
        } => {
            let command = Suspend {
                procedure: PROCEDURES[*procedure as usize],
                notice: digest,
                officer: who(department),
                days: None,
            };
            suspend(case, item, command, now)
        }
        Cmd::Resume {
            department,
            procedure,
        } => {
            let procedure = PROCEDURES[*procedure as usize];
            resume(case, item, procedure, digest, who(department), now)
        }
        Cmd::Extend { department, days } => {
            extend(case, item, calendar, *days, digest, who(department), now)
        }
        Cmd::Task { department, step } => {
            complete_task(case, item, who(department), *step, digest, now)
        }
        Cmd::Decide {
            department: number,
            chief,
            grant,
        } => {
            let outcome = if *grant {
                Outcome::Granted
            } else {
                Outcome::Denied
            };
            let command = Decide {
                delegation: delegate(&department(*number), *chief),
                outcome,
                document: digest,
            };
            case::decide(case, item, command, now)
        }
        Cmd::Review { department: number } => {
            let right = delegate(&department(*number), true);
            first_review(case, item, right, digest, now)
        }
        Cmd::Authority { department } => {
            let command = AuthorityDecision {
                officer: who(department),
                outcome: Outcome::Granted,
                document: digest,
            };
            register_authority_decision(case, item, command, now)
        }
        _ => return None,
    })
}
