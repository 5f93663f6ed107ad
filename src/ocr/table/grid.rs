//! Cells from rules: rules that touch make a table; where two neighbouring places have no rule between them, they
//! are one cell.

use super::rules::Rule;

/// How far apart two rules may end and still touch, in pixels of the small copy.
const TOUCH: f32 = 8.0;
/// Rules this close are one.
const SAME: f32 = 6.0;
/// Most rows and columns of a table.
const MOST: usize = 200;
/// Most rules looked at.
const MOST_RULES: usize = 2_000;
/// The share of a cell's side that a rule must cover to be its wall.
const WALL: f32 = 0.6;

/// A cell on the straight page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// First row, from 0.
    pub row: u32,
    /// First column, from 0.
    pub column: u32,
    /// Rows it spans.
    pub rows: u32,
    /// Columns it spans.
    pub columns: u32,
    /// Left, top, right, bottom.
    pub bounds: (f32, f32, f32, f32),
}

/// A table on the straight page.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    xs: Vec<f32>,
    ys: Vec<f32>,
    cells: Vec<Cell>,
}

impl Grid {
    /// Its cells, row by row.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Rows and columns.
    pub fn size(&self) -> (u32, u32) {
        let count = |edges: &[f32]| u32::try_from(edges.len().saturating_sub(1)).unwrap_or(0);
        (count(&self.ys), count(&self.xs))
    }

    /// Left, top, right, bottom.
    pub fn bounds(&self) -> (f32, f32, f32, f32) {
        let edge = |edges: &[f32], last: bool| {
            let edge = if last { edges.last() } else { edges.first() };
            edge.copied().unwrap_or(0.0)
        };
        (
            edge(&self.xs, false),
            edge(&self.ys, false),
            edge(&self.xs, true),
            edge(&self.ys, true),
        )
    }

    /// The number of the cell a point lies in.
    pub fn cell_at(&self, (x, y): (f32, f32)) -> Option<usize> {
        self.cells.iter().position(|cell| {
            let (left, top, right, bottom) = cell.bounds;
            (left..right).contains(&x) && (top..bottom).contains(&y)
        })
    }
}

/// The tables that these rules make, from top to bottom.
pub fn grids(across: &[Rule], down: &[Rule], step: f32) -> Vec<Grid> {
    if across.len() + down.len() > MOST_RULES {
        return Vec::new();
    }
    let mut grids: Vec<Grid> = touching(across, down, TOUCH * step)
        .iter()
        .filter_map(|(across, down)| grid(across, down, SAME * step))
        .collect();
    grids.sort_by(|a, b| a.bounds().1.total_cmp(&b.bounds().1));
    grids
}

/// The rules, in groups of those that touch.
fn touching(across: &[Rule], down: &[Rule], tolerance: f32) -> Vec<(Vec<Rule>, Vec<Rule>)> {
    let mut open_across: Vec<Rule> = across.to_vec();
    let mut open_down: Vec<Rule> = down.to_vec();
    let mut groups = Vec::new();
    while let Some(first) = open_across.pop() {
        let mut group = (vec![first], Vec::new());
        let mut seen = (0, 0);
        while seen.0 < group.0.len() || seen.1 < group.1.len() {
            if let Some(rule) = group.0.get(seen.0).copied() {
                seen.0 += 1;
                take(&mut open_down, &mut group.1, |other| {
                    meet(&rule, other, tolerance)
                });
            } else if let Some(rule) = group.1.get(seen.1).copied() {
                seen.1 += 1;
                take(&mut open_across, &mut group.0, |other| {
                    meet(&rule, other, tolerance)
                });
            }
        }
        groups.push(group);
    }
    groups
}

fn take(open: &mut Vec<Rule>, taken: &mut Vec<Rule>, wanted: impl Fn(&Rule) -> bool) {
    open.retain(|rule| {
        let meets = wanted(rule);
        if meets {
            taken.push(*rule);
        }
        !meets
    });
}

/// Whether two rules of different directions meet.
fn meet(one: &Rule, other: &Rule, tolerance: f32) -> bool {
    let within = |rule: &Rule, at: f32| rule.from - tolerance <= at && at <= rule.to + tolerance;
    within(one, other.at) && within(other, one.at)
}

fn grid(across: &[Rule], down: &[Rule], same: f32) -> Option<Grid> {
    let ys = edges(across, same);
    let xs = edges(down, same);
    let (rows, columns) = (ys.len().checked_sub(1)?, xs.len().checked_sub(1)?);
    if rows * columns < 2 || rows > MOST || columns > MOST {
        return None;
    }
    let is_wall = |rules: &[Rule], at: f32, from: f32, to: f32| {
        let covered: f32 = rules
            .iter()
            .filter(|rule| (rule.at - at).abs() <= same)
            .map(|rule| (rule.to.min(to) - rule.from.max(from)).max(0.0))
            .sum();
        covered >= WALL * (to - from)
    };
    let right_open =
        |row: usize, column: usize| !is_wall(down, xs[column + 1], ys[row], ys[row + 1]);
    let below_open =
        |row: usize, column: usize| !is_wall(across, ys[row + 1], xs[column], xs[column + 1]);
    let mut taken = vec![false; rows * columns];
    let mut cells = Vec::new();
    for row in 0..rows {
        for column in 0..columns {
            if taken[row * columns + column] {
                continue;
            }
            let mut last = column;
            while last + 1 < columns && !taken[row * columns + last + 1] && right_open(row, last) {
                last += 1;
            }
            let mut bottom = row;
            while bottom + 1 < rows
                && (column..=last).all(|column| {
                    below_open(bottom, column) && !taken[(bottom + 1) * columns + column]
                })
            {
                bottom += 1;
            }
            for row in row..=bottom {
                taken[row * columns + column..=row * columns + last].fill(true);
            }
            let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
            cells.push(Cell {
                row: number(row),
                column: number(column),
                rows: number(bottom + 1 - row),
                columns: number(last + 1 - column),
                bounds: (xs[column], ys[row], xs[last + 1], ys[bottom + 1]),
            });
        }
    }
    (cells.len() >= 2).then_some(Grid { xs, ys, cells })
}

/// The places of rules across their direction, those close together as one.
fn edges(rules: &[Rule], same: f32) -> Vec<f32> {
    let mut sorted: Vec<f32> = rules.iter().map(|rule| rule.at).collect();
    sorted.sort_by(f32::total_cmp);
    let mut edges: Vec<f32> = Vec::new();
    let mut sum = (0.0, 0.0);
    for at in sorted {
        match edges.last_mut() {
            Some(edge) if at - *edge <= same => {
                sum = (sum.0 + at, sum.1 + 1.0);
                *edge = sum.0 / sum.1;
            }
            _ => {
                edges.push(at);
                sum = (at, 1.0);
            }
        }
    }
    edges
}
