//! Which readings are believed. Codes with a check digit of their own (Code 128, Code 93, EAN, UPC) and matrix codes
//! with error correction are; the others (Interleaved 2 of 5, Codabar, Code 39) are read from table rules and hatching
//! too, so they must be long enough and say the same on several rows.

use crate::domain::barcode::{BarcodeKind, VALUE_BYTES_MAX};

/// Rows that must agree where nothing else checks what was read.
const ROWS_MIN: u32 = 8;

/// Whether a reading of `kind` that says `value` on `rows` scan rows is a code.
pub(super) fn is_a_code(kind: BarcodeKind, value: &str, rows: u32) -> bool {
    if value.is_empty() || value.len() > VALUE_BYTES_MAX {
        return false;
    }
    let length = value.chars().count();
    match kind {
        // GS1 uses 14 digits; in-house numbers have six and more.
        BarcodeKind::Itf => length >= 6 && rows >= ROWS_MIN,
        BarcodeKind::Codabar => length >= 6 && rows >= ROWS_MIN,
        BarcodeKind::Code39 => length >= 4 && rows >= ROWS_MIN,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nothing_checks_must_be_long_and_agree() {
        assert!(is_a_code(BarcodeKind::Itf, "12345678901231", 20));
        assert!(!is_a_code(BarcodeKind::Itf, "12345678901231", 2));
        assert!(!is_a_code(BarcodeKind::Itf, "1234", 90));
        assert!(!is_a_code(BarcodeKind::Codabar, "12", 90));
        assert!(!is_a_code(BarcodeKind::Code39, "A1", 90));
        assert!(is_a_code(BarcodeKind::Code128, "A", 2));
        assert!(!is_a_code(BarcodeKind::Qr, "", 0));
        assert!(!is_a_code(BarcodeKind::Qr, &"x".repeat(9000), 0));
    }
}
