//! The hall's time: this machine's, or for demonstrations and training one that a file sets.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::config::Config;
use crate::domain::{Clock, Timestamp};

/// Longest content of the file, in bytes.
const FILE_BYTES_MAX: usize = 64;

struct SystemClock;

fn millis(since: Duration) -> i64 {
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Timestamp::from_millis(millis(since.unwrap_or_default()))
    }
}

/// Goes on from the instant in a file since the file was written. A file that cannot be read leaves the time as it was,
/// so that nothing is dated wildly while it is being written.
struct FileClock {
    file: PathBuf,
    /// The instant last read, and when its file was written.
    last: Mutex<(Timestamp, SystemTime)>,
}

impl FileClock {
    fn read(&self) -> Option<(Timestamp, SystemTime)> {
        let written = std::fs::metadata(&self.file).ok()?.modified().ok()?;
        let text = std::fs::read_to_string(&self.file).ok()?;
        if text.len() > FILE_BYTES_MAX {
            return None;
        }
        Some((text.trim().parse().ok()?, written))
    }
}

impl Clock for FileClock {
    fn now(&self) -> Timestamp {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(read) = self.read() {
            *last = read;
        }
        let since = SystemTime::now().duration_since(last.1);
        last.0.plus_millis(millis(since.unwrap_or_default()))
    }
}

/// The time of this machine.
pub fn system_clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// The time that the configuration asks for.
pub(super) fn clock_of(config: &Config) -> Arc<dyn Clock> {
    let Some(file) = &config.clock else {
        return system_clock();
    };
    Arc::new(FileClock {
        file: file.clone(),
        last: Mutex::new((SystemClock.now(), SystemTime::now())),
    })
}
