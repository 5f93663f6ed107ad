//! One attempt at one scan: its stages page by page, each from its memo or from a worker, then the manifest.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::keys::{self, CODES, DECODE, LOAD, LOOK, OCR, QUALITY};
use super::memo::{Memos, Output};
use super::pages::Source;
use super::parts::Parts;
use super::progress::Progress;
use super::spec::PipelineSpec;
use super::trouble::Trouble;
use crate::domain::barcode::PageCodes;
use crate::domain::manifest::{MANIFEST_VERSION, PageManifest, RecordManifest, StageRecord};
use crate::domain::meaning::PageLook;
use crate::domain::text::{EngineId, LineKind, OcrLine, OcrPage};
use crate::domain::{Date, Digest, Finding, FindingCode, Sm3};
use crate::imaging::quality::{self, Quality};
use crate::worker::protocol::{PageFacts, StageJob};

/// Why an attempt gave no record.
#[derive(Debug)]
pub(super) enum Stop {
    /// The bytes themselves are the reason.
    Verdict(Finding),
    /// The worker failed on them; another attempt may do better.
    Failed { finding: Finding, reason: String },
    /// Infrastructure failed.
    Trouble(Trouble),
    /// The engine is being stopped.
    Stopped,
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// What an attempt found out.
pub(super) enum Reading {
    /// Every page was read; the findings are those in the manifest.
    Complete(Box<RecordManifest>),
    /// A person has to look.
    Hold(Vec<Finding>),
}

/// The output of the `load` stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LoadOutput {
    pages: u32,
    findings: Vec<Finding>,
}

/// One attempt.
pub(super) struct Attempt<'e> {
    pub(super) memos: &'e Memos,
    pub(super) spec: &'e PipelineSpec,
    pub(super) source: Source<'e>,
    /// The exact engine, when it was asked for before.
    pub(super) engine: Option<EngineId>,
    /// The stage that must run again, with its dependants.
    pub(super) forced: Option<&'static str>,
    pub(super) sm3: Sm3,
    /// The day the scan was received.
    pub(super) day: Date,
    /// Where the pages of a long scan are told as they come.
    pub(super) parts: Parts<'e>,
    pub(super) tell: &'e (dyn Fn(Progress) + Send + Sync),
}

/// A stage of a page: what it is, what its memo is called, and the job that makes it.
struct Stage {
    name: &'static str,
    key: Digest,
    job: StageJob,
}

/// What is known of a page.
pub(super) struct PageOutputs {
    facts: PageFacts,
    quality: Option<Quality>,
    pub(super) text: OcrPage,
    text_digest: Digest,
    pub(super) stages: Vec<StageRecord>,
}

