//! Cuts a query into words, phrases, fields and signs, each with its column.

use super::parse::error;
use super::query::QueryError;

/// The names that are fields when a colon follows.
const FIELDS: &[&str] = &["case", "record", "page", "date", "format"];

/// A part of a query as written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Word(String),
    Phrase(String),
    Field(&'static str, String),
}

/// A token and the column where it begins, from 1.
pub(super) struct Placed {
    pub token: Token,
    pub column: usize,
}

/// Cuts `chars` into tokens; the only thing that can be wrong is a phrase without its end.
pub(super) fn tokens(chars: &[char]) -> Result<Vec<Placed>, QueryError> {
    let mut scanner = Scanner { chars, at: 0 };
    let mut found = Vec::new();
    while let Some(c) = scanner.peek() {
        let column = scanner.at + 1;
        let token = match c {
            c if c.is_whitespace() => {
                scanner.at += 1;
                continue;
            }
            '(' => scanner.single(Token::Open),
            ')' => scanner.single(Token::Close),
            '"' => Token::Phrase(scanner.phrase('"')?),
            '“' => Token::Phrase(scanner.phrase('”')?),
            _ => scanner.word_or_field()?,
        };
        found.push(Placed { token, column });
    }
    Ok(found)
}

struct Scanner<'a> {
    chars: &'a [char],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn single(&mut self, token: Token) -> Token {
        self.at += 1;
        token
    }

    /// Reads from the opening quote past the closing one.
    fn phrase(&mut self, close: char) -> Result<String, QueryError> {
        self.at += 1;
        let mut phrase = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            if c == close {
                return Ok(phrase);
            }
            let escaped = self
                .peek()
                .filter(|next| c == '\\' && matches!(next, '"' | '\\'));
            self.at += usize::from(escaped.is_some());
            phrase.push(escaped.unwrap_or(c));
        }
        Err(error(self.chars.len() + 1, format!("a closing {close}")))
    }

    fn word_or_field(&mut self) -> Result<Token, QueryError> {
        let mut word = String::new();
        while let Some(c) = self.peek() {
            if c.is_whitespace() || matches!(c, '(' | ')' | '"') {
                break;
            }
            self.at += 1;
            if matches!(c, ':' | '：')
                && let Some(field) = FIELDS.iter().find(|field| word == **field)
            {
                let quoted = self.peek() == Some('"');
                let value = if quoted {
                    self.phrase('"')?
                } else {
                    self.value()
                };
                return Ok(Token::Field(field, value));
            }
            word.push(c);
        }
        Ok(match word.as_str() {
            "AND" | "且" => Token::And,
            "OR" | "或" => Token::Or,
            "NOT" | "非" => Token::Not,
            _ => Token::Word(word),
        })
    }

    fn value(&mut self) -> String {
        let mut value = String::new();
        while let Some(c) = self
            .peek()
            .filter(|c| !c.is_whitespace() && !matches!(c, '(' | ')'))
        {
            value.push(c);
            self.at += 1;
        }
        value
    }
}
