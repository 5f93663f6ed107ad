//! Pipeline files (`pipelines/NAME.toml`): how a kind of paper is read, stage by stage. They are read strictly:
//! everything that is wrong is told at once, with its line.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use toml::de::DeTable;

use super::keys::{CODES, DECODE, LOOK, OCR, QUALITY, UNDERSTAND};
use super::settings;
use crate::domain::{Digest, PipelineName};
use crate::imaging::{Limits, QualityLimits};
use crate::ocr::{EngineKind, Language};
use crate::strict::{FileError, FileProblem, Problems, Table};

/// The pipeline files that are built in: name and text.
pub const EMBEDDED: &[(&str, &str)] = &[
    (
        "counter-paper",
        include_str!("../../pipelines/counter-paper.toml"),
    ),
    (
        "archive-backfile",
        include_str!("../../pipelines/archive-backfile.toml"),
    ),
];

/// The largest pipeline file, in bytes.
const FILE_BYTES_MAX: usize = 64 * 1024;

/// How a kind of paper is read.
#[derive(Debug, Clone, PartialEq)]
pub struct PipelineSpec {
    /// Its name, which is also its file's.
    pub name: PipelineName,
    /// Version its author gave it.
    pub version: u32,
    /// SHA-256 of the file's text.
    pub digest: Digest,
    /// What a scan may cost.
    pub limits: ScanLimits,
    /// What the pixels are held against; none when the pipeline has no `quality` stage.
    pub quality: Option<QualityLimits>,
    /// Whether bar codes and matrix codes are read.
    pub codes: bool,
    /// Whether what a page looks like is kept, so that it is found again.
    pub look: bool,
    /// How text is read.
    pub ocr: OcrSettings,
    /// Whether fields and kinds of material are looked for in the text.
    pub understand: bool,
}

/// What a scan may cost.
#[derive(Debug, Clone, PartialEq)]
pub struct ScanLimits {
    /// How long the jobs of one attempt may take together.
    pub scan_deadline: Duration,
    /// How long one page, or opening the file, may take.
    pub page_deadline: Duration,
    /// Failed attempts after which a person has to look.
    pub attempts_max: u32,
    /// Caps on decoding.
    pub imaging: Limits,
}

/// How text is read.
#[derive(Debug, Clone, PartialEq)]
pub struct OcrSettings {
    /// Which engine; `auto` leaves it to the configuration.
    pub engine: EngineKind,
    /// Scripts to expect.
    pub languages: Vec<Language>,
    /// A page with a character below this confidence is marked for verification, 0 to 1.
    pub verify_below: f32,
}

impl PipelineSpec {
    /// Reads a pipeline file's text. `file` names it in messages; its stem must be the pipeline's name.
    pub fn parse(file: &str, text: &str) -> Result<Self, FileError> {
        if text.len() > FILE_BYTES_MAX {
            let message = format!("the file has more than {FILE_BYTES_MAX} bytes");
            return Err(whole_file(file, message));
        }
        let mut problems = Problems::new(text);
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let at = error.span().map_or(0, |span| span.start);
            problems.note(at, first_line(error.message()));
        }
        let mut root = Table::new("the file", 0, root.get_ref());
        let spec = parse_root(&mut root, file, text, &mut problems);
        root.finish(&mut problems);
        problems.finish(file)?;
        // Without a noted problem everything was there.
        spec.ok_or_else(|| whole_file(file, "the file cannot be read".into()))
    }
}

/// The pipelines of a hall, by name. Never empty of the built-in ones.
#[derive(Debug, Clone)]
pub struct Pipelines(BTreeMap<PipelineName, Arc<PipelineSpec>>);

impl Pipelines {
    /// The built-in pipelines.
    pub fn embedded() -> Result<Self, FileError> {
        let mut pipelines = Self(BTreeMap::new());
        for (name, text) in EMBEDDED {
            let spec = PipelineSpec::parse(&format!("{name}.toml"), text)?;
            pipelines.insert(spec);
        }
        Ok(pipelines)
    }

