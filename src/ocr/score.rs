//! How well a page was read, against its true text. Pure.
//!
//! Each line of the true text is sought in what was read, wherever it stands: its errors are the least edit distance
//! to any run of characters (Sellers 1980), at most its length. So the order of lines does not count, and neither
//! does where they were broken; characters read where none are do not count either.

use unicode_normalization::UnicodeNormalization;

/// The longest true text scored, in characters.
const MAX_TRUTH: usize = 200_000;

/// The result for one page, or summed over pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Score {
    /// Characters of the true text.
    pub chars: usize,
    /// Characters wrong, missing or inserted.
    pub errors: usize,
}

impl Score {
    /// Both pages together: micro-averaged over characters.
    pub fn and(self, other: Score) -> Score {
        Score {
            chars: self.chars + other.chars,
            errors: self.errors + other.errors,
        }
    }

    /// Character error rate in percent, 0 for an empty text.
    pub fn percent(self) -> f64 {
        if self.chars == 0 {
            return 0.0;
        }
        self.errors as f64 * 100.0 / self.chars as f64
    }
}

/// The errors of one line of the true text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineScore {
    /// The line, normalised.
    pub truth: String,
    /// The run of characters it was matched with.
    pub found: String,
    /// Characters wrong, missing or inserted, at most the line's length.
    pub errors: usize,
}

/// Scores what was read, its lines in reading order, against the true text. Both are compared in Unicode form NFKC
/// without white space.
pub fn score(truth: &str, page_text_lines: &[String]) -> Score {
    let mut total = Score::default();
    for line in score_lines(truth, page_text_lines) {
        total = total.and(Score {
            chars: line.truth.chars().count(),
            errors: line.errors,
        });
    }
    total
}

/// The same, line by line of the true text, to see where the errors are.
pub fn score_lines(truth: &str, page_text_lines: &[String]) -> Vec<LineScore> {
    // A run within one line is also a run within the lines joined, so the joined text is searched alone.
    let read: Vec<char> = page_text_lines
        .iter()
        .flat_map(|line| normal(line))
        .collect();
    let mut found = Vec::new();
    let mut seen = 0;
    for line in truth.lines() {
        let line = normal(line);
        seen += line.len();
        if line.is_empty() || seen > MAX_TRUTH {
            continue;
        }
        found.push(best_run(&line, &read));
    }
    found
}

fn normal(text: &str) -> Vec<char> {
    text.nfkc().filter(|c| !c.is_whitespace()).collect()
}

/// Fills the matrix of edit distances whose first row is free, so that a run may start anywhere, and takes the least
/// of the last row. Each cell also carries where its run started.
fn best_run(line: &[char], read: &[char]) -> LineScore {
    let mut row: Vec<(usize, usize)> = (0..=read.len()).map(|start| (0, start)).collect();
    for (index, wanted) in line.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = (index + 1, 0);
        for (at, given) in read.iter().enumerate() {
            let above = row[at + 1];
            let same = (diagonal.0 + usize::from(wanted != given), diagonal.1);
            let missing = (above.0 + 1, above.1);
            let inserted = (row[at].0 + 1, row[at].1);
            row[at + 1] = same.min(missing).min(inserted);
            diagonal = above;
        }
    }
    let mut best = (line.len(), 0, 0);
    for (end, (errors, start)) in row.into_iter().enumerate() {
        if errors < best.0 {
            best = (errors, start, end);
        }
    }
    let (errors, start, end) = best;
    LineScore {
        truth: line.iter().collect(),
        found: read.get(start..end).unwrap_or(&[]).iter().collect(),
        errors,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[&str]) -> Vec<String> {
        text.iter().map(|line| (*line).to_owned()).collect()
    }

    fn of(truth: &str, read: &[&str]) -> (usize, usize) {
        let score = score(truth, &lines(read));
        (score.chars, score.errors)
    }

    #[test]
    fn order_breaks_width_and_spaces_do_not_count() {
        assert_eq!(of("甲乙丙\n丁戊", &["丁戊", "甲乙丙"]), (5, 0));
        assert_eq!(of("甲乙丙丁", &["甲 乙", "丙丁"]), (4, 0));
        assert_eq!(of("甲乙\n丙丁", &["甲乙丙丁"]), (4, 0));
        assert_eq!(of("ＡＢ（1）", &["AB(1)"]), (5, 0));
    }

    #[test]
    fn wrong_missing_and_inserted_characters_count_once() {
        assert_eq!(of("存根制度", &["存恨制度"]), (4, 1));
        assert_eq!(of("存根制度", &["存制度"]), (4, 1));
        assert_eq!(of("存根制度", &["存根根制度"]), (4, 1));
        assert_eq!(of("存根制度", &["附注存根制度附注"]), (4, 0));
    }

    #[test]
    fn a_line_costs_its_length_at_most() {
        assert_eq!(of("存根", &["天地玄黄宇宙"]), (2, 2));
        assert_eq!(of("存根", &[]), (2, 2));
        assert_eq!(of("\n \n", &["甲"]), (0, 0));
    }

    #[test]
    fn rates_are_averaged_over_characters() {
        let long = score("甲乙丙丁戊己庚辛", &lines(&["甲乙丙丁戊己庚辛"]));
        let short = score("甲乙", &lines(&["甲"]));
        assert_eq!(
            long.and(short),
            Score {
                chars: 10,
                errors: 1
            }
        );
        assert_eq!(long.and(short).percent(), 10.0);
        assert_eq!(Score::default().percent(), 0.0);
    }

    #[test]
    fn the_matched_run_is_told() {
        let found = score_lines("存根制度", &lines(&["关于存恨制度的通知"]));
        assert_eq!((found[0].found.as_str(), found[0].errors), ("存恨制度", 1));
    }
}
