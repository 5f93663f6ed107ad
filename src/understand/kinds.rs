//! Which material a page is: rules that say what speaks for each kind, and nothing that could not be told to a person. A
//! title in a row of its own speaks loudest, more so in large characters; words of the body add to it.

mod table;

use crate::domain::meaning::{Field, FieldKind, KindGuess};
use crate::domain::text::OcrPage;

use super::stream::{Page, Row, lay_out};

pub use table::KINDS;

/// What speaks for a kind of material.
#[derive(Debug, Clone, Copy)]
pub struct KindRule {
    /// Stable code in kebab-case.
    pub code: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// What its title says; any one of them.
    pub titles: &'static [&'static str],
    /// Words of its body, each counted once.
    pub words: &'static [&'static str],
    /// What it is called in guides and lists, besides its titles.
    pub aliases: &'static [&'static str],
}

/// A page with fewer characters is blank.
const BLANK_MAX: usize = 6;
/// What a title in a row of its own counts, and what large characters add.
const TITLE: f32 = 4.0;
const LARGE: f32 = 1.5;
/// What a title within a longer row counts.
const TITLE_WITHIN: f32 = 1.2;
/// What a word of the body counts.
const WORD: f32 = 1.0;
/// Below this nothing speaks clearly for any kind.
const CLEAR: f32 = 2.0;
/// How far the best must be ahead of the second.
const AHEAD: f32 = 0.4;
/// Other kinds told.
const OTHERS_MAX: usize = 3;
/// Reasons told.
const REASONS_MAX: usize = 6;

/// The kind the page most likely is, and up to three others; none where nothing speaks clearly.
pub fn kinds(page: &OcrPage, fields: &[Field]) -> (Option<KindGuess>, Vec<KindGuess>) {
    let laid = lay_out(page);
    let text = Text::of(&laid);
    if text.all.len() < BLANK_MAX {
        return (guess_blank(), Vec::new());
    }
    let mut scored: Vec<(f32, &KindRule, Vec<String>)> = KINDS
        .iter()
        .map(|rule| {
            let (score, reasons) = score(rule, &text, fields);
            (score, rule, reasons)
        })
        .filter(|(score, ..)| *score >= WORD)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let first = scored.first().map_or(0.0, |(score, ..)| *score);
    let second = scored.get(1).map_or(0.0, |(score, ..)| *score);
    let mut guesses: Vec<KindGuess> = scored
        .into_iter()
        .take(OTHERS_MAX + 1)
        .map(|(score, rule, reasons)| {
            let rival = if score >= first { second } else { first };
            guess(rule, score / (score + rival + 1.0), reasons)
        })
        .collect();
    if first < CLEAR || first - second < AHEAD {
        guesses.truncate(OTHERS_MAX);
        return (None, guesses);
    }
    let best = guesses.remove(0);
    (Some(best), guesses)
}

/// What the kind with this code is called.
pub fn kind_name(code: &str) -> Option<&'static str> {
    KINDS
        .iter()
        .find(|rule| rule.code == code)
        .map(|rule| rule.name)
}

fn guess(rule: &KindRule, score: f32, mut reasons: Vec<String>) -> KindGuess {
    reasons.truncate(REASONS_MAX);
    KindGuess {
        kind: rule.code.to_string(),
        name: rule.name.to_string(),
        score: (score * 1000.0).round() / 1000.0,
        reasons,
    }
}

fn guess_blank() -> Option<KindGuess> {
    let rule = KINDS.iter().find(|rule| rule.code == "blank")?;
    Some(guess(rule, 1.0, vec!["没有文字 no text".to_string()]))
}

/// The page's text as the rules look at it.
struct Text {
    all: Vec<char>,
    rows: Vec<(Vec<char>, bool)>,
}

impl Text {
    fn of(page: &Page) -> Self {
        let mut sides: Vec<f32> = page
            .rows
            .iter()
            .flat_map(|row| &row.lines)
            .map(|line| line.height)
            .collect();
        sides.sort_by(f32::total_cmp);
        let usual = sides.get(sides.len() / 2).copied().unwrap_or(1.0);
        let mut rows: Vec<(Vec<char>, bool)> = Vec::new();
        for row in &page.rows {
            // A row is one or several titles' worth of columns: each box can be a title too.
            rows.push((row.stream.chars(), large(row, usual)));
            if row.lines.len() > 1 {
                rows.extend(row.lines.iter().map(|line| {
                    let own = row
                        .stream
                        .glyphs
                        .iter()
                        .filter(|glyph| glyph.line == line.line);
                    (
                        own.map(|glyph| glyph.c).collect(),
                        line.height > 1.3 * usual,
                    )
                }));
            }
        }
        let mut all: Vec<char> = page
            .rows
            .iter()
            .flat_map(|row| row.stream.chars())
            .collect();
        for flow in &page.flows {
            all.push('\n');
            all.extend(flow.chars());
        }
        Self { all, rows }
    }
}

