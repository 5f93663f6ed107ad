//! The verdict on a PDF's structure, through `lopdf`: encryption, active content, page tree, exploding
//! streams. The parsed document is dropped afterwards; pages are read anew, one at a time.

use std::collections::HashSet;

use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId, Stream};

use crate::domain::finding::{Finding, FindingCode};
use crate::imaging::Limits;

/// What `inspect` learned.
pub struct Structure {
    /// Findings on the whole file that do not stop it from being read.
    pub findings: Vec<Finding>,
    /// Whether the page tree is sound and simply has no page.
    pub empty_tree: bool,
}

/// Parses the file and judges its structure.
pub fn inspect(bytes: &[u8], limits: &Limits) -> Result<Structure, Finding> {
    let options = LoadOptions {
        max_decompressed_size: usize::try_from(limits.stream_bytes_max).ok(),
        ..LoadOptions::default()
    };
    let document = match Document::load_mem_with_options(bytes, options) {
        Ok(document) => document,
        Err(error) => return Err(Finding::file(load_failure(&error, bytes))),
    };
    if document.is_encrypted() || document.was_encrypted() || document.trailer.has(b"Encrypt") {
        return Err(Finding::file(FindingCode::PdfEncrypted));
    }
    check_streams(&document, limits)?;
    let pages = count_pages(&document, limits.nesting_max)?;
    let mut findings = Vec::new();
    if document.objects.values().any(is_active) {
        findings.push(Finding::file(FindingCode::PdfActiveContent));
    }
    Ok(Structure {
        findings,
        empty_tree: pages == Some(0),
    })
}

fn load_failure(error: &lopdf::Error, bytes: &[u8]) -> FindingCode {
    let encrypted = matches!(
        error,
        lopdf::Error::Decryption(_)
            | lopdf::Error::InvalidPassword
            | lopdf::Error::UnsupportedSecurityHandler(_)
    );
    if encrypted {
        FindingCode::PdfEncrypted
    } else if super::prescan::has_end(bytes) {
        FindingCode::PdfBroken
    } else {
        FindingCode::Truncated
    }
}

/// Refuses a stream other than an image that would expand beyond the limit. Images are checked page by page,
/// where their dimensions say how much they may expand to.
fn check_streams(document: &Document, limits: &Limits) -> Result<(), Finding> {
    for object in document.objects.values() {
        let Object::Stream(stream) = object else {
            continue;
        };
        let filters = stream.filters().unwrap_or_default();
        let image = filters.iter().any(|name| {
            matches!(
                *name,
                b"DCTDecode" | b"JPXDecode" | b"CCITTFaxDecode" | b"JBIG2Decode"
            )
        });
        // A deflated byte gives at most 1032, so most streams need no look.
        let most = (stream.content.len() as u64).saturating_mul(1032);
        if image || filters.is_empty() || (filters.len() == 1 && most < limits.stream_bytes_max) {
            continue;
        }
        let allowed = if is_image(stream) {
            limits.expanded_bytes_max
        } else {
            limits.stream_bytes_max
        };
        check_expansion(stream, allowed)?;
    }
    Ok(())
}

fn is_image(stream: &Stream) -> bool {
    stream
        .dict
        .get(b"Subtype")
        .and_then(Object::as_name)
        .is_ok_and(|name| name == b"Image")
}

fn check_expansion(stream: &Stream, allowed: u64) -> Result<(), Finding> {
    let most = usize::try_from(allowed).unwrap_or(usize::MAX);
    match stream.decompress_to_writer(&mut std::io::sink(), most) {
        Err(lopdf::Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. })) => {
            Err(Finding::file(FindingCode::TooMuchWork).measured(allowed as f64, allowed as f64))
        }
        _ => Ok(()), // a damaged stream is the business of the page that uses it
    }
}

/// Counts the leaves of the page tree without recursion. None when there is no tree; an error when it is
/// deeper than `nesting_max`. A node met twice is not entered again.
fn count_pages(document: &Document, nesting_max: u32) -> Result<Option<usize>, Finding> {
    let root = document
        .catalog()
        .and_then(|catalog| catalog.get(b"Pages"))
        .and_then(Object::as_reference);
    let Ok(root) = root else {
        return Ok(None);
    };
    let mut seen: HashSet<ObjectId> = HashSet::from([root]);
    let mut waiting = vec![(root, 1u32)];
    let mut leaves = 0;
    let mut sound = false;
    while let Some((id, depth)) = waiting.pop() {
        if depth > nesting_max {
            return Err(Finding::file(FindingCode::TooDeep)
                .measured(f64::from(depth), f64::from(nesting_max)));
        }
        let Ok(node) = document.get_dictionary(id) else {
            continue;
        };
        let Ok(kids) = node
            .get_deref(b"Kids", document)
            .and_then(Object::as_array)
        else {
            leaves += usize::from(depth > 1);
            continue;
        };
        sound = true;
        for kid in kids.iter().filter_map(|kid| kid.as_reference().ok()) {
            if seen.insert(kid) {
                waiting.push((kid, depth + 1));
            }
        }
    }
    Ok(sound.then_some(leaves))
}

/// Whether an object holds something that acts when the file is opened or used, or carries another file
/// (ISO 32000-2: 12.6.4, 7.11.4, 12.7.8, 13).
fn is_active(object: &Object) -> bool {
    match object {
        Object::Dictionary(dictionary) => dictionary_is_active(dictionary),
        Object::Stream(stream) => {
            stream.dict.has_type(b"EmbeddedFile") || dictionary_is_active(&stream.dict)
        }
        Object::Array(items) => items.iter().any(is_active),
        _ => false,
    }
}

fn dictionary_is_active(dictionary: &Dictionary) -> bool {
    let name = |key: &[u8]| dictionary.get(key).and_then(Object::as_name).ok();
    let actions: [&[u8]; 8] = [
        b"JavaScript",
        b"Launch",
        b"SubmitForm",
        b"ImportData",
        b"RichMediaExecute",
        b"Rendition",
        b"Movie",
        b"GoToE",
    ];
    let annotations: [&[u8]; 5] = [b"FileAttachment", b"RichMedia", b"Movie", b"Screen", b"3D"];
    let keys: [&[u8]; 4] = [b"JS", b"EmbeddedFiles", b"XFA", b"EF"];
    name(b"S").is_some_and(|action| actions.contains(&action))
        || name(b"Subtype").is_some_and(|kind| annotations.contains(&kind))
        || keys.iter().any(|key| present(dictionary, key))
        || dictionary.iter().any(|(_, value)| is_active(value))
}

fn present(dictionary: &Dictionary, key: &[u8]) -> bool {
    match dictionary.get(key) {
        Ok(Object::Null) | Err(_) => false,
        Ok(Object::Array(items)) => !items.is_empty(),
        Ok(_) => true,
    }
}
