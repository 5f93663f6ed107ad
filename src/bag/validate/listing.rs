//! The manifests (RFC 8493, 2.1.3 and 2.2.1): read line by line into one checksum a file, and what they miss or list
//! wrongly.

use std::collections::{HashMap, HashSet};

use super::super::fault::Fault;
use super::super::hash::{Algorithm, Checksum, split_line};
use super::super::lines::Lines;
use super::super::path::{BagPath, decode, normal};
use super::super::read::Source;
use super::tags::Fetch;
use super::{Found, Settings, is_payload};

/// Which files a manifest lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Those under `data/`.
    Payload,
    /// All others, without tag manifests.
    Tag,
}

/// A manifest, as far as it is about files that are there.
pub(super) struct Listing {
    /// Its file name.
    pub(super) name: String,
    /// Its algorithm.
    pub(super) algorithm: Algorithm,
    /// Which files it lists.
    pub(super) kind: Kind,
    /// Listed files that are not there but in `fetch.txt`.
    pub(super) absent: HashSet<String>,
    sums: Vec<u8>,
    listed: Vec<bool>,
}

impl Listing {
    /// The checksum of the file at this place, if it is listed.
    pub(super) fn sum(&self, index: usize) -> Option<Checksum> {
        if !*self.listed.get(index)? {
            return None;
        }
        let length = self.algorithm.length();
        Checksum::from_bytes(self.sums.get(index * length..(index + 1) * length)?)
    }

    fn set(&mut self, index: usize, sum: &Checksum) -> bool {
        let length = self.algorithm.length();
        let place = self.sums.get_mut(index * length..(index + 1) * length);
        if let (Some(place), Some(listed)) = (place, self.listed.get_mut(index)) {
            place.copy_from_slice(sum.as_bytes());
            return !std::mem::replace(listed, true);
        }
        true
    }
}

/// The algorithm in a manifest's name, and what it lists; `None` for other files.
fn named(path: &str) -> Option<(Kind, &str)> {
    let stem = path.strip_suffix(".txt").filter(|_| !path.contains('/'))?;
    match stem.strip_prefix("tagmanifest-") {
        Some(algorithm) => Some((Kind::Tag, algorithm)),
        None => Some((Kind::Payload, stem.strip_prefix("manifest-")?)),
    }
}

/// Reads every manifest and reports what is missing and what is unlisted.
pub(super) fn all(
    source: &dyn Source,
    settings: &Settings<'_>,
    fetch: &Fetch,
    found: &mut Found,
) -> Vec<Listing> {
    let mut listings = Vec::new();
    let mut reader = Reader {
        source,
        settings,
        fetch,
        normalised: None,
        missing: HashSet::new(),
    };
    let mut any = false;
    let manifests = source.entries().iter().enumerate();
    for (index, entry) in manifests {
        let Some((kind, algorithm)) = named(&entry.path) else {
            continue;
        };
        any |= kind == Kind::Payload;
        match Algorithm::named(algorithm) {
            Some(algorithm) => {
                let listing = reader.read(index, &entry.path, kind, algorithm, found);
                unlisted(source, &listing, found);
                listings.push(listing);
            }
            None => found.fault(Fault::AlgorithmUnknown {
                path: entry.path.clone(),
                algorithm: algorithm.to_owned(),
            }),
        }
    }
    if !any {
        let path = source.name().to_owned();
        found.fault(Fault::ManifestMissing { path });
    }
    listings
}

/// Files that a manifest must or should list and does not.
fn unlisted(source: &dyn Source, listing: &Listing, found: &mut Found) {
    for (index, entry) in source.entries().iter().enumerate() {
        if listing.sum(index).is_some() {
            continue;
        }
        let fault = |path: &str| Fault::FileUnlisted {
            path: path.to_owned(),
            manifest: listing.name.clone(),
        };
        match (listing.kind, named(&entry.path)) {
            (Kind::Payload, _) if is_payload(&entry.path) => found.fault(fault(&entry.path)),
            (Kind::Tag, Some((Kind::Payload, _))) => found.fault(fault(&entry.path)),
            (Kind::Tag, None) if !is_payload(&entry.path) => {
                found.warn(Fault::TagUnlisted {
                    path: entry.path.clone(),
                    manifest: listing.name.clone(),
                });
            }
            _ => {}
        }
    }
}

