//! Words that the facts about visits and cases are made of. All are codes, digests, amounts and times.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::catalogue::{ApplicantKind, MetBy, SpecialProcedure};
use crate::domain::digest::Digest;
use crate::domain::id::{CaseNo, Commitment, DepartmentCode, MaterialCode, SerialNo, StaffId};

macro_rules! word {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Every one, for tables and tests.
            pub const ALL: &[$name] = &[$($name::$variant,)*];
        }
    };
}

word! {
    /// How an application comes in. Art 12(6).
    Channel {
        /// At a window.
        Window,
        /// At the applicant's place (上门).
        OffSite,
        /// Outside opening hours (延时).
        ExtendedHours,
        /// Checked from afar before the applicant comes (远程预审); no paper can be kept until then.
        RemotePreCheck,
        /// Imported from the city platform by its number (办件编号).
        Platform,
    }
}

word! {
    /// In which capacity a clerk acts; a merged window has several. Art 6.
    DeskRole {
        /// 咨询.
        Consult,
        /// 收件.
        Receive,
        /// 发证.
        Issue,
    }
}

word! {
    /// What a clerk does for a visitor without a case. Art 8(1).
    GuidanceKind {
        /// 引导.
        Guidance,
        /// 咨询.
        Consultation,
        /// 帮办.
        AssistedService,
    }
}

word! {
    /// Why a return of a pushed case is justified. Art 11(5): no return without one.
    ReturnReason {
        /// The department finds a material missing.
        MaterialMissing,
        /// A material does not have its legal form.
        WrongForm,
        /// Materials contradict each other or the entry.
        Inconsistent,
        /// A scan cannot be read.
        Unreadable,
        /// The matter was taken as the wrong item.
        WrongItem,
        /// The same application is with the department already.
        Duplicate,
    }
}

word! {
    /// Why an application is not accepted (不予受理). Art 11(5), 许可法 32.
    RefusalReason {
        /// No licence or service is needed for it.
        NotRequired,
        /// Another authority is competent.
        NotCompetent,
        /// The applicant may not apply for it.
        NotEligible,
        /// The materials stay incomplete after correction.
        Incomplete,
        /// The law forbids it, or the materials are false.
        Unlawful,
    }
}

word! {
    /// Why a case is void.
    VoidReason {
        /// Keyed in error.
        KeyedInError,
        /// There is another case for the same application.
        Duplicate,
    }
}

word! {
    /// Why a case is terminated.
    TerminationReason {
        /// A deferred material was not supplied by its date (Art 8(3), 10(4)).
        DeferralLapsed,
        /// What the correction notice asks for did not come by its date.
        CorrectionLapsed,
        /// The applicant died or ceased to exist.
        ApplicantGone,
        /// What was applied for can no longer be granted.
        Impossible,
    }
}

word! {
    /// How a receipt reaches the applicant. Art 8(2).
    ReceiptManner {
        /// Printed at the window.
        Print,
        /// By mail.
        Mail,
        /// Over the network.
        Network,
    }
}

word! {
    /// What a department decides.
    Outcome {
        /// As applied for.
        Granted,
        /// Not as applied for; the document states the reason.
        Denied,
    }
}

word! {
    /// How something sent by mail ended. Posting is not delivery.
    PostOutcome {
        /// The addressee signed.
        Delivered,
        /// It came back.
        Returned,
        /// Nobody fetched it.
        Unclaimed,
    }
}

word! {
    /// The five levels of 好差评; the last two are negative (standards §2.7).
    RatingLevel {
        /// 非常满意.
        VerySatisfied,
        /// 满意.
        Satisfied,
        /// 基本满意.
        Acceptable,
        /// 不满意.
        Dissatisfied,
        /// 非常不满意.
        VeryDissatisfied,
    }
}

impl RatingLevel {
    /// Whether it must be verified, rectified, fed back and revisited.
    pub const fn is_negative(self) -> bool {
        matches!(self, Self::Dissatisfied | Self::VeryDissatisfied)
    }
}

word! {
    /// Why a row cannot be handed in later (不予容缺的原因).
    DeferralBar {
        /// It is a main material.
        MainMaterial,
        /// The item does not list it for deferral.
        NotListed,
        /// The applicant is excluded, as a discredited one is.
        ApplicantExcluded,
        /// The days asked for exceed the row's or the promised limit.
        TooManyDays,
        /// It is done on the spot, so nothing can follow.
        InstantItem,
        /// It is not missing.
        NotMissing,
    }
}

