//! Checking what was entered, field by field. Every refusal names its field and never repeats the value.

use serde::Serialize;

use super::Address;
use super::input::AddressInput;
use crate::domain::date::Date;
use crate::domain::identity::{IdDocument, IdKind, IdentityFault, Phone, SocialCreditCode};

/// The longest name of a person, in characters.
pub(super) const NAME_CHARS_MAX: usize = 100;
/// The longest name of an organisation, in characters.
pub(super) const ORGANISATION_CHARS_MAX: usize = 200;
/// The longest region of an address, in characters.
const REGION_CHARS_MAX: usize = 60;
/// The longest street with number and room, in characters.
const DETAIL_CHARS_MAX: usize = 120;
/// The longest reference to a paper, in characters.
pub(super) const REFERENCE_CHARS_MAX: usize = 60;

/// A field that was refused: which, why, and what to do. It never holds what was entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field's path: `applicant.id_number`.
    pub field: String,
    /// Stable code in kebab-case.
    pub code: &'static str,
    /// What is wrong and what to do, in Chinese.
    pub zh: String,
    /// What is wrong and what to do, in English.
    pub en: String,
}

/// Why a field is refused, apart from what [`IdentityFault`] says of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Missing,
    NotExpected,
    TooLong { max: usize },
    Control,
    NotADate,
    InFuture,
    Expired,
    Backwards,
    UnknownChoice { known: &'static str },
    BirthDateDiffers,
    Postcode,
    Identity(IdentityFault),
}

impl Fault {
    const fn code(self) -> &'static str {
        match self {
            Self::Missing => "field-missing",
            Self::NotExpected => "field-not-expected",
            Self::TooLong { .. } => "field-too-long",
            Self::Control => "field-control-character",
            Self::NotADate => "field-not-a-date",
            Self::InFuture => "date-in-future",
            Self::Expired => "date-expired",
            Self::Backwards => "date-backwards",
            Self::UnknownChoice { .. } => "field-unknown-choice",
            Self::BirthDateDiffers => "birth-date-differs",
            Self::Postcode => "postcode-pattern",
            Self::Identity(fault) => fault.code(),
        }
    }

    fn zh(self) -> String {
        match self {
            Self::Missing => "此项必填".into(),
            Self::NotExpected => "此处不应填写该项；请清空（只收集必要信息）".into(),
            Self::TooLong { max } => format!("超过 {max} 个字；请缩短"),
            Self::Control => "含有控制字符或不可见字符；请重新输入".into(),
            Self::NotADate => "应为日期，如 2026-02-14".into(),
            Self::InFuture => "日期晚于今天；请核对".into(),
            Self::Expired => "已过有效期；请申请人重新出具".into(),
            Self::Backwards => "截止日期早于开始日期；请核对".into(),
            Self::UnknownChoice { known } => format!("不是可选的值；可选：{known}"),
            Self::BirthDateDiffers => "与证件号码中的出生日期不一致；请核对证件".into(),
            Self::Postcode => "邮政编码应为 6 位数字".into(),
            Self::Identity(fault) => fault.zh().into(),
        }
    }

    fn en(self) -> String {
        match self {
            Self::Missing => "this is needed".into(),
            Self::NotExpected => "this is not asked for here; leave it empty".into(),
            Self::TooLong { max } => format!("more than {max} characters; shorten it"),
            Self::Control => "it has control or invisible characters; type it again".into(),
            Self::NotADate => "it must be a day such as 2026-02-14".into(),
            Self::InFuture => "the day is later than today; check it".into(),
            Self::Expired => "it is no longer valid; the applicant has to renew it".into(),
            Self::Backwards => "it ends before it begins; check the days".into(),
            Self::UnknownChoice { known } => format!("it can be: {known}"),
            Self::BirthDateDiffers => {
                "the number has another date of birth; compare the card".into()
            }
            Self::Postcode => "a postcode has 6 digits".into(),
            Self::Identity(fault) => fault.en().into(),
        }
    }
}

/// The refusals so far, and the day on which is checked.
pub(super) struct Checks {
    pub(super) today: Date,
    errors: Vec<FieldError>,
}

/// Runs `check`; what it made counts only when nothing was refused.
pub(super) fn alone<T>(
    today: Date,
    check: impl FnOnce(&mut Checks) -> Option<T>,
) -> Result<T, Vec<FieldError>> {
    let mut checks = Checks {
        today,
        errors: Vec::new(),
    };
    let made = check(&mut checks);
    made.filter(|_| checks.errors.is_empty())
        .ok_or(checks.errors)
}

