//! OpenVINO, loaded from a shared library: on a processor that multiplies bfloat16 it computes these models in little
//! more than half the time of 32-bit floats, with the same readings but for one character in a thousand.

use openvino::{
    Core, DeviceType, ElementType, InferRequest, InferenceError, RwPropertyKey, SetupError, Shape,
    Tensor,
};

use super::{Net, Read, failed};
use crate::ocr::OcrError;
use crate::ocr::paddle::model::{ModelFolder, OPENVINO};

/// Its version, as pinned.
const VERSION: &str = "openvino-2026.4.1";

/// Prepared kernels that are kept. Its own 5,000 hold 30 MiB more and save nothing that could be measured.
const KEPT_SHAPES: &str = "64";

/// Whether OpenVINO is installed in `folder` and computes faster than ONNX Runtime on this processor. In 32-bit floats
/// the two are alike, and ONNX Runtime needs less memory.
pub(super) fn pays(folder: &ModelFolder) -> bool {
    has_bfloat16() && OPENVINO.iter().all(|part| folder.has(part))
}

#[cfg(target_arch = "x86_64")]
fn has_bfloat16() -> bool {
    std::arch::is_x86_feature_detected!("avx512bf16")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_bfloat16() -> bool {
    false
}

/// The run time, started.
pub struct Loader {
    core: Core,
    precision: &'static str,
}

impl Loader {
    pub(super) fn open(folder: &ModelFolder) -> Result<Self, OcrError> {
        let mut library = None;
        for part in OPENVINO {
            let path = folder.checked(part)?;
            library = library.or(Some(path));
        }
        let absent = |reason: String| OcrError::Missing {
            part: "OpenVINO".to_owned(),
            reason,
        };
        let library = library.ok_or_else(|| absent("it has no library".to_owned()))?;
        openvino_sys::library::load_from(&library)
            .map_err(|reason| absent(format!("{} does not load: {reason}", library.display())))?;
        let mut core = Core::new().map_err(|error: SetupError| absent(error.to_string()))?;
        let precision = if has_bfloat16() { "bf16" } else { "f32" };
        let settings = [
            (RwPropertyKey::InferenceNumThreads, "1"),
            (RwPropertyKey::NumStreams, "1"),
            (RwPropertyKey::HintEnableCpuPinning, "NO"),
            (RwPropertyKey::HintInferencePrecision, precision),
        ];
        core.set_properties(&DeviceType::CPU, settings)
            .map_err(|error| failed("OpenVINO's settings", &error))?;
        let kept = RwPropertyKey::Other("CPU_RUNTIME_CACHE_CAPACITY".into());
        core.set_property(&DeviceType::CPU, &kept, KEPT_SHAPES)
            .map_err(|error| failed("OpenVINO's settings", &error))?;
        Ok(Self { core, precision })
    }

    pub(super) fn version(&self) -> String {
        format!("{VERSION}-{}", self.precision)
    }

    pub(super) fn load(&mut self, name: &str, model: &[u8]) -> Result<Box<dyn Net>, OcrError> {
        let failed = |error| failed(name, &error);
        let read = self.core.read_model_from_buffer(model, None);
        let model = read.map_err(failed)?;
        let compiled = self.core.compile_model(&model, DeviceType::CPU);
        let request = compiled
            .and_then(|mut compiled| compiled.create_infer_request())
            .map_err(failed)?;
        Ok(Box::new(OpenvinoNet(request)))
    }
}

struct OpenvinoNet(InferRequest);

impl OpenvinoNet {
    fn infer(&mut self, data: &[f32], height: i64, width: i64) -> Result<Tensor, InferenceError> {
        let shape = Shape::new(&[1, 3, height, width])?;
        let mut input = Tensor::new(ElementType::F32, &shape)?;
        let room = input.get_data_mut::<f32>()?;
        let count = room.len().min(data.len());
        room[..count].copy_from_slice(&data[..count]);
        self.0.set_input_tensor(&input)?;
        self.0.infer()?;
        self.0.get_output_tensor()
    }
}

impl Net for OpenvinoNet {
    fn run(
        &mut self,
        data: &[f32],
        height: usize,
        width: usize,
        read: Read<'_>,
    ) -> Result<(), OcrError> {
        let side = |length| i64::try_from(length).unwrap_or(i64::MAX);
        let output = self
            .infer(data, side(height), side(width))
            .map_err(|error| failed("model run", &error))?;
        let failed = |error| failed("model output", &error);
        let shape = output.get_shape().map_err(failed)?;
        let shape: Vec<usize> = shape
            .get_dimensions()
            .iter()
            .map(|length| usize::try_from(*length).unwrap_or(0))
            .collect();
        read(&shape, output.get_data::<f32>().map_err(failed)?)
    }
}
