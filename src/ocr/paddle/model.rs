//! The models and the run time they need: found, checked against their digests, loaded.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ort::environment::Environment;
use ort::session::Session;
use ort::value::TensorRef;

use crate::domain::digest::Digest;
use crate::ocr::OcrError;

/// Text detection model.
pub const DET: &str = "models/PP-OCRv6_det_small.onnx";
/// Line orientation model.
pub const CLS: &str = "models/ch_ppocr_mobile_v2.0_cls_mobile.onnx";
/// Text recognition model; its metadata hold the dictionary.
pub const REC: &str = "models/PP-OCRv6_rec_small.onnx";
/// ONNX Runtime.
pub const RUNTIME: &str = "runtime/libonnxruntime.so.1.32.0";
/// Digests of all files of the folder, in the format of `sha256sum`.
pub const SUMS: &str = "SHA256SUMS";

/// Most bytes read of one model file.
const MAX_MODEL_BYTES: u64 = 256 << 20;

/// One process has one run time: the first folder opened decides which library it is.
static ENVIRONMENT: OnceLock<Result<Environment, String>> = OnceLock::new();

/// A folder made by `tools/fetch-ocr.sh`.
pub struct ModelFolder {
    root: PathBuf,
    sums: String,
}

impl ModelFolder {
    /// Opens the folder and starts the run time in it. Fails when a file is absent or differs from its digest.
    pub fn open(root: &Path) -> Result<Self, OcrError> {
        let list = root.join(SUMS);
        let sums = std::fs::read_to_string(&list).map_err(|error| missing(&list, &error))?;
        let folder = Self {
            root: root.to_path_buf(),
            sums,
        };
        folder.read(RUNTIME)?;
        Ok(folder)
    }

    /// Whether `root` looks complete, without reading the models.
    pub fn is_present(root: &Path) -> bool {
        [SUMS, DET, CLS, REC, RUNTIME]
            .iter()
            .all(|part| root.join(part).is_file())
    }

    /// The bytes of one file, checked against the list, with their digest.
    pub fn read(&self, part: &str) -> Result<(Vec<u8>, Digest), OcrError> {
        let path = self.root.join(part);
        let size = std::fs::metadata(&path)
            .map_err(|error| missing(&path, &error))?
            .len();
        if size > MAX_MODEL_BYTES {
            return Err(differs(&path));
        }
        let bytes = std::fs::read(&path).map_err(|error| missing(&path, &error))?;
        let digest = Digest::of(&bytes);
        let expected = format!("{digest}  {part}");
        if !self.sums.lines().any(|line| line == expected) {
            return Err(differs(&path));
        }
        Ok((bytes, digest))
    }

    /// Loads one model for one thread.
    pub fn session(&self, part: &str) -> Result<(Session, Digest), OcrError> {
        let (bytes, digest) = self.read(part)?;
        let environment = ENVIRONMENT.get_or_init(|| start(&self.root.join(RUNTIME)));
        let environment = environment.as_ref().map_err(|reason| OcrError::Missing {
            part: "ONNX Runtime".to_owned(),
            reason: reason.clone(),
        })?;
        let session = build(environment, &bytes).map_err(|error| failed(part, &error))?;
        Ok((session, digest))
    }
}

fn start(library: &Path) -> Result<Environment, String> {
    ort::environment::init_from(library)
        .map_err(|error| format!("{} does not load: {error}", library.display()))?
        .with_telemetry(false)
        .build()
        .map_err(|error| error.to_string())
}

/// One thread and the arena on: both measured as cheapest. Memory patterns are off because every line has its own width.
fn build(environment: &Environment, model: &[u8]) -> ort::Result<Session> {
    Session::builder(environment)?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_memory_pattern(false)?
        .commit_from_memory(model)
}

/// Runs a model on one blue-green-red image of −1 to 1 and gives its output with the output's shape.
pub fn run(
    session: &mut Session,
    data: &[f32],
    height: usize,
    width: usize,
) -> Result<(Vec<usize>, Vec<f32>), OcrError> {
    let input = TensorRef::from_array_view(([1_usize, 3, height, width], data))
        .map_err(|error| failed("model input", &error))?;
    let outputs = session
        .run(ort::inputs![input])
        .map_err(|error| failed("model run", &error))?;
    let output = outputs
        .values()
        .next()
        .ok_or_else(|| OcrError::Failed("a model gave no output".to_owned()))?;
    let (shape, values) = output
        .try_extract_tensor::<f32>()
        .map_err(|error| failed("model output", &error))?;
    let shape = shape
        .iter()
        .map(|length| usize::try_from(*length).unwrap_or(0))
        .collect();
    Ok((shape, values.to_vec()))
}

fn missing(path: &Path, error: &std::io::Error) -> OcrError {
    OcrError::Missing {
        part: path.display().to_string(),
        reason: format!("{error}; run make setup or tools/fetch-ocr.sh"),
    }
}

fn differs(path: &Path) -> OcrError {
    OcrError::Missing {
        part: path.display().to_string(),
        reason: format!("the file differs from {SUMS}; run tools/fetch-ocr.sh again"),
    }
}

/// A failure of the run time while `doing` something.
pub fn failed(doing: &str, error: &dyn std::fmt::Display) -> OcrError {
    OcrError::Failed(format!("{doing}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_folder_is_named_with_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let error = ModelFolder::open(folder.path()).err().unwrap().to_string();
        assert!(
            error.contains(SUMS) && error.contains("tools/fetch-ocr.sh"),
            "{error}"
        );
        assert!(!ModelFolder::is_present(folder.path()));
    }

    #[test]
    fn a_changed_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("runtime")).unwrap();
        std::fs::write(folder.path().join(RUNTIME), b"not a library").unwrap();
        let sums = format!("{}  {RUNTIME}\n", Digest::of("a library"));
        std::fs::write(folder.path().join(SUMS), sums).unwrap();
        let error = ModelFolder::open(folder.path()).err().unwrap().to_string();
        assert!(error.contains("differs"), "{error}");
    }
}
