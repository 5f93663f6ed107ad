//! Code 128 (ISO/IEC 15417): what a barcode gun reads from a label and types as if on a keyboard.

use code128::Code128;

use super::{FieldFault, FormError};

/// The longest text, in characters; a case number has at most 50.
const CHARS_MAX: usize = 64;

/// A code as a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bars {
    /// One module high; it is stretched where it is placed.
    pub svg: String,
    /// Its width in modules, with the quiet zone of ten on either side.
    pub modules: usize,
}

/// The code of `text`. Fails where that is not printable ASCII, and names `field`.
pub(super) fn bars(field: &str, text: &str) -> Result<Bars, FormError> {
    let refused = |fault| FormError::Field {
        field: field.to_owned(),
        fault,
    };
    let strange = text.chars().find(|one| !(' '..='~').contains(one));
    if let Some(character) = strange {
        return Err(refused(FieldFault::Control { character }));
    }
    let chars = text.len();
    if chars > CHARS_MAX {
        let limit = CHARS_MAX;
        return Err(refused(FieldFault::TooLong { chars, limit }));
    }
    let code = Code128::encode(text.as_bytes());
    let modules = code.len();
    let mut path = String::new();
    for bar in code.bar_coordinates() {
        path.push_str(&format!("M{} 0h{}v1h-{1}z", bar.x, bar.width));
    }
    let svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {modules} 1" preserveAspectRatio="none"><path d="{path}"/></svg>"#
    );
    Ok(Bars { svg, modules })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_go_two_to_a_symbol_and_what_cannot_stand_is_named() {
        // Start, 21 pairs, check and stop: 11 modules each, the stop 13.
        let digits = bars("case", &"12".repeat(21)).unwrap();
        assert_eq!(digits.modules, 10 + 11 * 23 + 13 + 10);
        assert!(digits.svg.contains("M10 0h2v1h-2z"), "{digits:?}");
        for (text, at) in [("案1", '案'), ("a\tb", '\t')] {
            let fault = FieldFault::Control { character: at };
            let field = "case".to_owned();
            assert_eq!(bars("case", text), Err(FormError::Field { field, fault }));
        }
        assert!(bars("case", &"x".repeat(65)).is_err());
    }
}
