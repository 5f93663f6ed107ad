//! The QR code of a form (ISO/IEC 18004): which form, its number, the digest of what it states, and how to check it; on a
//! label the case number alone.

use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

use super::{FieldFault, Form, FormError, Head};
use crate::domain::Digest;

/// What the code of `form` says. Where the hint is a web address it is that address with the particulars, so that
/// a phone opens the page; otherwise `counterfoil:1?…` and the hint on a second line.
pub(super) fn content(form: &Form, head: &Head, digest: &Digest) -> String {
    let particulars = format!(
        "form={}&no={}&sha256={digest}",
        form.kind().as_str(),
        escaped(&head.number)
    );
    let verify = head.verify.trim();
    if verify.starts_with("https://") || verify.starts_with("http://") {
        let joint = if verify.contains('?') { '&' } else { '?' };
        return format!("{verify}{joint}{particulars}");
    }
    format!("counterfoil:1?{particulars}\n{verify}")
}

/// What the code beside the signatures of a slip, or beside the checkpoint of a register, says: the digests that both sides
/// signed, or the checkpoint itself.
pub(super) fn evidence(form: &Form) -> Option<String> {
    match form {
        Form::CustodySlip(slip) => {
            let number = escaped(&slip.head.number);
            let given = format!(
                "counterfoil:1?slip={number}&manifest={}",
                slip.given.statement
            );
            Some(match &slip.taken {
                Some(taken) => format!("{given}&outcome={}", taken.statement),
                None => given,
            })
        }
        Form::TransferRegister(register) => {
            let (log, number) = (&register.log, escaped(&register.head.number));
            let (size, root) = (log.size, escaped(&log.root));
            Some(format!(
                "counterfoil:1?transfer={number}&log={}&size={size}&root={root}",
                escaped(&log.origin)
            ))
        }
        _ => None,
    }
}

/// The code as a picture, with its quiet zone.
pub(super) fn svg(content: &str) -> Result<String, FormError> {
    let code = QrCode::with_error_correction_level(content, EcLevel::M);
    let code = code.map_err(|_| FormError::Field {
        field: "head.verify".into(),
        fault: FieldFault::TooLong {
            chars: content.chars().count(),
            limit: super::check::VERIFY_CHARS_MAX,
        },
    })?;
    Ok(code
        .render::<svg::Color<'_>>()
        .module_dimensions(1, 1)
        .quiet_zone(true)
        .build())
}

/// Percent-encoded but for unreserved characters (RFC 3986).
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(byte));
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::{FormKind, sample};

    #[test]
    fn the_content_names_form_number_and_digest() {
        let mut form = sample::form(FormKind::BlankReceipt);
        let digest = Digest::of("x");
        if let Form::BlankReceipt(form) = &mut form {
            form.head.number = "空白 7".into();
            form.head.verify = "到任一综合窗口核验".into();
        }
        let expected = format!(
            "counterfoil:1?form=blank_receipt&no=%E7%A9%BA%E7%99%BD%207&sha256={digest}\n到任一综合窗口核验"
        );
        let content = |form: &Form| content(form, form.head().unwrap(), &digest);
        assert_eq!(content(&form), expected);
        if let Form::BlankReceipt(form) = &mut form {
            form.head.verify = "https://hall.example/v?x=1".into();
        }
        let begins = "https://hall.example/v?x=1&form=blank_receipt&no=%E7";
        assert!(content(&form).starts_with(begins));
    }

    #[test]
    fn the_longest_content_fits() {
        let content = format!("{}{}", "%E7".repeat(64 * 3), "校".repeat(200));
        assert!(svg(&content).unwrap().starts_with("<?xml"));
    }
}
