//! Strict reading of a TOML table: every key is asked for by name, every problem is noted with its line, and
//! what nobody asked for is a problem too.

mod problems;

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub use problems::{FileError, FileProblem, Problems};

/// How many letters may differ for a key to be offered as what was meant.
const MEANT_DISTANCE: usize = 2;

/// One table, read key by key. A getter gives none when the key is absent or wrong; what is wrong is noted.
pub struct Table<'t, 'i> {
    /// How the table is called in messages, such as `[limits]`.
    label: String,
    start: usize,
    entries: &'t DeTable<'i>,
    asked: Vec<&'static str>,
}

impl<'t, 'i> Table<'t, 'i> {
    /// The table `entries`, called `label` in messages, that starts at byte `start`.
    pub fn new(label: &str, start: usize, entries: &'t DeTable<'i>) -> Self {
        Self {
            label: label.to_string(),
            start,
            entries,
            asked: Vec::new(),
        }
    }

    /// Where the table starts, in bytes.
    pub fn start(&self) -> usize {
        self.start
    }

    /// Where the value of `key` starts, or the table when it is absent.
    pub fn place(&self, key: &str) -> usize {
        let value = self.entries.get(key);
        value.map_or(self.start, |value| value.span().start)
    }

    /// A whole number within `range`.
    pub fn integer(
        &mut self,
        key: &'static str,
        range: Range<u64>,
        problems: &mut Problems<'_>,
    ) -> Option<u64> {
        let value = self.value(key)?;
        let found = value.get_ref().as_integer().and_then(|integer| {
            let digits = integer.as_str().replace('_', "");
            u64::from_str_radix(&digits, integer.radix()).ok()
        });
        let found = found.filter(|number| range.contains(number));
        if found.is_none() {
            let last = range.end - 1;
            let expected = format!("a whole number from {} to {last}", range.start);
            self.wrong(key, value, &expected, problems);
        }
        found
    }

    /// A number from `low` to `high`.
    pub fn number(
        &mut self,
        key: &'static str,
        low: f64,
        high: f64,
        problems: &mut Problems<'_>,
    ) -> Option<f64> {
        let value = self.value(key)?;
        let text = match value.get_ref() {
            DeValue::Float(float) => Some(float.as_str()),
            DeValue::Integer(integer) if integer.radix() == 10 => Some(integer.as_str()),
            _ => None,
        };
        let found = text.and_then(|text| text.replace('_', "").parse().ok());
        let found = found.filter(|number| (low..=high).contains(number));
        if found.is_none() {
            let expected = format!("a number from {low} to {high}");
            self.wrong(key, value, &expected, problems);
        }
        found
    }

    /// A text.
    pub fn text(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Option<&'t str> {
        let value = self.value(key)?;
        let found = value.get_ref().as_str();
        if found.is_none() {
            self.wrong(key, value, "a text in quotes", problems);
        }
        found
    }

