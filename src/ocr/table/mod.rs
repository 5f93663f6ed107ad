//! Ruled tables: the rules found among the pixels, the cells they make, and which line of text stands in which cell.
//! Knows nothing of characters; a table without rules is left to the reading order.

mod grid;
mod rules;

use std::collections::BTreeMap;

use image::RgbImage;

pub use self::grid::Grid;
use super::layout::Block;
use crate::domain::text::{OcrCell, OcrLine, OcrTable, Rect};
use crate::imaging::gray::gray_reduced;

/// Cells of one ruled row, with lines beside one another, that make it a list of rows.
const COLUMNS: usize = 3;
/// Longest side of the copy that rules are looked for on.
const SIDE: u32 = 1800;

/// How points of the page become points of the page set straight. One written in columns is laid on its side for that, so
/// that its columns are lines, the first one uppermost.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// Whether its text runs in columns, from right to left.
    pub columns: bool,
    /// Skew of the page, as it is laid, in degrees, positive when lines fall to the right.
    pub skew: f32,
    /// Width and height of the page.
    pub size: (f32, f32),
}

impl Frame {
    /// A point of the page on the straight one.
    pub fn apply(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let (x, y) = match self.columns {
            false => (x, y),
            true => (y, self.size.0 - x),
        };
        let (sin, cos) = self.skew.to_radians().sin_cos();
        (x * cos + y * sin, y * cos - x * sin)
    }

    /// The box around a box of the straight page, before it was set straight.
    fn leaning(&self, (left, top, right, bottom): (f32, f32, f32, f32)) -> Rect {
        let (sin, cos) = self.skew.to_radians().sin_cos();
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
            .map(|(x, y)| (x * cos - y * sin, y * cos + x * sin));
        let (width, height) = match self.columns {
            false => self.size,
            true => (self.size.1, self.size.0),
        };
        let xs = corners.map(|corner| corner.0.clamp(0.0, width));
        let ys = corners.map(|corner| corner.1.clamp(0.0, height));
        let least = |values: [f32; 4]| values.into_iter().fold(f32::INFINITY, f32::min).floor();
        let most = |values: [f32; 4]| values.into_iter().fold(0.0, f32::max).ceil();
        let (x, y) = (least(xs) as u32, least(ys) as u32);
        Rect {
            x,
            y,
            width: (most(xs) as u32).saturating_sub(x).max(1),
            height: (most(ys) as u32).saturating_sub(y).max(1),
        }
    }
}

/// The ruled tables of a page, from top to bottom.
pub fn find(page: &RgbImage, frame: &Frame) -> Vec<Grid> {
    let step = page.width().max(page.height()).div_ceil(SIDE).max(1);
    let gray = gray_reduced(page, step);
    if gray.width() < 32 || gray.height() < 32 {
        return Vec::new();
    }
    let step = step as f32;
    let (across, down) = rules::find(&gray, step, frame);
    grid::grids(&across, &down, step)
}

/// The cell each block stands in: table and cell by number. A block stands where its middle is.
pub fn places(grids: &[Grid], blocks: &[Block]) -> Vec<Option<(usize, usize)>> {
    let place = |block: &Block| {
        let middle = (
            (block.left + block.right) / 2.0,
            (block.top + block.bottom) / 2.0,
        );
        let mut tables = grids.iter().enumerate();
        tables.find_map(|(table, grid)| Some((table, grid.cell_at(middle)?)))
    };
    blocks.iter().map(place).collect()
}

/// Brings the lines of one ruled row into the order of its cells, so that two paragraphs side by side are read one after
/// the other. Rows themselves are in order already, and a cell that spans several of them stays where it is read, as
/// does a ruled row that holds a list. `order` is the order so far.
pub fn arrange(
    order: &[usize],
    places: &[Option<(usize, usize)>],
    grids: &[Grid],
    blocks: &[Block],
) -> Vec<usize> {
    let row_of = |index: &usize| {
        let (table, cell) = places[*index]?;
        let cell = grids[table].cells()[cell];
        (cell.rows == 1).then_some((table, cell.row))
    };
    let mut arranged = order.to_vec();
    for run in arranged.chunk_by_mut(|a, b| row_of(a).is_some() && row_of(a) == row_of(b)) {
        if run.len() > 2 && !is_list(run, places, blocks) {
            // Stable: the lines of one cell keep their order.
            run.sort_by_key(|index| places[*index]);
        }
    }
    arranged
}

