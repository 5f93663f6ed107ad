//! Codes by time (RFC 6238): HMAC-SHA-1, six digits, a step of 30 seconds, as every authenticator app knows them. The
//! step before and the step after are accepted too; which steps were used before is the ledger's knowledge.

use totp_rs::{Algorithm, Builder, Secret, Totp};
use zeroize::Zeroizing;

use super::error::PeopleError;
use super::secret::SecretText;
use crate::domain::{StaffId, Timestamp};
use crate::store::keys::fill_random;

/// Length of a secret: that of the hash (RFC 4226 §4).
const SECRET_BYTES: usize = 20;

/// A secret and how an app is told of it.
pub(super) struct NewTotp {
    pub(super) secret: Zeroizing<Vec<u8>>,
    /// `otpauth://totp/…`, to be shown as a QR code.
    pub(super) uri: SecretText,
}

/// Draws a secret for `staff` in the hall called `issuer`.
pub(super) fn draw(issuer: &str, staff: &StaffId) -> Result<NewTotp, PeopleError> {
    let mut secret = Zeroizing::new(vec![0u8; SECRET_BYTES]);
    fill_random(&mut secret)?;
    let text = Secret::new(secret.as_slice().into()).to_base32();
    let issuer = escape(issuer);
    let account = escape(staff.as_str());
    let uri = format!("otpauth://totp/{issuer}:{account}?secret={text}&issuer={issuer}");
    Ok(NewTotp {
        secret,
        uri: SecretText::new(uri),
    })
}

/// The step a code stands for, if it is one of the three of now.
pub(super) fn check(secret: &[u8], code: &str, now: Timestamp) -> Result<Option<u64>, PeopleError> {
    let totp: Totp = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(30)
        .with_skew(1)
        .with_secret(Secret::new(secret.into()))
        .build()
        .map_err(|_| PeopleError::Damaged)?;
    let seconds = u64::try_from(now.as_millis() / 1000).unwrap_or(0);
    Ok(totp.check(code.trim(), seconds))
}

/// Percent-encodes what a label may not contain (RFC 3986 §2.3).
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B, the SHA-1 rows; six of their eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = b"12345678901234567890";
        let rows = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (seconds, code) in rows {
            let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
            let step = (seconds / 30) as u64;
            assert_eq!(check(secret, code, at(seconds)).unwrap(), Some(step));
            assert_eq!(check(secret, code, at(seconds + 30)).unwrap(), Some(step));
            assert_eq!(check(secret, code, at(seconds - 30)).unwrap(), Some(step));
            assert_eq!(check(secret, code, at(seconds + 60)).unwrap(), None);
            // There is no step before the first.
            if seconds >= 60 {
                assert_eq!(check(secret, code, at(seconds - 60)).unwrap(), None);
            }
        }
        for nonsense in ["", "28708", "2870822", "abcdef", "２８７０８２"] {
            let now = Timestamp::from_millis(59_000);
            assert_eq!(check(secret, nonsense, now).unwrap(), None, "{nonsense}");
        }
    }

    #[test]
    fn the_app_is_told_everything_it_needs() {
        let staff = StaffId::new("zhang.san").unwrap();
        let new = draw("存根 大厅", &staff).unwrap();
        let uri = new.uri.expose();
        assert!(uri.starts_with("otpauth://totp/%E5%AD%98%E6%A0%B9%20"));
        assert!(uri.contains(":zhang.san?secret="));
        let secret = Secret::new(new.secret.as_slice().into()).to_base32();
        assert!(uri.contains(&secret));
        assert!(!format!("{:?}", new.uri).contains(&secret));
    }
}
