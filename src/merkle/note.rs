//! Signed notes (C2SP signed-note) with Ed25519 signatures. A note is a text of lines, an empty line and one
//! signature line or more; signatures by unknown keys are kept and ignored.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// The largest note accepted, in bytes.
pub const NOTE_BYTES_MAX: usize = 64 * 1024;

/// The most signature lines accepted in one note.
pub const SIGNATURES_MAX: usize = 16;

/// The algorithm byte of a plain Ed25519 note key.
const ED25519: u8 = 0x01;

/// A note or a key that is not well formed, or a signature that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The key name is empty or has a space, a plus sign or a control character.
    #[error("the key name must be 1-200 bytes without spaces, plus signs and control characters")]
    Name,
    /// The text is not a verifier key.
    #[error("not a verifier key: expected name+hash+base64 of an Ed25519 key")]
    Key,
    /// The text is not a signed note.
    #[error("not a signed note: {0}")]
    Malformed(&'static str),
    /// No signature by a known key, or one by a known key that does not hold.
    #[error("the note has no valid signature by a known key")]
    Unverified,
}

/// The public half of a note key; its text form is `name+hash8hex+base64(0x01 || public key)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

impl VerifierKey {
    fn new(name: &str, key: VerifyingKey) -> Result<Self, NoteError> {
        if !well_named(name) {
            return Err(NoteError::Name);
        }
        let id = key_id(name, ED25519, key.as_bytes());
        let name = name.to_owned();
        Ok(Self { name, id, key })
    }

    /// The key's name, which for a log is its origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of SHA-256 over the name, 0x0A, 0x01 and the public key.
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// Checks a bare Ed25519 signature of 64 bytes over `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), NoteError> {
        let signature = Signature::from_slice(signature).map_err(|_| NoteError::Unverified)?;
        self.key
            .verify_strict(message, &signature)
            .map_err(|_| NoteError::Unverified)
    }
}

/// Whether a key may be called so.
pub(super) fn well_named(name: &str) -> bool {
    let dull = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
    !name.is_empty() && name.len() <= 200 && name.chars().all(dull)
}

/// The first four bytes of SHA-256 over name, line feed, algorithm and public key.
pub(super) fn key_id(name: &str, algorithm: u8, public: &[u8; 32]) -> [u8; 4] {
    let mut hasher = Sha256::new();
    hasher.update(name.as_bytes());
    hasher.update([b'\n', algorithm]);
    hasher.update(public);
    let digest: [u8; 32] = hasher.finalize().into();
    [digest[0], digest[1], digest[2], digest[3]]
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend_from_slice(self.key.as_bytes());
        let id = hex::encode(self.id);
        write!(f, "{}+{id}+{}", self.name, STANDARD.encode(bytes))
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key);
        };
        let bytes = STANDARD.decode(key).map_err(|_| NoteError::Key)?;
        let Some((&ED25519, public)) = bytes.split_first() else {
            return Err(NoteError::Key);
        };
        let public: &[u8; 32] = public.try_into().map_err(|_| NoteError::Key)?;
        let key = VerifyingKey::from_bytes(public).map_err(|_| NoteError::Key)?;
        let verifier = Self::new(name, key)?;
        if hex::encode(verifier.id) != id {
            return Err(NoteError::Key);
        }
        Ok(verifier)
    }
}

/// The private half of a note key. It is wiped from memory when dropped and never shown.
#[derive(Clone)]
pub struct LogSigner {
    verifier: VerifierKey,
    key: SigningKey,
}

impl fmt::Debug for LogSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogSigner({})", self.verifier)
    }
}

impl LogSigner {
    /// A signer called `name` (for a log: its origin) with this Ed25519 secret.
    pub fn new(name: &str, secret: &[u8; 32]) -> Result<Self, NoteError> {
        let key = SigningKey::from_bytes(secret);
        let verifier = VerifierKey::new(name, key.verifying_key())?;
        Ok(Self { verifier, key })
    }

    /// The public half.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The bare Ed25519 signature over `message`.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }

