//! What a hall may configure. A file is read strictly: unknown keys, values out of range and settings that
//! contradict each other are all reported at once, each with its line. What the file leaves out has the
//! default that stands with the field here and in [`Config::example`].
//!
//! Relative paths count from the folder of the configuration file, or from the working folder without one.

mod clock;
mod malware;
mod package;
mod people;
mod platform;
mod read;

use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub use self::package::{DialectChoice, PackageConfig};
pub use self::people::{PeopleConfig, SecondFactorRule, SsoConfig};
pub use self::platform::PlatformConfig;
use crate::malware::ClamdSettings;
use crate::ocr::EngineKind;
use crate::ocr::paddle::net::Runtime;
use crate::store::objects::S3Options;
use crate::strict::FileError;

/// Largest configuration file, in bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// How a file is called in messages when there is none.
const NO_FILE: &str = "(defaults)";

/// A configuration that was checked as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// `[data]`
    pub data: DataConfig,
    /// `[keys]`
    pub keys: KeysConfig,
    /// `[blobs]`
    pub blobs: BlobsConfig,
    /// `[ledger]`
    pub ledger: LedgerConfig,
    /// `[catalog]`
    pub catalog: CatalogConfig,
    /// `[ocr]`
    pub ocr: OcrConfig,
    /// `[pipelines]`
    pub pipelines: PipelinesConfig,
    /// `[forms]`
    pub forms: FormsConfig,
    /// `[work]`
    pub work: WorkConfig,
    /// `[limits]`
    pub limits: LimitsConfig,
    /// `[http]`
    pub http: HttpConfig,
    /// `[publish]`
    pub publish: PublishConfig,
    /// `[people]`
    pub people: PeopleConfig,
    /// `[sso]`
    pub sso: Option<SsoConfig>,
    /// `[platform]`
    pub platform: Option<PlatformConfig>,
    /// `[malware]`. Default: no scanner, and every check for malware says "not applicable".
    pub malware: Option<ClamdSettings>,
    /// `[package]`
    pub package: PackageConfig,
    /// `[clock]`: the file that sets the time. Default: none, this machine's own time.
    pub clock: Option<PathBuf>,
    /// `[log]`
    pub log: LogConfig,
}

/// Where everything lies that a backup must hold, except the keys.
#[derive(Debug, Clone, PartialEq)]
pub struct DataConfig {
    /// The data folder. Default `counterfoil-data`. `--data` takes precedence.
    pub folder: PathBuf,
}

/// Where the master key and the log's signing key lie.
#[derive(Debug, Clone, PartialEq)]
pub struct KeysConfig {
    /// A folder outside the data folder. Default `$XDG_CONFIG_HOME/counterfoil/keys`, or
    /// `~/.config/counterfoil/keys`.
    pub folder: PathBuf,
}

/// Where masters and everything derived from them lie, encrypted.
#[derive(Debug, Clone, PartialEq)]
pub struct BlobsConfig {
    /// `file:/FOLDER`, `memory:` or `s3://BUCKET/PREFIX`. Default `file:`, the folder `blobs` in the data
    /// folder, which stands here in full.
    pub location: String,
    /// What an `s3:` location leaves out (`[blobs.s3]`). Default: nothing, plain HTTP refused.
    pub s3: S3Options,
}

/// Which store holds the facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerStoreKind {
    /// Append-only files in the data folder.
    Segment,
    /// Nothing outlives the process: for trying things out.
    Memory,
}

/// The record of facts.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerConfig {
    /// `segment` (the default) or `memory`.
    pub store: LedgerStoreKind,
    /// The name of the log in its signed checkpoints, never changed afterwards. Default
    /// `counterfoil.local/hall`.
    pub origin: String,
    /// A segment file that has reached this many bytes is closed. Default 64 MiB.
    pub segment_bytes: u64,
}

/// Which store holds the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatalogStore {
    /// A folder in the data folder.
    Sled,
    /// Rebuilt from the ledger at each start.
    Memory,
}

/// Lists, the queue and memos; rebuilt when lost.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogConfig {
    /// `sled` (the default) or `memory`.
    pub store: CatalogStore,
}

