//! Documents: every format opens, every limit holds, hostile bytes end in a verdict.

use std::path::Path;
use std::time::Instant;

use bytes::Bytes;
use counterfoil::imaging::{Limits, sniff};
use counterfoil::worker::document::Document;

/// Opens a file and reads every page; says what came of it in one line.
fn verdict(bytes: Bytes, limits: &Limits) -> String {
    let head = &bytes[..bytes.len().min(1024)];
    let format = match sniff(head) {
        Ok(format) => format,
        Err(foreign) => return format!("refused: {foreign}"),
    };
    let document = match Document::open(bytes, format, limits) {
        Ok(document) => document,
        Err(finding) => return format!("held: {}", finding.code),
    };
    let mut words = vec![format!("pages={}", document.pages())];
    words.extend(document.findings().iter().map(|f| f.code.to_string()));
    let mut failed = std::collections::BTreeMap::new();
    let (mut originals, mut size) = (0, (0, 0, None));
    for page in 1..=document.pages() {
        match document.page(page) {
            Ok(image) => size = (image.pixels.width(), image.pixels.height(), image.dpi),
            Err(finding) => *failed.entry(finding.code.to_string()).or_insert(0) += 1,
        }
        originals += u32::from(document.original(page).is_some());
    }
    words.extend(failed.iter().map(|(code, count)| format!("{count}x{code}")));
    format!("{} {size:?} originals={originals}", words.join(" "))
}

fn files(folder: &Path, into: &mut Vec<std::path::PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            files(&path, into);
        } else {
            into.push(path);
        }
    }
}

fn peak_memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().split(' ').next()?.parse::<u64>().ok())
        .map_or(0, |kib| kib / 1024)
}

/// Set `COUNTERFOIL_CORPUS` to a folder of files to see what each of them gives.
#[test]
fn a_corpus_gives_a_verdict_for_every_file() {
    let Some(folder) = std::env::var_os("COUNTERFOIL_CORPUS") else {
        println!("skipped: COUNTERFOIL_CORPUS is not set");
        return;
    };
    let mut paths = Vec::new();
    files(Path::new(&folder), &mut paths);
    for path in paths {
        if path.to_string_lossy().ends_with(".txt") && path.to_string_lossy().contains(".gt.") {
            continue;
        }
        let _ = std::fs::write("/proc/self/clear_refs", "5"); // resets the high-water mark
        let bytes = Bytes::from(std::fs::read(&path).unwrap());
        let started = Instant::now();
        let verdict = verdict(bytes, &Limits::default());
        println!(
            "{}\t{verdict}\t{} ms\t{} MiB",
            path.file_name().unwrap().to_string_lossy(),
            started.elapsed().as_millis(),
            peak_memory_mib()
        );
    }
}
