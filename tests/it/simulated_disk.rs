//! A disk in memory that loses, tears or reorders what was not synced, and fails when told to.

use std::any::Any;
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use counterfoil::ledger::StoreError;
use counterfoil::store::segment::{Medium, MediumFile, OpenMode};

use crate::support::Random;

const SECTOR: usize = 512;

#[derive(Clone)]
enum Op {
    Create(String),
    Write(String, usize, Vec<u8>),
    SetLength(String, usize),
    Sync(String),
    /// The sync failed: what was written before may be lost although later syncs succeed.
    FailedSync(String),
    SyncFolder,
}

#[derive(Default)]
struct Shared {
    /// What was durable at the start.
    base: BTreeMap<String, Vec<u8>>,
    /// What the running program sees.
    live: BTreeMap<String, Vec<u8>>,
    ops: Vec<Op>,
    /// When set, about one write or sync in this many fails.
    fail_one_in: Option<u64>,
    chance: u64,
}

impl Shared {
    fn fails(&mut self) -> bool {
        let drawn = Random::new(self.chance).next();
        self.chance = drawn;
        self.fail_one_in
            .is_some_and(|one_in| drawn.is_multiple_of(one_in))
    }
}

/// A simulated disk. Every operation is logged, so that the power can be cut after any of them.
#[derive(Clone, Default)]
pub struct SimulatedDisk {
    shared: Arc<Mutex<Shared>>,
    locked: Arc<AtomicBool>,
}

