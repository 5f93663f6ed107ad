//! Paper is counted (清点): the labels that are there are scanned, and compared with what the ledger says is there. What
//! is missing or too much opens a discrepancy; the findings are signed. Nobody counts alone what they hold themselves: of
//! a site's paper, that of others too; of one person's, somebody else does. The hall's supervisor can count everywhere, so
//! that there is always somebody.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::discrepancy::{Discrepancy, opened};
use super::documents::documents;
use super::offer::{Bundles, count};
use super::signer::{acts_for, check};
use super::terms::{DiscrepancyKind, Holder, KeySignature, Side};
use crate::domain::case::happened;
use crate::domain::date::Date;
use crate::domain::digest::Digest;
use crate::domain::event::{Entry, Event, Fact};
use crate::domain::id::{CaseNo, InventoryId, SiteCode, StaffId, Subject};
use crate::domain::refusal::refusals;
use crate::domain::staff::StaffState;
use crate::domain::time::Timestamp;

/// Most bundles that are compared at once; of a larger site one person's after the other.
pub const INVENTORY_MAX: usize = 4_000;
/// Most labels in one call.
pub const LABELS_MAX: usize = 1_000;

/// What can happen to an inventory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum InventoryEvent {
    /// It was opened.
    Opened {
        /// Where.
        site: SiteCode,
        /// Whose paper is counted; everybody's at the site without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        holder: Option<StaffId>,
        /// By whom.
        by: StaffId,
    },
    /// Labels were scanned.
    Scanned {
        /// The case numbers on them.
        labels: Vec<CaseNo>,
        /// By whom.
        by: StaffId,
    },
    /// It was compared with the ledger and signed.
    Closed {
        /// Digest of the [`InventoryFindings`].
        findings: Digest,
        /// What it came to, counted in bundles.
        figures: Figures,
        /// The counter's signature over the findings.
        signed: KeySignature,
    },
}

/// What a count came to, in bundles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InventoryFigures)]
pub struct Figures {
    /// Those that should be there.
    pub expected: u32,
    /// Of these, those whose label was scanned.
    pub found: u32,
    /// Of these, those whose label was not.
    pub missing: u32,
    /// Labels that were scanned and should not be there.
    pub unexpected: u32,
    /// Discrepancies that this opened.
    pub discrepancies: u32,
}

/// What was found. The counter signs the digest of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InventoryFindings {
    /// The inventory.
    pub inventory: InventoryId,
    /// Where.
    pub site: SiteCode,
    /// Whose paper; everybody's without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<StaffId>,
    /// Facts in the log when it was compared.
    pub log_size: u64,
    /// What should be there, by case number and holder.
    pub lines: Vec<InventoryLine>,
    /// What is there besides, by case number.
    pub unexpected: Vec<CaseNo>,
}

documents!(InventoryFindings);

/// The papers of a bundle that one person should hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InventoryLine {
    /// The case on the label.
    pub case: CaseNo,
    /// The papers, by number.
    pub papers: Vec<u16>,
    /// Who holds them.
    pub holder: Holder,
    /// Whether the label was scanned.
    pub found: bool,
    /// Papers among them that were in doubt before: nothing new is opened for these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubted: Vec<u16>,
}

/// How an inventory ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventoryClosing {
    /// When.
    pub at: Timestamp,
    /// Digest of its findings.
    pub findings: Digest,
    /// What it came to.
    pub figures: Figures,
    /// The counter's signature.
    pub signed: KeySignature,
}

/// An inventory as its history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventoryState {
    /// Its number.
    pub id: InventoryId,
    /// Where.
    pub site: SiteCode,
    /// Whose paper; everybody's without it.
    pub holder: Option<StaffId>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// By whom.
    pub opened_by: StaffId,
    /// The labels that were scanned.
    pub scanned: BTreeSet<CaseNo>,
    /// How it ended.
    pub closed: Option<InventoryClosing>,
}

