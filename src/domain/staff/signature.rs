//! What a staff signature signs, and whether it holds (电子签名法 13: under the signer's sole control, any later change
//! detectable).
//!
//! The message is `counterfoil/staff-signature/v1`, a zero byte, and the 32 bytes of the SHA-256 of the manifest: 63
//! bytes. Ed25519 (RFC 8032) signs it. The tag keeps it apart from everything else that an Ed25519 key could sign.

use ed25519_dalek::{Signature, VerifyingKey};

use super::event::{PublicKey, SignatureBytes};
use crate::domain::Digest;

const TAG: &[u8] = b"counterfoil/staff-signature/v1\0";

/// The bytes that are signed to sign the manifest with this digest.
pub fn signing_message(manifest: &Digest) -> Vec<u8> {
    [TAG, manifest.as_bytes().as_slice()].concat()
}

/// Why a signature does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFault {
    /// The person had no such key in force at that fact.
    #[error(
        "没有在用的签名密钥；请先登记签名密钥 (no such signing key was in force; enrol a signing key first)"
    )]
    NoKey,
    /// It is not this key's signature over this manifest.
    #[error("签名无效；请重新签名 (the signature does not hold; sign again)")]
    Invalid,
}

/// Checks a signature over the manifest with this digest. Strict: a signature has one form only, and a weak key none.
pub fn verify(
    public: &PublicKey,
    manifest: &Digest,
    signature: &SignatureBytes,
) -> Result<(), SignatureFault> {
    let key = VerifyingKey::from_bytes(public.as_bytes()).map_err(|_| SignatureFault::Invalid)?;
    let signature = Signature::from_bytes(signature.as_bytes());
    key.verify_strict(&signing_message(manifest), &signature)
        .map_err(|_| SignatureFault::Invalid)
}

/// Whether it is a point that only the holder of its private half can sign for.
pub(super) fn is_sound(public: &PublicKey) -> bool {
    VerifyingKey::from_bytes(public.as_bytes()).is_ok_and(|key| !key.is_weak())
}
