//! Paths inside a bag (RFC 8493, 2.1.3 and 5.1): which are refused, how they stand in a manifest, and which two fall
//! together on other systems.

use std::borrow::Cow;
use std::fmt;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::fault::Fault;

/// Bytes of a whole path.
const PATH_BYTES_MAX: usize = 1024;
/// Bytes of one part; what Linux file systems take.
const PART_BYTES_MAX: usize = 255;
/// Parts of a path.
pub(super) const DEPTH_MAX: usize = 32;
/// Names that Windows keeps for devices, with or without an ending (RFC 8493, 6.1.2).
const DEVICES: &[&str] = &["CON", "PRN", "AUX", "NUL", "COM", "LPT"];

/// A path relative to the bag's base folder that cannot lead out of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BagPath(String);

impl BagPath {
    /// Takes a path found in a bag: whatever leads out of the base folder is refused, on any system.
    pub fn found(text: &str) -> Result<Self, Fault> {
        let path = || text.to_owned();
        if text.starts_with('/') || is_drive(text) {
            return Err(Fault::PathAbsolute { path: path() });
        }
        if text.starts_with('~') {
            return Err(Fault::PathHome { path: path() });
        }
        if text.contains('\\') {
            return Err(Fault::PathBackslash { path: path() });
        }
        if text.contains('\0') {
            return Err(Fault::PathControl { path: path() });
        }
        let mut depth = 0;
        for part in text.split('/') {
            depth += 1;
            match part {
                "" | "." => return Err(Fault::PathForm { path: path() }),
                ".." => return Err(Fault::PathEscapes { path: path() }),
                _ if part.len() > PART_BYTES_MAX => {
                    return Err(Fault::PathTooLong { path: path() });
                }
                _ => {}
            }
        }
        if depth > DEPTH_MAX || text.len() > PATH_BYTES_MAX {
            return Err(Fault::PathTooLong { path: path() });
        }
        Ok(Self(path()))
    }

    /// Takes a path to be written: also what another system could not store is refused.
    pub fn portable(text: &str) -> Result<Self, Fault> {
        let path = Self::found(text)?;
        match path.unportable() {
            Some(fault) => Err(fault),
            None => Ok(path),
        }
    }

    /// Why another system could not store it (RFC 8493, 6.1.2), if there is a reason. Line breaks pass: the RFC
    /// encodes them.
    pub fn unportable(&self) -> Option<Fault> {
        let path = || self.0.clone();
        let control = |c: char| c.is_ascii_control() && c != '\r' && c != '\n';
        // A blank in front would be read as part of the gap behind the checksum.
        if self.0.starts_with([' ', '\t']) || self.0.contains(control) {
            return Some(Fault::PathControl { path: path() });
        }
        let reserved = |part: &str| {
            part.contains(['<', '>', ':', '"', '|', '?', '*'])
                || part.ends_with(['.', ' '])
                || is_device(part)
        };
        let found = self.0.split('/').any(reserved);
        found.then(|| Fault::PathReserved { path: path() })
    }

    /// The path as it is.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it stands in a manifest: line feed, carriage return and percent encoded, and those only (RFC 8493, 2.1.3).
    pub fn encoded(&self) -> Cow<'_, str> {
        if !self.0.contains(['\n', '\r', '%']) {
            return Cow::Borrowed(&self.0);
        }
        let text = self.0.replace('%', "%25");
        Cow::Owned(text.replace('\n', "%0A").replace('\r', "%0D"))
    }

    /// Whether it lies in the payload folder (RFC 8493, 2.1.2).
    pub fn is_payload(&self) -> bool {
        self.0.starts_with("data/")
    }
}

