//! Reads the query language described in [`super::query`]. Errors name the column and what was expected there,
//! and never repeat what was written.

use jiff::civil::Date;
use jiff::tz::Offset;

use crate::domain::event::FileFormat;
use crate::domain::{CaseNo, Timestamp};

use super::lexer::{Placed, Token, tokens};
use super::normalise::normalise_query;
use super::query::{
    CLAUSES_MAX, DEPTH_MAX, Filter, Mode, Node, Pattern, QUERY_CHARS_MAX, QueryError,
};
use super::ways::Way;

/// Asia/Shanghai. It has kept this offset since 1991, longer than any record here is old.
const SHANGHAI: Offset = Offset::constant(8);

pub(super) fn error(column: usize, expected: impl Into<String>) -> QueryError {
    QueryError {
        column,
        expected: expected.into(),
    }
}

pub(super) fn too_long() -> QueryError {
    let column = QUERY_CHARS_MAX + 1;
    error(
        column,
        format!("the end of the query, which has at most {QUERY_CHARS_MAX} characters"),
    )
}

pub(super) fn nothing(column: usize) -> QueryError {
    error(
        column,
        "a word, a \"phrase\", a field such as case: or an opening bracket",
    )
}

pub(super) fn parse(text: &str, mode: Mode) -> Result<Node, QueryError> {
    let chars: Vec<char> = text.chars().take(QUERY_CHARS_MAX + 1).collect();
    if chars.len() > QUERY_CHARS_MAX {
        return Err(too_long());
    }
    let tokens = tokens(&chars)?;
    let mut parser = Parser {
        tokens: tokens.into_iter().peekable(),
        end: chars.len() + 1,
        mode,
        clauses: 0,
        loose_chars: 0,
    };
    let node = parser.either(0)?;
    match parser.tokens.next() {
        None => Ok(node),
        Some(extra) => Err(error(
            extra.column,
            "no closing bracket, since none is open",
        )),
    }
}

pub(super) struct Parser {
    pub tokens: std::iter::Peekable<std::vec::IntoIter<Placed>>,
    end: usize,
    pub mode: Mode,
    clauses: usize,
    /// Characters that are not only searched exactly.
    pub loose_chars: usize,
}

impl Parser {
    fn next_is(&mut self, token: &Token) -> bool {
        self.tokens
            .peek()
            .is_some_and(|placed| placed.token == *token)
    }

    fn either(&mut self, depth: usize) -> Result<Node, QueryError> {
        let mut parts = vec![self.all(depth)?];
        while self.next_is(&Token::Or) {
            self.tokens.next();
            parts.push(self.all(depth)?);
        }
        Ok(one_or(parts, Node::Or))
    }

    fn all(&mut self, depth: usize) -> Result<Node, QueryError> {
        let mut parts = vec![self.part(depth)?];
        loop {
            match self.tokens.peek().map(|placed| &placed.token) {
                None | Some(Token::Or | Token::Close) => return Ok(one_or(parts, Node::And)),
                Some(Token::And) => {
                    self.tokens.next();
                }
                Some(_) => {}
            }
            parts.push(self.part(depth)?);
        }
    }

    fn part(&mut self, depth: usize) -> Result<Node, QueryError> {
        let Some(Placed { token, column }) = self.tokens.next() else {
            return Err(nothing(self.end));
        };
        if depth > DEPTH_MAX {
            return Err(error(
                column,
                format!("at most {DEPTH_MAX} brackets and negations inside each other"),
            ));
        }
        if matches!(token, Token::Word(_) | Token::Phrase(_) | Token::Field(..)) {
            self.count_clause(column)?;
        }
        match token {
            Token::Not => {
                // What is negated is compared exactly: else a page would be lost for what may have been misread.
                let mode = std::mem::replace(&mut self.mode, Mode::Exact);
                let node = self.part(depth + 1);
                self.mode = mode;
                Ok(Node::Not(Box::new(node?)))
            }
            Token::Open => {
                let node = self.either(depth + 1)?;
                match self.tokens.next() {
                    Some(placed) if placed.token == Token::Close => Ok(node),
                    Some(placed) => Err(error(placed.column, "a closing bracket")),
                    None => Err(error(self.end, "a closing bracket")),
                }
            }
            Token::Word(word) => self.word(&word, column),
            Token::Phrase(phrase) => {
                let pattern = Pattern::exact(&normalise_query(&phrase));
                let expected = || error(column, "a phrase with at least one visible character");
                pattern
                    .map(|pattern| Node::Text(vec![Way::exact(pattern)]))
                    .ok_or_else(expected)
            }
            Token::Field(field, value) => {
                let value_column = column + field.len() + 1;
                filter(field, &value, value_column).map(Node::Filter)
            }
            Token::And | Token::Or | Token::Close => Err(nothing(column)),
        }
    }

