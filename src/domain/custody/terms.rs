//! The words of custody: what a paper is, who holds it, on which leg it goes, what was found when it was checked, and who
//! signed. All are codes, digests, counts and times.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::digest::Digest;
use crate::domain::id::{DepartmentCode, MaterialCode, SigningKeyId, SiteCode, StaffId};
use crate::domain::staff::SignatureBytes;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident: $zh:literal, $en:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Every one, for tables and tests.
            pub const ALL: &[$name] = &[$($name::$variant,)*];
        }

        /// Chinese; with `{:#}` English.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let (zh, en) = match self { $(Self::$variant => ($zh, $en),)* };
                f.write_str(if f.alternate() { en } else { zh })
            }
        }
    )*};
}

words! {
    /// Whether a paper is the one that was made first.
    PaperForm {
        /// The original.
        Original: "原件", "original",
        /// A copy.
        Copy: "复印件", "copy",
    }

    /// How a paper looks.
    Condition {
        /// As it should.
        Good: "完好", "good",
        /// Worn, but whole and legible.
        Worn: "陈旧", "worn",
        /// Torn, stained or illegible in places.
        Damaged: "破损", "damaged",
    }

    /// Why a paper is in a bundle.
    Origin {
        /// The receipt says it was kept (L1).
        Receipt: "收件", "kept on receipt",
        /// It was handed in later (容缺).
        Supplement: "容缺补交", "handed in later",
        /// The window made it in the course of the case: a signed delivery receipt, a notice.
        Process: "过程文书", "made in the course of the case",
        /// It lay in a cabinet before the system was there.
        Stocktake: "期初盘点", "there before the system",
    }

    /// On which leg paper goes.
    Leg {
        /// A department collects what cannot go through the platform (L2, Art 8(5)).
        Collection: "部门领取", "collection by the department",
        /// What a department has comes back to the window (L3).
        Return: "部门交回", "back from the department",
        /// Finished paper goes to its department (L6, Art 12(4)).
        Transfer: "办结移交", "transfer of finished paper",
        /// From one person to another of the same side: end of a shift, clerk to archivist, village to town.
        Internal: "内部交接", "internal hand-over",
        /// Lent, to come back by a day.
        Loan: "借阅", "loan",
        /// What was lent comes back.
        LoanReturn: "归还", "return of a loan",
    }

    /// What the receiver found of a paper on the slip.
    Found {
        /// It is there as the slip says.
        Present: "相符", "as stated",
        /// It is there and taken, in a worse condition than the slip says.
        Worse: "接收（破损）", "taken, damaged",
        /// It is damaged and not taken.
        Damaged: "破损，未接收", "damaged, not taken",
        /// It is not there.
        Missing: "缺失", "missing",
        /// It belongs to another case.
        Misplaced: "串件", "belongs to another case",
        /// It is there and not taken for another reason.
        Disputed: "异议", "disputed",
        /// It is in a box whose seal is whole: taken with the box, to be checked within days.
        Sealed: "凭封签接收", "taken by seal",
    }

    /// Why an offer ended without a hand-over.
    CallOff {
        /// The receiver refused it as a whole (拒收).
        Refused: "拒收", "refused",
        /// The giver took it back.
        Cancelled: "撤回", "cancelled",
        /// Nobody received it in time.
        Lapsed: "逾期未接收", "lapsed",
    }

    /// Who carries paper from the giver to the receiver.
    CarrierKind {
        /// A courier's company.
        Courier: "快递", "courier",
        /// A messenger of the hall.
        Messenger: "大厅信使", "messenger",
    }

    /// By what the carrier's identity was checked.
    IdentityProof {
        /// The resident identity card.
        IdentityCard: "居民身份证", "identity card",
        /// The work card of the carrier's employer.
        WorkCard: "工作证", "work card",
    }

    /// What paper is kept in, the smallest first. Each goes into a larger kind only.
    ContainerKind {
        /// A box for files.
        Box: "档案盒", "box",
        /// A shelf of a cabinet.
        Shelf: "层", "shelf",
        /// A cabinet.
        Cabinet: "柜", "cabinet",
        /// A store room.
        Room: "库房", "room",
    }

    /// What is wrong with a line, until somebody clears it up.
    DiscrepancyKind {
        /// A paper is not there.
        Missing: "缺失", "missing",
        /// A paper is there that no slip names.
        Extra: "多出", "extra",
        /// A paper is damaged.
        Damaged: "破损", "damaged",
        /// A paper belongs to another case.
        Misplaced: "串件", "misplaced",
        /// The receiver disputes it.
        Disputed: "异议", "disputed",
    }
}

