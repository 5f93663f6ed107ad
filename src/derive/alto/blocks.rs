//! The blocks of a page: paragraphs, and tables with their cells, in reading order.

use super::words::{Frame, write_line};
use super::{Detail, HAND, SEAL};
use crate::derive::xml::Xml;
use crate::domain::text::{LineKind, OcrLine, OcrPage, OcrTable};

/// The place of a page's lines: each is written once, in its table's cell or in its paragraph.
struct Blocks<'a> {
    xml: &'a mut Xml,
    page: u32,
    detail: Detail,
    number: usize,
}

/// Writes every block of a page. Lines without a visible character are left out.
pub(super) fn write(xml: &mut Xml, number: u32, page: &OcrPage, detail: Detail) {
    let mut blocks = Blocks {
        xml,
        page: number,
        detail,
        number: 0,
    };
    let tables = tables_of(page);
    let mut written = vec![false; page.tables.len()];
    let mut plain: Vec<&OcrLine> = Vec::new();
    for (line, table) in page.lines.iter().zip(&tables) {
        let Some(table) = *table else {
            plain.push(line);
            continue;
        };
        blocks.paragraphs(&std::mem::take(&mut plain));
        if let (Some(done), Some(found)) = (written.get_mut(table), page.tables.get(table))
            && !std::mem::replace(done, true)
        {
            blocks.table(table + 1, found, page, &tables);
        }
    }
    blocks.paragraphs(&plain);
}

/// For each line the table it stands in; a line that two cells name stands in the first.
fn tables_of(page: &OcrPage) -> Vec<Option<usize>> {
    let mut tables = vec![None; page.lines.len()];
    for (number, table) in page.tables.iter().enumerate() {
        for line in table.cells.iter().flat_map(|cell| &cell.lines) {
            if let Some(place) = tables.get_mut(*line as usize) {
                place.get_or_insert(number);
            }
        }
    }
    tables
}

impl Blocks<'_> {
    fn paragraphs(&mut self, lines: &[&OcrLine]) {
        for block in paragraphs(lines) {
            self.number += 1;
            let id = format!("P{}B{}", self.page, self.number);
            self.block(&id, &block);
        }
    }

    /// A table: a block of cells, each a block of paragraphs. Where a cell stands and what it spans is in its `TYPE`.
    fn table(&mut self, number: usize, table: &OcrTable, page: &OcrPage, tables: &[Option<usize>]) {
        let id = format!("P{}T{number}", self.page);
        self.xml.begin("ComposedBlock").with("ID", &id);
        Frame::of(table.rect).write(self.xml);
        self.xml.with("TYPE", "table");
        let mut used = vec![false; page.lines.len()];
        for (place, cell) in (1..).zip(&table.cells) {
            let mut lines: Vec<&OcrLine> = Vec::new();
            for index in cell.lines.iter().map(|line| *line as usize) {
                let own = tables.get(index) == Some(&Some(number - 1));
                if let (true, Some(line), Some(used)) =
                    (own, page.lines.get(index), used.get_mut(index))
                    && is_visible(line)
                    && !std::mem::replace(used, true)
                {
                    lines.push(line);
                }
            }
            if lines.is_empty() {
                continue;
            }
            let id = format!("{id}C{place}");
            self.xml.begin("ComposedBlock").with("ID", &id);
            Frame::of(cell.rect).write(self.xml);
            let (row, column) = (u64::from(cell.row) + 1, u64::from(cell.column) + 1);
            let (rows, columns) = (cell.rows, cell.columns);
            let place = format!("cell row={row} column={column} rows={rows} columns={columns}");
            self.xml.with("TYPE", place);
            for (part, block) in (1..).zip(paragraphs(&lines)) {
                self.block(&format!("{id}B{part}"), &block);
            }
            self.xml.end();
        }
        self.xml.end();
    }

    fn block(&mut self, id: &str, lines: &[&OcrLine]) {
        let xml = &mut *self.xml;
        xml.begin("TextBlock").with("ID", id);
        let frames = lines.iter().map(|line| Frame::of(line.rect));
        if let Some(frame) = frames.reduce(Frame::around) {
            frame.write(xml);
        }
        let turned = lines.first().and_then(|line| rotation(line));
        xml.with_some("ROTATION", turned);
        for (place, line) in lines.iter().enumerate() {
            xml.begin("TextLine");
            xml.with("ID", format_args!("{id}L{}", place + 1));
            xml.with_some("TAGREFS", tag(line.kind));
            Frame::of(line.rect).write(xml);
            xml.with_some("BASEDIRECTION", line.vertical.then_some("ttb"));
            write_line(xml, &line.chars, self.detail);
            xml.end();
        }
        xml.end();
    }
}

fn tag(kind: LineKind) -> Option<&'static str> {
    let [seal, ..] = SEAL;
    let [hand, ..] = HAND;
    match kind {
        LineKind::Printed => None,
        LineKind::Seal => Some(seal),
        LineKind::Handwritten => Some(hand),
    }
}

/// Lines that belong to one paragraph, run at one angle and are of one kind. Lines without a visible character are left
/// out.
pub(in crate::derive) fn paragraphs<'a>(lines: &[&'a OcrLine]) -> Vec<Vec<&'a OcrLine>> {
    let mut blocks: Vec<Vec<&OcrLine>> = Vec::new();
    let mut joins = false;
    for line in lines.iter().filter(|line| is_visible(line)) {
        let last = blocks.last_mut().filter(|block| {
            let same =
                |before: &&OcrLine| rotation(before) == rotation(line) && before.kind == line.kind;
            joins && block.last().is_some_and(same)
        });
        match last {
            Some(block) => block.push(line),
            None => blocks.push(vec![line]),
        }
        joins = line.joins_next;
    }
    blocks
}

fn is_visible(line: &OcrLine) -> bool {
    line.chars.iter().any(|char| !char.c.is_whitespace())
}

/// Degrees counterclockwise, as ALTO counts them; none for upright text.
fn rotation(line: &OcrLine) -> Option<String> {
    let text = format!("{:.2}", -line.angle);
    let upright = !line.angle.is_finite() || text == "0.00" || text == "-0.00";
    (!upright).then_some(text)
}
