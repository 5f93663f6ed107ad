//! One page: its image, then its text, line by line, each character where it was read. Lengths are millimetres from the
//! top left corner, written to a thousandth; sums of them are made of whole micrometres, so that roundings do not add
//! up.

use std::collections::BTreeSet;

use super::super::glyphless::{ASCENT, DESCENT, EM};
use super::super::{DeriveError, PageArt, place};
use super::{FONT_ID, begin};
use crate::derive::xml::{REPLACEMENT, Xml, holds};
use crate::domain::text::{OcrChar, OcrLine, OcrPage, PageTurn, Rect};

/// Millimetres of a point.
const POINT: f64 = 25.4 / 72.0;

/// The smallest font size in millimetres.
const SIZE_MIN: f64 = 0.3;

/// Lines that lean less than this, in degrees, get one baseline.
const LEVEL: f32 = 0.3;

/// Gives out the numbers of objects.
pub(super) struct Ids(u32);

impl Ids {
    /// Those after `taken`.
    pub(super) fn after(taken: u32) -> Self {
        Self(taken)
    }

    /// The last one given out.
    pub(super) fn last(&self) -> u32 {
        self.0
    }

    fn next(&mut self) -> u32 {
        self.0 += 1;
        self.0
    }
}

/// A page's content, and what the document has to know of it.
pub(super) struct Drawn {
    /// Number of the page.
    pub(super) id: u32,
    /// Number of its image among the resources.
    pub(super) image: u32,
    /// Its box.
    pub(super) physical_box: String,
    /// `Content.xml`.
    pub(super) content: Vec<u8>,
}

/// Draws a page; what its text is written with joins `chars`.
pub(super) fn draw(
    art: &PageArt,
    text: Option<&OcrPage>,
    ids: &mut Ids,
    chars: &mut BTreeSet<char>,
) -> Result<Drawn, DeriveError> {
    place::check(art)?;
    let turn = text.map_or(PageTurn::None, |text| text.turn);
    let orientation = place::turned(art.orientation, turn);
    let (width, height) = place::size(art, orientation);
    let (width, height) = (micrometres(width * POINT), micrometres(height * POINT));
    let (id, image) = (ids.next(), ids.next());
    let whole = format!("0 0 {} {}", length(width), length(height));
    let mut xml = begin("ofd:Page");
    xml.begin("ofd:Area").leaf("ofd:PhysicalBox", &whole).end();
    xml.begin("ofd:Content").begin("ofd:Layer");
    xml.with("Type", "Body").with("ID", ids.next());
    xml.begin("ofd:ImageObject").with("ID", ids.next());
    xml.with("Boundary", &whole);
    xml.with("CTM", placement(orientation, width, height).join(" "));
    xml.with("ResourceID", image).end();
    if let Some(text) = text.filter(|text| text.width > 0 && text.height > 0) {
        let scale = (
            width as f64 / 1_000.0 / f64::from(text.width),
            height as f64 / 1_000.0 / f64::from(text.height),
        );
        for line in &text.lines {
            write_line(&mut xml, line, scale, ids, chars);
        }
    }
    Ok(Drawn {
        id,
        image,
        physical_box: whole,
        content: xml.finish(),
    })
}

fn micrometres(millimetres: f64) -> i64 {
    (millimetres * 1_000.0).round() as i64
}

/// Millimetres without needless zeros.
fn length(micrometres: i64) -> String {
    let text = format!("{:.3}", micrometres as f64 / 1_000.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "" | "-0" => "0".to_owned(),
        _ => text.to_owned(),
    }
}

/// The matrix from the image's unit square, y downwards, to the upright page (EXIF 2.3, tag 274).
fn placement(orientation: u8, width: i64, height: i64) -> [String; 6] {
    let (w, h) = (width, height);
    let matrix = match orientation {
        2 => [-w, 0, 0, h, w, 0],
        3 => [-w, 0, 0, -h, w, h],
        4 => [w, 0, 0, -h, 0, h],
        5 => [0, h, w, 0, 0, 0],
        6 => [0, h, -w, 0, w, 0],
        7 => [0, -h, -w, 0, w, h],
        8 => [0, -h, w, 0, 0, h],
        _ => [w, 0, 0, h, 0, 0],
    };
    matrix.map(length)
}

/// A character and where it is drawn from: the left end of its baseline, in micrometres.
struct Spot {
    c: char,
    x: i64,
    y: i64,
}

