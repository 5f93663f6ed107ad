//! Recognition: the engine trait and its engines. An engine gets upright pixels and a deadline and gives back
//! lines of characters with boxes; it never opens a file of a citizen, never talks to a store, and runs only
//! inside the worker's child process.

pub mod layout;
pub mod paddle;
pub mod recorded;
pub mod score;
mod skew;
pub mod table;
pub mod tesseract;

use std::path::Path;
use std::time::Instant;

use image::RgbImage;

use self::paddle::net::Runtime;
use crate::domain::text::{EngineId, OcrPage};

/// Which scripts to expect on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// Chinese, simplified and traditional.
    Zh,
    /// English.
    En,
}

/// Why a page was not read.
#[derive(Debug, thiserror::Error)]
pub enum OcrError {
    /// The deadline passed; what was read until then is not used.
    #[error("recognition passed its deadline")]
    Deadline,
    /// A model, a library or a language is absent.
    #[error("{part} is missing: {reason}")]
    Missing {
        /// What is missing.
        part: String,
        /// Where it was looked for and what to do.
        reason: String,
    },
    /// The engine failed on this page.
    #[error("recognition failed: {0}")]
    Failed(String),
}

/// A recognition engine. One instance serves one thread.
pub trait OcrEngine: Send {
    /// Name, version, model digest and settings: equal ids give equal text.
    fn id(&self) -> EngineId;

    /// Reads one upright page. `dpi` is the resolution when known. Lines come in reading order, boxes in
    /// pixels of `page`.
    fn recognise(
        &mut self,
        page: &RgbImage,
        dpi: Option<f32>,
        languages: &[Language],
        deadline: Instant,
    ) -> Result<OcrPage, OcrError>;
}

/// Which engine to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineKind {
    /// Paddle where its models are, else Tesseract.
    Auto,
    /// PP-OCR through ONNX Runtime.
    Paddle,
    /// Tesseract of the system.
    Tesseract,
    /// Readings recorded before, for tests.
    Recorded,
}

/// Engines by name, as in pipeline files and on the child's command line.
pub const ENGINE_NAMES: &[(&str, EngineKind)] = &[
    ("auto", EngineKind::Auto),
    ("paddle", EngineKind::Paddle),
    ("tesseract", EngineKind::Tesseract),
    ("recorded", EngineKind::Recorded),
];

/// Opens an engine. `folder` holds the models and the run times for paddle and the readings for recorded; `runtime` is
/// what computes paddle's models; Tesseract finds its data itself. The opened engine's [`OcrEngine::id`] says which one it is.
pub fn open(
    kind: EngineKind,
    folder: &Path,
    runtime: Runtime,
) -> Result<Box<dyn OcrEngine>, OcrError> {
    match kind {
        EngineKind::Auto if paddle::is_installed(folder) => {
            open(EngineKind::Paddle, folder, runtime)
        }
        EngineKind::Auto => {
            tracing::warn!(
                "no recognition models in {}; reading with tesseract: run make setup or tools/fetch-ocr.sh",
                folder.display()
            );
            open(EngineKind::Tesseract, folder, runtime)
        }
        EngineKind::Paddle => Ok(Box::new(paddle::PaddleEngine::open(folder, runtime)?)),
        EngineKind::Tesseract => Ok(Box::new(tesseract::TesseractEngine::open()?)),
        EngineKind::Recorded => Ok(Box::new(recorded::RecordedEngine::open(
            folder,
            recorded::Unknown::Empty,
        ))),
    }
}
