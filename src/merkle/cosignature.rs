//! Cosignatures (C2SP tlog-cosignature, `cosignature/v1` with Ed25519): a witness says that it saw a checkpoint at a time
//! and that it follows from every one it had seen before. They stand in the checkpoint's note beside the log's own
//! signature, and who does not know the witness passes over them.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use super::note::{Note, NoteError, key_id, well_named};

/// The algorithm byte of an Ed25519 cosignature.
const ALGORITHM: u8 = 0x04;

/// What the text of a private key begins with.
const PRIVATE: &str = "PRIVATE+KEY+";

/// Times from here on do not fit a signed number, and none is 0.
const TIME_END: u64 = 1 << 63;

/// The public half of a witness's key; its text form is `name+hash8hex+base64(0x04 || public key)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessKey {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

/// A cosignature, apart from whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cosignature {
    /// When the witness signed, in seconds since 1970.
    pub time: u64,
    /// Ed25519 over the time and the checkpoint's text.
    pub signature: [u8; 64],
}

impl Cosignature {
    /// What is signed (tlog-cosignature, Format).
    fn message(&self, text: &str) -> Vec<u8> {
        format!("cosignature/v1\ntime {}\n{text}", self.time).into_bytes()
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let (time, signature) = bytes.split_first_chunk::<8>()?;
        let time = u64::from_be_bytes(*time);
        let signature = signature.try_into().ok()?;
        let cosignature = Self { time, signature };
        (1..TIME_END).contains(&time).then_some(cosignature)
    }
}

impl WitnessKey {
    fn new(name: &str, key: VerifyingKey) -> Result<Self, NoteError> {
        if !well_named(name) {
            return Err(NoteError::Name);
        }
        let id = key_id(name, ALGORITHM, key.as_bytes());
        let name = name.to_owned();
        Ok(Self { name, id, key })
    }

    /// The witness's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Checks a cosignature of a checkpoint's text.
    pub fn verify(&self, text: &str, cosignature: &Cosignature) -> Result<(), NoteError> {
        let signature = Signature::from_bytes(&cosignature.signature);
        let held = self
            .key
            .verify_strict(&cosignature.message(text), &signature);
        held.map_err(|_| NoteError::Unverified)
    }

    /// The newest cosignature of this witness on a note; none where it has none. One that claims this key and does not
    /// hold is an error.
    pub fn cosignature(&self, note: &Note) -> Result<Option<Cosignature>, NoteError> {
        let mut newest: Option<Cosignature> = None;
        for (name, id, bytes) in note.signatures() {
            if name != self.name || id != self.id {
                continue;
            }
            let cosignature = Cosignature::of_bytes(bytes).ok_or(NoteError::Unverified)?;
            self.verify(note.text(), &cosignature)?;
            let newer = newest.is_none_or(|known| known.time < cosignature.time);
            newest = if newer { Some(cosignature) } else { newest };
        }
        Ok(newest)
    }

    /// The line that stands in a note for a cosignature, with its line break.
    pub fn line(&self, cosignature: &Cosignature) -> String {
        let mut bytes = self.id.to_vec();
        bytes.extend(cosignature.time.to_be_bytes());
        bytes.extend(cosignature.signature);
        format!("— {} {}\n", self.name, STANDARD.encode(bytes))
    }
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", text(&self.name, self.id, self.key.as_bytes()))
    }
}

fn text(name: &str, id: [u8; 4], key: &[u8; 32]) -> String {
    let mut bytes = vec![ALGORITHM];
    bytes.extend_from_slice(key);
    let id = hex::encode(id);
    format!("{name}+{id}+{}", STANDARD.encode(bytes))
}

/// Name, id and the 32 bytes of a key's text.
fn parts(text: &str) -> Option<(&str, &str, [u8; 32])> {
    let mut parts = text.splitn(3, '+');
    let (name, id, key) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = STANDARD.decode(key).ok()?;
    let (algorithm, key) = bytes.split_first()?;
    let key = key.try_into().ok().filter(|_| *algorithm == ALGORITHM)?;
    Some((name, id, key))
}

impl FromStr for WitnessKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let (name, id, key) = parts(text).ok_or(NoteError::Key)?;
        let key = VerifyingKey::from_bytes(&key).map_err(|_| NoteError::Key)?;
        let witness = Self::new(name, key)?;
        match hex::encode(witness.id) == id {
            true => Ok(witness),
            false => Err(NoteError::Key),
        }
    }
}

/// The private half of a witness's key. It is wiped from memory when dropped and never shown.
#[derive(Clone)]
pub struct WitnessSigner {
    witness: WitnessKey,
    key: SigningKey,
}

impl fmt::Debug for WitnessSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WitnessSigner({})", self.witness)
    }
}

impl WitnessSigner {
    /// A witness called `name` with this Ed25519 secret.
    pub fn new(name: &str, secret: &[u8; 32]) -> Result<Self, NoteError> {
        let key = SigningKey::from_bytes(secret);
        let witness = WitnessKey::new(name, key.verifying_key())?;
        Ok(Self { witness, key })
    }

    /// Reads what [`WitnessSigner::secret_text`] wrote.
    pub fn of_secret_text(text: &str) -> Result<Self, NoteError> {
        let key = text.trim_end().strip_prefix(PRIVATE);
        let (name, id, secret) = key.and_then(parts).ok_or(NoteError::Key)?;
        let signer = Self::new(name, &secret)?;
        match hex::encode(signer.witness.id) == id {
            true => Ok(signer),
            false => Err(NoteError::Key),
        }
    }

    /// The secret as text: `PRIVATE+KEY+name+hash8hex+base64(0x04 || secret)`.
    pub fn secret_text(&self) -> String {
        let key = text(&self.witness.name, self.witness.id, self.key.as_bytes());
        format!("{PRIVATE}{key}\n")
    }

    /// The public half.
    pub fn witness(&self) -> &WitnessKey {
        &self.witness
    }

    /// Cosigns the text of a checkpoint at `time`, in seconds since 1970. That the checkpoint follows from every one that
    /// the witness cosigned before is for the caller to know.
    pub fn cosign(&self, text: &str, time: u64) -> Cosignature {
        let mut cosignature = Cosignature {
            time,
            signature: [0; 64],
        };
        let signature = self.key.sign(&cosignature.message(text));
        cosignature.signature = signature.to_bytes();
        cosignature
    }
}
