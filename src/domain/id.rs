//! Names of things: who acted, on what, under which request. All are short codes, never personal data.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use super::date::Month;
use super::digest::Digest;

/// A text that is not a valid code of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a {kind}: expected {expected}, found {found:?}")]
pub struct NotACode {
    /// Which kind of code was expected.
    pub kind: &'static str,
    /// The rule in words.
    pub expected: &'static str,
    /// What was given, cut to 80 characters.
    pub found: String,
}

macro_rules! code_type {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $max:literal, $expected:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks and wraps `text`.
            pub fn new(text: impl Into<String>) -> Result<Self, NotACode> {
                let text = text.into();
                let allowed: fn(char) -> bool = $allowed;
                if text.is_empty() || text.len() > $max || !text.chars().all(allowed) {
                    let found = text.chars().take(80).collect();
                    return Err(NotACode { kind: $kind, expected: $expected, found });
                }
                Ok(Self(text))
            }

            /// The code as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotACode;
            fn try_from(text: String) -> Result<Self, NotACode> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(code: $name) -> String {
                code.0
            }
        }

        impl FromStr for $name {
            type Err = NotACode;
            fn from_str(text: &str) -> Result<Self, NotACode> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let text = ObjectBuilder::new().schema_type(Type::String);
                let text = text.min_length(Some(1)).max_length(Some($max));
                text.description(Some(concat!($kind, ": ", $expected))).into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

code_type!(
    /// Who acted, as `kind:code`: `staff:w-0117`, `cli:operator`, `token:upload`, `system:pipeline`.
    Actor, "actor", 64, "1-64 of A-Z a-z 0-9 : . _ -",
    |c| c.is_ascii_alphanumeric() || ":._-".contains(c)
);
code_type!(
    /// The caller's name for one request; a retry with the same name returns the first receipt.
    RequestId, "request id", 128, "1-128 of A-Z a-z 0-9 : . _ - /",
    |c| c.is_ascii_alphanumeric() || ":._-/".contains(c)
);
code_type!(
    /// A pipeline's name (`pipelines/NAME.toml`).
    PipelineName, "pipeline name", 40, "1-40 of a-z 0-9 -",
    |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
);
code_type!(
    /// A case number (办件编号), stored opaque: layouts differ between platforms (standards §2.7).
    CaseNo, "case number", 50, "1-50 of A-Z a-z 0-9 . _ -",
    |c| c.is_ascii_alphanumeric() || "._-".contains(c)
);

macro_rules! short_code {
    ($($(#[$doc:meta])* $name:ident, $kind:literal;)*) => {$(
        code_type!(
            $(#[$doc])*
            $name, $kind, 40, "1-40 of A-Z a-z 0-9 . _ -",
            |c| c.is_ascii_alphanumeric() || "._-".contains(c)
        );
    )*};
}

short_code! {
    /// A service agency's site: centre, sub-centre, town, village (政务服务机构).
    SiteCode, "site code";
    /// A window at a site (综合窗口).
    WindowCode, "window code";
    /// An approval department (业务审批部门).
    DepartmentCode, "department code";
    /// A material row of a service item (申请材料).
    MaterialCode, "material code";
    /// A field of business that a field-limited window takes: `market`, `real-estate` (领域).
    FieldCode, "field code";
    /// A kind of certificate or document a department issues.
    CertificateKind, "certificate kind";
    /// A person who works here: clerk, officer, administrator. A code, never a name.
    StaffId, "staff id";
    /// A department's mandate to the windows (授权委托书).
    AuthorisationId, "authorisation id";
    /// A visit to a window; it may open several cases.
    VisitId, "visit id";
    /// A consultation, referral, complaint, inspection finding or negative rating that is followed up.
    TicketId, "ticket id";
    /// A field of what is entered, by its path: `applicant.id_number`.
    FieldName, "field name";
    /// A second factor of a person: an authenticator app, a passkey, a USB key.
    FactorId, "factor id";
    /// A person's signing key.
    SigningKeyId, "signing key id";
    /// An API token of a station.
    TokenId, "token id";
    /// A printed serial: of a blank certificate, a numbered blank receipt or a waybill.
    SerialNo, "serial number";
    /// A slip on which paper is handed over (交接单).
    SlipId, "slip number";
    /// A round of the monthly transfer (月度移交).
    TransferId, "transfer number";
    /// A count of the paper that a site, or one person, holds (清点).
    InventoryId, "inventory number";
    /// Who cosigns the log's checkpoints: a department, or somebody else outside the hall.
    WitnessId, "witness id";
    /// The number on the seal of a box (封签号).
    SealNo, "seal number";
}
code_type!(
    /// A box, shelf, cabinet or room that paper is kept in: the code on its label, short enough to be scanned.
    ContainerId, "container label", 20, "1-20 of A-Z 0-9 -",
    |c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-'
);
code_type!(
    /// Something that did not match at a hand-over (交接差异): the slip's number and a count.
    DiscrepancyId, "discrepancy number", 52, "1-52 of A-Z a-z 0-9 . _ -",
    |c| c.is_ascii_alphanumeric() || "._-".contains(c)
);
code_type!(
    /// A month of a site: `YLZX.2026-03`.
    MonthId, "month of a site", 48, "1-48 of A-Z a-z 0-9 . _ -",
    |c| c.is_ascii_alphanumeric() || "._-".contains(c)
);
code_type!(
    /// A service item's implementing code (实施编码), stored opaque (standards §2.7).
    TaskCode, "task code", 50, "1-50 of A-Z a-z 0-9 . _ -",
    |c| c.is_ascii_alphanumeric() || "._-".contains(c)
);

impl RequestId {
    /// The request that is about one digest and can be made only once: `kind/<sha256>`.
    /// `kind` is cut to what a request id may contain.
    pub fn of_digest(kind: &str, digest: &Digest) -> Self {
        let kind: String = kind
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || ":._-/".contains(*c))
            .take(60)
            .collect();
        Self(format!("{kind}/{digest}"))
    }
}

impl TransferId {
    /// The round of a department, a site and a month: the same four always give the same number, so that no round is
    /// opened twice.
    pub fn of(department: &DepartmentCode, site: &SiteCode, month: Month, round: u32) -> Self {
        let key = Digest::of(format!(
            "counterfoil/transfer/{department}/{site}/{month}/{round}"
        ));
        let short: String = key.to_string().chars().take(32).collect();
        Self(format!("t-{short}"))
    }
}

impl MonthId {
    /// The month of a site.
    pub fn of(site: &SiteCode, month: Month) -> Self {
        Self(format!("{site}.{month}"))
    }
}

impl DiscrepancyId {
    /// The `number`th thing, from 1, that did not match on the slip or round with this number.
    pub fn of(source: &str, number: u32) -> Self {
        Self(format!("{source}-{number}"))
    }
}

macro_rules! subjects {
    ($($(#[$doc:meta])* $variant:ident($code:ty), $word:literal;)*) => {
        /// What a fact is about. Text form: `log`, `hall` or `kind/code`, such as `scan/<sha256>` or `case/<number>`.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Subject {
            /// The log itself: its opening and its signing keys.
            Log,
            /// The hall as a whole: its calendar, its published list, its audit digests.
            Hall,
            $($(#[$doc])* $variant($code),)*
        }

        impl fmt::Display for Subject {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Subject::Log => f.write_str("log"),
                    Subject::Hall => f.write_str("hall"),
                    $(Subject::$variant(code) => write!(f, concat!($word, "/{}"), code),)*
                }
            }
        }

        impl FromStr for Subject {
            type Err = NotACode;

            fn from_str(text: &str) -> Result<Self, NotACode> {
                let subject = match text.split_once('/') {
                    None if text == "log" => Some(Subject::Log),
                    None if text == "hall" => Some(Subject::Hall),
                    $(Some(($word, code)) => code.parse().ok().map(Subject::$variant),)*
                    _ => None,
                };
                subject.ok_or_else(|| NotACode {
                    kind: "subject",
                    expected: "log, hall or kind/code, such as scan/<sha256>",
                    found: text.chars().take(80).collect(),
                })
            }
        }
    };
}

subjects! {
    /// One scan, named by the SHA-256 of its master bytes.
    Scan(Digest), "scan";
    /// A site with its windows.
    Site(SiteCode), "site";
    /// A department with its chief representatives.
    Department(DepartmentCode), "department";
    /// A department's mandate to the windows.
    Authorisation(AuthorisationId), "authorisation";
    /// A service item with its versions.
    Item(TaskCode), "item";
    /// A visit to a window.
    Visit(VisitId), "visit";
    /// A case.
    Case(CaseNo), "case";
    /// Something that is followed up: consultation, referral, complaint, finding, rating.
    Ticket(TicketId), "ticket";
    /// A person who works here.
    Staff(StaffId), "staff";
    /// The stock of numbered blanks of one kind: certificates or receipts.
    Stock(CertificateKind), "stock";
    /// The paper of a case.
    Bundle(CaseNo), "bundle";
    /// A slip on which paper is handed over.
    Slip(SlipId), "slip";
    /// Something that did not match at a hand-over.
    Discrepancy(DiscrepancyId), "discrepancy";
    /// A round of the monthly transfer.
    Transfer(TransferId), "transfer";
    /// The taking over of the paper that lay at a site before the system was there.
    Stocktake(SiteCode), "stocktake";
    /// A count of paper.
    Inventory(InventoryId), "inventory";
    /// Paper that is reported lost, named by what did not match when it was missed.
    Loss(DiscrepancyId), "loss";
    /// Who cosigns the log's checkpoints.
    Witness(WitnessId), "witness";
    /// A month of a site.
    Month(MonthId), "month";
    /// A box, shelf, cabinet or room that paper is kept in.
    Container(ContainerId), "container";
}

impl Serialize for Subject {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The salted digest of a vault record: it binds a fact to personal data or free text without showing it.
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
#[serde(transparent)]
pub struct Commitment(pub Digest);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_refuse_what_could_be_personal_or_dangerous() {
        assert!(Actor::new("cli:operator").is_ok());
        assert!(Actor::new("张三").is_err());
        assert!(RequestId::new("a b").is_err());
        assert!(CaseNo::new("../etc").is_err());
        assert!(CaseNo::new("x".repeat(51)).is_err());
    }

    #[test]
    fn subjects_round_trip() {
        let case = Subject::Case(CaseNo::new("2026-1").unwrap());
        for subject in [
            Subject::Log,
            Subject::Hall,
            Subject::Scan(Digest::of("x")),
            case,
        ] {
            assert_eq!(subject.to_string().parse::<Subject>(), Ok(subject));
        }
        assert!("scan/xyz".parse::<Subject>().is_err());
        assert!("log/x".parse::<Subject>().is_err());
    }
}
