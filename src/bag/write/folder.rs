//! A bag as a folder. All its files are made durable together before it gets its name: one sync of the file system
//! instead of one a file.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::super::fault::Fault;
use super::super::path::BagPath;
use super::stage::Stage;
use super::tap::Tap;
use super::{MTIME, Sink};

/// Bytes read and written at a time.
const BUFFER: usize = 512 << 10;

/// Writes files below the working folder.
pub(super) struct FolderSink {
    root: PathBuf,
    handle: File,
    name: String,
    made: String,
    buffer: Vec<u8>,
}

impl FolderSink {
    /// Makes the folder and `folders` in it.
    pub(super) fn create(stage: &Stage, folders: &[&str]) -> Result<Self, Fault> {
        let root = stage.bag();
        let mut made = fs::create_dir(&root);
        for folder in folders {
            made = made.and_then(|()| fs::create_dir(root.join(folder)));
        }
        // Opened before the first byte is written: an error of any later write-back is told to this handle.
        let handle = made.and_then(|()| File::open(&root));
        Ok(Self {
            handle: handle.map_err(|error| Fault::io(stage.name(), &error))?,
            root,
            name: stage.name(),
            made: String::new(),
            buffer: vec![0; BUFFER],
        })
    }
}

impl Sink for FolderSink {
    fn put(&mut self, path: &BagPath, _length: u64, bytes: &mut Tap<'_>) -> Result<(), Fault> {
        let io = |error: std::io::Error| Fault::io(path.as_str(), &error);
        if let Some((folder, _)) = path.as_str().rsplit_once('/')
            && folder != self.made
        {
            fs::create_dir_all(self.root.join(folder)).map_err(io)?;
            self.made = folder.to_owned();
        }
        let options = &mut File::options();
        let options = options.write(true).create_new(true).mode(0o644);
        let mut file = options.open(self.root.join(path.as_str())).map_err(io)?;
        loop {
            let filled = bytes.fill(&mut self.buffer)?;
            if filled == 0 {
                break;
            }
            let piece = self.buffer.get(..filled).unwrap_or_default();
            file.write_all(piece).map_err(io)?;
        }
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(MTIME);
        file.set_modified(time).map_err(io)
    }

    fn finish(&mut self) -> Result<(), Fault> {
        let synced = rustix::fs::syncfs(&self.handle);
        synced.map_err(|error| Fault::io(&self.name, &error.into()))
    }
}
