//! The catalog's folder deleted, cut short, overwritten or replaced: opening never panics, and after the facts
//! were given again from the position found, the catalog has the rows of a sound one. The last test is a
//! seeded simulation: random histories with clean restarts and crash images.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use counterfoil::domain::Digest;
use counterfoil::ledger::Projection;
use counterfoil::store::catalog::{Catalog, Lease};
use counterfoil::store::memory_catalog::MemoryCatalog;
use counterfoil::store::sled::{OpenError, Opened, SledCatalog};

use crate::catalog_laws::{Facts, at, derived, held, name, open, received, requeued, sealed};

/// A small generator of numbers (splitmix64), so that a seed gives the same run everywhere.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// A history in which every kind of change happens many times.
fn history(scans: u32) -> Facts {
    let mut facts = Facts::default();
    for scan in 0..scans {
        facts.received(scan);
        match scan % 7 {
            0 | 1 => facts.on(scan, sealed("m")),
            2 => facts.on(scan, held()),
            3 => facts.on(scan / 2, requeued()),
            _ => &mut facts,
        };
    }
    facts
}

async fn expected(facts: &Facts) -> String {
    let memory = MemoryCatalog::new();
    memory.apply(0, &facts.0).await.unwrap();
    derived(&memory).await
}

/// Makes a catalog with the first facts of `facts` in several sessions, as a running program would, and closes it.
async fn made(folder: &Path, facts: &Facts) {
    for part in 1..=3 {
        let catalog = open(folder);
        let upto = facts.0.len() * part / 3;
        for chunk in facts.0[..upto].chunks(16) {
            catalog.apply(chunk[0].index, chunk).await.unwrap();
        }
        let leases = catalog.claim(3, at(0), 10).await.unwrap();
        catalog.release(&leases[0], at(5)).await.unwrap();
        for scan in 0..40 {
            let [key, output] = [name(scan), name(scan + 1)];
            catalog.remember(&key, &key, &output).await.unwrap();
        }
    }
}

/// Opens what is in `folder`, gives it the facts from its position on, and holds it against `expected`.
/// Returns whether the catalog was set aside.
async fn heals(folder: &Path, facts: &Facts, expected: &str, case: &str) -> bool {
    let first = follow(folder, facts, expected, case).await;
    // A catalog that only failed in use is healed by the opening after that.
    let (set_aside, equal) = match first {
        (set_aside, true) => (set_aside, true),
        (_, false) => follow(folder, facts, expected, case).await,
    };
    assert!(equal, "{case}: the catalog was not rebuilt");
    let again = SledCatalog::open(folder).unwrap();
    assert_eq!(again.set_aside, None, "{case}: a healed catalog is sound");
    set_aside
}

async fn follow(folder: &Path, facts: &Facts, expected: &str, case: &str) -> (bool, bool) {
    let Opened { catalog, set_aside } =
        SledCatalog::open(folder).unwrap_or_else(|error| panic!("{case}: {error}"));
    if let Some(aside) = &set_aside {
        assert!(fs::symlink_metadata(aside).is_ok(), "{case}");
        assert_eq!(catalog.position().await.unwrap(), 0, "{case}");
    }
    let position = catalog.position().await.unwrap() as usize;
    assert!(position <= facts.0.len(), "{case}: position {position}");
    if let Err(error) = catalog.apply(position as u64, &facts.0[position..]).await {
        println!("{case}: failed in use: {error}");
        return (set_aside.is_some(), false);
    }
    // Leases and memos may be lost, not wrong, and not an obstacle.
    let claimed = catalog.claim(2, at(1_000_000), 10).await;
    let memo = catalog.memo(&name(1), &name(1)).await;
    let (Ok(claimed), Ok(memo)) = (claimed, memo) else {
        println!("{case}: damage met in use");
        return (set_aside.is_some(), false);
    };
    assert_eq!(claimed.len(), 2, "{case}");
    assert!(memo.is_none_or(|output| output == name(2)), "{case}");
    assert_eq!(derived(&catalog).await, expected, "{case}");
    (set_aside.is_some(), true)
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    found
}