struct Reader<'a> {
    source: &'a dyn Source,
    settings: &'a Settings<'a>,
    fetch: &'a Fetch,
    /// Files by the canonical form of their path; two of one form are not told apart by it.
    normalised: Option<HashMap<String, Option<usize>>>,
    /// Missing files that were reported, so that a second manifest does not repeat them.
    missing: HashSet<String>,
}

impl Reader<'_> {
    fn read(
        &mut self,
        index: usize,
        name: &str,
        kind: Kind,
        algorithm: Algorithm,
        found: &mut Found,
    ) -> Listing {
        let count = self.source.entries().len();
        let mut listing = Listing {
            name: name.to_owned(),
            algorithm,
            kind,
            absent: HashSet::new(),
            sums: vec![0; count * algorithm.length()],
            listed: vec![false; count],
        };
        let bytes = match self.source.open(index) {
            Ok(bytes) => bytes,
            Err(fault) => {
                found.fault(fault);
                return listing;
            }
        };
        let mut lines = Lines::new(name, bytes);
        loop {
            let number = lines.number() + 1;
            if number > self.settings.limits.files {
                found.fault(Fault::TooManyFiles {
                    path: name.to_owned(),
                    limit: self.settings.limits.files,
                });
                return listing;
            }
            let done = match lines.next_line() {
                None => return listing,
                Some(Err(fault)) => Err(fault),
                Some(Ok(line)) => self.line(&mut listing, line, number, found),
            };
            if let Err(fault) = done {
                let on = !matches!(fault, Fault::Io { .. } | Fault::LineTooLong { .. });
                found.fault(fault);
                if !on {
                    return listing;
                }
            }
        }
    }

    fn line(
        &mut self,
        listing: &mut Listing,
        line: &str,
        number: u64,
        found: &mut Found,
    ) -> Result<(), Fault> {
        let manifest = || listing.name.clone();
        let (sum, encoded) = split_line(listing.algorithm, line, || Fault::ManifestLine {
            path: listing.name.clone(),
            line: number,
        })?;
        let (path, bare) = decode(encoded);
        let path = BagPath::found(&path)?;
        let owned = || path.as_str().to_owned();
        if bare {
            found.warn(Fault::PercentBare {
                path: owned(),
                manifest: manifest(),
                line: number,
            });
        }
        let wrong = match listing.kind {
            Kind::Payload => !path.is_payload(),
            Kind::Tag => path.is_payload() || matches!(named(path.as_str()), Some((Kind::Tag, _))),
        };
        if wrong {
            return Err(Fault::ListedOutside {
                path: owned(),
                manifest: manifest(),
                line: number,
            });
        }
        let twice = || Fault::ListedTwice {
            path: owned(),
            manifest: manifest(),
            line: number,
        };
        if let Some(index) = self.find(path.as_str(), found) {
            let name = twice();
            return if listing.set(index, &sum) {
                Ok(())
            } else {
                Err(name)
            };
        }
        match self.fetch.get(path.as_str()) {
            Some(_) if listing.absent.contains(path.as_str()) => return Err(twice()),
            Some(_) => {
                listing.absent.insert(owned());
            }
            None => {}
        }
        if self.missing.contains(path.as_str()) {
            return Ok(());
        }
        if self.missing.len() < self.settings.faults_max {
            self.missing.insert(owned());
        }
        Err(match self.fetch.get(path.as_str()) {
            Some((url, _)) => Fault::NotFetched {
                path: owned(),
                url: url.chars().take(200).collect(),
            },
            None => Fault::FileMissing {
                path: owned(),
                manifest: listing.name.clone(),
            },
        })
    }

    /// The file of that name, or of a name that differs in its Unicode form only (RFC 8493, 6.1.1.3).
    fn find(&mut self, path: &str, found: &mut Found) -> Option<usize> {
        if let Some(index) = self.source.find(path) {
            return Some(index);
        }
        if path.is_ascii() {
            return None;
        }
        let source = self.source;
        let normalised = self.normalised.get_or_insert_with(|| {
            let mut map = HashMap::new();
            let entries = source.entries().iter().enumerate();
            for (index, entry) in entries.filter(|(_, one)| !one.path.is_ascii()) {
                let form = normal(&entry.path).into_owned();
                map.entry(form)
                    .and_modify(|one| *one = None)
                    .or_insert(Some(index));
            }
            map
        });
        let index = (*normalised.get(normal(path).as_ref())?)?;
        found.warn(Fault::NameNormalised {
            path: path.to_owned(),
            found: source.entries().get(index)?.path.clone(),
        });
        Some(index)
    }
}
