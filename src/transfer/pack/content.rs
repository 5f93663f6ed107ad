//! What goes into a package, case by case: scans as they came in, what was derived from them, forms, documents, facts and
//! metadata. Whatever is made here is kept as a blob of its case before it is named.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt};

use super::describe::described;
use super::{Packer, internal, unmade};
use crate::bag::BagPath;
use crate::counter::{Counter, CounterError, about};
use crate::domain::case::{CaseEvent, CaseState};
use crate::domain::event::FileFormat;
use crate::domain::transfer::{RoundLine, RoundState};
use crate::domain::{CaseNo, Digest, Event, StaffId, Subject, Timestamp};
use crate::ledger::Recorded;
use crate::package::{CaseDoc, FileDoc, FileKind, PackageDoc, metadata, register};
use crate::store::blob::Blobs;

/// Cases gathered at the same time: while one waits for the disk another is derived.
const CASES_AT_ONCE: usize = 4;

/// A package that is gathered and not sealed yet.
pub(super) struct Gathered {
    /// Its description, without anything that names a person.
    pub doc: PackageDoc,
    /// Files that are about the package as a whole.
    pub documents: Vec<FileDoc>,
    /// Scans that the hall could not read.
    pub unread: Vec<(CaseNo, Digest)>,
    /// Rows with paper that was not scanned.
    pub unscanned: Vec<(CaseNo, String)>,
}

impl Gathered {
    /// Every payload file by its path in the bag.
    pub fn payload(&self) -> BTreeMap<String, Digest> {
        let files = self.doc.files().chain(&self.documents);
        files
            .map(|file| (format!("data/{}", file.path), file.sha256))
            .collect()
    }

    /// Bytes of the payload.
    pub fn bytes(&self) -> u64 {
        let files = self.doc.files().chain(&self.documents);
        files.map(|file| file.bytes).sum()
    }
}

/// What was gathered of one case.
struct GatheredCase {
    doc: CaseDoc,
    unread: Vec<(CaseNo, Digest)>,
    unscanned: Vec<(CaseNo, String)>,
}

/// Where the files of one case are put together.
pub(super) struct Folder {
    pub case: CaseNo,
    pub blobs: Blobs,
    pub files: Vec<FileDoc>,
    pub now: Timestamp,
    paths: BTreeSet<String>,
}

impl Folder {
    fn new(case: &CaseNo, blobs: &Blobs, now: Timestamp) -> Self {
        Self {
            case: case.clone(),
            blobs: blobs.for_case(case),
            files: Vec::new(),
            now,
            paths: BTreeSet::new(),
        }
    }

    /// A file with nothing said of it but what it is.
    pub fn file(
        &self,
        name: &str,
        kind: FileKind,
        media_type: &str,
        sha256: Digest,
        bytes: u64,
    ) -> FileDoc {
        FileDoc {
            path: format!("cases/{}/{name}", self.case),
            kind,
            media_type: media_type.to_owned(),
            bytes,
            sha256,
            sm3: None,
            created: self.now,
            pages: None,
            derived_from: None,
            made_by: None,
            dpi: None,
        }
    }

    /// Adds a file that is a blob already; a path that is there already is left as it is.
    pub fn add(&mut self, file: FileDoc) {
        if self.paths.insert(file.path.clone()) {
            self.files.push(file);
        }
    }