    pub fn count_clause(&mut self, column: usize) -> Result<(), QueryError> {
        self.clauses += 1;
        if self.clauses > CLAUSES_MAX {
            let expected = format!("at most {CLAUSES_MAX} words, phrases and fields");
            return Err(error(column, expected));
        }
        Ok(())
    }
}

pub(super) fn one_or(mut parts: Vec<Node>, join: impl Fn(Vec<Node>) -> Node) -> Node {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}

fn filter(field: &str, value: &str, column: usize) -> Result<Filter, QueryError> {
    match field {
        "case" => CaseNo::new(value)
            .map(Filter::Case)
            .map_err(|refused| error(column, refused.expected)),
        "record" => {
            let digits = value.len() >= 4
                && value.len() <= 64
                && value.bytes().all(|b| b.is_ascii_hexdigit());
            digits
                .then(|| Filter::Record(value.to_ascii_lowercase()))
                .ok_or_else(|| error(column, "4 to 64 hexadecimal digits"))
        }
        "page" => {
            let (first, last) = value.split_once("..").unwrap_or((value, value));
            match (first.parse(), last.parse()) {
                (Ok(first), Ok(last)) if first <= last => Ok(Filter::Pages(first, last)),
                _ => Err(error(
                    column,
                    "a page number such as 2, or a range such as 2..5",
                )),
            }
        }
        "format" => format_named(value)
            .map(Filter::Format)
            .ok_or_else(|| error(column, "jpeg, png, tiff, bmp, webp, gif or pdf")),
        _ => days(value).ok_or_else(|| {
            error(
                column,
                "a day such as 2026-11-01, or a range such as 2026-11-01..2026-11-30",
            )
        }),
    }
}

fn format_named(value: &str) -> Option<FileFormat> {
    Some(match value.to_ascii_lowercase().as_str() {
        "jpeg" | "jpg" => FileFormat::Jpeg,
        "png" => FileFormat::Png,
        "tiff" | "tif" => FileFormat::Tiff,
        "bmp" => FileFormat::Bmp,
        "webp" => FileFormat::Webp,
        "gif" => FileFormat::Gif,
        "pdf" => FileFormat::Pdf,
        _ => return None,
    })
}

/// Days as instants: from the first day's midnight up to the midnight that ends the last day.
fn days(value: &str) -> Option<Filter> {
    let (first, last) = value.split_once("..").unwrap_or((value, value));
    if first.is_empty() && last.is_empty() {
        return None;
    }
    let day = |text: &str| -> Option<Option<Date>> {
        if text.is_empty() {
            return Some(None);
        }
        // jiff also reads other forms of ISO 8601; only the plain one is offered.
        if text.len() != 10 {
            return None;
        }
        text.parse().ok().map(Some)
    };
    let (first, last) = (day(first)?, day(last)?);
    if let (Some(first), Some(last)) = (first, last)
        && last < first
    {
        return None;
    }
    let midnight = |date: Date| -> Option<Timestamp> {
        let instant = SHANGHAI.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
        Some(Timestamp::from_millis(instant.as_millisecond()))
    };
    let from = match first {
        Some(date) => Some(midnight(date)?),
        None => None,
    };
    let until = match last {
        Some(date) => Some(midnight(date.tomorrow().ok()?)?),
        None => None,
    };
    Some(Filter::Received(from, until))
}

