//! `bag-info.txt` (RFC 8493, 2.2.2): labels and values in their order.

use std::io::Read;

use super::fault::Fault;
use super::lines::Lines;

/// The file's name.
pub(super) const NAME: &str = "bag-info.txt";
/// The element that the writer adds.
pub(super) const OXUM: &str = "Payload-Oxum";
/// Elements of one file.
const ELEMENTS_MAX: usize = 1_000;
/// Bytes of a label and of a value; a line with both must stay readable by [`Lines`].
const LABEL_BYTES_MAX: usize = 200;
const VALUE_BYTES_MAX: usize = 8 << 10;

/// The metadata of a bag, in order. Labels are compared without regard to case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BagInfo {
    elements: Vec<(String, String)>,
}

impl BagInfo {
    /// Adds an element to be written. Refused are a label that is not one, line breaks, what is too long, and
    /// `Payload-Oxum`, which the writer counts itself.
    pub fn push(&mut self, label: &str, value: &str) -> Result<(), Fault> {
        let bad_label = label.is_empty()
            || label.len() > LABEL_BYTES_MAX
            || label.contains(':')
            || label.contains(char::is_control)
            || label.starts_with(char::is_whitespace)
            || label.ends_with(char::is_whitespace)
            || label.eq_ignore_ascii_case(OXUM);
        let bad_value = value.len() > VALUE_BYTES_MAX || value.contains(char::is_control);
        if bad_label || bad_value || self.elements.len() >= ELEMENTS_MAX {
            return Err(Fault::InfoRefused {
                path: NAME.to_owned(),
                label: label.chars().take(LABEL_BYTES_MAX).collect(),
            });
        }
        self.elements.push((label.to_owned(), value.to_owned()));
        Ok(())
    }

    /// The first value under this label.
    pub fn get(&self, label: &str) -> Option<&str> {
        self.all(label).first().copied()
    }

    /// Every value under this label, in order.
    pub fn all(&self, label: &str) -> Vec<&str> {
        let same = self
            .iter()
            .filter(|(one, _)| one.eq_ignore_ascii_case(label));
        same.map(|(_, value)| value).collect()
    }

    /// Every element, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let elements = self.elements.iter();
        elements.map(|(label, value)| (label.as_str(), value.as_str()))
    }

    /// The file's text, with the sum of the payload at the end.
    pub fn text(&self, bytes: u64, files: u64) -> String {
        let mut text = String::new();
        for (label, value) in &self.elements {
            text.push_str(&format!("{label}: {value}\n"));
        }
        text.push_str(&format!("{OXUM}: {bytes}.{files}\n"));
        text
    }

    /// Reads the file; each line that is none is handed to `fault`.
    pub(super) fn read(reader: impl Read, mut fault: impl FnMut(Fault)) -> Self {
        let mut info = Self::default();
        let mut lines = Lines::new(NAME, reader);
        loop {
            let number = lines.number() + 1;
            let bad = || Fault::InfoForm {
                path: NAME.to_owned(),
                line: number,
            };
            match lines.next_line() {
                None => return info,
                Some(Err(found)) => {
                    let on = matches!(found, Fault::TagNotUtf8 { .. } | Fault::TagBom { .. });
                    fault(found);
                    if !on {
                        return info;
                    }
                }
                Some(Ok(line)) if line.starts_with([' ', '\t']) => {
                    match info.elements.last_mut() {
                        // A line break and its indent do not belong to the value; the words on both sides do.
                        Some((_, value)) if value.len() + line.len() <= VALUE_BYTES_MAX => {
                            value.push(' ');
                            value.push_str(line.trim_start_matches([' ', '\t']));
                        }
                        _ => fault(bad()),
                    }
                }
                Some(Ok(line)) => match element(line) {
                    Some(pair) if info.elements.len() < ELEMENTS_MAX => info.elements.push(pair),
                    _ => fault(bad()),
                },
            }
        }
    }
}

/// A label, a colon, one blank, a value.
fn element(line: &str) -> Option<(String, String)> {
    let (label, rest) = line.split_once(':')?;
    let value = rest.strip_prefix([' ', '\t'])?;
    if label.is_empty() || label.trim() != label {
        return None;
    }
    Some((label.to_owned(), value.to_owned()))
}

/// `OctetCount.StreamCount`.
pub(super) fn oxum(text: &str) -> Option<(u64, u64)> {
    let (bytes, files) = text.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(bytes) || !digits(files) {
        return None;
    }
    Some((bytes.parse().ok()?, files.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut info = BagInfo::default();
        info.push("Source-Organization", "某市政务服务中心")
            .unwrap();
        info.push("Bagging-Date", "2026-11-01").unwrap();
        let text = info.text(12, 3);
        let mut faults = Vec::new();
        let read = BagInfo::read(text.as_bytes(), |fault| faults.push(fault));
        assert_eq!(faults, []);
        assert_eq!(read.get("bagging-date"), Some("2026-11-01"));
        assert_eq!(read.get(OXUM).and_then(oxum), Some((12, 3)));
        assert_eq!(read.iter().count(), 3);
    }

    #[test]
    fn long_values_continue_and_broken_lines_are_named() {
        let text = "A: one\n  two\r\n\tthree\nno colon\nB:none\n : x\nC : x\n";
        let mut lines = Vec::new();
        let read = BagInfo::read(text.as_bytes(), |fault| {
            if let Fault::InfoForm { line, .. } = fault {
                lines.push(line);
            }
        });
        assert_eq!(read.get("a"), Some("one two three : x"));
        assert_eq!(lines, [4, 5, 7]);
        for bad in ["", "a:b", " a", "a\nb", "payload-oxum"] {
            assert!(BagInfo::default().push(bad, "x").is_err(), "{bad:?}");
        }
        assert!(BagInfo::default().push("a", "x\ny").is_err());
        assert_eq!(oxum("1.2.3"), None);
        assert_eq!(oxum("+1.2"), None);
        assert_eq!(oxum("1,000.2"), None);
    }
}
