//! What can happen to a bundle (材料袋). What follows from it is told in `bundle`.

use serde::{Deserialize, Serialize};

use super::refile::RefiledPaper;
use super::terms::*;
use crate::domain::case::{Recipient, WitnessedSignature};
use crate::domain::date::Date;
use crate::domain::id::{
    CaseNo, Commitment, ContainerId, DiscrepancyId, SealNo, SiteCode, SlipId, StaffId, TransferId,
};

/// What can happen to a bundle. A list of papers names them by number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum BundleEvent {
    /// The case has paper from now on. L1.
    Opened {
        /// Where.
        site: SiteCode,
        /// Who took it and holds it.
        clerk: StaffId,
        /// What.
        papers: Vec<Paper>,
    },
    /// More paper came in.
    Added {
        /// Where.
        site: SiteCode,
        /// Who took it and holds it.
        clerk: StaffId,
        /// What.
        papers: Vec<Paper>,
    },
    /// Papers are on a slip that the giver signed.
    Offered {
        /// The slip.
        slip: SlipId,
        /// On which leg.
        leg: Leg,
        /// Which papers.
        papers: Vec<u16>,
    },
    /// Papers on a slip were received: the other one holds them.
    Received {
        /// The slip.
        slip: SlipId,
        /// Which papers.
        papers: Vec<u16>,
        /// Who holds them.
        holder: Holder,
        /// Papers that came damaged.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        damaged: Vec<u16>,
        /// Until when they come back, if they were lent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        back_by: Option<Date>,
    },
    /// Papers on a slip were not taken: the giver goes on holding them.
    Kept {
        /// The slip.
        slip: SlipId,
        /// Which papers.
        papers: Vec<u16>,
    },
    /// Papers went back to the applicant against signature. L4.
    Returned {
        /// Which papers.
        papers: Vec<u16>,
        /// To whom.
        recipient: Recipient,
        /// That person's signature.
        signature: WitnessedSignature,
    },
    /// Papers were in this bundle by mistake and are in another now (串件). Whoever holds them goes on holding them.
    RefiledTo {
        /// The case they belong to.
        to: CaseNo,
        /// Which papers.
        papers: Vec<u16>,
        /// Who moved them: the holder.
        by: StaffId,
        /// Vault record, of the case they belong to, of why.
        reason: Commitment,
    },
    /// Papers that lay in another bundle by mistake are in this one now.
    RefiledFrom {
        /// The case in whose bundle they lay.
        from: CaseNo,
        /// Who holds them.
        holder: Holder,
        /// What.
        papers: Vec<RefiledPaper>,
    },
    /// Papers were put into a container.
    Shelved {
        /// Which.
        container: ContainerId,
        /// Which papers.
        papers: Vec<u16>,
        /// By whom.
        by: StaffId,
    },
    /// Papers were taken out of their container.
    Unshelved {
        /// Which.
        container: ContainerId,
        /// Which papers.
        papers: Vec<u16>,
        /// By whom.
        by: StaffId,
    },
    /// The box in which papers lie was sealed.
    Sealed {
        /// Which.
        container: ContainerId,
        /// The number of its seal.
        seal: SealNo,
        /// Which papers.
        papers: Vec<u16>,
    },
    /// The box in which papers lie is no longer sealed.
    Unsealed {
        /// Which.
        container: ContainerId,
        /// Which papers.
        papers: Vec<u16>,
    },
    /// A carrier has papers on a slip. Their holder stays the giver.
    Dispatched {
        /// The slip.
        slip: SlipId,
        /// Which papers.
        papers: Vec<u16>,
    },
    /// The carrier no longer has papers on a slip: they were brought back, or the receiver did not take them.
    CarriageEnded {
        /// The slip.
        slip: SlipId,
        /// Which papers.
        papers: Vec<u16>,
    },
    /// Papers are on a round of the monthly transfer.
    Listed {
        /// Which.
        transfer: TransferId,
        /// Which papers.
        papers: Vec<u16>,
    },
    /// Papers are taken off a round: they were not found, not taken, or put off.
    Unlisted {
        /// Which.
        transfer: TransferId,
        /// Which papers.
        papers: Vec<u16>,
    },
    /// Their transfer was put off, with the department's consent and the supervisor's approval.
    Deferred {
        /// The round they were on.
        transfer: TransferId,
        /// Which papers.
        papers: Vec<u16>,
        /// The new last day.
        until: Date,
    },
    /// Something does not match: until that is cleared up the papers go on no round.
    Doubted {
        /// What.
        discrepancy: DiscrepancyId,
        /// Which papers.
        papers: Vec<u16>,
    },
    /// It was cleared up.
    Cleared {
        /// What.
        discrepancy: DiscrepancyId,
    },
    /// Papers are lost, which the hall and their departments approved with a signature each (遗失).
    Lost {
        /// The report.
        loss: DiscrepancyId,
        /// Which papers.
        papers: Vec<u16>,
        /// Who held them last.
        last: Holder,
    },
    /// Lost papers were found again: somebody holds them, who and another signed for that.
    FoundAgain {
        /// The report of their loss.
        loss: DiscrepancyId,
        /// Which papers.
        papers: Vec<u16>,
        /// Who holds them.
        holder: Holder,
    },
}
