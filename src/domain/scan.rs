//! A scan's life, folded from its history: received → sealed, or held for a person; requeued for another reading.

use super::digest::Digest;
use super::event::{Event, Fact};
use super::finding::Finding;
use super::id::{CaseNo, Commitment, PipelineName, Subject};
use super::refusal::refusals;

/// Where a scan stands.
#[derive(Debug, Clone, PartialEq)]
pub enum ScanStatus {
    /// Waiting to be read.
    Pending,
    /// Read and sealed (已固化).
    Sealed {
        /// Digest of the record's manifest.
        manifest: Digest,
        /// Number of pages.
        pages: u32,
    },
    /// Waiting for a person (待人工处理).
    Held {
        /// Why.
        findings: Vec<Finding>,
    },
}

/// A scan as its history tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct ScanState {
    /// Where it stands.
    pub status: ScanStatus,
    /// Which pipeline reads it.
    pub pipeline: PipelineName,
    /// The cases it is filed under, in the order they came.
    pub cases: Vec<CaseNo>,
    /// The manifest of the last sealing, kept while it is read again; before that, of the pages read so far.
    pub last_manifest: Option<Digest>,
    /// How many pages `last_manifest` has, where it is not that of a sealing.
    pub pages_read: Option<u32>,
}

/// Why a decision about a scan was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScanRefusal {
    /// No such scan.
    #[error("no scan with this digest was received")]
    Unknown,
    /// Only a waiting scan can be sealed or held.
    #[error("the scan is not waiting to be read")]
    NotPending,
    /// A held scan names its reason.
    #[error("a scan is held for at least one reason")]
    NoFindings,
}

refusals! {
    /// Why a scan cannot be moved to another case.
    RefilingRefusal;
    NotOfCase { scan: Digest, case: CaseNo }, "scan-not-of-case", "scans",
        "扫描件 {scan} 不在办件 {case} 中；请核对", "scan {scan} is not filed under case {case}; check it";
    BeingRead { scan: Digest }, "scan-being-read", "scans",
        "扫描件 {scan} 正在识别；请在识别完成后再移动", "scan {scan} is being read; move it when it has been read";
    SameCase { case: CaseNo }, "same-case", "to",
        "目标办件与原办件相同（{case}）；请填写材料所属的办件", "it is to be moved to the case it is in ({case}); name the case it belongs to";
}

/// Puts `to` in the place of `from`; a case stands once in the list.
pub fn move_case(cases: &mut Vec<CaseNo>, from: &CaseNo, to: &CaseNo) {
    let there = cases.contains(to);
    cases.retain(|case| case != from);
    if !there {
        cases.push(to.clone());
    }
}

/// Decides that a scan filed under `from` belongs to `to`. One that is being read waits: what is read is kept for the
/// cases of the moment.
pub fn refile(
    state: Option<&ScanState>,
    scan: Digest,
    (from, to): (&CaseNo, &CaseNo),
    reason: Commitment,
) -> Result<Vec<Fact>, RefilingRefusal> {
    if from == to {
        let case = to.clone();
        return Err(RefilingRefusal::SameCase { case });
    }
    let Some(known) = state.filter(|known| known.cases.contains(from)) else {
        let case = from.clone();
        return Err(RefilingRefusal::NotOfCase { scan, case });
    };
    if known.status == ScanStatus::Pending {
        return Err(RefilingRefusal::BeingRead { scan });
    }
    let (from, to) = (from.clone(), to.clone());
    let refiled = Event::ScanRefiled { from, to, reason };
    Ok(vec![Fact::new(Subject::Scan(scan), refiled)])
}

