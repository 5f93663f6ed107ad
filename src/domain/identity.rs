//! Numbers that name a person or an organisation: citizen identity numbers (GB 11643), unified social credit codes
//! (GB 32100), other identity documents, phones. A value of these types was checked; its `Debug` shows nothing of
//! it, and `masked` shows what a screen may. What is wrong with a number is said without repeating it.

mod document;
mod phone;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::date::Date;

pub use document::{IdDocument, IdKind};
pub use phone::Phone;

macro_rules! identity_faults {
    ($($variant:ident, $code:literal, $zh:literal, $en:literal;)*) => {
        /// What is wrong with a number. Says neither the number nor the field it stood in.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum IdentityFault {
            $(#[doc = $en] $variant,)*
        }

        impl IdentityFault {
            /// Every fault, for tables and tests.
            pub const ALL: &[IdentityFault] = &[$(IdentityFault::$variant,)*];

            /// Stable code.
            pub const fn code(self) -> &'static str {
                match self { $(IdentityFault::$variant => $code,)* }
            }

            /// What is wrong and what to do, in Chinese.
            pub const fn zh(self) -> &'static str {
                match self { $(IdentityFault::$variant => $zh,)* }
            }

            /// What is wrong and what to do, in English.
            pub const fn en(self) -> &'static str {
                match self { $(IdentityFault::$variant => $en,)* }
            }
        }
    };
}

identity_faults! {
    CitizenIdLength, "citizen-id-length", "公民身份号码应为 18 位；请核对证件", "a citizen identity number has 18 characters; compare the card";
    CitizenIdCharacter, "citizen-id-character", "公民身份号码应为 17 位数字加 1 位数字或 X；请核对证件", "a citizen identity number is 17 digits and a digit or X; compare the card";
    CitizenIdRegion, "citizen-id-region", "公民身份号码的前两位不是省级行政区划代码；请核对证件", "the first two digits are no province's; compare the card";
    CitizenIdBirthDate, "citizen-id-birth-date", "公民身份号码第 7 至 14 位不是有效的出生日期；请核对证件", "digits 7 to 14 are no date of birth; compare the card";
    CitizenIdNotBornYet, "citizen-id-not-born-yet", "公民身份号码中的出生日期晚于今天；请核对证件", "the date of birth in the number is later than today; compare the card";
    CitizenIdCheckDigit, "citizen-id-check-digit", "公民身份号码的校验位不符；请逐位核对证件", "the check digit does not fit; compare the card digit by digit";
    CreditCodeLength, "credit-code-length", "统一社会信用代码应为 18 位；请核对证照", "a unified social credit code has 18 characters; compare the licence";
    CreditCodeCharacter, "credit-code-character", "统一社会信用代码含有不使用的字符（不用 I、O、S、V、Z，第 3 至 8 位为数字）；请核对证照", "a character that no code has (I, O, S, V, Z; characters 3 to 8 are digits); compare the licence";
    CreditCodeCheckDigit, "credit-code-check-digit", "统一社会信用代码的校验位不符；请逐位核对证照", "the check character does not fit; compare the licence character by character";
    PassportPattern, "passport-pattern", "护照号码应为 5 至 12 位字母和数字；请核对证件", "a passport number is 5 to 12 letters and digits; compare the passport";
    HkMacauPermitPattern, "hk-macau-permit-pattern", "港澳居民来往内地通行证号码应为 H 或 M 加 8 位数字（或含换证次数共 10 位）；请核对证件", "a permit of Hong Kong and Macau residents is H or M and 8 digits (10 with the issue); compare the card";
    TaiwanPermitPattern, "taiwan-permit-pattern", "台湾居民来往大陆通行证号码应为 8 位数字（旧证 10 位）；请核对证件", "a permit of Taiwan residents is 8 digits (10 in old ones); compare the card";
    ResidencePermitRegion, "residence-permit-region", "港澳台居民居住证号码应以 81、82 或 83 开头；请核对证件类型", "a residence permit's number begins with 81, 82 or 83; compare the kind of document";
    PermanentResidencePattern, "permanent-residence-pattern", "外国人永久居留身份证号码应为 9 开头的 18 位数字，旧证为 3 位字母加 12 位数字；请核对证件", "a foreigner's permanent residence number is 18 digits beginning with 9, or 3 letters and 12 digits; compare the card";
    PermanentResidenceCheckDigit, "permanent-residence-check-digit", "外国人永久居留身份证号码的校验位不符；请逐位核对证件", "the check digit does not fit; compare the card digit by digit";
    PhonePattern, "phone-pattern", "电话应为 11 位手机号码，或带区号的固定电话（如 0512-56781234）；请核对", "a phone is a mobile number of 11 digits, or a landline with its area code (0512-56781234); check it";
}

impl fmt::Display for IdentityFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.en())
    }
}

impl std::error::Error for IdentityFault {}

/// Implements what every number has in common: read checked, written as it stands, shown masked only.
macro_rules! number {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdentityFault;
            fn try_from(text: String) -> Result<Self, IdentityFault> {
                Self::read(&text)
            }
        }

        impl From<$name> for String {
            fn from(number: $name) -> String {
                number.0
            }
        }
    };
}
use number;

