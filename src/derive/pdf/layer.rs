//! The invisible text layer. Each character is stretched to reach the next one, so that a selection in a viewer
//! covers what it names and text extraction finds no gap where the reading has no space.

use super::super::glyphless::{ASCENT, DESCENT};
use super::font::CodeBook;
use super::writer::number;
use crate::domain::text::{OcrChar, OcrLine, OcrPage, Rect};

/// Size of the upright page in points.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) width: f64,
    pub(super) height: f64,
}

/// The smallest and the largest font size in points.
const SIZE_MIN: f64 = 1.0;
const SIZE_MAX: f64 = 2_000.0;

/// The least width of a space in font sizes. Text extraction takes a gap of about 0.1 as the end of a word.
const SPACE_MIN: f64 = 0.3;

/// The widest space, in font sizes, that is narrowed to [`SPACE_USUAL`] by stretching the character before it:
/// text extraction takes a wider gap as the border of a column, which it then is.
const SPACE_JOINED: f64 = 2.0;

/// The most a narrowed space keeps, in font sizes.
const SPACE_USUAL: f64 = 0.6;

/// The least width of any other character in font sizes.
const CHAR_MIN: f64 = 0.05;

/// How far a line stays from the edges of the page, in points.
const EDGE: f64 = 0.1;

/// Where a line runs on the page: the direction of reading as a unit vector, y upwards.
struct Course {
    along: (f64, f64),
    /// Whether boxes are measured across their width (true) or their height.
    level: bool,
}

/// Appends the text objects of a page to its contents.
pub(super) fn append(contents: &mut String, text: &OcrPage, frame: Frame, book: &mut CodeBook) {
    if text.width == 0 || text.height == 0 {
        return;
    }
    let scale = (
        frame.width / f64::from(text.width),
        frame.height / f64::from(text.height),
    );
    contents.push_str("BT\n3 Tr\n");
    for line in &text.lines {
        append_line(contents, line, frame, scale, book);
    }
    contents.push_str("ET\n");
}

fn append_line(
    contents: &mut String,
    line: &OcrLine,
    frame: Frame,
    scale: (f64, f64),
    book: &mut CodeBook,
) {
    let chars = trimmed(&line.chars);
    if chars.is_empty() {
        return;
    }
    let course = course(line);
    let boxes: Vec<Span> = chars
        .iter()
        .map(|char| span(char.rect, &course, frame, scale))
        .collect();
    let visible = || {
        let pairs = chars.iter().zip(&boxes);
        pairs.filter(|(char, _)| !char.c.is_whitespace())
    };
    let size = median(visible().map(|(_, span)| span.across)).clamp(SIZE_MIN, SIZE_MAX);
    let middle = median(visible().map(|(_, span)| span.offset));
    let mut starts = starts(chars, &boxes, size);
    let (cos, sin) = course.along;
    let depth = f64::from(ASCENT + DESCENT) / 2_000.0 * size;
    let base = middle - depth;
    let first = starts.first().copied().unwrap_or(0.0);
    let origin = (first * cos - base * sin, first * sin + base * cos);
    let origin = fit(&mut starts, origin, course.along, frame);
    let matrix = [cos, sin, -sin, cos, origin.0, origin.1].map(number);
    contents.push_str(&format!(
        "/F0 {} Tf {} Tm\n",
        number(size),
        matrix.join(" ")
    ));
    let mut pen = first;
    let mut stretch_before = String::new();
    for (char, pair) in chars.iter().zip(starts.windows(2)) {
        // The pen is where the rounded widths so far have put it, so that roundings do not add up.
        let end = pair.last().copied().unwrap_or(pen);
        let stretch = ((end - pen).max(CHAR_MIN * size) / size * 100.0 * 100.0).round() / 100.0;
        pen += stretch / 100.0 * size;
        let stretch = number(stretch);
        if stretch != stretch_before {
            contents.push_str(&format!("{stretch} Tz"));
        }
        contents.push_str(&format!("<{:04X}>Tj\n", book.code(char.c)));
        stretch_before = stretch;
    }
}

