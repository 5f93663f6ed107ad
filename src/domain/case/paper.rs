//! Papers of a case that the hall keeps: documents and captured signatures that were handed in as files, and the forms
//! that were printed. Which fact a form states is decided here; what it says is not.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::event::CaseEvent;
use super::opening::fact;
use super::refusal::CaseRefusal;
use super::state::CaseState;
use super::words::CaseForm;
use crate::domain::digest::Digest;
use crate::domain::event::{Entry, Event, Fact, FileFormat};
use crate::domain::id::{Commitment, DepartmentCode, StaffId};
use crate::domain::time::Timestamp;

/// The most documents and signatures of a case.
pub const DOCUMENTS_MAX: usize = 1000;
/// The most printings of one form about one fact.
pub const PRINTS_MAX: u32 = 100;

/// A document or a captured signature that is kept with a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptDocument {
    /// SHA-256 of its bytes, by which everything else names it.
    pub digest: Digest,
    /// What it is, told by its content.
    pub format: FileFormat,
    /// Its length.
    pub bytes: u64,
    /// Who handed it in.
    pub by: StaffId,
}

/// One printing of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormPrint {
    /// Which form.
    pub form: CaseForm,
    /// The fact it states, by its place in the case's history.
    pub of: u32,
    /// 1 for the original; every later one is a reprint and states the same.
    pub print: u32,
    /// Digest of what it states, as it stands on the page. The statement holds a drawn code, so that the digest says
    /// nothing to whoever does not hold the paper.
    pub statement: Digest,
    /// Vault record of the statement; a reprint has that of the original.
    pub record: Commitment,
    /// Digest of the PDF.
    pub pdf: Digest,
    /// Its pages.
    pub pages: u32,
    /// Who printed it.
    pub by: StaffId,
}

/// A printing as the case's history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintRecord {
    /// Its place in the case's history, by which it is fetched.
    pub seq: u32,
    /// It.
    pub print: FormPrint,
    /// When.
    pub at: Timestamp,
}

/// The step that has to be taken before a form can be printed, for a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstStep(pub CaseForm);

impl CaseForm {
    /// Whether the form states this fact.
    pub const fn states(self, event: &CaseEvent) -> bool {
        matches!(
            (self, event),
            (Self::IntakeReceipt, CaseEvent::ReceiptIssued { .. })
                | (Self::OneTimeNotice, CaseEvent::CorrectionNoticed { .. })
                | (
                    Self::Undertaking | Self::ConditionalAcceptance,
                    CaseEvent::DeferralGranted { .. }
                )
                | (Self::DeferralRefusal, CaseEvent::DeferralRefused { .. })
                | (Self::AcceptanceNotice, CaseEvent::Accepted { .. })
                | (Self::RefusalToAccept, CaseEvent::AcceptanceRefused { .. })
                | (
                    Self::DispatchSlip,
                    CaseEvent::Pushed { .. } | CaseEvent::PaperCollected { .. }
                )
                | (Self::SpecialProcedureNotice, CaseEvent::Suspended { .. })
                | (Self::DeliveryReceipt, CaseEvent::Delivered { .. })
        )
    }

    const fn names(self) -> [&'static str; 4] {
        match self {
            Self::IntakeReceipt => [
                "收件凭证",
                "intake receipt",
                "请先出具收件凭证",
                "issue the receipt first",
            ],
            Self::OneTimeNotice => [
                "一次性补正告知书",
                "correction notice",
                "请先作出一次性告知",
                "give the correction notice first",
            ],
            Self::Undertaking => [
                "容缺办理承诺书",
                "undertaking",
                "请先办理容缺",
                "grant the deferral first",
            ],
            Self::ConditionalAcceptance => [
                "容缺受理通知书",
                "notice of deferral",
                "请先办理容缺",
                "grant the deferral first",
            ],
            Self::DeferralRefusal => [
                "不予容缺办理告知书",
                "refusal of deferral",
                "请先登记不予容缺",
                "refuse the deferral first",
            ],
            Self::AcceptanceNotice => [
                "受理通知书",
                "acceptance notice",
                "请待部门受理",
                "the department accepts it first",
            ],
            Self::RefusalToAccept => [
                "不予受理通知书",
                "notice of non-acceptance",
                "仅在部门不予受理后打印",
                "only after the department refused to accept it",
            ],
            Self::DispatchSlip => [
                "申请材料交接单",
                "dispatch slip",
                "请先推送或移交材料",
                "push it or hand its paper over first",
            ],
            Self::SpecialProcedureNotice => [
                "特别程序通知书",
                "notice of a special procedure",
                "请先启动特别程序",
                "start the special procedure first",
            ],
            Self::DeliveryReceipt => [
                "出件签收单",
                "delivery receipt",
                "请先送达结果",
                "deliver the result first",
            ],
        }
    }
}