    /// The built-in pipelines, replaced and joined by the `*.toml` files of `folder`. Fails with the problems of
    /// every file.
    pub fn with_folder(folder: &Path) -> Result<Self, Vec<FileError>> {
        let mut pipelines = Self::embedded().map_err(|error| vec![error])?;
        let mut errors = Vec::new();
        for path in toml_files(folder).map_err(|error| vec![error])? {
            let shown = path.display().to_string();
            let parsed = match std::fs::read_to_string(&path) {
                Ok(text) => PipelineSpec::parse(&shown, &text),
                Err(error) => Err(whole_file(&shown, format!("it cannot be read: {error}"))),
            };
            match parsed {
                Ok(spec) => pipelines.insert(spec),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() {
            return Ok(pipelines);
        }
        Err(errors)
    }

    /// Adds or replaces one.
    pub fn insert(&mut self, spec: PipelineSpec) {
        self.0.insert(spec.name.clone(), Arc::new(spec));
    }

    /// The pipeline of this name.
    pub fn get(&self, name: &PipelineName) -> Option<Arc<PipelineSpec>> {
        self.0.get(name).cloned()
    }

    /// Their names.
    pub fn names(&self) -> BTreeSet<String> {
        self.0.keys().map(ToString::to_string).collect()
    }
}

fn parse_root(
    root: &mut Table<'_, '_>,
    file: &str,
    text: &str,
    problems: &mut Problems<'_>,
) -> Option<PipelineSpec> {
    let name = parse_name(root, file, problems);
    let version = root.integer("version", 1..1_000_000, problems);
    root.need("version", problems);
    let limits = match root.table("limits", problems) {
        Some(mut table) => {
            let limits = settings::limits(&mut table, problems);
            table.finish(problems);
            limits
        }
        None => {
            root.need("limits", problems);
            None
        }
    };
    let stages = root.tables("stage", problems);
    let stages = parse_stages(stages, root.start(), problems);
    Some(PipelineSpec {
        name: name?,
        version: u32::try_from(version?).ok()?,
        digest: Digest::of(text),
        limits: limits?,
        quality: stages.quality,
        codes: stages.codes,
        look: stages.look,
        ocr: stages.ocr?,
        understand: stages.understand,
    })
}

fn parse_name(
    root: &mut Table<'_, '_>,
    file: &str,
    problems: &mut Problems<'_>,
) -> Option<PipelineName> {
    root.need("name", problems);
    let text = root.text("name", problems)?;
    let stem = Path::new(file).file_stem()?.to_str()?;
    if stem != text {
        let message = format!("`name` must be \"{stem}\", as the file is called");
        problems.note(root.place("name"), message);
    }
    match PipelineName::new(text) {
        Ok(name) => Some(name),
        Err(error) => {
            problems.note(root.place("name"), error.to_string());
            None
        }
    }
}

#[derive(Default)]
struct Stages {
    quality: Option<QualityLimits>,
    codes: bool,
    look: bool,
    ocr: Option<OcrSettings>,
    understand: bool,
}

fn parse_stages(tables: Vec<Table<'_, '_>>, root: usize, problems: &mut Problems<'_>) -> Stages {
    const KINDS: &[(&str, &str)] = &[
        (DECODE, DECODE),
        (QUALITY, QUALITY),
        (CODES, CODES),
        (LOOK, LOOK),
        (OCR, OCR),
        (UNDERSTAND, UNDERSTAND),
    ];
    let mut stages = Stages::default();
    let mut seen: Vec<&str> = Vec::new();
    let mut unknown = false;
    for mut table in tables {
        table.need("kind", problems);
        let Some(kind) = table.choice("kind", KINDS, problems) else {
            // What the other keys should be is not known.
            unknown = true;
            continue;
        };
        let place = table.place("kind");
        if seen.contains(&kind) {
            problems.note(place, format!("stage \"{kind}\" stands here a second time"));
        } else if kind == DECODE && !seen.is_empty() {
            problems.note(place, "stage \"decode\" must be the first");
        } else if kind != DECODE && !seen.contains(&DECODE) {
            let message = format!("stage \"{kind}\" needs \"decode\" before it");
            problems.note(place, message);
        } else if kind == UNDERSTAND && !seen.contains(&OCR) {
            problems.note(place, "stage \"understand\" needs \"ocr\" before it");
        }
        seen.push(kind);
        match kind {
            QUALITY => stages.quality = Some(settings::quality(&mut table, problems)),
            CODES => stages.codes = true,
            LOOK => stages.look = true,
            OCR => stages.ocr = settings::ocr(&mut table, problems),
            UNDERSTAND => stages.understand = true,
            _ => {}
        }
        table.finish(problems);
    }
    for needed in [DECODE, OCR] {
        if !seen.contains(&needed) && !unknown {
            problems.note(root, format!("the file needs a stage \"{needed}\""));
        }
    }
    stages
}

fn toml_files(folder: &Path) -> Result<Vec<std::path::PathBuf>, FileError> {
    let shown = folder.display().to_string();
    let failed =
        |error: std::io::Error| whole_file(&shown, format!("the folder cannot be read: {error}"));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn whole_file(file: &str, message: String) -> FileError {
    FileError {
        file: file.to_string(),
        problems: vec![FileProblem { line: 1, message }],
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_string()
}
