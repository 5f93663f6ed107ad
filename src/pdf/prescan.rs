//! What can be told of a PDF from its raw bytes, before any parser sees them.

use crate::domain::finding::{Finding, FindingCode};

/// Refuses arrays and dictionaries nested deeper than `nesting_max`. Streams are skipped, and the count
/// begins anew at every object, so that stray brackets cannot add up.
pub fn check_nesting(bytes: &[u8], nesting_max: u32) -> Result<(), Finding> {
    let mut depth = 0u32;
    let mut at = 0usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'[' | b'<' => {
                let double = *byte == b'<' && bytes.get(at + 1) == Some(&b'<');
                if *byte == b'[' || double {
                    depth += 1;
                    at += usize::from(double);
                }
                if depth > nesting_max {
                    return Err(Finding::file(FindingCode::TooDeep)
                        .measured(f64::from(depth), f64::from(nesting_max)));
                }
            }
            b']' => depth = depth.saturating_sub(1),
            b'>' if bytes.get(at + 1) == Some(&b'>') => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            b'(' => at = after_string(bytes, at),
            b's' if is_stream(bytes, at) => {
                let body = bytes.get(at + 6..).unwrap_or_default();
                at += 6 + find(body, b"endstream").unwrap_or(0);
                depth = 0;
            }
            b'e' if bytes.get(at..at + 6) == Some(b"endobj") => depth = 0,
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

fn is_stream(bytes: &[u8], at: usize) -> bool {
    bytes.get(at..at + 6) == Some(b"stream")
        && matches!(bytes.get(at + 6), Some(b'\r' | b'\n'))
        && bytes.get(at.wrapping_sub(3)..at) != Some(b"end")
}

/// The index of a literal string's closing bracket; the opening one when it does not close nearby.
fn after_string(bytes: &[u8], at: usize) -> usize {
    let mut depth = 0usize;
    let mut escaped = false;
    for (offset, byte) in bytes.iter().skip(at).take(1 << 16).enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'(' => depth += 1,
            b')' => {
                depth -= 1;
                if depth == 0 {
                    return at + offset;
                }
            }
            _ => {}
        }
    }
    at
}

/// Whether the file has its end: `startxref` after the last object. Garbage may follow.
pub fn has_end(bytes: &[u8]) -> bool {
    match (rfind(bytes, b"startxref"), rfind(bytes, b"endobj")) {
        (Some(end), Some(object)) => end > object,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

fn find(bytes: &[u8], word: &[u8]) -> Option<usize> {
    let first = *word.first()?;
    let mut at = 0;
    while let Some(step) = bytes.get(at..)?.iter().position(|byte| *byte == first) {
        at += step;
        if bytes.get(at..)?.starts_with(word) {
            return Some(at);
        }
        at += 1;
    }
    None
}

fn rfind(bytes: &[u8], word: &[u8]) -> Option<usize> {
    let first = *word.first()?;
    let mut end = bytes.len();
    while let Some(at) = bytes.get(..end)?.iter().rposition(|byte| *byte == first) {
        if bytes.get(at..)?.starts_with(word) {
            return Some(at);
        }
        end = at;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_counted_per_object() {
        let deep = [b"1 0 obj ".to_vec(), vec![b'['; 101]].concat();
        let finding = check_nesting(&deep, 100).unwrap_err();
        assert_eq!(finding.code, FindingCode::TooDeep);
        assert_eq!((finding.value, finding.limit), (Some(101.0), Some(100.0)));
        let flat = b"1 0 obj << /A [ [ ] ] >> endobj\n".repeat(1000);
        assert!(check_nesting(&flat, 3).is_ok());
        assert!(check_nesting(&flat, 2).is_err());
        let unclosed = b"1 0 obj [ endobj\n".repeat(1000);
        assert!(check_nesting(&unclosed, 100).is_ok());
    }

    #[test]
    fn brackets_in_strings_and_streams_do_not_count() {
        let string = b"1 0 obj ([[[[[[ \\) [[[[) endobj";
        assert!(check_nesting(string, 1).is_ok());
        let stream = b"1 0 obj << >> stream\n[[[[[[[[[[[[endstream endobj";
        assert!(check_nesting(stream, 1).is_ok());
        assert!(check_nesting(b"(((((((", 1).is_ok());
    }

    #[test]
    fn the_end_is_looked_for_after_the_last_object() {
        assert!(has_end(b"1 0 obj 1 endobj xref startxref 9 %%EOF garbage"));
        assert!(!has_end(b"1 0 obj 1 endobj"));
        assert!(!has_end(b"startxref 0 %%EOF 1 0 obj 1 endobj 2 0 obj"));
        assert!(!has_end(b""));
    }
}