impl fmt::Display for BagPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Undoes [`BagPath::encoded`]; also says whether a percent sign stood there that the RFC wants encoded. Some writers
/// leave it as it is.
pub(super) fn decode(text: &str) -> (Cow<'_, str>, bool) {
    if !text.contains('%') {
        return (Cow::Borrowed(text), false);
    }
    let mut plain = String::with_capacity(text.len());
    let mut bare = false;
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let (sign, length) = match from.get(1..3) {
            Some("25") => ('%', 3),
            Some("0A" | "0a") => ('\n', 3),
            Some("0D" | "0d") => ('\r', 3),
            _ => {
                bare = true;
                ('%', 1)
            }
        };
        plain.push(sign);
        rest = from.get(length..).unwrap_or_default();
    }
    plain.push_str(rest);
    (Cow::Owned(plain), bare)
}

/// The canonical form (NFC), under which a manifest and a file system may name one file differently (RFC 8493, 6.1.1).
pub(super) fn normal(path: &str) -> Cow<'_, str> {
    match is_nfc_quick(path.chars()) {
        IsNormalized::Yes => Cow::Borrowed(path),
        _ => Cow::Owned(path.nfc().collect()),
    }
}

/// What a system without case and Unicode forms would make of it.
pub(super) fn folded(path: &str) -> String {
    if path.is_ascii() {
        return path.to_ascii_lowercase();
    }
    let lower: String = path.nfd().flat_map(char::to_lowercase).collect();
    lower.nfc().collect()
}

fn is_drive(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic()) && chars.next() == Some(':')
}

fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().trim_end();
    let stem = stem.to_ascii_uppercase();
    let Some(device) = stem.get(..3).filter(|three| DEVICES.contains(three)) else {
        return false;
    };
    let rest = stem.get(3..).unwrap_or_default();
    match device {
        "COM" | "LPT" => matches!(rest.as_bytes(), [b'1'..=b'9']),
        _ => rest.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_out_is_refused_and_says_why() {
        let table = [
            ("", "path-form"),
            ("data//a", "path-form"),
            ("data/", "path-form"),
            ("data/./a", "path-form"),
            ("data/../a", "path-escapes"),
            ("..", "path-escapes"),
            ("/etc/passwd", "path-absolute"),
            ("C:/a", "path-absolute"),
            ("~root/a", "path-home"),
            ("data\\a", "path-backslash"),
            ("data/a\0", "path-control"),
        ];
        for (path, code) in table {
            assert_eq!(BagPath::found(path).unwrap_err().code(), code, "{path:?}");
        }
        let long = format!("data/{}", "长".repeat(86));
        assert_eq!(BagPath::found(&long).unwrap_err().code(), "path-too-long");
        let deep = ["data"; 33].join("/");
        assert_eq!(BagPath::found(&deep).unwrap_err().code(), "path-too-long");
    }

    #[test]
    fn what_another_system_cannot_store_is_not_written() {
        for name in [
            "nul", "Con.txt", "com1", "LPT9.pdf", "aux .x", "a:b", "a?", "a.", "a ", "a|b",
        ] {
            let fault = BagPath::portable(&format!("data/{name}")).unwrap_err();
            assert_eq!(fault.code(), "path-reserved", "{name:?}");
        }
        for name in ["null", "com0", "com10", "console", "身份证.pdf", "a b", "%"] {
            BagPath::portable(&format!("data/{name}")).unwrap();
        }
        let tab = BagPath::portable("data/a\tb").unwrap_err();
        assert_eq!(tab.code(), "path-control");
    }

    #[test]
    fn encoding_is_undone() {
        let path = BagPath::portable("data/100%0A\r\n%").unwrap();
        assert_eq!(path.encoded(), "data/100%250A%0D%0A%25");
        assert_eq!(decode(&path.encoded()), (path.as_str().into(), false));
        assert_eq!(decode("50% %2 %zz%"), ("50% %2 %zz%".into(), true));
        assert_eq!(decode("%长"), ("%长".into(), true));
    }

    #[test]
    fn forms_fall_together() {
        assert_eq!(folded("Re\u{301}sume\u{301}"), folded("RÉSUMÉ"));
        assert_eq!(normal("e\u{301}"), "é");
        assert_ne!(folded("a"), folded("b"));
    }
}
