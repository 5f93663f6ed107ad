//! Rules: long thin runs of ink, gathered from pieces, since a rule that leans by a degree changes its row of pixels
//! every fifty.

use image::GrayImage;
use imageproc::contrast::adaptive_threshold;

use super::Frame;

/// Radius of the surroundings a pixel is held against, and how much darker it must be.
const RADIUS: u32 = 10;
const DARKER: i32 = 18;
/// Shortest piece and shortest rule, in pixels of the small copy.
const PIECE: usize = 14;
const RULE: f32 = 56.0;
/// White pixels a piece may run over.
const GAP: usize = 2;
/// What lies this far to both sides of a rule is not ink.
const THIN: usize = 5;
/// Most pieces looked at; more is a pattern, not rules.
const MOST_PIECES: usize = 40_000;

/// A rule on the straight page, in its pixels: across or down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Where it lies across its direction.
    pub at: f32,
    /// Where it begins.
    pub from: f32,
    /// Where it ends.
    pub to: f32,
}

/// Rules that run across and rules that run down, from a grey copy `step` times smaller than the page.
pub fn find(gray: &GrayImage, step: f32, frame: &Frame) -> (Vec<Rule>, Vec<Rule>) {
    let white = adaptive_threshold(gray, RADIUS, DARKER);
    let (width, height) = (white.width() as usize, white.height() as usize);
    let lying = white.as_raw();
    let mut standing = vec![0u8; lying.len()];
    for (y, row) in lying.chunks_exact(width).enumerate() {
        for (x, value) in row.iter().enumerate() {
            standing[x * height + y] = *value;
        }
    }
    let (mut across, mut down) = (Vec::new(), Vec::new());
    let mut keep = |start: (f32, f32), end: (f32, f32)| {
        let scaled = |(x, y): (f32, f32)| frame.apply((x * step, y * step));
        let (a, b) = (scaled(start), scaled(end));
        if (a.0 - b.0).abs() >= (a.1 - b.1).abs() {
            across.push(piece((a.1 + b.1) / 2.0, a.0, b.0));
        } else {
            down.push(piece((a.0 + b.0) / 2.0, a.1, b.1));
        }
    };
    pieces(lying, width, |row, from, to| {
        let y = row as f32 + 0.5;
        keep((from as f32, y), (to as f32, y));
    });
    pieces(&standing, height, |column, from, to| {
        let x = column as f32 + 0.5;
        keep((x, from as f32), (x, to as f32));
    });
    (joined(across, step), joined(down, step))
}

fn piece(at: f32, one: f32, other: f32) -> Rule {
    Rule {
        at,
        from: one.min(other),
        to: one.max(other),
    }
}

/// Thin runs of ink in rows of `width` pixels: row, first and one past the last.
fn pieces(white: &[u8], width: usize, mut found: impl FnMut(usize, usize, usize)) {
    let rows = white.len() / width;
    let mut count = 0;
    for row in 0..rows {
        let line = &white[row * width..(row + 1) * width];
        let above = row.checked_sub(THIN).map(|row| &white[row * width..]);
        let below = (row + THIN < rows).then(|| &white[(row + THIN) * width..]);
        let mut at = 0;
        while at < width {
            if line[at] != 0 {
                at += 1;
                continue;
            }
            let end = run_end(line, at);
            if end - at >= PIECE && is_thin(above, at, end) && is_thin(below, at, end) {
                count += 1;
                if count > MOST_PIECES {
                    return;
                }
                found(row, at, end);
            }
            at = end + 1;
        }
    }
}

fn run_end(line: &[u8], start: usize) -> usize {
    let mut end = start + 1;
    let mut gap = 0;
    for (at, value) in line.iter().enumerate().skip(start + 1) {
        if *value == 0 {
            end = at + 1;
            gap = 0;
        } else {
            gap += 1;
            if gap > GAP {
                break;
            }
        }
    }
    end
}

/// Whether a row beside a run holds little ink; beyond the page there is none.
fn is_thin(beside: Option<&[u8]>, from: usize, to: usize) -> bool {
    let Some(row) = beside else { return true };
    let ink = row[from..to].iter().filter(|value| **value == 0).count();
    ink * 3 <= to - from
}

/// Pieces that follow one another, joined; short ones are left out.
fn joined(mut pieces: Vec<Rule>, step: f32) -> Vec<Rule> {
    pieces.sort_by(|a, b| a.from.total_cmp(&b.from));
    let mut rules: Vec<(Rule, f32)> = Vec::new();
    for piece in pieces {
        let length = piece.to - piece.from;
        let near = rules.iter_mut().rev().find(|(rule, _)| {
            (rule.at - piece.at).abs() <= 2.5 * step && piece.from - rule.to <= 8.0 * step
        });
        match near {
            Some((rule, covered)) => {
                let share = length / (*covered + length);
                rule.at += (piece.at - rule.at) * share;
                rule.to = rule.to.max(piece.to);
                *covered += length;
            }
            None => rules.push((piece, length)),
        }
    }
    let long = |(rule, covered): &(Rule, f32)| {
        let length = rule.to - rule.from;
        length >= RULE * step && *covered >= 0.8 * length
    };
    rules
        .into_iter()
        .filter(long)
        .map(|(rule, _)| rule)
        .collect()
}
