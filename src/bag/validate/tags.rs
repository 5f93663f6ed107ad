//! The tag files with a meaning of their own: the declaration, `bag-info.txt`, `fetch.txt`; and names that another
//! system would not keep apart.

use std::collections::{HashMap, HashSet};
use std::io::Read;

use super::super::fault::Fault;
use super::super::info::{self, BagInfo};
use super::super::lines::Lines;
use super::super::path::{BagPath, decode, folded};
use super::super::read::Source;
use super::listing::{Kind, Listing};
use super::{Found, Settings, is_payload};

const DECLARATION: &str = "bagit.txt";
const FETCH: &str = "fetch.txt";
/// Bytes of a declaration: two short lines.
const DECLARATION_MAX: u64 = 1_000;
/// Versions that came before 1.0.
const OLD: &[&str] = &[
    "0.90", "0.91", "0.92", "0.93", "0.94", "0.95", "0.96", "0.97",
];

/// Judges `bagit.txt` (RFC 8493, 2.1.1). False when nothing else can be judged: it is absent or of another version.
pub(super) fn declaration(source: &dyn Source, found: &mut Found) -> bool {
    let Some(index) = source.find(DECLARATION) else {
        let path = source.name().to_owned();
        found.fault(Fault::DeclarationMissing { path });
        return false;
    };
    let path = || DECLARATION.to_owned();
    let bytes = match source.open(index) {
        Ok(bytes) => bytes.take(DECLARATION_MAX),
        Err(fault) => {
            found.fault(fault);
            return false;
        }
    };
    let mut lines = Lines::new(DECLARATION, bytes);
    let mut text = Vec::new();
    while let Some(line) = lines.next_line() {
        match line {
            Ok(line) => text.push(line.to_owned()),
            Err(fault) => {
                found.fault(fault);
                return false;
            }
        }
    }
    let form = |line| Fault::DeclarationForm { path: path(), line };
    let first = text.first().map(String::as_str).unwrap_or_default();
    let version = first.strip_prefix("BagIt-Version: ");
    let Some(version) = version.filter(|version| is_version(version)) else {
        found.fault(form(1));
        return false;
    };
    if version != super::super::VERSION {
        let shown = version.chars().take(20).collect();
        let path = path();
        found.fault(match OLD.contains(&version) {
            true => Fault::VersionOld {
                path,
                version: shown,
            },
            false => Fault::VersionUnknown {
                path,
                version: shown,
            },
        });
        return false;
    }
    let second = text.get(1).map(String::as_str).unwrap_or_default();
    match second.strip_prefix("Tag-File-Character-Encoding: ") {
        Some(encoding) if encoding.eq_ignore_ascii_case("UTF-8") => {}
        Some(encoding) if !encoding.is_empty() && encoding.trim() == encoding => {
            let encoding = encoding.chars().take(40).collect();
            found.fault(Fault::EncodingUnsupported {
                path: path(),
                encoding,
            });
            return false;
        }
        _ => found.fault(form(2)),
    }
    if text.len() > 2 {
        found.fault(form(3));
    }
    true
}

/// `M.N`.
fn is_version(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts = text.split_once('.');
    parts.is_some_and(|(major, minor)| digits(major) && digits(minor))
}

/// Reads `bag-info.txt` and holds Payload-Oxum against what is there (RFC 8493, 2.2.2).
pub(super) fn info(source: &dyn Source, settings: &Settings<'_>, found: &mut Found) {
    let Some(index) = source.find(info::NAME) else {
        return;
    };
    let path = || info::NAME.to_owned();
    let limit = settings.limits.info_bytes;
    if source
        .entries()
        .get(index)
        .is_some_and(|one| one.size > limit)
    {
        found.fault(Fault::TooLarge {
            path: path(),
            limit,
        });
        return;
    }
    match source.open(index) {
        Ok(bytes) => {
            let info = BagInfo::read(bytes, |fault| found.fault(fault));
            found.report.info = info;
        }
        Err(fault) => found.fault(fault),
    }
    let info = &found.report.info;
    let sums: Vec<String> = info
        .all(info::OXUM)
        .into_iter()
        .map(str::to_owned)
        .collect();
    let there = (found.report.bytes, found.report.files);
    match sums.as_slice() {
        [] => {}
        [one] => match info::oxum(one) {
            Some(stated) if stated == there => {}
            Some(_) => found.fault(Fault::OxumDiffers {
                path: path(),
                stated: one.clone(),
                found: format!("{}.{}", there.0, there.1),
            }),
            None => found.fault(Fault::OxumForm { path: path() }),
        },
        _ => found.fault(Fault::OxumForm { path: path() }),
    }
}