/// Folds a history, oldest first; none when nothing was received.
pub fn fold<'a>(history: impl IntoIterator<Item = &'a Event>) -> Option<ScanState> {
    let mut state: Option<ScanState> = None;
    for event in history {
        match (&mut state, event) {
            (None, Event::ScanReceived { pipeline, case, .. }) => {
                state = Some(ScanState {
                    status: ScanStatus::Pending,
                    pipeline: pipeline.clone(),
                    cases: case.iter().cloned().collect(),
                    last_manifest: None,
                    pages_read: None,
                });
            }
            (Some(scan), Event::ScanFiled { case }) => scan.cases.push(case.clone()),
            (Some(scan), Event::ScanRefiled { from, to, .. }) => {
                move_case(&mut scan.cases, from, to)
            }
            (Some(scan), Event::PagesRead { manifest, pages }) => {
                scan.last_manifest = Some(*manifest);
                scan.pages_read = Some(*pages);
            }
            (Some(scan), Event::RecordSealed { manifest, pages }) => {
                scan.last_manifest = Some(*manifest);
                scan.pages_read = None;
                scan.status = ScanStatus::Sealed {
                    manifest: *manifest,
                    pages: *pages,
                };
            }
            (Some(scan), Event::ScanHeld { findings }) => {
                scan.status = ScanStatus::Held {
                    findings: findings.clone(),
                };
            }
            (Some(scan), Event::ScanRequeued { pipeline }) => {
                scan.pipeline = pipeline.clone();
                scan.status = ScanStatus::Pending;
            }
            _ => {}
        }
    }
    state
}

/// Decides what receiving `received` (a [`Event::ScanReceived`] for `digest`) means: a first receipt, one more
/// case for known bytes, or nothing new.
pub fn receive(state: Option<&ScanState>, digest: Digest, received: Event) -> Vec<Fact> {
    let subject = Subject::Scan(digest);
    let Some(known) = state else {
        return vec![Fact::new(subject, received)];
    };
    match received {
        Event::ScanReceived {
            case: Some(case), ..
        } if !known.cases.contains(&case) => {
            vec![Fact::new(subject, Event::ScanFiled { case })]
        }
        _ => Vec::new(),
    }
}

/// Decides whether the first `pages` pages of a waiting scan become known. Fewer than are known already give no fact, and
/// neither does a scan that was sealed before: all its pages can be found.
pub fn pages_read(
    state: Option<&ScanState>,
    digest: Digest,
    manifest: Digest,
    pages: u32,
) -> Result<Vec<Fact>, ScanRefusal> {
    pending(state)?;
    let more = state.is_some_and(|scan| match (scan.last_manifest, scan.pages_read) {
        (None, _) => true,
        (Some(_), Some(known)) => pages > known,
        (Some(_), None) => false,
    });
    let read = Event::PagesRead { manifest, pages };
    Ok(match more {
        true => vec![Fact::new(Subject::Scan(digest), read)],
        false => Vec::new(),
    })
}

/// Decides whether a waiting scan may be sealed.
pub fn seal(
    state: Option<&ScanState>,
    digest: Digest,
    manifest: Digest,
    pages: u32,
) -> Result<Vec<Fact>, ScanRefusal> {
    pending(state)?;
    Ok(vec![Fact::new(
        Subject::Scan(digest),
        Event::RecordSealed { manifest, pages },
    )])
}

/// Decides whether a waiting scan may be held.
pub fn hold(
    state: Option<&ScanState>,
    digest: Digest,
    findings: Vec<Finding>,
) -> Result<Vec<Fact>, ScanRefusal> {
    pending(state)?;
    if findings.is_empty() {
        return Err(ScanRefusal::NoFindings);
    }
    Ok(vec![Fact::new(
        Subject::Scan(digest),
        Event::ScanHeld { findings },
    )])
}

/// Decides whether a scan may be read again by `pipeline`; one that is waiting already gives no new fact.
pub fn requeue(
    state: Option<&ScanState>,
    digest: Digest,
    pipeline: PipelineName,
) -> Result<Vec<Fact>, ScanRefusal> {
    let scan = state.ok_or(ScanRefusal::Unknown)?;
    if scan.status == ScanStatus::Pending {
        return Ok(Vec::new());
    }
    Ok(vec![Fact::new(
        Subject::Scan(digest),
        Event::ScanRequeued { pipeline },
    )])
}

