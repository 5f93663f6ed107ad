//! The labels of forms and certificates: what they announce, and where they stand in a row. A label may be spread over
//! boxes (`姓　名`), and may be printed above its value.

use std::sync::OnceLock;

use super::stream::Stream;

/// What a label announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Announces {
    /// An identity number.
    Identity,
    /// A credit code.
    Credit,
    /// A day or period.
    Day,
    /// A document number.
    Document,
    /// The number of a licence, certificate or contract.
    Licence,
    /// A person.
    Person,
    /// A person or an organisation.
    Party,
    /// An organisation.
    Organisation,
    /// An address.
    Address,
    /// A telephone.
    Phone,
    /// An amount.
    Amount,
    /// Something else; it ends the value before it.
    Else,
}

impl Announces {
    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "identity" => Self::Identity,
            "credit" => Self::Credit,
            "day" => Self::Day,
            "document" => Self::Document,
            "licence" => Self::Licence,
            "person" => Self::Person,
            "party" => Self::Party,
            "organisation" => Self::Organisation,
            "address" => Self::Address,
            "phone" => Self::Phone,
            "amount" => Self::Amount,
            "else" => Self::Else,
            _ => return None,
        })
    }
}

/// Labels and what they announce, a line each: what, then the labels. Of two that fit, the longer one counts.
const TABLE: &str = include_str!("labels/table.txt");

/// The table, read once.
fn table() -> &'static [(&'static str, Announces)] {
    static TABLE_READ: OnceLock<Vec<(&'static str, Announces)>> = OnceLock::new();
    TABLE_READ.get_or_init(|| {
        let mut labels = Vec::new();
        for line in TABLE.lines() {
            let mut words = line.split(' ');
            let Some(announces) = words.next().and_then(Announces::from_word) else {
                continue;
            };
            labels.extend(words.map(|label| (label, announces)));
        }
        labels
    })
}

/// Free space within a label that was spread over its column, in heights.
const SPREAD_MAX: f32 = 4.5;
/// The longest addition in brackets after a label: （签章）.
const ADDITION_MAX: usize = 10;

/// A label in a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label {
    /// As in the table.
    pub text: &'static str,
    pub announces: Announces,
    /// Indices of its glyphs in the row, the end without the colon.
    pub from: usize,
    /// Where its value begins.
    pub to: usize,
    /// Whether a colon follows.
    pub colon: bool,
}

/// The labels of a row, from left to right.
pub(super) fn labels(stream: &Stream) -> Vec<Label> {
    let chars = stream.chars();
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        match label_at(stream, &chars, at) {
            Some(label) => {
                at = label.to.max(at + 1);
                found.push(label);
            }
            None => at += 1,
        }
    }
    found
}

fn label_at(stream: &Stream, chars: &[char], at: usize) -> Option<Label> {
    let starts = begins(stream, at);
    let (text, announces, length) = table()
        .iter()
        .map(|(text, announces)| (*text, *announces, text.chars().count()))
        .filter(|(text, _, length)| {
            chars
                .get(at..at + length)
                .is_some_and(|part| part.iter().copied().eq(text.chars()))
        })
        .max_by_key(|(_, _, length)| *length)?;
    let inner = stream.slice(at + 1, at + length);
    if inner.iter().any(|glyph| glyph.gap > SPREAD_MAX) {
        return None;
    }
    let mut end = at + length;
    if chars.get(end) == Some(&'(')
        && let Some(closed) = chars
            .iter()
            .skip(end)
            .take(ADDITION_MAX + 2)
            .position(|c| *c == ')')
    {
        end += closed + 1;
    }
    let colon = matches!(chars.get(end), Some(':' | ';'));
    let to = end + usize::from(colon);
    let free = stream.glyphs.get(end).is_none_or(|next| next.gap > 0.25);
    // 坐落于 stands within sentences; of all others only what begins a word or is followed by a colon is a label.
    let own = starts && (colon || free || length >= 2 && opens_box(stream, at));
    let inline = text.ends_with('于') || text == "人民币" || (colon && length >= 2);
    (own || inline).then_some(Label {
        text,
        announces,
        from: at,
        to,
        colon,
    })
}

/// Whether a word may begin here.
fn begins(stream: &Stream, at: usize) -> bool {
    let Some(before) = at.checked_sub(1).and_then(|at| stream.glyphs.get(at)) else {
        return true;
    };
    let gap = stream.glyphs.get(at).map_or(0.0, |glyph| glyph.gap);
    gap > 0.25 || ":;,。、()[]!?□☑√".contains(before.c)
}

/// Whether the glyph is the first of what was read in one piece.
fn opens_box(stream: &Stream, at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| stream.glyphs.get(at));
    match (before, stream.glyphs.get(at)) {
        (Some(before), Some(glyph)) => before.line != glyph.line,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::stream::lay_out;
    use super::super::stream::tests::{line, page};
    use super::*;

    fn read(text: &str) -> Vec<&'static str> {
        let rows = lay_out(&page(vec![line(text, 0, 0)])).rows;
        labels(&rows[0].stream)
            .into_iter()
            .map(|label| label.text)
            .collect()
    }

    #[test]
    fn labels_are_found_joined_spread_and_with_additions() {
        assert_eq!(read("姓名沈若溪"), ["姓名"]);
        assert_eq!(read("姓　　名　沈若溪　　性　别　女"), ["姓名", "性别"]);
        assert_eq!(
            read("出租方（甲方）：云澜市槐荫物业服务有限公司"),
            ["出租方"]
        );
        assert_eq!(
            read("法定代表人：沈若溪　职务：执行董事"),
            ["法定代表人", "职务"]
        );
        assert_eq!(read("房屋坐落于岭东省云澜市"), ["房屋坐落于"]);
    }

    #[test]
    fn every_line_of_the_table_is_read() {
        let written: usize = TABLE.lines().map(|line| line.split(' ').count() - 1).sum();
        assert_eq!(table().len(), written);
        assert!(written > 150);
    }

    #[test]
    fn words_of_a_sentence_are_no_labels() {
        assert!(read("由申请人提交，申请人应当到场").is_empty());
        assert!(read("经办理人员的姓名登记").is_empty());
    }
}