impl DeferralBar {
    /// The reason as it is printed for the applicant.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::MainMaterial => "该材料为主要材料，不属于容缺范围",
            Self::NotListed => "办事指南未将该材料列入容缺范围",
            Self::ApplicantExcluded => "申请人不符合容缺办理条件（如存在失信记录）",
            Self::TooManyDays => "补交期限超过该材料的容缺期限或承诺办理时限",
            Self::InstantItem => "该事项为即办件，当场办结，不适用容缺办理",
            Self::NotMissing => "该材料并未缺少，或尚未确认是否需要",
        }
    }

    /// The reason in English.
    pub const fn en(self) -> &'static str {
        match self {
            Self::MainMaterial => "it is a main material, which cannot be handed in later",
            Self::NotListed => "the item's guide does not list it for deferral",
            Self::ApplicantExcluded => "the applicant is excluded from deferral",
            Self::TooManyDays => "the days asked for exceed the row's or the promised limit",
            Self::InstantItem => "the item is done on the spot, so nothing can follow later",
            Self::NotMissing => "it is not missing, or it is not decided whether it is needed",
        }
    }
}

/// Chinese; with `{:#}` English.
impl fmt::Display for DeferralBar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if f.alternate() { self.en() } else { self.zh() })
    }
}

word! {
    /// What is wrong with a material or an entry.
    DefectKind {
        /// Not handed in.
        Missing,
        /// Not in its legal form.
        WrongForm,
        /// Cannot be read.
        Unreadable,
        /// No longer valid.
        Expired,
        /// Contradicts another material or the entry.
        Inconsistent,
        /// A field's value is not valid.
        InvalidField,
    }
}

word! {
    /// A field of the entry that was checked. Art 12(1).
    EntryField {
        /// 公民身份号码 of the applicant.
        ApplicantCitizenId,
        /// 统一社会信用代码 of the applicant.
        ApplicantCreditCode,
        /// Name of the applicant.
        ApplicantName,
        /// Phone of the applicant.
        ApplicantPhone,
        /// 公民身份号码 of the agent.
        AgentCitizenId,
        /// Name of the agent.
        AgentName,
        /// Phone of the agent.
        AgentPhone,
        /// Address to send to.
        Address,
        /// A date.
        Date,
        /// A field of the item's own form.
        Form,
    }
}

impl EntryField {
    /// Its name in Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::ApplicantCitizenId => "申请人公民身份号码",
            Self::ApplicantCreditCode => "申请人统一社会信用代码",
            Self::ApplicantName => "申请人姓名或名称",
            Self::ApplicantPhone => "申请人联系电话",
            Self::AgentCitizenId => "代理人公民身份号码",
            Self::AgentName => "代理人姓名",
            Self::AgentPhone => "代理人联系电话",
            Self::Address => "送达地址",
            Self::Date => "日期",
            Self::Form => "申请表内容",
        }
    }

    /// Its name in English.
    pub const fn en(self) -> &'static str {
        match self {
            Self::ApplicantCitizenId => "the applicant's citizen identity number",
            Self::ApplicantCreditCode => "the applicant's social credit code",
            Self::ApplicantName => "the applicant's name",
            Self::ApplicantPhone => "the applicant's phone",
            Self::AgentCitizenId => "the agent's citizen identity number",
            Self::AgentName => "the agent's name",
            Self::AgentPhone => "the agent's phone",
            Self::Address => "the address to send to",
            Self::Date => "a date",
            Self::Form => "the item's own form",
        }
    }
}

/// The one who applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applicant {
    /// Person or organisation.
    pub kind: ApplicantKind,
    /// Vault record with name, number and phone.
    pub record: Commitment,
}

/// The one who acts for the applicant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// Vault record with name, number and phone.
    pub record: Commitment,
    /// Vault record of the power of attorney (申请人委托书).
    pub power: Commitment,
}

/// How the applicant wants the result. The applicant chooses, not the department.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeliveryChoice {
    /// Fetched at the window.
    PickUp,
    /// Sent by mail.
    Mail {
        /// Vault record of the address.
        address: Commitment,
    },
}

/// Paper, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperCount {
    /// Originals.
    pub originals: u32,
    /// Copies.
    pub copies: u32,
}