/// Whether at least [`COLUMNS`] cells of a ruled row hold several lines each that stand beside one another.
fn is_list(run: &[usize], places: &[Option<(usize, usize)>], blocks: &[Block]) -> bool {
    let mut cells: BTreeMap<Option<(usize, usize)>, Vec<&Block>> = BTreeMap::new();
    for index in run {
        let cell = cells.entry(places[*index]).or_default();
        cell.push(&blocks[*index]);
    }
    cells.retain(|_, lines| lines.len() > 1);
    let beside = |a: &Block, b: &Block| {
        let between = (a.top + a.bottom - b.top - b.bottom).abs() / 2.0;
        between < 0.5 * (a.bottom - a.top).min(b.bottom - b.top)
    };
    let in_rows = |cell: &Option<(usize, usize)>, lines: &[&Block]| {
        let others = || cells.iter().filter(|(other, _)| *other != cell);
        let met = lines.iter().filter(|line| {
            let mut all = others().flat_map(|(_, lines)| lines);
            all.any(|other| beside(line, other))
        });
        met.count() * 2 > lines.len()
    };
    let columns = cells.iter().filter(|(cell, lines)| in_rows(cell, lines));
    columns.count() >= COLUMNS
}

/// No paragraph runs on from one cell into another.
pub fn part(lines: &mut [OcrLine], places: &[Option<(usize, usize)>]) {
    for (line, pair) in lines.iter_mut().zip(places.windows(2)) {
        line.joins_next &= pair[0] == pair[1];
    }
}

