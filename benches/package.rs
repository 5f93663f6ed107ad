//! How fast a package is written and verified, side by side with bagit.py and tar on the same files in one run.
//!
//! `COUNTERFOIL_PACKAGE_CASES` cases of ten pages of about 100 kB (200; 2000 make 2 GB) lie in the page cache. Both sides
//! end with everything on disk (`syncfs`); bagit.py works on hard links, whose making is not counted. Set
//! `COUNTERFOIL_BAGIT` to the path of bagit.py, else only our side is measured. `COUNTERFOIL_BENCH_FOLDER` names another
//! disk. Medians of `COUNTERFOIL_PACKAGE_RUNS` (3), the sides taking turns.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use counterfoil::bag::{BagInfo, BagWriter, Form, Known, Limits, Settings, examine};
use counterfoil::domain::Digest;

const PAGES: usize = 10;
const THREADS: usize = 2;

/// A file of the payload: where it lies, its length, its digest, known since intake.
struct Page {
    path: String,
    length: u64,
    digest: Digest,
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

fn pages(folder: &Path, cases: usize) -> Vec<Page> {
    let pool: Vec<u8> = (0..8_u64 << 20)
        .map(|place| (place.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as u8)
        .collect();
    let mut all = Vec::new();
    for case in 0..cases {
        let masters = format!("cases/YLZX-2026-{case:06}/masters");
        fs::create_dir_all(folder.join(&masters)).unwrap();
        for page in 0..PAGES {
            let seed = case * PAGES + page;
            let length = 60_000 + seed * 7_919 % 80_000;
            let from = seed * 104_729 % (pool.len() - length);
            let mut bytes = format!("{case}-{page}").into_bytes();
            bytes.extend(&pool[from..from + length]);
            let path = format!("{masters}/{page:04}.tif");
            fs::write(folder.join(&path), &bytes).unwrap();
            let (length, digest) = (bytes.len() as u64, Digest::of(&bytes));
            all.push(Page {
                path,
                length,
                digest,
            });
        }
    }
    all
}

fn write(source: &Path, pages: &[Page], target: &Path, form: Form) {
    let mut bag = BagWriter::create(target, form, &[], Limits::default()).unwrap();
    for page in pages {
        let mut file = File::open(source.join(&page.path)).unwrap();
        let known = Known {
            sha256: Some(page.digest),
            ..Known::default()
        };
        let path = format!("data/{}", page.path);
        bag.payload(&path, page.length, &known, &mut file).unwrap();
    }
    bag.finish(&BagInfo::default()).unwrap();
}

fn sync(folder: &Path) {
    rustix::fs::syncfs(File::open(folder).unwrap()).unwrap();
}

fn run(program: &str, arguments: &[&str], folder: &Path) {
    let mut command = Command::new(program);
    let command = command.args(arguments).current_dir(folder);
    let ended = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(ended.unwrap().success(), "{program} {arguments:?}");
}

fn timed(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}

/// Seconds that bagit.py and tar take to write the same, if bagit.py is there.
fn theirs(bagit: &str, folder: &Path) -> f64 {
    run("rm", &["-rf", "linked", "linked.tar"], folder);
    run("cp", &["-al", "source", "linked"], folder);
    sync(folder);
    timed(|| {
        run("python3", &[bagit, "--quiet", "--sha256", "linked"], folder);
        run("tar", &["cf", "linked.tar", "linked"], folder);
        sync(folder);
    })
}

fn ours(folder: &Path, pages: &[Page], name: &str, form: Form) -> f64 {
    let target = folder.join(name);
    run("rm", &["-rf", name], folder);
    sync(folder);
    timed(|| {
        write(&folder.join("source"), pages, &target, form);
        sync(folder);
    })
}

fn line(what: &str, seconds: f64, bytes: u64, base: Option<f64>) {
    let rate = bytes as f64 / seconds / 1e6;
    let ratio = base.map(|base| format!(", {:.1} times as fast", base / seconds));
    println!(
        "package: {what:<44} {seconds:>7.2} s {rate:>7.0} MB/s{}",
        ratio.unwrap_or_default()
    );
}

const FORMS: [(&str, Form); 3] = [
    ("bag", Form::Folder),
    ("bag.tar", Form::Tar),
    ("bag.zip", Form::Zip),
];

fn writing(folder: &Path, pages: &[Page], bytes: u64, runs: usize, bagit: Option<&str>) {
    let mut base = Vec::new();
    let mut times = vec![Vec::new(); FORMS.len()];
    for _ in 0..runs {
        base.extend(bagit.map(|bagit| theirs(bagit, folder)));
        for ((name, form), times) in FORMS.iter().zip(&mut times) {
            times.push(ours(folder, pages, name, *form));
        }
    }
    let base = (!base.is_empty()).then(|| median(&mut base));
    if let Some(base) = base {
        line("bagit.py + tar", base, bytes, None);
    }
    for ((name, _), times) in FORMS.iter().zip(&mut times) {
        line(&format!("write {name}"), median(times), bytes, base);
    }
}

fn validating(folder: &Path, bytes: u64, runs: usize, bagit: Option<&str>) {
    let mut base = Vec::new();
    let mut times = vec![Vec::new(); FORMS.len()];
    for _ in 0..runs {
        base.extend(bagit.map(|bagit| {
            let arguments = [bagit, "--quiet", "--validate", "--processes", "2", "bag"];
            timed(|| run("python3", &arguments, folder))
        }));
        for ((name, _), times) in FORMS.iter().zip(&mut times) {
            let settings = Settings {
                threads: THREADS,
                ..Settings::default()
            };
            times.push(timed(|| {
                assert!(examine(&folder.join(name), &settings).valid)
            }));
        }
    }
    let base = (!base.is_empty()).then(|| median(&mut base));
    if let Some(base) = base {
        line("bagit.py --validate --processes 2", base, bytes, None);
    }
    for ((name, _), times) in FORMS.iter().zip(&mut times) {
        let what = format!("validate {name}, {THREADS} threads");
        line(&what, median(times), bytes, base);
    }
}

fn main() {
    let cases = number("COUNTERFOIL_PACKAGE_CASES", 200);
    let runs = number("COUNTERFOIL_PACKAGE_RUNS", 3).max(1);
    let place = std::env::var_os("COUNTERFOIL_BENCH_FOLDER").map(PathBuf::from);
    let place = place.unwrap_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")));
    let folder = tempfile::tempdir_in(place).unwrap();
    let folder = folder.path();
    let bagit = std::env::var("COUNTERFOIL_BAGIT").ok();
    let pages = pages(&folder.join("source"), cases);
    let bytes: u64 = pages.iter().map(|page| page.length).sum();
    let (files, megabytes) = (pages.len(), bytes / 1_000_000);
    println!("package: {files} files, {megabytes} MB, medians of {runs} runs");
    writing(folder, &pages, bytes, runs, bagit.as_deref());
    validating(folder, bytes, runs, bagit.as_deref());
    println!(
        "package: peak {} MiB, making the pages included",
        peak_mib()
    );
}
