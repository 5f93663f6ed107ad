//! The printer of forms, on children of its own: a receipt does not wait behind pages that are read.

use crate::config::Config;
use crate::forms::{FormError, Templates, fonts};
use crate::worker::{Printer, WorkerOptions, WorkerPool};

/// Children that print: one for what a person waits for at the counter, a fraction of a second a page, and one for slips and
/// registers of thousands of lines, which take their turns.
const PRINTERS: usize = 2;

/// The printer with the hall's templates and fonts. Fails when the Chinese fonts are not on this machine.
pub fn printer(config: &Config) -> Result<Printer, FormError> {
    let program = std::env::current_exe().map_err(|error| FormError::Worker {
        reason: error.to_string(),
    })?;
    let mut options = WorkerOptions::new(program, config.ocr.engine, config.ocr.folder.clone());
    options.fonts = fonts::find(config.forms.fonts.as_deref())?;
    options.memory_max = config.work.memory_max_mib << 20;
    let pool = WorkerPool::new(options, PRINTERS);
    Ok(Printer::new(
        pool,
        Templates::new(config.forms.folder.clone()),
    ))
}
