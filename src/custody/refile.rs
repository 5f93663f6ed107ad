//! Correcting what was filed with the wrong case (串件): scans and paper that belong to another case leave this one, its
//! search and its package, and are the other's from then on. Masters stay as they are, and every step is a fact.

use std::collections::BTreeSet;

use serde::Deserialize;
use utoipa::ToSchema;

use crate::counter::bundles::bundle;
use crate::counter::change::fold_case;
use crate::counter::{Ask, Counter, CounterError, Done, about};
use crate::domain::case::{self, CaseRefusal};
use crate::domain::catalogue::ServiceItem;
use crate::domain::custody::{self, Bundle, DiscrepancyKind, fold_discrepancy};
use crate::domain::manifest::RecordManifest;
use crate::domain::scan::{self, RefilingRefusal, ScanState};
use crate::domain::{
    CaseNo, Commitment, Digest, DiscrepancyId, Fact, MaterialCode, StaffId, Subject,
};
use crate::ledger::{Decline, Reads};

/// Most scans, and most papers, that one order moves.
const MOVED_MAX: usize = 200;

/// What belongs to another case.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefileOrder {
    /// The case it belongs to.
    pub to: CaseNo,
    /// Scans.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub scans: Vec<MovedScan>,
    /// Papers of the bundle. The caller holds them.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub papers: Vec<MovedPaper>,
    /// Why, in words.
    pub reason: String,
}

/// A scan that belongs to another case.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MovedScan {
    /// Which.
    pub scan: Digest,
    /// The row of the other case it is filed under.
    pub row: MaterialCode,
}

/// A paper that belongs to another case.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MovedPaper {
    /// Its number in the bundle.
    pub no: u16,
    /// The row of the other case it meets, if any.
    #[serde(default)]
    pub row: Option<MaterialCode>,
}

/// An order as the decision needs it.
struct Move<'o> {
    from: &'o CaseNo,
    order: &'o RefileOrder,
    /// The item version that the other case pins.
    item: &'o ServiceItem,
    reason: Commitment,
    by: &'o StaffId,
}

impl Counter {
    /// Moves scans and papers of `from` to the case they belong to.
    pub async fn refile(
        &self,
        ask: &Ask,
        by: &StaffId,
        from: &CaseNo,
        order: &RefileOrder,
    ) -> Result<Done, CounterError> {
        sized(order)?;
        if *from == order.to {
            let case = order.to.clone();
            return Err(RefilingRefusal::SameCase { case }.into());
        }
        let (other, _) = self.case(&order.to).await?;
        let item = self.pinned(&other.mandate.content).await?;
        let shared = self.share_scans(order).await?;
        let mut drafts = self.drafts(about(&order.to));
        let reason = match drafts.words("reason", &order.reason).await {
            Ok(reason) => reason,
            Err(error) => return drafts.end(Err(error)).await,
        };
        let moving = Move {
            from,
            order,
            item: &item,
            reason,
            by,
        };
        let done = self
            .done(ask, &about(from), |_, reads, _| {
                let mut facts = moving.scans(reads, &shared)?;
                facts.extend(moving.papers(reads)?);
                Ok(facts)
            })
            .await;
        drafts.end(done).await
    }

    /// Gives the other case's key what is to be moved and what was read of it, before anything says that it is that
    /// case's. Returns the manifest of each scan as it was then.
    async fn share_scans(&self, order: &RefileOrder) -> Result<Vec<Option<Digest>>, CounterError> {
        let mut manifests = Vec::new();
        for moved in &order.scans {
            let history = self.history(&Subject::Scan(moved.scan)).await?;
            let state = scan::fold(history.iter().map(|fact| &fact.entry.event));
            let manifest = state.and_then(|state| state.last_manifest);
            let mut blobs = BTreeSet::from([moved.scan]);
            if let Some(digest) = manifest {
                let manifest: RecordManifest = self.kept_document(&digest).await?;
                blobs.insert(digest);
                blobs.extend(manifest.derived());
            }
            // What was never received is refused by the decision.
            if !history.is_empty() {
                for blob in &blobs {
                    self.blobs.share(blob, &order.to).await?;
                }
            }
            manifests.push(manifest);
        }
        Ok(manifests)
    }
}

fn sized(order: &RefileOrder) -> Result<(), CounterError> {
    let (scans, papers) = (order.scans.len(), order.papers.len());
    if scans > MOVED_MAX || papers > MOVED_MAX {
        let zh = format!("一次最多移动 {MOVED_MAX} 份；请分几次办理");
        let en = format!("at most {MOVED_MAX} are moved at once; do it in several steps");
        return Err(super::draft::field("scans", "too-many", zh, en));
    }
    if scans + papers == 0 {
        let zh = "没有列出扫描件或材料；请至少选择一份".to_owned();
        let en = "neither a scan nor a paper is listed; choose at least one".to_owned();
        return Err(super::draft::field("scans", "nothing-listed", zh, en));
    }
    Ok(())
}

