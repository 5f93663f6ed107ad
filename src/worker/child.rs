//! The child: `counterfoil worker`. It reads jobs from stdin, answers on stdout, and touches nothing else of the
//! machine but the OCR models and the fonts. A job that panics is answered as a crash, and the child ends so that its keeper
//! starts a clean one; it also ends when stdin closes or its parent is gone.

use std::io::{self, Read, Write};
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use super::protocol::{Failure, Job, MASTER_BYTES_MAX, Reply, read_frame, write_frame};
use super::reading::Reading;
use crate::ocr::paddle::net::{RUNTIME_NAMES, Runtime};
use crate::ocr::{ENGINE_NAMES, EngineKind};

/// Stack of the thread that does the jobs, in bytes: deeply nested files and C libraries need more than a
/// thread's usual share.
const JOB_STACK_BYTES: usize = 64 * 1024 * 1024;

/// How often the child looks whether its parent is still there.
const PARENT_POLL: Duration = Duration::from_millis(500);

/// The environment variable without which `--misbehave` is refused.
pub const MISBEHAVE_ENV: &str = "COUNTERFOIL_TEST_MISBEHAVE";

/// A master that contains these bytes is misbehaved on, when tests ask for it.
pub const MISBEHAVE_MARK: &[u8] = b"COUNTERFOIL-MISBEHAVE";

/// What a child is started with.
#[derive(Debug, Clone, PartialEq)]
pub struct ChildOptions {
    /// The engine that stands for `auto`.
    pub engine: EngineKind,
    /// Folder with the OCR runtime and models, or with recorded readings.
    pub ocr_folder: PathBuf,
    /// What computes the models.
    pub runtime: Runtime,
    /// The fonts of the printed forms.
    pub fonts: Vec<PathBuf>,
    /// How to misbehave on a marked master; tests only.
    pub misbehave: Option<Misbehaviour>,
}

/// Ways to go wrong, for the tests of the keeper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misbehaviour {
    /// End at once by a signal.
    Crash,
    /// Panic within a job.
    Panic,
    /// Never answer.
    Hang,
    /// Take more and more memory.
    Leak,
    /// Answer with bytes that are not a frame.
    Garbage,
}

/// Runs `counterfoil worker` with the arguments after the subcommand: `--engine KIND --ocr-folder DIR
/// --runtime NAME --font FILE…`.
/// Ends with 0 when stdin closes, 2 on wrong arguments, 1 when a job crashed or a frame was wrong.
pub fn main(arguments: impl Iterator<Item = String>) -> ExitCode {
    let allowed = std::env::var_os(MISBEHAVE_ENV).is_some_and(|value| value == "1");
    let options = match parse_arguments(arguments, allowed) {
        Ok(options) => options,
        Err(reason) => {
            complain(&reason);
            return ExitCode::from(2);
        }
    };
    // The payload of a panic may quote the file; its place in the source never does.
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string);
        complain(&format!("panic at {}", place.unwrap_or_default()));
    }));
    let watcher = std::thread::Builder::new().name("parent-watch".into());
    if let Err(error) = watcher.spawn(end_with_parent) {
        complain(&format!("cannot watch the parent: {error}"));
        return ExitCode::FAILURE;
    }
    let jobs = std::thread::Builder::new()
        .name("jobs".into())
        .stack_size(JOB_STACK_BYTES)
        .spawn(move || run(io::stdin().lock(), io::stdout().lock(), options));
    match jobs.map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        Ok(Ok(Err(reason))) => {
            complain(&reason);
            ExitCode::FAILURE
        }
        _ => ExitCode::FAILURE,
    }
}

/// Answers jobs until `input` ends. Fails when a frame is wrong, the parent does not read, or a job panicked
/// (its answer was sent first).
pub fn run(
    mut input: impl Read,
    mut output: impl Write,
    options: ChildOptions,
) -> Result<(), String> {
    let misbehave = options.misbehave;
    let mut marked = false;
    let mut reading = Reading::new(
        options.engine,
        options.ocr_folder,
        options.runtime,
        options.fonts,
    );
    loop {
        let frame = read_frame::<Job>(&mut input, MASTER_BYTES_MAX);
        let Some((job, body)) = frame.map_err(|error| error.to_string())? else {
            return Ok(());
        };
        if misbehave.is_some() && matches!(job, Job::Load { .. }) {
            marked = contains(&body, MISBEHAVE_MARK);
        }
        let page = match &job {
            Job::Page { page, .. } | Job::Art { page } | Job::Thumbnail { page, .. } => Some(*page),
            Job::Load { .. } | Job::Check { .. } | Job::Form { .. } => None,
        };
        let wrong = misbehave.filter(|_| marked && page.is_some());
        let answer = std::panic::catch_unwind(AssertUnwindSafe(|| {
            if let Some(wrong) = wrong {
                misbehave_as(wrong, &mut output);
            }
            reading.answer(job, body)
        }));
        let crashed = answer.is_err();
        let (reply, body) = answer.unwrap_or_else(|_| {
            let failure = Failure::crashed(page, "the job panicked");
            (Reply::Failed { failure }, Vec::new())
        });
        write_frame(&mut output, &reply, &body).map_err(|error| error.to_string())?;
        if crashed {
            return Err("a job panicked".into());
        }
    }
}