#[cfg(test)]
mod tests {
    use super::super::ways::Form;
    use super::*;

    fn written(node: &Node) -> String {
        let join = |nodes: &[Node], sign: &str| {
            let parts: Vec<String> = nodes.iter().map(written).collect();
            format!("({})", parts.join(sign))
        };
        match node {
            Node::Text(ways) => {
                let more = if ways.len() > 1 { "~" } else { "" };
                match &ways[0].form {
                    Form::Read(first) => {
                        let cells = first.cells.iter();
                        let text: String = cells.map(|cell| cell.unwrap_or('?')).collect();
                        let start = if first.word_start { "^" } else { "" };
                        format!("{start}{text}{more}")
                    }
                    Form::Sounds(syllables) => format!("[{}]", syllables.join(" ")),
                    other => format!("{other:?}"),
                }
            }
            Node::Filter(filter) => format!("{filter:?}"),
            Node::And(nodes) => join(nodes, " & "),
            Node::Or(nodes) => join(nodes, " | "),
            Node::Not(node) => format!("!{}", written(node)),
        }
    }

    #[test]
    fn queries_are_understood() {
        for (query, mode, expected) in [
            ("营业执照", Mode::Exact, "营业执照"),
            (" 北京  Counter ", Mode::Exact, "(北京 & counter)"),
            ("甲 OR 乙 丙", Mode::Exact, "(甲 | (乙 & 丙))"),
            (
                "(甲 或 乙) AND 非 “丙 丁”",
                Mode::Exact,
                "((甲 | 乙) & !丙丁)",
            ),
            ("NOT NOT 甲", Mode::Exact, "!!甲"),
            ("或者 非法 ORDER", Mode::Exact, "(或者 & 非法 & order)"),
            ("\"甲 OR (乙)\"", Mode::Exact, "甲or(乙)"),
            (r#""a\"b\\c\d""#, Mode::Exact, r#"a"b\c\d"#),
            ("（甲）", Mode::Exact, "(甲)"),
            ("coun* 北京* *", Mode::Exact, "(^coun & 北京 & *)"),
            ("电话:010 case", Mode::Exact, "(电话:010 & case)"),
            (
                "营业执照 甲 \"营业执照\" NOT 甲乙",
                Mode::Fuzzy,
                "(营业执照~ & 甲~ & 营业执照 & !甲乙)",
            ),
            (
                "zhang san 营业 NOT li",
                Mode::Pinyin,
                "(((zhang & san) | [zhang san]) & 营业 & !li)",
            ),
            ("zhang AND san zs*", Mode::Pinyin, "(zhang~ & san~ & ^zs)"),
            (
                "zhangsan lisi \"li\"",
                Mode::Pinyin,
                "(zhangsan~ & lisi~ & li)",
            ),
            ("page:2..5", Mode::Exact, "Pages(2, 5)"),
            ("record:0F3a", Mode::Exact, "Record(\"0f3a\")"),
            ("format：PDF", Mode::Exact, "Format(Pdf)"),
            ("case:\"A-1\"", Mode::Exact, "Case(CaseNo(\"A-1\"))"),
        ] {
            let node = parse(query, mode).unwrap_or_else(|error| panic!("{query}: {error}"));
            assert_eq!(written(&node), expected, "{query}");
        }
    }

    #[test]
    fn days_are_days_in_shanghai() {
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let day = Filter::Received(at("2026-10-31T16:00:00Z"), at("2026-11-01T16:00:00Z"));
        assert_eq!(days("2026-11-01"), Some(day));
        assert_eq!(
            days("2026-11-01.."),
            Some(Filter::Received(at("2026-10-31T16:00:00Z"), None))
        );
        assert_eq!(
            days("..2026-11-30"),
            Some(Filter::Received(None, at("2026-11-30T16:00:00Z")))
        );
        for wrong in [
            "..",
            "2026-13-01",
            "2026-11",
            "20261101",
            "2026-11-02..2026-11-01",
            "2026-11-01T00",
        ] {
            assert_eq!(days(wrong), None, "{wrong}");
        }
    }
}
