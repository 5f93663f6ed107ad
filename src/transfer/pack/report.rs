//! What a check says: its code, what it is about, what was expected and found, its verdict, tool and time. Reports hold
//! codes, digests, counts and paths; never a name.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::internal;
use crate::counter::CounterError;
use crate::domain::{Timestamp, TransferId};

/// Which of the four a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CheckedProperty)]
pub enum Property {
    /// 真实性.
    Authenticity,
    /// 完整性.
    Completeness,
    /// 可用性.
    Usability,
    /// 安全性.
    Safety,
}

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
    /// 通过.
    Passed,
    /// 不通过.
    Failed,
    /// 不适用.
    NotApplicable,
}

impl CheckVerdict {
    /// In both languages.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Passed => "✓ 通过 passed",
            Self::Failed => "✗ 不通过 failed",
            Self::NotApplicable => "— 不适用 not applicable",
        }
    }
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Its code in DA/T 70's order.
    pub code: String,
    /// Which property.
    pub property: Property,
    /// Whether a package is not sealed without it.
    pub mandatory: bool,
    /// What it is about, Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub actual: String,
    /// The verdict.
    pub verdict: CheckVerdict,
    /// What checked it, with its version.
    pub tool: String,
    /// When.
    pub at: Timestamp,
}

impl Check {
    /// The check on one line for a person.
    pub fn line(&self) -> String {
        let Self {
            code,
            zh,
            en,
            expected,
            actual,
            verdict,
            ..
        } = self;
        let mark = verdict.mark();
        format!("{code}  {mark}  {zh} ({en})  {expected} / {actual}")
    }
}

/// Every check of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckReport {
    /// The round.
    pub transfer: TransferId,
    /// The checks, by code.
    pub checks: Vec<Check>,
}

impl CheckReport {
    /// Mandatory checks that failed.
    pub fn failed(&self) -> u32 {
        let failed = |check: &&Check| check.mandatory && check.verdict == CheckVerdict::Failed;
        u32::try_from(self.checks.iter().filter(failed).count()).unwrap_or(u32::MAX)
    }

    /// The first mandatory check that failed, in words.
    pub fn first_failure(&self) -> Option<String> {
        let failed = |check: &&Check| check.mandatory && check.verdict == CheckVerdict::Failed;
        let first = self.checks.iter().find(failed)?;
        let Check {
            code,
            zh,
            en,
            expected,
            actual,
            ..
        } = first;
        Some(format!("{code} {zh} ({en}): {expected} → {actual}"))
    }

    /// The bytes that are kept.
    pub(super) fn bytes(&self) -> Vec<u8> {
        // A struct of texts always becomes JSON.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl CheckReport {
    /// Reads a report back.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, CounterError> {
        serde_json::from_slice(bytes).map_err(internal)
    }
}
