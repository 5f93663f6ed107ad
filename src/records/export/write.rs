//! How a file is written: what it says of itself, then its pages as they come.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::{
    ExportError, ExportFormat, ExportLimits, ExportOrder, ExportPart, LANGUAGE, image_name,
};
use crate::derive::alto::{AltoHead, AltoSource, AltoWriter, Detail};
use crate::derive::hocr::{HocrPlace, HocrSource, HocrWriter};
use crate::derive::info::{Bookmark, FileInfo};
use crate::derive::ofd::ofd;
use crate::derive::pdf::searchable_pdf;
use crate::derive::{DeriveError, PageArt};
use crate::domain::text::OcrPage;
use crate::domain::{Digest, Event, Timestamp};
use crate::pipeline::Pipelines;
use crate::records::{Records, RecordsError};
use crate::worker::WorkerPool;

type Delivered = Result<(PageArt, Option<OcrPage>), DeriveError>;

/// Writes a file of page images with their text over them.
pub(super) async fn drawn(
    records: &Records,
    pool: &Arc<WorkerPool>,
    pipelines: &Pipelines,
    order: &ExportOrder,
    path: &Path,
    mut done: impl FnMut(),
) -> Result<(), ExportError> {
    let info = describe(records, order).await?;
    let mut worker = pool.checkout().await?;
    let (sender, receiver) = mpsc::channel::<Delivered>(1);
    let (path, format) = (path.to_owned(), order.format);
    let writing = tokio::task::spawn_blocking(move || write_file(receiver, &info, format, &path));
    'parts: for ExportPart { manifest, .. } in &order.parts {
        let limits = ExportLimits::of(pipelines, &manifest.pipeline);
        let master = records.master(&manifest.scan).await?;
        let loaded = worker.load(
            master,
            manifest.format,
            &limits.imaging,
            limits.page_deadline,
        );
        loaded.await?;
        for entry in &manifest.pages {
            let art = worker.art(entry.page, limits.page_deadline).await?;
            let text = records.page_text(manifest, entry.page).await?;
            if sender.send(Ok((art, Some(text)))).await.is_err() {
                break 'parts;
            }
            done();
        }
    }
    drop(sender);
    writing.await.map_err(|_| ExportError::CutShort)?
}

fn write_file(
    mut receiver: mpsc::Receiver<Delivered>,
    info: &FileInfo,
    format: ExportFormat,
    path: &Path,
) -> Result<(), ExportError> {
    let mut file = create(path)?;
    let pages = std::iter::from_fn(move || receiver.blocking_recv());
    match format {
        ExportFormat::Ofd => drop(ofd(pages, info, &mut file)?),
        _ => drop(searchable_pdf(pages, info, &mut file)?),
    }
    file.flush().map_err(failed(path))
}

/// Writes a file of text alone.
pub(super) async fn texts(
    records: &Records,
    order: &ExportOrder,
    path: &Path,
    mut done: impl FnMut(),
) -> Result<(), ExportError> {
    let Some(first) = order.parts.first() else {
        return Err(ExportError::Parts);
    };
    let image = image_name(&first.manifest);
    let info = describe(records, order).await?;
    let file = create(path)?;
    let mut target = match order.format {
        ExportFormat::Alto => {
            let mut head = AltoHead::default();
            for entry in &first.manifest.pages {
                head.see(&records.page_text(&first.manifest, entry.page).await?);
            }
            let source = AltoSource {
                file_name: &image,
                digest: &first.manifest.scan,
                language: LANGUAGE,
                detail: Detail::Characters,
            };
            Target::Alto(AltoWriter::start(file, source, head)?)
        }
        ExportFormat::Hocr => {
            let source = HocrSource {
                title: &info.title,
                system: &info.creator,
                language: LANGUAGE,
                pages: order.pages(),
            };
            Target::Hocr(HocrWriter::start(file, source))
        }
        _ => Target::Text(file),
    };
    let mut number = 0;
    for ExportPart { manifest, .. } in &order.parts {
        let image = image_name(manifest);
        for entry in &manifest.pages {
            number += 1;
            let page = records.page_text(manifest, entry.page).await?;
            let place = HocrPlace {
                number,
                image: &image,
                page: entry.page,
            };
            target.page(&place, &page).map_err(failed_in(path))?;
            done();
        }
    }
    target.finish().map_err(failed_in(path))
}