/// Recognition.
#[derive(Debug, Clone, PartialEq)]
pub struct OcrConfig {
    /// The engine that stands for `auto` in a pipeline. Default `auto`: paddle where its models are.
    pub engine: EngineKind,
    /// What computes the models of paddle. Default `auto`: the one that is fastest on this processor.
    pub runtime: Runtime,
    /// The folder with runtime and models. Default `$COUNTERFOIL_OCR_DIR`, then
    /// `$XDG_CACHE_HOME/counterfoil/ocr`, then `~/.cache/counterfoil/ocr`.
    pub folder: PathBuf,
}

/// How each kind of paper is read.
#[derive(Debug, Clone, PartialEq)]
pub struct PipelinesConfig {
    /// A folder of `*.toml` files that join or replace the built-in pipelines. Default: none.
    pub folder: Option<PathBuf>,
}

/// The printed forms.
#[derive(Debug, Clone, PartialEq)]
pub struct FormsConfig {
    /// A folder of templates and pictures that join or replace the built-in templates. Default: none.
    pub folder: Option<PathBuf>,
    /// A folder of fonts for characters that Noto CJK lacks. Default: none.
    pub fonts: Option<PathBuf>,
}

/// The reading of scans in the background.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkConfig {
    /// Child processes that read pages, 1 to 256. Default: one for each core of the machine.
    pub workers: usize,
    /// Bytes of masters that are held at once by all of them. Default 256 MiB.
    pub bytes_in_flight_max: u64,
    /// Resident MiB at which a child process is ended, 256 to 65536. Default 900.
    pub memory_max_mib: u64,
}

/// What is accepted. The limits of pages, time and attempts belong to a pipeline and stand in its file.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitsConfig {
    /// Most bytes of one scan, at most 1 GiB. Default 128 MiB.
    pub scan_bytes_max: u64,
}

/// The server.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpConfig {
    /// Address and port. Loopback only, until there are accounts. Default `127.0.0.1:8470`.
    pub listen: SocketAddr,
    /// The file with the token that uploads must show. Default: `http.token` among the keys.
    pub token_file: Option<PathBuf>,
}

/// What everybody may see of the log besides its newest checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishConfig {
    /// Whether tiles and facts are served to anybody who asks. Default false: no name is in them, but who was busy with
    /// what and when is, and to show that is for the hall to decide.
    pub tiles: bool,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line.
    Json,
}

/// The program's own log, on standard error.
#[derive(Debug, Clone, PartialEq)]
pub struct LogConfig {
    /// `text` (the default) or `json`.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug` or `trace`, or a list such as `info,counterfoil::store=debug`.
    /// Default `info`. The environment variable `COUNTERFOIL_LOG` takes precedence.
    pub level: String,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {file} cannot be read: {reason}")]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The file is not valid; a line for each problem.
    #[error(transparent)]
    Invalid(#[from] FileError),
}

impl Config {
    /// Reads `file`, or takes the defaults without one. `data_override` stands for the configured data folder;
    /// `env` looks up environment variables. Fails with every problem there is.
    pub fn load(
        file: Option<&Path>,
        data_override: Option<&Path>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let text = match file {
            Some(file) => text_of(file)?,
            None => String::new(),
        };
        let name = file.map_or(NO_FILE.to_owned(), |file| file.display().to_string());
        let base = file.and_then(Path::parent).unwrap_or(Path::new(""));
        Ok(read::read(&text, &name, base, data_override, env)?)
    }

    /// A file with every setting at its default and a word on each.
    pub fn example() -> &'static str {
        include_str!("config/example.toml")
    }
}

fn text_of(file: &Path) -> Result<String, ConfigError> {
    let unreadable = |reason: String| ConfigError::Unreadable {
        file: file.to_path_buf(),
        reason,
    };
    let opened = std::fs::File::open(file).map_err(|error| unreadable(error.to_string()))?;
    let mut text = String::new();
    opened
        .take(FILE_BYTES_MAX + 1)
        .read_to_string(&mut text)
        .map_err(|error| unreadable(error.to_string()))?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(unreadable(format!(
            "it has more than {FILE_BYTES_MAX} bytes"
        )));
    }
    Ok(text)
}
