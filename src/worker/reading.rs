//! What a child does with its jobs: one document, the engines it has opened, and the press for forms.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Serialize;

use super::document::{Document, PageImage};
use super::protocol::{Failure, FormFile, Job, PageFacts, Reply, StageJob};
use crate::derive::{PageArt, art, thumbnail};
use crate::domain::event::FileFormat;
use crate::domain::text::PageTurn;
use crate::domain::{Finding, FindingCode};
use crate::forms::{Press, Sheet, SheetFile};
use crate::imaging::{Copies, Limits, barcode, look, quality};
use crate::ocr::paddle::net::Runtime;
use crate::ocr::{self, EngineKind, Language, OcrEngine, OcrError};
use crate::understand;

/// One document, the engines opened so far, and the press once a form was asked for.
pub(super) struct Reading {
    default_engine: EngineKind,
    ocr_folder: PathBuf,
    runtime: Runtime,
    document: Option<Document>,
    engines: Vec<(EngineKind, Box<dyn OcrEngine>)>,
    fonts: Vec<PathBuf>,
    press: Option<Press>,
}

impl Reading {
    pub(super) fn new(
        default_engine: EngineKind,
        ocr_folder: PathBuf,
        runtime: Runtime,
        fonts: Vec<PathBuf>,
    ) -> Self {
        Self {
            default_engine,
            ocr_folder,
            runtime,
            document: None,
            engines: Vec::new(),
            fonts,
            press: None,
        }
    }

    /// Does one job; the reply and its body.
    pub(super) fn answer(&mut self, job: Job, body: Vec<u8>) -> (Reply, Vec<u8>) {
        let done = match job {
            Job::Load { format, limits } => self.load(body, format, &limits),
            Job::Page {
                page,
                stages,
                deadline_ms,
            } => self.page(page, &stages, deadline(deadline_ms)),
            Job::Art { page } => self.art(page),
            Job::Thumbnail { page, turn } => self.thumbnail(page, turn),
            Job::Check {
                engine,
                languages,
                deadline_ms,
            } => self.check(engine, &languages, &body, deadline(deadline_ms)),
            Job::Form {
                template,
                identity,
                at,
                files,
            } => cut(files, &body).and_then(|files| {
                self.form(&Sheet {
                    template,
                    identity,
                    at,
                    files,
                })
            }),
        };
        done.unwrap_or_else(|failure| (Reply::Failed { failure }, Vec::new()))
    }

    fn load(
        &mut self,
        body: Vec<u8>,
        format: FileFormat,
        limits: &Limits,
    ) -> Result<(Reply, Vec<u8>), Failure> {
        // The document before is freed first, or both would count against the memory limit.
        self.document = None;
        let document = Document::open(Bytes::from(body), format, limits).map_err(verdict)?;
        let reply = Reply::Loaded {
            pages: document.pages(),
            findings: document.findings().to_vec(),
        };
        self.document = Some(document);
        Ok((reply, Vec::new()))
    }

