//! From what Typst reports to a place in a file: the template's line, also when the fault shows only within the
//! common part that it calls.

use typst::diag::SourceDiagnostic;
use typst::syntax::DiagSpan;
use typst::{World, WorldExt};

use super::world::SheetWorld;
use super::{FormError, TemplateProblem};

/// The most problems that are told.
const TOLD_MAX: usize = 8;

/// The error of a template with these diagnostics.
pub(super) fn broken(world: &SheetWorld<'_>, found: &[SourceDiagnostic], main: &str) -> FormError {
    FormError::Template {
        problems: problems(world, found, main),
    }
}

/// The problems in Typst's order; `main` is named where no place is known.
pub(super) fn problems(
    world: &SheetWorld<'_>,
    found: &[SourceDiagnostic],
    main: &str,
) -> Vec<TemplateProblem> {
    let told = found.iter().take(TOLD_MAX);
    told.map(|diagnostic| problem(world, diagnostic, main))
        .collect()
}

fn problem(world: &SheetWorld<'_>, diagnostic: &SourceDiagnostic, main: &str) -> TemplateProblem {
    let (file, line, column) = match place(world, diagnostic) {
        Some((file, line, column)) => (file, Some(line), Some(column)),
        None => (main.to_owned(), None, None),
    };
    let hints = diagnostic.hints.iter();
    TemplateProblem {
        file,
        line,
        column,
        message: diagnostic.message.to_string(),
        hints: hints.map(|hint| hint.v.to_string()).collect(),
    }
}

/// The place of the fault; where that lies in a built-in file, the hall's own line that led there.
fn place(world: &SheetWorld<'_>, diagnostic: &SourceDiagnostic) -> Option<(String, usize, usize)> {
    let calls = diagnostic
        .trace
        .iter()
        .map(|call| DiagSpan::from(call.span));
    let mut spans: Vec<DiagSpan> = vec![diagnostic.span];
    spans.extend(calls);
    let own = spans
        .iter()
        .find(|span| span.id().is_some_and(|id| world.is_own(id)));
    let span = own.or_else(|| spans.iter().find(|span| span.id().is_some()))?;
    let id = span.id()?;
    let range = world.range(*span)?;
    let source = world.source(id).ok()?;
    let (line, column) = source.lines().byte_to_line_column(range.start)?;
    let file = id.vpath().get_without_slash().to_string();
    Some((file, line + 1, column + 1))
}
