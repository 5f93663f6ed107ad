//! Secret files on disk: made whole or not at all, readable by their owner only.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{KeyError, KeyId, Secret, random_bytes, random_secret};
use crate::store::objects::folder::{create_folder, sync_folder};

/// The word that opens a secret file.
const HEADER: &str = "counterfoil-secret-v1";

/// The largest private file that is read, in bytes.
const PRIVATE_FILE_BYTES_MAX: u64 = 4096;

/// Loads the secret at `path`, or makes a new one (mode 0600, file and folder synced) when there is none and
/// `allow_create`. Two processes that make it at the same time get the same secret.
///
/// Refuses a file that others may read, that has another form, or whose fingerprint does not fit its bytes.
pub fn load_or_create_secret(path: &Path, allow_create: bool) -> Result<Secret, KeyError> {
    match load(path) {
        Err(KeyError::Missing { .. }) if allow_create => {}
        other => return other,
    }
    create_secret(path, &random_secret()?)?;
    load(path)
}

/// Refuses a key path inside `data_folder`: a copy of the data would carry its key along.
pub fn check_outside(path: &Path, data_folder: &Path) -> Result<(), KeyError> {
    let inside = resolve(path)?.starts_with(resolve(data_folder)?);
    if !inside {
        return Ok(());
    }
    Err(KeyError::InsideData {
        path: path.to_owned(),
        folder: data_folder.to_owned(),
    })
}

/// Reads a small text file that only its owner may read, without the white space around it.
pub fn read_private_text(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    let io_error = |source: io::Error| KeyError::Io {
        path: path.to_owned(),
        source,
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(KeyError::Missing {
                path: path.to_owned(),
            });
        }
        Err(error) => return Err(io_error(error)),
    };
    let metadata = file.metadata().map_err(io_error)?;
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Permissions {
            path: path.to_owned(),
            mode,
        });
    }
    if !metadata.is_file() || metadata.len() > PRIVATE_FILE_BYTES_MAX {
        return Err(refuse(path, "it is not a small file"));
    }
    let mut text = Zeroizing::new(String::with_capacity(PRIVATE_FILE_BYTES_MAX as usize));
    let read = file
        .take(PRIVATE_FILE_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(io_error)?;
    if read == 0 {
        return Err(refuse(path, "it is empty"));
    }
    Ok(Zeroizing::new(text.trim().to_owned()))
}

fn load(path: &Path) -> Result<Secret, KeyError> {
    let text = read_private_text(path)?;
    let mut lines = text.lines();
    let header = lines.next().unwrap_or_default();
    let digits = lines.next().unwrap_or_default();
    if lines.next().is_some() {
        return Err(refuse(path, "it has more than two lines"));
    }
    let Some(fingerprint) = header.strip_prefix(HEADER) else {
        return Err(refuse(
            path,
            "it does not begin with `counterfoil-secret-v1`",
        ));
    };
    let mut secret = Zeroizing::new([0u8; 32]);
    if hex::decode_to_slice(digits.trim(), secret.as_mut_slice()).is_err() {
        return Err(refuse(
            path,
            "its second line is not 64 hexadecimal digits; restore it from its backup",
        ));
    }
    let Ok(expected) = fingerprint.trim().parse::<KeyId>() else {
        return Err(refuse(path, "its first line has no fingerprint"));
    };
    if KeyId::of(&secret) != expected {
        return Err(refuse(
            path,
            "its fingerprint does not fit its bytes; restore it from its backup",
        ));
    }
    Ok(secret)
}

/// The text of a token file: 64 random hexadecimal digits, made on the first call.
pub fn load_or_create_token(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    match read_private_text(path) {
        Err(KeyError::Missing { .. }) => {}
        other => return other,
    }
    let digits = Zeroizing::new(hex::encode(random_secret()?.as_slice()));
    create(path, &Zeroizing::new(format!("{}\n", *digits)))?;
    read_private_text(path)
}

/// Keeps `secret` at `path` (mode 0600, file and folder synced). A secret that is there already stays.
pub fn create_secret(path: &Path, secret: &Secret) -> Result<(), KeyError> {
    let digits = Zeroizing::new(hex::encode(secret.as_slice()));
    let text = Zeroizing::new(format!("{HEADER} {}\n{}\n", KeyId::of(secret), *digits));
    create(path, &text)
}