    /// True or false.
    pub fn flag(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Option<bool> {
        let value = self.value(key)?;
        let found = value.get_ref().as_bool();
        if found.is_none() {
            self.wrong(key, value, "true or false", problems);
        }
        found
    }

    /// One of `choices`, by its name.
    pub fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&str, T)],
        problems: &mut Problems<'_>,
    ) -> Option<T> {
        let value = self.value(key)?;
        self.choose(key, value, choices, problems)
    }

    /// A list of some of `choices`, each at most once, at least one.
    pub fn choices<T: Copy + PartialEq>(
        &mut self,
        key: &'static str,
        choices: &[(&str, T)],
        problems: &mut Problems<'_>,
    ) -> Option<Vec<T>> {
        let value = self.value(key)?;
        let Some(items) = value.get_ref().as_array().filter(|items| !items.is_empty()) else {
            let expected = format!("a list of {}", names(choices));
            self.wrong(key, value, &expected, problems);
            return None;
        };
        let mut chosen = Vec::new();
        for item in items.iter() {
            let found = self.choose(key, item, choices, problems)?;
            if chosen.contains(&found) {
                problems.note(item.span().start, format!("`{key}` names one thing twice"));
                return None;
            }
            chosen.push(found);
        }
        Some(chosen)
    }

    /// A list of texts, each with its place.
    pub fn texts(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Vec<(usize, &'t str)>> {
        let value = self.value(key)?;
        let items = value.get_ref().as_array();
        let texts: Option<Vec<(usize, &'t str)>> = items.and_then(|items| {
            let text = |item: &'t Spanned<DeValue<'i>>| {
                Some((item.span().start, item.get_ref().as_str()?))
            };
            items.iter().map(text).collect()
        });
        if texts.is_none() {
            self.wrong(key, value, "a list of texts in quotes", problems);
        }
        texts
    }

    /// A day, written without quotes: `2026-01-05`.
    pub fn day(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Option<String> {
        let value = self.value(key)?;
        let day = match value.get_ref() {
            DeValue::Datetime(day) if day.time.is_none() && day.offset.is_none() => {
                day.date.map(|day| day.to_string())
            }
            _ => None,
        };
        if day.is_none() {
            self.wrong(
                key,
                value,
                "a day such as 2026-01-05, without quotes",
                problems,
            );
        }
        day
    }

    /// A table within this one.
    pub fn table(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Table<'t, 'i>> {
        let value = self.value(key)?;
        let label = format!("[{key}]");
        let Some(entries) = value.get_ref().as_table() else {
            self.wrong(key, value, &format!("a table {label}"), problems);
            return None;
        };
        Some(Table::new(&label, value.span().start, entries))
    }

    /// The tables `[[key]]` within this one.
    pub fn tables(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Vec<Table<'t, 'i>> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let label = format!("[[{key}]]");
        let mut tables = Vec::new();
        for item in value
            .get_ref()
            .as_array()
            .into_iter()
            .flat_map(|array| array.iter())
        {
            match item.get_ref().as_table() {
                Some(entries) => tables.push(Table::new(&label, item.span().start, entries)),
                None => self.wrong(key, item, &format!("tables {label}"), problems),
            }
        }
        if tables.is_empty() {
            self.wrong(key, value, &format!("tables {label}"), problems);
        }
        tables
    }

    /// Notes that `key` is needed and absent. A key that is there and wrong was noted already.
    pub fn need(&self, key: &'static str, problems: &mut Problems<'_>) {
        if !self.entries.contains_key(key) {
            let message = format!("{} needs `{key}`", self.label);
            problems.note(self.start, message);
        }
    }

    /// Notes every key that nobody asked for.
    pub fn finish(self, problems: &mut Problems<'_>) {
        for key in self.entries.keys() {
            let name = key.get_ref().as_ref();
            if self.asked.contains(&name) {
                continue;
            }
            let meant = match nearest(name, self.asked.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("it knows {}", self.asked.join(", ")),
            };
            let message = format!(
                "{} has an unknown key `{}`; {meant}",
                self.label,
                shown(name)
            );
            problems.note(key.span().start, message);
        }
    }

    fn value(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'i>>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.entries.get(key)
    }

    fn choose<T: Copy>(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        choices: &[(&str, T)],
        problems: &mut Problems<'_>,
    ) -> Option<T> {
        let Some(text) = value.get_ref().as_str() else {
            self.wrong(key, value, &format!("one of {}", names(choices)), problems);
            return None;
        };
        if let Some((_, found)) = choices.iter().find(|(name, _)| *name == text) {
            return Some(*found);
        }
        let meant = match nearest(text, choices.iter().map(|(name, _)| *name)) {
            Some(meant) => format!("did you mean \"{meant}\"?"),
            None => format!("it can be {}", names(choices)),
        };
        let message = format!("`{key}` cannot be \"{}\"; {meant}", shown(text));
        problems.note(value.span().start, message);
        None
    }

    fn wrong(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        expected: &str,
        problems: &mut Problems<'_>,
    ) {
        if value.span().start == 0 {
            // Made up by the parser in place of text it could not read, which it told.
            return;
        }
        let found = match value.get_ref() {
            DeValue::Integer(integer) => shown(&integer.to_string()),
            DeValue::Float(float) => shown(float.as_str()),
            DeValue::String(text) => format!("\"{}\"", shown(text)),
            other => format!("a value of type {}", other.type_str()),
        };
        let message = format!("`{key}` must be {expected}, not {found}");
        problems.note(value.span().start, message);
    }
}

fn names<T>(choices: &[(&str, T)]) -> String {
    let names: Vec<String> = choices
        .iter()
        .map(|(name, _)| format!("\"{name}\""))
        .collect();
    names.join(", ")
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

/// The name nearest to `word`, if it is near enough to have been meant.
pub fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let near = names.map(|name| (distance(word, name), name));
    let (steps, name) = near.min_by_key(|(steps, _)| *steps)?;
    (steps <= MEANT_DISTANCE && steps < name.len()).then_some(name)
}

/// Levenshtein distance in characters.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (taken, from) in left.chars().take(80).enumerate() {
        let mut previous = taken + 1;
        let mut next = vec![previous];
        for (to, pair) in right.iter().zip(row.windows(2)) {
            let &[diagonal, above] = pair else { continue };
            let change = usize::from(from != *to);
            previous = (diagonal + change).min(above + 1).min(previous + 1);
            next.push(previous);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(
            nearest("dpi_mim", ["dpi_min", "x"].into_iter()),
            Some("dpi_min")
        );
        assert_eq!(nearest("zebra", ["dpi_min"].into_iter()), None);
    }
}
