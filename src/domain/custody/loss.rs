//! Paper that is lost (遗失) is never lost silently: what was missed is reported with a reason, searched for by somebody
//! else, and approved by the hall's supervisor and by each department that the paper goes to, different people who sign one
//! document. Only then it has an end. Declined by one of them it stays in doubt.

use serde::{Deserialize, Serialize};

use super::bundle::Bundle;
use super::bundle_event::BundleEvent;
use super::discrepancy::{DiscrepancyEvent, DiscrepancyState};
use super::loss_state::{LossStanding, LossState, Reported};
use super::offer::of_bundle;
use super::signer::{acts_for, check};
use super::terms::{DiscrepancyKind, Holder, KeySignature, Side};
use crate::domain::access::{Role, Scope};
use crate::domain::digest::Digest;
use crate::domain::event::{Event, Fact};
use crate::domain::id::{
    CaseNo, Commitment, DepartmentCode, DiscrepancyId, SiteCode, SlipId, StaffId, Subject,
};
use crate::domain::refusal::refusals;
use crate::domain::staff::StaffState;
use crate::domain::time::Timestamp;

/// What can happen to a report of lost paper. Its subject names what did not match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum LossEvent {
    /// It was reported.
    Reported(Reported),
    /// It was searched for.
    Searched {
        /// Vault record of what was searched and what came of it.
        record: Commitment,
        /// Who searched.
        by: StaffId,
    },
    /// A side approves that it is lost. With the last one it is.
    Approved {
        /// Which.
        side: Side,
        /// Digest of the [`super::LossDocument`].
        document: Digest,
        /// The signature over it.
        signed: KeySignature,
    },
    /// A side does not approve.
    Declined {
        /// Which.
        side: Side,
        /// Vault record of the reason in words.
        reason: Commitment,
        /// Who.
        by: StaffId,
    },
    /// It was found again.
    Found {
        /// Who is to hold it again.
        to: Holder,
        /// Digest of the [`super::FoundPaper`].
        document: Digest,
        /// The finder's signature over it.
        signed: KeySignature,
    },
    /// Whoever is to hold it again signed for it.
    TakenBack {
        /// Digest of the [`super::FoundPaper`].
        document: Digest,
        /// The holder's signature over it.
        signed: KeySignature,
    },
}

refusals! {
    /// Why a loss cannot be recorded like this.
    LossRefusal;
    NotMissing { id: DiscrepancyId }, "not-missing", "",
        "交接差异 {id} 不是“缺失”，不能报失", "discrepancy {id} is not about missing paper, so nothing of it is reported lost";
    ClearedUp { id: DiscrepancyId }, "discrepancy-cleared", "",
        "交接差异 {id} 已处理，不再缺失", "discrepancy {id} is cleared up; nothing is missing any more";
    AlreadyReported { id: DiscrepancyId }, "loss-reported", "",
        "{id} 已报失；请继续查找或认定", "{id} is reported already; search on, or decide it";
    NotReported { id: DiscrepancyId }, "loss-not-open", "",
        "{id} 没有待认定的报失；请查看其状态", "there is no open report of {id}; look at where it stands";
    NotLost { id: DiscrepancyId }, "not-lost", "",
        "{id} 的材料没有认定遗失，或已登记找到", "the paper of {id} was not declared lost, or is found already";
    NotFound { id: DiscrepancyId }, "not-found-yet", "",
        "{id} 的材料尚未登记找到；请先由找到的人签名登记", "the paper of {id} was not reported found; whoever found it signs first";
    HoldersDiffer { case: CaseNo }, "holders-differ", "papers",
        "{case} 缺失的材料不在同一人名下；请先交接到一人名下再报失", "the missing papers of {case} are held by several people; hand them to one first";
    OnSlip { case: CaseNo, no: u16, slip: SlipId }, "on-slip", "papers",
        "{case} 第 {no} 号材料在交接单 {slip} 上；请先完成或撤回该单", "paper {no} of {case} is on slip {slip}; finish or cancel that first";
    Gone { case: CaseNo, no: u16 }, "paper-gone", "papers",
        "{case} 第 {no} 号材料已退还申请人或已认定遗失", "paper {no} of {case} went back to the applicant or is lost already";
    NoDepartment, "no-department", "",
        "不能确定这些材料应移交的部门；请核对事项", "no department is known that the papers go to; check the item";
    NotTheirs { staff: StaffId, side: Side }, "not-their-side", "",
        "{staff} 不能代表{side}办理；大厅由主管、部门由审核人员或首席代表认定", "{staff} does not act for {side:#} here; the hall's supervisor and the department's officers approve";
    NotSearched { id: DiscrepancyId }, "not-searched", "",
        "{id} 还没有由报失人以外的人查找过；请先查找并登记", "nobody but the reporter searched for {id}; search and record it first";
    OwnLoss { staff: StaffId }, "own-loss", "signed",
        "{staff} 是报失人或最后持有人，不能认定；请另一人办理", "{staff} reported it or held it last and does not approve; somebody else does";
    SamePerson { staff: StaffId }, "same-person", "signed",
        "双方须由不同的人签名（{staff} 已签）；请另一人签名", "the two signatures are of different people, and {staff} signed already; somebody else signs";
    AlreadyApproved { side: Side }, "already-approved", "side",
        "{side}已认定；请等待另一方", "{side:#} approved it already; the other side is to decide";
    WrongSide { side: Side }, "wrong-side", "side",
        "{side}不是这次认定的一方", "{side:#} is not one of the sides that decide this";
    OtherDocument { id: DiscrepancyId }, "other-document", "document",
        "签名的不是 {id} 现在的认定书（可能又有查找记录）；请重新打开后签名", "what was signed is not the document of {id} as it is now, after another search perhaps; open it again and sign";
    BadSignature { staff: StaffId }, "bad-signature", "signed",
        "{staff} 的签名与内容不符，或所用密钥已停用；请核对后重新签名", "the signature of {staff} does not fit, or its key is not in force; check it and sign again";
    NotHolder { expected: StaffId }, "not-holder", "to",
        "找回的材料应回到最后持有人 {expected} 名下；由其本人签收", "paper found again goes back to {expected}, who held it last and signs for it";
}