/// A citizen identity number (公民身份号码, GB 11643): region, date of birth, serial, check digit (ISO 7064 MOD
/// 11-2). The residence permits of Hong Kong, Macau and Taiwan residents have the same form.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CitizenId(String);

number!(CitizenId);

impl CitizenId {
    /// Checks a number: form, province, date of birth not after `today`, check digit. Space around it is dropped and
    /// a small x becomes X.
    pub fn parse(text: &str, today: Date) -> Result<Self, IdentityFault> {
        let number = Self::read(text)?;
        if number.birth_date()? > today {
            return Err(IdentityFault::CitizenIdNotBornYet);
        }
        Ok(number)
    }

    /// Checks what does not depend on the day, as for a number that was stored before.
    fn read(text: &str) -> Result<Self, IdentityFault> {
        let number = text.trim().to_ascii_uppercase();
        if number.chars().count() != 18 {
            return Err(IdentityFault::CitizenIdLength);
        }
        let Some((body, check)) = number.as_bytes().split_at_checked(17) else {
            return Err(IdentityFault::CitizenIdCharacter);
        };
        let checks = matches!(check, [b'0'..=b'9' | b'X']);
        if !checks || !body.iter().all(u8::is_ascii_digit) {
            return Err(IdentityFault::CitizenIdCharacter);
        }
        if !PROVINCES.contains(&number.get(..2).unwrap_or_default()) {
            return Err(IdentityFault::CitizenIdRegion);
        }
        birth_date(&number)?;
        if check != [check_digit(body)] {
            return Err(IdentityFault::CitizenIdCheckDigit);
        }
        Ok(Self(number))
    }

    /// The number as it stands on the card.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The date of birth in it.
    pub fn birth_date(&self) -> Result<Date, IdentityFault> {
        birth_date(&self.0)
    }

    /// The first 3 and the last 4 characters.
    pub fn masked(&self) -> String {
        masked(&self.0)
    }
}

/// GB/T 2260: the provinces, and 83 of the residence permits of Taiwan residents.
const PROVINCES: [&str; 35] = [
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41",
    "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71",
    "81", "82", "83",
];

/// Digits 7 to 14 of an 18-character number as a day.
fn birth_date(number: &str) -> Result<Date, IdentityFault> {
    let text = number.get(6..14).unwrap_or_default();
    let day = match (text.get(..4), text.get(4..6), text.get(6..)) {
        (Some(year), Some(month), Some(day)) => format!("{year}-{month}-{day}").parse().ok(),
        _ => None,
    };
    let earliest = Date::new(1800, 1, 1).ok();
    day.filter(|day| Some(*day) >= earliest)
        .ok_or(IdentityFault::CitizenIdBirthDate)
}

/// The check digit of 17 digits by ISO 7064 MOD 11-2.
fn check_digit(body: &[u8]) -> u8 {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const DIGITS: &[u8; 11] = b"10X98765432";
    let digits = body.iter().map(|byte| u32::from(byte.wrapping_sub(b'0')));
    let sum: u32 = digits
        .zip(WEIGHTS)
        .map(|(digit, weight)| digit * weight)
        .sum();
    DIGITS[(sum % 11) as usize]
}

/// A unified social credit code (统一社会信用代码, GB 32100).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SocialCreditCode(String);

number!(SocialCreditCode);

impl SocialCreditCode {
    /// Checks a code: its characters and its check character. Space around it is dropped and small letters become
    /// capitals.
    pub fn parse(text: &str) -> Result<Self, IdentityFault> {
        Self::read(text)
    }

    fn read(text: &str) -> Result<Self, IdentityFault> {
        const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
        let code = text.trim().to_ascii_uppercase();
        if code.chars().count() != 18 {
            return Err(IdentityFault::CreditCodeLength);
        }
        let mut sum = 0;
        // 3^i mod 31 for the body. The check character makes the whole divisible by 31, so it counts once.
        let mut weight = 1;
        for (place, byte) in code.bytes().enumerate() {
            let value = ALPHABET.iter().position(|letter| *letter == byte);
            let region = (2..8).contains(&place);
            let value = value
                .filter(|_| !region || byte.is_ascii_digit())
                .ok_or(IdentityFault::CreditCodeCharacter)?;
            sum += value * if place == 17 { 1 } else { weight };
            weight = weight * 3 % 31;
        }
        if sum % 31 != 0 {
            return Err(IdentityFault::CreditCodeCheckDigit);
        }
        Ok(Self(code))
    }

    /// The code as it stands on the licence.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 3 and the last 4 characters.
    pub fn masked(&self) -> String {
        masked(&self.0)
    }
}

/// Stars in the middle: the first 3 and the last 4 characters stay, of a short number the first and the last 2.
fn masked(number: &str) -> String {
    let length = number.chars().count();
    let (front, back) = if length >= 15 { (3, 4) } else { (1, 2) };
    let hidden = front..length.saturating_sub(back);
    let mask = |(place, letter)| if hidden.contains(&place) { '*' } else { letter };
    number.chars().enumerate().map(mask).collect()
}