refusals! {
    /// Why paper is not counted like this.
    InventoryRefusal;
    Known { id: InventoryId }, "inventory-known", "",
        "清点编号 {id} 已使用；请重试", "inventory number {id} is taken; try again";
    Closed { id: InventoryId }, "inventory-closed", "",
        "清点 {id} 已结束；请查看其结果", "inventory {id} is closed; look at what it found";
    NotTheirs { staff: StaffId, site: SiteCode }, "not-their-side", "holder",
        "{staff} 不在站点 {site} 任职；请核对", "{staff} does not work at site {site}; check it";
    NoLabels, "no-labels", "labels",
        "没有扫描任何标签；请至少扫描一个", "no label was scanned; scan at least one";
    TooMany { max: usize }, "too-many-labels", "labels",
        "一次最多 {max} 个材料袋；请分次扫描，或按持有人分别清点", "at most {max} bundles at once; scan in several calls, or count one person's after the other";
    Differs { id: InventoryId }, "findings-differ", "findings",
        "清点 {id} 的结果与现在的扫描和登记不一致：期间有扫描或交接；请重新生成结果后签名", "the findings of inventory {id} are not what the scans and the ledger say now: something was scanned or handed over since; draw them up again and sign";
    CountsOwn { staff: StaffId }, "counts-own", "signed",
        "{staff} 是这些材料的持有人，不能由本人单独清点；请他人清点并签名", "{staff} holds this paper and does not count it alone; somebody else counts and signs";
    NoKey { staff: StaffId }, "bad-signature", "signed",
        "{staff} 的签名与清点结果不符，或所用密钥已停用；请核对后重新签名", "the signature of {staff} does not fit the findings, or its key is not in force; check it and sign again";
}

fn of_inventory(id: &InventoryId, event: InventoryEvent) -> Fact {
    Fact::new(Subject::Inventory(id.clone()), Event::Inventory { event })
}

fn side(site: &SiteCode) -> Side {
    Side::Hall { site: site.clone() }
}

/// Opens an inventory of a site's paper, or of what one of its people holds.
pub fn open(
    known: Option<&InventoryState>,
    id: &InventoryId,
    site: &SiteCode,
    holder: Option<(&StaffId, &StaffState)>,
    by: &StaffId,
) -> Result<Vec<Fact>, InventoryRefusal> {
    if known.is_some() {
        return Err(InventoryRefusal::Known { id: id.clone() });
    }
    if let Some((staff, state)) = holder
        && acts_for(staff, state, &side(site)).is_err()
    {
        let (staff, site) = (staff.clone(), site.clone());
        return Err(InventoryRefusal::NotTheirs { staff, site });
    }
    let opened = InventoryEvent::Opened {
        site: site.clone(),
        holder: holder.map(|(staff, _)| staff.clone()),
        by: by.clone(),
    };
    Ok(vec![of_inventory(id, opened)])
}

/// Notes labels that were scanned. Those that were scanned before give no fact.
pub fn scan(
    state: &InventoryState,
    labels: &[CaseNo],
    by: &StaffId,
) -> Result<Vec<Fact>, InventoryRefusal> {
    let id = &state.id;
    if state.closed.is_some() {
        return Err(InventoryRefusal::Closed { id: id.clone() });
    }
    if labels.is_empty() {
        return Err(InventoryRefusal::NoLabels);
    }
    if labels.len() > LABELS_MAX {
        return Err(InventoryRefusal::TooMany { max: LABELS_MAX });
    }
    let labels: BTreeSet<CaseNo> = labels.iter().cloned().collect();
    let labels: Vec<CaseNo> = labels.difference(&state.scanned).cloned().collect();
    if state.scanned.len() + labels.len() > INVENTORY_MAX {
        return Err(InventoryRefusal::TooMany { max: INVENTORY_MAX });
    }
    if labels.is_empty() {
        return Ok(Vec::new());
    }
    let by = by.clone();
    Ok(vec![of_inventory(
        id,
        InventoryEvent::Scanned { labels, by },
    )])
}

/// Compares what was scanned with what the bundles say is there. `bundles` has every bundle of which the site holds
/// paper.
pub fn compare(state: &InventoryState, bundles: &Bundles, log_size: u64) -> InventoryFindings {
    let mut lines: Vec<InventoryLine> = Vec::new();
    let mut here: BTreeSet<&CaseNo> = BTreeSet::new();
    for (case, bundle) in bundles {
        let mut held: BTreeMap<&Holder, (Vec<u16>, Vec<u16>)> = BTreeMap::new();
        for (no, paper) in &bundle.papers {
            let Some(holder) = paper.holder().filter(|one| one.side == side(&state.site)) else {
                continue;
            };
            if state.holder.is_some() && holder.staff != state.holder {
                continue;
            }
            // A carrier has it, or it lies under a seal that is counted by its number: no label of it can be scanned.
            if paper.away.is_some() || paper.sealed().is_some() {
                here.insert(case);
                continue;
            }
            let (papers, doubted) = held.entry(holder).or_default();
            papers.push(*no);
            doubted.extend((!paper.doubts.is_empty()).then_some(*no));
        }
        for (holder, (papers, doubted)) in held {
            here.insert(case);
            lines.push(InventoryLine {
                case: case.clone(),
                papers,
                holder: holder.clone(),
                found: state.scanned.contains(case),
                doubted,
            });
        }
    }
    let unexpected = state.scanned.iter().filter(|case| !here.contains(case));
    InventoryFindings {
        inventory: state.id.clone(),
        site: state.site.clone(),
        holder: state.holder.clone(),
        log_size,
        unexpected: unexpected.cloned().collect(),
        lines,
    }
}

