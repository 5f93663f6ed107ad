//! Which characters look alike. The table stands in `alike.txt`: a class a line, its characters side by side, all of
//! them in the index's own form (simplified, lower case). A character may stand in several classes, where it looks like
//! the one and like the other, which do not look like each other (`门们`, `们` is not `间`).

use std::collections::HashMap;
use std::sync::LazyLock;

const TABLE: &str = include_str!("alike.txt");

static ALIKE: LazyLock<HashMap<char, Vec<char>>> = LazyLock::new(|| {
    let mut alike: HashMap<char, Vec<char>> = HashMap::new();
    for class in TABLE.lines() {
        for c in class.chars() {
            let found = alike.entry(c).or_insert_with(|| vec![c]);
            for other in class.chars() {
                if !found.contains(&other) {
                    found.push(other);
                }
            }
        }
    }
    alike
});

/// The characters that `c` is easily taken for, itself first.
pub(super) fn alike(c: char) -> Vec<char> {
    ALIKE.get(&c).cloned().unwrap_or_else(|| vec![c])
}

/// Whether two characters are the same or look alike.
pub(super) fn looks_like(left: char, right: char) -> bool {
    left == right
        || ALIKE
            .get(&left)
            .is_some_and(|others| others.contains(&right))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::normalise::normalise_query;
    use super::*;

    /// The most characters, itself among them, that one character is taken for.
    const ALIKE_MAX: usize = 8;

    #[test]
    fn the_table_is_sound() {
        let classes: Vec<Vec<char>> = TABLE.lines().map(|line| line.chars().collect()).collect();
        assert!(classes.len() >= 150, "{} classes", classes.len());
        let mut pairs = BTreeSet::new();
        for class in &classes {
            let text: String = class.iter().collect();
            assert!(class.len() >= 2, "{text}: a class has two characters");
            for c in class {
                let c = c.to_string();
                assert_eq!(normalise_query(&c), c, "{text}: {c} is never indexed so");
            }
            for (place, left) in class.iter().enumerate() {
                for right in &class[place + 1..] {
                    assert_ne!(left, right, "{text}");
                    let pair = (*left.min(right), *left.max(right));
                    assert!(pairs.insert(pair), "{text}: {left}{right} stand twice");
                }
            }
        }
    }

    #[test]
    fn looking_alike_goes_both_ways_and_is_bounded() {
        for (c, others) in ALIKE.iter() {
            assert_eq!(others.first(), Some(c));
            assert!(others.len() <= ALIKE_MAX, "{c}: {others:?}");
            for other in others {
                assert!(looks_like(*c, *other) && looks_like(*other, *c));
            }
        }
        for pair in ["己已", "已巳", "末未", "0o", "1l", "折析", "戊戍"] {
            let chars: Vec<char> = pair.chars().collect();
            assert!(looks_like(chars[0], chars[1]), "{pair}");
        }
        assert!(looks_like('甲', '甲') && !looks_like('甲', '乙'));
        assert_eq!(alike('乙'), ['乙']);
    }
}
