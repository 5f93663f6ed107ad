//! One version of a service item: the guide (办事指南) that a case pins when it is opened.

use serde::{Deserialize, Serialize};

use crate::domain::id::{CertificateKind, DepartmentCode, FieldCode, MaterialCode, TaskCode};

/// A version of a service item, as its department published it. Regulation Art 11(3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceItem {
    /// Implementing code (实施编码).
    pub task_code: TaskCode,
    /// Base code (基本编码), 12 characters.
    pub catalog_code: TaskCode,
    /// Counts up with every change, from 1.
    pub version: u32,
    /// What it is called.
    pub name: String,
    /// Which kind of power it is.
    pub kind: ItemKind,
    /// The field whose windows take it.
    pub field: FieldCode,
    /// Who may apply.
    pub applicants: Vec<ApplicantKind>,
    /// How long it may take.
    pub handling: Handling,
    /// The department that decides, and in a joint item leads.
    pub lead: DepartmentCode,
    /// The other departments of a joint item.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub co_tasks: Vec<CoTask>,
    /// What has to be handed in, in the order of the guide.
    pub materials: Vec<Material>,
    /// What the window checks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub review_points: Vec<ReviewPoint>,
    /// Steps that may stop the clock.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub special_procedures: Vec<SpecialProcedure>,
    /// The decision is a higher authority's; here it gets its first review. Art 11(2).
    #[serde(default)]
    pub higher_authority: bool,
    /// What the applicant gets.
    pub result: ResultKind,
    /// How long its records are kept, as the department's table says.
    pub retention: Retention,
    /// The law it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub basis: Vec<String>,
}

impl ServiceItem {
    /// The bytes of its blob. Equal items have equal bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Reads a blob.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The material row of this code.
    pub fn material(&self, code: &MaterialCode) -> Option<&Material> {
        self.materials
            .iter()
            .find(|material| material.code == *code)
    }

    /// The promised limit in working days; none for an item done on the spot.
    pub fn promised_days(&self) -> Option<u16> {
        match self.handling {
            Handling::Instant => None,
            Handling::TimeLimited { promised_days, .. } => Some(promised_days),
        }
    }
}

/// The seven kinds of administrative power on application, and public services. Regulation Art 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// 行政许可.
    Licence,
    /// 行政确认.
    Confirmation,
    /// 行政裁决.
    Adjudication,
    /// 行政给付.
    Payment,
    /// 行政奖励.
    Award,
    /// 行政备案.
    Filing,
    /// 其他行政权力.
    Other,
    /// 公共服务.
    PublicService,
}

/// Who may apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApplicantKind {
    /// 自然人.
    Person,
    /// 法人或其他组织.
    Organisation,
}

/// How long a case may take. Days are working days (许可法 82).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Handling {
    /// 即办件: done on the spot.
    Instant,
    /// 承诺件.
    TimeLimited {
        /// The limit of the law.
        legal_days: u16,
        /// The limit the department promises, at most the legal one.
        promised_days: u16,
    },
}

/// A co-department's part in a joint item. Art 9(2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoTask {
    /// Who does it.
    pub department: DepartmentCode,
    /// Its step in the process, from 1; steps of one number go side by side.
    pub step: u8,
    /// Its limit in working days.
    pub days: u16,
    /// The materials it may read. Art 8(6).
    pub materials: Vec<MaterialCode>,
}

/// A material row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Material {
    /// Its code within the item.
    pub code: MaterialCode,
    /// What it is called.
    pub name: String,
    /// Whether it must be there.
    pub necessity: Necessity,
    /// Originals asked for.
    pub originals: u8,
    /// Copies asked for.
    pub copies: u8,
    /// Main or secondary.
    pub weight: Weight,
    /// May be handed in later (容缺), secondary materials only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferral: Option<Deferral>,
    /// The ways in which it may be met, at least one.
    pub met_by: Vec<MetBy>,
    /// The department that its paper goes to when the case is closed, where that is not the lead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_to: Option<DepartmentCode>,
    /// Words by which a scan of it is recognised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<String>,
}

/// Whether a material must be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Necessity {
    /// 必要.
    Required,
    /// 非必要: only where `when` holds, which the clerk decides.
    Conditional {
        /// The case in which it is needed, in words.
        when: String,
    },
}

/// 主要材料 or 次要材料. Only secondary ones can be deferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// 主要.
    Main,
    /// 次要.
    Secondary,
}

/// How long a deferred material may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deferral {
    /// Working days, at most the promised limit.
    pub days: u16,
}

/// How a material is met. Only paper kept enters custody.
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
pub enum MetBy {
    /// The paper stays with the window.
    PaperKept,
    /// The original was seen and given back (核验原件).
    OriginalSeen,
    /// An electronic licence (电子证照).
    ELicence,
    /// Data another office shares (数据共享).
    SharedData,
    /// 告知承诺.
    Commitment,
    /// Handed in with an earlier case.
    EarlierSubmission,
}

/// What the window checks on a material, or on the application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewPoint {
    /// The material; none for the application as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub material: Option<MaterialCode>,
    /// The point, in words.
    pub text: String,
}

/// A step that stops the clock, with written notice (许可法 45).
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
pub enum SpecialProcedure {
    /// 听证.
    Hearing,
    /// 招标.
    Tender,
    /// 拍卖.
    Auction,
    /// 检验、检测、检疫.
    Inspection,
    /// 鉴定.
    Appraisal,
    /// 专家评审.
    ExpertReview,
    /// 现场踏勘.
    SiteInspection,
    /// 集体讨论.
    CollectiveDiscussion,
    /// 公示.
    PublicNotice,
}

/// What the applicant gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResultKind {
    /// What it is called: 食品经营许可证.
    pub name: String,
    /// The stock of numbered blanks it is made on, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateKind>,
}

/// How long records are kept. Never guessed: the department's table decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Retention {
    /// 永久.
    Permanent,
    /// 定期.
    Years {
        /// 10 or 30.
        years: u16,
    },
}