impl Found {
    /// Whether the receiver takes the paper.
    pub const fn is_taken(self) -> bool {
        matches!(self, Self::Present | Self::Worse | Self::Sealed)
    }

    /// What has to be cleared up.
    pub const fn discrepancy(self) -> Option<DiscrepancyKind> {
        match self {
            Self::Present | Self::Sealed => None,
            Self::Worse | Self::Damaged => Some(DiscrepancyKind::Damaged),
            Self::Missing => Some(DiscrepancyKind::Missing),
            Self::Misplaced => Some(DiscrepancyKind::Misplaced),
            Self::Disputed => Some(DiscrepancyKind::Disputed),
        }
    }
}

/// A paper of a bundle: one document, or copies of it that lie together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BundlePaper)]
pub struct Paper {
    /// Its number in the bundle, from 1.
    pub no: u16,
    /// The material row it meets; none for a paper made in the course of the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<MaterialCode>,
    /// Original or copy.
    pub form: PaperForm,
    /// How many of them lie together.
    pub count: u32,
    /// Pages of each, where they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<u32>,
    /// How it looked when it came in.
    pub condition: Condition,
    /// Why it is here.
    pub origin: Origin,
}

/// An agency: within one, two of its people hand over to each other; between two, one of each.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = PaperSide)]
pub enum Side {
    /// The hall, at one of its sites.
    Hall {
        /// Which.
        site: SiteCode,
    },
    /// An approval department.
    Department {
        /// Which.
        department: DepartmentCode,
    },
}

impl Side {
    /// Whether both are the same agency. The sites of the hall are one.
    pub fn is_one_with(&self, other: &Side) -> bool {
        match (self, other) {
            (Side::Hall { .. }, Side::Hall { .. }) => true,
            (Side::Department { department }, Side::Department { department: other }) => {
                department == other
            }
            _ => false,
        }
    }
}

/// Chinese; with `{:#}` English.
impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, f.alternate()) {
            (Self::Hall { site }, false) => write!(f, "大厅站点 {site}"),
            (Self::Hall { site }, true) => write!(f, "site {site}"),
            (Self::Department { department }, false) => write!(f, "部门 {department}"),
            (Self::Department { department }, true) => write!(f, "department {department}"),
        }
    }
}

/// Who holds a paper and answers for it.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(deny_unknown_fields)]
#[schema(as = PaperHolder)]
pub struct Holder {
    /// For which side.
    pub side: Side,
    /// The person; none for a department that has no accounts and signed on paper (线下签收).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<StaffId>,
}

/// Chinese; with `{:#}` English.
impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.side.fmt(f)?;
        match &self.staff {
            Some(staff) if f.alternate() => write!(f, ", {staff}"),
            Some(staff) => write!(f, "，{staff}"),
            None => Ok(()),
        }
    }
}

/// A staff member's signature over a document with a digest, by a key of the member's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeySignature {
    /// Who.
    pub staff: StaffId,
    /// With which key.
    pub key: SigningKeyId,
    /// Ed25519 over the signing message of the document's digest, 128 hexadecimal digits.
    #[schema(value_type = String, pattern = "^[0-9a-f]{128}$")]
    pub signature: SignatureBytes,
}

/// How the receiving side signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = SlipReceipt)]
pub enum Receipt {
    /// With the receiver's own key over the outcome.
    Signed {
        /// The signature.
        by: KeySignature,
    },
    /// A department without accounts signed and stamped the printed slip (线下签收).
    Stamped {
        /// Digest of the scanned sheet.
        sheet: Digest,
        /// The clerk who saw it, with a signature over [`WitnessStatement`].
        witness: KeySignature,
    },
}

impl Receipt {
    /// The receiver as a person, where it is one of ours.
    pub fn staff(&self) -> Option<&StaffId> {
        match self {
            Self::Signed { by } => Some(&by.staff),
            Self::Stamped { .. } => None,
        }
    }

    /// The key signature in it, the receiver's or the witness's.
    pub fn signature(&self) -> &KeySignature {
        match self {
            Self::Signed { by } => by,
            Self::Stamped { witness, .. } => witness,
        }
    }
}
