//! ONNX Runtime, loaded from a shared library.

use std::sync::OnceLock;

use ort::environment::Environment;
use ort::session::Session;
use ort::value::TensorRef;

use super::{Net, Read, failed};
use crate::ocr::OcrError;
use crate::ocr::paddle::model::{ModelFolder, ONNXRUNTIME};

/// One process has one run time: the first folder opened decides which library it is.
static ENVIRONMENT: OnceLock<Result<Environment, String>> = OnceLock::new();

/// The run time, started.
pub struct Loader {
    environment: &'static Environment,
}

impl Loader {
    pub(super) fn open(folder: &ModelFolder) -> Result<Self, OcrError> {
        let library = folder.checked(ONNXRUNTIME)?;
        let started = ENVIRONMENT.get_or_init(|| {
            ort::environment::init_from(&library)
                .map_err(|error| format!("{} does not load: {error}", library.display()))?
                .with_telemetry(false)
                .build()
                .map_err(|error| error.to_string())
        });
        let environment = started.as_ref().map_err(|reason| OcrError::Missing {
            part: "ONNX Runtime".to_owned(),
            reason: reason.clone(),
        })?;
        Ok(Self { environment })
    }

    pub(super) fn version(&self) -> String {
        "onnxruntime-1.32.0".to_owned()
    }

    pub(super) fn load(&self, name: &str, model: &[u8]) -> Result<Box<dyn Net>, OcrError> {
        let session = build(self.environment, model).map_err(|error| failed(name, &error))?;
        Ok(Box::new(OnnxNet(session)))
    }
}

/// One thread and the arena on: both measured as cheapest. Memory patterns are off because lines have many widths.
fn build(environment: &Environment, model: &[u8]) -> ort::Result<Session> {
    Session::builder(environment)?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_memory_pattern(false)?
        .commit_from_memory(model)
}

struct OnnxNet(Session);

impl Net for OnnxNet {
    fn run(
        &mut self,
        data: &[f32],
        height: usize,
        width: usize,
        read: Read<'_>,
    ) -> Result<(), OcrError> {
        let input = TensorRef::from_array_view(([1_usize, 3, height, width], data))
            .map_err(|error| failed("model input", &error))?;
        let outputs = self
            .0
            .run(ort::inputs![input])
            .map_err(|error| failed("model run", &error))?;
        let output = outputs
            .values()
            .next()
            .ok_or_else(|| OcrError::Failed("a model gave no output".to_owned()))?;
        let (shape, values) = output
            .try_extract_tensor::<f32>()
            .map_err(|error| failed("model output", &error))?;
        let shape: Vec<usize> = shape
            .iter()
            .map(|length| usize::try_from(*length).unwrap_or(0))
            .collect();
        read(&shape, values)
    }
}
