//! What is wrong with a file, by line.

use std::fmt;

/// One problem in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileProblem {
    /// Line from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

/// Everything that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    /// The file, as it was named.
    pub file: String,
    /// Its problems in order of line, at least one.
    pub problems: Vec<FileProblem>,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.problems.iter().enumerate() {
            if place > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}:{}: {}", self.file, problem.line, problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for FileError {}

/// The problems of one text as they are found.
pub struct Problems<'t> {
    text: &'t str,
    found: Vec<FileProblem>,
}

impl<'t> Problems<'t> {
    /// None yet, in `text`.
    pub fn new(text: &'t str) -> Self {
        Self {
            text,
            found: Vec::new(),
        }
    }

    /// Notes a problem at byte `at` of the text.
    pub fn note(&mut self, at: usize, message: impl Into<String>) {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        self.found.push(FileProblem {
            line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
            message: message.into(),
        });
    }

    /// All problems in order of line, or none.
    pub fn finish(mut self, file: &str) -> Result<(), FileError> {
        if self.found.is_empty() {
            return Ok(());
        }
        self.found.sort();
        self.found.dedup();
        Err(FileError {
            file: file.to_string(),
            problems: self.found,
        })
    }
}
