//! Pipeline files: what is wrong is told at once, with lines; what is right is read as written.

use std::time::Duration;

use counterfoil::domain::PipelineName;
use counterfoil::imaging::Limits;
use counterfoil::ocr::{EngineKind, Language};
use counterfoil::pipeline::spec::EMBEDDED;
use counterfoil::pipeline::{PipelineSpec, Pipelines};

fn problems(file: &str, text: &str) -> String {
    PipelineSpec::parse(file, text).unwrap_err().to_string()
}

fn counter_paper() -> &'static str {
    EMBEDDED[0].1
}

#[test]
fn the_built_in_pipelines_are_valid_and_read_as_written() {
    let pipelines = Pipelines::embedded().unwrap();
    let names: Vec<String> = pipelines.names().into_iter().collect();
    assert_eq!(names, ["archive-backfile", "counter-paper"]);
    let spec = pipelines
        .get(&PipelineName::new("counter-paper").unwrap())
        .unwrap();
    assert_eq!(spec.limits.page_deadline, Duration::from_secs(90));
    assert_eq!(spec.limits.attempts_max, 3);
    assert_eq!(spec.limits.imaging, Limits::default());
    assert_eq!(spec.ocr.engine, EngineKind::Auto);
    assert_eq!(spec.ocr.languages, [Language::Zh, Language::En]);
    assert!(spec.quality.is_some() && spec.codes);
    let spec = pipelines
        .get(&PipelineName::new("archive-backfile").unwrap())
        .unwrap();
    assert_eq!(spec.limits.imaging.pages_max, 2000);
}

#[test]
fn every_problem_is_told_at_once_with_its_line() {
    let text = r#"name = "counter-papier"
version = 0
colour = true

[limits]
scan_deadline_s = 60
page_deadline_s = 90
attempts_max = "three"
pages_maxx = 5

[[stage]]
kind = "ocr"
engine = "padle"
languages = ["zh", "zh"]
verify_below = 1.5

[[stage]]
kind = "decode"
dpi = 300

[[stage]]
kind = "ocr"
engine = "auto"
languages = []

[[stage]]
kind = "deskew"
"#;
    let expected = "\
counter-paper.toml:1: `name` must be \"counter-paper\", as the file is called
counter-paper.toml:2: `version` must be a whole number from 1 to 999999, not 0
counter-paper.toml:3: the file has an unknown key `colour`; it knows name, version, limits, stage
counter-paper.toml:7: `page_deadline_s` must not be longer than `scan_deadline_s`
counter-paper.toml:8: `attempts_max` must be a whole number from 1 to 10, not \"three\"
counter-paper.toml:9: [limits] has an unknown key `pages_maxx`; did you mean `pages_max`?
counter-paper.toml:12: stage \"ocr\" needs \"decode\" before it
counter-paper.toml:13: `engine` cannot be \"padle\"; did you mean \"paddle\"?
counter-paper.toml:14: `languages` names one thing twice
counter-paper.toml:15: `verify_below` must be a number from 0 to 1, not 1.5
counter-paper.toml:18: stage \"decode\" must be the first
counter-paper.toml:19: [[stage]] has an unknown key `dpi`; it knows kind
counter-paper.toml:21: [[stage]] needs `verify_below`
counter-paper.toml:22: stage \"ocr\" stands here a second time
counter-paper.toml:24: `languages` must be a list of \"zh\", \"en\", not a value of type array
counter-paper.toml:27: `kind` cannot be \"deskew\"; it can be \"decode\", \"quality\", \"codes\", \"look\", \"ocr\", \"understand\"";
    let found = problems("counter-paper.toml", text);
    assert_eq!(found, expected);
}

#[test]
fn an_empty_file_tells_what_it_needs() {
    let expected = "\
x.toml:1: the file needs `limits`
x.toml:1: the file needs `name`
x.toml:1: the file needs `version`
x.toml:1: the file needs a stage \"decode\"
x.toml:1: the file needs a stage \"ocr\"";
    assert_eq!(problems("x.toml", ""), expected);
}

#[test]
fn text_that_is_not_toml_is_told_with_its_line_and_the_rest_still_judged() {
    let text = counter_paper().replace("attempts_max = 3", "attempts_max = = 3\nfoo = 1");
    let found = problems("counter-paper.toml", &text);
    assert!(found.starts_with("counter-paper.toml:10:"), "{found}");
    assert!(
        found.contains("counter-paper.toml:11: [limits] has an unknown key `foo`"),
        "{found}"
    );
}

#[test]
fn a_folder_replaces_and_adds_pipelines_and_tells_the_problems_of_every_file() {
    let folder = tempfile::tempdir().unwrap();
    let changed = counter_paper().replace("attempts_max = 3", "attempts_max = 5");
    std::fs::write(folder.path().join("counter-paper.toml"), changed).unwrap();
    let added = counter_paper().replace("\"counter-paper\"", "\"land-deeds\"");
    std::fs::write(folder.path().join("land-deeds.toml"), added).unwrap();
    std::fs::write(folder.path().join("notes.txt"), "not a pipeline").unwrap();
    let pipelines = Pipelines::with_folder(folder.path()).unwrap();
    assert_eq!(pipelines.names().len(), 3);
    let spec = pipelines
        .get(&PipelineName::new("counter-paper").unwrap())
        .unwrap();
    assert_eq!(spec.limits.attempts_max, 5);
    std::fs::write(folder.path().join("a.toml"), "").unwrap();
    std::fs::write(folder.path().join("b.toml"), "x = 1").unwrap();
    let errors = Pipelines::with_folder(folder.path()).unwrap_err();
    assert_eq!(errors.len(), 2);
    assert!(Pipelines::with_folder(&folder.path().join("absent")).is_err());
}

#[test]
fn the_digest_is_that_of_the_text() {
    let spec = PipelineSpec::parse("counter-paper.toml", counter_paper()).unwrap();
    assert_eq!(
        spec.digest,
        counterfoil::domain::Digest::of(counter_paper())
    );
    let commented = format!("{}\n# one more line\n", counter_paper());
    let other = PipelineSpec::parse("counter-paper.toml", &commented).unwrap();
    assert_ne!(spec.digest, other.digest);
}
