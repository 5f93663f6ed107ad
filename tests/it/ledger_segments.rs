//! Segment files on a real disk: torn ends, damage, index files, the lock, and a reader beside the writer.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use counterfoil::ledger::{LedgerStore, StoreError, audit_tree};
use counterfoil::store::{SegmentLedger, SegmentSettings};

use crate::ledger_support::{Chain, add, open, scan};

const ONE_SEGMENT: SegmentSettings = SegmentSettings {
    rotate_bytes: 1 << 30,
};
const SMALL: SegmentSettings = SegmentSettings { rotate_bytes: 2000 };

/// Writes `batches` batches of two facts and gives the chain and the end of the newest file after each.
async fn written(folder: &Path, settings: SegmentSettings, batches: usize) -> (Chain, Vec<u64>) {
    let store = SegmentLedger::open(folder, settings).await.unwrap();
    let mut chain = Chain::default();
    let mut ends = vec![8];
    for n in 0..batches {
        let batch = chain.batch(&[scan("a"), scan(format!("{n}"))]);
        store.append(&batch).await.unwrap();
        let newest = files(folder, "seg").pop().unwrap();
        ends.push(std::fs::metadata(newest).unwrap().len());
    }
    (chain, ends)
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let all = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut found: Vec<PathBuf> = all
        .filter(|p| p.extension().is_some_and(|e| e == extension))
        .collect();
    found.sort();
    found
}

#[tokio::test]
async fn a_torn_end_is_cut_back_to_the_last_whole_batch_wherever_it_tore() {
    let folder = tempfile::tempdir().unwrap();
    let (chain, ends) = written(folder.path(), ONE_SEGMENT, 3).await;
    let file = files(folder.path(), "seg").pop().unwrap();
    let bytes = std::fs::read(&file).unwrap();
    for length in (0..=bytes.len())
        .rev()
        .step_by(7)
        .chain(ends.iter().map(|e| *e as usize))
    {
        std::fs::write(&file, &bytes[..length]).unwrap();
        let store = SegmentLedger::open(folder.path(), ONE_SEGMENT)
            .await
            .unwrap();
        let whole = ends
            .iter()
            .filter(|end| **end <= length as u64)
            .count()
            .saturating_sub(1);
        assert_eq!(store.size() as usize, whole * 2, "torn at {length}");
        let torn = length as u64 > 8 && !ends.contains(&(length as u64));
        assert_eq!(store.cut().is_some(), torn, "torn at {length}");
        if let Some(cut) = store.cut() {
            assert_eq!(
                (cut.offset, cut.bytes),
                (ends[whole], length as u64 - ends[whole])
            );
            assert_eq!(std::fs::metadata(&file).unwrap().len(), ends[whole]);
        }
        assert_eq!(
            store.entries(0, 100).await.unwrap(),
            chain.entries[..whole * 2]
        );
    }
}

#[tokio::test]
async fn damage_before_the_last_batch_is_an_error_that_names_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let (_, ends) = written(folder.path(), ONE_SEGMENT, 3).await;
    let file = files(folder.path(), "seg").pop().unwrap();
    let bytes = std::fs::read(&file).unwrap();
    for at in (0..ends[2] as usize).step_by(3) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        std::fs::write(&file, &damaged).unwrap();
        let Err(StoreError::Damaged { place, .. }) =
            SegmentLedger::open(folder.path(), ONE_SEGMENT).await
        else {
            panic!("damage at {at} was not seen");
        };
        let batch = ends
            .iter()
            .rev()
            .find(|end| **end <= at as u64)
            .copied()
            .unwrap_or(0);
        assert_eq!(place, format!("{} offset {batch}", file.display()));
        assert_eq!(std::fs::read(&file).unwrap(), damaged, "nothing is cut");
        assert!(SegmentLedger::open_read_only(folder.path()).await.is_err());
    }
}

