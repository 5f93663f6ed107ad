//! The fonts of the forms: Noto Serif and Sans CJK as Debian's fonts-noto-cjk installs them, joined by the files
//! of a folder for characters these lack.

use std::path::{Path, PathBuf};

use super::FormError;

/// Where Debian, Fedora, Alpine and others put Noto CJK.
const FOLDERS: [&str; 5] = [
    "/usr/share/fonts/opentype/noto",
    "/usr/share/fonts/google-noto-cjk",
    "/usr/share/fonts/noto-cjk",
    "/usr/share/fonts/noto",
    "/usr/local/share/fonts",
];

/// What the built-in templates are set in.
const NEEDED: [&str; 4] = [
    "NotoSerifCJK-Regular.ttc",
    "NotoSerifCJK-Bold.ttc",
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJK-Bold.ttc",
];

/// Files of a folder that are fonts.
const EXTENSIONS: [&str; 4] = ["ttf", "otf", "ttc", "otc"];

/// The most files of the folder.
const FILES_MAX: usize = 32;

/// Finds the font files: the needed ones in `folder` or where systems put them, then every other font of `folder`
/// (`[forms] fonts`), in the order of their names.
pub fn find(folder: Option<&Path>) -> Result<Vec<PathBuf>, FormError> {
    find_in(folder, &FOLDERS.map(Path::new))
}

fn find_in(folder: Option<&Path>, system: &[&Path]) -> Result<Vec<PathBuf>, FormError> {
    let own = match folder {
        Some(folder) => fonts_of(folder)?,
        None => Vec::new(),
    };
    let mut found = Vec::new();
    let mut absent = Vec::new();
    for name in NEEDED {
        let mut places = folder.into_iter().chain(system.iter().copied());
        match places.find_map(|place| Some(place.join(name)).filter(|path| path.is_file())) {
            Some(path) => found.push(path),
            None => absent.push(name),
        }
    }
    if !absent.is_empty() {
        let system: Vec<String> = system
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        let reason = format!("{} not in {}", absent.join(", "), system.join(", "));
        return Err(FormError::Font { reason });
    }
    for path in own {
        if !found.contains(&path) {
            found.push(path);
        }
    }
    Ok(found)
}

fn fonts_of(folder: &Path) -> Result<Vec<PathBuf>, FormError> {
    let unusable = |reason: String| FormError::Folder {
        file: folder.display().to_string(),
        reason,
    };
    let listed = std::fs::read_dir(folder).map_err(|error| unusable(error.to_string()))?;
    let mut fonts = Vec::new();
    for entry in listed {
        let path = entry.map_err(|error| unusable(error.to_string()))?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        let extension = extension.map(str::to_ascii_lowercase).unwrap_or_default();
        if EXTENSIONS.contains(&extension.as_str()) && path.is_file() {
            fonts.push(path);
        }
    }
    if fonts.len() > FILES_MAX {
        return Err(unusable(format!("more than {FILES_MAX} fonts")));
    }
    fonts.sort();
    Ok(fonts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_fonts_come_first_where_needed_and_join_otherwise() {
        let own = tempfile::tempdir().unwrap();
        let system = tempfile::tempdir().unwrap();
        for name in NEEDED {
            std::fs::write(system.path().join(name), "font").unwrap();
        }
        for name in ["NotoSansCJK-Bold.ttc", "rare.TTF", "readme.txt"] {
            std::fs::write(own.path().join(name), "font").unwrap();
        }
        let found = find_in(Some(own.path()), &[system.path()]).unwrap();
        let expected = [
            system.path().join(NEEDED[0]),
            system.path().join(NEEDED[1]),
            system.path().join(NEEDED[2]),
            own.path().join(NEEDED[3]),
            own.path().join("rare.TTF"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_missing_is_named_with_what_to_do() {
        let empty = tempfile::tempdir().unwrap();
        let error = find_in(None, &[empty.path()]).unwrap_err().to_string();
        for part in ["NotoSerifCJK-Regular.ttc", "fonts-noto-cjk", "make setup"] {
            assert!(error.contains(part), "{error}");
        }
    }
}
