//! AES-256-GCM (NIST SP 800-38D), the one cipher of everything that is stored or kept sealed.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

/// Bytes that encryption adds.
pub(crate) const TAG_BYTES: usize = 16;

/// A cipher with its key; without one, which no 32 bytes lead to, it seals and opens nothing. The caller gives each
/// nonce to a key once.
pub(crate) struct Cipher(Option<LessSafeKey>);

/// The cipher did not do it: what was to be opened was altered or belongs to another key or context; nothing that is to
/// be sealed in memory is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CipherRefused;

impl Cipher {
    /// With this key.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(
            UnboundKey::new(&AES_256_GCM, key)
                .ok()
                .map(LessSafeKey::new),
        )
    }

    /// Encrypts `bytes` where they stand, bound to `context`; gives back the tag.
    pub(crate) fn seal(
        &self,
        nonce: &[u8; 12],
        context: &[u8],
        bytes: &mut [u8],
    ) -> Result<[u8; TAG_BYTES], CipherRefused> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let key = self.0.as_ref().ok_or(CipherRefused)?;
        let tag = key.seal_in_place_separate_tag(nonce, Aad::from(context), bytes);
        let tag = tag.map_err(|_| CipherRefused)?;
        tag.as_ref().try_into().map_err(|_| CipherRefused)
    }

    /// Decrypts `sealed` into `plain`, which is as long. Where it is refused `plain` holds nothing to be used.
    pub(crate) fn open(
        &self,
        nonce: &[u8; 12],
        context: &[u8],
        (sealed, tag): (&[u8], &[u8; TAG_BYTES]),
        plain: &mut [u8],
    ) -> Result<(), CipherRefused> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let key = self.0.as_ref().ok_or(CipherRefused)?;
        key.open_separate_gather(nonce, Aad::from(context), sealed, tag, plain)
            .map_err(|_| CipherRefused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test case 16 of McGrew and Viega, "The Galois/Counter Mode of Operation" (2005), appendix B.
    #[test]
    fn it_is_the_cipher_of_the_standard() {
        let bytes = |text: &str| hex::decode(text).unwrap();
        let key = bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
        let nonce: [u8; 12] = bytes("cafebabefacedbaddecaf888").try_into().unwrap();
        let context = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let plain = bytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        );
        let sealed = bytes(
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
        );
        let cipher = Cipher::new(&key.try_into().unwrap());
        let mut found = plain.clone();
        let tag = cipher.seal(&nonce, &context, &mut found).unwrap();
        assert_eq!(found, sealed);
        assert_eq!(hex::encode(tag), "76fc6ece0f4e1768cddf8853bb2d551b");
        let mut opened = vec![0; sealed.len()];
        cipher
            .open(&nonce, &context, (&sealed, &tag), &mut opened)
            .unwrap();
        assert_eq!(opened, plain);
        let mut forged = tag;
        forged[0] ^= 1;
        let refused = cipher.open(&nonce, &context, (&sealed, &forged), &mut opened);
        assert_eq!(refused, Err(CipherRefused));
    }
}
