//! The scans of a case in its package: each as it came in, and where the hall read it, as a searchable PDF, as ALTO page by
//! page and as plain text.

use super::content::{Folder, suffix};
use super::{Packer, internal};
use crate::counter::CounterError;
use crate::derive::alto::{AltoSource, Detail, alto};
use crate::domain::case::CaseEvent;
use crate::domain::manifest::RecordManifest;
use crate::domain::{CaseNo, Digest, Event};
use crate::ledger::Recorded;
use crate::package::FileKind;
use crate::records::RecordsError;
use crate::records::export::{ExportFormat, ExportOrder, export};

/// The language that forms of a hall are in.
const LANGUAGE: &str = "zh-CN";

/// The scans that are filed with a case, each once, in the order they came.
fn filed(history: &[Recorded]) -> Vec<Digest> {
    let mut filed = Vec::new();
    for fact in history {
        match &fact.entry.event {
            Event::Case {
                event: CaseEvent::ScanFiled { scan, .. },
            } if !filed.contains(scan) => filed.push(*scan),
            Event::Case {
                event: CaseEvent::Refiled(refiled),
            } => filed.retain(|scan| !refiled.scans.contains(scan)),
            _ => {}
        }
    }
    filed
}

impl Packer {
    /// Adds every scan that is filed with the case, and what was derived from it.
    pub(super) async fn scans(
        &self,
        history: &[Recorded],
        folder: &mut Folder,
        unread: &mut Vec<(CaseNo, Digest)>,
    ) -> Result<(), CounterError> {
        for (number, scan) in (1..).zip(filed(history)) {
            let scan = &scan;
            self.master(scan, number, folder).await?;
            match self.records.manifest(scan).await {
                Ok(manifest) => self.derive(&manifest, number, folder).await?,
                Err(RecordsError::NotSealed { .. }) => unread.push((folder.case.clone(), *scan)),
                Err(error) => return Err(internal(error)),
            }
        }
        Ok(())
    }

    async fn master(
        &self,
        scan: &Digest,
        number: usize,
        folder: &mut Folder,
    ) -> Result<(), CounterError> {
        let history = self.records.history(scan).await.map_err(internal)?;
        let Some((first, format, length, sum)) =
            history.iter().find_map(|fact| match &fact.entry.event {
                Event::ScanReceived {
                    format, bytes, sm3, ..
                } => Some((fact.entry.at, *format, *bytes, *sm3)),
                _ => None,
            })
        else {
            return Err(internal(format!("scan {scan} was never received")));
        };
        let (suffix, media_type) = suffix(format);
        let name = format!("masters/{number:04}.{suffix}");
        let mut file = folder.file(&name, FileKind::Master, media_type, *scan, length);
        file.sm3 = Some(sum);
        file.created = first;
        folder.add(file);
        Ok(())
    }

    async fn derive(
        &self,
        manifest: &RecordManifest,
        number: usize,
        folder: &mut Folder,
    ) -> Result<(), CounterError> {
        let pages = u32::try_from(manifest.pages.len()).unwrap_or(u32::MAX);
        let engine = manifest.pages.first();
        let engine = engine.map(|page| format!("{} {}", page.engine.name, page.engine.version));
        let pdf = self.searchable(&folder.case, manifest).await?;
        let name = format!("pdf/{number:04}.pdf");
        let made = folder.keep(&name, FileKind::SearchablePdf, "application/pdf", &pdf);
        let file = made.await?;
        file.pages = Some(pages);
        file.derived_from = Some(manifest.scan);
        file.made_by = engine.clone();
        let (suffix, _) = suffix(manifest.format);
        let master = format!("cases/{}/masters/{number:04}.{suffix}", folder.case);
        let mut whole = String::new();
        for entry in &manifest.pages {
            let page = self.records.page_text(manifest, entry.page).await;
            let page = page.map_err(internal)?;
            let source = AltoSource {
                file_name: &master,
                digest: &manifest.scan,
                language: LANGUAGE,
                detail: Detail::Words,
            };
            let xml = alto(&page, entry.page, &source).map_err(internal)?;
            let name = format!("alto/{number:04}-{:03}.xml", entry.page);
            let kept = folder.keep(&name, FileKind::Alto, "application/xml", &xml);
            let file = kept.await?;
            file.derived_from = Some(manifest.scan);
            file.made_by = engine.clone();
            whole.push_str(&page.text());
            whole.push('\n');
        }
        let name = format!("text/{number:04}.txt");
        let kept = folder.keep(&name, FileKind::Text, "text/plain", whole.as_bytes());
        let file = kept.await?;
        file.derived_from = Some(manifest.scan);
        file.made_by = engine;
        Ok(())
    }

    async fn searchable(
        &self,
        case: &CaseNo,
        manifest: &RecordManifest,
    ) -> Result<Vec<u8>, CounterError> {
        let order = ExportOrder::one(ExportFormat::Pdf, manifest.clone());
        std::fs::create_dir_all(&self.scratch).map_err(internal)?;
        // Several cases may have the same scan at the same time.
        let file = self.scratch.join(format!("{case}-{}.pdf", manifest.scan));
        let (records, pool) = (&self.records, &self.pool);
        let made = export(records, pool, &self.pipelines, &order, &file, || {}).await;
        let bytes = match made {
            Ok(_) => tokio::fs::read(&file).await.map_err(internal),
            Err(error) => Err(internal(error)),
        };
        drop(tokio::fs::remove_file(&file).await);
        bytes
    }
}