struct Sample {
    facts: Facts,
    expected: String,
    place: tempfile::TempDir,
    copies: usize,
}

impl Sample {
    async fn new(scans: u32) -> Self {
        let facts = history(scans);
        let place = tempfile::tempdir().unwrap();
        made(&place.path().join("sound"), &facts).await;
        Self {
            expected: expected(&facts).await,
            facts,
            place,
            copies: 0,
        }
    }

    /// A fresh copy of the sound catalog, in a folder of its own.
    fn copy(&mut self) -> PathBuf {
        self.copies += 1;
        let folder = self
            .place
            .path()
            .join(self.copies.to_string())
            .join("catalog");
        copy_folder(&self.place.path().join("sound"), &folder);
        folder
    }

    async fn heals(&self, folder: &Path, case: &str) -> bool {
        heals(folder, &self.facts, &self.expected, case).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sound_or_a_missing_catalog_is_not_set_aside() {
    let mut sample = Sample::new(300).await;
    let folder = sample.copy();
    assert!(!sample.heals(&folder, "sound").await);
    fs::remove_dir_all(&folder).unwrap();
    assert!(!sample.heals(&folder, "deleted").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_cut_short_heal() {
    let mut sample = Sample::new(300).await;
    let names = files(&sample.place.path().join("sound"));
    for path in names {
        let length = fs::metadata(&path).unwrap().len();
        for part in [0, 1, 7, 20, 50, 80, 99] {
            let folder = sample.copy();
            let target = folder.join(path.file_name().unwrap());
            let file = fs::OpenOptions::new().write(true).open(&target).unwrap();
            file.set_len(length * part / 100).unwrap();
            let case = format!("{} cut to {part} %", target.display());
            let set_aside = sample.heals(&folder, &case).await;
            println!("{case}: set aside: {set_aside}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_files_heal() {
    let mut sample = Sample::new(300).await;
    for path in files(&sample.place.path().join("sound")) {
        let folder = sample.copy();
        let target = folder.join(path.file_name().unwrap());
        fs::remove_file(&target).unwrap();
        let case = format!("{} removed", target.display());
        let set_aside = sample.heals(&folder, &case).await;
        println!("{case}: set aside: {set_aside}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_bytes_heal() {
    let mut sample = Sample::new(300).await;
    for seed in 0..6 {
        let mut seeded = Seeded(seed);
        let folder = sample.copy();
        for path in files(&folder) {
            let length = fs::metadata(&path).unwrap().len();
            let noise: Vec<u8> = (0..length).map(|_| seeded.next() as u8).collect();
            fs::write(&path, noise).unwrap();
        }
        assert!(
            sample
                .heals(&folder, &format!("all noise, seed {seed}"))
                .await
        );
    }
    for seed in 0..12 {
        let mut seeded = Seeded(seed);
        let folder = sample.copy();
        let path = folder.join("db");
        let mut bytes = fs::read(&path).unwrap();
        let start = seeded.below(bytes.len() as u64) as usize;
        let length = 1 << seeded.below(16);
        for byte in bytes.iter_mut().skip(start).take(length) {
            *byte = seeded.next() as u8;
        }
        fs::write(&path, bytes).unwrap();
        let case = format!("noise of {length} bytes at {start}, seed {seed}");
        let set_aside = sample.heals(&folder, &case).await;
        println!("{case}: set aside: {set_aside}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_heals() {
    let mut sample = Sample::new(300).await;
    let mut aside = 0;
    let mut spots = Vec::new();
    for path in files(&sample.place.path().join("sound")) {
        let bytes = fs::read(&path).unwrap();
        // The data file is mostly padding: flip where something was written.
        let written: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
        for seed in 0..20 {
            let mut seeded = Seeded(seed);
            let at = written[seeded.below(written.len() as u64) as usize];
            spots.push((path.clone(), at, 1u8 << seeded.below(8), seed));
        }
    }
    for (path, at, bit, seed) in spots {
        let folder = sample.copy();
        let target = folder.join(path.file_name().unwrap());
        let mut bytes = fs::read(&target).unwrap();
        bytes[at] ^= bit;
        fs::write(&target, bytes).unwrap();
        let case = format!("{} bit {bit} of byte {at}, seed {seed}", target.display());
        aside += u32::from(sample.heals(&folder, &case).await);
    }
    println!("{aside} of {} set aside", sample.copies);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_things_in_its_place_are_set_aside() {
    let mut sample = Sample::new(20).await;
    let folder = sample.place.path().join("foreign").join("catalog");
    fs::create_dir_all(folder.parent().unwrap()).unwrap();
    fs::write(&folder, "a letter").unwrap();
    assert!(sample.heals(&folder, "a file").await);
    let kept = folder.with_file_name("catalog.set-aside-1");
    assert_eq!(fs::read(kept).unwrap(), b"a letter");
    for (case, part) in [("data", "db"), ("settings", "conf"), ("blobs", "blobs")] {
        let folder = sample.copy();
        let target = folder.join(part);
        if target.is_dir() {
            fs::remove_dir_all(&target).unwrap();
            fs::write(&target, "a letter").unwrap();
        } else {
            fs::remove_file(&target).unwrap();
            fs::create_dir(&target).unwrap();
        }
        assert!(sample.heals(&folder, case).await, "{case}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_format_is_set_aside() {
    let mut sample = Sample::new(20).await;
    for meta in [
        r#"{"format":2,"position":20,"something":"new"}"#,
        r#"{"format":1,"position":20}"#,
        "",
    ] {
        let folder = sample.copy();
        let database = sled::open(&folder).unwrap();
        database
            .open_tree("meta")
            .unwrap()
            .insert("meta", meta)
            .unwrap();
        drop(database);
        assert!(sample.heals(&folder, meta).await, "{meta}");
    }
}

/// Trees that are each sound but not of one moment, as lost pages would leave them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trees_of_different_moments_are_set_aside() {
    let mut sample = Sample::new(100).await;
    for tree in ["rows", "by_status", "meta"] {
        let folder = sample.copy();
        let database = sled::open(&folder).unwrap();
        let damaged = database.open_tree(tree).unwrap();
        let key = damaged.iter().keys().next_back().unwrap().unwrap();
        damaged.remove(key).unwrap();
        drop((damaged, database));
        assert!(sample.heals(&folder, tree).await, "{tree}");
    }
    let folder = sample.copy();
    let database = sled::open(&folder).unwrap();
    let rows = database.open_tree("rows").unwrap();
    let (key, row) = rows.first().unwrap().unwrap();
    let row = String::from_utf8(row.to_vec()).unwrap();
    let older = row.replacen("\"last_index\":", "\"last_index\":1", 1);
    assert_ne!(row, older);
    rows.insert(key, older.as_str()).unwrap();
    drop((rows, database));
    assert!(sample.heals(&folder, "an older row").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_cut_short_is_finished() {
    let mut sample = Sample::new(100).await;
    let folder = sample.copy();
    let database = sled::open(&folder).unwrap();
    let meta = database.open_tree("meta").unwrap();
    let text = meta.get("meta").unwrap().unwrap();
    let text = String::from_utf8(text.to_vec()).unwrap();
    let marked = text.replace("\"resetting\":false", "\"resetting\":true");
    assert_ne!(text, marked);
    meta.insert("meta", marked.as_str()).unwrap();
    let rows = database.open_tree("rows").unwrap();
    rows.remove(rows.first().unwrap().unwrap().0).unwrap();
    drop((meta, rows, database));
    let catalog = open(&folder);
    assert_eq!(catalog.position().await.unwrap(), 0);
    drop(catalog);
    assert!(!sample.heals(&folder, "reset").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_catalog_in_use_is_left_alone() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("catalog");
    let first = open(&folder);
    let second = SledCatalog::open(&folder).err();
    assert!(
        matches!(second, Some(OpenError::InUse { .. })),
        "{second:?}"
    );
    assert_eq!(first.position().await.unwrap(), 0);
    drop(first);
    drop(open(&folder));
}

#[test]
fn only_the_newest_set_aside_are_kept() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("catalog");
    for round in 1..=5 {
        fs::write(&folder, "a letter").unwrap();
        let aside = SledCatalog::open(&folder).unwrap().set_aside.unwrap();
        let name = format!("catalog.set-aside-{round}");
        assert_eq!(aside, place.path().join(name));
        fs::remove_dir_all(&folder).unwrap();
    }
    let kept = files(place.path());
    let names: Vec<_> = kept.iter().map(|path| path.file_name().unwrap()).collect();
    assert_eq!(
        names,
        [
            "catalog.set-aside-3",
            "catalog.set-aside-4",
            "catalog.set-aside-5"
        ]
    );
}

#[test]
fn a_place_that_cannot_be_written_is_an_error() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    fs::write(&file, "a letter").unwrap();
    let outcome = SledCatalog::open(&file.join("catalog")).err();
    assert!(matches!(outcome, Some(OpenError::Io { .. })), "{outcome:?}");
    assert_eq!(fs::read(&file).unwrap(), b"a letter");
}

/// One run of the simulation: the same calls to the catalog on sled and to the one in memory.
struct Simulation {
    seeded: Seeded,
    facts: Facts,
    memory: MemoryCatalog,
    place: tempfile::TempDir,
    generation: u32,
    sled: Option<Arc<SledCatalog>>,
    leases: Vec<Lease>,
    now: i64,
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let place = tempfile::tempdir().unwrap();
        let sled = Arc::new(open(&place.path().join("0")));
        Self {
            seeded: Seeded(seed),
            facts: Facts::default(),
            memory: MemoryCatalog::new(),
            place,
            generation: 0,
            sled: Some(sled),
            leases: Vec::new(),
            now: 0,
        }
    }

    fn sled(&self) -> Arc<SledCatalog> {
        Arc::clone(self.sled.as_ref().unwrap())
    }

    fn folder(&self) -> PathBuf {
        self.place.path().join(self.generation.to_string())
    }

    async fn step(&mut self) {
        self.now += self.seeded.below(40) as i64;
        match self.seeded.below(20) {
            0..=7 => self.apply().await,
            8..=11 => self.claim().await,
            12..=14 => self.give_back().await,
            15..=16 => self.remember().await,
            17 => self.close_and_open().await,
            18 => self.crash().await,
            _ => self.compare().await,
        }
    }

    async fn apply(&mut self) {
        let from = self.facts.0.len();
        for _ in 0..self.seeded.below(12) {
            let scan = self.seeded.below(60) as u32;
            let event = match self.seeded.below(8) {
                0..=3 => received(scan, None),
                4..=5 => sealed(&self.seeded.below(3).to_string()),
                6 => held(),
                _ => requeued(),
            };
            self.facts.on(scan, event);
        }
        let overlap = self.seeded.below(from as u64 + 1).min(5) as usize;
        let from = from - overlap;
        let batch = &self.facts.0[from..];
        self.memory.apply(from as u64, batch).await.unwrap();
        self.sled().apply(from as u64, batch).await.unwrap();
    }

    async fn claim(&mut self) {
        let limit = self.seeded.below(5) as usize;
        let ttl = self.seeded.below(200) as i64;
        let ours = self.sled().claim(limit, at(self.now), ttl).await.unwrap();
        let model = self.memory.claim(limit, at(self.now), ttl).await.unwrap();
        assert_eq!(ours, model);
        self.leases.extend(ours);
    }

    async fn give_back(&mut self) {
        if self.leases.is_empty() {
            return;
        }
        let chosen = self.seeded.below(self.leases.len() as u64) as usize;
        let lease = self.leases[chosen].clone();
        let until = at(self.now + self.seeded.below(100) as i64);
        if self.seeded.below(2) == 0 {
            let ours = self.sled().renew(&lease, until).await;
            let model = self.memory.renew(&lease, until).await;
            assert_eq!(ours.ok(), model.ok());
        } else {
            let ours = self.sled().release(&lease, until).await;
            let model = self.memory.release(&lease, until).await;
            assert_eq!(ours.is_ok(), model.is_ok());
        }
    }

    async fn remember(&mut self) {
        let [key, input, output] = [0; 3].map(|_| name(self.seeded.below(6) as u32));
        self.sled().remember(&key, &input, &output).await.unwrap();
        self.memory.remember(&key, &input, &output).await.unwrap();
        let asked: Digest = name(self.seeded.below(6) as u32);
        let ours = self.sled().memo(&asked, &input).await.unwrap();
        assert_eq!(ours, self.memory.memo(&asked, &input).await.unwrap());
    }

    /// Nothing is lost by closing: leases, attempts and memos included.
    async fn close_and_open(&mut self) {
        drop(self.sled.take());
        self.sled = Some(Arc::new(open(&self.folder())));
        self.compare().await;
    }

    /// The files as they lie at some instant become the catalog; what was only in memory is gone.
    async fn crash(&mut self) {
        let from = self.folder();
        self.generation += 1;
        copy_folder(&from, &self.folder());
        drop(self.sled.take());
        let opened = SledCatalog::open(&self.folder()).unwrap();
        let catalog = Arc::new(opened.catalog);
        let position = catalog.position().await.unwrap();
        let rest = &self.facts.0[position as usize..];
        catalog.apply(position, rest).await.unwrap();
        self.sled = Some(catalog);
        self.compare().await;
        // Leases may be older than the model's: begin again with both.
        self.leases.clear();
        self.sled().reset().await.unwrap();
        self.sled().apply(0, &self.facts.0).await.unwrap();
        let memory = MemoryCatalog::new();
        memory.apply(0, &self.facts.0).await.unwrap();
        self.memory = memory;
        self.align_tokens().await;
    }

    /// Brings the model's tokens up to those of the catalog, which go on through crashes.
    async fn align_tokens(&mut self) {
        let mut facts = Facts::default();
        facts.received(1000);
        let memory = MemoryCatalog::new();
        memory.apply(0, &facts.0).await.unwrap();
        let sled = self.sled();
        let waiting = sled.claim(1, at(self.now), 0).await.unwrap();
        let Some(lease) = waiting.first() else {
            // Nothing waits: a scan never seen before shows the next token.
            let from = self.facts.0.len();
            self.facts.received(100_000 + from as u32);
            self.memory
                .apply(from as u64, &self.facts.0[from..])
                .await
                .unwrap();
            sled.apply(from as u64, &self.facts.0[from..])
                .await
                .unwrap();
            return Box::pin(self.align_tokens()).await;
        };
        loop {
            let model = memory.claim(1, at(0), 0).await.unwrap();
            if model[0].token == lease.token {
                break;
            }
        }
        memory.reset().await.unwrap();
        memory.apply(0, &self.facts.0).await.unwrap();
        self.memory = memory;
        sled.reset().await.unwrap();
        sled.apply(0, &self.facts.0).await.unwrap();
    }

    async fn compare(&mut self) {
        let sled = self.sled();
        assert_eq!(derived(&*sled).await, derived(&self.memory).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_histories_with_crashes_equal_the_model() {
    for seed in 0..24 {
        println!("seed {seed}");
        let mut simulation = Simulation::new(seed);
        for _ in 0..60 {
            simulation.step().await;
        }
        simulation.compare().await;
    }
}
