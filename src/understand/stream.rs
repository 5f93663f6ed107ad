//! The page as streams of characters: rows, from left to right whatever boxes they were read in, and flows, lines that run
//! on into the next. Spaces are dropped and remembered as gaps; full-width characters become half-width ones.

use crate::domain::text::{LineKind, OcrChar, OcrLine, OcrPage};

use super::CHARACTERS_MAX;

/// Lines are ordered by the angle of those with at least this many characters.
const LONG_LINE: usize = 8;

/// One character with its place in the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Glyph {
    /// As compared: half-width.
    pub c: char,
    /// As read.
    pub raw: char,
    /// Index of its line.
    pub line: usize,
    /// Index in the line.
    pub at: usize,
    /// Confidence.
    pub p: f32,
    /// Whether it was repaired.
    pub repaired: bool,
    /// Free space before it, in heights of the line; 0 within a word.
    pub gap: f32,
}

/// Characters that are read one after the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Stream {
    pub glyphs: Vec<Glyph>,
}

impl Stream {
    /// The compared characters.
    pub fn chars(&self) -> Vec<char> {
        self.glyphs.iter().map(|glyph| glyph.c).collect()
    }

    /// The glyphs of a range, none where it does not exist.
    pub fn slice(&self, from: usize, to: usize) -> &[Glyph] {
        self.glyphs.get(from..to).unwrap_or_default()
    }
}

/// Where a line lies when the page's text is level, in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    pub line: usize,
    /// Left end.
    pub from: f32,
    /// Right end.
    pub to: f32,
    /// Middle between its upper and lower edge.
    pub level: f32,
    /// Height of its characters.
    pub height: f32,
}

/// A row of the page.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub stream: Stream,
    /// Its lines from left to right.
    pub lines: Vec<Placed>,
}

/// The page in both ways.
#[derive(Debug, Clone)]
pub(super) struct Page {
    /// From top to bottom.
    pub rows: Vec<Row>,
    /// In reading order; only those that run over at least two lines, and vertical ones.
    pub flows: Vec<Stream>,
}

/// Lays the page out. The text of seals is left out: it is not the paper's own.
pub(super) fn lay_out(page: &OcrPage) -> Page {
    let lines = usable(page);
    let angle = page_angle(&lines).to_radians();
    let mut placed: Vec<Placed> = lines
        .iter()
        .filter(|(_, line)| !line.vertical)
        .filter_map(|(index, line)| place(*index, line, angle))
        .collect();
    placed.sort_by(|a, b| a.level.total_cmp(&b.level));
    let rows = rows_of(placed)
        .into_iter()
        .map(|lines| Row {
            stream: row_stream(page, &lines),
            lines,
        })
        .collect();
    Page {
        rows,
        flows: flows(&lines),
    }
}

fn usable(page: &OcrPage) -> Vec<(usize, &OcrLine)> {
    let mut seen = 0;
    let mut lines = Vec::new();
    for (index, line) in page.lines.iter().enumerate() {
        seen += line.chars.len();
        if seen > CHARACTERS_MAX {
            break;
        }
        if line.kind != LineKind::Seal && !line.chars.is_empty() {
            lines.push((index, line));
        }
    }
    lines
}

/// The angle of the page's text in degrees: the median of the lines', by their length, relative to the longest.
fn page_angle(lines: &[(usize, &OcrLine)]) -> f32 {
    let level = || lines.iter().map(|(_, line)| line).filter(|l| !l.vertical);
    let Some(longest) = level().max_by_key(|line| line.chars.len()) else {
        return 0.0;
    };
    let floor = LONG_LINE.min(longest.chars.len());
    let mut turns: Vec<(f32, usize)> = level()
        .filter(|line| line.chars.len() >= floor)
        .map(|line| {
            let turn = line.angle - longest.angle;
            (turn - (turn / 360.0).round() * 360.0, line.chars.len())
        })
        .collect();
    turns.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = turns.iter().map(|(_, weight)| weight).sum::<usize>() / 2;
    let mut passed = 0;
    for (turn, weight) in turns {
        passed += weight;
        if passed > half {
            return longest.angle + turn;
        }
    }
    longest.angle
}

fn centre(char: &OcrChar) -> (f32, f32) {
    let [x, y, width, height] = char.rect.into();
    (
        x as f32 + width as f32 / 2.0,
        y as f32 + height as f32 / 2.0,
    )
}

fn place(index: usize, line: &OcrLine, angle: f32) -> Option<Placed> {
    let (sin, cos) = angle.sin_cos();
    let (first, last) = (line.chars.first()?, line.chars.last()?);
    let mut sides: Vec<u32> = line
        .chars
        .iter()
        .map(|char| char.rect.height.max(1))
        .collect();
    sides.sort_unstable();
    let height = *sides.get(sides.len() / 2)? as f32;
    let along = |char: &OcrChar| {
        let (x, y) = centre(char);
        (x * cos + y * sin, y * cos - x * sin)
    };
    let ((from, above), (to, below)) = (along(first), along(last));
    let half = |char: &OcrChar| char.rect.width as f32 / 2.0;
    Some(Placed {
        line: index,
        from: from - half(first),
        to: to + half(last),
        level: (above + below) / 2.0,
        height,
    })
}

/// Groups lines whose middles are level. They come sorted by level.
fn rows_of(placed: Vec<Placed>) -> Vec<Vec<Placed>> {
    let mut rows: Vec<Vec<Placed>> = Vec::new();
    for line in placed {
        // The newest rows only: what is further up cannot be level with it.
        let level = rows.iter_mut().rev().take(3).find(|row| {
            row.iter().all(|other| {
                let near = (other.level - line.level).abs() < 0.5 * other.height.min(line.height);
                let apart = line.from >= other.to - 0.6 * other.height
                    || other.from >= line.to - 0.6 * line.height;
                near && apart
            })
        });
        match level {
            Some(row) => row.push(line),
            None => rows.push(vec![line]),
        }
    }
    for row in &mut rows {
        row.sort_by(|a, b| a.from.total_cmp(&b.from));
    }
    rows
}

