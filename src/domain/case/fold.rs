//! Folding a case's history into its state. Facts are believed: what they may be is decided before they are written.

use super::begun::begun;
use super::ending::Ending;
use super::event::CaseEvent;
use super::happened;
use super::paper;
use super::state::*;
use crate::domain::event::{Entry, Event};
use crate::domain::id::{CaseNo, Subject};
use crate::domain::time::Timestamp;

/// Folds a history, oldest first; none when no case was opened under this number.
pub fn fold<'a>(history: impl IntoIterator<Item = &'a Entry>) -> Option<CaseState> {
    let mut state: Option<CaseState> = None;
    for entry in history {
        let Event::Case { event } = &entry.event else {
            continue;
        };
        let at = happened(entry);
        match &mut state {
            None => state = opened(&entry.subject, event, at),
            Some(case) => {
                register(case, event, at);
                intake(case, event, at);
                correction(case, event, at);
                department(case, event, at);
                procedure(case, event, at);
                ending(case, event, at);
                delivery(case, event, at);
                paper::fold(case, event, entry.seq, at);
            }
        }
    }
    state
}

/// What a case number is already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Number {
    /// Nothing: it is free.
    Free,
    /// A case.
    Case(Box<CaseState>),
    /// The platform's name of a case.
    NameOf(CaseNo),
}

/// Reads off the history of a number what it is already.
pub fn number<'a>(history: impl IntoIterator<Item = &'a Entry> + Clone) -> Number {
    if let Some(case) = fold(history.clone()) {
        return Number::Case(Box::new(case));
    }
    let name = history.into_iter().find_map(|entry| match &entry.event {
        Event::Case {
            event: CaseEvent::NumberOf { case },
        } => Some(case.clone()),
        _ => None,
    });
    name.map_or(Number::Free, Number::NameOf)
}

fn opened(subject: &Subject, event: &CaseEvent, at: Timestamp) -> Option<CaseState> {
    let Subject::Case(no) = subject else {
        return None;
    };
    match event {
        CaseEvent::Opened {
            mandate,
            visit,
            channel,
            clerk,
            applicant,
            agent,
            delivery,
            query,
            findings,
        } => Some(CaseState {
            visit: visit.clone(),
            channel: *channel,
            agent: agent.clone(),
            delivery: *delivery,
            query: *query,
            findings: findings.clone(),
            ..begun(no.clone(), mandate.clone(), clerk.clone(), *applicant, at)
        }),
        CaseEvent::TakenOver(taken) => taken.begins(no, at),
        _ => None,
    }
}

fn enter(case: &mut CaseState, stage: Stage, at: Timestamp) {
    case.stage = stage;
    case.since = at;
}

fn register(case: &mut CaseState, event: &CaseEvent, at: Timestamp) {
    match event {
        CaseEvent::PlatformNumbered { number } => case.platform_no = Some(number.clone()),
        CaseEvent::Attended {
            visit,
            mandate,
            channel,
        } => {
            // The window changes; the item version stays the one pinned at the opening.
            case.visit = Some(visit.clone());
            case.channel = *channel;
            case.mandate.site = mandate.site.clone();
            case.mandate.window = mandate.window.clone();
            case.mandate.authorisation = mandate.authorisation.clone();
        }
        CaseEvent::AgentAppointed { agent } => case.agent = Some(agent.clone()),
        CaseEvent::DeliveryChosen { choice } => case.delivery = *choice,
        CaseEvent::FieldsChecked { findings } => case.findings = findings.clone(),
        CaseEvent::ProgressReported { progress } => case.reported = Some(*progress),
        CaseEvent::ErasureApproved { approval, .. } => case.erased = Some((at, *approval)),
        _ => {}
    }
}

fn intake(case: &mut CaseState, event: &CaseEvent, at: Timestamp) {
    match event {
        CaseEvent::RowDecided { row, needed, .. } => {
            case.rows.entry(row.clone()).or_default().needed = Some(*needed);
        }
        CaseEvent::RowMet { row, met } => meet(case, row, met),
        CaseEvent::RowReopened { row } => {
            let row = case.rows.entry(row.clone()).or_default();
            row.met = None;
            row.holder = None;
        }
        CaseEvent::ScanFiled { row, scan } => {
            case.rows.entry(row.clone()).or_default().scans.push(*scan);
        }
        CaseEvent::Refiled(refiled) => {
            for row in case.rows.values_mut() {
                row.scans.retain(|scan| !refiled.scans.contains(scan));
            }
            for row in &refiled.rows {
                case.rows.entry(row.clone()).or_default().holder = None;
            }
        }
        CaseEvent::DeferralGranted { deferred } => {
            for row in &deferred.rows {
                case.rows.entry(row.clone()).or_default().deferred = Some(deferred.due);
            }
            case.deferrals.push(deferred.clone());
        }
        CaseEvent::ReceiptIssued { manifest, kept, .. } => {
            case.receipts.push(ReceiptRecord {
                submission: case.submission,
                manifest: *manifest,
                kept: *kept,
                at,
            });
            enter(case, Stage::Received, at);
        }
        CaseEvent::Supplemented { row, met, .. } => {
            meet(case, row, met);
            case.supplied_at = Some(at);
        }
        _ => {}
    }
}

fn meet(case: &mut CaseState, row: &crate::domain::MaterialCode, met: &Met) {
    let submission = case.submission;
    let row = case.rows.entry(row.clone()).or_default();
    row.holder = (!met.kept.is_empty()).then_some(PaperHolder::Window);
    row.met = Some(met.clone());
    row.met_in = submission;
}

