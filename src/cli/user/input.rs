//! Names and passwords, which never come as arguments: other users of the machine see those. Lines of a file or of
//! standard input; a terminal is asked, without echo for what is secret.

use std::io::{BufRead, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::cli::CliError;
use crate::domain::Problem;
use crate::people::SecretText;

/// The most bytes read.
const BYTES_MAX: u64 = 64 * 1024;

/// Where names and passwords come from.
pub enum Input {
    /// A person at a terminal.
    Terminal,
    /// Lines, in the order they are asked for.
    Lines(std::vec::IntoIter<Zeroizing<String>>),
}

impl Input {
    /// Lines of `file`, or of standard input without one; a terminal is asked.
    pub fn open(file: Option<&PathBuf>) -> Result<Self, CliError> {
        if let Some(file) = file.filter(|file| file.as_path() != Path::new("-")) {
            let opened = std::fs::File::open(file);
            let opened = opened.map_err(|error| unreadable(&file.display().to_string(), &error))?;
            return Self::lines(opened, &file.display().to_string());
        }
        let standard = std::io::stdin();
        if standard.is_terminal() {
            return Ok(Self::Terminal);
        }
        Self::lines(standard.lock(), "standard input")
    }

    fn lines(source: impl Read, name: &str) -> Result<Self, CliError> {
        let mut text = Zeroizing::new(String::new());
        let mut bounded = source.take(BYTES_MAX);
        let read = bounded.read_to_string(&mut text);
        read.map_err(|error| unreadable(name, &error))?;
        let lines: Vec<Zeroizing<String>> = text
            .lines()
            .map(|line| Zeroizing::new(line.to_owned()))
            .collect();
        Ok(Self::Lines(lines.into_iter()))
    }

    /// The next line, or none when there is no further one. `secret` is not shown while it is typed.
    pub fn next(&mut self, prompt: &str, secret: bool) -> Result<Option<SecretText>, CliError> {
        match self {
            Self::Lines(lines) => Ok(lines.next().map(|line| SecretText::new(line.as_str()))),
            Self::Terminal => ask(prompt, secret).map(Some),
        }
    }
}

fn unreadable(name: &str, error: &std::io::Error) -> CliError {
    CliError::new(Problem::CannotRead, format!("{name}: {error}"))
}

fn ask(prompt: &str, secret: bool) -> Result<SecretText, CliError> {
    let mut errors = std::io::stderr();
    let shown = write!(errors, "{prompt}: ").and_then(|()| errors.flush());
    shown.map_err(CliError::internal)?;
    let input = std::io::stdin();
    let before = tcgetattr(&input).map_err(CliError::internal)?;
    if secret {
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&input, OptionalActions::Now, &silent).map_err(CliError::internal)?;
    }
    let mut line = Zeroizing::new(String::new());
    let read = input.lock().take(BYTES_MAX).read_line(&mut line);
    if secret {
        tcsetattr(&input, OptionalActions::Now, &before).map_err(CliError::internal)?;
        let _ = writeln!(errors);
    }
    read.map_err(|error| unreadable("terminal", &error))?;
    Ok(SecretText::new(line.trim_end_matches(['\r', '\n'])))
}