fn row_stream(page: &OcrPage, lines: &[Placed]) -> Stream {
    let mut stream = Stream::default();
    let mut end: Option<f32> = None;
    for placed in lines {
        let Some(line) = page.lines.get(placed.line) else {
            continue;
        };
        let gap = end.map_or(0.0, |end| (placed.from - end) / placed.height.max(1.0));
        // Two boxes are two words even where they touch.
        append(
            &mut stream,
            placed.line,
            line,
            end.map_or(0.0, |_| gap.max(0.5)),
        );
        end = Some(placed.to);
    }
    stream
}

fn append(stream: &mut Stream, index: usize, line: &OcrLine, gap: f32) {
    let mut gap = gap;
    let mut before: Option<&OcrChar> = None;
    for (at, char) in line.chars.iter().enumerate() {
        if char.c.is_whitespace() {
            gap = gap.max(0.5);
            continue;
        }
        if gap > 0.0
            && let Some(before) = before
        {
            gap = gap.max(free_between(before, char));
        }
        stream.glyphs.push(Glyph {
            c: fold(char.c),
            raw: char.c,
            line: index,
            at,
            p: char.p,
            repaired: char.repaired,
            gap,
        });
        gap = 0.0;
        before = Some(char);
    }
}

/// Free space between two characters of a line, in heights.
fn free_between(one: &OcrChar, other: &OcrChar) -> f32 {
    let (a, b) = (centre(one), centre(other));
    let distance = (a.0 - b.0).hypot(a.1 - b.1);
    let sides = (one.rect.width + other.rect.width) as f32 / 2.0;
    (distance - sides) / one.rect.height.max(1) as f32
}

fn flows(lines: &[(usize, &OcrLine)]) -> Vec<Stream> {
    let mut flows = Vec::new();
    let mut open = Stream::default();
    let mut parts = 0;
    for (index, line) in lines {
        append(&mut open, *index, line, 0.0);
        parts += 1;
        if line.joins_next && parts < 200 {
            continue;
        }
        if parts > 1 || line.vertical {
            flows.push(std::mem::take(&mut open));
        }
        open = Stream::default();
        parts = 0;
    }
    if parts > 1 {
        flows.push(open);
    }
    flows
}

/// Full-width forms as half-width ones, look-alike punctuation as one, the ideographic zero as it is.
pub(super) fn fold(c: char) -> char {
    match c {
        '—' | '–' | '−' | '‐' | '‑' | '―' => '-',
        '〜' => '~',
        '￥' => '¥',
        '﹕' | '∶' => ':',
        '·' | '•' | '・' => '.',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// Whether it is a Chinese ideograph.
pub(super) fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{20000}'..='\u{3134f}' | '〇')
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::text::Rect;

    /// A line of square characters of 40 pixels; a space is half as wide.
    pub(in crate::understand) fn line(text: &str, x: u32, y: u32) -> OcrLine {
        let mut left = x;
        let chars: Vec<OcrChar> = text
            .chars()
            .map(|c| {
                let width = if c.is_ascii() { 20 } else { 40 };
                let rect = Rect {
                    x: left,
                    y,
                    width,
                    height: 40,
                };
                left += width;
                OcrChar {
                    c,
                    rect,
                    p: 0.99,
                    ..OcrChar::default()
                }
            })
            .collect();
        let rect = Rect {
            x,
            y,
            width: left - x,
            height: 40,
        };
        OcrLine {
            rect,
            chars,
            ..OcrLine::default()
        }
    }

    /// A page of lines.
    pub(in crate::understand) fn page(lines: Vec<OcrLine>) -> OcrPage {
        OcrPage {
            width: 1600,
            height: 2300,
            lines,
            ..OcrPage::default()
        }
    }

    fn text(stream: &Stream) -> String {
        stream.glyphs.iter().map(|glyph| glyph.c).collect()
    }

    #[test]
    fn boxes_side_by_side_are_a_row_in_any_order() {
        let read = page(vec![
            line("沈若溪", 400, 104),
            line("姓名：", 100, 100),
            line("住址", 100, 200),
        ]);
        let page = lay_out(&read);
        let rows: Vec<String> = page.rows.iter().map(|row| text(&row.stream)).collect();
        assert_eq!(rows, ["姓名:沈若溪", "住址"]);
        assert!(page.rows[0].stream.glyphs[3].gap > 3.0);
    }

    #[test]
    fn a_tilted_page_has_level_rows() {
        let mut left = line("统一社会信用代码", 100, 100);
        let mut right = line("91369901MA7K3QH89M", 1300, 142);
        for line in [&mut left, &mut right] {
            line.angle = 2.0;
            for char in &mut line.chars {
                char.rect.y += ((char.rect.x as f32 - line.rect.x as f32) * 0.0349) as u32;
            }
        }
        assert_eq!(lay_out(&page(vec![left, right])).rows.len(), 1);
    }

    #[test]
    fn what_runs_on_is_a_flow() {
        let mut first = line("青审批〔2026〕", 100, 100);
        first.joins_next = true;
        let page = lay_out(&page(vec![first, line("36号文件", 100, 160)]));
        assert_eq!(page.rows.len(), 2);
        assert_eq!(text(&page.flows[0]), "青审批〔2026〕36号文件");
    }
}
