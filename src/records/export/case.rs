//! The scans of a case as one file: in the order of its checklist, with a bookmark for each material.

use std::collections::BTreeSet;

use super::{ExportFormat, ExportOrder, ExportPart};
use crate::domain::case::{self, CaseState, Number};
use crate::domain::catalogue::ServiceItem;
use crate::domain::{CaseNo, Digest, MaterialCode, Subject};
use crate::records::{DERIVED_BYTES_MAX, Records, RecordsError};

/// The scans of a case with what they are, row by row as its item lists them; a scan of two rows stands in the first.
/// `readable` limits the rows.
pub fn case_scans(
    case: &CaseState,
    item: &ServiceItem,
    readable: Option<&BTreeSet<MaterialCode>>,
) -> Vec<(Digest, Option<String>)> {
    let mut scans: Vec<(Digest, Option<String>)> = Vec::new();
    for row in case::checklist(case, item) {
        let material = row.material;
        if readable.is_some_and(|rows| !rows.contains(&material.code)) {
            continue;
        }
        for scan in &row.row.scans {
            if !scans.iter().any(|(known, _)| known == scan) {
                scans.push((*scan, Some(material.name.clone())));
            }
        }
    }
    scans
}

/// The title of a case's file.
pub fn case_title(no: &CaseNo) -> String {
    format!("存根 {no}")
}

impl Records {
    /// What a case's file is made of, for whoever may read all of it; `no` may be the city platform's number.
    pub async fn case_order(
        &self,
        no: &CaseNo,
        format: ExportFormat,
    ) -> Result<ExportOrder, RecordsError> {
        let mut facts = self.store.history(&Subject::Case(no.clone())).await?;
        if let Number::NameOf(own) = case::number(facts.iter().map(|fact| &fact.entry)) {
            facts = self.store.history(&Subject::Case(own)).await?;
        }
        let case = case::fold(facts.iter().map(|fact| &fact.entry));
        let case = case.ok_or_else(|| RecordsError::NoCase(no.clone()))?;
        let content = case.mandate.content;
        let bytes = self.blobs.get(&content, DERIVED_BYTES_MAX).await?;
        let item = ServiceItem::from_bytes(&bytes).map_err(|error| RecordsError::Malformed {
            digest: content,
            what: "an item version",
            reason: error.to_string(),
        })?;
        let mut parts = Vec::new();
        for (scan, title) in case_scans(&case, &item, None) {
            let manifest = self.manifest(&scan).await?;
            parts.push(ExportPart { manifest, title });
        }
        Ok(ExportOrder {
            format,
            title: Some(case_title(&case.no)),
            parts,
        })
    }
}
