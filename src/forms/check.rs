//! What may stand on a form: limits on fields and lists, and no character that would make the page show
//! something else than its digest covers.

use serde_json::Value;

use super::{FieldFault, Form, FormError};

/// The longest text of a field, in characters.
pub const TEXT_CHARS_MAX: usize = 1000;

/// The most rows of a list.
pub const ROWS_MAX: usize = 200;

/// The most rows of a list on a slip or a register. What has more lines goes over several volumes; one bundle or case can
/// have more lines than a volume should.
pub const LONG_ROWS_MAX: usize = 10_000;

/// The most places of a sheet of labels that may be used up.
pub const SKIP_MAX: u32 = 9;

/// The most lines of a blank receipt.
pub const BLANK_LINES_MAX: u32 = 12;

/// The longest hint how to check a form, in characters: it stands in the QR code.
pub const VERIFY_CHARS_MAX: usize = 200;

/// The longest number of a form, in characters: it stands in the QR code.
pub const NUMBER_CHARS_MAX: usize = 64;

impl Form {
    /// Whether it can be printed; the error names the first field that cannot.
    pub fn check(&self) -> Result<(), FormError> {
        check(&self.value()?, "", self.rows_max())?;
        if let Some(head) = self.head() {
            short("head.number", &head.number, NUMBER_CHARS_MAX)?;
            short("head.verify", &head.verify, VERIFY_CHARS_MAX)?;
        }
        match self {
            Form::BundleLabels(form) if form.skip > SKIP_MAX => Err(wrong(
                "skip",
                FieldFault::OutOfRange {
                    least: 0,
                    most: SKIP_MAX,
                },
            )),
            Form::BlankReceipt(form) if !(1..=BLANK_LINES_MAX).contains(&form.lines) => Err(wrong(
                "lines",
                FieldFault::OutOfRange {
                    least: 1,
                    most: BLANK_LINES_MAX,
                },
            )),
            _ => Ok(()),
        }
    }

    fn rows_max(&self) -> usize {
        match self {
            Form::CustodySlip(_) | Form::TransferRegister(_) => LONG_ROWS_MAX,
            _ => ROWS_MAX,
        }
    }
}

fn check(value: &Value, path: &str, rows_max: usize) -> Result<(), FormError> {
    match value {
        Value::String(text) => check_text(text, path),
        Value::Array(rows) if rows.is_empty() => Err(wrong(path, FieldFault::NoRows)),
        Value::Array(rows) if rows.len() > rows_max => Err(wrong(
            path,
            FieldFault::TooManyRows {
                rows: rows.len(),
                limit: rows_max,
            },
        )),
        Value::Array(rows) => {
            let mut rows = rows.iter().enumerate();
            rows.try_for_each(|(place, row)| check(row, &format!("{path}[{place}]"), rows_max))
        }
        Value::Object(entries) => {
            let mut entries = entries.iter();
            entries.try_for_each(|(key, entry)| check(entry, &join(path, key), rows_max))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn check_text(text: &str, path: &str) -> Result<(), FormError> {
    if text.trim().is_empty() {
        return Err(wrong(path, FieldFault::Empty));
    }
    short(path, text, TEXT_CHARS_MAX)?;
    match text.chars().find(|character| steers(*character)) {
        Some(character) => Err(wrong(path, FieldFault::Control { character })),
        None => Ok(()),
    }
}

fn short(path: &str, text: &str, limit: usize) -> Result<(), FormError> {
    let chars = text.chars().count();
    if chars > limit {
        return Err(wrong(path, FieldFault::TooLong { chars, limit }));
    }
    Ok(())
}

/// Control characters but the line feed, and those that turn the order of reading or annotate unseen
/// (Unicode Cc, Bidi_Control, U+2028, U+2029, U+FFF9 to U+FFFB, tags, noncharacters).
pub fn steers(character: char) -> bool {
    let code = u32::from(character);
    character.is_control() && character != '\n'
        || matches!(code, 0x061C | 0x200E | 0x200F | 0x2028..=0x202E | 0x2060..=0x206F)
        || matches!(code, 0xFEFF | 0xFFF9..=0xFFFB | 0xFDD0..=0xFDEF | 0xE0000..=0xE007F)
        || code & 0xFFFE == 0xFFFE
}

/// The first field that contains `character`, as a path.
pub(super) fn field_with(value: &Value, character: char, path: &str) -> Option<String> {
    match value {
        Value::String(text) => text.contains(character).then(|| path.to_owned()),
        Value::Array(rows) => {
            let mut rows = rows.iter().enumerate();
            rows.find_map(|(place, row)| field_with(row, character, &format!("{path}[{place}]")))
        }
        Value::Object(entries) => {
            let mut entries = entries.iter();
            entries.find_map(|(key, entry)| field_with(entry, character, &join(path, key)))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        return key.to_owned();
    }
    format!("{path}.{key}")
}

fn wrong(field: &str, fault: FieldFault) -> FormError {
    FormError::Field {
        field: field.to_owned(),
        fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::data::IntakeReceipt;
    use crate::forms::{FormKind, sample};

    fn refused(change: impl FnOnce(&mut IntakeReceipt)) -> (String, FieldFault) {
        let Form::IntakeReceipt(mut form) = sample::form(FormKind::IntakeReceipt) else {
            panic!("another form");
        };
        change(&mut form);
        match Form::from(form).check() {
            Err(FormError::Field { field, fault }) => (field, fault),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_samples_can_be_printed() {
        for kind in FormKind::ALL {
            assert_eq!(sample::form(*kind).check(), Ok(()));
        }
    }

    #[test]
    fn each_fault_names_its_field() {
        let (field, fault) = refused(|form| form.applicant.name = " \n".into());
        assert_eq!(
            (field.as_str(), fault),
            ("applicant.name", FieldFault::Empty)
        );
        let (field, fault) = refused(|form| form.materials[1].name = "长".repeat(10_000));
        let too_long = FieldFault::TooLong {
            chars: 10_000,
            limit: TEXT_CHARS_MAX,
        };
        assert_eq!((field.as_str(), fault), ("materials[1].name", too_long));
        let (field, fault) = refused(|form| form.promised.push('\u{202E}'));
        let control = FieldFault::Control {
            character: '\u{202E}',
        };
        assert_eq!((field.as_str(), fault), ("promised", control));
        let (field, fault) = refused(|form| form.materials.clear());
        assert_eq!((field.as_str(), fault), ("materials", FieldFault::NoRows));
        let (field, _) = refused(|form| form.head.verify = "x".repeat(VERIFY_CHARS_MAX + 1));
        assert_eq!(field, "head.verify");
        let (field, fault) = refused(|form| {
            let row = form.materials[0].clone();
            form.materials = vec![row; ROWS_MAX + 1];
        });
        assert_eq!(field, "materials");
        assert!(matches!(fault, FieldFault::TooManyRows { rows: 201, .. }));
    }

    #[test]
    fn steering_characters_are_told_from_letters() {
        for character in [
            '\0', '\t', '\u{7f}', '\u{85}', '\u{200F}', '\u{2066}', '\u{FEFF}',
        ] {
            assert!(steers(character), "{character:?}");
        }
        for character in ['\n', '张', 'ا', '𠮷', '€', '\u{FE00}', '\u{E0100}', '·'] {
            assert!(!steers(character), "{character:?}");
        }
    }
}
