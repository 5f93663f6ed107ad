//! The configuration: defaults, the example, and every problem of a file reported at once.

use std::fs;
use std::path::{Path, PathBuf};

use counterfoil::config::{
    CatalogStore, Config, ConfigError, DialectChoice, LedgerStoreKind, LogFormat,
};
use counterfoil::ocr::EngineKind;

fn home(name: &str) -> Option<String> {
    (name == "HOME").then(|| "/srv/clerk".to_owned())
}

/// Loads `text` as `counterfoil.toml` in a folder of its own.
fn load(
    text: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<(Config, PathBuf), ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("counterfoil.toml");
    fs::write(&file, text).unwrap();
    let config = Config::load(Some(&file), None, env)?;
    Ok((config, folder.path().to_path_buf()))
}

/// The problems of `text` as they are printed, without the folder of the file.
fn problems(text: &str) -> Vec<String> {
    let error = load(text, &home).unwrap_err();
    let ConfigError::Invalid(_) = &error else {
        panic!("{error}");
    };
    let printed = error.to_string();
    let lines = printed.lines();
    lines
        .map(|line| line[line.rfind("/counterfoil.toml").unwrap() + 1..].to_owned())
        .collect()
}

#[test]
fn without_a_file_the_documented_defaults_hold() {
    let config = Config::load(None, None, &home).unwrap();
    let data = std::env::current_dir().unwrap().join("counterfoil-data");
    assert_eq!(config.data.folder, data);
    assert_eq!(
        config.keys.folder,
        Path::new("/srv/clerk/.config/counterfoil/keys")
    );
    assert_eq!(
        config.blobs.location,
        format!("file:{}", data.join("blobs").display())
    );
    assert_eq!(config.ledger.store, LedgerStoreKind::Segment);
    assert_eq!(config.ledger.origin, "counterfoil.local/hall");
    assert_eq!(config.ledger.segment_bytes, 64 << 20);
    assert_eq!(config.catalog.store, CatalogStore::Sled);
    assert_eq!(config.ocr.engine, EngineKind::Auto);
    assert_eq!(
        config.ocr.folder,
        Path::new("/srv/clerk/.cache/counterfoil/ocr")
    );
    assert_eq!(config.pipelines.folder, None);
    assert_eq!((config.forms.folder, config.forms.fonts), (None, None));
    let cores = std::thread::available_parallelism().unwrap().get();
    assert_eq!(config.work.workers, cores.min(256));
    assert_eq!(config.work.bytes_in_flight_max, 256 << 20);
    assert_eq!(config.work.memory_max_mib, 900);
    assert_eq!(config.limits.scan_bytes_max, 128 << 20);
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8470");
    assert_eq!(config.http.token_file, None);
    assert_eq!(
        (config.log.format, config.log.level.as_str()),
        (LogFormat::Text, "info")
    );
    let package = config.package;
    assert_eq!(package.dialect, DialectChoice::BuiltIn("jiaxing"));
    assert_eq!((package.fonds, package.contact), (None, None));
}

#[test]
fn a_dialect_is_a_name_or_a_folder_beside_the_file() {
    let (config, folder) = load("[package]\ndialect = \"./own\"", &home).unwrap();
    let own = DialectChoice::Folder(folder.join("own"));
    assert_eq!(config.package.dialect, own);
    let text =
        "[package]\ndialect = \"fuzhou\"\nfonds = \"Z109\"\n[package.contact]\nname = \"档案室\"\n";
    let (config, _) = load(text, &home).unwrap();
    assert_eq!(config.package.dialect, DialectChoice::BuiltIn("fuzhou"));
    assert_eq!(config.package.fonds.as_deref(), Some("Z109"));
    assert_eq!(config.package.contact.unwrap().name, "档案室");
}

#[test]
fn the_example_is_the_defaults() {
    let (example, folder) = load(Config::example(), &home).unwrap();
    let data = folder.join("counterfoil-data");
    assert_eq!(example, Config::load(None, Some(&data), &home).unwrap());
}