fn large(row: &Row, usual: f32) -> bool {
    row.lines.iter().any(|line| line.height > 1.3 * usual)
}

fn score(rule: &KindRule, text: &Text, fields: &[Field]) -> (f32, Vec<String>) {
    let mut reasons: Vec<(f32, String)> = Vec::new();
    let best = rule
        .titles
        .iter()
        .filter_map(|title| title_score(title, text).map(|score| (score, *title)))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((score, title)) = best {
        reasons.push((score, format!("标题 title: {title}")));
    }
    for word in rule.words {
        let chars: Vec<char> = word.chars().collect();
        if text
            .all
            .windows(chars.len())
            .any(|part| part == chars.as_slice())
        {
            reasons.push((WORD, (*word).to_string()));
        }
    }
    if rule.code == "identity-card"
        && fields
            .iter()
            .any(|field| field.field == FieldKind::IdentityNumber)
    {
        reasons.push((0.5, "有公民身份号码 has an identity number".into()));
    }
    reasons.sort_by(|a, b| b.0.total_cmp(&a.0));
    let score = reasons.iter().map(|(score, _)| score).sum();
    (
        score,
        reasons.into_iter().map(|(_, reason)| reason).collect(),
    )
}

/// How loudly a title speaks: alone in its row, at the end of a row after an office's name, or within a sentence.
fn title_score(title: &str, text: &Text) -> Option<f32> {
    let title: Vec<char> = title.chars().map(super::stream::fold).collect();
    let faults = match title.len() {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    };
    let mut best: Option<f32> = None;
    for (row, large) in &text.rows {
        let Some((at, wrong)) = nearly(row, &title, faults) else {
            continue;
        };
        let before = at.checked_sub(1).and_then(|at| row.get(at));
        let quoted = matches!(before, Some('《' | '"' | '“' | '「'));
        let share = title.len() as f32 / row.len().max(1) as f32;
        let ends = at + title.len() == row.len();
        let score = if quoted {
            0.0
        } else if share > 0.7 || (ends && share > 0.25 && *large) {
            TITLE + if *large { LARGE } else { 0.0 } + share
        } else if wrong == 0 {
            TITLE_WITHIN * share.max(0.3)
        } else {
            0.0
        };
        let score = score - wrong as f32 * 0.5;
        if score > 0.0 && best.is_none_or(|best| score > best) {
            best = Some(score);
        }
    }
    best
}

/// Where `title` stands in `row` with at most `faults` characters misread, and how many are.
fn nearly(row: &[char], title: &[char], faults: usize) -> Option<(usize, usize)> {
    row.windows(title.len().max(1))
        .map(|part| part.iter().zip(title).filter(|(a, b)| a != b).count())
        .enumerate()
        .filter(|(_, wrong)| *wrong <= faults)
        .min_by_key(|(_, wrong)| *wrong)
}

#[cfg(test)]
mod tests {
    use super::super::stream::tests::{line, page};
    use super::*;

    fn kind(lines: &[&str]) -> Option<String> {
        let lines = lines
            .iter()
            .enumerate()
            .map(|(at, text)| line(text, 100, at as u32 * 70));
        let guess = kinds(&page(lines.collect()), &[]).0;
        guess.map(|guess| guess.kind)
    }

    #[test]
    fn titles_decide_and_quoted_ones_do_not() {
        assert_eq!(
            kind(&[
                "授权委托书",
                "委托人：云澜青禾餐饮管理有限公司",
                "受托人：顾明远"
            ])
            .as_deref(),
            Some("power-of-attorney")
        );
        assert_eq!(
            kind(&["准予行政许可决定书", "证件领取《食品经营许可证》。"]).as_deref(),
            Some("permit-decision")
        );
        // One character misread.
        assert_eq!(
            kind(&["房屋租凭合同", "出租方：甲", "承租方：乙"]).as_deref(),
            Some("lease")
        );
        assert_eq!(kind(&["今天天气很好，我们去公园散步。"]), None);
        assert_eq!(kind(&[]).as_deref(), Some("blank"));
    }

    #[test]
    fn codes_are_codes_and_stand_once() {
        let mut codes: Vec<&str> = KINDS.iter().map(|rule| rule.code).collect();
        assert!(codes.iter().all(|code| {
            code.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        }));
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), KINDS.len());
    }
}
