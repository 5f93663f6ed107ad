//! Which of an item's materials a page most likely is: the kind's names and the item's own words against each row of its
//! guide.

use crate::domain::meaning::PageMeaning;
use crate::domain::text::OcrPage;

use super::kinds::KINDS;
use super::stream::{fold, lay_out};

/// A material of a service item, as far as it matters here.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'m> {
    /// Its code within the item.
    pub code: &'m str,
    /// What the guide calls it.
    pub name: &'m str,
    /// Words by which a scan of it is recognised.
    pub marks: &'m [String],
}

/// A material that a page may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// Its code within the item.
    pub code: String,
    /// From 0 to 1.
    pub score: f32,
    /// The words that decided.
    pub reasons: Vec<String>,
}

/// What the item's own marks, the kind, and a kind that is second or third count.
const MARK: f32 = 0.5;
const MARK_TITLE: f32 = 0.75;
const OTHER_KIND: f32 = 0.4;
/// Suggestions below this are not made.
const LEAST: f32 = 0.2;

/// The materials a page may be, best first.
pub fn suggest(page: &OcrPage, meaning: &PageMeaning, materials: &[Wanted<'_>]) -> Vec<Suggestion> {
    let laid = lay_out(page);
    let rows: Vec<String> = laid
        .rows
        .iter()
        .map(|row| row.stream.chars().into_iter().collect())
        .collect();
    let mut found: Vec<Suggestion> = materials
        .iter()
        .map(|material| judge(&rows, meaning, material))
        .filter(|suggestion| suggestion.score >= LEAST)
        .collect();
    // The guide's own order where two are equal.
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    found
}

fn judge(rows: &[String], meaning: &PageMeaning, material: &Wanted<'_>) -> Suggestion {
    let mut missed = 1.0;
    let mut reasons = Vec::new();
    let mut add = |score: f32, reason: String| {
        missed *= 1.0 - score.clamp(0.0, 0.95);
        reasons.push(reason);
    };
    let name = folded(material.name);
    for mark in material.marks {
        let mark = folded(mark);
        let held = rows.iter().filter(|row| row.contains(&mark));
        // In a row that says little else it is a title.
        match held.map(|row| row.chars().count()).min() {
            Some(length) if length <= mark.chars().count() + 4 => add(MARK_TITLE, mark),
            Some(_) => add(MARK, mark),
            None => {}
        }
    }
    let guesses = meaning
        .kind
        .iter()
        .map(|kind| (kind, 1.0))
        .chain(meaning.others.iter().map(|kind| (kind, OTHER_KIND)));
    for (guess, weight) in guesses {
        let Some(rule) = KINDS.iter().find(|rule| rule.code == guess.kind) else {
            continue;
        };
        let words = [rule.name]
            .into_iter()
            .chain(rule.titles.iter().copied())
            .chain(rule.aliases.iter().copied());
        let named = words
            .map(folded)
            .filter(|word| !word.is_empty() && name.contains(word.as_str()));
        if let Some(word) = named.max_by_key(|word| word.chars().count()) {
            let share = word.chars().count() as f32 / name.chars().count().max(1) as f32;
            add(
                guess.score * weight * (0.6 + 0.4 * share),
                format!("{}: {word}", guess.name),
            );
        }
    }
    Suggestion {
        code: material.code.to_string(),
        score: ((1.0 - missed) * 1000.0).round() / 1000.0,
        reasons,
    }
}

fn folded(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .map(fold)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::stream::tests::{line, page};
    use super::super::understand;
    use super::*;

    #[test]
    fn a_page_finds_its_row_of_the_guide() {
        let read = page(vec![
            line("营业执照", 500, 0),
            line("名称　云澜青禾餐饮管理有限公司", 100, 100),
            line("登记机关　成立日期　2026年03月18日", 100, 200),
        ]);
        let meaning = understand(&read, "2026-11-03".parse().unwrap());
        let own = ["申请书".to_string()];
        let wanted = [
            Wanted {
                code: "M01",
                name: "食品经营许可申请书",
                marks: &own,
            },
            Wanted {
                code: "M02",
                name: "营业执照副本",
                marks: &[],
            },
            Wanted {
                code: "M03",
                name: "法定代表人身份证明",
                marks: &[],
            },
        ];
        let found = suggest(&read, &meaning, &wanted);
        assert_eq!(found[0].code, "M02");
        assert!(found.iter().all(|suggestion| suggestion.code != "M03"));
    }
}
