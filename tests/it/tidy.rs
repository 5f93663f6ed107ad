//! Guards the shape of the tree: who may import whom, how long a file and a function may be, and that every
//! folder says what lives there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Module → the modules of ours it may import. The same table stands in `src/lib.rs` and `ARCHITECTURE.md`.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("merkle", &[]),
    ("strict", &[]),
    ("imaging", &["domain"]),
    ("pdf", &["domain", "imaging"]),
    ("derive", &["domain", "imaging"]),
    ("ledger", &["domain", "merkle"]),
    ("store", &["ledger", "domain", "merkle"]),
    ("search", &["ledger", "store", "domain"]),
    ("ocr", &["imaging", "domain"]),
    ("bag", &["domain"]),
    ("package", &["bag", "merkle", "derive", "domain", "strict"]),
    ("forms", &["domain"]),
    ("platform", &["domain"]),
    ("malware", &[]),
    ("understand", &["domain"]),
    (
        "worker",
        &[
            "ocr",
            "understand",
            "pdf",
            "derive",
            "imaging",
            "forms",
            "domain",
        ],
    ),
    (
        "pipeline",
        &[
            "worker",
            "ocr",
            "understand",
            "search",
            "store",
            "ledger",
            "derive",
            "imaging",
            "domain",
            "strict",
        ],
    ),
    ("people", &["store", "ledger", "domain"]),
    (
        "records",
        &[
            "pipeline",
            "worker",
            "understand",
            "search",
            "store",
            "ledger",
            "merkle",
            "derive",
            "imaging",
            "domain",
        ],
    ),
    (
        "counter",
        &[
            "store", "ledger", "domain", "merkle", "strict", "forms", "worker", "imaging",
        ],
    ),
    ("custody", &["counter", "forms", "ledger", "domain"]),
    (
        "transfer",
        &[
            "custody", "counter", "records", "pipeline", "worker", "package", "malware", "bag",
            "derive", "forms", "store", "ledger", "merkle", "domain",
        ],
    ),
    (
        "config",
        &["domain", "malware", "ocr", "package", "store", "strict"],
    ),
    ("telemetry", &["config"]),
    (
        "http",
        &[
            "transfer",
            "custody",
            "counter",
            "people",
            "platform",
            "records",
            "pipeline",
            "understand",
            "search",
            "store",
            "ledger",
            "merkle",
            "domain",
        ],
    ),
    (
        "cli",
        &[
            "app",
            "http",
            "transfer",
            "custody",
            "counter",
            "people",
            "records",
            "pipeline",
            "worker",
            "understand",
            "search",
            "store",
            "ledger",
            "derive",
            "forms",
            "malware",
            "ocr",
            "imaging",
            "package",
            "bag",
            "merkle",
            "domain",
            "config",
            "telemetry",
        ],
    ),
];

/// The only room that may name an adapter.
const COMPOSITION_ROOT: &str = "src/app";

/// Adapters, by the words that name them.
const ADAPTERS: &[&str] = &[
    "SegmentLedger",
    "MemoryLedger",
    "SledCatalog",
    "MemoryCatalog",
];

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().display().to_string();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The part of a file before its unit tests, without comments.
fn program_text(text: &str) -> String {
    let program = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
    let lines: Vec<&str> = program
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    lines.join("\n")
}

/// Modules named after `crate::`, braces expanded one level.
fn imports(program: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (start, _) in program.match_indices("crate::") {
        let rest = &program[start + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            for part in list.split('}').next().unwrap_or("").split(',') {
                found.push(part.trim().split("::").next().unwrap_or("").to_string());
            }
        } else {
            let name: String = rest
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            found.push(name);
        }
    }
    found
}

