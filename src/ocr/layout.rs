//! The order in which lines are read, and which lines run on into the next. Works on boxes of the upright,
//! deskewed page, so it serves every engine.

use crate::domain::text::OcrLine;

/// Lines a column of running text has at least.
const MIN_COLUMN_LINES: usize = 5;
/// Length of a line of running text, in line heights.
const TEXT_LENGTH: f32 = 6.0;
/// Characters that end a sentence or a clause, so that the next line starts anew.
const ENDS: &str = "。！？；：….!?;:";

/// Where a line lies on the upright page, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// Left edge.
    pub left: f32,
    /// Top edge.
    pub top: f32,
    /// Right edge.
    pub right: f32,
    /// Bottom edge.
    pub bottom: f32,
    /// Whether its characters run from top to bottom.
    pub vertical: bool,
}

impl Block {
    fn width(&self) -> f32 {
        self.right - self.left
    }

    fn height(&self) -> f32 {
        self.bottom - self.top
    }

    fn shares_columns_with(&self, other: &Block) -> bool {
        let shared = self.right.min(other.right) - self.left.max(other.left);
        shared > 0.5 * self.width().min(other.width())
    }

    fn is_beside(&self, other: &Block) -> bool {
        self.right.min(other.right) - self.left.max(other.left)
            < 0.2 * self.height().min(other.height())
    }

    /// The vertical range that decides which row the block is in; a column of text belongs to the row it starts in.
    fn row_range(&self, unit: f32) -> (f32, f32) {
        if self.vertical {
            (self.top, self.bottom.min(self.top + unit))
        } else {
            (self.top, self.bottom)
        }
    }
}

/// The indices of `blocks` in reading order: rows from top to bottom and left to right (so that a table is read
/// row by row), columns of running text one after the other, neighbouring vertical lines from right to left.
pub fn reading_order(blocks: &[Block]) -> Vec<usize> {
    let all: Vec<usize> = (0..blocks.len()).collect();
    let mut order = Vec::with_capacity(blocks.len());
    place(blocks, &all, &mut order);
    order
}

fn place(blocks: &[Block], members: &[usize], order: &mut Vec<usize>) {
    let unit = median(members.iter().map(|index| {
        let block = &blocks[*index];
        block.height().min(block.width())
    }));
    let rows = absorb(blocks, rows(blocks, members, unit), unit);
    let mut at = 0;
    while at < rows.len() {
        let Some((taken, gutter)) = columns(blocks, &rows[at..], unit) else {
            order.extend(across(blocks, &rows[at]));
            at += 1;
            continue;
        };
        let region = rows[at..at + taken].concat();
        let (left, right): (Vec<usize>, Vec<usize>) = region
            .iter()
            .partition(|index| blocks[**index].right <= gutter);
        place(blocks, &left, order);
        place(blocks, &right, order);
        at += taken;
    }
}