fn scan_now(reads: &mut Reads<'_>, scan: &Digest) -> Result<Option<ScanState>, Decline> {
    let history = reads.history(&Subject::Scan(*scan))?;
    Ok(scan::fold(history.iter().map(|fact| &fact.entry.event)))
}

impl Move<'_> {
    /// The scans' own facts, and that each is filed under a row of the other case.
    fn scans(
        &self,
        reads: &mut Reads<'_>,
        shared: &[Option<Digest>],
    ) -> Result<Vec<Fact>, Decline> {
        let other = fold_case(&self.order.to, reads.history(&about(&self.order.to))?)?;
        if other.erased.is_some() {
            return Err(CaseRefusal::Erased.into());
        }
        let mut facts = Vec::new();
        let mut filed = BTreeSet::new();
        for (moved, shared) in self.order.scans.iter().zip(shared) {
            let scan = moved.scan;
            let state = scan_now(reads, &scan)?;
            let cases = (self.from, &self.order.to);
            facts.extend(scan::refile(state.as_ref(), scan, cases, self.reason)?);
            // Read again in between: then that is not shared yet.
            if state.and_then(|state| state.last_manifest) != *shared || !filed.insert(scan) {
                return Err(RefilingRefusal::BeingRead { scan }.into());
            }
            facts.extend(case::file_scan(&other, self.item, &moved.row, scan)?);
        }
        Ok(facts)
    }

    /// The papers' facts, and what this case loses with them and with the scans.
    fn papers(&self, reads: &mut Reads<'_>) -> Result<Vec<Fact>, Decline> {
        let order = self.order;
        let mut facts = Vec::new();
        let mut rows = Vec::new();
        if !order.papers.is_empty() {
            let (from, to) = (bundle(reads, self.from)?, bundle(reads, &order.to)?);
            let moved = order.papers.iter();
            let moved: Vec<_> = moved.map(|paper| (paper.no, paper.row.clone())).collect();
            for (_, row) in &moved {
                if let Some(row) = row.as_ref().filter(|row| !self.has_row(row)) {
                    return Err(CaseRefusal::UnknownRow { row: row.clone() }.into());
                }
            }
            let misplaced = misplaced(reads, &from, order)?;
            facts = custody::refile(&from, &to, &moved, &misplaced, self.by, self.reason)?;
            rows = emptied(&from, &order.papers);
        }
        let case = fold_case(self.from, reads.history(&about(self.from))?)?;
        let scans: Vec<Digest> = order.scans.iter().map(|moved| moved.scan).collect();
        facts.extend(case::take_out(&case, &order.to, &scans, &rows));
        Ok(facts)
    }

    fn has_row(&self, row: &MaterialCode) -> bool {
        self.item.materials.iter().any(|one| one.code == *row)
    }
}

/// What does not match about these papers, as far as it is that they lie in the wrong bundle.
fn misplaced(
    reads: &mut Reads<'_>,
    from: &Bundle,
    order: &RefileOrder,
) -> Result<BTreeSet<DiscrepancyId>, Decline> {
    let held = order
        .papers
        .iter()
        .filter_map(|paper| from.papers.get(&paper.no));
    let mut misplaced = BTreeSet::new();
    for id in held.flat_map(|held| &held.doubts) {
        let history = reads.history(&Subject::Discrepancy(id.clone()))?;
        let state = fold_discrepancy(history.iter().map(|fact| &fact.entry));
        if state.is_some_and(|state| state.discrepancy.kind == DiscrepancyKind::Misplaced) {
            misplaced.insert(id.clone());
        }
    }
    Ok(misplaced)
}

/// Rows of which the bundle has no paper once these are gone.
fn emptied(bundle: &Bundle, gone: &[MovedPaper]) -> Vec<MaterialCode> {
    let goes = |no: u16| gone.iter().any(|paper| paper.no == no);
    let stays: BTreeSet<&MaterialCode> = bundle
        .papers
        .values()
        .filter(|held| held.holder().is_some() && !goes(held.paper.no))
        .filter_map(|held| held.paper.row.as_ref())
        .collect();
    let rows: BTreeSet<&MaterialCode> = bundle
        .papers
        .values()
        .filter(|held| goes(held.paper.no))
        .filter_map(|held| held.paper.row.as_ref())
        .collect();
    rows.difference(&stays).map(|row| (*row).clone()).collect()
}
