//! The models and the run times they need: found, and checked against their digests.

use std::path::{Path, PathBuf};

use crate::domain::digest::Digest;
use crate::ocr::OcrError;

/// Text detection model.
pub const DET: &str = "models/PP-OCRv6_det_small.onnx";
/// Line orientation model.
pub const CLS: &str = "models/ch_ppocr_mobile_v2.0_cls_mobile.onnx";
/// Text recognition model; its metadata hold the dictionary.
pub const REC: &str = "models/PP-OCRv6_rec_small.onnx";
/// ONNX Runtime.
pub const ONNXRUNTIME: &str = "runtime/libonnxruntime.so.1.32.0";
/// OpenVINO: its library, and what that loads.
pub const OPENVINO: [&str; 5] = [
    "runtime/openvino/libopenvino_c.so.2641",
    "runtime/openvino/libopenvino.so.2641",
    "runtime/openvino/libopenvino_onnx_frontend.so.2641",
    "runtime/openvino/libopenvino_intel_cpu_plugin.so",
    "runtime/openvino/libtbb.so.12",
];
/// Digests of all files of the folder, in the format of `sha256sum`.
pub const SUMS: &str = "SHA256SUMS";

/// Most bytes read of one file.
const MAX_FILE_BYTES: u64 = 256 << 20;

/// Number of the field of an ONNX model that holds its metadata (onnx.proto, `ModelProto.metadata_props`).
const METADATA: u64 = 14;

/// A folder made by `tools/fetch-ocr.sh`.
pub struct ModelFolder {
    root: PathBuf,
    sums: String,
}

impl ModelFolder {
    /// Opens the folder. Fails when it has no list of digests.
    pub fn open(root: &Path) -> Result<Self, OcrError> {
        let list = root.join(SUMS);
        let sums = std::fs::read_to_string(&list).map_err(|error| missing(&list, &error))?;
        Ok(Self {
            root: root.to_path_buf(),
            sums,
        })
    }

    /// Whether `root` looks complete, without reading the models.
    pub fn is_present(root: &Path) -> bool {
        [SUMS, DET, CLS, REC, ONNXRUNTIME]
            .iter()
            .all(|part| root.join(part).is_file())
    }

    /// Whether one file is there.
    pub fn has(&self, part: &str) -> bool {
        self.root.join(part).is_file()
    }

    /// The path of one file that agrees with the list.
    pub fn checked(&self, part: &str) -> Result<PathBuf, OcrError> {
        self.read(part)?;
        Ok(self.root.join(part))
    }

    /// The bytes of one file, checked against the list, with their digest.
    pub fn read(&self, part: &str) -> Result<(Vec<u8>, Digest), OcrError> {
        let path = self.root.join(part);
        let size = std::fs::metadata(&path)
            .map_err(|error| missing(&path, &error))?
            .len();
        if size > MAX_FILE_BYTES {
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
}

/// One value of the metadata of an ONNX model, found without reading the model itself.
pub fn metadata<'m>(model: &'m [u8], key: &str) -> Option<&'m str> {
    let mut rest = model;
    while let Some((field, content)) = next_field(&mut rest) {
        if field != METADATA {
            continue;
        }
        let mut entry = content;
        let (mut name, mut value) = (None, None);
        while let Some((part, bytes)) = next_field(&mut entry) {
            match part {
                1 => name = Some(bytes),
                2 => value = Some(bytes),
                _ => {}
            }
        }
        if name == Some(key.as_bytes()) {
            return std::str::from_utf8(value?).ok();
        }
    }
    None
}

/// The next field of a protocol buffer message with its bytes; those of a number are left out. None at the end and where
/// the message is broken.
fn next_field<'m>(rest: &mut &'m [u8]) -> Option<(u64, &'m [u8])> {
    let tag = varint(rest)?;
    let length = match tag & 7 {
        0 => {
            varint(rest)?;
            0
        }
        1 => 8,
        2 => usize::try_from(varint(rest)?).ok()?,
        5 => 4,
        _ => return None,
    };
    let (content, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some((tag >> 3, content))
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
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
        std::fs::write(folder.path().join(ONNXRUNTIME), b"not a library").unwrap();
        let sums = format!("{}  {ONNXRUNTIME}\n", Digest::of("a library"));
        std::fs::write(folder.path().join(SUMS), sums).unwrap();
        let folder = ModelFolder::open(folder.path()).unwrap();
        let error = folder.checked(ONNXRUNTIME).err().unwrap().to_string();
        assert!(error.contains("differs"), "{error}");
    }

    #[test]
    fn metadata_are_found_beside_everything_else() {
        // ir_version = 8, graph = 3 bytes, metadata_props = {key: "a", value: "b"}
        let model = [
            0x08, 8, 0x3a, 3, 1, 2, 3, 0x72, 6, 0x0a, 1, b'a', 0x12, 1, b'b',
        ];
        assert_eq!(metadata(&model, "a"), Some("b"));
        assert_eq!(metadata(&model, "b"), None);
        for end in 0..model.len() {
            assert_eq!(metadata(&model[..end], "a"), None);
        }
    }
}