impl Attempt<'_> {
    /// Reads the scan.
    pub(super) async fn read(&mut self) -> Result<Reading, Stop> {
        let (load, load_record) = self.load().await?;
        let mut findings = load.findings;
        if findings.iter().any(|finding| finding.code.holds()) {
            return Ok(Reading::Hold(findings));
        }
        let engine = match self.engine.clone() {
            Some(engine) => engine,
            None => self.source.engine(&self.spec.ocr).await?,
        };
        self.engine = Some(engine.clone());
        let stages = self.stages(&engine);
        let mut pages = Vec::new();
        for page in 1..=load.pages {
            match self.page(page, &stages).await {
                Ok(outputs) => {
                    findings.extend(self.judge(page, &outputs));
                    pages.push(manifest_of(page, outputs));
                }
                // The other pages are read all the same, so that a person sees everything at once.
                Err(Stop::Verdict(finding)) => findings.push(finding),
                Err(stop) => return Err(stop),
            }
            let whole = !findings.iter().any(|finding| finding.code.holds());
            if whole && self.parts.due(page, load.pages) {
                let so_far = self.manifest(pages.clone(), findings.clone());
                self.parts.record(&so_far).await?;
            }
            (self.tell)(Progress::PageDone {
                scan: self.source.scan,
                page,
                pages: load.pages,
            });
        }
        if findings.iter().any(|finding| finding.code.holds()) {
            return Ok(Reading::Hold(findings));
        }
        if let Some(first) = pages.first_mut() {
            first.stages.insert(0, load_record);
        }
        Ok(Reading::Complete(Box::new(self.manifest(pages, findings))))
    }

    async fn load(&mut self) -> Result<(LoadOutput, StageRecord), Stop> {
        let key = keys::load_key(&self.spec.limits.imaging);
        let input = keys::file_input(&self.source.scan);
        let known = self.recall::<LoadOutput>(LOAD, &key, &input).await?;
        let (load, output) = match known {
            Some(known) => known,
            None => {
                let loaded = self.source.load().await?;
                let load = LoadOutput {
                    pages: loaded.pages,
                    findings: loaded.findings,
                };
                let bytes = serde_json::to_vec(&load).map_err(Trouble::from)?;
                let blobs = self.source.blobs;
                let output = self.memos.keep(blobs, &key, &input, bytes.into()).await?;
                (load, output)
            }
        };
        if load.pages == 0 {
            return Err(Stop::Verdict(Finding::file(FindingCode::NoPages)));
        }
        Ok((load, record(LOAD, key, input, &output)))
    }

    fn stages(&self, engine: &EngineId) -> Vec<Stage> {
        let ocr = &self.spec.ocr;
        let decode = keys::decode_key();
        let mut stages = vec![Stage {
            name: DECODE,
            key: decode,
            job: StageJob::Decode,
        }];
        if self.spec.quality.is_some() {
            stages.push(Stage {
                name: QUALITY,
                key: keys::quality_key(&decode),
                job: StageJob::Quality,
            });
        }
        if self.spec.codes {
            stages.push(Stage {
                name: CODES,
                key: keys::codes_key(&decode),
                job: StageJob::Codes,
            });
        }
        if self.spec.look {
            stages.push(Stage {
                name: LOOK,
                key: keys::look_key(&decode),
                job: StageJob::Look,
            });
        }
        stages.push(Stage {
            name: OCR,
            key: keys::ocr_key(&decode, engine, &ocr.languages),
            job: StageJob::Ocr {
                engine: ocr.engine,
                languages: ocr.languages.clone(),
                day: self.day,
            },
        });
        stages
    }

    async fn page(&mut self, page: u32, stages: &[Stage]) -> Result<PageOutputs, Stop> {
        let input = keys::page_input(&self.source.scan, page);
        let mut outputs: Vec<Option<Output>> = Vec::new();
        for stage in stages {
            outputs.push(self.recall_stage(stage, &input).await?);
        }
        let missing: Vec<&Stage> = stages
            .iter()
            .zip(&outputs)
            .filter(|(_, output)| output.is_none())
            .map(|(stage, _)| stage)
            .collect();
        let mut made = Vec::new();
        if !missing.is_empty() {
            let jobs: Vec<StageJob> = missing.iter().map(|stage| stage.job.clone()).collect();
            let read = self.source.run(page, &jobs).await?;
            if read.engine.is_some() && read.engine != self.engine {
                return Err(Stop::Trouble(Trouble::EngineChanged));
            }
            made = read.outputs;
        }
        let mut kept = Vec::new();
        for (stage, bytes) in missing.into_iter().zip(made) {
            check(page, stage, &bytes)?;
            let blobs = self.source.blobs;
            kept.push(self.memos.keep(blobs, &stage.key, &input, bytes).await?);
        }
        let mut kept = kept.into_iter();
        let outputs = outputs
            .into_iter()
            .map(|known| known.or_else(|| kept.next()));
        let mut collected = collect(page, stages, input, outputs)?;
        if self.spec.understand {
            self.understand(page, &mut collected, input).await?;
        }
        Ok(collected)
    }

    async fn recall_stage(&self, stage: &Stage, input: &Digest) -> Result<Option<Output>, Stop> {
        let known = match stage.name {
            DECODE => output(self.recall::<PageFacts>(DECODE, &stage.key, input).await?),
            QUALITY => output(self.recall::<Quality>(QUALITY, &stage.key, input).await?),
            CODES => output(self.recall::<PageCodes>(CODES, &stage.key, input).await?),
            LOOK => output(self.recall::<PageLook>(LOOK, &stage.key, input).await?),
            _ => output(self.recall::<OcrPage>(OCR, &stage.key, input).await?),
        };
        Ok(known)
    }

    /// A remembered output that can still be read, unless its stage must run again.
    pub(super) async fn recall<T: DeserializeOwned>(
        &self,
        name: &'static str,
        key: &Digest,
        input: &Digest,
    ) -> Result<Option<(T, Output)>, Stop> {
        if self.forced.is_some_and(|stage| keys::concerns(stage, name)) {
            return Ok(None);
        }
        let Some(output) = self.memos.recall(key, input).await? else {
            return Ok(None);
        };
        Ok(serde_json::from_slice(&output.bytes)
            .ok()
            .map(|value| (value, output)))
    }

    fn judge(&self, page: u32, outputs: &PageOutputs) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let (Some(limits), Some(quality)) = (&self.spec.quality, &outputs.quality) {
            findings = quality::judge(quality, limits, page);
        }
        let lines = &outputs.text.lines;
        let blank = findings
            .iter()
            .any(|finding| finding.code == FindingCode::BlankPage);
        if lines.iter().all(|line| line.chars.is_empty()) {
            if !blank {
                findings.push(Finding::page(page, FindingCode::NoText));
            }
            return findings;
        }
        // Of a seal only what could be read is kept; the paper does not need a second look for it.
        let own = lines.iter().filter(|line| line.kind != LineKind::Seal);
        let confidences = own.map(OcrLine::min_confidence);
        let lowest = confidences.fold(1.0, f32::min);
        let limit = self.spec.ocr.verify_below;
        if lowest < limit {
            let finding = Finding::page(page, FindingCode::NeedsVerification);
            findings.push(finding.measured(lowest.into(), limit.into()));
        }
        findings
    }

    fn manifest(&self, pages: Vec<PageManifest>, findings: Vec<Finding>) -> RecordManifest {
        RecordManifest {
            v: MANIFEST_VERSION,
            scan: self.source.scan,
            sm3: self.sm3,
            bytes: self.source.bytes,
            format: self.source.format,
            pipeline: self.spec.name.clone(),
            pipeline_digest: self.spec.digest,
            pages,
            findings,
        }
    }
}

