//! The catalog's folder deleted, cut short, overwritten or replaced: opening never panics, and after the facts
//! were given again from the position found, the catalog has the rows of a sound one.

use std::fs;
use std::path::{Path, PathBuf};

use counterfoil::ledger::Projection;
use counterfoil::store::catalog::Catalog;
use counterfoil::store::memory_catalog::MemoryCatalog;
use counterfoil::store::sled::{OpenError, Opened, SledCatalog};

use crate::catalog_facts::{Facts, at, copy_folder, derived, held, name, open, requeued, sealed};
use crate::support::Random;

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
        let mut seeded = Random::new(seed);
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
        let mut seeded = Random::new(seed);
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
    for path in files(&sample.place.path().join("sound")) {
        let sound = fs::read(&path).unwrap();
        // The data file is mostly padding: flip where something was written.
        let written: Vec<usize> = (0..sound.len()).filter(|at| sound[*at] != 0).collect();
        for seed in 0..20 {
            let mut seeded = Random::new(seed);
            let spot = written[seeded.below(written.len() as u64) as usize];
            let mut bytes = sound.clone();
            bytes[spot] ^= 1 << seeded.below(8);
            let folder = sample.copy();
            if seed % 2 == 1 {
                // Without its snapshot sled reads the whole log again.
                let snapshots = files(&folder).into_iter();
                let mut snapshots =
                    snapshots.filter(|path| path.to_string_lossy().contains("snap."));
                fs::remove_file(snapshots.next().unwrap()).unwrap();
            }
            let file_name = path.file_name().unwrap();
            fs::write(folder.join(file_name), bytes).unwrap();
            let case = format!("{} byte {spot}, seed {seed}", file_name.display());
            aside += u32::from(sample.heals(&folder, &case).await);
        }
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
    let older = row.replacen("\"jpeg\"", "\"tiff\"", 1);
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