fn median(values: impl Iterator<Item = f32>) -> f32 {
    let mut sorted: Vec<f32> = values.collect();
    sorted.sort_by(f32::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

/// Groups blocks into rows: a block joins the row whose running middle it covers.
fn rows(blocks: &[Block], members: &[usize], unit: f32) -> Vec<Vec<usize>> {
    let middle = |index: usize| {
        let (top, bottom) = blocks[index].row_range(unit);
        (top + bottom) / 2.0
    };
    let mut sorted = members.to_vec();
    sorted.sort_by(|a, b| middle(*a).total_cmp(&middle(*b)));
    let mut rows: Vec<Vec<usize>> = Vec::new();
    let mut row_middle = f32::NEG_INFINITY;
    for index in sorted {
        let (top, bottom) = blocks[index].row_range(unit);
        let reach = 0.35 * (bottom - top).min(unit.max(1.0) * 1.5);
        match rows.last_mut() {
            Some(row) if (middle(index) - row_middle).abs() < reach => {
                row_middle += (middle(index) - row_middle) / (row.len() + 1) as f32;
                row.push(index);
            }
            _ => {
                row_middle = middle(index);
                rows.push(vec![index]);
            }
        }
    }
    rows
}

/// Lets each row take in the smaller rows that overlap it and stand beside all its blocks: the lines of a cell that
/// is centred on a row of single lines.
fn absorb(blocks: &[Block], rows: Vec<Vec<usize>>, unit: f32) -> Vec<Vec<usize>> {
    let middles: Vec<f32> = rows
        .iter()
        .map(|row| row_middle(blocks, row, unit))
        .collect();
    let mut home: Vec<usize> = (0..rows.len()).collect();
    for (index, row) in rows.iter().enumerate() {
        let mut nearest = 0.7 * unit;
        let before = index.saturating_sub(2);
        for (other, host) in rows.iter().enumerate().skip(before).take(5) {
            let distance = (middles[other] - middles[index]).abs();
            let beside = row
                .iter()
                .all(|a| host.iter().all(|b| blocks[*a].is_beside(&blocks[*b])));
            let larger = (host.len(), index) > (row.len(), other);
            if other != index && larger && distance < nearest && beside {
                nearest = distance;
                home[index] = other;
            }
        }
    }
    let mut merged = rows.clone();
    for (index, row) in rows.iter().enumerate() {
        let host = home[index];
        if host != index && home[host] == host {
            merged[index].clear();
            merged[host].extend(row);
        }
    }
    merged.retain(|row| !row.is_empty());
    merged
}

fn row_middle(blocks: &[Block], row: &[usize], unit: f32) -> f32 {
    median(row.iter().map(|index| {
        let (top, bottom) = blocks[*index].row_range(unit);
        (top + bottom) / 2.0
    }))
}

/// One row from left to right, lines of one cell from top to bottom, vertical lines side by side from right to left.
fn across(blocks: &[Block], row: &[usize]) -> Vec<usize> {
    let mut sorted = row.to_vec();
    sorted.sort_by(|a, b| blocks[*a].left.total_cmp(&blocks[*b].left));
    for cell in sorted.chunk_by_mut(|a, b| blocks[*a].shares_columns_with(&blocks[*b])) {
        cell.sort_by(|a, b| blocks[*a].top.total_cmp(&blocks[*b].top));
    }
    for neighbours in sorted.chunk_by_mut(|a, b| blocks[*a].vertical == blocks[*b].vertical) {
        if neighbours
            .first()
            .is_some_and(|index| blocks[*index].vertical)
        {
            neighbours.reverse();
        }
    }
    sorted
}

/// The longest run of rows, from the first on, that a gutter splits into two columns of running text, and the
/// gutter's left edge.
fn columns(blocks: &[Block], rows: &[Vec<usize>], unit: f32) -> Option<(usize, f32)> {
    let mut covered: Vec<(f32, f32)> = Vec::new();
    let mut region: Vec<usize> = Vec::new();
    let mut best = None;
    let left = rows.iter().flatten().map(|index| blocks[*index].left);
    let right = rows.iter().flatten().map(|index| blocks[*index].right);
    let content = right.fold(f32::NEG_INFINITY, f32::max) - left.fold(f32::INFINITY, f32::min);
    for (count, row) in rows.iter().enumerate() {
        for index in row {
            cover(&mut covered, (blocks[*index].left, blocks[*index].right));
        }
        region.extend(row);
        if covered.len() == 1 && covered[0].1 - covered[0].0 > 0.95 * content {
            break;
        }
        for pair in covered.windows(2) {
            let (gutter, next) = (pair[0].1, pair[1].0);
            if next - gutter >= 0.8 * unit && is_running_text(blocks, &region, gutter, unit) {
                best = Some((count + 1, gutter));
                break;
            }
        }
    }
    best
}

/// Adds an interval to a sorted list of disjoint ones.
fn cover(covered: &mut Vec<(f32, f32)>, mut new: (f32, f32)) {
    covered.retain(|old| {
        let apart = old.1 < new.0 || new.1 < old.0;
        if !apart {
            new = (new.0.min(old.0), new.1.max(old.1));
        }
        apart
    });
    let at = covered.partition_point(|old| old.0 < new.0);
    covered.insert(at, new);
}

/// Whether both sides of a gutter are justified text beside each other, and not cells of a table.
fn is_running_text(blocks: &[Block], region: &[usize], gutter: f32, unit: f32) -> bool {
    let (left, right): (Vec<&Block>, Vec<&Block>) = region
        .iter()
        .map(|index| &blocks[*index])
        .partition(|block| block.right <= gutter);
    let top = |side: &[&Block]| side.iter().map(|b| b.top).fold(f32::INFINITY, f32::min);
    let bottom = |side: &[&Block]| side.iter().map(|b| b.bottom).fold(0.0, f32::max);
    let shared = bottom(&left).min(bottom(&right)) - top(&left).max(top(&right));
    let shorter = (bottom(&left) - top(&left)).min(bottom(&right) - top(&right));
    shared > 0.5 * shorter && is_column(&left, unit) && is_column(&right, unit)
}

fn is_column(side: &[&Block], unit: f32) -> bool {
    if side.len() < MIN_COLUMN_LINES || side.iter().any(|block| block.vertical) {
        return false;
    }
    let left = side
        .iter()
        .map(|block| block.left)
        .fold(f32::INFINITY, f32::min);
    let right = side.iter().map(|block| block.right).fold(0.0, f32::max);
    let slack = (1.5 * unit).max(0.12 * (right - left));
    let full = side
        .iter()
        .filter(|block| block.right >= right - slack && block.left <= left + slack)
        .count();
    let length = median(
        side.iter()
            .map(|block| block.width() / block.height().max(1.0)),
    );
    full * 2 >= side.len() && length >= TEXT_LENGTH
}

/// Marks the lines whose paragraph goes on in the next line. `blocks` are where `lines` lie, in the same order.
pub fn mark_joins(lines: &mut [OcrLine], blocks: &[Block]) {
    for index in 0..lines.len() {
        let Some((block, next)) = blocks.get(index).zip(blocks.get(index + 1)) else {
            break;
        };
        let near = &blocks[index.saturating_sub(2)..(index + 3).min(blocks.len())];
        let ended = match lines[index].chars.iter().rev().find(|char| char.c != ' ') {
            Some(last) => ENDS.contains(last.c),
            None => true,
        };
        lines[index].joins_next = !ended && goes_on(block, next, near);
    }
}

fn goes_on(block: &Block, next: &Block, near: &[Block]) -> bool {
    let unit = block.height();
    let alike = next.height() > 0.7 * unit && unit > 0.7 * next.height();
    let below = next.top > (block.top + block.bottom) / 2.0 && next.top - block.bottom < 1.2 * unit;
    let indent = next.left - block.left;
    let edge = near
        .iter()
        .filter(|other| other.shares_columns_with(block))
        .map(|other| other.right)
        .fold(block.right, f32::max);
    alike
        && below
        && !block.vertical
        && !next.vertical
        && (-3.0 * unit..0.8 * unit).contains(&indent)
        && block.width() >= TEXT_LENGTH * unit
        && block.right >= edge - 1.5 * unit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::{OcrChar, Rect};

    fn block(left: f32, top: f32, width: f32) -> Block {
        Block {
            left,
            top,
            right: left + width,
            bottom: top + 20.0,
            vertical: false,
        }
    }

    fn line(text: &str) -> OcrLine {
        let chars = text.chars().map(|c| OcrChar {
            c,
            rect: Rect::default(),
            p: 1.0,
            others: Vec::new(),
            ..OcrChar::default()
        });
        OcrLine {
            rect: Rect::default(),
            angle: 0.0,
            vertical: false,
            joins_next: false,
            chars: chars.collect(),
            ..OcrLine::default()
        }
    }

    #[test]
    fn tables_are_read_row_by_row() {
        let blocks = [
            block(300.0, 2.0, 60.0),
            block(10.0, 0.0, 80.0),
            block(300.0, 42.0, 60.0),
            block(10.0, 43.0, 40.0),
            block(12.0, 80.0, 80.0),
            block(305.0, 79.0, 50.0),
        ];
        assert_eq!(reading_order(&blocks), [1, 0, 3, 2, 4, 5]);
    }

    #[test]
    fn a_cell_of_two_lines_is_read_before_the_next_cell() {
        let mut blocks = Vec::new();
        for row in 0..2 {
            let top = row as f32 * 36.0;
            blocks.push(block(10.0, top, 110.0));
            blocks.push(block(10.0, top + 16.0, 60.0));
            blocks.push(block(150.0, top + 8.0, 60.0));
            blocks.push(block(250.0, top + 8.0, 60.0));
        }
        assert_eq!(reading_order(&blocks), [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn columns_of_text_under_a_title_are_read_one_after_the_other() {
        let mut blocks = vec![block(150.0, 0.0, 300.0)];
        for row in 0..5 {
            blocks.push(block(10.0, 40.0 + row as f32 * 30.0, 280.0));
            blocks.push(block(320.0, 52.0 + row as f32 * 30.0, 280.0));
        }
        blocks.push(block(10.0, 210.0, 590.0));
        assert_eq!(
            reading_order(&blocks),
            [0, 1, 3, 5, 7, 9, 2, 4, 6, 8, 10, 11]
        );
    }

    #[test]
    fn vertical_lines_are_read_from_right_to_left() {
        let mut blocks = Vec::new();
        for column in 0..3 {
            blocks.push(Block {
                left: column as f32 * 40.0,
                top: 10.0,
                right: column as f32 * 40.0 + 20.0,
                bottom: 300.0,
                vertical: true,
            });
        }
        assert_eq!(reading_order(&blocks), [2, 1, 0]);
        assert!(reading_order(&[]).is_empty());
    }

    #[test]
    fn paragraphs_run_on_until_their_last_line() {
        let blocks = [
            block(40.0, 0.0, 260.0),
            block(0.0, 30.0, 300.0),
            block(0.0, 60.0, 120.0),
            block(40.0, 90.0, 260.0),
            block(0.0, 120.0, 300.0),
        ];
        let mut lines: Vec<OcrLine> = ["存根是", "纸张之", "母", "完。", "末"].map(line).to_vec();
        mark_joins(&mut lines, &blocks);
        let joins: Vec<bool> = lines.iter().map(|line| line.joins_next).collect();
        assert_eq!(joins, [true, true, false, false, false]);
    }
}
