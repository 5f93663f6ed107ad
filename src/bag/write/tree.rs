//! Files in one folder that is no bag, as a folder, a zip or a tar: with the same paths, bounds and durability as a bag,
//! and nothing of a bag's own beside them.

use std::io::Read;
use std::path::Path;

use super::super::fault::Fault;
use super::super::limits::Limits;
use super::super::path::BagPath;
use super::names::Names;
use super::stage::Stage;
use super::tap::Tap;
use super::{Form, Sink, sink};

/// Writes one folder of files. Until [`TreeWriter::finish`] has returned nothing stands under its name.
pub struct TreeWriter {
    sink: Box<dyn Sink>,
    names: Names,
    limits: Limits,
    files: u64,
    bytes: u64,
    failed: bool,
    // Last: its drop removes the working folder, when everything above is closed.
    stage: Stage,
}

impl TreeWriter {
    /// Begins a folder that will stand at `target`; in an archive it is called `base`.
    pub fn create(target: &Path, form: Form, base: &str, limits: Limits) -> Result<Self, Fault> {
        let stage = Stage::open(target)?;
        let base = BagPath::portable(base)?;
        if base.as_str().contains('/') {
            let path = base.as_str().to_owned();
            return Err(Fault::TargetName { path });
        }
        Ok(Self {
            sink: sink(&stage, form, &base, &[])?,
            names: Names::default(),
            limits,
            files: 0,
            bytes: 0,
            failed: false,
            stage,
        })
    }

    /// Adds a file of exactly `length` bytes. A refused path leaves what was written as it was; after any other fault it
    /// can no longer be finished.
    pub fn file(&mut self, path: &str, length: u64, bytes: &mut dyn Read) -> Result<(), Fault> {
        let path = BagPath::portable(path)?;
        if self.failed {
            let path = path.as_str().to_owned();
            return Err(Fault::WriterFailed { path });
        }
        if self.files >= self.limits.files {
            let (path, limit) = (self.stage.name(), self.limits.files);
            return Err(Fault::TooManyFiles { path, limit });
        }
        let total = self.bytes.saturating_add(length);
        let bounds = [
            (length, self.limits.file_bytes),
            (total, self.limits.total_bytes),
        ];
        for (size, limit) in bounds {
            if size > limit {
                let path = path.as_str().to_owned();
                return Err(Fault::TooLarge { path, limit });
            }
        }
        self.names.add(&path)?;
        (self.files, self.bytes) = (self.files + 1, total);
        let mut tap = Tap::new(&path, length, Vec::new(), bytes);
        self.failed = true;
        self.sink.put(&path, length, &mut tap)?;
        tap.ended()?;
        self.failed = false;
        Ok(())
    }

    /// Makes everything durable and gives it its name. Gives back how many files there are, and their bytes.
    pub fn finish(mut self) -> Result<(u64, u64), Fault> {
        if self.failed {
            let path = self.stage.name();
            return Err(Fault::WriterFailed { path });
        }
        self.sink.finish()?;
        self.stage.publish()?;
        Ok((self.files, self.bytes))
    }
}