impl PaperCount {
    /// Whether there is no paper at all.
    pub const fn is_empty(self) -> bool {
        self.originals == 0 && self.copies == 0
    }

    /// Whether there is no paper at all, as a serialiser asks it.
    pub(super) const fn is_empty_ref(&self) -> bool {
        self.is_empty()
    }

    /// Both together.
    pub const fn plus(self, other: Self) -> Self {
        Self {
            originals: self.originals.saturating_add(other.originals),
            copies: self.copies.saturating_add(other.copies),
        }
    }
}

/// An original that lies in another case's bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedOriginal {
    /// The case whose bundle holds it.
    pub case: CaseNo,
    /// The row it meets there.
    pub row: MaterialCode,
}

/// An applicant's, agent's or courier's signature on pad or paper, and who saw it made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessedSignature {
    /// Digest of the signature as captured.
    pub digest: Digest,
    /// The clerk who witnessed it.
    pub witness: StaffId,
}

/// On whose side a person signs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Party {
    /// The hall's windows.
    Window,
    /// A department.
    Department {
        /// Which.
        department: DepartmentCode,
    },
}

/// A staff member's signature over what is handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaffSignature {
    /// Who signs.
    pub staff: StaffId,
    /// For whom.
    pub party: Party,
    /// Digest of the signature.
    pub digest: Digest,
}

/// A department's officer who acts in its review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Officer {
    /// Who.
    pub staff: StaffId,
    /// For which department.
    pub department: DepartmentCode,
}

/// A field that did not pass its check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldFinding {
    /// The field.
    pub field: EntryField,
    /// What is wrong.
    pub kind: DefectKind,
}

/// One line of a correction notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defect {
    /// What it is about.
    pub about: DefectSubject,
    /// What is wrong.
    pub kind: DefectKind,
    /// Vault record that says in words what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Commitment>,
}

/// What a defect is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum DefectSubject {
    /// A material row.
    Row {
        /// Its code.
        row: MaterialCode,
    },
    /// A field of the entry.
    Field {
        /// Which.
        field: EntryField,
    },
}

/// Chinese; with `{:#}` English.
impl fmt::Display for DefectSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, f.alternate()) {
            (Self::Row { row }, false) => write!(f, "材料 {row}"),
            (Self::Row { row }, true) => write!(f, "material {row}"),
            (Self::Field { field }, false) => f.write_str(field.zh()),
            (Self::Field { field }, true) => f.write_str(field.en()),
        }
    }
}

/// A row that cannot be deferred, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BarredRow {
    /// Its code.
    pub row: MaterialCode,
    /// The reason that is printed.
    pub bar: DeferralBar,
}

/// How the window comes by a result; each case has exactly one. Art 10(1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ResultRoute {
    /// Pushed by the platform and made at the window.
    Platform,
    /// Made by the window in the department's own system.
    DepartmentSystem {
        /// The clerk who made it.
        clerk: StaffId,
    },
    /// Handed over by the department as paper, both sides signing.
    HandedOver {
        /// The department's signature.
        given: StaffSignature,
        /// The window's.
        taken: StaffSignature,
    },
}

/// A result as the window has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseResult {
    /// How it came.
    pub route: ResultRoute,
    /// Digest of the document or electronic licence.
    pub content: Digest,
    /// Serial of the certificate, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<SerialNo>,
}

/// Who took a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// The applicant.
    Applicant,
    /// The agent, by power of attorney.
    Agent,
}

/// How a result reached the one it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeliveryWay {
    /// Handed out at a window after an identity check.
    PickUp {
        /// To whom.
        recipient: Recipient,
        /// Its signature.
        signature: WitnessedSignature,
    },
    /// The courier delivered it.
    Mail {
        /// The waybill.
        waybill: SerialNo,
    },
}

/// The three steps that a chief representative cannot decide on (Art 11(2)).
pub const DEPARTMENT_STEPS: [SpecialProcedure; 3] = [
    SpecialProcedure::ExpertReview,
    SpecialProcedure::SiteInspection,
    SpecialProcedure::CollectiveDiscussion,
];

/// Whether paper stays when a row is met this way. Only then it is counted and enters custody.
pub const fn keeps_paper(way: MetBy) -> bool {
    matches!(way, MetBy::PaperKept)
}