/// Shortens and moves a line so that every character starts on the page, and returns where it then begins: what is
/// drawn outside the page is not extracted, and a leaning line near an edge would lose its ends.
fn fit(starts: &mut [f64], origin: (f64, f64), along: (f64, f64), frame: Frame) -> (f64, f64) {
    let first = starts.first().copied().unwrap_or(0.0);
    let length = starts.last().copied().unwrap_or(first) - first;
    let (across, up) = (along.0 * length, along.1 * length);
    let share = |room: f64, run: f64| ((room - 2.0 * EDGE) / run.abs()).min(1.0);
    let shorter = share(frame.width, across)
        .min(share(frame.height, up))
        .max(0.0);
    for start in starts {
        *start = first + (*start - first) * shorter;
    }
    let moved = |from: f64, run: f64, room: f64| {
        let (low, high) = (from + run.min(0.0), from + run.max(0.0));
        from + (EDGE - low).max(0.0) - (high - (room - EDGE)).max(0.0)
    };
    (
        moved(origin.0, across * shorter, frame.width),
        moved(origin.1, up * shorter, frame.height),
    )
}

/// The characters without white space at both ends.
fn trimmed(chars: &[OcrChar]) -> &[OcrChar] {
    let solid = |char: &OcrChar| !char.c.is_whitespace();
    let Some(first) = chars.iter().position(solid) else {
        return &[];
    };
    let last = chars.iter().rposition(solid).unwrap_or(first);
    chars.get(first..=last).unwrap_or(&[])
}

fn course(line: &OcrLine) -> Course {
    let lean = if line.angle.is_finite() {
        f64::from(line.angle)
    } else {
        0.0
    };
    let turn = if line.vertical { lean + 90.0 } else { lean };
    // Clockwise on the page is negative where y points up.
    let (sin, cos) = (-turn).to_radians().sin_cos();
    Course {
        along: (cos, sin),
        level: cos.abs() >= sin.abs(),
    }
}

/// A character's place measured along and across its line, in points.
struct Span {
    start: f64,
    end: f64,
    offset: f64,
    across: f64,
}

fn span(rect: Rect, course: &Course, frame: Frame, scale: (f64, f64)) -> Span {
    let x = (f64::from(rect.x) + f64::from(rect.width) / 2.0) * scale.0;
    let y = frame.height - (f64::from(rect.y) + f64::from(rect.height) / 2.0) * scale.1;
    let (x, y) = (x.clamp(0.0, frame.width), y.clamp(0.0, frame.height));
    let (wide, high) = (
        (f64::from(rect.width) * scale.0).min(frame.width),
        (f64::from(rect.height) * scale.1).min(frame.height),
    );
    let (length, across) = if course.level {
        (wide, high)
    } else {
        (high, wide)
    };
    let (cos, sin) = course.along;
    let centre = x * cos + y * sin;
    Span {
        start: centre - length / 2.0,
        end: centre + length / 2.0,
        offset: y * cos - x * sin,
        across,
    }
}

/// Where each character starts, and where the last one ends: always forward, a space always wide enough to be one.
fn starts(chars: &[OcrChar], boxes: &[Span], size: f64) -> Vec<f64> {
    let mut starts: Vec<f64> = Vec::with_capacity(chars.len() + 1);
    let mut space_before = false;
    for (place, (char, span)) in chars.iter().zip(boxes).enumerate() {
        let space = char.c.is_whitespace();
        let mut start = match (
            space,
            place.checked_sub(1).and_then(|before| boxes.get(before)),
        ) {
            (true, Some(before)) => space_start(before.end, next_start(boxes, place), size),
            _ => span.start,
        };
        if let Some(last) = starts.last() {
            let least = if space_before { SPACE_MIN } else { CHAR_MIN };
            start = start.max(last + least * size);
        }
        starts.push(start);
        space_before = space;
    }
    let end = boxes.last().map_or(0.0, |span| span.end);
    let last = starts.last().copied().unwrap_or(0.0);
    starts.push(end.max(last + CHAR_MIN * size));
    starts
}

/// Where a space starts between the end of one character and the start of the next, whatever box it was given.
fn space_start(end: f64, next: f64, size: f64) -> f64 {
    let gap = next - end;
    if gap > SPACE_JOINED * size {
        return end;
    }
    next - gap.clamp(SPACE_MIN * size, SPACE_USUAL * size)
}

fn next_start(boxes: &[Span], place: usize) -> f64 {
    boxes
        .get(place + 1)
        .map_or(f64::INFINITY, |span| span.start)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}
