//! The stage `understand`: what a page's text means. It needs no pixels, so no worker runs it; its memo is kept like the
//! others'.

use super::attempt::{Attempt, PageOutputs, Stop, record};
use super::keys::{self, OCR, UNDERSTAND};
use super::trouble::Trouble;
use crate::domain::meaning::PageMeaning;
use crate::domain::{Digest, Finding, FindingCode};
use crate::understand::understand;

impl Attempt<'_> {
    /// Adds what the page means to its stages, from the memo or anew.
    pub(super) async fn understand(
        &self,
        page: u32,
        outputs: &mut PageOutputs,
        input: Digest,
    ) -> Result<(), Stop> {
        let read = outputs.stages.iter().find(|stage| stage.stage == OCR);
        let Some(ocr) = read.map(|stage| stage.key) else {
            return Ok(());
        };
        let key = keys::understand_key(&ocr);
        let known = self.recall::<PageMeaning>(UNDERSTAND, &key, &input).await?;
        let output = match known {
            Some((_, output)) => output,
            None => {
                // Apart from the threads that wait for disks, and from a page that breaks it.
                let (text, day) = (outputs.text.clone(), self.day);
                let meaning = tokio::task::spawn_blocking(move || understand(&text, day)).await;
                let meaning = meaning.map_err(|_| Stop::Failed {
                    finding: Finding::page(page, FindingCode::WorkerCrashed),
                    reason: "what a page means could not be worked out".into(),
                })?;
                let bytes = serde_json::to_vec(&meaning).map_err(Trouble::from)?;
                let blobs = self.source.blobs;
                self.memos.keep(blobs, &key, &input, bytes.into()).await?
            }
        };
        outputs.stages.push(record(UNDERSTAND, key, input, &output));
        Ok(())
    }
}
