//! Printing a form in a child: the parent checks the data, reads the hall's templates and draws the QR code; the
//! child runs the template under a deadline and the memory limit.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::answer::WorkerError;
use super::host::WorkerHost;
use super::pool::WorkerPool;
use super::protocol::{Failure, FormFile, Job, Reply};
use crate::domain::{Digest, FindingCode};
use crate::forms::{Form, FormError, Printing, Sheet, TemplateProblem, Templates};

/// How long a form may take. The first one of a child also reads the fonts.
pub const FORM_DEADLINE: Duration = Duration::from_secs(20);

/// How much longer for each line of a slip or a register; on a core of its own it takes a tenth of that and less.
const LINE_DEADLINE: Duration = Duration::from_millis(25);

/// Lines from which a paper is printed one at a time, so that a receipt does not wait behind several of them.
const LONG_LINES: usize = 100;

/// A printed form.
#[derive(Debug, Clone, PartialEq)]
pub struct Printed {
    /// The PDF/A-2b.
    pub pdf: Bytes,
    /// Its pages.
    pub pages: u32,
    /// The digest of what it states, as it stands on the page.
    pub statement: Digest,
    /// The digest of everything the rendering depended on: data, templates, time, reprint number.
    pub sheet: Digest,
    /// What Typst warned of in the templates.
    pub warnings: Vec<TemplateProblem>,
}

/// Prints forms with the templates in force.
#[derive(Clone)]
pub struct Printer {
    pool: Arc<WorkerPool>,
    templates: Templates,
    deadline: Duration,
    long: Arc<Semaphore>,
}

impl Printer {
    /// A printer on `pool`, which should be its own: a receipt does not wait behind pages that are read.
    pub fn new(pool: Arc<WorkerPool>, templates: Templates) -> Self {
        Self {
            pool,
            templates,
            deadline: FORM_DEADLINE,
            long: Arc::new(Semaphore::new(1)),
        }
    }

    /// Another deadline than [`FORM_DEADLINE`].
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Prints a form. The same data, templates, time and reprint number give the same bytes.
    pub async fn print(&self, form: &Form, printing: Printing) -> Result<Printed, FormError> {
        let statement = form.digest()?;
        let lines = form.long_lines();
        let deadline = self.deadline + LINE_DEADLINE * u32::try_from(lines).unwrap_or(u32::MAX);
        let _turn = match lines >= LONG_LINES {
            true => Some(self.long.acquire().await.map_err(|error| gone(&error))?),
            false => None,
        };
        let (form, templates) = (form.clone(), self.templates.clone());
        let made = tokio::task::spawn_blocking(move || Sheet::new(&form, printing, &templates));
        let sheet = made.await.map_err(|error| gone(&error))??;
        let trouble = |error| trouble(error, &sheet.template);
        let mut worker = self.pool.checkout().await.map_err(trouble)?;
        let printed = worker.form(&sheet, deadline).await.map_err(trouble)?;
        let (pages, warnings, pdf) = printed;
        Ok(Printed {
            pdf,
            pages,
            statement,
            sheet: sheet.digest(),
            warnings,
        })
    }
}

impl WorkerHost {
    /// Prints a sheet: its pages, what Typst warned of, and the PDF.
    pub async fn form(
        &mut self,
        sheet: &Sheet,
        deadline: Duration,
    ) -> Result<(u32, Vec<TemplateProblem>, Bytes), WorkerError> {
        let mut body = Vec::new();
        let mut files = Vec::new();
        for file in &sheet.files {
            files.push(FormFile {
                name: file.name.clone(),
                bytes: file.bytes.len() as u64,
                own: file.own,
            });
            body.extend_from_slice(&file.bytes);
        }
        let job = Job::Form {
            template: sheet.template.clone(),
            identity: sheet.identity.clone(),
            at: sheet.at,
            files,
        };
        match self.exchange(&job, body.into(), deadline, None).await? {
            (Reply::Form { pages, warnings }, pdf) => {
                self.recycle().await;
                Ok((pages, warnings, pdf))
            }
            _ => Err(self.nonsense(None).await),
        }
    }
}

fn gone(error: &dyn std::fmt::Display) -> FormError {
    FormError::Worker {
        reason: error.to_string(),
    }
}

fn trouble(error: WorkerError, template: &str) -> FormError {
    let template = template.to_owned();
    match error {
        WorkerError::Failed(Failure::Form { error }) => error,
        WorkerError::Failed(Failure::Broken { finding, reason }) => {
            let limit = finding.limit.unwrap_or_default();
            match finding.code {
                FindingCode::DeadlineExceeded => FormError::Deadline {
                    template,
                    seconds: limit,
                },
                FindingCode::MemoryExceeded => FormError::Memory {
                    template,
                    mib: limit,
                },
                _ => FormError::Worker { reason },
            }
        }
        other => FormError::Worker {
            reason: other.to_string(),
        },
    }
}
