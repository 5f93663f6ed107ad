//! Pages that were handed in before: the other scans of the same cases, compared by what the pages look like and say. The
//! prints of pages once seen stay in memory, a bounded number; texts are compared only where prints are alike.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::{Records, RecordsError};
use crate::domain::case;
use crate::domain::manifest::{PageManifest, RecordManifest};
use crate::domain::meaning::{PageMeaning, TextPrint};
use crate::domain::scan::ScanStatus;
use crate::domain::text::OcrPage;
use crate::domain::{CaseNo, Digest, Subject};
use crate::understand::{Likeness, likeness, may_be_same};

/// Prints kept in memory; when there are more, all are let go of.
const PRINTS_MAX: usize = 50_000;
/// Other scans looked at for one page.
const SCANS_MAX: usize = 200;
/// Other pages looked at for one page.
const PAGES_MAX: usize = 4_000;
/// Texts compared for one page.
const TEXTS_MAX: usize = 24;

/// A page that says the same as the one asked about.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct AlikePage {
    /// The scan it is on.
    pub scan: Digest,
    /// Page from 1.
    pub page: u32,
    /// Share of the text they have in common, 0 to 1.
    pub text: f32,
    /// Bits of 64 in which their pictures differ, when both have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture_bits: Option<u32>,
}

/// What is remembered of a page.
#[derive(Debug, Clone)]
struct Print {
    text: TextPrint,
    picture: Option<u64>,
}

/// Prints by the digest of what the page means.
#[derive(Debug, Default)]
pub(super) struct Prints(Mutex<BTreeMap<Digest, Print>>);

impl Prints {
    fn get(&self, key: &Digest) -> Option<Print> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(key).cloned()
    }

    fn keep(&self, key: Digest, print: Print) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= PRINTS_MAX {
            known.clear();
        }
        known.insert(key, print);
    }
}

/// A page with all that is compared.
struct Whole {
    text: OcrPage,
    meaning: PageMeaning,
    picture: Option<u64>,
}

impl Records {
    /// Pages of other scans in `cases` that are the same paper as `page`, most alike first. What cannot be read, as after
    /// an erasure, is passed over.
    pub async fn alike(
        &self,
        manifest: &RecordManifest,
        page: &PageManifest,
        cases: &[CaseNo],
    ) -> Result<Vec<AlikePage>, RecordsError> {
        let (Some(own), Some(print)) = (self.whole(page).await?, self.print(page).await?) else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        let (mut pages, mut texts) = (0, 0);
        for scan in self.scans_of(cases, &manifest.scan).await? {
            let Ok(other) = self.manifest(&scan).await else {
                continue;
            };
            for entry in &other.pages {
                pages += 1;
                if pages > PAGES_MAX || texts >= TEXTS_MAX {
                    return Ok(sorted(found));
                }
                let Ok(Some(its)) = self.print(entry).await else {
                    continue;
                };
                if !may_be_same(&print.text, &its.text) {
                    continue;
                }
                texts += 1;
                let Ok(Some(its)) = self.whole(entry).await else {
                    continue;
                };
                let like = compare(&own, &its);
                if like.same {
                    found.push(AlikePage {
                        scan,
                        page: entry.page,
                        text: like.text,
                        picture_bits: like.picture_bits,
                    });
                }
            }
        }
        Ok(sorted(found))
    }

    /// The sealed scans of the cases but `own`, each once.
    async fn scans_of(&self, cases: &[CaseNo], own: &Digest) -> Result<Vec<Digest>, RecordsError> {
        let mut scans = Vec::new();
        for case in cases {
            let history = self.store.history(&Subject::Case(case.clone())).await?;
            let Some(state) = case::fold(history.iter().map(|fact| &fact.entry)) else {
                continue;
            };
            for scan in state.rows.values().flat_map(|row| &row.scans) {
                if scan != own && !scans.contains(scan) && scans.len() < SCANS_MAX {
                    let state = self.state(scan).await;
                    if state.is_ok_and(|state| matches!(state.status, ScanStatus::Sealed { .. })) {
                        scans.push(*scan);
                    }
                }
            }
        }
        Ok(scans)
    }

    async fn print(&self, page: &PageManifest) -> Result<Option<Print>, RecordsError> {
        let stage = page
            .stages
            .iter()
            .find(|stage| stage.stage == super::UNDERSTAND);
        let Some(key) = stage.map(|stage| stage.output) else {
            return Ok(None);
        };
        if let Some(known) = self.prints.get(&key) {
            return Ok(Some(known));
        }
        let Some(meaning) = self.page_meaning(page).await? else {
            return Ok(None);
        };
        let look = self.page_look(page).await?;
        let print = Print {
            text: meaning.print,
            picture: look.and_then(|look| look.bits()),
        };
        self.prints.keep(key, print.clone());
        Ok(Some(print))
    }

    async fn whole(&self, page: &PageManifest) -> Result<Option<Whole>, RecordsError> {
        let Some(meaning) = self.page_meaning(page).await? else {
            return Ok(None);
        };
        let picture = self.print(page).await?.and_then(|print| print.picture);
        let text = self.text_blob(&page.text).await?;
        Ok(Some(Whole {
            text,
            meaning,
            picture,
        }))
    }
}

fn compare(one: &Whole, other: &Whole) -> Likeness {
    likeness(
        (&one.text, &one.meaning, one.picture),
        (&other.text, &other.meaning, other.picture),
    )
}

fn sorted(mut found: Vec<AlikePage>) -> Vec<AlikePage> {
    found.sort_by(|a, b| b.text.total_cmp(&a.text));
    found
}
