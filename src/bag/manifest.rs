//! A manifest as text, byte for byte as it is written: lowercase digits, two blanks, the encoded path, a line feed, in
//! the order of the paths' bytes. Which files a manifest should list is not known here.

use std::collections::BTreeMap;
use std::io::Read;

use crate::domain::Digest;

use super::fault::Fault;
use super::hash::{Algorithm, Checksum, manifest_line, split_line};
use super::lines::ExactLines;
use super::path::{BagPath, decode};

/// Bytes of a line: a path with every byte encoded and a checksum.
const LINE_BYTES_MAX: usize = 16 << 10;

/// The text of `manifest-sha256.txt` over payload files, by path. A bag whose payload is added in this order has it, so
/// its digest can be known before the bag is written.
pub fn manifest_text(files: &BTreeMap<String, Digest>) -> Result<String, Fault> {
    let mut text = String::new();
    for (path, digest) in files {
        let path = BagPath::portable(path)?;
        if !path.is_payload() {
            let path = path.as_str().to_owned();
            return Err(Fault::NotPayload { path });
        }
        let sum = Checksum::from_bytes(digest.as_bytes());
        text.extend(sum.map(|sum| manifest_line(&sum, &path)));
    }
    Ok(text)
}

/// Reads the text of `manifest-sha256.txt` back, in any order of its lines. A path that comes twice is a fault.
pub fn read_manifest(text: impl Read) -> Result<BTreeMap<String, Digest>, Fault> {
    let name = Algorithm::Sha256.manifest();
    let mut files = BTreeMap::new();
    manifest_lines(Algorithm::Sha256, &name, text, |line, path, sum| {
        let raw = sum.as_bytes().try_into().unwrap_or_default();
        let twice = Fault::ListedTwice {
            path: path.to_owned(),
            manifest: name.clone(),
            line,
        };
        match files.insert(path.to_owned(), Digest::from_bytes(raw)) {
            None => Ok(()),
            Some(_) => Err(twice),
        }
    })?;
    Ok(files)
}

/// Reads the manifest `name` line by line: number, path, checksum. A line that is not exactly as it is written here is
/// a fault, also where RFC 8493 would allow it.
pub fn manifest_lines(
    algorithm: Algorithm,
    name: &str,
    text: impl Read,
    mut each: impl FnMut(u64, &str, Checksum) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut lines = ExactLines::new(name, LINE_BYTES_MAX, text);
    while let Some(line) = lines.next_line()? {
        let (number, line) = line;
        let wrong = || Fault::ManifestLine {
            path: name.to_owned(),
            line: number,
        };
        let line = std::str::from_utf8(line).map_err(|_| wrong())?;
        let (sum, encoded) = split_line(algorithm, line, wrong)?;
        let (path, _) = decode(encoded);
        let path = BagPath::found(&path)?;
        if manifest_line(&sum, &path).strip_suffix('\n') != Some(line) {
            return Err(wrong());
        }
        each(number, path.as_str(), sum)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let files: BTreeMap<String, Digest> = ["data/b%.txt", "data/a", "data/身份证\n.pdf"]
            .into_iter()
            .map(|path| (path.to_owned(), Digest::of(path)))
            .collect();
        let text = manifest_text(&files).unwrap();
        assert_eq!(read_manifest(text.as_bytes()).unwrap(), files);
        assert!(text.find("data/a").unwrap() < text.find("data/b%25.txt").unwrap());
        let twice = format!("{text}{text}");
        assert_eq!(
            read_manifest(twice.as_bytes()).unwrap_err().code(),
            "listed-twice"
        );
        for place in 0..text.len() {
            for bit in [1_u8, 0x20] {
                let mut bytes = text.clone().into_bytes();
                bytes[place] ^= bit;
                let read = read_manifest(bytes.as_slice());
                assert_ne!(read.as_ref().ok(), Some(&files), "byte {place} bit {bit}");
            }
        }
        let outside = BTreeMap::from([("bagit.txt".to_owned(), Digest::of(""))]);
        assert_eq!(manifest_text(&outside).unwrap_err().code(), "not-payload");
    }
}
