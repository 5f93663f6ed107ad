//! The program's own log, on standard error, as text or as one JSON object a line.
//!
//! The rule for every log line of the program: ids, codes, digests, amounts and times only. Never a person's name or
//! number, a file's name, a query, a page's text, a secret, or an error text that could hold one of these.
//! A log is copied to places the data never goes.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::config::{LogConfig, LogFormat};

/// The log could not be started.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The level is not one.
    #[error("the log level cannot be understood: {0}")]
    Level(#[from] ParseError),
    /// This process logs already.
    #[error("the log was started before")]
    Started,
}

/// Starts the log of this process. Fails when it was started before.
pub fn start(log: &LogConfig) -> Result<(), TelemetryError> {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(&log.level)?)
        .with_ansi(log.format == LogFormat::Text && std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|_| TelemetryError::Started)
}

/// Reads a level such as `info` or a list such as `info,counterfoil::store=debug`.
pub fn filter(level: &str) -> Result<EnvFilter, ParseError> {
    EnvFilter::builder().parse(level)
}
