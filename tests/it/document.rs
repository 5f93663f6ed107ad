//! Documents: every format opens, every limit holds, hostile bytes end in a verdict.

use std::path::Path;
use std::time::Instant;

use bytes::Bytes;
use counterfoil::imaging::{Copies, Limits, QualityLimits, judge, measure, sniff};
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
            Ok(image) => {
                save(&image.pixels, page);
                size = (image.pixels.width(), image.pixels.height(), image.dpi);
                let quality = measure(&Copies::new(&image.pixels), image.dpi);
                println!("\t{page}\t{quality:?}");
                for finding in judge(&quality, &QualityLimits::default(), page) {
                    println!("\t\t{finding:?}");
                }
            }
            Err(finding) => *failed.entry(finding.code.to_string()).or_insert(0) += 1,
        }
        originals += u32::from(document.original(page).is_some());
    }
    words.extend(failed.iter().map(|(code, count)| format!("{count}x{code}")));
    format!("{} {size:?} originals={originals}", words.join(" "))
}

/// Set `COUNTERFOIL_CORPUS_OUT` to a folder to look at the first two pages of each file.
fn save(pixels: &image::RgbImage, page: u32) {
    let name = std::thread::current().name().unwrap_or("page").to_string();
    if let Some(folder) = std::env::var_os("COUNTERFOIL_CORPUS_OUT")
        && page <= 2
    {
        let name = name.replace('/', "_");
        let _ = pixels.save(Path::new(&folder).join(format!("{name}-{page}.png")));
    }
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
        let name = path.file_name().unwrap().to_string_lossy().to_string();
        let verdict = std::thread::Builder::new()
            .name(name)
            .spawn(move || verdict(bytes, &Limits::default()))
            .unwrap()
            .join()
            .unwrap_or_else(|_| "PANIC".to_string());
        println!(
            "{}\t{verdict}\t{} ms\t{} MiB",
            path.file_name().unwrap().to_string_lossy(),
            started.elapsed().as_millis(),
            peak_memory_mib()
        );
    }
}

/// A small generator of reproducible numbers (xorshift), so that a failure can be run again.
struct Chance(u64);

impl Chance {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }
}

fn mutated(bytes: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..1 + chance.next(8) {
        let at = chance.next(out.len());
        match chance.next(5) {
            0 => out.truncate(at.max(8)),
            1 => out[at] ^= 1 << chance.next(8),
            2 => out[at] = [0, 0x7F, 0xFF][chance.next(3)],
            3 => {
                let end = (at + chance.next(64)).min(out.len());
                let piece = out[at..end].to_vec();
                let to = chance.next(out.len());
                out.splice(to..to, piece);
            }
            _ => {
                let end = (at + chance.next(16)).min(out.len());
                out.drain(at..end);
                out.resize(out.len().max(8), 0);
            }
        }
    }
    out
}

#[test]
fn mutated_files_end_in_a_verdict() {
    let picture = image::DynamicImage::from(crate::imaging::picture());
    let mut files = vec![
        crate::pdf::text_pdf(),
        crate::pdf::scanned_pdf(),
        crate::imaging::with_exif(
            &crate::imaging::encoded(&picture, image::ImageFormat::Jpeg),
            6,
        ),
    ];
    for format in [
        image::ImageFormat::Png,
        image::ImageFormat::Bmp,
        image::ImageFormat::WebP,
        image::ImageFormat::Gif,
    ] {
        files.push(crate::imaging::encoded(&picture, format));
    }
    for name in [
        "progressive.jpg",
        "cmyk-adobe.jpg",
        "group3.tif",
        "group3-2d.tif",
    ] {
        files.push(crate::imaging::fixture(name));
    }
    for name in [
        "group4-minisblack.tif",
        "lzw-predictor.tif",
        "palette.tif",
        "ycbcr-jpeg.tif",
    ] {
        files.push(crate::imaging::fixture(name));
    }
    let seed = std::env::var("COUNTERFOIL_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(20_261_122);
    println!("seed {seed}");
    let mut chance = Chance(seed);
    let limits = Limits {
        pixels_max: 4_000_000,
        ..Limits::default()
    };
    let mut readable = 0;
    for round in 0..600 {
        let bytes = mutated(&files[round % files.len()], &mut chance);
        let line = verdict(Bytes::from(bytes), &limits);
        readable += u32::from(line.starts_with("pages="));
    }
    // Most mutations hit pixels, not structure; if almost none could be read, the verdicts would be empty.
    assert!((50..600).contains(&readable), "{readable} of 600 readable");
}
