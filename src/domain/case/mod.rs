//! Visits and cases: what can happen to them, what they are, and what may be decided about them. Here live facts,
//! folds, pure decisions and clocks; never I/O, never a clock of its own, never personal data: persons, addresses and
//! reasons in words are commitments to vault records.
//!
//! A decision takes the folded state, the item version the case pins, a command, and the instant at which it happened,
//! and gives facts or one refusal of the table in [`CaseRefusal`].
//!
//! | file | regulation |
//! |---|---|
//! | `visit` | Art 6, 8(1), 12(5), 12(6): who came where, by which channel |
//! | `opening` | Art 5, 8(2), 11(3), 13(2): a case pins its item's version; a number is taken once |
//! | `checklist`, `receipt` | Art 8(2), 12(1): every row met, receipt at once |
//! | `deferral` | Art 8(3): 容缺 with a signed undertaking, or a printed reason |
//! | `correction` | Art 8(4): one complete notice |
//! | `taken_over` | Art 12(4): paper that lay in the cabinets before the system was there |
//! | `succession` | Art 11(1): who answers today for a department that is gone |
//! | `dispatch` | Art 8(5), 8(6), 12(2), 12(3): what each department may read; paper with two signatures |
//! | `review`, `procedure`, `decision` | Art 9, 11(2), 11(5) |
//! | `ending` | 许可法 32, 69, 70: refusal, withdrawal, voiding, termination; paper goes back |
//! | `erasure` | PIPL 47: closed cases only, retention first |
//! | `result`, `delivery`, `rating` | Art 10 |
//! | `clocks` | 许可法 32, 42, 44, 45, 82; Art 9(1), 10(3) |
//! | `refiling` | Art 12(1): what was filed with the wrong case |
//! | `paper` | Art 8, 10: documents and signatures kept, forms printed |
//! | `register` | Art 10(5), 11(7): delivery rows, progress, results without a case |

mod begun;
mod checklist;
pub mod clocks;
mod correction;
mod decision;
mod deferral;
mod delivery;
mod dispatch;
mod ending;
mod erasure;
mod event;
mod fold;
mod opening;
mod paper;
mod procedure;
mod rating;
mod receipt;
mod refiling;
mod refusal;
mod register;
mod result;
mod review;
mod state;
mod succession;
mod taken_over;
mod terms;
mod visit;
mod words;

pub use checklist::{
    ChecklistRow, Meet, Standing, check_fields, checklist, decide_row, file_scan, meet, reopen,
};
pub use correction::{Correction, defects, escalate_correction, notify_correction, resubmit};
pub use decision::{AuthorityDecision, Decide, decide, first_review, register_authority_decision};
pub use deferral::{Defer, RefuseDeferral, defer, deferral_bar, refuse_deferral, supplement};
pub use delivery::{HandOut, Post, chase, choose_delivery, end_post, hand_out, post, release_bar};
pub use dispatch::{
    Collect, PackageRow, PushPackage, acknowledge, bring_back, collect_paper, current_step,
    laggards, may_collect, push, push_package, readers,
};
pub use ending::{
    Ending, RefuseAcceptance, Terminate, Void, Withdraw, refuse_acceptance, return_paper,
    terminate, void, withdraw,
};
pub use erasure::{Erase, closed_at, concluded_at, erase};
pub use event::CaseEvent;
pub use fold::{Number, fold, number};
pub use opening::{Application, appoint_agent, assign_platform_no, attend, import, open};
pub use paper::{
    FirstStep, FormPrint, KeptDocument, PrintRecord, department_of, ground, keep_document,
    print_form, printable,
};
pub use procedure::{Suspend, complete_task, extend, resume, suspend};
pub use rating::{FollowUp, Rate, rate};
pub use receipt::{IssueReceipt, ManifestRow, ReceiptManifest, issue_receipt, receipt_manifest};
pub use refiling::take_out;
pub use refusal::CaseRefusal;
pub use register::{
    DeliveryRow, FoundResult, Progress, Undelivered, delivery_row, progress, report_progress,
    results_without_case, undelivered,
};
pub use result::obtain_result;
pub use review::{Return, accept, return_case};
pub use state::{
    Acceptance, CaseState, Decision, Deferred, Delivered, Met, Notice, PaperHolder, Pause,
    PostRecord, Pushed, ReceiptRecord, ResultRecord, Row, Stage, TaskRecord,
};
pub use succession::{named_departments, with_successors};
pub use taken_over::{TakenOver, take_over};
pub use terms::*;
pub use visit::{
    Guidance, OpenVisit, VisitEvent, VisitState, close_visit, fold_visit, give_guidance,
    open_visit, refer, take_role,
};

use super::event::Entry;
use super::time::Timestamp;

/// When a fact happened: earlier than it was recorded if it was entered later (补录).
pub(crate) fn happened(entry: &Entry) -> Timestamp {
    entry
        .occurred
        .as_ref()
        .map_or(entry.at, |occurred| occurred.at)
}
