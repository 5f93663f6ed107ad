//! The fixed words of visits and cases: channels, roles, reasons, outcomes. Each is written into facts in snake case.

use std::fmt;

use serde::{Deserialize, Serialize};

/// In which capacity a clerk acts; a merged window has several. Art 6.
pub use crate::domain::hall::Role as DeskRole;

macro_rules! word {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            utoipa::ToSchema,
        )]
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
    /// Why a closed case is erased.
    ErasureReason {
        /// Its retention period is over.
        RetentionOver,
        /// A court or an authority ordered it.
        LegalOrder,
        /// The person it is about asked for it rightfully (PIPL Art 47).
        SubjectRequest,
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
    /// The printed forms that state a fact about a case; each has the name of its template.
    CaseForm {
        /// 收件凭证, Art 8(2).
        IntakeReceipt,
        /// 一次性补正告知书, Art 8(4).
        OneTimeNotice,
        /// 容缺办理承诺书, Art 8(3).
        Undertaking,
        /// 容缺受理通知书, Art 8(3).
        ConditionalAcceptance,
        /// 不予容缺办理告知书, Art 8(3).
        DeferralRefusal,
        /// 受理通知书.
        AcceptanceNotice,
        /// 不予受理通知书, Art 11(5).
        RefusalToAccept,
        /// 申请材料交接单, Art 8(5).
        DispatchSlip,
        /// 特别程序通知书, 许可法 45.
        SpecialProcedureNotice,
        /// 出件签收单, Art 10(2).
        DeliveryReceipt,
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
