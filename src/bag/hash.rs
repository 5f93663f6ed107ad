//! The port of hashing: which checksums a manifest may hold and who computes them. Nothing else in `bag` names a hash
//! crate.
//!
//! Measured on one core over 100 kB pieces, MB/s: SHA-256 with SHA-NI sha2 1771, aws-lc-rs 1781, ring 1744; without it
//! sha2 348, aws-lc-rs 474; SHA-512 about 550 with each; SM3 240. So aws-lc-rs, which TLS brings along anyway.

use std::fmt;

use aws_lc_rs::digest::{self, Context};
use sm3::Digest as _;

use super::fault::Fault;

/// A checksum algorithm of a manifest (RFC 8493, 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// MD5: verified for bags of others, never written.
    Md5,
    /// SHA-1: verified for bags of others, never written.
    Sha1,
    /// SHA-256: always written.
    Sha256,
    /// SHA-512.
    Sha512,
    /// SM3 (GB/T 32905), named `sm3` by the rule of RFC 8493, 2.4.
    Sm3,
}

impl Algorithm {
    /// Every algorithm that can be verified.
    pub const ALL: &[Self] = &[Self::Md5, Self::Sha1, Self::Sha256, Self::Sha512, Self::Sm3];

    /// As it stands in the name of a manifest.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
            Self::Sm3 => "sm3",
        }
    }

    /// The algorithm of that name, if it can be verified.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.name() == name)
    }

    /// Bytes of a checksum.
    pub const fn length(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 | Self::Sm3 => 32,
            Self::Sha512 => 64,
        }
    }

    /// The payload manifest's name (RFC 8493, 2.1.3).
    pub fn manifest(self) -> String {
        format!("manifest-{}.txt", self.name())
    }

    /// The tag manifest's name (RFC 8493, 2.2.1).
    pub fn tag_manifest(self) -> String {
        format!("tagmanifest-{}.txt", self.name())
    }
}

/// A checksum of any of the algorithms.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Checksum {
    bytes: [u8; 64],
    length: u8,
}

impl Checksum {
    /// Takes the raw bytes, at most 64.
    pub fn from_bytes(raw: &[u8]) -> Option<Self> {
        let mut bytes = [0; 64];
        bytes.get_mut(..raw.len())?.copy_from_slice(raw);
        Some(Self {
            bytes,
            length: raw.len() as u8,
        })
    }

    /// Reads hexadecimal digits of either case; `None` unless they are as many as the algorithm has.
    pub fn from_hex(algorithm: Algorithm, text: &str) -> Option<Self> {
        let mut bytes = [0; 64];
        hex::decode_to_slice(text, bytes.get_mut(..algorithm.length())?).ok()?;
        Some(Self {
            bytes,
            length: algorithm.length() as u8,
        })
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes
            .get(..usize::from(self.length))
            .unwrap_or_default()
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.as_bytes()))
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checksum({self})")
    }
}

/// Computes one checksum over a stream of chunks.
#[derive(Clone)]
pub struct Hasher(Engine);

#[derive(Clone)]
enum Engine {
    Md5(md5::Md5),
    Sm3(sm3::Sm3),
    Sha(Context),
}

impl Hasher {
    /// Begins.
    pub fn new(algorithm: Algorithm) -> Self {
        Self(match algorithm {
            Algorithm::Md5 => Engine::Md5(md5::Md5::new()),
            Algorithm::Sm3 => Engine::Sm3(sm3::Sm3::new()),
            Algorithm::Sha1 => Engine::Sha(Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY)),
            Algorithm::Sha256 => Engine::Sha(Context::new(&digest::SHA256)),
            Algorithm::Sha512 => Engine::Sha(Context::new(&digest::SHA512)),
        })
    }

    /// Takes the next chunk.
    pub fn update(&mut self, chunk: &[u8]) {
        match &mut self.0 {
            Engine::Md5(hasher) => hasher.update(chunk),
            Engine::Sm3(hasher) => hasher.update(chunk),
            Engine::Sha(context) => context.update(chunk),
        }
    }

    /// The checksum of all chunks.
    pub fn finish(self) -> Checksum {
        let mut bytes = [0; 64];
        let mut put = |raw: &[u8]| {
            for (to, from) in bytes.iter_mut().zip(raw) {
                *to = *from;
            }
            raw.len() as u8
        };
        let length = match self.0 {
            Engine::Md5(hasher) => put(&hasher.finalize()),
            Engine::Sm3(hasher) => put(&hasher.finalize()),
            Engine::Sha(context) => put(context.finish().as_ref()),
        };
        Checksum { bytes, length }
    }
}

/// One line of a manifest: checksum, two blanks as `sha256sum -c` reads it, the encoded path (RFC 8493, 2.1.3).
pub(super) fn manifest_line(checksum: &Checksum, path: &super::BagPath) -> String {
    format!("{checksum}  {}\n", path.encoded())
}

/// Splits a line of a manifest into checksum and still encoded path.
pub(super) fn split_line(
    algorithm: Algorithm,
    line: &str,
    fault: impl Fn() -> Fault,
) -> Result<(Checksum, &str), Fault> {
    let at = line.find([' ', '\t']).ok_or_else(&fault)?;
    let (digits, rest) = line.split_at(at);
    let path = rest.trim_start_matches([' ', '\t']);
    let checksum = Checksum::from_hex(algorithm, digits).ok_or_else(&fault)?;
    if path.is_empty() {
        return Err(fault());
    }
    Ok((checksum, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        let known = [
            "900150983cd24fb0d6963f7d28e17f72",
            "a9993e364706816aba3e25717850c26c9cd0d89d",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
        ];
        for (algorithm, known) in Algorithm::ALL.iter().zip(known) {
            let mut hasher = Hasher::new(*algorithm);
            hasher.update(b"a");
            hasher.update(b"bc");
            let found = hasher.finish();
            assert_eq!(found.to_string(), known);
            let upper = Checksum::from_hex(*algorithm, &known.to_uppercase());
            assert_eq!(upper, Some(found));
            assert_eq!(Checksum::from_hex(*algorithm, &known[1..]), None);
        }
    }
}