fn write_line(
    xml: &mut Xml,
    line: &OcrLine,
    scale: (f64, f64),
    ids: &mut Ids,
    chars: &mut BTreeSet<char>,
) {
    let size = line_size(line, scale);
    let spots = spots(line, scale, size);
    let (Some(first), Some(_)) = (spots.first(), spots.last()) else {
        return;
    };
    let edges = |values: &dyn Fn(&Spot) -> i64| {
        let all = spots.iter().map(values);
        let low = all.clone().min().unwrap_or(0);
        (low, all.max().unwrap_or(0))
    };
    let (left, right) = edges(&|spot| spot.x);
    let (top, bottom) = edges(&|spot| spot.y);
    let part = |thousandths: i16| micrometres(size * f64::from(thousandths) / f64::from(EM));
    let (left, top) = (left, top - part(ASCENT));
    let (right, bottom) = (right + micrometres(size), bottom - part(DESCENT));
    xml.begin("ofd:TextObject").with("ID", ids.next());
    let edges = [left, top, right - left, bottom - top].map(length);
    xml.with("Boundary", edges.join(" "));
    xml.with("Alpha", 0).with("Font", FONT_ID);
    xml.with("Size", length(micrometres(size)));
    xml.begin("ofd:FillColor").with("Value", "0 0 0");
    xml.with("Alpha", 0).end();
    xml.begin("ofd:TextCode");
    xml.with("X", length(first.x - left));
    xml.with("Y", length(first.y - top));
    let steps = |axis: &dyn Fn(&Spot) -> i64| {
        let pairs = spots.windows(2).filter_map(|pair| match pair {
            [before, after] => Some(axis(after) - axis(before)),
            _ => None,
        });
        let steps: Vec<i64> = pairs.collect();
        let moves = steps.iter().any(|step| *step != 0);
        let words: Vec<String> = steps.into_iter().map(length).collect();
        (moves, words.join(" "))
    };
    let (_, across) = steps(&|spot| spot.x);
    let (falls, down) = steps(&|spot| spot.y);
    xml.with_some("DeltaX", (!across.is_empty()).then_some(across));
    xml.with_some("DeltaY", falls.then_some(down));
    let words: String = spots.iter().map(|spot| spot.c).collect();
    chars.extend(words.chars());
    xml.put_text(words).end().end();
}

/// Height of the characters across the line, in millimetres.
fn line_size(line: &OcrLine, scale: (f64, f64)) -> f64 {
    let across = line
        .chars
        .iter()
        .filter(|char| !char.c.is_whitespace())
        .map(|char| match line.vertical {
            true => f64::from(char.rect.width) * scale.0,
            false => f64::from(char.rect.height) * scale.1,
        });
    median(across.collect()).max(SIZE_MIN)
}

/// Where the characters of a line stand, one space for each gap, none at an end.
fn spots(line: &OcrLine, scale: (f64, f64), size: f64) -> Vec<Spot> {
    let drop = size * f64::from(ASCENT + DESCENT) / 2.0 / f64::from(EM);
    let middle = |rect: Rect| {
        let x = (f64::from(rect.x) + f64::from(rect.width) / 2.0) * scale.0;
        let y = (f64::from(rect.y) + f64::from(rect.height) / 2.0) * scale.1;
        (x, y)
    };
    let visible = || line.chars.iter().filter(|char| !char.c.is_whitespace());
    // A comma is lower than its neighbours, its baseline is not.
    let level = !line.vertical && (line.angle.abs() < LEVEL || !line.angle.is_finite());
    let shared = level.then(|| median(visible().map(|char| middle(char.rect).1).collect()));
    let place = |char: &OcrChar| {
        let (x, y) = middle(char.rect);
        let x = match line.vertical {
            true => x - size / 2.0,
            false => f64::from(char.rect.x) * scale.0,
        };
        (micrometres(x), micrometres(shared.unwrap_or(y) + drop))
    };
    let mut spots: Vec<Spot> = Vec::with_capacity(line.chars.len());
    let mut gap = false;
    for char in &line.chars {
        if char.c.is_whitespace() {
            gap = true;
            continue;
        }
        let (x, y) = place(char);
        if let Some(before) = spots.last().filter(|_| gap) {
            // Halfway: boxes of spaces say little.
            let space = Spot {
                c: ' ',
                x: (before.x + x) / 2,
                y: (before.y + y) / 2,
            };
            spots.push(space);
        }
        gap = false;
        let c = if holds(char.c) { char.c } else { REPLACEMENT };
        spots.push(Spot { c, x, y });
    }
    spots
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
