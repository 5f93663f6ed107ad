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
    create(path)?;
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

/// Writes a new secret beside `path` and links it there, so that `path` holds a whole secret or nothing.
fn create(path: &Path) -> Result<(), KeyError> {
    let io_error = |source: io::Error| KeyError::Io {
        path: path.to_owned(),
        source,
    };
    let Some(folder) = parent(path) else {
        return Err(refuse(path, "it is not a file path"));
    };
    create_folder(folder, 0o700).map_err(io_error)?;
    let secret = random_secret()?;
    let digits = Zeroizing::new(hex::encode(secret.as_slice()));
    let text = Zeroizing::new(format!("{HEADER} {}\n{}\n", KeyId::of(&secret), *digits));
    let mut staged = path.as_os_str().to_owned();
    staged.push(format!(".new-{}", hex::encode(random_bytes::<8>()?)));
    let staged = PathBuf::from(staged);
    let linked = write_private(&staged, text.as_bytes()).and_then(|()| {
        match fs::hard_link(&staged, path) {
            // Another process was first; its secret is the one.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        }
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
