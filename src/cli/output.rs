//! What a command prints: one JSON object a line with `--json`, otherwise words for a person. Results go to
//! standard output, everything else (progress, logs, errors) to standard error.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::CliError;

/// Where and how results are printed.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
}

impl Output {
    /// Prints objects when `json`, words otherwise.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether objects are printed.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Prints one result.
    pub fn result<T: Serialize>(
        &self,
        object: &T,
        words: impl FnOnce() -> String,
    ) -> Result<(), CliError> {
        let line = if self.json {
            serde_json::to_string(object).map_err(CliError::internal)?
        } else {
            words()
        };
        self.raw(&line)
    }

    /// Prints one line as it is.
    pub fn raw(&self, line: &str) -> Result<(), CliError> {
        let mut out = std::io::stdout().lock();
        match writeln!(out, "{line}").and_then(|()| out.flush()) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            other => other.map_err(CliError::internal),
        }
    }

    /// A progress bar of `length` steps on standard error; hidden when nobody looks.
    pub fn progress(&self, length: u64, unit: &str) -> ProgressBar {
        let bar = ProgressBar::new(length);
        if self.json || !std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
            return bar;
        }
        let template =
            format!("{{bar:32}} {{pos}}/{{len}} {unit}  {{elapsed}} (还需 eta {{eta}})  {{msg}}");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }
}
