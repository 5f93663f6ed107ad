//! Phone numbers in China.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{IdentityFault, number};

/// A mobile number `13812341234`, or a landline with its area code `0512-56781234`, with an extension
/// `0512-56781234-801` if it has one.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

number!(Phone);

impl Phone {
    /// Checks a number. `+86` before it, and spaces and hyphens within it, may be written; they are dropped.
    pub fn parse(text: &str) -> Result<Self, IdentityFault> {
        Self::read(text)
    }

    fn read(text: &str) -> Result<Self, IdentityFault> {
        let text = text.trim();
        let text = text.strip_prefix("+86").unwrap_or(text).trim();
        let written = |byte: u8| byte.is_ascii_digit() || byte == b' ' || byte == b'-';
        // 30 is longer than any number however it is spaced.
        if text.len() > 30 || !text.bytes().all(written) {
            return Err(IdentityFault::PhonePattern);
        }
        let parts: Vec<&str> = text.split('-').collect();
        let digits = |text: &str| text.replace(' ', "");
        let joined = digits(&parts.concat());
        if is_mobile(&joined) {
            return Ok(Self(joined));
        }
        let (line, extension) = match parts.as_slice() {
            [line] => (digits(line), None),
            [area, local] => (digits(area) + &digits(local), None),
            [area, local, extension] => (digits(area) + &digits(local), Some(digits(extension))),
            _ => return Err(IdentityFault::PhonePattern),
        };
        let (area, local) = landline(&line).ok_or(IdentityFault::PhonePattern)?;
        match extension {
            None => Ok(Self(format!("{area}-{local}"))),
            Some(extension) if (1..=6).contains(&extension.len()) => {
                Ok(Self(format!("{area}-{local}-{extension}")))
            }
            Some(_) => Err(IdentityFault::PhonePattern),
        }
    }

    /// The number in its one form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether text messages reach it.
    pub fn is_mobile(&self) -> bool {
        is_mobile(&self.0)
    }

    /// `138****1234`; of a landline the area code and the last 4 digits of the number stay.
    pub fn masked(&self) -> String {
        if self.is_mobile() {
            return stars(&self.0, 3, 4);
        }
        let mut parts = self.0.splitn(3, '-');
        let area = parts.next().unwrap_or_default();
        let local = stars(parts.next().unwrap_or_default(), 0, 4);
        format!("{area}-{local}")
    }
}

fn stars(text: &str, front: usize, back: usize) -> String {
    let hidden = front..text.len().saturating_sub(back);
    let mask = |(place, letter)| if hidden.contains(&place) { '*' } else { letter };
    text.chars().enumerate().map(mask).collect()
}

fn is_mobile(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    bytes.len() == 11
        && bytes.iter().all(u8::is_ascii_digit)
        && matches!(bytes, [b'1', b'3'..=b'9', ..])
}

/// Area code and local number: 010 and 02x have three digits and local numbers of eight, others four digits and
/// local numbers of seven or eight. No local number begins with 0 or 1.
fn landline(digits: &str) -> Option<(&str, &str)> {
    let short = digits.starts_with("010") || digits.starts_with("02");
    let long = digits.starts_with('0') && !digits.starts_with("00") && !digits.starts_with("01");
    let (area, local) = match (short, long) {
        (true, _) => digits.split_at_checked(3)?,
        (_, true) => digits.split_at_checked(4)?,
        _ => return None,
    };
    let lengths = if short { 8..=8 } else { 7..=8 };
    let sound = lengths.contains(&local.len()) && !local.starts_with(['0', '1']);
    sound.then_some((area, local))
}
