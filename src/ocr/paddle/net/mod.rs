//! Run times that compute a model: one trait, ONNX Runtime and OpenVINO behind it. Numbers in, numbers out; what
//! the numbers mean is known above. No page, no file but the run time's own library.

mod onnxruntime;
mod openvino;

use serde::{Deserialize, Serialize};

use super::model::ModelFolder;
use crate::ocr::OcrError;

/// What is done with a model's output: its shape and its values.
pub type Read<'a> = &'a mut dyn FnMut(&[usize], &[f32]) -> Result<(), OcrError>;

/// One model, loaded for one thread.
pub trait Net: Send {
    /// Runs the model on one image of blue, green and red planes, −1 to 1, `width` × `height` values each, and hands
    /// its output to `read` where it lies.
    fn run(
        &mut self,
        data: &[f32],
        height: usize,
        width: usize,
        read: Read<'_>,
    ) -> Result<(), OcrError>;
}

/// Which run time computes the models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Runtime {
    /// OpenVINO where it is installed and the processor multiplies bfloat16, else ONNX Runtime.
    #[default]
    Auto,
    /// ONNX Runtime: 32-bit floats, least memory.
    Onnxruntime,
    /// OpenVINO: bfloat16 where the processor has it, at little more than half the time.
    Openvino,
}

/// Run times by name, as in the configuration and on the child's command line.
pub const RUNTIME_NAMES: &[(&str, Runtime)] = &[
    ("auto", Runtime::Auto),
    ("onnxruntime", Runtime::Onnxruntime),
    ("openvino", Runtime::Openvino),
];

impl Runtime {
    /// Its name.
    pub fn name(self) -> &'static str {
        let named = RUNTIME_NAMES.iter().find(|(_, runtime)| *runtime == self);
        named.map_or("auto", |(name, _)| name)
    }
}

/// A run time that is loaded: it loads models.
pub enum Loader {
    /// ONNX Runtime.
    Onnxruntime(onnxruntime::Loader),
    /// OpenVINO.
    Openvino(openvino::Loader),
}

impl Loader {
    /// Loads the run time from `folder`. Fails with [`OcrError::Missing`] where it is absent or broken.
    pub fn open(runtime: Runtime, folder: &ModelFolder) -> Result<Self, OcrError> {
        let chosen = match runtime {
            Runtime::Auto if openvino::pays(folder) => Runtime::Openvino,
            Runtime::Auto => Runtime::Onnxruntime,
            named => named,
        };
        Ok(match chosen {
            Runtime::Openvino => Self::Openvino(openvino::Loader::open(folder)?),
            _ => Self::Onnxruntime(onnxruntime::Loader::open(folder)?),
        })
    }

    /// Name, version and number format: what has an influence on the numbers.
    pub fn version(&self) -> String {
        match self {
            Self::Onnxruntime(loader) => loader.version(),
            Self::Openvino(loader) => loader.version(),
        }
    }

    /// Loads one model.
    pub fn load(&mut self, name: &str, model: &[u8]) -> Result<Box<dyn Net>, OcrError> {
        match self {
            Self::Onnxruntime(loader) => loader.load(name, model),
            Self::Openvino(loader) => loader.load(name, model),
        }
    }
}

/// A failure of a run time while `doing` something.
fn failed(doing: &str, error: &dyn std::fmt::Display) -> OcrError {
    OcrError::Failed(format!("{doing}: {error}"))
}
