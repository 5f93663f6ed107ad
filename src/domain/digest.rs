//! Digests of bytes as they stand: SHA-256 is the address of everything, SM3 is recorded beside it
//! (GB/T 32905; 密评 asks for national algorithms).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

/// A text that is not a digest: 64 hexadecimal digits were expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a digest: expected 64 hexadecimal digits, found {found:?}")]
pub struct NotADigest {
    /// What was given, cut to 80 characters.
    pub found: String,
}

macro_rules! digest_type {
    ($(#[$doc:meta])* $name:ident, $hasher:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Wraps 32 bytes that are already a digest.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 raw bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// Hashes `bytes` as they stand.
            pub fn of(bytes: impl AsRef<[u8]>) -> Self {
                let mut hasher = <$hasher>::new();
                hasher.update(bytes.as_ref());
                Self(hasher.finalize().into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = [0u8; 64];
                hex::encode_to_slice(self.0, &mut text).map_err(|_| fmt::Error)?;
                f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = NotADigest;

            fn from_str(text: &str) -> Result<Self, NotADigest> {
                let mut bytes = [0u8; 32];
                hex::decode_to_slice(text, &mut bytes)
                    .map_err(|_| NotADigest { found: text.chars().take(80).collect() })?;
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

digest_type!(
    /// SHA-256 of bytes as they stand; the address of a blob and the name of a scan.
    Digest,
    sha2::Sha256
);
digest_type!(
    /// SM3 of the same bytes, recorded beside the SHA-256.
    Sm3,
    sm3::Sm3
);

/// Computes both digests in one pass over a stream of chunks.
#[derive(Clone, Default)]
pub struct TwinHasher {
    sha256: sha2::Sha256,
    sm3: sm3::Sm3,
    bytes: u64,
}

impl TwinHasher {
    /// Takes the next chunk.
    pub fn update(&mut self, chunk: &[u8]) {
        self.sha256.update(chunk);
        self.sm3.update(chunk);
        self.bytes += chunk.len() as u64;
    }

    /// Returns both digests and the number of bytes seen.
    pub fn finish(self) -> (Digest, Sm3, u64) {
        (
            Digest(self.sha256.finalize().into()),
            Sm3(self.sm3.finalize().into()),
            self.bytes,
        )
    }
}

impl utoipa::PartialSchema for Digest {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        text.pattern(Some("^[0-9a-f]{64}$")).into()
    }
}

impl utoipa::ToSchema for Digest {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        let sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let sm3 = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
        assert_eq!(Digest::of("abc").to_string(), sha);
        assert_eq!(Sm3::of("abc").to_string(), sm3);
        let mut twin = TwinHasher::default();
        twin.update(b"a");
        twin.update(b"bc");
        let (digest, sm3_found, bytes) = twin.finish();
        assert_eq!(
            (
                digest.to_string().as_str(),
                sm3_found.to_string().as_str(),
                bytes
            ),
            (sha, sm3, 3)
        );
    }

    #[test]
    fn text_form_round_trips_and_refuses_others() {
        let digest = Digest::of("纸");
        assert_eq!(digest.to_string().parse::<Digest>(), Ok(digest));
        assert!("abc".parse::<Digest>().is_err());
        assert!("zz".repeat(32).parse::<Digest>().is_err());
    }
}
