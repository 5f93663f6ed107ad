//! What a form states, as bytes: canonical JSON (RFC 8785), so that anyone who holds the data can compute the
//! digest that stands on the page. A reprint states the same and has the same digest.

use serde_json::Value;

use super::{Form, FormError};
use crate::domain::Digest;

impl Form {
    /// What it states, in canonical JSON: keys sorted, no space. Kept with the case, it prints the form again.
    pub fn statement(&self) -> Result<Vec<u8>, FormError> {
        let mut text = String::new();
        write(&self.value()?, &mut text)?;
        Ok(text.into_bytes())
    }

    /// SHA-256 of [`Form::statement`]: the digest that stands on the page and in the QR code.
    pub fn digest(&self) -> Result<Digest, FormError> {
        Ok(Digest::of(self.statement()?))
    }

    /// The data as templates see it.
    pub(super) fn value(&self) -> Result<Value, FormError> {
        serde_json::to_value(self).map_err(unwritable)
    }
}

fn write(value: &Value, text: &mut String) -> Result<(), FormError> {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write(item, text)?;
            }
            text.push(']');
        }
        Value::Object(entries) => {
            // Sorted here, whatever order the map keeps. Keys are ASCII, where bytes sort as UTF-16 does.
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            text.push('{');
            for (place, (key, item)) in entries.into_iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                text.push_str(&serde_json::to_string(key).map_err(unwritable)?);
                text.push(':');
                write(item, text)?;
            }
            text.push('}');
        }
        // Texts, whole numbers, true and false: serde_json writes them as RFC 8785 does.
        scalar => text.push_str(&serde_json::to_string(scalar).map_err(unwritable)?),
    }
    Ok(())
}

pub(super) fn unwritable(error: serde_json::Error) -> FormError {
    FormError::Worker {
        reason: format!("the data cannot be written as JSON: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::{FormKind, sample};

    #[test]
    fn canonical_json_sorts_keys_and_escapes_as_rfc_8785() {
        // The example of RFC 8785 §3.2.3 without its numbers.
        let value: Value = serde_json::from_str(
            r#"{"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false],"b":{"z":1,"a":2}}"#,
        )
        .unwrap();
        let mut text = String::new();
        write(&value, &mut text).unwrap();
        let expected =
            r#"{"b":{"a":2,"z":1},"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn the_digest_is_of_the_data_and_survives_being_read_again() {
        for kind in FormKind::ALL {
            let form = sample::form(*kind);
            let read: Form = serde_json::from_slice(&form.statement().unwrap()).unwrap();
            assert_eq!(read, form);
            assert_eq!(read.digest().unwrap(), form.digest().unwrap());
        }
        let mut other = sample::form(FormKind::BlankReceipt);
        let before = other.digest().unwrap();
        if let Form::BlankReceipt(form) = &mut other {
            form.lines += 1;
        }
        assert_ne!(other.digest().unwrap(), before);
    }

    #[test]
    fn an_unknown_field_is_refused() {
        let mut value = sample::form(FormKind::IntakeReceipt).value().unwrap();
        value["colour"] = "red".into();
        assert!(serde_json::from_value::<Form>(value).is_err());
    }
}
