//! The parts that several forms share.

use serde::{Deserialize, Serialize};

/// What stands on every form around its own content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Who issues it, the line above the title: 江州市政务服务中心.
    pub agency: String,
    /// The case number (办件编号); on a referral slip its own number, on a blank receipt its serial.
    pub number: String,
    /// When it was stated: `2026年11月23日 11时19分`.
    pub issued: String,
    /// The window: `综合收件 06 号窗口`.
    pub window: String,
    /// The code of whoever issues it, never a name.
    pub clerk: String,
    /// How the window is reached: phone, address, hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// Whose seal belongs on it: `江州市政务服务中心（收件专用章）`.
    pub seal: String,
    /// Who keeps a copy, one entry a copy; two make it 一式两份.
    pub copies: Vec<String>,
    /// How anyone can check it: a web address, which the QR code then opens, or words.
    pub verify: String,
}

/// A person or organisation as it may be shown: masked by the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// Name, masked: `张*`.
    pub name: String,
    /// Identity number or social credit code, masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Phone, masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Who acts for it (代理人), masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

/// A service item as a case pinned it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// What it is called.
    pub name: String,
    /// Implementing code (实施编码).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// A material that was handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceivedMaterial {
    /// What it is called.
    pub name: String,
    /// Originals (原件), in sheets of the list's own count.
    pub originals: u32,
    /// Copies (复印件).
    pub copies: u32,
    /// The way it was met: `纸质留存`, `核验原件退还`, `电子证照`, `数据共享`, `告知承诺`, `前次已交`.
    pub met_by: String,
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// A material that has to be made good (补正).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defect {
    /// The material.
    pub material: String,
    /// What is wrong: `缺少`, `未加盖公章`.
    pub fault: String,
    /// What has to be done.
    pub demand: String,
}

/// A secondary material that is handed in later (容缺).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MissingMaterial {
    /// What it is called.
    pub name: String,
    /// In which form it is asked for: `复印件 1 份，加盖公章`.
    pub form: String,
    /// By when.
    pub deadline: String,
    /// How it can be handed in: `窗口提交或邮寄`.
    pub way: String,
}

/// A material that may not be handed in later, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusedDeferral {
    /// The material.
    pub material: String,
    /// Why it has to be there now (原因及理由).
    pub reason: String,
}

/// A material on its way to the department.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DispatchedMaterial {
    /// What it is called.
    pub name: String,
    /// On what it travels: `纸质`, `电子`, `纸质＋电子`.
    pub carrier: String,
    /// Originals.
    pub originals: u32,
    /// Copies.
    pub copies: u32,
    /// Pages.
    pub pages: u32,
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// A document that is handed out (结果文书或证件).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResultDocument {
    /// What it is called.
    pub name: String,
    /// Its number or serial.
    pub serial: String,
    /// How many.
    pub count: u32,
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}