    fn signature_line(&self, text: &str) -> String {
        let mut bytes = self.verifier.id.to_vec();
        bytes.extend_from_slice(&self.sign(text.as_bytes()));
        format!("— {} {}\n", self.verifier.name, STANDARD.encode(bytes))
    }
}

/// A text and its signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct NoteSignature {
    name: String,
    id: [u8; 4],
    bytes: Vec<u8>,
}

impl Note {
    /// Signs `text`, which must end with a line break, with every signer in turn and gives the whole note.
    pub fn sign(text: &str, signers: &[&LogSigner]) -> Result<String, NoteError> {
        check_text(text)?;
        let lines: Vec<String> = signers.iter().map(|s| s.signature_line(text)).collect();
        Ok(format!("{text}\n{}", lines.concat()))
    }

    /// Reads a note without judging its signatures.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Malformed("it is larger than allowed"));
        }
        let split = note
            .rfind("\n\n")
            .ok_or(NoteError::Malformed("no empty line before the signatures"))?;
        let (text, after) = note.split_at(split + 1);
        check_text(text)?;
        let lines = after[1..]
            .strip_suffix('\n')
            .ok_or(NoteError::Malformed("no line break at the end"))?;
        let signatures: Vec<NoteSignature> = lines
            .split('\n')
            .take(SIGNATURES_MAX + 1)
            .map(parse_signature)
            .collect::<Result<_, _>>()?;
        if signatures.len() > SIGNATURES_MAX {
            return Err(NoteError::Malformed("too many signatures"));
        }
        let text = text.to_owned();
        Ok(Self { text, signatures })
    }

    /// The signed text, with its last line break.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names and key ids of all signatures, known or not, in the note's order.
    pub fn signers(&self) -> impl Iterator<Item = (&str, [u8; 4])> {
        self.signatures.iter().map(|s| (s.name.as_str(), s.id))
    }

    /// Every signature, known or not: the signer's name, the key id and the bytes behind it.
    pub fn signatures(&self) -> impl Iterator<Item = (&str, [u8; 4], &[u8])> {
        let all = self.signatures.iter();
        all.map(|one| (one.name.as_str(), one.id, one.bytes.as_slice()))
    }

    /// Checks the signatures by `keys` and gives the keys that signed, at least one. A signature by another key is
    /// ignored; one that claims a known key and does not hold makes the whole note unverified, as signed-note asks.
    pub fn verify<'k>(&self, keys: &'k [VerifierKey]) -> Result<Vec<&'k VerifierKey>, NoteError> {
        let mut signed = Vec::new();
        for signature in &self.signatures {
            let known = |key: &&VerifierKey| key.name == signature.name && key.id == signature.id;
            let Some(key) = keys.iter().find(known) else {
                continue;
            };
            key.verify(self.text.as_bytes(), &signature.bytes)?;
            if !signed.contains(&key) {
                signed.push(key);
            }
        }
        if signed.is_empty() {
            return Err(NoteError::Unverified);
        }
        Ok(signed)
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if !text.ends_with('\n') {
        return Err(NoteError::Malformed(
            "the text does not end with a line break",
        ));
    }
    if text.chars().any(|c| c.is_ascii_control() && c != '\n') {
        return Err(NoteError::Malformed("the text has control characters"));
    }
    Ok(())
}

fn parse_signature(line: &str) -> Result<NoteSignature, NoteError> {
    let malformed = NoteError::Malformed("a signature line is not '— name base64'");
    let rest = line.strip_prefix("— ").ok_or(malformed)?;
    let (name, encoded) = rest.split_once(' ').ok_or(malformed)?;
    let bytes = STANDARD.decode(encoded).map_err(|_| malformed)?;
    let (id, bytes) = bytes.split_first_chunk::<4>().ok_or(malformed)?;
    if name.is_empty() || name.contains('+') || bytes.is_empty() {
        return Err(malformed);
    }
    Ok(NoteSignature {
        name: name.to_owned(),
        id: *id,
        bytes: bytes.to_vec(),
    })
}