pub(super) fn of_loss(id: &DiscrepancyId, event: LossEvent) -> Fact {
    Fact::new(Subject::Loss(id.clone()), Event::Loss { event })
}

/// A holder and since when.
type Held = (Holder, Timestamp);

/// Refuses papers that nobody holds, that are offered, or that several people hold. Gives who holds them, and since when.
fn held(bundle: &Bundle, papers: &[u16]) -> Result<Held, LossRefusal> {
    let case = bundle.case.clone();
    let mut known: Option<Held> = None;
    for no in papers {
        let (case, no) = (case.clone(), *no);
        let Some(paper) = bundle.papers.get(&no) else {
            return Err(LossRefusal::Gone { case, no });
        };
        let Some(holder) = paper.holder() else {
            return Err(LossRefusal::Gone { case, no });
        };
        if let Some((slip, _)) = &paper.offered {
            let slip = slip.clone();
            return Err(LossRefusal::OnSlip { case, no, slip });
        }
        match &mut known {
            None => known = Some((holder.clone(), paper.there_since)),
            Some((one, _)) if one != holder => {
                return Err(LossRefusal::HoldersDiffer { case });
            }
            Some((_, since)) => *since = paper.there_since.max(*since),
        }
    }
    known.ok_or(LossRefusal::Gone { case, no: 0 })
}

fn missing(discrepancy: &DiscrepancyState) -> Result<(), LossRefusal> {
    let id = discrepancy.id.clone();
    let what = &discrepancy.discrepancy;
    if what.kind != DiscrepancyKind::Missing || what.papers.is_empty() {
        return Err(LossRefusal::NotMissing { id });
    }
    match discrepancy.cleared {
        Some(_) => Err(LossRefusal::ClearedUp { id }),
        None => Ok(()),
    }
}

/// Reports that what is missing is lost. `site` is the case's, `departments` those that the papers go to. Whoever
/// reports it is of the side that is to clear it up, or that holds it.
pub fn report_loss(
    known: Option<&LossState>,
    discrepancy: &DiscrepancyState,
    bundle: &Bundle,
    (site, departments): (&SiteCode, Vec<DepartmentCode>),
    reason: Commitment,
    (by, reporter): (&StaffId, &StaffState),
) -> Result<Vec<Fact>, LossRefusal> {
    let id = discrepancy.id.clone();
    if known.is_some_and(|known| known.standing != LossStanding::Declined) {
        return Err(LossRefusal::AlreadyReported { id });
    }
    missing(discrepancy)?;
    let papers = discrepancy.discrepancy.papers.clone();
    let (last, since) = held(bundle, &papers)?;
    let owner = &discrepancy.discrepancy.owner.side;
    let theirs = |side: &Side| acts_for(by, reporter, side).is_ok();
    if !theirs(owner) && !theirs(&last.side) {
        let (staff, side) = (by.clone(), owner.clone());
        return Err(LossRefusal::NotTheirs { staff, side });
    }
    if departments.is_empty() {
        return Err(LossRefusal::NoDepartment);
    }
    let site = match &last.side {
        Side::Hall { site: held_at } => held_at.clone(),
        Side::Department { .. } => site.clone(),
    };
    let reported = LossEvent::Reported(Reported {
        case: bundle.case.clone(),
        papers,
        last,
        since,
        site,
        departments,
        reason,
        by: by.clone(),
    });
    Ok(vec![of_loss(&id, reported)])
}

pub(super) fn reported(state: &LossState) -> Result<(), LossRefusal> {
    match state.standing {
        LossStanding::Reported => Ok(()),
        _ => Err(LossRefusal::NotReported {
            id: state.id.clone(),
        }),
    }
}

