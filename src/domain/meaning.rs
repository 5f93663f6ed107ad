//! What a page means: which material it is, and the fields that stand on it, each with the places it was read from.
//! Values are personal data: they are stored sealed with the case and never logged; `Debug` shows none.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text::Rect;

/// Everything understood of one page.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PageMeaning {
    /// What material it most likely is; none where nothing speaks clearly for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<KindGuess>,
    /// Other kinds it could be, best first, at most three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<KindGuess>,
    /// What was read on it, in reading order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// What the text looks like, for finding pages that say the same.
    #[serde(default)]
    pub print: TextPrint,
}

/// A kind of material, and what speaks for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MaterialKindGuess)]
pub struct KindGuess {
    /// Stable code in kebab-case: `business-licence`.
    pub kind: String,
    /// What it is called.
    pub name: String,
    /// From 0 to 1: how much of what speaks for any kind speaks for this one, and how loudly.
    pub score: f32,
    /// The words that decided, as the rules have them, strongest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
}

/// A value that stands on the page.
#[derive(Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PageField)]
pub struct Field {
    /// What it is.
    pub field: FieldKind,
    /// In its canonical form: dates as `2026-03-05`, amounts as `12300.00` (yuan), document numbers with 〔〕.
    pub value: String,
    /// As it was read.
    pub text: String,
    /// The label it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Where it stands, a box a line, in upright-page pixels.
    #[schema(value_type = Vec<[u32; 4]>)]
    pub boxes: Vec<Rect>,
    /// Index of the first line it was read from in the page's text.
    pub line: u32,
    /// The least confidence of its characters, 0 to 1.
    pub confidence: f32,
    /// How far it can be relied on.
    pub standing: Standing,
    /// Whether a character was changed so that the check character fits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repaired: bool,
}

/// What a value is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = PageFieldKind)]
pub enum FieldKind {
    /// 公民身份号码, GB 11643.
    IdentityNumber,
    /// 统一社会信用代码, GB 32100.
    CreditCode,
    /// A day.
    Date,
    /// From one day to another, `2026-03-18/2030-03-04`; `2026-03-18/..` where it has no end (长期).
    Period,
    /// 文号 or 案号.
    DocumentNumber,
    /// The number of a licence, certificate, contract or receipt.
    LicenceNumber,
    /// A person's name.
    Name,
    /// A company, office or other organisation.
    Organisation,
    /// An address.
    Address,
    /// A telephone number.
    Phone,
    /// Yuan.
    Amount,
}

impl FieldKind {
    /// Every kind.
    pub const ALL: [FieldKind; 11] = [
        Self::IdentityNumber,
        Self::CreditCode,
        Self::Date,
        Self::Period,
        Self::DocumentNumber,
        Self::LicenceNumber,
        Self::Name,
        Self::Organisation,
        Self::Address,
        Self::Phone,
        Self::Amount,
    ];

    /// As in JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::IdentityNumber => "identity_number",
            Self::CreditCode => "credit_code",
            Self::Date => "date",
            Self::Period => "period",
            Self::DocumentNumber => "document_number",
            Self::LicenceNumber => "licence_number",
            Self::Name => "name",
            Self::Organisation => "organisation",
            Self::Address => "address",
            Self::Phone => "phone",
            Self::Amount => "amount",
        }
    }

    /// What it is called.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::IdentityNumber => "公民身份号码",
            Self::CreditCode => "统一社会信用代码",
            Self::Date => "日期",
            Self::Period => "期限",
            Self::DocumentNumber => "文号",
            Self::LicenceNumber => "证照或文件编号",
            Self::Name => "姓名",
            Self::Organisation => "单位",
            Self::Address => "地址",
            Self::Phone => "电话",
            Self::Amount => "金额",
        }
    }
}

/// How far a value can be relied on.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = PageFieldStanding)]
pub enum Standing {
    /// A person has to look: it does not fit its own rules, or was hardly read.
    Doubtful,
    /// Read well; nothing independent confirms it.
    Likely,
    /// Read well, unchanged, and confirmed by something independent of the reading: check characters and structure, a
    /// second place on the page, the same amount in figures and in words.
    Verified,
}

impl Standing {
    /// What a screen says.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Doubtful => "待核对",
            Self::Likely => "较可信",
            Self::Verified => "已核验",
        }
    }
}

/// What a text looks like, for finding candidates: pages that say nearly the same have prints that differ in few bits.
/// Forms of one kind do too, so it never decides alone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TextPrint {
    /// Characters that count: letters, digits, ideographs.
    pub characters: u32,
    /// SimHash (Charikar 2002) over its runs of three characters, 16 hexadecimal digits; empty for a page without text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub simhash: String,
}

/// What a page looks like, small enough to compare with thousands of others.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageLook {
    /// Perceptual hash of the upright, level page, 16 hexadecimal digits; empty for a page without ink. The same paper
    /// scanned again differs in few of its 64 bits.
    pub picture: String,
}

impl PageLook {
    /// The hash as a number.
    pub fn bits(&self) -> Option<u64> {
        u64::from_str_radix(&self.picture, 16).ok()
    }
}

impl fmt::Debug for PageMeaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.as_ref().map(|kind| kind.kind.as_str());
        write!(f, "PageMeaning({kind:?}, {} fields)", self.fields.len())
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({}, {:?}, …)", self.field.code(), self.standing)
    }
}