    /// Keeps bytes as a blob of the case and adds them.
    pub async fn keep(
        &mut self,
        name: &str,
        kind: FileKind,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<&mut FileDoc, CounterError> {
        let stored = self.blobs.put(bytes).await?;
        let file = self.file(name, kind, media_type, stored.digest, bytes.len() as u64);
        self.paths.insert(file.path.clone());
        self.files.push(file);
        self.files
            .last_mut()
            .ok_or_else(|| internal("a file was not added"))
    }
}

/// The suffix and the media type of a format.
pub(super) fn suffix(format: FileFormat) -> (&'static str, &'static str) {
    match format {
        FileFormat::Jpeg => ("jpg", "image/jpeg"),
        FileFormat::Png => ("png", "image/png"),
        FileFormat::Tiff => ("tif", "image/tiff"),
        FileFormat::Bmp => ("bmp", "image/bmp"),
        FileFormat::Webp => ("webp", "image/webp"),
        FileFormat::Gif => ("gif", "image/gif"),
        FileFormat::Pdf => ("pdf", "application/pdf"),
    }
}

impl Packer {
    /// Gathers the package of a round, as of `now`, when the log has `log_size` facts. `by` seals it.
    pub(super) async fn gather(
        &self,
        counter: &Counter,
        round: &RoundState,
        lines: &[RoundLine],
        (now, log_size): (Timestamp, u64),
        by: &StaffId,
    ) -> Result<Gathered, CounterError> {
        let mut doc = counter.round_doc(round, now).await?;
        doc.dialect = Some(self.dialect.stated());
        (doc.fonds, doc.contact) = (self.fonds.clone(), self.contact.clone());
        let mut gathered = Gathered {
            doc,
            documents: Vec::new(),
            unread: Vec::new(),
            unscanned: Vec::new(),
        };
        let head = &gathered.doc.head();
        let cases = lines.iter().cloned();
        let cases =
            cases.map(|line| async move { self.case_files(counter, &line, head, now).await });
        let mut cases = stream::iter(cases).buffered(CASES_AT_ONCE);
        while let Some(case) = cases.next().await {
            let GatheredCase {
                doc,
                unread,
                unscanned,
            } = case?;
            gathered.doc.cases.push(doc);
            gathered.unread.extend(unread);
            gathered.unscanned.extend(unscanned);
        }
        drop(cases);
        self.whole(counter, &mut gathered, (log_size, by)).await?;
        Ok(gathered)
    }

    async fn case_files(
        &self,
        counter: &Counter,
        line: &RoundLine,
        head: &PackageDoc,
        now: Timestamp,
    ) -> Result<GatheredCase, CounterError> {
        let no = &line.case;
        let (case, _) = counter.case(no).await?;
        let item = counter.pinned(&case.mandate.content).await?;
        let bundle = counter.bundle_now(no).await?;
        let history = counter.history(&about(no)).await?;
        let mut folder = Folder::new(no, self.records.blobs(), now);
        let (mut unread, mut unscanned) = (Vec::new(), Vec::new());
        self.scans(&history, &mut folder, &mut unread).await?;
        self.papers_printed(&history, &mut folder).await?;
        let custody = counter.history(&Subject::Bundle(no.clone())).await?;
        let facts = [
            ("facts.jsonl", FileKind::Facts, &history),
            ("custody.jsonl", FileKind::Custody, &custody),
        ];
        for (name, kind, facts) in facts {
            folder
                .keep(name, kind, "application/jsonl", &leaves(facts))
                .await?;
        }
        for (code, row) in &case.rows {
            if !row.kept().is_empty() && row.scans.is_empty() {
                unscanned.push((no.clone(), code.to_string()));
            }
        }
        let mut doc = described(&case, &item, &bundle, line, &history)?;
        doc.files = std::mem::take(&mut folder.files);
        self.case_metadata(counter, head, &case, &mut doc, &mut folder)
            .await?;
        Ok(GatheredCase {
            doc,
            unread,
            unscanned,
        })
    }

    /// The metadata of one case, which name the applicant; they are the case's own blobs.
    async fn case_metadata(
        &self,
        counter: &Counter,
        head: &PackageDoc,
        case: &CaseState,
        doc: &mut CaseDoc,
        folder: &mut Folder,
    ) -> Result<(), CounterError> {
        let mut named = head.clone();
        named.cases.push(match case.taken_over {
            // Of an old file the number is known, and nobody's name.
            Some(_) => CaseDoc {
                document_number: Some(counter.old_number(case).await?),
                ..doc.clone()
            },
            None => CaseDoc {
                applicant_name: Some(counter.applicant_name(case).await?),
                ..doc.clone()
            },
        });
        let mut made = Vec::new();
        metadata::write(&named, &self.dialect, |file| {
            if file.case.is_some() {
                made.push(file);
            }
            Ok(())
        })
        .map_err(|fault| unmade(&fault))?;
        for file in made {
            let stored = folder.blobs.put(&file.bytes).await?;
            doc.files.push(FileDoc {
                path: file.path,
                kind: FileKind::Metadata,
                media_type: "application/xml".to_owned(),
                bytes: file.bytes.len() as u64,
                sha256: stored.digest,
                ..folder.file("", FileKind::Metadata, "", stored.digest, 0)
            });
        }
        Ok(())
    }

