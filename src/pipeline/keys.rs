//! Stage keys and stage inputs. A key is the digest of everything that can change a stage's output: its kind,
//! its version, its settings and the keys of the stages it depends on. A setting that only changes how an
//! output is judged, or another stage's output, is not in it.

use crate::domain::Digest;
use crate::domain::text::EngineId;
use crate::imaging::Limits;
use crate::ocr::Language;

/// The stages' names, as in pipeline files, manifests and `replay --stage`, in order. `load` opens the file
/// and is part of every pipeline; it is not written in the files.
pub const STAGES: &[&str] = &[LOAD, DECODE, QUALITY, CODES, LOOK, OCR, UNDERSTAND];

/// Opening the file: pages and findings on the whole.
pub const LOAD: &str = "load";
/// Size and resolution of a page.
pub const DECODE: &str = "decode";
/// Measurements of a page's pixels.
pub const QUALITY: &str = "quality";
/// A page's bar codes and matrix codes.
pub const CODES: &str = "codes";
/// What a page looks like, for finding it again.
pub const LOOK: &str = "look";
/// A page's text.
pub const OCR: &str = "ocr";
/// What a page's text means.
pub const UNDERSTAND: &str = "understand";

// A version moves when a stage's code gives another output for the same input and settings.
const LOAD_VERSION: u32 = 1;
const DECODE_VERSION: u32 = 1;
const QUALITY_VERSION: u32 = 2;
const CODES_VERSION: u32 = 1;
const LOOK_VERSION: u32 = 1;
const OCR_VERSION: u32 = 2;
const UNDERSTAND_VERSION: u32 = 1;

/// Whether redoing `stage` makes the output of `other` doubtful: they are the same, or `other` depends on it.
pub fn concerns(stage: &str, other: &str) -> bool {
    match stage {
        LOAD => true,
        DECODE => other != LOAD,
        OCR => other == OCR || other == UNDERSTAND,
        _ => stage == other,
    }
}

/// Key of opening a file under `limits`, all of which can change what is found.
pub fn load_key(limits: &Limits) -> Digest {
    let settings = serde_json::to_string(limits).unwrap_or_default();
    key(LOAD, LOAD_VERSION, &[&settings], &[])
}

/// Key of decoding a page. The caps are not in it: they decide whether a page is decoded, never what it gives.
pub fn decode_key() -> Digest {
    key(DECODE, DECODE_VERSION, &[], &[])
}

/// Key of measuring a page.
pub fn quality_key(decode: &Digest) -> Digest {
    key(QUALITY, QUALITY_VERSION, &[], &[decode])
}

/// Key of reading a page's codes.
pub fn codes_key(decode: &Digest) -> Digest {
    key(CODES, CODES_VERSION, &[], &[decode])
}

/// Key of what a page looks like.
pub fn look_key(decode: &Digest) -> Digest {
    key(LOOK, LOOK_VERSION, &[], &[decode])
}

/// Key of understanding a page that was read under `ocr`.
pub fn understand_key(ocr: &Digest) -> Digest {
    key(UNDERSTAND, UNDERSTAND_VERSION, &[], &[ocr])
}

/// Key of reading a page with exactly this engine.
pub fn ocr_key(decode: &Digest, engine: &EngineId, languages: &[Language]) -> Digest {
    let mut settings = vec![
        engine.name.as_str(),
        engine.version.as_str(),
        engine.models.as_str(),
        engine.settings.as_str(),
    ];
    settings.extend(languages.iter().map(|language| match language {
        Language::Zh => "zh",
        Language::En => "en",
    }));
    key(OCR, OCR_VERSION, &settings, &[decode])
}

/// Input of a stage that works on the whole file.
pub fn file_input(scan: &Digest) -> Digest {
    let mut text = b"counterfoil/file/v1".to_vec();
    text.extend_from_slice(scan.as_bytes());
    Digest::of(text)
}

/// Input of a stage that works on page `page` (from 1).
pub fn page_input(scan: &Digest, page: u32) -> Digest {
    let mut text = b"counterfoil/page/v1".to_vec();
    text.extend_from_slice(scan.as_bytes());
    text.extend_from_slice(&page.to_be_bytes());
    Digest::of(text)
}

fn key(kind: &str, version: u32, settings: &[&str], needs: &[&Digest]) -> Digest {
    let mut text = b"counterfoil/stage/v1".to_vec();
    // Each part is preceded by its length, so that no two lists of parts give the same text.
    let mut part = |bytes: &[u8]| {
        text.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        text.extend_from_slice(bytes);
    };
    part(kind.as_bytes());
    part(&version.to_be_bytes());
    part(&(settings.len() as u64).to_be_bytes());
    for setting in settings {
        part(setting.as_bytes());
    }
    for need in needs {
        part(need.as_bytes());
    }
    Digest::of(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(models: &str) -> EngineId {
        EngineId {
            name: "recorded".into(),
            version: "1".into(),
            models: models.into(),
            settings: String::new(),
        }
    }

    #[test]
    fn a_key_moves_with_what_changes_the_output_and_only_then() {
        let decode = Digest::of("decode");
        let base = ocr_key(&decode, &engine("a"), &[Language::Zh]);
        assert_eq!(base, ocr_key(&decode, &engine("a"), &[Language::Zh]));
        assert_ne!(base, ocr_key(&decode, &engine("b"), &[Language::Zh]));
        assert_ne!(base, ocr_key(&decode, &engine("a"), &[Language::En]));
        assert_ne!(
            base,
            ocr_key(&Digest::of("x"), &engine("a"), &[Language::Zh])
        );
        assert_ne!(key("a", 1, &["bc"], &[]), key("a", 1, &["b", "c"], &[]));
        assert_ne!(key("a", 1, &[], &[]), key("a", 2, &[], &[]));
    }

    #[test]
    fn inputs_differ_by_scan_and_page() {
        let (one, two) = (Digest::of("1"), Digest::of("2"));
        assert_ne!(page_input(&one, 1), page_input(&one, 2));
        assert_ne!(page_input(&one, 1), page_input(&two, 1));
        assert_ne!(file_input(&one), page_input(&one, 0));
    }

    #[test]
    fn only_dependants_are_concerned() {
        assert!(concerns(DECODE, OCR) && concerns(LOAD, QUALITY) && concerns(OCR, OCR));
        assert!(concerns(OCR, UNDERSTAND) && !concerns(UNDERSTAND, OCR));
        assert!(!concerns(CODES, OCR) && concerns(DECODE, CODES));
        assert!(!concerns(OCR, QUALITY) && !concerns(QUALITY, OCR) && !concerns(DECODE, LOAD));
    }
}