/// Writes `text` beside `path` and links it there, so that `path` holds the whole text or nothing. Where another
/// process was first, its text stays.
fn create(path: &Path, text: &str) -> Result<(), KeyError> {
    let io_error = |source: io::Error| KeyError::Io {
        path: path.to_owned(),
        source,
    };
    let Some(folder) = parent(path) else {
        return Err(refuse(path, "it is not a file path"));
    };
    create_folder(folder, 0o700).map_err(io_error)?;
    let mut staged = path.as_os_str().to_owned();
    staged.push(format!(".new-{}", hex::encode(random_bytes::<8>()?)));
    let staged = PathBuf::from(staged);
    let linked =
        write_private(&staged, text.as_bytes()).and_then(|()| match fs::hard_link(&staged, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        });
    let removed = fs::remove_file(&staged);
    linked.map_err(io_error)?;
    removed.map_err(io_error)?;
    sync_folder(folder).map_err(io_error)
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn parent(path: &Path) -> Option<&Path> {
    let folder = path.parent()?;
    if folder.as_os_str().is_empty() {
        return Some(Path::new("."));
    }
    Some(folder)
}

/// The absolute path without links, as far as it exists.
fn resolve(path: &Path) -> Result<PathBuf, KeyError> {
    let io_error = |source: io::Error| KeyError::Io {
        path: path.to_owned(),
        source,
    };
    let absolute = std::path::absolute(path).map_err(io_error)?;
    for known in absolute.ancestors() {
        let Ok(real) = known.canonicalize() else {
            continue;
        };
        let rest = absolute.strip_prefix(known).unwrap_or(Path::new(""));
        return Ok(real.join(rest));
    }
    Ok(absolute)
}

fn refuse(path: &Path, reason: &'static str) -> KeyError {
    KeyError::Format {
        path: path.to_owned(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_secret_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/master.key");
        let missing = load_or_create_secret(&path, false);
        assert!(matches!(missing, Err(KeyError::Missing { .. })));
        assert!(!path.exists());
        let made = load_or_create_secret(&path, true).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        let parent = path.parent().unwrap();
        assert_eq!(fs::metadata(parent).unwrap().mode() & 0o7777, 0o700);
        assert_eq!(fs::read_dir(parent).unwrap().count(), 1);
        for allow_create in [true, false] {
            let loaded = load_or_create_secret(&path, allow_create).unwrap();
            assert_eq!(loaded, made);
        }
        fs::remove_file(&path).unwrap();
        assert_ne!(load_or_create_secret(&path, true).unwrap(), made);
    }

    #[test]
    fn racing_starts_get_the_same_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let secrets: Vec<Secret> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| load_or_create_secret(&path, true).unwrap()))
                .collect();
            starts
                .into_iter()
                .map(|start| start.join().unwrap())
                .collect()
        });
        assert!(secrets.iter().all(|secret| *secret == secrets[0]));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        load_or_create_secret(&path, true).unwrap();
        for mode in [0o640, 0o604, 0o620, 0o601, 0o644] {
            set_mode(&path, mode);
            let refused = load_or_create_secret(&path, true);
            assert!(
                matches!(refused, Err(KeyError::Permissions { .. })),
                "{mode:o}"
            );
        }
        set_mode(&path, 0o400);
        assert!(load_or_create_secret(&path, true).is_ok());
    }

    #[test]
    fn an_altered_file_is_refused_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        load_or_create_secret(&path, true).unwrap();
        let good = fs::read_to_string(&path).unwrap();
        let last = good.trim_end().chars().last().unwrap();
        let other = if last == '0' { "1" } else { "0" };
        let altered = format!("{}{other}\n", &good[..good.len() - 2]);
        let cases = [
            String::new(),
            "\n".to_owned(),
            "not a key".to_owned(),
            good.trim_end()[..good.len() - 3].to_owned(),
            good.replace("v1", "v2"),
            format!("{good}more\n"),
            altered,
            "x".repeat(5000),
        ];
        for text in cases {
            fs::write(&path, &text).unwrap();
            let refused = load_or_create_secret(&path, true);
            assert!(matches!(refused, Err(KeyError::Format { .. })), "{text:?}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn a_key_inside_the_data_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let inside = data.join("keys/../master.key");
        assert!(matches!(
            check_outside(&data.join("master.key"), &data),
            Err(KeyError::InsideData { .. })
        ));
        fs::create_dir_all(data.join("keys")).unwrap();
        assert!(check_outside(&inside, &data).is_err());
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&data, &link).unwrap();
        assert!(check_outside(&link.join("master.key"), &data).is_err());
        assert!(check_outside(&folder.path().join("master.key"), &data).is_ok());
    }
}
