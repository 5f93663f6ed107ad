//! The bytes of a case key and of a tombstone.
//!
//! ```text
//! "CFK1", kind u8 (1 key, 2 tombstone), time i64 in milliseconds (0 of a key),
//! owner length u8, owner (`master:KEYID`), nonce 12, sealed 48, CRC-32 of all that u32
//! ```
//!
//! Numbers are big-endian. Sealed with AES-256-GCM under the owner's key is the case key's secret, or the approval's
//! commitment; bound to it are kind, case and time, so an object moved to another case does not open.

use zeroize::Zeroizing;

use super::{CaseKeyError, Tombstone};
use crate::domain::{CaseNo, Commitment, Digest, Timestamp};
use crate::store::keys::{MasterKeys, Secret, WRAPPED_BYTES};

/// The longest object of either kind.
pub(super) const BYTES_MAX: u64 = 512;

const MAGIC: [u8; 4] = *b"CFK1";
const KEY: u8 = 1;
const TOMBSTONE: u8 = 2;

/// What an object holds.
pub(super) enum Form {
    Key(Secret),
    Tombstone(Tombstone),
}

/// A key's bytes. None only where the cipher refuses, which it does for no input of this length.
pub(super) fn key(
    case: &CaseNo,
    secret: &Secret,
    masters: &MasterKeys,
    nonce: [u8; 12],
) -> Option<Vec<u8>> {
    seal(case, KEY, Timestamp::from_millis(0), secret, masters, nonce)
}

/// A tombstone's bytes.
pub(super) fn tombstone(
    case: &CaseNo,
    tombstone: &Tombstone,
    masters: &MasterKeys,
    nonce: [u8; 12],
) -> Option<Vec<u8>> {
    let approval = Zeroizing::new(*tombstone.approval.0.as_bytes());
    seal(case, TOMBSTONE, tombstone.at, &approval, masters, nonce)
}

fn seal(
    case: &CaseNo,
    kind: u8,
    at: Timestamp,
    content: &Secret,
    masters: &MasterKeys,
    nonce: [u8; 12],
) -> Option<Vec<u8>> {
    let owner = masters.current().owner();
    let sealed = masters
        .current()
        .wrap(content, &nonce, &context(case, kind, at, &owner))?;
    let mut bytes = MAGIC.to_vec();
    bytes.push(kind);
    bytes.extend_from_slice(&at.as_millis().to_be_bytes());
    bytes.push(u8::try_from(owner.len()).ok()?);
    bytes.extend_from_slice(owner.as_bytes());
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(&sealed);
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    Some(bytes)
}

fn context(case: &CaseNo, kind: u8, at: Timestamp, owner: &str) -> Vec<u8> {
    let mut context = b"counterfoil/case-key/v1\0".to_vec();
    context.push(kind);
    context.extend_from_slice(&at.as_millis().to_be_bytes());
    context.extend_from_slice(owner.as_bytes());
    context.push(0);
    context.extend_from_slice(case.as_str().as_bytes());
    context
}

/// Reads an object that stands in the place of `case`.
pub(super) fn read(
    case: &CaseNo,
    object: &[u8],
    masters: &MasterKeys,
) -> Result<Form, CaseKeyError> {
    let damaged = |reason| CaseKeyError::damaged(case, reason);
    let Some((body, crc)) = object.split_last_chunk::<4>() else {
        return Err(damaged("it is cut"));
    };
    if crc32fast::hash(body) != u32::from_be_bytes(*crc) {
        return Err(damaged("it was altered"));
    }
    let parts = parse(body).ok_or(damaged("it cannot be understood"))?;
    let Some(master) = masters.by_owner(parts.owner) else {
        return Err(CaseKeyError::WrongKey {
            case: case.clone(),
            needs: parts.owner.to_string(),
            held: masters.owners(),
        });
    };
    let context = context(case, parts.kind, parts.at, parts.owner);
    let content = master
        .unwrap(parts.sealed, parts.nonce, &context)
        .ok_or(damaged("it is not this case's, or was altered"))?;
    Ok(match parts.kind {
        KEY => Form::Key(content),
        _ => Form::Tombstone(Tombstone {
            at: parts.at,
            approval: Commitment(Digest::from_bytes(*content)),
        }),
    })
}

struct Parts<'o> {
    kind: u8,
    at: Timestamp,
    owner: &'o str,
    nonce: &'o [u8; 12],
    sealed: &'o [u8; WRAPPED_BYTES],
}

fn parse(body: &[u8]) -> Option<Parts<'_>> {
    let rest = body.strip_prefix(&MAGIC)?;
    let (&kind, rest) = rest.split_first()?;
    let (at, rest) = rest.split_first_chunk::<8>()?;
    let (&length, rest) = rest.split_first()?;
    let (owner, rest) = rest.split_at_checked(usize::from(length))?;
    let (nonce, rest) = rest.split_first_chunk::<12>()?;
    let sealed: &[u8; WRAPPED_BYTES] = rest.try_into().ok()?;
    (kind == KEY || kind == TOMBSTONE).then_some(Parts {
        kind,
        at: Timestamp::from_millis(i64::from_be_bytes(*at)),
        owner: std::str::from_utf8(owner).ok()?,
        nonce,
        sealed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::keys::MasterKey;

    fn masters(byte: u8) -> MasterKeys {
        MasterKeys::new(MasterKey::from_secret(&[byte; 32]))
    }

    fn case(text: &str) -> CaseNo {
        CaseNo::new(text).unwrap()
    }

    #[test]
    fn both_forms_come_back_and_open_nowhere_else() {
        let secret = Zeroizing::new([7; 32]);
        let object = key(&case("A-1"), &secret, &masters(1), [2; 12]).unwrap();
        assert!(object.len() as u64 <= BYTES_MAX);
        let Ok(Form::Key(found)) = read(&case("A-1"), &object, &masters(1)) else {
            panic!("the key does not come back");
        };
        assert_eq!(*found, *secret);
        let grave = Tombstone {
            at: Timestamp::from_millis(12_345),
            approval: Commitment(Digest::of("approval")),
        };
        let stone = tombstone(&case("A-1"), &grave, &masters(1), [3; 12]).unwrap();
        let Ok(Form::Tombstone(found)) = read(&case("A-1"), &stone, &masters(1)) else {
            panic!("the tombstone does not come back");
        };
        assert_eq!(found, grave);
        for object in [&object, &stone] {
            let elsewhere = read(&case("A-2"), object, &masters(1));
            assert!(matches!(elsewhere, Err(CaseKeyError::Damaged { .. })));
            let stranger = read(&case("A-1"), object, &masters(2));
            assert!(matches!(stranger, Err(CaseKeyError::WrongKey { .. })));
        }
    }

    #[test]
    fn every_altered_byte_is_found() {
        let secret = Zeroizing::new([7; 32]);
        let object = key(&case("A-1"), &secret, &masters(1), [2; 12]).unwrap();
        for place in 0..object.len() {
            let mut altered = object.clone();
            altered[place] ^= 1;
            assert!(read(&case("A-1"), &altered, &masters(1)).is_err());
            assert!(read(&case("A-1"), &object[..place], &masters(1)).is_err());
            // Also where the checksum was made to fit: a key cannot be turned into a tombstone.
            let body = altered.len() - 4;
            let crc = crc32fast::hash(&altered[..body]).to_be_bytes();
            altered[body..].copy_from_slice(&crc);
            let forged = read(&case("A-1"), &altered, &masters(1));
            assert!(forged.is_err() || place >= body, "byte {place}");
        }
    }
}
