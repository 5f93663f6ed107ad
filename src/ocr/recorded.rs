//! Readings kept as files, one a page, and played back: for tests that are not about recognition. A page is known by
//! the digest of its size and pixels.

use std::path::{Path, PathBuf};
use std::time::Instant;

use image::RgbImage;
use sha2::Digest as _;

use super::{Language, OcrEngine, OcrError};
use crate::domain::digest::Digest;
use crate::domain::text::{EngineId, OcrPage};

/// Largest recorded reading read, in bytes.
const MAX_BYTES: u64 = 16 << 20;

/// What to answer for a page without a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// A page without lines.
    Empty,
    /// [`OcrError::Missing`].
    Fail,
}

/// Plays back recorded readings.
pub struct RecordedEngine {
    folder: PathBuf,
    unknown: Unknown,
}

impl RecordedEngine {
    /// Plays back the readings in `folder`.
    pub fn open(folder: &Path, unknown: Unknown) -> Self {
        Self {
            folder: folder.to_path_buf(),
            unknown,
        }
    }
}

impl OcrEngine for RecordedEngine {
    fn id(&self) -> EngineId {
        EngineId {
            name: "recorded".to_owned(),
            version: "1".to_owned(),
            models: Digest::of("").to_string(),
            settings: String::new(),
        }
    }

    fn recognise(
        &mut self,
        page: &RgbImage,
        _dpi: Option<f32>,
        _languages: &[Language],
        deadline: Instant,
    ) -> Result<OcrPage, OcrError> {
        if Instant::now() >= deadline {
            return Err(OcrError::Deadline);
        }
        let path = path_of(&self.folder, page);
        if let Some(recorded) = load(&path)? {
            return Ok(recorded);
        }
        match self.unknown {
            Unknown::Empty => Ok(OcrPage {
                engine: self.id(),
                width: page.width(),
                height: page.height(),
                lines: Vec::new(),
                ..OcrPage::default()
            }),
            Unknown::Fail => Err(OcrError::Missing {
                part: path.display().to_string(),
                reason: "no reading of this page was recorded".to_owned(),
            }),
        }
    }
}

/// Reads with another engine and keeps what it read.
pub struct Recorder<E> {
    engine: E,
    folder: PathBuf,
}

impl<E: OcrEngine> Recorder<E> {
    /// Keeps the readings of `engine` in `folder`, which must exist.
    pub fn new(engine: E, folder: &Path) -> Self {
        Self {
            engine,
            folder: folder.to_path_buf(),
        }
    }
}

impl<E: OcrEngine> OcrEngine for Recorder<E> {
    fn id(&self) -> EngineId {
        self.engine.id()
    }

    fn recognise(
        &mut self,
        page: &RgbImage,
        dpi: Option<f32>,
        languages: &[Language],
        deadline: Instant,
    ) -> Result<OcrPage, OcrError> {
        let read = self.engine.recognise(page, dpi, languages, deadline)?;
        let path = path_of(&self.folder, page);
        let failed = |reason: String| OcrError::Failed(format!("{}: {reason}", path.display()));
        let text = serde_json::to_string(&read).map_err(|error| failed(error.to_string()))?;
        std::fs::write(&path, text + "\n").map_err(|error| failed(error.to_string()))?;
        Ok(read)
    }
}

/// The digest a page is known by: over its width and height (4 bytes each, big-endian) and its red, green, blue bytes.
pub fn page_key(page: &RgbImage) -> Digest {
    let mut hasher = sha2::Sha256::new();
    hasher.update(page.width().to_be_bytes());
    hasher.update(page.height().to_be_bytes());
    hasher.update(page.as_raw());
    Digest::from_bytes(hasher.finalize().into())
}

fn path_of(folder: &Path, page: &RgbImage) -> PathBuf {
    folder.join(format!("{}.json", page_key(page)))
}

fn load(path: &Path) -> Result<Option<OcrPage>, OcrError> {
    let failed = |reason: String| OcrError::Failed(format!("{}: {reason}", path.display()));
    let size = match std::fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error.to_string())),
    };
    if size > MAX_BYTES {
        return Err(failed("a recorded reading has at most 16 MiB".to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use crate::domain::text::{OcrChar, OcrLine, Rect};

    struct OneLine;

    impl OcrEngine for OneLine {
        fn id(&self) -> EngineId {
            EngineId {
                name: "one-line".to_owned(),
                version: "1".to_owned(),
                models: String::new(),
                settings: String::new(),
            }
        }

        fn recognise(
            &mut self,
            page: &RgbImage,
            _dpi: Option<f32>,
            _languages: &[Language],
            _deadline: Instant,
        ) -> Result<OcrPage, OcrError> {
            let rect = Rect::from([1, 2, 3, 4]);
            Ok(OcrPage {
                engine: self.id(),
                width: page.width(),
                height: page.height(),
                lines: vec![OcrLine {
                    rect,
                    angle: 0.0,
                    vertical: false,
                    joins_next: false,
                    chars: vec![OcrChar {
                        c: '存',
                        rect,
                        p: 0.75,
                        others: vec![('在', 0.25)],
                        ..OcrChar::default()
                    }],
                    ..OcrLine::default()
                }],
                ..OcrPage::default()
            })
        }
    }

    #[test]
    fn what_was_recorded_is_played_back() {
        let folder = tempfile::tempdir().unwrap();
        let later = Instant::now() + Duration::from_secs(60);
        let page = RgbImage::from_pixel(4, 2, image::Rgb([1, 2, 3]));
        let mut recorder = Recorder::new(OneLine, folder.path());
        let read = recorder.recognise(&page, None, &[], later).unwrap();
        let mut engine = RecordedEngine::open(folder.path(), Unknown::Fail);
        assert_eq!(engine.recognise(&page, None, &[], later).unwrap(), read);
    }

    #[test]
    fn unknown_pages_are_empty_or_refused_as_chosen() {
        let folder = tempfile::tempdir().unwrap();
        let later = Instant::now() + Duration::from_secs(60);
        let page = RgbImage::new(4, 2);
        let mut empty = RecordedEngine::open(folder.path(), Unknown::Empty);
        assert!(
            empty
                .recognise(&page, None, &[], later)
                .unwrap()
                .lines
                .is_empty()
        );
        let mut strict = RecordedEngine::open(folder.path(), Unknown::Fail);
        let refused = strict.recognise(&page, None, &[], later);
        assert!(matches!(refused, Err(OcrError::Missing { .. })));
        let refused = empty.recognise(&page, None, &[], Instant::now());
        assert!(matches!(refused, Err(OcrError::Deadline)));
    }

    #[test]
    fn pages_of_other_shape_have_other_keys() {
        assert_ne!(
            page_key(&RgbImage::new(4, 2)),
            page_key(&RgbImage::new(2, 4))
        );
    }

    #[test]
    fn a_broken_recording_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let page = RgbImage::new(4, 2);
        std::fs::write(path_of(folder.path(), &page), "{").unwrap();
        let mut engine = RecordedEngine::open(folder.path(), Unknown::Empty);
        let later = Instant::now() + Duration::from_secs(60);
        assert!(matches!(
            engine.recognise(&page, None, &[], later),
            Err(OcrError::Failed(_))
        ));
    }
}
