//! Names in a text, for searching by the initials of their pinyin. Two letters fit somewhere on nearly every page, so
//! initials are only compared with what can be a name: a whole run of Han characters, as it stands in a cell or behind
//! a colon, and a surname with the one or two characters behind it.

use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use super::sound::{initials, is_han};

/// Surnames of one character on the first line, of two characters on the second. Rare ones that are common words on
/// forms (权, 项, 司) are left out: each place where one stands costs room in the index.
const SURNAMES: &str = include_str!("surnames.txt");

/// The longest run whose initials are kept, in characters.
pub(super) const RUN_CHARS_MAX: usize = 20;

/// The fewest initials that say anything.
pub(super) const INITIALS_MIN: usize = 2;

/// The most spellings of one name, where its characters have several readings.
const SPELLINGS_MAX: usize = 16;

struct Surnames {
    single: HashSet<char>,
    double: HashSet<[char; 2]>,
}

static KNOWN: LazyLock<Surnames> = LazyLock::new(|| {
    let (single, double) = SURNAMES.split_once('\n').unwrap_or((SURNAMES, ""));
    let pair = |name: &str| {
        let mut chars = name.chars();
        Some([chars.next()?, chars.next()?])
    };
    Surnames {
        single: single.chars().collect(),
        double: double.split_whitespace().filter_map(pair).collect(),
    }
});

/// The lengths of the names that can begin at a place.
pub(super) fn lengths_at(text: &[char], at: usize) -> BTreeSet<usize> {
    let mut lengths = BTreeSet::new();
    let Some(first) = text.get(at) else {
        return lengths;
    };
    let begins = at
        .checked_sub(1)
        .is_none_or(|before| !text.get(before).is_some_and(|c| is_han(*c)));
    let single = KNOWN.single.contains(first);
    let double = text
        .get(at + 1)
        .is_some_and(|second| KNOWN.double.contains(&[*first, *second]));
    if !(begins || single || double) {
        return lengths;
    }
    let rest = text.get(at..).unwrap_or_default().iter();
    let run = rest
        .take(RUN_CHARS_MAX + 1)
        .take_while(|c| is_han(**c))
        .count();
    if begins && run <= RUN_CHARS_MAX {
        lengths.insert(run);
    }
    if single {
        lengths.extend([2, 3]);
    }
    if double {
        lengths.extend([3, 4]);
    }
    lengths.retain(|length| (INITIALS_MIN..=run).contains(length));
    lengths
}

/// How the initials of a name can be written; of very many, the first ones.
pub(super) fn spellings(name: &[char]) -> Vec<String> {
    let mut found = vec![String::new()];
    for c in name {
        let letters = initials(*c);
        let room = SPELLINGS_MAX / found.len().max(1);
        let longer = found.iter().flat_map(|start| {
            letters.iter().take(room.max(1)).map(move |letter| {
                let mut longer = start.clone();
                longer.push(*letter);
                longer
            })
        });
        found = longer.collect();
    }
    found
}

/// The initials of every name in a text, each as often as it stands there.
pub(super) fn initials_in(text: &[char]) -> Vec<String> {
    let mut found = Vec::new();
    for at in 0..text.len() {
        for length in lengths_at(text, at) {
            found.extend(spellings(text.get(at..at + length).unwrap_or_default()));
        }
    }
    found
}

/// The length of a name that begins at a place and has these initials.
pub(super) fn stands_at(text: &[char], at: usize, wanted: &str) -> Option<usize> {
    let length = wanted.chars().count();
    let name = text.get(at..at + length)?;
    let is_name = lengths_at(text, at).contains(&length);
    (is_name && spellings(name).iter().any(|spelling| spelling == wanted)).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::super::normalise::normalise_query;
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let chars: Vec<char> = text.chars().collect();
        initials_in(&chars)
    }

    #[test]
    fn names_are_runs_and_surnames_with_what_follows() {
        // Every reading counts: 号 is also xiao. What stands apart is no name together.
        let cells = found("编号:张三\n");
        let has = |initials: &str| cells.contains(&initials.to_owned());
        assert!(
            has("bh") && has("bx") && has("zs") && !has("hz"),
            "{cells:?}"
        );
        assert_eq!(found("林小"), ["lx"]);
        let prose = found("申请人张三丰于今日申请");
        assert!(prose.contains(&"zs".to_owned()) && prose.contains(&"zsf".to_owned()));
        assert!(!prose.contains(&"qr".to_owned()));
        assert!(found("欧阳修来").contains(&"oyx".to_owned()));
        // 曾 is read zeng and ceng.
        let zeng = found("曾国");
        assert!(zeng.contains(&"zg".to_owned()) && zeng.contains(&"cg".to_owned()));
        assert!(found("张").is_empty() && found("abc 12").is_empty());
        assert!(spellings(&['重'; 20]).len() <= SPELLINGS_MAX);
    }

    #[test]
    fn surnames_are_in_the_form_of_the_index_and_stand_once() {
        let lines: Vec<&str> = SURNAMES.lines().collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(KNOWN.single.len(), lines[0].chars().count());
        assert_eq!(KNOWN.double.len(), lines[1].split(' ').count());
        for c in SURNAMES.chars().filter(|c| !c.is_whitespace()) {
            assert_eq!(normalise_query(&c.to_string()), c.to_string());
        }
    }
}
