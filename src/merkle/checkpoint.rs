//! Checkpoints (C2SP tlog-checkpoint): the origin, the size and the root of a log, as the text of a signed note.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Hash;
use super::note::{LogSigner, Note, NoteError, VerifierKey};
use super::tree::SIZE_MAX;

/// What a log says of itself at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log, unique in the world: a URL without scheme, as `hall.example/ledger`.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
}

/// A text that is not a checkpoint, or not a properly signed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The text is not a checkpoint.
    #[error("not a checkpoint: {0}")]
    Malformed(&'static str),
    /// The note around it is not well formed or its signatures do not hold.
    #[error(transparent)]
    Note(#[from] NoteError),
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        let root = STANDARD.encode(self.root.0);
        format!("{}\n{}\n{root}\n", self.origin, self.size)
    }

    /// Signs the checkpoint with every signer and gives the whole note.
    pub fn sign(&self, signers: &[&LogSigner]) -> Result<String, NoteError> {
        Note::sign(&self.text(), signers)
    }

    /// Reads the text of a checkpoint. Extension lines after the root are allowed and ignored.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let body = text
            .strip_suffix('\n')
            .ok_or(CheckpointError::Malformed("no line break at the end"))?;
        let mut lines = body.split('\n');
        let origin = lines.next().filter(|line| !line.is_empty());
        let origin = origin.ok_or(CheckpointError::Malformed("no origin line"))?;
        let size = lines.next().and_then(parse_size);
        let size = size.ok_or(CheckpointError::Malformed("no size line"))?;
        let root = lines.next().and_then(parse_root);
        let root = root.ok_or(CheckpointError::Malformed("no root line"))?;
        if lines.any(str::is_empty) {
            return Err(CheckpointError::Malformed("an extension line is empty"));
        }
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
        })
    }

    /// Reads a signed checkpoint and gives it with those of `keys` that signed it, at least one.
    pub fn verify<'k>(
        note: &str,
        keys: &'k [VerifierKey],
    ) -> Result<(Self, Vec<&'k VerifierKey>), CheckpointError> {
        let note = Note::parse(note)?;
        let signed = note.verify(keys)?;
        Ok((Self::parse(note.text())?, signed))
    }

    /// Reads a signed checkpoint without judging its signatures.
    pub fn parse_unverified(note: &str) -> Result<Self, CheckpointError> {
        Self::parse(Note::parse(note)?.text())
    }
}

fn parse_size(line: &str) -> Option<u64> {
    let leading_zero = line.len() > 1 && line.starts_with('0');
    if leading_zero || !line.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    line.parse().ok().filter(|size| *size <= SIZE_MAX)
}

fn parse_root(line: &str) -> Option<Hash> {
    STANDARD.decode(line).ok()?.try_into().ok().map(Hash)
}
