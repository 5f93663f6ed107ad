//! Recognition engines on small pages we rendered ourselves, and a measurement on a corpus when one is named.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use counterfoil::domain::text::OcrLine;
use counterfoil::ocr::score::{Score, score, score_lines};
use counterfoil::ocr::{EngineKind, Language, OcrEngine, open};

const LANGUAGES: [Language; 2] = [Language::Zh, Language::En];

fn model_folder() -> PathBuf {
    if let Some(folder) = std::env::var_os("COUNTERFOIL_OCR_DIR") {
        return folder.into();
    }
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").expect("HOME is set")).join(".cache"),
        PathBuf::from,
    );
    cache.join("counterfoil/ocr")
}

fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after = stat.rsplit(')').next().unwrap();
    let ticks: u64 = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().unwrap())
        .sum();
    ticks as f64 / 100.0
}

/// Set COUNTERFOIL_CORPUS to a folder of images with NAME.gt.txt beside them; several, separated by colons, are
/// measured one after the other. COUNTERFOIL_DETAIL=1 prints the lines with errors, COUNTERFOIL_ENGINES picks engines.
#[test]
fn accuracy_on_a_corpus() {
    let Some(folders) = std::env::var_os("COUNTERFOIL_CORPUS") else {
        return;
    };
    let chosen =
        std::env::var("COUNTERFOIL_ENGINES").unwrap_or_else(|_| "paddle tesseract".to_owned());
    for (name, kind) in [
        ("paddle", EngineKind::Paddle),
        ("tesseract", EngineKind::Tesseract),
    ] {
        if chosen.contains(name) {
            let mut engine = open(kind, &model_folder()).unwrap();
            for folder in std::env::split_paths(&folders) {
                measure(engine.as_mut(), &folder);
            }
        }
    }
}

fn measure(engine: &mut dyn OcrEngine, folder: &Path) {
    let only = std::env::var("COUNTERFOIL_ONLY").unwrap_or_default();
    let mut total = Score::default();
    let mut seconds = 0.0;
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains(&only))
        .collect();
    paths.sort();
    for path in paths {
        let truth = path.with_extension("gt.txt");
        if path == truth || !truth.is_file() || path.extension().is_some_and(|e| e == "txt") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let page = match image::open(&path) {
            Ok(page) => page.to_rgb8(),
            Err(error) => {
                println!("{name}: not decoded: {error}");
                continue;
            }
        };
        let start = cpu_seconds();
        let deadline = Instant::now() + Duration::from_secs(600);
        let read = engine.recognise(&page, None, &LANGUAGES, deadline).unwrap();
        let spent = cpu_seconds() - start;
        seconds += spent;
        let lines: Vec<String> = read.lines.iter().map(OcrLine::text).collect();
        let truth = std::fs::read_to_string(&truth).unwrap();
        let found = score(&truth, &lines);
        total = total.and(found);
        println!(
            "{:10} {name:36} {:5} chars {:4} errors {:6.2} %  {spent:5.1} s  {}x{} {} lines",
            read.engine.name,
            found.chars,
            found.errors,
            found.percent(),
            page.width(),
            page.height(),
            lines.len(),
        );
        if std::env::var_os("COUNTERFOIL_DETAIL").is_some() {
            for line in score_lines(&truth, &lines) {
                if line.errors > 0 {
                    println!("    {} | {} | {}", line.errors, line.truth, line.found);
                }
            }
        }
        if std::env::var_os("COUNTERFOIL_TEXT").is_some() {
            for line in &read.lines {
                println!(
                    "  {:?} {:.1} {} {:.2} {}",
                    line.rect,
                    line.angle,
                    if line.joins_next { "+" } else { " " },
                    line.min_confidence(),
                    line.text()
                );
            }
        }
    }
    println!(
        "{:10} all of {}: {} chars, {} errors, {:.3} %, {seconds:.1} CPU s",
        engine.id().name,
        folder.display(),
        total.chars,
        total.errors,
        total.percent()
    );
}