    /// Forms that were printed and documents that were handed in.
    async fn papers_printed(
        &self,
        history: &[Recorded],
        folder: &mut Folder,
    ) -> Result<(), CounterError> {
        let mut number = 0;
        for fact in history {
            let Event::Case { event } = &fact.entry.event else {
                continue;
            };
            let (name, kind, format, digest) = match event {
                CaseEvent::FormPrinted { print } if print.print == 1 => {
                    number += 1;
                    let name = format!("forms/{number:02}.pdf");
                    (name, FileKind::Form, FileFormat::Pdf, print.pdf)
                }
                CaseEvent::DocumentKept { document } => {
                    let (suffix, _) = suffix(document.format);
                    let name = format!("documents/{}.{suffix}", document.digest);
                    (name, FileKind::Document, document.format, document.digest)
                }
                _ => continue,
            };
            let bytes = folder.blobs.size(&digest).await?;
            let bytes = bytes.ok_or_else(|| internal(format!("blob {digest} is missing")))?;
            let mut file = folder.file(&name, kind, suffix(format).1, digest, bytes);
            file.created = fact.entry.at;
            folder.add(file);
        }
        Ok(())
    }

    /// What is about the package as a whole: metadata, register, description. None of it names a person, because it
    /// cannot be erased with one case.
    async fn whole(
        &self,
        counter: &Counter,
        gathered: &mut Gathered,
        (log_size, by): (u64, &StaffId),
    ) -> Result<(), CounterError> {
        let mut made: Vec<(String, &str, Vec<u8>)> = Vec::new();
        // Those of the cases are files of the package already.
        let mut bare = gathered.doc.clone();
        for case in &mut bare.cases {
            case.files.retain(|file| file.kind != FileKind::Metadata);
        }
        metadata::write(&bare, &self.dialect, |file| {
            if file.case.is_none() {
                made.push((file.path, "application/xml", file.bytes));
            }
            Ok(())
        })
        .map_err(|fault| unmade(&fault))?;
        let csv = register::csv(&gathered.doc).map_err(|fault| unmade(&fault))?;
        let xlsx = register::xlsx(&gathered.doc).map_err(|fault| unmade(&fault))?;
        let sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        made.push(("register.csv".to_owned(), "text/csv", csv));
        made.push(("register.xlsx".to_owned(), sheet, xlsx));
        let log = counter.log_position_at(log_size).await?;
        for (path, pdf) in counter.sealed_register(&gathered.doc, log, by).await? {
            made.push((path, "application/pdf", pdf.into()));
        }
        let json = serde_json::to_vec(&gathered.doc).map_err(internal)?;
        made.push(("transfer.json".to_owned(), "application/json", json));
        for (path, media_type, bytes) in made {
            let stored = counter.blobs.put(&bytes).await?;
            gathered.documents.push(FileDoc {
                path,
                kind: FileKind::Metadata,
                media_type: media_type.to_owned(),
                bytes: bytes.len() as u64,
                sha256: stored.digest,
                sm3: None,
                created: gathered.doc.sealed_at,
                pages: None,
                derived_from: None,
                made_by: None,
                dpi: None,
            });
        }
        for path in gathered.payload().keys() {
            BagPath::portable(path).map_err(|fault| super::unbagged(&fault))?;
        }
        Ok(())
    }
}

/// Facts as they stand in the log, one a line.
fn leaves(facts: &[Recorded]) -> Vec<u8> {
    let mut lines = Vec::new();
    for fact in facts {
        lines.extend_from_slice(&fact.bytes);
        lines.push(b'\n');
    }
    lines
}