#[test]
fn imports_point_down() {
    let table: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let mut wrong = Vec::new();
    for (name, text) in rust_files("src") {
        let module = name
            .trim_start_matches("src/")
            .split('/')
            .next()
            .unwrap()
            .trim_end_matches(".rs")
            .to_string();
        if matches!(module.as_str(), "main" | "lib" | "app") {
            continue;
        }
        let Some(allowed) = table.get(module.as_str()) else {
            wrong.push(format!("{name}: module {module} is not in the table"));
            continue;
        };
        for import in imports(&program_text(&text)) {
            if import != module
                && table.contains_key(import.as_str())
                && !allowed.contains(&import.as_str())
            {
                wrong.push(format!("{name}: {module} may not import {import}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn adapters_are_named_only_in_the_composition_root() {
    let mut wrong = Vec::new();
    for (name, text) in rust_files("src") {
        if name.starts_with(COMPOSITION_ROOT) || name.starts_with("src/store/") {
            continue;
        }
        for adapter in ADAPTERS {
            if program_text(&text).contains(adapter) {
                wrong.push(format!("{name} names {adapter}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_and_functions_are_short() {
    let mut wrong = Vec::new();
    let files = ["src", "tests", "benches"].into_iter().flat_map(rust_files);
    for (name, text) in files {
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX {
            wrong.push(format!("{name}: {lines} lines, at most {FILE_LINES_MAX}"));
        }
        for (function, lines) in functions(&text) {
            if lines > FUNCTION_LINES_MAX {
                wrong.push(format!(
                    "{name}: fn {function} has {lines} lines, at most {FUNCTION_LINES_MAX}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each function's name and length: from its `fn` line to the closing brace at the same indentation.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        let words: Vec<&str> = trimmed.split_whitespace().collect();
        let Some(place) = words.iter().position(|word| *word == "fn") else {
            continue;
        };
        let modifiers = [
            "pub",
            "pub(crate)",
            "pub(super)",
            "async",
            "const",
            "unsafe",
            "extern",
            "\"C\"",
        ];
        if !words[..place].iter().all(|word| modifiers.contains(word)) {
            continue;
        }
        let closing = format!("{}}}", " ".repeat(indent));
        let length = lines[start..].iter().position(|line| {
            *line == closing
                || line.trim_end().ends_with(';') && line.len() - line.trim_start().len() == indent
        });
        if let Some(length) = length {
            let function: String = words[place + 1]
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            // A macro's `fn $name` is not a function yet.
            if function.is_empty() {
                continue;
            }
            found.push((function, length + 1));
        }
    }
    found
}

#[test]
fn every_folder_says_what_lives_there() {
    for (name, text) in rust_files("src") {
        let first = text.lines().next().unwrap_or("");
        assert!(
            first.starts_with("//!"),
            "{name} does not begin with what lives there"
        );
    }
}

#[test]
fn nothing_points_outside_the_tree() {
    for folder in ["src", "tests", "benches"] {
        for (name, text) in rust_files(folder) {
            if name.ends_with("tidy.rs") {
                continue;
            }
            for path in ["\"/work/", "\"/root/", "\"/home/", "../shared"] {
                assert!(!text.contains(path), "{name} contains {path}");
            }
        }
    }
}

#[test]
fn the_table_in_lib_rs_is_this_table() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    for (module, _) in MAY_IMPORT {
        assert!(
            lib.contains(&format!("[`{module}`]")),
            "src/lib.rs does not describe {module}"
        );
    }
}

#[test]
fn the_length_of_a_function_is_counted() {
    let text = "fn short() {\n    one();\n}\n\nimpl X {\n    pub async fn inner(&self) -> u8 {\n        1\n    }\n}\n";
    assert_eq!(
        functions(text),
        vec![("short".to_string(), 3), ("inner".to_string(), 3)]
    );
}

/// The name under which the interface describes the type that a `ToSchema` at `derive` is about.
fn schema_name(program: &str, derive: usize) -> Option<String> {
    let rest = &program[derive..];
    let word = |text: &str| -> String {
        let name = text.chars().take_while(|c| c.is_alphanumeric());
        name.collect()
    };
    let item = ["struct ", "enum "].iter().filter_map(|keyword| {
        let start = rest.find(keyword)?;
        Some((start, start + keyword.len()))
    });
    let (start, name) = item.min()?;
    match rest[..start].find("schema(as = ") {
        Some(given) => Some(word(&rest[given + "schema(as = ".len()..])),
        None => Some(word(&rest[name..])).filter(|name| !name.is_empty()),
    }
}

/// Of two types of one name the description would show one for both.
#[test]
fn no_two_types_of_the_interface_share_a_name() {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for (file, text) in rust_files("src") {
        let program = program_text(&text);
        for (derive, _) in program.match_indices("ToSchema") {
            let in_derive = program[..derive].rfind("derive(");
            let closed = program[..derive].rfind(")]");
            if in_derive.is_none() || closed > in_derive {
                continue;
            }
            let Some(name) = schema_name(&program, derive) else {
                continue;
            };
            if let Some(other) = seen.insert(name.clone(), file.clone()) {
                panic!("{name} is described in {other} and again in {file}");
            }
        }
    }
    assert!(seen.len() > 50);
}
