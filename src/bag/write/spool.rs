//! Tag files that grow while the payload passes, manifests among them: they go to a file of the working folder and are
//! hashed on the way, so that the tag manifests need not read them again.

use std::fs::File;
use std::io::{BufReader, BufWriter, Seek, Write};

use super::super::fault::Fault;
use super::super::hash::{Algorithm, Checksum, Hasher, manifest_line};
use super::super::path::BagPath;
use super::stage::Stage;

/// A tag file that grows while other files are added; [`super::BagWriter::end_tag`] puts it into the bag.
pub struct TagSpool(pub(super) Spool);

impl TagSpool {
    /// Appends `bytes`.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.0.push(bytes)
    }

    /// Bytes so far.
    pub fn length(&self) -> u64 {
        self.0.length
    }
}

/// A tag file in the making.
pub(super) struct Spool {
    name: String,
    file: BufWriter<File>,
    length: u64,
    hashers: Vec<(Algorithm, Hasher)>,
}

/// A tag file that is complete: its path, length, checksums and bytes.
pub(super) struct Ended {
    pub(super) path: BagPath,
    pub(super) length: u64,
    pub(super) sums: Vec<(Algorithm, Checksum)>,
    pub(super) bytes: BufReader<File>,
}

impl Spool {
    /// Begins the tag file `name`, whose own checksums by `algorithms` will be asked for; until it ends it is called
    /// `place` in the working folder.
    pub(super) fn create(
        stage: &Stage,
        place: &str,
        name: &str,
        algorithms: &[Algorithm],
    ) -> Result<Self, Fault> {
        let options = &mut File::options();
        let options = options.read(true).write(true).create_new(true);
        let file = options.open(stage.place(place));
        Ok(Self {
            name: name.to_owned(),
            file: BufWriter::with_capacity(
                64 << 10,
                file.map_err(|error| Fault::io(name, &error))?,
            ),
            length: 0,
            hashers: algorithms
                .iter()
                .map(|one| (*one, Hasher::new(*one)))
                .collect(),
        })
    }

    /// Adds a line.
    pub(super) fn line(&mut self, path: &BagPath, checksum: &Checksum) -> Result<(), Fault> {
        self.push(manifest_line(checksum, path).as_bytes())
    }

    /// Adds bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        for (_, hasher) in &mut self.hashers {
            hasher.update(bytes);
        }
        self.length += bytes.len() as u64;
        let written = self.file.write_all(bytes);
        written.map_err(|error| Fault::io(&self.name, &error))
    }

    /// Ends the file, ready to be read from its beginning.
    pub(super) fn ended(self) -> Result<Ended, Fault> {
        let name = self.name;
        let io = |error: std::io::Error| Fault::io(&name, &error);
        let mut file = self
            .file
            .into_inner()
            .map_err(|error| io(error.into_error()))?;
        file.rewind().map_err(io)?;
        Ok(Ended {
            path: BagPath::portable(&name)?,
            length: self.length,
            sums: self
                .hashers
                .into_iter()
                .map(|(one, hasher)| (one, hasher.finish()))
                .collect(),
            bytes: BufReader::new(file),
        })
    }
}