/// Chinese; with `{:#}` English.
impl fmt::Display for CaseForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [zh, en, ..] = self.names();
        f.write_str(if f.alternate() { en } else { zh })
    }
}

/// Chinese; with `{:#}` English.
impl fmt::Display for FirstStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [.., zh, en] = self.0.names();
        f.write_str(if f.alternate() { en } else { zh })
    }
}

/// The department whose paper a fact is: what it was sent, and what it says. None for the window's own.
pub const fn department_of(event: &CaseEvent) -> Option<&DepartmentCode> {
    match event {
        CaseEvent::Accepted { officer, .. }
        | CaseEvent::AcceptanceRefused { officer, .. }
        | CaseEvent::Suspended { officer, .. } => Some(&officer.department),
        CaseEvent::Pushed { department, .. } | CaseEvent::PaperCollected { department, .. } => {
            Some(department)
        }
        _ => None,
    }
}

/// Every form that can be printed of a case now, with the fact it states, oldest first.
pub fn printable<'a>(
    history: impl IntoIterator<Item = &'a Entry>,
) -> impl Iterator<Item = (CaseForm, &'a Entry)> {
    history.into_iter().flat_map(|entry| {
        let states = move |form: &&CaseForm| match &entry.event {
            Event::Case { event } => form.states(event),
            _ => false,
        };
        let forms = CaseForm::ALL.iter().filter(states);
        forms.map(move |form| (*form, entry))
    })
}

/// The fact that a form is to state: the last one it can state, or the one at the place `of` of the history.
pub fn ground<'a>(
    history: impl IntoIterator<Item = &'a Entry>,
    form: CaseForm,
    of: Option<u32>,
) -> Result<&'a Entry, CaseRefusal> {
    let facts = printable(history).filter(|(known, _)| *known == form);
    let mut last = None;
    for (_, entry) in facts {
        if of == Some(entry.seq) {
            return Ok(entry);
        }
        last = Some(entry);
    }
    match (last, of) {
        (Some(last), None) => Ok(last),
        (Some(_), Some(fact)) => Err(CaseRefusal::NotStated { form, fact }),
        (None, _) => Err(CaseRefusal::NothingToPrint {
            form,
            first: FirstStep(form),
        }),
    }
}

impl CaseState {
    /// The printings of a form about a fact, the original first.
    pub fn prints(&self, form: CaseForm, of: u32) -> impl Iterator<Item = &PrintRecord> {
        let same = move |record: &&PrintRecord| record.print.form == form && record.print.of == of;
        self.prints.iter().filter(same)
    }
}

/// Keeps a document with the case; one that is kept already gives no fact.
pub fn keep_document(case: &CaseState, document: KeptDocument) -> Result<Vec<Fact>, CaseRefusal> {
    if case.documents.contains(&document.digest) {
        return Ok(Vec::new());
    }
    if case.documents.len() >= DOCUMENTS_MAX {
        return Err(CaseRefusal::TooManyDocuments);
    }
    Ok(vec![fact(case, CaseEvent::DocumentKept { document })])
}

/// Notes a printing. `print.print` counts up from 1; another number means that somebody printed it meanwhile.
pub fn print_form(case: &CaseState, print: FormPrint) -> Result<Vec<Fact>, CaseRefusal> {
    let before = case.prints(print.form, print.of).count();
    if u32::try_from(before).ok() != print.print.checked_sub(1) {
        return Err(CaseRefusal::PrintedMeanwhile);
    }
    if print.print > PRINTS_MAX {
        return Err(CaseRefusal::TooManyPrints);
    }
    Ok(vec![fact(case, CaseEvent::FormPrinted { print })])
}

/// Folds what is about papers.
pub(super) fn fold(case: &mut CaseState, event: &CaseEvent, seq: u32, at: Timestamp) {
    match event {
        CaseEvent::DocumentKept { document } => {
            case.documents.insert(document.digest);
        }
        CaseEvent::FormPrinted { print } => case.prints.push(PrintRecord {
            seq,
            print: print.clone(),
            at,
        }),
        _ => {}
    }
}