#[test]
fn the_settings_in_comments_of_the_example_are_valid_too() {
    let mut text = String::new();
    for line in Config::example().lines() {
        let uncommented = line.strip_prefix("# ").filter(|rest| {
            rest.starts_with('[')
                || rest
                    .split_once(" = ")
                    .is_some_and(|(key, _)| !key.contains(' '))
        });
        text.push_str(uncommented.unwrap_or(line));
        text.push('\n');
    }
    let text = text.replace("location = \"file:\"", "location = \"s3://hall-blobs/a\"");
    let (config, folder) = load(&text, &home).unwrap();
    assert_eq!(config.blobs.location, "s3://hall-blobs/a");
    assert_eq!(config.blobs.s3.region.as_deref(), Some("us-east-1"));
    assert_eq!(config.pipelines.folder, Some(folder.join("pipelines")));
    assert_eq!(config.work.workers, 4);
    assert_eq!(
        config.http.token_file,
        Some("/etc/counterfoil/http.token".into())
    );
}

#[test]
fn every_problem_is_reported_at_once_with_its_line() {
    let text = r#"
[ledger]
stoer = "segment"
segment_bytes = 12
origin = "a hall"

[catalog]
store = "sledd"

[work]
workers = "many"
memory_max_mib = 900.5

[limitz]
scan_bytes_max = 1

[http]
listen = "0.0.0.0:80"

[log]
level = "loud=quiet=no"
format = 3
"#;
    assert_eq!(
        problems(text),
        [
            "counterfoil.toml:3: [ledger] has an unknown key `stoer`; did you mean `store`?",
            "counterfoil.toml:4: `segment_bytes` must be a whole number from 1048576 to 4294967296, not 12",
            "counterfoil.toml:5: `origin` must be 1-200 letters, digits and signs of ASCII without spaces and +, such as \"hall.example/counter\"",
            "counterfoil.toml:8: `store` cannot be \"sledd\"; did you mean \"sled\"?",
            "counterfoil.toml:11: `workers` must be a whole number from 1 to 256, not \"many\"",
            "counterfoil.toml:12: `memory_max_mib` must be a whole number from 256 to 65536, not 900.5",
            "counterfoil.toml:14: the file has an unknown key `limitz`; did you mean `limits`?",
            "counterfoil.toml:18: `listen` must be a loopback address (127.0.0.1 or [::1]) until there are accounts",
            "counterfoil.toml:21: `level` must be error, warn, info, debug or trace, or a list such as \"info,counterfoil::store=debug\"",
            "counterfoil.toml:22: `format` must be one of \"text\", \"json\", not 3",
        ]
    );
}

#[test]
fn what_is_not_toml_is_reported_with_the_rest() {
    let found = problems(
        "[data]\nfolder = \"a\"\nfolder = \"b\"\n[work]\nworkers = \n[http]\nlissen = \"x\"\n",
    );
    for line in [
        "counterfoil.toml:3:",
        "counterfoil.toml:5:",
        "counterfoil.toml:7:",
    ] {
        assert!(
            found.iter().any(|problem| problem.starts_with(line)),
            "{line} {found:?}"
        );
    }
    let found = problems("data = \"x\"\n");
    assert_eq!(
        found,
        ["counterfoil.toml:1: `data` must be a table [data], not \"x\""]
    );
}

