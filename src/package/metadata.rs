//! Metadata in the dialect an archive asks for, structured after GB/T 42727 and DA/T 85. The layout is not the program's:
//! a dialect is a folder with `dialect.toml`, which says which template makes which file, and the templates. Two are
//! built in; a hall may have its own. Whatever a template does, what comes out is well-formed XML or a refusal.

mod dialect;
mod render;

pub use dialect::{Dialect, Scope};

use super::{PackageDoc, PackageFault};

/// Most bytes of one metadata file.
pub const OUTPUT_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// A metadata file as it goes into the package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataFile {
    /// Where it lies in the payload.
    pub path: String,
    /// The case it is about; none for one about the whole package.
    pub case: Option<crate::domain::CaseNo>,
    /// XML in UTF-8.
    pub bytes: Vec<u8>,
}

/// Writes every metadata file of the package, those of the cases first, and hands each to `take` as it is made, so that
/// no more than one is held. Two files of one path are refused.
pub fn write(
    doc: &PackageDoc,
    dialect: &Dialect,
    mut take: impl FnMut(MetadataFile) -> Result<(), PackageFault>,
) -> Result<(), PackageFault> {
    doc.check()?;
    let mut paths: std::collections::BTreeSet<String> =
        doc.files().map(|file| file.path.clone()).collect();
    render::each(doc, dialect, &mut |file: MetadataFile| {
        super::model::check_path(&file.path)?;
        if !paths.insert(file.path.clone()) {
            return Err(PackageFault::PathTwice { path: file.path });
        }
        take(file)
    })
}
