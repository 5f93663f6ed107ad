//! From the text of a configuration file to a checked [`Config`], section by section.

use std::path::{Component, Path, PathBuf};

use toml::de::DeTable;

use super::{
    BlobsConfig, CatalogConfig, CatalogStore, Config, DataConfig, FormsConfig, HttpConfig,
    KeysConfig, LedgerConfig, LedgerStoreKind, LimitsConfig, LogConfig, LogFormat, OcrConfig,
    PipelinesConfig, PublishConfig, WorkConfig,
};
use tracing_subscriber::EnvFilter;

use crate::ocr::paddle::net::RUNTIME_NAMES;
use crate::ocr::{ENGINE_NAMES, EngineKind};
use crate::store::keys::check_outside;
use crate::store::objects::{Location, S3Options};
use crate::strict::{FileError, Problems, Table};

const MIB: u64 = 1024 * 1024;

/// The most a scan can have: a child process is given the whole of it (`worker::protocol`).
const SCAN_BYTES_MAX: u64 = 1024 * MIB;

/// Longest origin, in bytes.
const ORIGIN_BYTES_MAX: usize = 200;

/// Everything a section may look at besides itself.
pub(super) struct Reading<'r> {
    base: &'r Path,
    env: &'r dyn Fn(&str) -> Option<String>,
    pub(super) problems: Problems<'r>,
}

