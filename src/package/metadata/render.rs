//! Running a template within bounds: its work, its output, and what it may put out. What a template prints is escaped,
//! what XML cannot hold is replaced, what is not there is an error and never an empty word.

use std::cell::Cell;
use std::io::{self, Write};
use std::rc::Rc;

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, context};

use super::super::{CaseDoc, PackageDoc, PackageFault};
use super::dialect::{Dialect, Made, Scope};
use super::{MetadataFile, OUTPUT_BYTES_MAX};
use crate::derive::xml;
use crate::domain::{Date, Timestamp};

/// Work a template may do whatever it is about, and for each line of what it is about: one unit is an instruction or
/// 64 bytes.
const FUEL_BASE: u64 = 200_000;
const FUEL_A_LINE: u64 = 4_000;

/// Most nodes of a file. Whatever passes is read by other programs, which have limits as well.
const NODES_MAX: u32 = 4_000_000;

/// Makes every file of the dialect.
pub(super) fn each(
    doc: &PackageDoc,
    dialect: &Dialect,
    take: &mut dyn FnMut(MetadataFile) -> Result<(), PackageFault>,
) -> Result<(), PackageFault> {
    let mut environment = environment(dialect)?;
    let head = Value::from(Serde(doc.head()));
    for case in &doc.cases {
        let about_case = |made: &&Made| made.scope == Scope::Case;
        for made in dialect.files.iter().filter(about_case) {
            environment.set_fuel(Some(fuel(std::slice::from_ref(case))));
            let context = context! { package => &head, case => Value::from(Serde(case)) };
            let path = made.path(doc.transfer.as_str(), Some(case.case.as_str()));
            let bytes = render(&environment, made, &path, context)?;
            let case = Some(case.case.clone());
            take(MetadataFile { path, case, bytes })?;
        }
    }
    let about_all = |made: &&Made| made.scope == Scope::Package;
    for made in dialect.files.iter().filter(about_all) {
        environment.set_fuel(Some(fuel(&doc.cases)));
        let context = context! { package => &head, cases => Value::from(Serde(&doc.cases)) };
        let path = made.path(doc.transfer.as_str(), None);
        let bytes = render(&environment, made, &path, context)?;
        take(MetadataFile {
            path,
            case: None,
            bytes,
        })?;
    }
    Ok(())
}

fn fuel(cases: &[CaseDoc]) -> u64 {
    let lines = |case: &CaseDoc| 1 + case.papers.len() + case.steps.len() + case.files.len();
    let lines: usize = cases.iter().map(lines).sum();
    FUEL_BASE + FUEL_A_LINE * lines as u64
}

fn environment(dialect: &Dialect) -> Result<Environment<'_>, PackageFault> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("xml".into()));
    environment.set_formatter(|out, _, value| {
        let mut escaped = String::new();
        match value {
            value if value.is_none() => return Ok(()),
            value if value.is_safe() => return write!(out, "{value}").map_err(write_failed),
            value => xml::escape_into(&mut escaped, &value.to_string()),
        };
        out.write_str(&escaped).map_err(write_failed)
    });
    environment.add_filter("hall_time", hall_time);
    environment.add_filter("compact_day", compact_day);
    for (name, text) in &dialect.templates {
        let added = environment.add_template(name, text);
        added.map_err(|error| fault_of(&error, name))?;
    }
    Ok(environment)
}

fn write_failed(_: std::fmt::Error) -> Error {
    Error::new(ErrorKind::WriteFailure, "the output was cut off")
}

/// `instant|hall_time`: an instant as the clocks in the hall show it, `2026-01-31 10:20:30`.
fn hall_time(text: String) -> Result<String, Error> {
    let instant = text.parse::<Timestamp>();
    let instant =
        instant.map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()));
    instant.map(Timestamp::in_hall)
}

/// `day|compact_day`: `20260131`.
fn compact_day(text: String) -> Result<String, Error> {
    let day = text.parse::<Date>();
    let day = day.map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()));
    day.map(Date::compact)
}

fn render(
    environment: &Environment<'_>,
    made: &Made,
    path: &str,
    context: Value,
) -> Result<Vec<u8>, PackageFault> {
    let name = made.template.as_str();
    let template = environment.get_template(name);
    let template = template.map_err(|error| fault_of(&error, name))?;
    let full = Rc::new(Cell::new(false));
    let mut out = Bounded {
        bytes: Vec::new(),
        full: Rc::clone(&full),
    };
    let rendered = template.render_captured_to(context, &mut out);
    if full.get() {
        return Err(PackageFault::TemplateOutput {
            file: name.to_owned(),
            limit: OUTPUT_BYTES_MAX,
        });
    }
    rendered.map_err(|error| fault_of(&error, name))?;
    check_xml(&out.bytes, name, path)?;
    Ok(out.bytes)
}

/// Takes what a strict reader of XML takes: one root, names and characters that XML knows, no DTD.
fn check_xml(bytes: &[u8], name: &str, path: &str) -> Result<(), PackageFault> {
    let not_xml = |line: u64, reason: String| PackageFault::NotXml {
        file: name.to_owned(),
        path: path.to_owned(),
        line,
        reason,
    };
    let text = std::str::from_utf8(bytes).map_err(|error| not_xml(1, error.to_string()))?;
    let options = roxmltree::ParsingOptions {
        allow_dtd: false,
        nodes_limit: NODES_MAX,
        ..roxmltree::ParsingOptions::default()
    };
    let parsed = roxmltree::Document::parse_with_options(text, options);
    parsed.map_err(|error| not_xml(u64::from(error.pos().row), error.to_string()))?;
    Ok(())
}

fn fault_of(error: &Error, template: &str) -> PackageFault {
    let file = error.name().unwrap_or(template).to_owned();
    if error.kind() == ErrorKind::OutOfFuel {
        return PackageFault::TemplateEffort { file };
    }
    let kind = error.kind();
    let reason = match error.detail() {
        Some(detail) => format!("{kind}: {detail}"),
        None => kind.to_string(),
    };
    PackageFault::Template {
        file,
        line: error.line().unwrap_or(1) as u64,
        reason: reason.chars().take(300).collect(),
    }
}

/// Takes no more bytes than a file may have.
struct Bounded {
    bytes: Vec<u8>,
    full: Rc<Cell<bool>>,
}

impl Write for Bounded {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if (self.bytes.len() + part.len()) as u64 > OUTPUT_BYTES_MAX {
            self.full.set(true);
            return Err(io::Error::other("the output is too long"));
        }
        self.bytes.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
