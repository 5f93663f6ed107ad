//! A case in words, as its package describes it. No name stands here.

use super::internal;
use crate::counter::CounterError;
use crate::domain::case::{CaseEvent, CaseState, Ending, Outcome, concluded_at};
use crate::domain::catalogue::{Retention, ServiceItem};
use crate::domain::custody::{Bundle, HeldPaper, Origin, Place};
use crate::domain::transfer::RoundLine;
use crate::domain::{Date, Event};
use crate::ledger::Recorded;
use crate::package::{CaseDoc, PaperDoc, StepDoc, Words};

/// The only step of a case that was closed before the system was there.
pub(super) const TAKEN_OVER: &str = "taken_over";

/// What a case is about, its papers on the line and its procedure; without files yet.
pub(in crate::transfer) fn described(
    case: &CaseState,
    item: &ServiceItem,
    bundle: &Bundle,
    line: &RoundLine,
    history: &[Recorded],
) -> Result<CaseDoc, CounterError> {
    let closed = concluded_at(case).map(Date::of);
    let closed = closed.ok_or_else(|| internal(format!("case {} is not closed", case.no)))?;
    let papers = line.papers.iter();
    let papers = papers.filter_map(|no| Some(paper(item, bundle.papers.get(no)?)));
    let lost = bundle.papers.values();
    let lost = lost.filter(|held| matches!(held.place, Place::Lost { .. }));
    Ok(CaseDoc {
        case: case.no.clone(),
        task: item.task_code.clone(),
        task_name: item.name.clone(),
        applicant_name: None,
        applicant_kind: case.applicant.kind,
        opened: Date::of(case.opened_at),
        accepted: case.acceptance.as_ref().map(|one| Date::of(one.at)),
        closed,
        outcome: outcome(case),
        document_number: None,
        retention: Some(match item.retention {
            Retention::Permanent => "永久".to_owned(),
            Retention::Years { years } => format!("{years}年"),
        }),
        papers: papers.collect(),
        lost: lost.map(|held| paper(item, held)).collect(),
        steps: history.iter().filter_map(step).collect(),
        files: Vec::new(),
    })
}

/// A paper under the name of its row.
fn paper(item: &ServiceItem, held: &HeldPaper) -> PaperDoc {
    let paper = &held.paper;
    let material = paper.row.as_ref().and_then(|row| item.material(row));
    let without = match paper.origin {
        Origin::Stocktake => "旧卷材料",
        _ => "过程文书",
    };
    PaperDoc {
        no: paper.no,
        row: paper.row.clone(),
        row_name: material.map_or(without.to_owned(), |material| material.name.clone()),
        form: paper.form,
        count: paper.count,
        pages: paper.pages,
        condition: paper.condition,
        found: None,
    }
}

fn words(zh: &str, en: &str) -> Words {
    Words {
        zh: zh.to_owned(),
        en: en.to_owned(),
    }
}

fn outcome(case: &CaseState) -> Words {
    match (&case.decision, case.ending) {
        (Some(decision), _) => match decision.outcome {
            Outcome::Granted => words("准予", "granted"),
            Outcome::Denied => words("不予", "refused"),
        },
        (None, Some(Ending::Refused)) => words("不予受理", "not accepted"),
        (None, Some(Ending::Withdrawn)) => words("撤回", "withdrawn"),
        (None, Some(Ending::Voided)) => words("作废", "void"),
        (None, Some(Ending::Terminated)) => words("终止", "terminated"),
        (None, Some(Ending::TakenOver)) => words("系统启用前办结", "closed before the system"),
        (None, None) => words("办结", "closed"),
    }
}

/// A fact of a case as a step of its procedure, if it is one (办理环节).
fn step(fact: &Recorded) -> Option<StepDoc> {
    let Event::Case { event } = &fact.entry.event else {
        return None;
    };
    let (node, zh) = match event {
        CaseEvent::Opened { .. } => ("opened", "登记"),
        CaseEvent::TakenOver(_) => (TAKEN_OVER, "期初盘点接管"),
        CaseEvent::ReceiptIssued { .. } => ("received", "收件"),
        CaseEvent::CorrectionNoticed { .. } => ("corrected", "补正告知"),
        CaseEvent::Supplemented { .. } => ("supplemented", "容缺补交"),
        CaseEvent::Pushed { .. } => ("pushed", "推送部门"),
        CaseEvent::PaperCollected { .. } => ("collected", "部门领取材料"),
        CaseEvent::Accepted { .. } => ("accepted", "受理"),
        CaseEvent::Suspended { .. } => ("suspended", "特别程序"),
        CaseEvent::Resumed { .. } => ("resumed", "特别程序结束"),
        CaseEvent::TaskDone { .. } => ("co_reviewed", "协办意见"),
        CaseEvent::FirstReviewed { .. } => ("first_reviewed", "初审"),
        CaseEvent::Decided { .. } => ("decided", "决定"),
        CaseEvent::AcceptanceRefused { .. } => ("not_accepted", "不予受理"),
        CaseEvent::Withdrawn { .. } => ("withdrawn", "撤回"),
        CaseEvent::Voided { .. } => ("voided", "作废"),
        CaseEvent::Terminated { .. } => ("terminated", "终止"),
        CaseEvent::ResultObtained { .. } => ("result", "取得结果"),
        CaseEvent::Delivered { .. } => ("delivered", "送达"),
        _ => return None,
    };
    Some(StepDoc {
        node: node.to_owned(),
        zh: zh.to_owned(),
        at: fact.entry.at,
        by: fact.entry.by.clone(),
        opinion: None,
    })
}
