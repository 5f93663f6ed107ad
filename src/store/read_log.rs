//! The log of reads: who read which case when, and for what. One file a day, one JSON object a line, codes only; the
//! day's digest becomes a fact, so that a line taken out later shows (PIPL Art 51, 55; regulation Art 8(6)).

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::objects::folder::create_folder;
use crate::domain::{Actor, Date, Digest, Subject, Timestamp};

/// Why a read is allowed. Revealing what is masked names its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadKind {
    /// The case as it is shown, with numbers masked.
    View,
    /// The numbers themselves.
    Reveal,
    /// A scan or document.
    Document,
    /// A printed form.
    Form,
    /// The package of a transfer, with everything about its cases.
    Package,
    /// The applicant looked up the progress.
    Progress,
}

#[derive(Serialize)]
struct Line<'a> {
    at: Timestamp,
    by: &'a Actor,
    subject: &'a Subject,
    kind: ReadKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'a str>,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReadLine {
    /// When.
    pub at: Timestamp,
    /// Who: `staff:c001`.
    #[schema(value_type = String)]
    pub by: Actor,
    /// What: `case/CASE`.
    #[schema(value_type = String)]
    pub subject: Subject,
    /// How.
    pub kind: ReadKind,
    /// What for, where a reason is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
}

/// The files of a data folder.
pub struct ReadLog {
    folder: PathBuf,
    open: Mutex<Option<(Date, File)>>,
}

/// A day's file: its digest, and its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayDigest {
    /// The day.
    pub day: Date,
    /// SHA-256 of the file.
    pub digest: Digest,
    /// Lines.
    pub count: u64,
}

impl ReadLog {
    /// The log in `folder`, which is made.
    pub fn open(folder: &Path) -> io::Result<Self> {
        create_folder(folder, 0o700)?;
        Ok(Self {
            folder: folder.to_path_buf(),
            open: Mutex::new(None),
        })
    }

    /// Notes a read before it is answered. `purpose` is a code of the caller's list, never free text.
    pub fn note(
        &self,
        at: Timestamp,
        by: &Actor,
        subject: &Subject,
        kind: ReadKind,
        purpose: Option<&str>,
    ) -> io::Result<()> {
        let line = Line {
            at,
            by,
            subject,
            kind,
            purpose,
        };
        let mut bytes = serde_json::to_vec(&line)?;
        bytes.push(b'\n');
        let day = Date::of(at);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.as_ref().is_none_or(|(known, _)| *known != day) {
            if let Some((_, file)) = open.take() {
                file.sync_all()?;
            }
            *open = Some((day, self.file(day)?));
        }
        match &mut *open {
            Some((_, file)) => file.write_all(&bytes),
            None => Ok(()),
        }
    }

    fn file(&self, day: Date) -> io::Result<File> {
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(self.path(day))
    }

    fn path(&self, day: Date) -> PathBuf {
        self.folder.join(format!("{day}.jsonl"))
    }

    /// The days before `today` that have a file, in order.
    pub fn days_before(&self, today: Date) -> io::Result<Vec<Date>> {
        let mut days = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            let day = name.to_str().and_then(|name| name.strip_suffix(".jsonl"));
            days.extend(day.and_then(|day| day.parse::<Date>().ok()));
        }
        days.retain(|day| *day < today);
        days.sort_unstable();
        Ok(days)
    }

    /// Up to `limit` lines of a day from byte `from` on, which is 0 or what an earlier call gave, and where the next
    /// page begins; none on the last. A day without a file has no lines.
    pub fn lines(
        &self,
        day: Date,
        from: u64,
        limit: usize,
    ) -> io::Result<(Vec<ReadLine>, Option<u64>)> {
        let mut file = match File::open(self.path(day)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), None)),
            opened => opened?,
        };
        let length = file.metadata()?.len();
        if from > 0 {
            // A page begins where a line ended.
            let mut before = [0u8; 1];
            file.seek(SeekFrom::Start(from - 1))?;
            if file.read(&mut before)? != 1 || before != *b"\n" {
                return Err(io::ErrorKind::InvalidInput.into());
            }
        }
        let mut reader = BufReader::new(file);
        let (mut lines, mut at) = (Vec::new(), from);
        let mut bytes = Vec::new();
        while lines.len() < limit {
            bytes.clear();
            let read = reader.read_until(b'\n', &mut bytes)?;
            if read == 0 || !bytes.ends_with(b"\n") {
                break;
            }
            at += read as u64;
            lines.push(serde_json::from_slice(&bytes)?);
        }
        let more = lines.len() == limit && at < length;
        Ok((lines, more.then_some(at)))
    }

    /// The digest of a day's file as it stands.
    pub fn digest(&self, day: Date) -> io::Result<DayDigest> {
        let mut reader = BufReader::new(File::open(self.path(day))?);
        let (mut bytes, mut count) = (Vec::new(), 0u64);
        while reader.read_until(b'\n', &mut bytes)? > 0 {
            count += 1;
        }
        Ok(DayDigest {
            day,
            digest: Digest::of(&bytes),
            count,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::CaseNo;

    #[test]
    fn a_day_has_its_lines_and_its_digest() {
        let folder = tempfile::tempdir().unwrap();
        let log = ReadLog::open(folder.path()).unwrap();
        let by = Actor::new("staff:w-1").unwrap();
        let case = Subject::Case(CaseNo::new("C-1").unwrap());
        let morning: Timestamp = "2026-11-23T01:00:00.000Z".parse().unwrap();
        let next_day = morning.plus_millis(24 * 3_600_000);
        for at in [morning, morning, next_day] {
            log.note(at, &by, &case, ReadKind::View, None).unwrap();
        }
        let days = log.days_before(Date::of(next_day)).unwrap();
        assert_eq!(days, [Date::of(morning)]);
        let digest = log.digest(days[0]).unwrap();
        assert_eq!(digest.count, 2);
        let (first, next) = log.lines(days[0], 0, 1).unwrap();
        let (second, last) = log.lines(days[0], next.unwrap(), 1).unwrap();
        assert_eq!((first.len(), &first, last), (1, &second, None));
        assert!(log.lines(days[0], next.unwrap() - 1, 1).is_err());
        assert_eq!(log.lines(days[0].next(), 0, 9).unwrap().0.len(), 1);
        let quiet = "2020-01-01".parse().unwrap();
        assert_eq!(log.lines(quiet, 0, 9).unwrap(), (Vec::new(), None));
        drop(log);
        let log = ReadLog::open(folder.path()).unwrap();
        assert_eq!(log.digest(days[0]).unwrap(), digest);
        log.note(morning, &by, &case, ReadKind::Reveal, Some("verify"))
            .unwrap();
        assert_ne!(log.digest(days[0]).unwrap().digest, digest.digest);
    }
}
