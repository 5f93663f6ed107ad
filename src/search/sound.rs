//! How Han characters sound: pinyin syllables without tones, every common reading of a character, and what a person
//! types for them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use pinyin::ToPinyinMulti;

use super::chars::simplified;

/// The most readings of one character; the rarer ones come last.
const READINGS_MAX: usize = 4;

/// The longest syllable in letters: `zhuang`.
const SYLLABLE_LETTERS_MAX: usize = 6;

/// The most ways in which one word is cut into syllables.
const CUTS_MAX: usize = 16;

/// Where characters with a reading stand in Unicode.
const WITH_READINGS: [std::ops::RangeInclusive<u32>; 2] = [0x3007..=0x9FFF, 0x20000..=0x323AF];

/// Characters in the index's form by syllable.
static BY_SYLLABLE: LazyLock<BTreeMap<&'static str, Vec<char>>> = LazyLock::new(|| {
    let mut found: BTreeMap<&'static str, Vec<char>> = BTreeMap::new();
    let chars = WITH_READINGS
        .into_iter()
        .flatten()
        .filter_map(char::from_u32);
    for c in chars.filter(|c| simplified(*c) == *c) {
        for syllable in readings(c) {
            found.entry(syllable).or_default().push(c);
        }
    }
    found
});

/// The readings of a character, the most common first; none for what is not Han.
pub(super) fn readings(c: char) -> Vec<&'static str> {
    let mut found = Vec::new();
    if c.is_ascii() {
        return found;
    }
    for reading in c.to_pinyin_multi().into_iter().flatten() {
        let syllable = reading.plain();
        let sung = syllable.contains(['a', 'e', 'i', 'o', 'u', 'ü']);
        if sung && !syllable.contains('ê') && !found.contains(&syllable) {
            found.push(syllable);
        }
    }
    found.truncate(READINGS_MAX);
    found
}

/// Whether a character can be read so.
pub(super) fn reads_as(c: char, syllable: &str) -> bool {
    readings(c).contains(&syllable)
}

/// The characters that can be read so.
pub(super) fn characters(syllable: &str) -> &'static [char] {
    BY_SYLLABLE.get(syllable).map_or(&[], Vec::as_slice)
}

/// The letters that the readings of a character begin with, each once.
pub(super) fn initials(c: char) -> Vec<char> {
    let mut found = Vec::new();
    for first in readings(c)
        .iter()
        .filter_map(|syllable| syllable.chars().next())
    {
        if !found.contains(&first) {
            found.push(first);
        }
    }
    found
}

/// Whether a character is Han, as far as anybody knows its sound.
pub(super) fn is_han(c: char) -> bool {
    !c.is_ascii() && c.to_pinyin_multi().is_some()
}

/// Whether a word consists of letters as pinyin is typed: `zhangsan`, `xi'an`, `lv` or `lü`.
pub(super) fn is_typed(word: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c == 'ü';
    word.starts_with(letter) && word.chars().all(|c| letter(c) || is_divider(c))
}

fn is_divider(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}')
}

/// The syllable that is typed so.
fn typed_syllable(letters: &[char]) -> Option<&'static str> {
    let typed: String = letters
        .iter()
        .map(|c| if *c == 'v' { 'ü' } else { *c })
        .collect();
    let known = |name: &str| BY_SYLLABLE.get_key_value(name).map(|(key, _)| *key);
    known(&typed).or_else(|| match typed.as_str() {
        "lue" => known("lüe"),
        "nue" => known("nüe"),
        _ => None,
    })
}

/// Every way to cut a typed word into syllables, longer syllables first, at most [`CUTS_MAX`]; none where letters are
/// left over.
pub(super) fn cuts(word: &str) -> Vec<Vec<&'static str>> {
    let chars: Vec<char> = word.chars().collect();
    // whole[at]: what stands from `at` on can be cut.
    let mut whole = vec![false; chars.len() + 1];
    if let Some(end) = whole.last_mut() {
        *end = true;
    }
    for at in (0..chars.len()).rev() {
        let next = steps(&chars, at).any(|(end, _)| whole.get(end) == Some(&true));
        if let Some(here) = whole.get_mut(at) {
            *here = next;
        }
    }
    let mut found = Vec::new();
    let mut open: Vec<(usize, Vec<&'static str>)> = vec![(0, Vec::new())];
    while let Some((at, syllables)) = open.pop() {
        if at == chars.len() {
            if !syllables.is_empty() {
                found.push(syllables);
            }
            if found.len() == CUTS_MAX {
                break;
            }
            continue;
        }
        // The shortest is opened last and so the longest is followed first.
        for (end, syllable) in steps(&chars, at) {
            if whole.get(end) == Some(&true) {
                let mut longer = syllables.clone();
                longer.extend(syllable);
                open.push((end, longer));
            }
        }
    }
    found
}

/// What can come next at a place: where it ends, and the syllable; none for a divider.
fn steps(
    chars: &[char],
    at: usize,
) -> impl Iterator<Item = (usize, Option<&'static str>)> + use<'_> {
    let divider = chars.get(at).is_some_and(|c| is_divider(*c));
    let skipped = divider.then_some((at + 1, None));
    let syllables = (1..=SYLLABLE_LETTERS_MAX).filter_map(move |length| {
        let letters = chars.get(at..at + length)?;
        typed_syllable(letters).map(|syllable| (at + length, Some(syllable)))
    });
    skipped.into_iter().chain(syllables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_are_plain_and_all_common_ones() {
        assert_eq!(readings('张'), ["zhang"]);
        assert_eq!(readings('女').first(), Some(&"nü"));
        for (c, syllable) in [
            ('重', "chong"),
            ('重', "zhong"),
            ('单', "shan"),
            ('单', "dan"),
            ('曾', "zeng"),
            ('乐', "yue"),
            ('行', "hang"),
            ('仇', "qiu"),
        ] {
            assert!(reads_as(c, syllable), "{c} {syllable}");
            assert!(characters(syllable).contains(&c), "{c} {syllable}");
        }
        assert!(readings('a').is_empty() && readings('，').is_empty());
        let longest = BY_SYLLABLE.keys().map(|name| name.chars().count()).max();
        assert_eq!(longest, Some(SYLLABLE_LETTERS_MAX));
    }

    #[test]
    fn words_are_cut_into_syllables() {
        let cut = |word: &str| -> Vec<String> {
            cuts(word)
                .iter()
                .map(|syllables| syllables.join(" "))
                .collect()
        };
        assert_eq!(cut("zhangsan")[0], "zhang san");
        assert_eq!(cut("xian"), ["xian", "xi an"]);
        assert_eq!(cut("xi'an"), ["xi an"]);
        assert_eq!(cut("lv"), ["lü"]);
        assert_eq!(cut("lue")[0], "lüe");
        assert_eq!(cut("fangan"), ["fang an", "fan gan"]);
        assert!(cut("zs").is_empty() && cut("zhangs").is_empty() && cut("").is_empty());
        assert!(cuts(&"xian".repeat(16)).len() <= CUTS_MAX);
    }
}
