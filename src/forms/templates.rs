//! The templates in force: the built-in ones, replaced and joined by the files of the hall's folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{FormError, FormKind, SheetFile};

/// What every built-in template imports.
const COMMON: (&str, &str) = ("common.typ", include_str!("../../forms/common.typ"));

/// Files a hall may put beside its templates.
const EXTENSIONS: [&str; 5] = ["typ", "svg", "png", "jpg", "jpeg"];

/// Names that the program gives to its own files.
const RESERVED: [&str; 2] = [super::sheet::DATA, super::sheet::QR];

/// The most files of a folder.
const FILES_MAX: usize = 64;

/// The most bytes of all of them.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// Where templates come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Templates {
    folder: Option<PathBuf>,
}

impl Templates {
    /// The built-in templates, replaced and joined by the files of `folder` (`[forms] folder`).
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// Reads them as they are now, so that a changed file is in force with the next form.
    pub fn read(&self) -> Result<Vec<SheetFile>, FormError> {
        let mut files: BTreeMap<String, SheetFile> = BTreeMap::new();
        let built_in = FormKind::ALL
            .iter()
            .map(|kind| (kind.template(), kind.embedded()))
            .chain([COMMON]);
        for (name, text) in built_in {
            let file = SheetFile::built_in(name, text.as_bytes().to_vec());
            files.insert(name.to_owned(), file);
        }
        if let Some(folder) = &self.folder {
            for file in read_folder(folder)? {
                files.insert(file.name.clone(), file);
            }
        }
        Ok(files.into_values().collect())
    }
}

fn read_folder(folder: &Path) -> Result<Vec<SheetFile>, FormError> {
    let unusable = |path: &Path, reason: String| FormError::Folder {
        file: path.display().to_string(),
        reason,
    };
    let listed = std::fs::read_dir(folder).map_err(|error| unusable(folder, error.to_string()))?;
    let mut files = Vec::new();
    let mut bytes = 0;
    for entry in listed {
        let path = entry
            .map_err(|error| unusable(folder, error.to_string()))?
            .path();
        let Some(name) = usable_name(&path) else {
            continue;
        };
        if RESERVED.contains(&name.as_str()) || name.starts_with(super::sheet::CODES) {
            let reason = "the program uses this name itself; rename the file";
            return Err(unusable(&path, reason.into()));
        }
        let content = std::fs::read(&path).map_err(|error| unusable(&path, error.to_string()))?;
        bytes += content.len();
        files.push(SheetFile {
            name,
            bytes: content,
            own: true,
        });
        if files.len() > FILES_MAX || bytes > BYTES_MAX {
            let reason = format!(
                "more than {FILES_MAX} files or {BYTES_MAX} bytes of templates and pictures"
            );
            return Err(unusable(folder, reason));
        }
    }
    Ok(files)
}

/// The file's name, when it is one that a template may use; what an editor leaves behind is not.
fn usable_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let extension = path.extension()?.to_str()?;
    let usable = EXTENSIONS.contains(&extension) && !name.starts_with('.') && path.is_file();
    usable.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_folder_replaces_the_one_of_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        std::fs::write(place("undertaking.typ"), "mine").unwrap();
        std::fs::write(place("emblem.svg"), "<svg/>").unwrap();
        std::fs::write(place("undertaking.typ~"), "left over").unwrap();
        std::fs::write(place(".hidden.typ"), "hidden").unwrap();
        let built_in = Templates::default().read().unwrap();
        let files = Templates::new(Some(folder.path().into())).read().unwrap();
        assert_eq!(files.len(), built_in.len() + 1);
        let own: Vec<&str> = files
            .iter()
            .filter(|file| file.own)
            .map(|file| file.name.as_str())
            .collect();
        assert_eq!(own, ["emblem.svg", "undertaking.typ"]);
    }

    #[test]
    fn a_missing_folder_and_a_reserved_name_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let absent = folder.path().join("absent");
        let error = Templates::new(Some(absent.clone())).read().unwrap_err();
        assert!(error.to_string().contains(&absent.display().to_string()));
        std::fs::write(folder.path().join("qr.svg"), "<svg/>").unwrap();
        let error = Templates::new(Some(folder.path().into())).read();
        assert!(matches!(error, Err(FormError::Folder { .. })), "{error:?}");
    }
}