/// The tables as reported. `places` are those of the lines kept, in their order.
pub fn tables(grids: &[Grid], places: &[Option<(usize, usize)>], frame: &Frame) -> Vec<OcrTable> {
    let mut tables = Vec::new();
    for (number, grid) in grids.iter().enumerate() {
        let mut cells: Vec<OcrCell> = grid
            .cells()
            .iter()
            .map(|cell| OcrCell {
                row: cell.row,
                column: cell.column,
                rows: cell.rows,
                columns: cell.columns,
                rect: frame.leaning(cell.bounds),
                lines: Vec::new(),
            })
            .collect();
        let mut filled = 0;
        for (line, place) in places.iter().enumerate() {
            let place = place.filter(|place| place.0 == number);
            if let Some(cell) = place.and_then(|(_, cell)| cells.get_mut(cell)) {
                cell.lines.push(u32::try_from(line).unwrap_or(u32::MAX));
                filled += 1;
            }
        }
        // A frame or a drawing is not a table.
        if filled < 2 {
            continue;
        }
        let (rows, columns) = grid.size();
        tables.push(OcrTable {
            rect: frame.leaning(grid.bounds()),
            rows,
            columns,
            cells,
        });
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    fn frame(page: &RgbImage, columns: bool, skew: f32) -> Frame {
        Frame {
            columns,
            skew,
            size: (page.width() as f32, page.height() as f32),
        }
    }

    fn fill(page: &mut RgbImage, [left, top, right, bottom]: [u32; 4], grey: u8) {
        for y in top..bottom {
            for x in left..right {
                page.put_pixel(x, y, Rgb([grey; 3]));
            }
        }
    }

    /// Three rows of three columns, the last row one cell, with strokes like characters in each.
    fn ruled() -> RgbImage {
        let mut page = RgbImage::from_pixel(1240, 1000, Rgb([245; 3]));
        for y in [200, 300, 400, 500] {
            fill(&mut page, [100, y, 1103, y + 3], 60);
        }
        for x in [100, 400, 700, 1100] {
            let bottom = if x == 100 || x == 1100 { 503 } else { 403 };
            fill(&mut page, [x, 200, x + 3, bottom], 60);
        }
        for row in 0..3 {
            for column in 0..3 {
                for stroke in 0..5 {
                    let (x, y) = (130 + column * 300 + stroke * 22, 235 + row * 100);
                    fill(&mut page, [x, y, x + 18, y + 3], 20);
                    fill(&mut page, [x + 8, y, x + 11, y + 24], 20);
                }
            }
        }
        page
    }

    fn block(left: f32, top: f32) -> Block {
        Block {
            left,
            top,
            right: left + 110.0,
            bottom: top + 24.0,
            vertical: false,
        }
    }

    #[test]
    fn rules_make_cells_and_a_cell_may_span() {
        let page = ruled();
        let frame = frame(&page, false, 0.0);
        let grids = find(&page, &frame);
        assert_eq!(grids.len(), 1);
        assert_eq!(grids[0].size(), (3, 3));
        let cells = grids[0].cells();
        assert_eq!(cells.len(), 7, "{cells:?}");
        let last = cells.last().unwrap();
        assert_eq!(
            (last.row, last.column, last.rows, last.columns),
            (2, 0, 1, 3)
        );
        let blocks = [
            block(430.0, 235.0),
            block(130.0, 335.0),
            block(130.0, 235.0),
        ];
        let places = places(&grids, &blocks);
        assert_eq!(places, [Some((0, 1)), Some((0, 3)), Some((0, 0))]);
        assert_eq!(arrange(&[2, 0, 1], &places, &grids, &blocks), [2, 0, 1]);
        let tables = tables(&grids, &places, &frame);
        assert_eq!((tables[0].rows, tables[0].columns), (3, 3));
        assert_eq!(tables[0].cells[1].lines, [0]);
        let rect = <[u32; 4]>::from(tables[0].cells[0].rect);
        for (found, wanted) in rect.iter().zip([101u32, 201, 300, 100]) {
            assert!(found.abs_diff(wanted) <= 3, "{rect:?}");
        }
    }

    #[test]
    fn rows_without_rules_between_them_are_read_across() {
        let page = ruled();
        let grids = find(&page, &frame(&page, false, 0.0));
        let block = |left: f32, top: f32| Block {
            left,
            top,
            right: left + 110.0,
            bottom: top + 24.0,
            vertical: false,
        };
        // Two lines in each of three cells of the first row: as they stand.
        let mut blocks = Vec::new();
        for top in [210.0, 250.0] {
            blocks.extend([130.0, 430.0, 730.0].map(|left| block(left, top)));
        }
        let in_cells = places(&grids, &blocks);
        assert_eq!(
            arrange(&[0, 1, 2, 3, 4, 5], &in_cells, &grids, &blocks),
            [0, 1, 2, 3, 4, 5]
        );
        // In two cells of it: cell after cell.
        let blocks = [0, 1, 3, 4].map(|index: usize| blocks[index]);
        let in_cells = places(&grids, &blocks);
        assert_eq!(
            arrange(&[0, 1, 2, 3], &in_cells, &grids, &blocks),
            [0, 2, 1, 3]
        );
    }

    #[test]
    fn a_table_that_leans_or_lies_is_found_all_the_same() {
        let upright = ruled();
        for skew in [-3.0f32, 1.3, 4.0] {
            let page = crate::imaging::rotate::turn_onto_white(&upright, skew);
            let grids = find(&page, &frame(&page, false, skew));
            assert_eq!(grids.len(), 1, "{skew}");
            assert_eq!(grids[0].cells().len(), 7, "{skew}: {:?}", grids[0]);
        }
        let lying = crate::imaging::rotate::quarter_turns(upright, 1);
        let grids = find(&lying, &frame(&lying, true, 0.0));
        assert_eq!(grids[0].size(), (3, 3));
        let first = grids[0].cells()[0].bounds;
        assert!(
            (first.0 - 101.0).abs() < 4.0 && (first.1 - 201.0).abs() < 4.0,
            "{first:?}"
        );
    }

    #[test]
    fn text_and_a_frame_alone_are_no_tables() {
        let mut page = RgbImage::from_pixel(1000, 1000, Rgb([245; 3]));
        for line in 0..20 {
            for stroke in 0..30 {
                let (x, y) = (110 + stroke * 25, 120 + line * 40);
                fill(&mut page, [x, y, x + 20, y + 3], 20);
                fill(&mut page, [x, y + 12, x + 20, y + 15], 20);
                fill(&mut page, [x + 8, y, x + 11, y + 22], 20);
            }
        }
        assert_eq!(find(&page, &frame(&page, false, 0.0)).len(), 0);
        for [left, top, right, bottom] in [
            [60, 60, 940, 64],
            [60, 936, 940, 940],
            [60, 60, 64, 940],
            [936, 60, 940, 940],
        ] {
            fill(&mut page, [left, top, right, bottom], 30);
        }
        assert_eq!(find(&page, &frame(&page, false, 0.0)).len(), 0);
    }
}