/// `fetch.txt` by path: the address and, where stated, the length (RFC 8493, 2.2.3).
pub(super) type Fetch = HashMap<String, (String, Option<u64>)>;

/// Reads `fetch.txt`. Nothing is fetched.
pub(super) fn fetch(source: &dyn Source, settings: &Settings<'_>, found: &mut Found) -> Fetch {
    let mut fetch = Fetch::new();
    let Some(index) = source.find(FETCH) else {
        return fetch;
    };
    let bytes = match source.open(index) {
        Ok(bytes) => bytes,
        Err(fault) => {
            found.fault(fault);
            return fetch;
        }
    };
    let mut lines = Lines::new(FETCH, bytes);
    let mut kept = 0_u64;
    loop {
        let number = lines.number() + 1;
        let fault = match lines.next_line() {
            None => return fetch,
            Some(Err(fault)) => Err(fault),
            Some(Ok(line)) => fetch_line(line, number),
        };
        match fault {
            Ok((path, url, length)) => {
                kept += (path.len() + url.len()) as u64;
                if kept > settings.limits.names_bytes || number > settings.limits.files {
                    found.fault(Fault::TooLarge {
                        path: FETCH.to_owned(),
                        limit: settings.limits.names_bytes,
                    });
                    return fetch;
                }
                if fetch.contains_key(&path) {
                    let manifest = FETCH.to_owned();
                    found.fault(Fault::ListedTwice {
                        path: path.clone(),
                        manifest,
                        line: number,
                    });
                }
                fetch.insert(path, (url, length));
            }
            Err(fault) => {
                let on = !matches!(fault, Fault::Io { .. } | Fault::LineTooLong { .. });
                found.fault(fault);
                if !on {
                    return fetch;
                }
            }
        }
    }
}

fn fetch_line(line: &str, number: u64) -> Result<(String, String, Option<u64>), Fault> {
    let bad = || Fault::FetchLine {
        path: FETCH.to_owned(),
        line: number,
    };
    let blank = [' ', '\t'];
    let (url, rest) = line.split_once(blank).ok_or_else(bad)?;
    let rest = rest.trim_start_matches(blank);
    let (length, path) = rest.split_once(blank).ok_or_else(bad)?;
    let length = match length {
        "-" => None,
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse().map_err(|_| bad())?)
        }
        _ => return Err(bad()),
    };
    // An absolute URI: a scheme, a colon, something behind it.
    let scheme = url.split_once(':').filter(|(scheme, rest)| {
        let mut chars = scheme.chars();
        !rest.is_empty()
            && chars.next().is_some_and(|c| c.is_ascii_alphabetic())
            && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    });
    scheme.ok_or_else(bad)?;
    let (path, _) = decode(path.trim_start_matches(blank));
    let path = BagPath::found(&path)?;
    if !path.is_payload() {
        return Err(Fault::ListedOutside {
            path: path.as_str().to_owned(),
            manifest: FETCH.to_owned(),
            line: number,
        });
    }
    Ok((path.as_str().to_owned(), url.to_owned(), length))
}

/// Every file of `fetch.txt` must be in every payload manifest, and as long as stated where it is there.
pub(super) fn fetch_listed(
    source: &dyn Source,
    fetch: &Fetch,
    listings: &[Listing],
    found: &mut Found,
) {
    let mut paths: Vec<&String> = fetch.keys().collect();
    paths.sort();
    for path in paths {
        let stated = fetch.get(path).and_then(|(_, length)| *length);
        let there = source.find(path);
        let entry = there.and_then(|index| source.entries().get(index));
        if let (Some(stated), Some(entry)) = (stated, entry)
            && stated != entry.size
        {
            found.fault(Fault::FetchLength {
                path: path.clone(),
                stated,
                found: entry.size,
            });
        }
        for listing in listings.iter().filter(|one| one.kind == Kind::Payload) {
            let listed = match there {
                Some(index) => listing.sum(index).is_some(),
                None => listing.absent.contains(path),
            };
            // A file that is there and unlisted was reported as such already.
            if !listed && there.is_none() {
                found.fault(Fault::FetchUnlisted {
                    path: path.clone(),
                    manifest: listing.name.clone(),
                });
            }
        }
    }
}

/// Warns of names that another system cannot store or would take for the same (RFC 8493, 6.1).
pub(super) fn names(source: &dyn Source, found: &mut Found) {
    let mut seen = HashSet::new();
    for entry in source.entries() {
        let path = || entry.path.clone();
        if let Ok(Some(fault)) = BagPath::found(&entry.path).map(|one| one.unportable()) {
            found.warn(fault);
        }
        if !seen.insert(folded(&entry.path)) && is_payload(&entry.path) {
            found.warn(Fault::PathCollides { path: path() });
        }
    }
}
