//! Plain words of a query, by mode: in which ways each may stand on a page.

use super::lexer::{Placed, Token};
use super::names::INITIALS_MIN;
use super::normalise::normalise_query;
use super::parse::{Parser, error, one_or};
use super::query::{
    FUZZY_CHARS_MAX, Mode, Node, ONE_OFF_CHARS_MIN, PINYIN_LETTERS_MAX, Pattern, QueryError,
};
use super::sound::{cuts, is_typed};
use super::ways::Way;

impl Parser {
    /// Counts characters that are not only searched exactly.
    fn count_loose(&mut self, chars: usize, max: usize, column: usize) -> Result<(), QueryError> {
        self.loose_chars += chars;
        if self.loose_chars > max {
            let expected = match self.mode {
                Mode::Pinyin => {
                    format!("at most {max} letters in a search by sound; put the rest in quotes")
                }
                _ => format!("at most {max} characters in a fuzzy search; put the rest in quotes"),
            };
            return Err(error(column, expected));
        }
        Ok(())
    }

    pub fn word(&mut self, word: &str, column: usize) -> Result<Node, QueryError> {
        let stem = word.strip_suffix('*').filter(|stem| !stem.is_empty());
        let normalised = normalise_query(stem.unwrap_or(word));
        let exact = if stem.is_some() {
            Pattern::word_start(&normalised)
        } else {
            Pattern::exact(&normalised)
        };
        let exact =
            exact.ok_or_else(|| error(column, "a word with at least one visible character"))?;
        match self.mode {
            Mode::Fuzzy if stem.is_none() => {
                self.count_loose(exact.cells.len(), FUZZY_CHARS_MAX, column)?;
                Ok(Node::Text(Way::misread(
                    exact,
                    &normalised,
                    ONE_OFF_CHARS_MIN,
                )))
            }
            Mode::Pinyin if stem.is_none() && is_typed(&normalised) => {
                self.sound(exact, normalised, column)
            }
            _ => Ok(Node::Text(vec![Way::exact(exact)])),
        }
    }

    /// A word as pinyin, with the words behind it that belong to it.
    fn sound(&mut self, exact: Pattern, first: String, column: usize) -> Result<Node, QueryError> {
        let mut whole = first.clone();
        let mut last = first;
        let mut each = vec![Node::Text(vec![Way::exact(exact)])];
        while cuts(&last).iter().any(|cut| cut.len() == 1)
            && let Some((next, column)) = self.next_typed()
            && let Some(exact) = Pattern::exact(&next)
        {
            self.tokens.next();
            self.count_clause(column)?;
            // The divider keeps the syllables of two words apart.
            whole = format!("{whole}'{next}");
            each.push(Node::Text(vec![Way::exact(exact)]));
            last = next;
        }
        self.count_loose(whole.chars().count(), PINYIN_LETTERS_MAX, column)?;
        let mut ways: Vec<Way> = Way::sounding(cuts(&whole)).collect();
        if each.len() == 1 && whole.len() >= INITIALS_MIN {
            ways.push(Way::named(&whole));
        }
        let read = one_or(each, Node::And);
        Ok(match read {
            Node::Text(mut all) => {
                all.append(&mut ways);
                Node::Text(all)
            }
            several => Node::Or(vec![several, Node::Text(ways)]),
        })
    }

    /// The next token, where it is a word whose letters can be cut into syllables.
    fn next_typed(&mut self) -> Option<(String, usize)> {
        let Placed { token, column } = self.tokens.peek()?;
        let Token::Word(word) = token else {
            return None;
        };
        let normalised = normalise_query(word);
        let sounds = is_typed(&normalised) && !cuts(&normalised).is_empty();
        sounds.then_some((normalised, *column))
    }
}