/// Reads `text`, the content of the file called `name`; relative paths count from `base`.
pub(super) fn read(
    text: &str,
    name: &str,
    base: &Path,
    data_override: Option<&Path>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, FileError> {
    let mut reading = Reading {
        base,
        env,
        problems: Problems::new(text),
    };
    let (parsed, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let place = error.span().map_or(0, |span| span.start);
        let message = error.message().lines().next().unwrap_or_default();
        reading.problems.note(place, message);
    }
    let none = DeTable::new();
    let mut root = Table::new("the file", 0, parsed.get_ref());
    let config = reading.all(&mut root, &none, data_override);
    root.finish(&mut reading.problems);
    reading.problems.finish(name)?;
    Ok(config)
}

impl<'r> Reading<'r> {
    fn all<'t>(
        &mut self,
        root: &mut Table<'t, 't>,
        none: &'t DeTable<'t>,
        data_override: Option<&Path>,
    ) -> Config {
        let mut section = |name, read: &mut Self| -> Table<'t, 't> {
            root.table(name, &mut read.problems)
                .unwrap_or_else(|| Table::new(&format!("[{name}]"), 0, none))
        };
        let data_section = section("data", self);
        let keys_section = section("keys", self);
        let blobs_section = section("blobs", self);
        let ledger_section = section("ledger", self);
        let catalog_section = section("catalog", self);
        let ocr_section = section("ocr", self);
        let pipelines_section = section("pipelines", self);
        let forms_section = section("forms", self);
        let work_section = section("work", self);
        let limits_section = section("limits", self);
        let http_section = section("http", self);
        let publish_section = section("publish", self);
        let people_section = section("people", self);
        let package_section = section("package", self);
        let log_section = section("log", self);
        let sso_section = root.table("sso", &mut self.problems);
        let platform_section = root.table("platform", &mut self.problems);
        let malware_section = root.table("malware", &mut self.problems);
        let clock_section = root.table("clock", &mut self.problems);
        let data = self.data(data_section, data_override);
        Config {
            keys: self.keys(keys_section, &data.folder),
            blobs: self.blobs(blobs_section, &data.folder),
            data,
            ledger: self.ledger(ledger_section),
            catalog: self.catalog(catalog_section),
            ocr: self.ocr(ocr_section),
            pipelines: self.pipelines(pipelines_section),
            forms: self.forms(forms_section),
            work: self.work(work_section),
            limits: self.limits(limits_section),
            http: self.http(http_section),
            publish: self.publish(publish_section),
            people: self.people(people_section),
            sso: self.sso(sso_section),
            platform: self.platform(platform_section),
            malware: self.malware(malware_section),
            package: self.package(package_section),
            clock: self.clock(clock_section),
            log: self.log(log_section),
        }
    }

    fn data(&mut self, mut section: Table<'_, '_>, data_override: Option<&Path>) -> DataConfig {
        let configured = self.path(&mut section, "folder");
        section.finish(&mut self.problems);
        let folder = match (data_override, configured) {
            // Given on the command line, so it counts from the working folder.
            (Some(folder), _) => absolute(folder.to_path_buf()),
            (None, Some(folder)) => folder,
            (None, None) => self.resolve("counterfoil-data"),
        };
        DataConfig { folder }
    }

    fn keys(&mut self, mut section: Table<'_, '_>, data: &Path) -> KeysConfig {
        let configured = self.path(&mut section, "folder");
        let place = section.place("folder");
        let folder = configured.or_else(|| {
            let folder = self.home("XDG_CONFIG_HOME", ".config")?;
            Some(folder.join("counterfoil").join("keys"))
        });
        section.finish(&mut self.problems);
        let Some(folder) = folder else {
            let message = "neither XDG_CONFIG_HOME nor HOME is set: say where the keys lie, `folder` in [keys]";
            self.problems.note(place, message);
            return KeysConfig {
                folder: PathBuf::new(),
            };
        };
        if let Err(error) = check_outside(&folder.join("master.key"), data) {
            self.problems.note(place, error.to_string());
        }
        KeysConfig { folder }
    }

    fn blobs(&mut self, mut section: Table<'_, '_>, data: &Path) -> BlobsConfig {
        let location = section.text("location", &mut self.problems);
        let location = location.unwrap_or("file:");
        let s3_section = section.table("s3", &mut self.problems);
        let s3_place = section.place("s3");
        let s3_given = s3_section.is_some();
        let s3 = s3_section.map_or_else(S3Options::default, |section| self.s3(section));
        if s3_given && !location.starts_with("s3:") {
            let message = "[blobs.s3] is given, but `location` in [blobs] is not an s3: location";
            self.problems.note(s3_place, message);
        }
        let location = match location {
            "file:" => format!("file:{}", data.join("blobs").display()),
            other => other.to_owned(),
        };
        if let Err(error) = Location::parse(&location, &s3) {
            let place = section.place("location");
            self.problems.note(place, format!("`location`: {error}"));
        }
        section.finish(&mut self.problems);
        BlobsConfig { location, s3 }
    }

    fn s3(&mut self, mut section: Table<'_, '_>) -> S3Options {
        let endpoint = section.text("endpoint", &mut self.problems);
        let region = section.text("region", &mut self.problems);
        let s3 = S3Options {
            bucket: None,
            prefix: None,
            endpoint: endpoint.map(str::to_owned),
            region: region.map(str::to_owned),
            allow_http: section.flag("allow_http", &mut self.problems) == Some(true),
            access_key_file: self.path(&mut section, "access_key_file"),
            secret_key_file: self.path(&mut section, "secret_key_file"),
        };
        section.finish(&mut self.problems);
        s3
    }

    fn ledger(&mut self, mut section: Table<'_, '_>) -> LedgerConfig {
        let problems = &mut self.problems;
        let stores = [
            ("segment", LedgerStoreKind::Segment),
            ("memory", LedgerStoreKind::Memory),
        ];
        let store = section.choice("store", &stores, problems);
        let origin = section.text("origin", problems);
        let origin = origin.unwrap_or("counterfoil.local/hall");
        // C2SP tlog-checkpoint: an origin is a line and, as a key name, holds neither spaces nor `+`.
        let allowed = |c: char| c.is_ascii_graphic() && c != '+';
        if origin.is_empty() || origin.len() > ORIGIN_BYTES_MAX || !origin.chars().all(allowed) {
            let message = format!(
                "`origin` must be 1-{ORIGIN_BYTES_MAX} letters, digits and signs of ASCII without spaces and +, such as \"hall.example/counter\""
            );
            problems.note(section.place("origin"), message);
        }
        let segment_bytes = section.integer("segment_bytes", MIB..4096 * MIB + 1, problems);
        section.finish(problems);
        LedgerConfig {
            store: store.unwrap_or(LedgerStoreKind::Segment),
            origin: origin.to_owned(),
            segment_bytes: segment_bytes.unwrap_or(64 * MIB),
        }
    }

    fn catalog(&mut self, mut section: Table<'_, '_>) -> CatalogConfig {
        let stores = [
            ("sled", CatalogStore::Sled),
            ("memory", CatalogStore::Memory),
        ];
        let store = section.choice("store", &stores, &mut self.problems);
        section.finish(&mut self.problems);
        CatalogConfig {
            store: store.unwrap_or(CatalogStore::Sled),
        }
    }

    fn ocr(&mut self, mut section: Table<'_, '_>) -> OcrConfig {
        let engine = section.choice("engine", ENGINE_NAMES, &mut self.problems);
        let runtime = section.choice("runtime", RUNTIME_NAMES, &mut self.problems);
        let configured = self.path(&mut section, "folder");
        let place = section.place("folder");
        section.finish(&mut self.problems);
        let folder = configured.or_else(|| match (self.env)("COUNTERFOIL_OCR_DIR") {
            Some(folder) if !folder.is_empty() => Some(absolute(PathBuf::from(folder))),
            _ => {
                let folder = self.home("XDG_CACHE_HOME", ".cache")?;
                Some(folder.join("counterfoil").join("ocr"))
            }
        });
        if folder.is_none() {
            let message = "neither COUNTERFOIL_OCR_DIR nor XDG_CACHE_HOME nor HOME is set: say where the models lie, `folder` in [ocr]";
            self.problems.note(place, message);
        }
        OcrConfig {
            engine: engine.unwrap_or(EngineKind::Auto),
            runtime: runtime.unwrap_or_default(),
            folder: folder.unwrap_or_default(),
        }
    }

    fn pipelines(&mut self, mut section: Table<'_, '_>) -> PipelinesConfig {
        let folder = self.path(&mut section, "folder");
        section.finish(&mut self.problems);
        PipelinesConfig { folder }
    }

    fn forms(&mut self, mut section: Table<'_, '_>) -> FormsConfig {
        let folder = self.path(&mut section, "folder");
        let fonts = self.path(&mut section, "fonts");
        section.finish(&mut self.problems);
        FormsConfig { folder, fonts }
    }

    fn work(&mut self, mut section: Table<'_, '_>) -> WorkConfig {
        let problems = &mut self.problems;
        let workers = section.integer("workers", 1..257, problems);
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let in_flight = MIB..64 * 1024 * MIB + 1;
        let bytes_in_flight_max = section.integer("bytes_in_flight_max", in_flight, problems);
        let memory_max_mib = section.integer("memory_max_mib", 256..65537, problems);
        section.finish(problems);
        WorkConfig {
            workers: workers
                .map_or_else(cores, |workers| workers as usize)
                .clamp(1, 256),
            bytes_in_flight_max: bytes_in_flight_max.unwrap_or(256 * MIB),
            memory_max_mib: memory_max_mib.unwrap_or(900),
        }
    }

    fn limits(&mut self, mut section: Table<'_, '_>) -> LimitsConfig {
        let range = 1..SCAN_BYTES_MAX + 1;
        let scan_bytes_max = section.integer("scan_bytes_max", range, &mut self.problems);
        section.finish(&mut self.problems);
        LimitsConfig {
            scan_bytes_max: scan_bytes_max.unwrap_or(128 * MIB),
        }
    }

    fn publish(&mut self, mut section: Table<'_, '_>) -> PublishConfig {
        let tiles = section.flag("tiles", &mut self.problems);
        section.finish(&mut self.problems);
        PublishConfig {
            tiles: tiles.unwrap_or(false),
        }
    }

    fn http(&mut self, mut section: Table<'_, '_>) -> HttpConfig {
        let listen = section.text("listen", &mut self.problems);
        let place = section.place("listen");
        let fallback = std::net::SocketAddr::from(([127, 0, 0, 1], 8470));
        let listen = match listen.map(str::parse::<std::net::SocketAddr>) {
            None => fallback,
            Some(Ok(address)) => address,
            Some(Err(_)) => {
                let message = "`listen` must be an address and a port, such as \"127.0.0.1:8470\"";
                self.problems.note(place, message);
                fallback
            }
        };
        if !listen.ip().is_loopback() {
            let message =
                "`listen` must be a loopback address (127.0.0.1 or [::1]) until there are accounts";
            self.problems.note(place, message);
        }
        let token_file = self.path(&mut section, "token_file");
        section.finish(&mut self.problems);
        HttpConfig { listen, token_file }
    }

    fn log(&mut self, mut section: Table<'_, '_>) -> LogConfig {
        let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
        let format = section.choice("format", &formats, &mut self.problems);
        let level = section.text("level", &mut self.problems).unwrap_or("info");
        self.check_level("`level`", level, section.place("level"));
        let mut level = level.to_owned();
        if let Some(wished) = (self.env)("COUNTERFOIL_LOG").filter(|level| !level.is_empty()) {
            self.check_level("the environment variable COUNTERFOIL_LOG", &wished, 0);
            level = wished;
        }
        section.finish(&mut self.problems);
        LogConfig {
            format: format.unwrap_or(LogFormat::Text),
            level,
        }
    }

    fn check_level(&mut self, what: &str, level: &str, place: usize) {
        if level.is_empty() || EnvFilter::builder().parse(level).is_err() {
            let message = format!(
                "{what} must be error, warn, info, debug or trace, or a list such as \"info,counterfoil::store=debug\""
            );
            self.problems.note(place, message);
        }
    }

    /// A path, absolute.
    pub(super) fn path(
        &mut self,
        section: &mut Table<'_, '_>,
        key: &'static str,
    ) -> Option<PathBuf> {
        let text = section.text(key, &mut self.problems)?;
        self.path_of(key, text, section.place(key))
    }

    /// The same of a text that stands at `place`.
    pub(super) fn path_of(&mut self, key: &str, text: &str, place: usize) -> Option<PathBuf> {
        if text.is_empty() || text.starts_with('~') || text.contains(['\0', '$']) {
            let message = format!("`{key}` must be a path; ~ and $VARIABLES are not replaced here");
            self.problems.note(place, message);
            return None;
        }
        Some(self.resolve(text))
    }

    fn resolve(&self, path: &str) -> PathBuf {
        absolute(self.base.join(path))
    }

    /// A base folder of the XDG specification, which ignores relative values.
    fn home(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        let set = |name: &str| {
            (self.env)(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        set(variable).or_else(|| Some(set("HOME")?.join(below_home)))
    }
}

/// Counts a relative path from the working folder and takes `..` out, so that one folder has one name.
fn absolute(path: PathBuf) -> PathBuf {
    let path = std::path::absolute(&path).unwrap_or(path);
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            // The parent of a symbolic link's target, as the system would go.
            plain = plain.canonicalize().unwrap_or(plain);
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}