    fn page(
        &mut self,
        page: u32,
        stages: &[StageJob],
        deadline: Instant,
    ) -> Result<(Reply, Vec<u8>), Failure> {
        let mut begun = Instant::now();
        let image = self.document()?.page(page).map_err(verdict)?;
        let (mut lengths, mut micros, mut body) = (Vec::new(), Vec::new(), Vec::new());
        let mut engine = None;
        let copies = Copies::new(&image.pixels);
        for stage in stages {
            if let StageJob::Ocr { engine: kind, .. } = stage {
                engine = Some(self.engine(*kind)?.id());
            }
            let output = self.stage(page, (&image, &copies), stage, deadline)?;
            lengths.push(output.len() as u64);
            body.extend_from_slice(&output);
            micros.push(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX));
            begun = Instant::now();
        }
        let reply = Reply::Page {
            lengths,
            micros,
            engine,
        };
        Ok((reply, body))
    }

    fn stage(
        &mut self,
        page: u32,
        (image, copies): (&PageImage, &Copies<'_>),
        stage: &StageJob,
        deadline: Instant,
    ) -> Result<Vec<u8>, Failure> {
        match stage {
            StageJob::Decode => to_json(&PageFacts {
                width: image.pixels.width(),
                height: image.pixels.height(),
                dpi: image.dpi,
            }),
            StageJob::Quality => to_json(&quality::measure(copies, image.dpi)),
            StageJob::Codes => to_json(&barcode::find(copies)),
            StageJob::Look => to_json(&look::measure(copies)),
            StageJob::Ocr {
                engine,
                languages,
                day,
            } => {
                let engine = self.engine(*engine)?;
                let mut text = engine
                    .recognise(&image.pixels, image.dpi, languages, deadline)
                    .map_err(|error| unread(Some(page), error))?;
                understand::repair(&mut text, *day);
                to_json(&text)
            }
        }
    }

    fn art(&mut self, page: u32) -> Result<(Reply, Vec<u8>), Failure> {
        let document = self.document()?;
        let mut made = match document.original(page) {
            Some(original) => original,
            None => {
                let image = document.page(page).map_err(verdict)?;
                encode(page, &image)?
            }
        };
        let body = std::mem::take(&mut made.data);
        Ok((Reply::Art { art: made }, body))
    }

    fn thumbnail(&mut self, page: u32, turn: PageTurn) -> Result<(Reply, Vec<u8>), Failure> {
        let image = self.document()?.page(page).map_err(verdict)?;
        let made = thumbnail::encode(&image.pixels, turn);
        let body = made.map_err(|error| Failure::crashed(Some(page), error.to_string()))?;
        Ok((Reply::Thumbnail, body))
    }

    fn check(
        &mut self,
        engine: EngineKind,
        languages: &[Language],
        picture: &[u8],
        deadline: Instant,
    ) -> Result<(Reply, Vec<u8>), Failure> {
        let engine = self.engine(engine)?;
        let mut text = None;
        if !picture.is_empty() {
            let picture = image::load_from_memory(picture).map_err(|error| Failure::Refused {
                reason: format!("the picture to check with cannot be decoded: {error}"),
            })?;
            let read = engine.recognise(&picture.into_rgb8(), None, languages, deadline);
            text = Some(read.map_err(|error| unread(None, error))?);
        }
        let id = engine.id();
        Ok((Reply::Engine { id, text }, Vec::new()))
    }

    fn form(&mut self, sheet: &Sheet) -> Result<(Reply, Vec<u8>), Failure> {
        let fonts = &self.fonts;
        let press = self.press.get_or_insert_with(|| Press::new(fonts.clone()));
        let printed = press.print(sheet);
        let printed = printed.map_err(|error| Failure::Form { error })?;
        let reply = Reply::Form {
            pages: printed.pages,
            warnings: printed.warnings,
        };
        Ok((reply, printed.pdf))
    }

    fn document(&mut self) -> Result<&mut Document, Failure> {
        self.document.as_mut().ok_or_else(|| Failure::Refused {
            reason: "no master is loaded".into(),
        })
    }

    fn engine(&mut self, kind: EngineKind) -> Result<&mut Box<dyn OcrEngine>, Failure> {
        let kind = match kind {
            EngineKind::Auto => self.default_engine,
            named => named,
        };
        let place = match self.engines.iter().position(|(known, _)| *known == kind) {
            Some(place) => place,
            None => {
                let opened = ocr::open(kind, &self.ocr_folder, self.runtime);
                let opened = opened.map_err(|error| unread(None, error))?;
                self.engines.push((kind, opened));
                self.engines.len() - 1
            }
        };
        let (_, engine) = self
            .engines
            .get_mut(place)
            .ok_or_else(|| Failure::Refused {
                reason: "the engine was lost".into(),
            })?;
        Ok(engine)
    }
}

/// The files of a form, out of the body.
fn cut(files: Vec<FormFile>, mut body: &[u8]) -> Result<Vec<SheetFile>, Failure> {
    let mut cut = Vec::new();
    for file in files {
        let length = usize::try_from(file.bytes).unwrap_or(usize::MAX);
        let split = body.split_at_checked(length);
        let (bytes, rest) = split.ok_or_else(|| Failure::Refused {
            reason: "the body is shorter than its files".into(),
        })?;
        body = rest;
        cut.push(SheetFile {
            name: file.name,
            bytes: bytes.to_vec(),
            own: file.own,
        });
    }
    Ok(cut)
}

fn encode(page: u32, image: &PageImage) -> Result<PageArt, Failure> {
    art::encode(&image.pixels, image.dpi)
        .map_err(|error| Failure::crashed(Some(page), error.to_string()))
}

fn deadline(millis: u64) -> Instant {
    Instant::now() + Duration::from_millis(millis)
}

fn verdict(finding: Finding) -> Failure {
    Failure::Verdict { finding }
}

fn unread(page: Option<u32>, error: OcrError) -> Failure {
    match error {
        OcrError::Deadline => {
            let mut finding = Finding::file(FindingCode::DeadlineExceeded);
            finding.page = page;
            Failure::Broken {
                finding,
                reason: OcrError::Deadline.to_string(),
            }
        }
        OcrError::Missing { part, reason } => Failure::Missing { part, reason },
        OcrError::Failed(reason) => Failure::crashed(page, reason),
    }
}

fn to_json<T: Serialize>(output: &T) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(output).map_err(|error| Failure::Refused {
        reason: format!("an output cannot be written: {error}"),
    })
}