#[test]
fn single_settings_that_are_refused() {
    for (text, expected) in [
        ("[data]\nfolder = \"\"", "must be a path"),
        ("[data]\nfolder = \"~/data\"", "are not replaced here"),
        ("[blobs]\nlocation = \"file:blobs\"", "absolute folder"),
        ("[blobs]\nlocation = \"ftp://x\"", "file: memory: s3:"),
        ("[blobs]\nlocation = \"s3://hall-blobs\"", "access_key_file"),
        ("[blobs.s3]\nregion = \"x\"", "is not an s3: location"),
        ("[ledger]\norigin = \"\"", "1-200 letters"),
        ("[ledger]\norigin = \"存根\"", "1-200 letters"),
        ("[ocr]\nengine = \"paddel\"", "did you mean \"paddle\"?"),
        ("[work]\nworkers = 0", "from 1 to 256"),
        ("[work]\nworkers = -1", "from 1 to 256"),
        ("[limits]\nscan_bytes_max = 1_073_741_825", "to 1073741824"),
        ("[http]\nlisten = \"localhost\"", "an address and a port"),
        ("[log]\nlevel = \"\"", "must be error, warn"),
        (
            "[package]\ndialect = \"jiaxin\"",
            "did you mean \"jiaxing\"?",
        ),
        ("[package]\ndialect = \"~/own\"", "are not replaced here"),
        ("[package]\nfonds = \"Z 109\"", "such as \"Z109\""),
        ("[package.contact]\nphone = \"0512-12345678\"", "name"),
        (
            "[package.contact]\nname = \"室\"\nphone = \"x\"",
            "a telephone number",
        ),
        (
            "[package.contact]\nname = \"室\"\nemail = \"a@b\"",
            "must be an address",
        ),
    ] {
        let found = problems(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].contains(expected), "{text}: {found:?}");
    }
}

#[test]
fn keys_inside_the_data_folder_are_refused() {
    for keys in [
        "counterfoil-data",
        "counterfoil-data/keys",
        "x/../counterfoil-data/keys",
    ] {
        let found = problems(&format!("[keys]\nfolder = \"{keys}\""));
        assert_eq!(found.len(), 1, "{keys}: {found:?}");
        assert!(found[0].starts_with("counterfoil.toml:2: "), "{found:?}");
        assert!(found[0].contains("inside the data folder"), "{found:?}");
    }
    let (config, folder) = load("[keys]\nfolder = \"counterfoil-data-keys\"", &home).unwrap();
    assert_eq!(config.keys.folder, folder.join("counterfoil-data-keys"));
    // The folder that counts is the one in use.
    let error = Config::load(None, Some(Path::new("/srv/clerk")), &home).unwrap_err();
    assert!(
        error.to_string().contains("inside the data folder"),
        "{error}"
    );
}

#[test]
fn the_environment_is_asked_where_it_is_documented() {
    let env = |name: &str| {
        let value = match name {
            "XDG_CONFIG_HOME" => "/xdg/config",
            "XDG_CACHE_HOME" => "relative",
            "HOME" => "/srv/clerk",
            "COUNTERFOIL_LOG" => "debug",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let (config, _) = load("[log]\nlevel = \"warn\"", &env).unwrap();
    assert_eq!(
        config.keys.folder,
        Path::new("/xdg/config/counterfoil/keys")
    );
    assert_eq!(
        config.ocr.folder,
        Path::new("/srv/clerk/.cache/counterfoil/ocr")
    );
    assert_eq!(config.log.level, "debug");
    let models = |name: &str| match name {
        "COUNTERFOIL_OCR_DIR" => Some("/models".to_owned()),
        other => home(other),
    };
    let config = Config::load(None, None, &models).unwrap();
    assert_eq!(config.ocr.folder, Path::new("/models"));
    let error = Config::load(None, None, &|_| None).unwrap_err().to_string();
    assert!(
        error.contains("`folder` in [keys]") && error.contains("`folder` in [ocr]"),
        "{error}"
    );
    let loud = |name: &str| match name {
        "COUNTERFOIL_LOG" => Some("a=b=c".to_owned()),
        other => home(other),
    };
    let error = Config::load(None, None, &loud).unwrap_err().to_string();
    assert!(error.contains("COUNTERFOIL_LOG"), "{error}");
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let absent = Config::load(Some(&folder.path().join("absent.toml")), None, &home);
    assert!(matches!(absent, Err(ConfigError::Unreadable { .. })));
    let large = folder.path().join("large.toml");
    fs::write(&large, "#".repeat(64 * 1024 + 1)).unwrap();
    let error = Config::load(Some(&large), None, &home)
        .unwrap_err()
        .to_string();
    assert!(error.contains("more than 65536 bytes"), "{error}");
    fs::write(&large, [0xff, 0xfe]).unwrap();
    assert!(Config::load(Some(&large), None, &home).is_err());
}