fn parse_arguments(
    mut arguments: impl Iterator<Item = String>,
    misbehave_allowed: bool,
) -> Result<ChildOptions, String> {
    let mut options = ChildOptions {
        engine: EngineKind::Auto,
        ocr_folder: PathBuf::from("ocr"),
        runtime: Runtime::Auto,
        fonts: Vec::new(),
        misbehave: None,
    };
    while let Some(name) = arguments.next() {
        let value = arguments
            .next()
            .ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--engine" => {
                let named = ENGINE_NAMES.iter().find(|(name, _)| *name == value);
                let (_, kind) = named.ok_or_else(|| format!("no engine is called {value:?}"))?;
                options.engine = *kind;
            }
            "--ocr-folder" => options.ocr_folder = PathBuf::from(value),
            "--runtime" => {
                let named = RUNTIME_NAMES.iter().find(|(name, _)| *name == value);
                let (_, runtime) =
                    named.ok_or_else(|| format!("no run time is called {value:?}"))?;
                options.runtime = *runtime;
            }
            "--font" => options.fonts.push(PathBuf::from(value)),
            "--misbehave" if misbehave_allowed => options.misbehave = Some(misbehaviour(&value)?),
            _ => return Err(format!("unknown argument {name}")),
        }
    }
    Ok(options)
}

fn misbehaviour(name: &str) -> Result<Misbehaviour, String> {
    match name {
        "crash" => Ok(Misbehaviour::Crash),
        "panic" => Ok(Misbehaviour::Panic),
        "hang" => Ok(Misbehaviour::Hang),
        "leak" => Ok(Misbehaviour::Leak),
        "garbage" => Ok(Misbehaviour::Garbage),
        _ => Err(format!("no misbehaviour is called {name:?}")),
    }
}

fn misbehave_as(wrong: Misbehaviour, output: &mut impl Write) {
    match wrong {
        Misbehaviour::Crash => std::process::abort(),
        Misbehaviour::Panic => std::panic::panic_any("asked to"),
        Misbehaviour::Hang => loop {
            std::thread::park();
        },
        Misbehaviour::Leak => {
            let mut held: Vec<Vec<u8>> = Vec::new();
            loop {
                held.push(vec![1; 4 * 1024 * 1024]);
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        Misbehaviour::Garbage => {
            let sent = output
                .write_all(&[0xAB; 4096])
                .and_then(|()| output.flush());
            if sent.is_err() {
                std::process::abort();
            }
        }
    }
}

fn contains(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.windows(mark.len()).any(|window| window == mark)
}

fn end_with_parent() {
    let parent = std::os::unix::process::parent_id();
    loop {
        std::thread::sleep(PARENT_POLL);
        if std::os::unix::process::parent_id() != parent {
            std::process::exit(1);
        }
    }
}

fn complain(text: &str) {
    // Nobody is left to tell when stderr is gone.
    let _ = writeln!(io::stderr(), "counterfoil worker: {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str], allowed: bool) -> Result<ChildOptions, String> {
        parse_arguments(arguments.iter().map(ToString::to_string), allowed)
    }

    #[test]
    fn arguments_are_strict() {
        let options = parse(&["--engine", "recorded", "--ocr-folder", "x"], false).unwrap();
        assert_eq!(options.engine, EngineKind::Recorded);
        assert_eq!(options.ocr_folder, PathBuf::from("x"));
        let options = parse(&["--font", "a.ttc", "--font", "b.otf"], false).unwrap();
        assert_eq!(
            options.fonts,
            [PathBuf::from("a.ttc"), PathBuf::from("b.otf")]
        );
        assert!(parse(&["--engine"], false).is_err());
        assert!(parse(&["--engine", "abacus"], false).is_err());
        assert!(parse(&["--verbose", "1"], false).is_err());
    }

    #[test]
    fn misbehaviour_needs_the_environment() {
        assert!(parse(&["--misbehave", "crash"], false).is_err());
        let options = parse(&["--misbehave", "crash"], true).unwrap();
        assert_eq!(options.misbehave, Some(Misbehaviour::Crash));
    }
}
