//! What each form states. Every string arrives formatted and, where it is about a person, masked: a form is a
//! layout of words, not a decision.

use serde::{Deserialize, Serialize};

use super::parts::{
    Defect, DispatchedMaterial, Head, Item, MissingMaterial, Party, ReceivedMaterial,
    RefusedDeferral, ResultDocument,
};

/// See [`crate::forms::Form::IntakeReceipt`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntakeReceipt {
    /// What stands around the content.
    pub head: Head,
    /// The item applied for.
    pub item: Item,
    /// Who applies.
    pub applicant: Party,
    /// When the materials were received.
    pub received: String,
    /// What was handed in, at least one.
    pub materials: Vec<ReceivedMaterial>,
    /// When the decision is promised: `2026年12月14日前（15 个工作日）`.
    pub promised: String,
    /// The code for looking up progress.
    pub query_code: String,
    /// Where progress can be looked up.
    pub query_way: String,
    /// How the result is to be delivered.
    pub delivery: String,
    /// More sentences for this case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// See [`crate::forms::Form::OneTimeNotice`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneTimeNotice {
    /// What stands around the content.
    pub head: Head,
    /// The item applied for.
    pub item: Item,
    /// Who applies.
    pub applicant: Party,
    /// The day of the application.
    pub applied: String,
    /// Everything that has to be made good, at least one.
    pub defects: Vec<Defect>,
    /// By when it should be handed in; none where no limit is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
    /// The law it rests on: `《中华人民共和国行政许可法》第三十二条第一款第四项`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub basis: Vec<String>,
    /// More sentences for this case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// See [`crate::forms::Form::Undertaking`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Undertaking {
    /// What stands around the content.
    pub head: Head,
    /// The item applied for.
    pub item: Item,
    /// Who promises.
    pub applicant: Party,
    /// What is missing, at least one.
    pub missing: Vec<MissingMaterial>,
    /// What follows when it is not handed in.
    pub consequence: String,
}

/// See [`crate::forms::Form::ConditionalAcceptance`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionalAcceptance {
    /// What stands around the content.
    pub head: Head,
    /// The item applied for.
    pub item: Item,
    /// Who applies.
    pub applicant: Party,
    /// The day of the application.
    pub applied: String,
    /// What is missing, at least one.
    pub missing: Vec<MissingMaterial>,
    /// The last day for everything missing.
    pub deadline: String,
    /// When the decision is promised.
    pub promised: String,
    /// What follows when it is not handed in.
    pub consequence: String,
}

/// See [`crate::forms::Form::DeferralRefusal`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeferralRefusal {
    /// What stands around the content.
    pub head: Head,
    /// The item applied for.
    pub item: Item,
    /// Who applies.
    pub applicant: Party,
    /// The day of the application.
    pub applied: String,
    /// The materials and the reasons, at least one.
    pub refused: Vec<RefusedDeferral>,
    /// The rule it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub basis: Vec<String>,
    /// What the applicant can do now.
    pub advice: String,
}

/// See [`crate::forms::Form::AcceptanceNotice`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptanceNotice {
    /// What stands around the content.
    pub head: Head,
    /// The item applied for.
    pub item: Item,
    /// Who applies.
    pub applicant: Party,
    /// The day of acceptance.
    pub accepted: String,
    /// The department that decides.
    pub department: String,
    /// Who handles it there, a code.
    pub handler: String,
    /// How the department is reached.
    pub phone: String,
    /// The limit of the law.
    pub legal_limit: String,
    /// The limit the department promises.
    pub promised_limit: String,
    /// The day it ends.
    pub due: String,
    /// The code for looking up progress.
    pub query_code: String,
    /// The materials it was accepted with.
    pub materials: Vec<ReceivedMaterial>,
    /// The law it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub basis: Vec<String>,
    /// Steps that do not count into the limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excluded: Option<String>,
}

/// See [`crate::forms::Form::RefusalToAccept`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusalToAccept {
    /// What stands around the content.
    pub head: Head,
    /// The item applied for.
    pub item: Item,
    /// Who applies.
    pub applicant: Party,
    /// The day of the application.
    pub applied: String,
    /// The department that refuses.
    pub department: String,
    /// Why, at least one.
    pub reasons: Vec<String>,
    /// The law it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub basis: Vec<String>,
    /// Where to turn instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// Who hears an appeal (行政复议机关).
    pub review_body: String,
    /// Which court hears a suit.
    pub court: String,
}

/// See [`crate::forms::Form::DispatchSlip`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DispatchSlip {
    /// What stands around the content.
    pub head: Head,
    /// The item applied for.
    pub item: Item,
    /// Who applies.
    pub applicant: Party,
    /// The department it goes to.
    pub department: String,
    /// How: `平台推送`, `窗口领取`.
    pub way: String,
    /// The bundle (材料袋) the paper lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<String>,
    /// When it was sent or handed over.
    pub dispatched: String,
    /// When the department's review is due.
    pub due: String,
    /// What goes, at least one.
    pub materials: Vec<DispatchedMaterial>,
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// See [`crate::forms::Form::ReferralSlip`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferralSlip {
    /// What stands around the content.
    pub head: Head,
    /// Who asks.
    pub visitor: Party,
    /// What was asked.
    pub enquiry: String,
    /// Why it is not handled here.
    pub reason: String,
    /// Who handles it: department or window.
    pub referred_to: String,
    /// Where that is.
    pub address: String,
    /// How it is reached.
    pub phone: String,
    /// When the first-contact owner asks how it went.
    pub follow_up: String,
    /// What to bring, or other advice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// See [`crate::forms::Form::SpecialProcedureNotice`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecialProcedureNotice {
    /// What stands around the content.
    pub head: Head,
    /// The item applied for.
    pub item: Item,
    /// Who applies.
    pub applicant: Party,
    /// The day of acceptance.
    pub accepted: String,
    /// The department that decides.
    pub department: String,
    /// The step: `现场踏勘`.
    pub procedure: String,
    /// Why it is needed.
    pub reason: String,
    /// When the clock stops.
    pub begins: String,
    /// How long it takes.
    pub duration: String,
    /// When the decision was due before.
    pub due_before: String,
    /// When it is due now.
    pub due_after: String,
    /// The law it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub basis: Vec<String>,
}

/// See [`crate::forms::Form::DeliveryReceipt`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryReceipt {
    /// What stands around the content.
    pub head: Head,
    /// The item applied for.
    pub item: Item,
    /// Who applied.
    pub applicant: Party,
    /// The department that decided.
    pub department: String,
    /// What is handed out, at least one.
    pub results: Vec<ResultDocument>,
    /// Who takes it.
    pub recipient: Party,
    /// How the recipient's identity was checked.
    pub id_check: String,
    /// How it is delivered: `窗口领取`, `邮寄送达`.
    pub way: String,
    /// The waybill, when it was mailed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waybill: Option<String>,
    /// When it was handed out.
    pub delivered: String,
    /// The invitation to rate (Art 10(6)): how and where. Rating is free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<String>,
}

/// See [`crate::forms::Form::BlankReceipt`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlankReceipt {
    /// What stands around the content; `number` is the serial.
    pub head: Head,
    /// Lines for materials, 1 to 12.
    pub lines: u32,
    /// By when the hall enters it into the system: `恢复后 1 个工作日内`.
    pub entered_by: String,
    /// Where the applicant can ask for the case number afterwards.
    pub query_way: String,
}