#[tokio::test]
async fn damage_in_a_sealed_segment_is_found_by_reading_and_by_the_audit() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SegmentLedger::open(folder.path(), SMALL).await.unwrap());
    let ledger = open(store.clone()).await;
    for n in 0..30 {
        add(&ledger, &format!("r{n}"), &scan("a")).await.unwrap();
    }
    ledger.close().await;
    drop((ledger, store));
    let sealed = &files(folder.path(), "seg")[1];
    let bytes = std::fs::read(sealed).unwrap();
    let mut missed = Vec::new();
    for at in (8..bytes.len()).step_by(5) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        std::fs::write(sealed, &damaged).unwrap();
        let store = SegmentLedger::open(folder.path(), SMALL).await.unwrap();
        if audit_tree(&store).await.unwrap().is_clean() {
            missed.push(at);
        }
    }
    // Only what a sealed segment does not need any more goes unnoticed: each frame's header and the copy of its subjects'
    // fingerprints, which the index file has too.
    assert!(
        missed.len() * 5 < bytes.len() / 8,
        "{} of {} bytes",
        missed.len() * 5,
        bytes.len()
    );
    // Without the index file every byte counts.
    for index in files(folder.path(), "idx") {
        std::fs::remove_file(index).unwrap();
    }
    for at in missed {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        std::fs::write(sealed, &damaged).unwrap();
        let opened = SegmentLedger::open(folder.path(), SMALL).await;
        let Err(StoreError::Damaged { place, .. }) = opened else {
            panic!("damage at {at} was not seen");
        };
        assert!(place.starts_with(&sealed.display().to_string()));
    }
}

#[tokio::test]
async fn index_files_are_made_again_when_they_are_missing_or_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let (chain, _) = written(folder.path(), SMALL, 20).await;
    let indexes = files(folder.path(), "idx");
    assert!(indexes.len() >= 5);
    let good: Vec<Vec<u8>> = indexes
        .iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect();
    for round in 0..3 {
        for path in &indexes {
            let mut bytes = std::fs::read(path).unwrap();
            match round {
                0 => std::fs::remove_file(path).unwrap(),
                1 => std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap(),
                _ => {
                    let middle = bytes.len() / 2;
                    bytes[middle] ^= 1;
                    std::fs::write(path, &bytes).unwrap();
                }
            }
        }
        let store = SegmentLedger::open(folder.path(), SMALL).await.unwrap();
        let expected = chain
            .entries
            .iter()
            .filter(|r| r.entry.subject == scan("a"));
        assert!(store.history(&scan("a")).await.unwrap().iter().eq(expected));
        let again: Vec<Vec<u8>> = indexes
            .iter()
            .map(|path| std::fs::read(path).unwrap())
            .collect();
        assert!(again == good);
    }
    std::fs::remove_file(&files(folder.path(), "seg")[2]).unwrap();
    let missing = SegmentLedger::open(folder.path(), SMALL).await;
    assert!(
        matches!(missing, Err(StoreError::Damaged { reason, .. }) if reason.contains("missing"))
    );
}

#[tokio::test]
async fn one_writer_at_a_time_and_the_other_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = SegmentLedger::open(folder.path(), SMALL).await.unwrap();
    let Err(StoreError::InUse { holder }) = SegmentLedger::open(folder.path(), SMALL).await else {
        panic!("two writers");
    };
    assert_eq!(holder, format!("process {}", std::process::id()));
    drop(store);
    SegmentLedger::open(folder.path(), SMALL).await.unwrap();
}

#[tokio::test]
async fn a_reader_beside_the_writer_sees_whole_batches_only() {
    let folder = tempfile::tempdir().unwrap();
    let writer = SegmentLedger::open(folder.path(), SMALL).await.unwrap();
    let reader = SegmentLedger::open_read_only(folder.path()).await.unwrap();
    assert_eq!(reader.refresh().await.unwrap(), 0);
    let mut chain = Chain::default();
    for n in 0..25 {
        let batch = chain.batch(&[scan("a"), scan(format!("{n}"))]);
        writer.append(&batch).await.unwrap();
        if n % 3 == 0 {
            let newest = reader.checkpoint().await.unwrap();
            assert_eq!(newest.as_ref(), chain.checkpoints.last());
            assert_eq!(reader.entries(0, 1000).await.unwrap(), chain.entries);
            assert_eq!(reader.history(&scan("a")).await.unwrap().len(), n + 1);
        }
    }
    let refused = reader.append(&chain.clone().batch(&[scan("a")])).await;
    assert!(matches!(refused, Err(StoreError::Io(_))));
    // Half a batch at the end is not there yet.
    let newest = files(folder.path(), "seg").pop().unwrap();
    let mut bytes = std::fs::read(&newest).unwrap();
    let half = bytes[8..bytes.len() / 2].to_vec();
    bytes.extend_from_slice(&half[..half.len().min(200)]);
    std::fs::write(&newest, &bytes).unwrap();
    assert_eq!(reader.refresh().await.unwrap(), 50);
    assert_eq!(
        SegmentLedger::open_read_only(folder.path())
            .await
            .unwrap()
            .size(),
        50
    );
    assert!(
        SegmentLedger::open_read_only(&folder.path().join("absent"))
            .await
            .is_err()
    );
}