impl Checks {
    pub(super) fn refuse(&mut self, at: &str, key: &str, fault: Fault) {
        self.errors.push(FieldError {
            field: format!("{at}.{key}"),
            code: fault.code(),
            zh: fault.zh(),
            en: fault.en(),
        });
    }

    /// A text of 1 to `max` characters without control characters, space around it dropped.
    pub(super) fn text(&mut self, at: &str, key: &str, text: &str, max: usize) -> Option<String> {
        let text = text.trim();
        let fault = if text.is_empty() {
            Fault::Missing
        } else if text.chars().count() > max {
            Fault::TooLong { max }
        } else if text.chars().any(is_hidden) {
            Fault::Control
        } else {
            return Some(text.to_string());
        };
        self.refuse(at, key, fault);
        None
    }

    /// Refuses a field that does not belong here.
    pub(super) fn empty(&mut self, at: &str, key: &str, text: &str) {
        if !text.trim().is_empty() {
            self.refuse(at, key, Fault::NotExpected);
        }
    }

    /// A number that `parse` checks; none entered is said to be missing rather than wrong.
    fn number<T>(
        &mut self,
        at: &str,
        key: &str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, IdentityFault>,
    ) -> Option<T> {
        let fault = if text.trim().is_empty() {
            Fault::Missing
        } else {
            match parse(text) {
                Ok(number) => return Some(number),
                Err(fault) => Fault::Identity(fault),
            }
        };
        self.refuse(at, key, fault);
        None
    }

    pub(super) fn phone(&mut self, at: &str, key: &str, text: &str) -> Option<Phone> {
        self.number(at, key, text, Phone::parse)
    }

    pub(super) fn credit_code(
        &mut self,
        at: &str,
        key: &str,
        text: &str,
    ) -> Option<SocialCreditCode> {
        self.number(at, key, text, SocialCreditCode::parse)
    }

    /// The document under `id_kind` and `id_number`.
    pub(super) fn document(&mut self, at: &str, kind: &str, number: &str) -> Option<IdDocument> {
        let known = "citizen_id, residence_permit, passport, hk_macau_permit, taiwan_permit, permanent_residence";
        let today = self.today;
        let found = IdKind::from_code(kind.trim());
        if kind.trim().is_empty() {
            self.refuse(at, "id_kind", Fault::Missing);
        } else if found.is_none() {
            self.refuse(at, "id_kind", Fault::UnknownChoice { known });
        }
        let Some(kind) = found else {
            if number.trim().is_empty() {
                self.refuse(at, "id_number", Fault::Missing);
            }
            return None;
        };
        self.number(at, "id_number", number, |text| {
            IdDocument::parse(kind, text, today)
        })
    }

    /// A day, or none when nothing was entered.
    pub(super) fn optional_day(&mut self, at: &str, key: &str, text: &str) -> Option<Date> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let day = text.parse().ok();
        if day.is_none() {
            self.refuse(at, key, Fault::NotADate);
        }
        day
    }

    /// A day that must be there and is not later than today.
    pub(super) fn past_day(&mut self, at: &str, key: &str, text: &str) -> Option<Date> {
        if text.trim().is_empty() {
            self.refuse(at, key, Fault::Missing);
        }
        let day = self.optional_day(at, key, text)?;
        if day > self.today {
            self.refuse(at, key, Fault::InFuture);
        }
        Some(day)
    }

    /// An address under `at`.
    pub(super) fn address(&mut self, at: &str, input: &AddressInput) -> Option<Address> {
        let region = self.text(at, "region", &input.region, REGION_CHARS_MAX);
        let detail = self.text(at, "detail", &input.detail, DETAIL_CHARS_MAX);
        let postcode = Some(input.postcode.trim()).filter(|code| !code.is_empty());
        let digits = |code: &str| code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit());
        if postcode.is_some_and(|code| !digits(code)) {
            self.refuse(at, "postcode", Fault::Postcode);
        }
        Some(Address {
            region: region?,
            detail: detail?,
            postcode: postcode.map(str::to_string),
        })
    }
}

/// Characters that do not show, or change the direction of others: a name with them is not what it seems.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffd}'
        )
}