fn pending(state: Option<&ScanState>) -> Result<(), ScanRefusal> {
    match state {
        None => Err(ScanRefusal::Unknown),
        Some(scan) if scan.status != ScanStatus::Pending => Err(ScanRefusal::NotPending),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Sm3;
    use crate::domain::event::{FileFormat, ScanSource};
    use crate::domain::finding::FindingCode;

    fn received(case: Option<&str>) -> Event {
        Event::ScanReceived {
            digest: Digest::of("x"),
            sm3: Sm3::of("x"),
            bytes: 1,
            format: FileFormat::Jpeg,
            source: ScanSource::Cli,
            pipeline: PipelineName::new("counter-paper").unwrap(),
            case: case.map(|no| CaseNo::new(no).unwrap()),
            note: None,
            site: None,
        }
    }

    #[test]
    fn the_same_bytes_are_received_once_and_filed_under_each_case() {
        let digest = Digest::of("x");
        let first = receive(None, digest, received(Some("A")));
        assert_eq!(first.len(), 1);
        let state = fold(first.iter().map(|fact| &fact.event)).unwrap();
        assert_eq!(receive(Some(&state), digest, received(Some("A"))), vec![]);
        assert_eq!(receive(Some(&state), digest, received(None)), vec![]);
        let other = receive(Some(&state), digest, received(Some("B")));
        assert_eq!(
            other[0].event,
            Event::ScanFiled {
                case: CaseNo::new("B").unwrap()
            }
        );
    }

    #[test]
    fn pages_become_known_as_they_are_read_and_never_in_place_of_a_sealed_record() {
        let digest = Digest::of("x");
        let mut history = vec![received(None)];
        let read = |history: &[Event], pages: u32| {
            let state = fold(history);
            let manifest = Digest::of(pages.to_string());
            pages_read(state.as_ref(), digest, manifest, pages)
        };
        for (pages, facts) in [(1, 1), (4, 1), (4, 0), (2, 0), (8, 1)] {
            let known = read(&history, pages).unwrap();
            assert_eq!(known.len(), facts, "{pages}");
            history.extend(known.into_iter().map(|fact| fact.event));
        }
        let state = fold(&history).unwrap();
        assert_eq!(state.last_manifest, Some(Digest::of("8")));
        assert_eq!(state.status, ScanStatus::Pending);
        let sealed = seal(Some(&state), digest, Digest::of("m"), 9).unwrap();
        history.extend(sealed.into_iter().map(|fact| fact.event));
        assert_eq!(read(&history, 9), Err(ScanRefusal::NotPending));
        history.push(Event::ScanRequeued {
            pipeline: PipelineName::new("archive-backfile").unwrap(),
        });
        assert_eq!(read(&history, 100), Ok(vec![]));
        assert_eq!(fold(&history).unwrap().last_manifest, Some(Digest::of("m")));
        assert_eq!(read(&[], 1), Err(ScanRefusal::Unknown));
    }

    #[test]
    fn only_a_waiting_scan_is_sealed_or_held() {
        let digest = Digest::of("x");
        let mut history = vec![received(None)];
        let state = fold(&history);
        let sealed = seal(state.as_ref(), digest, Digest::of("m"), 1).unwrap();
        history.extend(sealed.into_iter().map(|fact| fact.event));
        let state = fold(&history);
        assert_eq!(
            seal(state.as_ref(), digest, Digest::of("m"), 1),
            Err(ScanRefusal::NotPending)
        );
        let finding = Finding::file(FindingCode::Damaged);
        assert_eq!(
            hold(state.as_ref(), digest, vec![finding.clone()]),
            Err(ScanRefusal::NotPending)
        );
        assert_eq!(hold(None, digest, vec![finding]), Err(ScanRefusal::Unknown));
        let again = requeue(
            state.as_ref(),
            digest,
            PipelineName::new("archive-backfile").unwrap(),
        )
        .unwrap();
        history.extend(again.into_iter().map(|fact| fact.event));
        let state = fold(&history).unwrap();
        assert_eq!(state.status, ScanStatus::Pending);
        assert_eq!(state.last_manifest, Some(Digest::of("m")));
        assert_eq!(
            hold(Some(&state), digest, vec![]),
            Err(ScanRefusal::NoFindings)
        );
    }
}
