//! What several areas need: a workspace with the real binary, seeded chance, and small scans.

use std::fs::File;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// SplitMix64: small, seeded, the same on every machine.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }
}

/// A number from the environment, or its default.
pub fn from_environment(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}")),
        Err(_) => default,
    }
}

/// A small grey page that differs with `seed`.
pub fn tiny_scan(seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let image = image::GrayImage::from_fn(96, 128, |_, _| {
        image::Luma([if random.below(5) == 0 { 0 } else { 255 }])
    });
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A data folder, keys, pipelines that read without an engine, and the real binary.
pub struct Workspace {
    folder: TempDir,
}

const CONFIG: &str = r#"
[data]
folder = "DATA"
[keys]
folder = "KEYS"
[ocr]
engine = "recorded"
folder = "OCR"
[log]
level = "warn"
"#;

impl Workspace {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name).display().to_string();
        std::fs::create_dir_all(folder.path().join("ocr")).unwrap();
        let config = CONFIG
            .replace("DATA", &place("data"))
            .replace("KEYS", &place("keys"))
            .replace("OCR", &place("ocr"));
        std::fs::write(folder.path().join("counterfoil.toml"), config).unwrap();
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The real binary with this workspace's configuration.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
        command
            .arg("--config")
            .arg(self.folder.path().join("counterfoil.toml"))
            .args(arguments)
            .stdin(Stdio::null())
            .env_remove("COUNTERFOIL_DATA")
            .env_remove("COUNTERFOIL_CONFIG");
        command
    }

    /// Standard error of background processes goes here.
    pub fn log(&self) -> File {
        File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .unwrap()
    }

    pub fn log_text(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}