/// What findings say is wrong. Each of it is cleared up by whoever holds the paper by the ledger; what is there besides,
/// by whoever was counted.
fn discrepancies(findings: &InventoryFindings, due: Date) -> Vec<Discrepancy> {
    let of = |case: &CaseNo, papers, kind, owner| Discrepancy {
        slip: None,
        transfer: None,
        inventory: Some(findings.inventory.clone()),
        case: case.clone(),
        papers,
        kind,
        owner,
        due,
    };
    let missing = findings.lines.iter().filter(|line| !line.found);
    let missing = missing.filter_map(|line| {
        let new = line.papers.iter().filter(|no| !line.doubted.contains(no));
        let new: Vec<u16> = new.copied().collect();
        let kind = DiscrepancyKind::Missing;
        (!new.is_empty()).then(|| of(&line.case, new, kind, line.holder.clone()))
    });
    let counted = Holder {
        side: side(&findings.site),
        staff: findings.holder.clone(),
    };
    let extra = findings.unexpected.iter().map(|case| {
        let kind = DiscrepancyKind::Extra;
        of(case, Vec::new(), kind, counted.clone())
    });
    missing.chain(extra).collect()
}

/// Closes an inventory with its signed findings. `bundles` are those of [`compare`], read in the decision, when the log
/// has `log_size` facts at least: findings of a later log are made up.
pub fn close(
    state: &InventoryState,
    (bundles, log_size): (&Bundles, u64),
    findings: &InventoryFindings,
    signed: &KeySignature,
    counter: &StaffState,
    clear_by: Date,
) -> Result<Vec<Fact>, InventoryRefusal> {
    let id = state.id.clone();
    if state.closed.is_some() {
        return Err(InventoryRefusal::Closed { id });
    }
    let later = findings.log_size > log_size;
    if later || compare(state, bundles, findings.log_size) != *findings {
        return Err(InventoryRefusal::Differs { id });
    }
    let staff = signed.staff.clone();
    if acts_for(&staff, counter, &side(&state.site)).is_err() {
        let site = state.site.clone();
        return Err(InventoryRefusal::NotTheirs { staff, site });
    }
    let theirs = |line: &InventoryLine| line.holder.staff.as_ref() == Some(&staff);
    let all_theirs = !findings.lines.is_empty() && findings.lines.iter().all(theirs);
    if state.holder.as_ref() == Some(&staff) || all_theirs {
        return Err(InventoryRefusal::CountsOwn { staff });
    }
    check(signed, counter, &findings.digest()).map_err(|_| InventoryRefusal::NoKey { staff })?;
    let found = findings.lines.iter().filter(|line| line.found).count();
    let open = discrepancies(findings, clear_by);
    let closed = InventoryEvent::Closed {
        findings: findings.digest(),
        figures: Figures {
            expected: count(findings.lines.len()),
            found: count(found),
            missing: count(findings.lines.len() - found),
            unexpected: count(findings.unexpected.len()),
            discrepancies: count(open.len()),
        },
        signed: signed.clone(),
    };
    let mut facts = vec![of_inventory(&id, closed)];
    facts.extend(opened(id.as_str(), open));
    Ok(facts)
}

/// Folds the history of an inventory, oldest first; none while it was not opened.
pub fn fold<'a>(history: impl IntoIterator<Item = &'a Entry>) -> Option<InventoryState> {
    let mut state: Option<InventoryState> = None;
    for entry in history {
        let (Event::Inventory { event }, Subject::Inventory(id)) = (&entry.event, &entry.subject)
        else {
            continue;
        };
        match (event, &mut state) {
            (InventoryEvent::Opened { site, holder, by }, None) => {
                state = Some(InventoryState {
                    id: id.clone(),
                    site: site.clone(),
                    holder: holder.clone(),
                    opened_at: happened(entry),
                    opened_by: by.clone(),
                    scanned: BTreeSet::new(),
                    closed: None,
                });
            }
            (InventoryEvent::Scanned { labels, .. }, Some(state)) => {
                state.scanned.extend(labels.iter().cloned());
            }
            (
                InventoryEvent::Closed {
                    findings,
                    figures,
                    signed,
                },
                Some(state),
            ) => {
                state.closed = Some(InventoryClosing {
                    at: happened(entry),
                    findings: *findings,
                    figures: *figures,
                    signed: signed.clone(),
                });
            }
            _ => {}
        }
    }
    state
}
