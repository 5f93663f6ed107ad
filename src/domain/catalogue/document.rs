//! A written document that a decision rests on: its number (文号) and the digest of its text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::digest::Digest;
use crate::domain::id::NotACode;

/// The most characters of the part before the year.
const SHORT_NAME_MAX: usize = 20;

/// A document number as GB/T 9704 writes it: short name of the issuer, year in 〔〕, number without a leading zero:
/// `云市监函〔2026〕8号`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DocumentNo(String);

impl DocumentNo {
    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DocumentNo {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, NotACode> {
        let parsed = parse(text).map(|()| Self(text.to_owned()));
        parsed.ok_or_else(|| NotACode {
            kind: "document number",
            expected: "short name, year and number such as 云市监函〔2026〕8号",
            found: text.chars().take(80).collect(),
        })
    }
}

fn parse(text: &str) -> Option<()> {
    let (name, rest) = text.split_once('〔')?;
    let (year, number) = rest.split_once('〕')?;
    let number = number.strip_suffix('号')?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let short = !name.is_empty() && name.chars().count() <= SHORT_NAME_MAX;
    let words = name.chars().all(char::is_alphanumeric);
    let whole = digits(year) && year.len() == 4 && digits(number) && number.len() <= 6;
    (short && words && whole && !number.starts_with('0')).then_some(())
}

impl TryFrom<String> for DocumentNo {
    type Error = NotACode;
    fn try_from(text: String) -> Result<Self, NotACode> {
        text.parse()
    }
}

impl From<DocumentNo> for String {
    fn from(number: DocumentNo) -> String {
        number.0
    }
}

impl fmt::Display for DocumentNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A numbered document and where its text is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Letter {
    /// Its number.
    pub number: DocumentNo,
    /// Digest of its blob.
    pub document: Digest,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_number_has_a_name_a_year_and_a_number() {
        for text in ["云市监函〔2026〕8号", "青审批〔2026〕36号"] {
            assert_eq!(text.parse::<DocumentNo>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "函",
            "〔2026〕8号",
            "云市监函(2026)8号",
            "云市监函〔26〕8号",
            "云市监函〔2026〕08号",
            "云市监函〔2026〕8",
            "云 市〔2026〕8号",
        ] {
            assert!(text.parse::<DocumentNo>().is_err(), "{text}");
        }
    }
}
