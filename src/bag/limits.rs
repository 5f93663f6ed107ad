//! How much a bag may hold before it is refused, written or read. A caller that needs other bounds says so; nothing is
//! unbounded.

/// Bounds on a bag. Memory while validating grows with `files` and `names_bytes` alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Files in a bag, tag files included; also lines in any one manifest or `fetch.txt`.
    pub files: u64,
    /// Bytes of one file, unpacked.
    pub file_bytes: u64,
    /// Bytes of all files together, unpacked.
    pub total_bytes: u64,
    /// Bytes of all paths together.
    pub names_bytes: u64,
    /// Bytes of `bag-info.txt`.
    pub info_bytes: u64,
    /// How many times larger than its packed form a zipped file of more than [`Limits::RATIO_FROM`] bytes may be.
    pub ratio: u64,
}

impl Limits {
    /// Smaller files are not judged by their ratio: a megabyte of blanks packs well and hurts nobody.
    pub const RATIO_FROM: u64 = 16 << 20;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            files: 1_000_000,
            file_bytes: 1 << 40,
            total_bytes: 16 << 40,
            names_bytes: 256 << 20,
            info_bytes: 1 << 20,
            ratio: 200,
        }
    }
}
