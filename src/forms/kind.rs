//! Which forms there are. The template of a kind has the same name with hyphens, `forms/KIND.typ`.

use serde::{Deserialize, Serialize};

use super::data::{
    AcceptanceNotice, BlankReceipt, ConditionalAcceptance, DeferralRefusal, DeliveryReceipt,
    DispatchSlip, IntakeReceipt, OneTimeNotice, ReferralSlip, RefusalToAccept,
    SpecialProcedureNotice, Undertaking,
};
use super::handover::{BundleLabels, CustodySlip, TransferRegister};
use super::parts::Head;

macro_rules! forms {
    (@head $form:ident) => { Some(&$form.head) };
    (@head $form:ident $without:ident) => {{
        let _ = $form;
        None
    }};
    ($($(#[$doc:meta])* $kind:ident, $word:literal, $template:literal, $zh:literal $(, no $without:ident)?;)*) => {
        /// Which form.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum FormKind {
            $($(#[$doc])* $kind,)*
        }

        impl FormKind {
            /// Every kind.
            pub const ALL: &[FormKind] = &[$(FormKind::$kind,)*];

            /// Its name in data: `intake_receipt`.
            pub const fn as_str(self) -> &'static str {
                match self { $(FormKind::$kind => $word,)* }
            }

            /// Its template's file: `intake-receipt.typ`.
            pub const fn template(self) -> &'static str {
                match self { $(FormKind::$kind => concat!($template, ".typ"),)* }
            }

            /// Its title on the page.
            pub const fn zh(self) -> &'static str {
                match self { $(FormKind::$kind => $zh,)* }
            }

            /// The text of its built-in template.
            pub(super) const fn embedded(self) -> &'static str {
                match self {
                    $(FormKind::$kind => include_str!(concat!("../../forms/", $template, ".typ")),)*
                }
            }
        }

        /// A form with all it states.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "form", rename_all = "snake_case")]
        pub enum Form {
            $($(#[$doc])* $kind($kind),)*
        }

        impl Form {
            /// Which form it is.
            pub fn kind(&self) -> FormKind {
                match self { $(Form::$kind(_) => FormKind::$kind,)* }
            }

            /// What stands around its content; none on a label, which has room for nothing else.
            pub fn head(&self) -> Option<&Head> {
                match self { $(Form::$kind(form) => forms!(@head form $($without)?),)* }
            }
        }

        $(impl From<$kind> for Form {
            fn from(form: $kind) -> Self {
                Form::$kind(form)
            }
        })*
    };
}

forms! {
    /// 收件凭证, Art 8(2): proof of what was handed in; not yet legal acceptance.
    IntakeReceipt, "intake_receipt", "intake-receipt", "收件凭证";
    /// 一次性补正告知书, Art 8(4): everything that has to be made good, once.
    OneTimeNotice, "one_time_notice", "one-time-notice", "一次性补正告知书";
    /// 容缺承诺书, Art 8(3): the applicant's promise.
    Undertaking, "undertaking", "undertaking", "容缺办理承诺书";
    /// 容缺受理通知书, Art 8(3).
    ConditionalAcceptance, "conditional_acceptance", "conditional-acceptance", "容缺受理通知书";
    /// 不予容缺告知书, Art 8(3): the reason why not.
    DeferralRefusal, "deferral_refusal", "deferral-refusal", "不予容缺办理告知书";
    /// 受理通知书, 许可法 32.
    AcceptanceNotice, "acceptance_notice", "acceptance-notice", "受理通知书";
    /// 不予受理通知书, 许可法 32, Art 11(5): with reasons.
    RefusalToAccept, "refusal_to_accept", "refusal-to-accept", "不予受理通知书";
    /// 申请材料交接单, Art 8(5): from the window to the department.
    DispatchSlip, "dispatch_slip", "dispatch-slip", "申请材料交接单";
    /// 首问转办单, Art 12(5): who was asked first passes the visitor on.
    ReferralSlip, "referral_slip", "referral-slip", "首问转办单";
    /// 特别程序通知书, 许可法 45: a step that does not count into the limit.
    SpecialProcedureNotice, "special_procedure_notice", "special-procedure-notice", "特别程序通知书";
    /// 出件签收单, Art 10(2): the result was handed out.
    DeliveryReceipt, "delivery_receipt", "delivery-receipt", "出件签收单";
    /// 空白收件凭证: numbered, filled in by hand in an outage and entered afterwards (补录).
    BlankReceipt, "blank_receipt", "blank-receipt", "收件凭证（应急）";
    /// 材料袋标签: the label of a bundle, which both sides of a hand-over scan.
    BundleLabels, "bundle_labels", "bundle-labels", "材料袋标签", no head;
    /// 交接单, Art 8(5), 12(3): paper handed over, line by line, with both signatures or room for them.
    CustodySlip, "custody_slip", "custody-slip", "交接单";
    /// 移交清册, Art 12(4): the papers of a round of the monthly transfer.
    TransferRegister, "transfer_register", "transfer-register", "移交清册";
}