fn correction(case: &mut CaseState, event: &CaseEvent, at: Timestamp) {
    use super::terms::DefectSubject;
    match event {
        CaseEvent::CorrectionNoticed {
            defects,
            due,
            notice,
            ..
        } => {
            for defect in defects {
                // What is defective goes back and has to be handed in again.
                if let DefectSubject::Row { row } = &defect.about {
                    let row = case.rows.entry(row.clone()).or_default();
                    row.met = None;
                    row.deferred = None;
                    row.holder = None;
                    row.scans.clear();
                }
            }
            case.notices.push(Notice {
                submission: case.submission,
                defects: defects.clone(),
                due: *due,
                at,
                notice: *notice,
            });
            enter(case, Stage::Correcting, at);
        }
        CaseEvent::CorrectionEscalated(_) => case.escalations.push(case.submission),
        CaseEvent::Resubmitted { .. } => {
            case.submission += 1;
            case.submitted_at = at;
            enter(case, Stage::Intake, at);
        }
        _ => {}
    }
}

fn department(case: &mut CaseState, event: &CaseEvent, at: Timestamp) {
    match event {
        CaseEvent::Pushed {
            department,
            step,
            package,
            ..
        } => {
            case.pushes.push(Pushed {
                submission: case.submission,
                department: department.clone(),
                step: *step,
                package: *package,
                at,
                acknowledged: None,
            });
            if case.stage == Stage::Received {
                enter(case, Stage::Pushed, at);
            }
        }
        CaseEvent::Acknowledged { department, step } => {
            let submission = case.submission;
            let pushed = case.pushes.iter_mut().find(|push| {
                push.submission == submission
                    && push.department == *department
                    && push.step == *step
            });
            if let Some(push) = pushed {
                push.acknowledged = Some(at);
            }
        }
        CaseEvent::PaperCollected {
            department, rows, ..
        } => {
            for row in rows {
                case.rows.entry(row.clone()).or_default().holder =
                    Some(PaperHolder::Department(department.clone()));
            }
        }
        CaseEvent::PaperBroughtBack(back) => {
            for row in &back.rows {
                case.rows.entry(row.clone()).or_default().holder = Some(PaperHolder::Window);
            }
        }
        CaseEvent::Accepted { officer, notice } => {
            case.acceptance = Some(Acceptance {
                officer: officer.clone(),
                at,
                notice: *notice,
            });
            enter(case, Stage::Accepted, at);
        }
        CaseEvent::Returned { .. } => enter(case, Stage::Returned, at),
        _ => {}
    }
}

fn procedure(case: &mut CaseState, event: &CaseEvent, at: Timestamp) {
    match event {
        CaseEvent::Suspended { procedure, .. } => case.pauses.push(Pause {
            procedure: *procedure,
            from: at,
            to: None,
        }),
        CaseEvent::Resumed { .. } => {
            if let Some(pause) = case.pauses.last_mut() {
                pause.to = Some(at);
            }
        }
        CaseEvent::Extended { days, .. } => case.extended_days = Some(*days),
        CaseEvent::TaskDone {
            officer,
            step,
            opinion,
        } => case.tasks.push(TaskRecord {
            department: officer.department.clone(),
            step: *step,
            at,
            opinion: *opinion,
        }),
        CaseEvent::FirstReviewed { .. } => case.first_review = Some(at),
        CaseEvent::Decided {
            outcome,
            document,
            officer,
            ..
        } => {
            case.decision = Some(Decision {
                outcome: *outcome,
                document: *document,
                officer: officer.clone(),
                at,
            });
            enter(case, Stage::Decided, at);
        }
        _ => {}
    }
}

fn ending(case: &mut CaseState, event: &CaseEvent, at: Timestamp) {
    let ending = match event {
        CaseEvent::AcceptanceRefused { .. } => Ending::Refused,
        CaseEvent::Withdrawn { .. } => Ending::Withdrawn,
        CaseEvent::Voided { .. } => Ending::Voided,
        CaseEvent::Terminated { .. } => Ending::Terminated,
        CaseEvent::PaperReturned { rows, .. } => {
            for row in rows {
                case.rows.entry(row.clone()).or_default().holder = Some(PaperHolder::Applicant);
            }
            return;
        }
        _ => return,
    };
    case.ending = Some(ending);
    enter(case, Stage::Ended, at);
}

fn delivery(case: &mut CaseState, event: &CaseEvent, at: Timestamp) {
    match event {
        CaseEvent::ResultObtained { result } => {
            case.result = Some(ResultRecord {
                result: result.clone(),
                obtained_at: at,
            });
        }
        CaseEvent::Posted { waybill, .. } => case.posts.push(PostRecord {
            waybill: waybill.clone(),
            at,
            outcome: None,
        }),
        CaseEvent::PostEnded { outcome, .. } => {
            if let Some(post) = case.posts.last_mut() {
                post.outcome = Some(*outcome);
            }
        }
        CaseEvent::DeliveryChased { .. } => case.chased_at = Some(at),
        CaseEvent::Delivered { way } => {
            if let (super::terms::DeliveryWay::Mail { .. }, Some(post)) =
                (way, case.posts.last_mut())
            {
                post.outcome = Some(super::terms::PostOutcome::Delivered);
            }
            case.delivered = Some(Delivered {
                way: way.clone(),
                at,
            });
        }
        CaseEvent::RatingInvited => case.invited_at = Some(at),
        CaseEvent::Rated { level, .. } => case.rating = Some(*level),
        _ => {}
    }
}
