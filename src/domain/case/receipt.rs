//! The receipt (收件凭证): issued at once when every row stands as it should, never before. Art 8(2).

use serde::{Deserialize, Serialize};

use super::checklist::{Standing, at_window, standing};
use super::event::CaseEvent;
use super::opening::{covered, fact, in_order, pinned};
use super::refusal::CaseRefusal;
use super::state::CaseState;
use super::terms::*;
use crate::domain::catalogue::{MetBy, ServiceItem};
use crate::domain::date::Date;
use crate::domain::digest::Digest;
use crate::domain::event::Fact;
use crate::domain::hall::{Mandate, Power};
use crate::domain::id::{CaseNo, MaterialCode, SerialNo, StaffId, TaskCode};
use crate::domain::time::Timestamp;

/// What a receipt states: the case, its item version, and every row that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptManifest {
    /// The case.
    pub case: CaseNo,
    /// Its submission, from 1.
    pub submission: u32,
    /// The item.
    pub task: TaskCode,
    /// Its version.
    pub version: u32,
    /// The rows, in the order of the guide.
    pub rows: Vec<ManifestRow>,
    /// The paper kept; the sum over the rows.
    pub kept: PaperCount,
}

/// A row on a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestRow {
    /// Its code.
    pub row: MaterialCode,
    /// How it was met; none where it is to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<MetBy>,
    /// Paper of it in this bundle.
    pub kept: PaperCount,
    /// The bundle that holds the original.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<SharedOriginal>,
    /// The last day to hand it in (容缺).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred: Option<Date>,
}

impl ReceiptManifest {
    /// The bytes that are stored and digested.
    pub fn bytes(&self) -> Vec<u8> {
        // A struct of codes and numbers always becomes JSON.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The digest that the receipt carries.
    pub fn digest(&self) -> Digest {
        Digest::of(self.bytes())
    }
}

/// How a receipt is issued.
#[derive(Debug, Clone)]
pub struct IssueReceipt {
    /// The right to receive, as it is now.
    pub mandate: Mandate,
    /// How it reaches the applicant.
    pub manner: ReceiptManner,
    /// Serial of the numbered blank it was written on during an outage.
    pub serial: Option<SerialNo>,
    /// Who issues it.
    pub clerk: StaffId,
}

/// What a receipt would state now.
pub fn receipt_manifest(case: &CaseState, item: &ServiceItem) -> ReceiptManifest {
    let mut rows = Vec::new();
    let mut kept = PaperCount::default();
    for material in &item.materials {
        let state = case.row(&material.code);
        let listed = matches!(standing(case, material), Standing::Met | Standing::Deferred);
        if !listed {
            continue;
        }
        kept = kept.plus(state.kept());
        rows.push(ManifestRow {
            row: material.code.clone(),
            way: state.met.as_ref().map(|met| met.way),
            kept: state.kept(),
            shared: state.met.as_ref().and_then(|met| met.shared.clone()),
            deferred: state.deferred.filter(|_| state.met.is_none()),
        });
    }
    ReceiptManifest {
        case: case.no.clone(),
        submission: case.submission,
        task: item.task_code.clone(),
        version: item.version,
        rows,
        kept,
    }
}

/// Issues the receipt: refused while a row is open or undecided or a finding stands. The manifest whose digest the
/// fact holds is [`receipt_manifest`].
pub fn issue_receipt(
    case: &CaseState,
    item: &ServiceItem,
    command: IssueReceipt,
    now: Timestamp,
) -> Result<Vec<Fact>, CaseRefusal> {
    pinned(case, item)?;
    at_window(case)?;
    in_order(case, now)?;
    covered(case, &command.mandate, Power::Receive)?;
    for material in &item.materials {
        let row = material.code.clone();
        match standing(case, material) {
            Standing::Open => return Err(CaseRefusal::RowOpen { row }),
            Standing::Undecided => return Err(CaseRefusal::RowUndecided { row }),
            Standing::NotNeeded | Standing::Deferred | Standing::Met => {}
        }
    }
    if let Some(finding) = case.findings.first() {
        let field = DefectSubject::Field {
            field: finding.field.clone(),
        };
        return Err(CaseRefusal::FindingsStanding { field });
    }
    let manifest = receipt_manifest(case, item);
    let issued = CaseEvent::ReceiptIssued {
        manifest: manifest.digest(),
        rows: manifest.rows.len() as u32,
        kept: manifest.kept,
        manner: command.manner,
        serial: command.serial,
        clerk: command.clerk,
    };
    Ok(vec![fact(case, issued)])
}