/// Records a search. What was approved before is to be approved again, with it. Whoever searched is of a side concerned.
pub fn search(
    state: &LossState,
    record: Commitment,
    by: &StaffId,
    searcher: &StaffState,
) -> Result<Vec<Fact>, LossRefusal> {
    reported(state)?;
    concerned(state, by, searcher)?;
    let by = by.clone();
    Ok(vec![of_loss(&state.id, LossEvent::Searched { record, by })])
}

/// Refuses a person of none of the sides concerned: those that decide, and that which held it last.
pub(super) fn concerned(
    state: &LossState,
    by: &StaffId,
    person: &StaffState,
) -> Result<(), LossRefusal> {
    let last = state.reported.last.side.clone();
    let mut sides = state.sides().into_iter().chain([last.clone()]);
    if sides.any(|side| acts_for(by, person, &side).is_ok()) {
        return Ok(());
    }
    let staff = by.clone();
    Err(LossRefusal::NotTheirs { staff, side: last })
}

/// Whether a person decides for a side: the supervisor for the hall, whoever acts for it for a department.
fn decides(by: &StaffId, person: &StaffState, side: &Side) -> bool {
    let supervises = |site: &SiteCode| {
        person.grants.iter().any(|grant| {
            let here = match &grant.scope {
                Scope::Hall => true,
                Scope::Site { site: at } => at == site,
                Scope::Department { .. } => false,
            };
            grant.role == Role::Supervisor && here
        })
    };
    acts_for(by, person, side).is_ok()
        && match side {
            Side::Hall { site } => supervises(site),
            Side::Department { .. } => true,
        }
}

fn one_side(
    state: &LossState,
    side: &Side,
    by: &StaffId,
    person: &StaffState,
) -> Result<(), LossRefusal> {
    reported(state)?;
    if !state.sides().contains(side) {
        let side = side.clone();
        return Err(LossRefusal::WrongSide { side });
    }
    if !decides(by, person, side) {
        let (staff, side) = (by.clone(), side.clone());
        return Err(LossRefusal::NotTheirs { staff, side });
    }
    Ok(())
}

/// A side approves with a signature over the document as it is now. With the last of them the paper is lost and what was
/// missing is cleared up by that. What the paper's round becomes is the transfer's to say.
pub fn approve(
    state: &LossState,
    discrepancy: &DiscrepancyState,
    bundle: &Bundle,
    side: &Side,
    document: &Digest,
    signed: &KeySignature,
    signer: &StaffState,
) -> Result<Vec<Fact>, LossRefusal> {
    one_side(state, side, &signed.staff, signer)?;
    missing(discrepancy)?;
    let (id, staff) = (state.id.clone(), signed.staff.clone());
    let told = &state.reported;
    if state.searches.iter().all(|search| search.by == told.by) {
        return Err(LossRefusal::NotSearched { id });
    }
    if told.by == staff || told.last.staff.as_ref() == Some(&staff) {
        return Err(LossRefusal::OwnLoss { staff });
    }
    if state.approvals.iter().any(|one| one.side == *side) {
        let side = side.clone();
        return Err(LossRefusal::AlreadyApproved { side });
    }
    if state.approvals.iter().any(|one| one.signed.staff == staff) {
        return Err(LossRefusal::SamePerson { staff });
    }
    let (holder, _) = held(bundle, &told.papers)?;
    if holder != told.last || state.document(bundle).digest() != *document {
        return Err(LossRefusal::OtherDocument { id });
    }
    check(signed, signer, document).map_err(|_| LossRefusal::BadSignature { staff })?;
    let approved = LossEvent::Approved {
        side: side.clone(),
        document: *document,
        signed: signed.clone(),
    };
    let mut facts = vec![of_loss(&state.id, approved)];
    if state.approvals.len() + 1 == state.sides().len() {
        facts.extend(lost(state, &signed.staff));
    }
    Ok(facts)
}

/// The papers have their end, and what was missing is cleared up by it.
fn lost(state: &LossState, by: &StaffId) -> Vec<Fact> {
    let told = &state.reported;
    let lost = BundleEvent::Lost {
        loss: state.id.clone(),
        papers: told.papers.clone(),
        last: told.last.clone(),
    };
    let event = DiscrepancyEvent::Cleared {
        note: told.reason,
        by: by.clone(),
    };
    let discrepancy = state.id.clone();
    vec![
        of_bundle(&told.case, lost),
        Fact::new(
            Subject::Discrepancy(discrepancy.clone()),
            Event::Discrepancy { event },
        ),
        of_bundle(&told.case, BundleEvent::Cleared { discrepancy }),
    ]
}

/// A side does not approve: the paper stays in doubt and has to be found, or reported anew.
pub fn decline(
    state: &LossState,
    side: &Side,
    reason: Commitment,
    by: &StaffId,
    person: &StaffState,
) -> Result<Vec<Fact>, LossRefusal> {
    one_side(state, side, by, person)?;
    let declined = LossEvent::Declined {
        side: side.clone(),
        reason,
        by: by.clone(),
    };
    Ok(vec![of_loss(&state.id, declined)])
}
