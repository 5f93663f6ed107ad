//! The positional tokenizer. A position is the index of a character in the normalised text, so a set of grams at
//! the right distances proves a substring: grams that overlap or touch leave no character unread.
//!
//! At the position of each character stand
//! - the character itself (not for a space, which no query consists of);
//! - the character and the next one, unless one of them is a line break;
//! - [`WORD_START`] and the character, where a word of letters or digits begins (for `coun*`).
//!
//! A line break has a position and no gram. tantivy's own n-gram tokenizer gives every gram position 0.

use std::str::Chars;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use super::chars::is_word_char;

/// Name under which the tokenizer is registered.
pub const TOKENIZER_NAME: &str = "grams";

/// Marks the gram of a word's first character. A control character: normalised text has none.
pub const WORD_START: char = '\u{1}';

/// Turns normalised text into grams.
#[derive(Clone, Default)]
pub struct GramTokenizer {
    token: Token,
}

/// The grams of one text.
pub struct GramStream<'a> {
    token: &'a mut Token,
    rest: Chars<'a>,
    previous: Option<char>,
    current: Option<char>,
    next: Option<char>,
    step: Step,
    position: usize,
}

/// What comes next at the present position.
#[derive(Clone, Copy)]
enum Step {
    Single,
    Pair,
    WordStart,
    Onwards,
}

impl Tokenizer for GramTokenizer {
    type TokenStream<'a> = GramStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> GramStream<'a> {
        self.token.reset();
        let mut rest = text.chars();
        let current = rest.next();
        let next = rest.next();
        GramStream {
            token: &mut self.token,
            rest,
            previous: None,
            current,
            next,
            step: Step::Single,
            position: 0,
        }
    }
}

impl GramStream<'_> {
    fn emit(&mut self, chars: &[char]) -> bool {
        self.token.position = self.position;
        self.token.text.clear();
        self.token.text.extend(chars);
        true
    }
}

impl TokenStream for GramStream<'_> {
    fn advance(&mut self) -> bool {
        while let Some(current) = self.current {
            match self.step {
                Step::Single => {
                    self.step = Step::Pair;
                    if current != ' ' && current != '\n' {
                        return self.emit(&[current]);
                    }
                }
                Step::Pair => {
                    self.step = Step::WordStart;
                    if let Some(next) = self.next
                        && current != '\n'
                        && next != '\n'
                    {
                        return self.emit(&[current, next]);
                    }
                }
                Step::WordStart => {
                    self.step = Step::Onwards;
                    if is_word_char(current) && !self.previous.is_some_and(is_word_char) {
                        return self.emit(&[WORD_START, current]);
                    }
                }
                Step::Onwards => {
                    self.step = Step::Single;
                    self.position += 1;
                    self.previous = self.current;
                    self.current = self.next;
                    self.next = self.rest.next();
                }
            }
        }
        false
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grams_stand_at_the_index_of_their_character() {
        let mut tokenizer = GramTokenizer::default();
        let mut stream = tokenizer.token_stream("甲ab c\n乙");
        let mut grams = Vec::new();
        while stream.advance() {
            let token = stream.token();
            grams.push((token.position, token.text.replace(WORD_START, "^")));
        }
        let expected = [
            (0, "甲"),
            (0, "甲a"),
            (1, "a"),
            (1, "ab"),
            (1, "^a"),
            (2, "b"),
            (2, "b "),
            (3, " c"),
            (4, "c"),
            (4, "^c"),
            (6, "乙"),
        ];
        assert_eq!(grams, expected.map(|(at, gram)| (at, gram.to_owned())));
    }
}
