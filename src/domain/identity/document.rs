//! An identity document of any kind that a window accepts.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{CitizenId, IdentityFault, birth_date, check_digit, masked};
use crate::domain::date::Date;

/// Which document a person shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdKind {
    /// 居民身份证: the number is a [`CitizenId`].
    CitizenId,
    /// 港澳台居民居住证: a number of the same form whose region is 81, 82 or 83.
    ResidencePermit,
    /// 护照, of any country.
    Passport,
    /// 港澳居民来往内地通行证.
    HkMacauPermit,
    /// 台湾居民来往大陆通行证.
    TaiwanPermit,
    /// 外国人永久居留身份证.
    PermanentResidence,
}

impl IdKind {
    /// Every kind.
    pub const ALL: [IdKind; 6] = [
        Self::CitizenId,
        Self::ResidencePermit,
        Self::Passport,
        Self::HkMacauPermit,
        Self::TaiwanPermit,
        Self::PermanentResidence,
    ];

    /// The kind with this code, as in JSON.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Its code, as in JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::CitizenId => "citizen_id",
            Self::ResidencePermit => "residence_permit",
            Self::Passport => "passport",
            Self::HkMacauPermit => "hk_macau_permit",
            Self::TaiwanPermit => "taiwan_permit",
            Self::PermanentResidence => "permanent_residence",
        }
    }

    /// What it is called, in Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::CitizenId => "居民身份证",
            Self::ResidencePermit => "港澳台居民居住证",
            Self::Passport => "护照",
            Self::HkMacauPermit => "港澳居民来往内地通行证",
            Self::TaiwanPermit => "台湾居民来往大陆通行证",
            Self::PermanentResidence => "外国人永久居留身份证",
        }
    }
}

/// The kind and the number of a document. Its `Debug` shows the kind only.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct IdDocument {
    kind: IdKind,
    number: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    kind: IdKind,
    number: String,
}

impl TryFrom<Raw> for IdDocument {
    type Error = IdentityFault;

    fn try_from(raw: Raw) -> Result<Self, IdentityFault> {
        Self::read(raw.kind, &raw.number)
    }
}

impl From<IdDocument> for Raw {
    fn from(document: IdDocument) -> Self {
        Self {
            kind: document.kind,
            number: document.number,
        }
    }
}

impl fmt::Debug for IdDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdDocument({:?}, …)", self.kind)
    }
}

impl IdDocument {
    /// Checks a number of `kind`. Space around it is dropped and small letters become capitals.
    pub fn parse(kind: IdKind, text: &str, today: Date) -> Result<Self, IdentityFault> {
        let document = Self::read(kind, text)?;
        if document.birth_date().is_some_and(|born| born > today) {
            return Err(IdentityFault::CitizenIdNotBornYet);
        }
        Ok(document)
    }

    fn read(kind: IdKind, text: &str) -> Result<Self, IdentityFault> {
        let number = text.trim().to_ascii_uppercase();
        match kind {
            IdKind::CitizenId => {
                CitizenId::read(&number)?;
            }
            IdKind::ResidencePermit => {
                CitizenId::read(&number)?;
                if !["81", "82", "83"].contains(&number.get(..2).unwrap_or_default()) {
                    return Err(IdentityFault::ResidencePermitRegion);
                }
            }
            IdKind::Passport => is_passport(&number)?,
            IdKind::HkMacauPermit => {
                let digits = number.strip_prefix(['H', 'M']).unwrap_or_default();
                if !is_digits(digits, &[8, 10]) {
                    return Err(IdentityFault::HkMacauPermitPattern);
                }
            }
            IdKind::TaiwanPermit => {
                if !is_digits(&number, &[8, 10]) {
                    return Err(IdentityFault::TaiwanPermitPattern);
                }
            }
            IdKind::PermanentResidence => is_permanent_residence(&number)?,
        }
        Ok(Self { kind, number })
    }

    /// Which document it is.
    pub fn kind(&self) -> IdKind {
        self.kind
    }

    /// Its number.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The date of birth, where the number contains it.
    pub fn birth_date(&self) -> Option<Date> {
        match self.kind {
            IdKind::CitizenId | IdKind::ResidencePermit => birth_date(&self.number).ok(),
            IdKind::PermanentResidence if self.number.len() == 18 => birth_date(&self.number).ok(),
            _ => None,
        }
    }

    /// The number with stars: the first 3 and the last 4 characters stay, of a short number the first and the
    /// last 2.
    pub fn masked(&self) -> String {
        masked(&self.number)
    }
}

fn is_digits(text: &str, lengths: &[usize]) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_passport(number: &str) -> Result<(), IdentityFault> {
    let form = (5..=12).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && number.bytes().any(|byte| byte.is_ascii_digit());
    if form {
        return Ok(());
    }
    Err(IdentityFault::PassportPattern)
}

/// Since 2023: 9, place of application, nationality, date of birth, serial, check digit as in GB 11643. Before: the
/// letters of the nationality and 12 digits.
fn is_permanent_residence(number: &str) -> Result<(), IdentityFault> {
    let pattern = IdentityFault::PermanentResidencePattern;
    if let Some((letters, digits)) = number.split_at_checked(3)
        && letters.bytes().all(|byte| byte.is_ascii_uppercase())
    {
        return if is_digits(digits, &[12]) {
            Ok(())
        } else {
            Err(pattern)
        };
    }
    let Some((body, check)) = number.as_bytes().split_at_checked(17) else {
        return Err(pattern);
    };
    let form = number.starts_with('9')
        && body.iter().all(u8::is_ascii_digit)
        && matches!(check, [b'0'..=b'9' | b'X']);
    if !form || birth_date(number).is_err() {
        return Err(pattern);
    }
    if check != [check_digit(body)] {
        return Err(IdentityFault::PermanentResidenceCheckDigit);
    }
    Ok(())
}