struct Guard(Arc<AtomicBool>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

struct SimulatedFile {
    name: String,
    shared: Arc<Mutex<Shared>>,
}

impl SimulatedDisk {
    /// How many operations were made.
    pub fn ops(&self) -> usize {
        self.shared.lock().unwrap().ops.len()
    }

    pub fn fail_one_in(&self, one_in: Option<u64>, seed: u64) {
        let mut shared = self.shared.lock().unwrap();
        shared.fail_one_in = one_in;
        shared.chance = seed;
    }

    /// The disk after the power went off behind the first `ops` operations. What was not synced is kept, lost or torn
    /// by chance; what was synced is there.
    pub fn after_power_loss(&self, ops: usize, seed: u64) -> Self {
        let shared = self.shared.lock().unwrap();
        let mut seeded = Random::new(seed);
        let mut files = shared.base.clone();
        let mut named: BTreeMap<String, bool> = files.keys().map(|n| (n.clone(), true)).collect();
        let mut pending: Vec<Op> = Vec::new();
        for op in &shared.ops[..ops] {
            match op {
                Op::Create(name) => {
                    files.insert(name.clone(), Vec::new());
                    named.insert(name.clone(), false);
                }
                Op::SyncFolder => named.values_mut().for_each(|durable| *durable = true),
                Op::Write(..) | Op::SetLength(..) => pending.push(op.clone()),
                Op::Sync(synced) => {
                    settle(&mut pending, synced, |op| apply(&mut files, op, None));
                }
                Op::FailedSync(synced) => {
                    settle(&mut pending, synced, |op| {
                        apply(&mut files, op, Some(&mut seeded))
                    });
                }
            }
        }
        for op in &pending {
            apply(&mut files, op, Some(&mut seeded));
        }
        files.retain(|name, _| named[name] || seeded.below(2) == 0);
        let after = Self::default();
        after.shared.lock().unwrap().live = files.clone();
        after.shared.lock().unwrap().base = files;
        after
    }
}

fn settle(pending: &mut Vec<Op>, synced: &str, mut apply: impl FnMut(&Op)) {
    pending.retain(|op| {
        let (Op::Write(name, ..) | Op::SetLength(name, _)) = op else {
            return true;
        };
        if name == synced {
            apply(op);
        }
        name != synced
    });
}

/// Applies an operation wholly, or by chance: not, wholly, or some sectors of it.
fn apply(files: &mut BTreeMap<String, Vec<u8>>, op: &Op, chance: Option<&mut Random>) {
    match (op, chance) {
        (Op::SetLength(name, length), None) => files.get_mut(name).unwrap().resize(*length, 0),
        (Op::SetLength(name, length), Some(seeded)) => {
            let file = files.get_mut(name).unwrap();
            let kept = if seeded.below(2) == 0 {
                file.len()
            } else {
                *length
            };
            file.resize(kept, 0);
        }
        (Op::Write(name, offset, bytes), None) => {
            write(files.get_mut(name).unwrap(), *offset, bytes)
        }
        (Op::Write(name, offset, bytes), Some(seeded)) => {
            let file = files.get_mut(name).unwrap();
            match seeded.below(4) {
                0 => {}
                1 => write(file, *offset, bytes),
                2 => write(
                    file,
                    *offset,
                    &bytes[..seeded.below(bytes.len() as u64) as usize],
                ),
                _ => {
                    // The length is there, and some sectors; the others are as before, or zero.
                    let end = offset + bytes.len();
                    file.resize(file.len().max(end), 0);
                    let mut from = *offset;
                    while from < end {
                        let to = ((from / SECTOR + 1) * SECTOR).min(end);
                        if seeded.below(2) == 0 {
                            file[from..to].copy_from_slice(&bytes[from - offset..to - offset]);
                        }
                        from = to;
                    }
                }
            }
        }
        _ => {}
    }
}

fn write(file: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    file.resize(file.len().max(end), 0);
    file[offset..end].copy_from_slice(bytes);
}

fn broken() -> io::Error {
    io::Error::other("simulated failure")
}

impl Medium for SimulatedDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.shared.lock().unwrap().live.keys().cloned().collect())
    }

    fn open(&self, name: &str, mode: OpenMode) -> io::Result<Arc<dyn MediumFile>> {
        let mut shared = self.shared.lock().unwrap();
        if !shared.live.contains_key(name) {
            if mode != OpenMode::Create {
                return Err(io::ErrorKind::NotFound.into());
            }
            shared.live.insert(name.to_owned(), Vec::new());
            shared.ops.push(Op::Create(name.to_owned()));
        }
        drop(shared);
        Ok(Arc::new(SimulatedFile {
            name: name.to_owned(),
            shared: self.shared.clone(),
        }))
    }

    fn sync_folder(&self) -> io::Result<()> {
        let mut shared = self.shared.lock().unwrap();
        if shared.fails() {
            return Err(broken());
        }
        shared.ops.push(Op::SyncFolder);
        Ok(())
    }

    fn lock(&self) -> Result<Box<dyn Any + Send + Sync>, StoreError> {
        if self.locked.swap(true, Ordering::SeqCst) {
            return Err(StoreError::InUse {
                holder: "the simulation".to_owned(),
            });
        }
        Ok(Box::new(Guard(self.locked.clone())))
    }

    fn describe(&self, name: &str) -> String {
        name.to_owned()
    }
}

impl MediumFile for SimulatedFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.shared.lock().unwrap().live[&self.name].len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let shared = self.shared.lock().unwrap();
        let offset = offset as usize;
        let bytes = shared.live[&self.name].get(offset..offset + buffer.len());
        buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut shared = self.shared.lock().unwrap();
        let fails = shared.fails();
        // A failed write leaves its first half behind.
        let bytes = if fails {
            &bytes[..bytes.len() / 2]
        } else {
            bytes
        };
        let offset = offset as usize;
        write(shared.live.get_mut(&self.name).unwrap(), offset, bytes);
        shared
            .ops
            .push(Op::Write(self.name.clone(), offset, bytes.to_vec()));
        if fails { Err(broken()) } else { Ok(()) }
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        let mut shared = self.shared.lock().unwrap();
        shared
            .live
            .get_mut(&self.name)
            .unwrap()
            .resize(length as usize, 0);
        shared
            .ops
            .push(Op::SetLength(self.name.clone(), length as usize));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut shared = self.shared.lock().unwrap();
        let fails = shared.fails();
        let name = self.name.clone();
        shared.ops.push(if fails {
            Op::FailedSync(name)
        } else {
            Op::Sync(name)
        });
        if fails { Err(broken()) } else { Ok(()) }
    }
}