/// What a file of text is written with.
enum Target<'a> {
    Alto(AltoWriter<'a, BufWriter<File>>),
    Hocr(HocrWriter<BufWriter<File>>),
    Text(BufWriter<File>),
}

impl Target<'_> {
    fn page(&mut self, place: &HocrPlace<'_>, page: &OcrPage) -> Result<(), DeriveError> {
        match self {
            Self::Alto(writer) => writer.page(place.number, page),
            Self::Hocr(writer) => writer.page(place, page),
            // A form feed ends a page, as pdftotext writes it.
            Self::Text(file) => Ok(write!(file, "{}\n\u{c}", page.text())?),
        }
    }

    fn finish(self) -> Result<(), DeriveError> {
        match self {
            Self::Alto(writer) => drop(writer.finish()?),
            Self::Hocr(writer) => drop(writer.finish()?),
            Self::Text(mut file) => file.flush()?,
        }
        Ok(())
    }
}

fn create(path: &Path) -> Result<BufWriter<File>, ExportError> {
    // What is exported is plain text: for this program alone.
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(failed(path))?;
    Ok(BufWriter::with_capacity(256 << 10, file))
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> ExportError {
    let path = path.to_owned();
    move |source| ExportError::File {
        path: path.clone(),
        source,
    }
}

/// What went wrong with the file itself is told with its name.
fn failed_in(path: &Path) -> impl Fn(DeriveError) -> ExportError {
    let failed = failed(path);
    move |error| match error {
        DeriveError::Write(source) => failed(source),
        other => other.into(),
    }
}

/// What the file says of itself. The time is that of the last sealing, so that the same records give the same bytes.
async fn describe(records: &Records, order: &ExportOrder) -> Result<FileInfo, RecordsError> {
    let mut created = Timestamp::from_millis(0);
    let mut bookmarks: Vec<Bookmark> = Vec::new();
    let mut page = 1;
    for ExportPart { manifest, title } in &order.parts {
        let history = records.history(&manifest.scan).await?;
        let sealed = history
            .iter()
            .rev()
            .find(|fact| matches!(fact.entry.event, Event::RecordSealed { .. }));
        created = created.max(sealed.map_or(created, |fact| fact.entry.at));
        let before = bookmarks.last().map(|bookmark| &bookmark.title);
        if let Some(title) = title.as_ref().filter(|title| Some(*title) != before) {
            let title = title.clone();
            bookmarks.push(Bookmark { title, page });
        }
        page += u32::try_from(manifest.pages.len()).unwrap_or(0);
    }
    let scans: Vec<Digest> = order.parts.iter().map(|part| part.manifest.scan).collect();
    let digest = match scans.as_slice() {
        [one] => *one,
        several => Digest::of(
            several
                .iter()
                .flat_map(|scan| *scan.as_bytes())
                .collect::<Vec<u8>>(),
        ),
    };
    let mut id = [0; 16];
    id.copy_from_slice(&digest.as_bytes()[..16]);
    let short: String = digest.to_string().chars().take(12).collect();
    let pages = order.parts.iter().flat_map(|part| &part.manifest.pages);
    let engine = pages
        .map(|page| format!("{} {}", page.engine.name, page.engine.version))
        .next();
    Ok(FileInfo {
        title: order.title.clone().unwrap_or(format!("存根 {short}")),
        creator: engine.unwrap_or_default(),
        created,
        language: LANGUAGE.to_string(),
        id,
        bookmarks,
    })
}