/// Looks at what a worker made before it is stored under its key.
fn check(page: u32, stage: &Stage, bytes: &Bytes) -> Result<(), Stop> {
    let parses = match stage.name {
        DECODE => parses::<PageFacts>(bytes),
        QUALITY => parses::<Quality>(bytes),
        CODES => parses::<PageCodes>(bytes),
        LOOK => parses::<PageLook>(bytes),
        _ => parses::<OcrPage>(bytes),
    };
    if parses {
        return Ok(());
    }
    Err(unreadable(page, stage.name))
}

fn collect(
    page: u32,
    stages: &[Stage],
    input: Digest,
    outputs: impl Iterator<Item = Option<Output>>,
) -> Result<PageOutputs, Stop> {
    let (mut facts, mut quality, mut text) = (None, None, None);
    let mut records = Vec::new();
    for (stage, output) in stages.iter().zip(outputs) {
        let Some(output) = output else {
            return Err(unreadable(page, stage.name));
        };
        match stage.name {
            DECODE => facts = serde_json::from_slice(&output.bytes).ok(),
            QUALITY => quality = serde_json::from_slice(&output.bytes).ok(),
            // Kept by digest only: nothing of the record is decided by them.
            CODES | LOOK => {}
            _ => {
                let read = serde_json::from_slice(&output.bytes).ok();
                text = read.map(|read| (read, output.digest));
            }
        }
        records.push(record(stage.name, stage.key, input, &output));
    }
    match (facts, text) {
        (Some(facts), Some((text, text_digest))) => Ok(PageOutputs {
            facts,
            quality,
            text,
            text_digest,
            stages: records,
        }),
        _ => Err(unreadable(page, OCR)),
    }
}

fn manifest_of(page: u32, outputs: PageOutputs) -> PageManifest {
    PageManifest {
        page,
        width: outputs.facts.width,
        height: outputs.facts.height,
        turn: outputs.text.turn,
        dpi: outputs.facts.dpi,
        text: outputs.text_digest,
        engine: outputs.text.engine,
        stages: outputs.stages,
    }
}

pub(super) fn record(stage: &str, key: Digest, input: Digest, output: &Output) -> StageRecord {
    StageRecord {
        stage: stage.to_string(),
        key,
        input,
        output: output.digest,
    }
}

fn output<T>(known: Option<(T, Output)>) -> Option<Output> {
    known.map(|(_, output)| output)
}

fn parses<T: DeserializeOwned>(bytes: &Bytes) -> bool {
    serde_json::from_slice::<T>(bytes).is_ok()
}

fn unreadable(page: u32, stage: &str) -> Stop {
    Stop::Failed {
        finding: Finding::page(page, FindingCode::WorkerCrashed),
        reason: format!("the worker's output of {stage} is not understood"),
    }
}
