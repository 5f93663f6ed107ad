//! Pages that say the same: a print of the text to find candidates, and the comparison that decides.

use std::collections::BTreeSet;

use crate::domain::meaning::{FieldKind, PageMeaning, Standing, TextPrint};
use crate::domain::text::{LineKind, OcrLine, OcrPage};

use super::CHARACTERS_MAX;
use super::stream::{fold, is_ideograph};

/// Characters in a run that is compared.
const RUN: usize = 3;
/// Pages with fewer characters say too little to be compared.
const CHARACTERS_MIN: usize = 20;
/// Prints that differ in more bits are of different texts.
const BITS_MAX: u32 = 20;
/// Pictures that differ in more bits are of different pages, unless the text is nearly the same.
const PICTURE_BITS_MAX: u32 = 16;
/// The share of runs that two readings of the same page have in common at least; misread characters cost three runs each.
const SAME_TEXT: f32 = 0.75;
/// The same for pages whose pictures are not alike, or that have no fields to compare.
const SAME_TEXT_ALONE: f32 = 0.88;
/// The share of values that have to be the same.
const SAME_VALUES: f32 = 0.7;

/// How alike two pages are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Likeness {
    /// Bits in which the pictures' hashes differ, of 64; none where one has none.
    pub picture_bits: Option<u32>,
    /// Share of the text's runs of characters that both have, 0 to 1.
    pub text: f32,
    /// Share of the values that both have, 0 to 1; none where neither has any.
    pub values: Option<f32>,
    /// Whether they are the same paper, as far as this can tell.
    pub same: bool,
}

/// The print of a page's text.
pub fn text_print(page: &OcrPage) -> TextPrint {
    let chars = counted(page);
    let mut sums = [0i32; 64];
    for run in runs(&chars) {
        let hash = mix(run);
        for (bit, sum) in sums.iter_mut().enumerate() {
            *sum += if hash >> bit & 1 == 1 { 1 } else { -1 };
        }
    }
    let mut print = 0u64;
    for (bit, sum) in sums.iter().enumerate() {
        print |= u64::from(*sum > 0) << bit;
    }
    TextPrint {
        characters: u32::try_from(chars.len()).unwrap_or(u32::MAX),
        simhash: if chars.len() < RUN {
            String::new()
        } else {
            format!("{print:016x}")
        },
    }
}

/// Whether it is worth comparing the texts of two pages with these prints.
pub fn may_be_same(one: &TextPrint, other: &TextPrint) -> bool {
    let (short, long) = (
        one.characters.min(other.characters),
        one.characters.max(other.characters),
    );
    if (short as usize) < CHARACTERS_MIN || short * 10 < long * 7 {
        return false;
    }
    let bits = |print: &TextPrint| u64::from_str_radix(&print.simhash, 16).ok();
    match (bits(one), bits(other)) {
        (Some(one), Some(other)) => (one ^ other).count_ones() <= BITS_MAX,
        _ => false,
    }
}

/// Compares two pages: their texts, their values, and the hashes of their pictures where there are any. A form that was
/// filled in differently is another paper, however alike it looks.
pub fn likeness(
    one: (&OcrPage, &PageMeaning, Option<u64>),
    other: (&OcrPage, &PageMeaning, Option<u64>),
) -> Likeness {
    let text = shared(&runs_of(one.0), &runs_of(other.0));
    let values = same_values(one.1, other.1);
    let picture_bits = match (one.2, other.2) {
        (Some(one), Some(other)) => Some((one ^ other).count_ones()),
        _ => None,
    };
    let alike = picture_bits.is_some_and(|bits| bits <= PICTURE_BITS_MAX);
    let long = counted(one.0).len().min(counted(other.0).len()) >= CHARACTERS_MIN;
    let text_same = match values {
        Some(values) => {
            values >= SAME_VALUES && text >= if alike { SAME_TEXT } else { SAME_TEXT_ALONE }
        }
        None => text >= SAME_TEXT_ALONE,
    };
    Likeness {
        picture_bits,
        text,
        values,
        same: long && text_same,
    }
}

/// Letters, digits and ideographs of a page.
/// The lines but those of seals: a paper is the same before it is stamped and after.
fn papers_own(page: &OcrPage) -> impl Iterator<Item = &OcrLine> {
    let own = |line: &&OcrLine| line.kind != LineKind::Seal;
    page.lines.iter().filter(own)
}

fn counted(page: &OcrPage) -> Vec<char> {
    papers_own(page)
        .flat_map(|line| &line.chars)
        .map(|char| fold(char.c))
        .filter(|c| c.is_ascii_alphanumeric() || is_ideograph(*c))
        .take(CHARACTERS_MAX)
        .collect()
}

fn runs(chars: &[char]) -> impl Iterator<Item = u64> {
    chars.windows(RUN).map(|run| {
        run.iter()
            .fold(0u64, |packed, c| packed << 21 | u64::from(*c as u32))
    })
}

/// Runs within the lines, so that their order does not count.
fn runs_of(page: &OcrPage) -> BTreeSet<u64> {
    let mut all = BTreeSet::new();
    for line in papers_own(page) {
        let chars: Vec<char> = line
            .chars
            .iter()
            .map(|char| fold(char.c))
            .filter(|c| c.is_ascii_alphanumeric() || is_ideograph(*c))
            .collect();
        all.extend(runs(&chars));
        if all.len() > CHARACTERS_MAX {
            break;
        }
    }
    all
}

fn shared<T: Ord>(one: &BTreeSet<T>, other: &BTreeSet<T>) -> f32 {
    let all = one.union(other).count();
    if all == 0 {
        return 0.0;
    }
    one.intersection(other).count() as f32 / all as f32
}

/// The share of values in common, of those that were read well enough to tell papers apart.
fn same_values(one: &PageMeaning, other: &PageMeaning) -> Option<f32> {
    let values = |meaning: &PageMeaning| -> BTreeSet<(FieldKind, String)> {
        meaning
            .fields
            .iter()
            .filter(|field| field.standing >= Standing::Likely)
            .filter(|field| {
                !matches!(
                    field.field,
                    FieldKind::Organisation | FieldKind::Address | FieldKind::Period
                )
            })
            .map(|field| (field.field, field.value.clone()))
            .collect()
    };
    let (one, other) = (values(one), values(other));
    (!one.is_empty() || !other.is_empty()).then(|| shared(&one, &other))
}

/// A well-mixed hash of a packed run (SplitMix64's finaliser).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

#[cfg(test)]
mod tests {
    use super::super::stream::tests::{line, page};
    use super::super::understand;
    use super::*;

    const FORM: [&str; 6] = [
        "行政许可申请表",
        "本申请人已知悉本事项的办理条件所需材料和办理时限保证所填内容真实",
        "材料与原件一致并愿意承担因材料虚假产生的法律责任",
        "申请事项首次申请变更延续补办",
        "送达方式现场领取邮寄送达电子送达",
        "本表一式两份一份由受理机关存档一份由申请人留存",
    ];

    fn form(name: &str, id: &str, phone: &str) -> OcrPage {
        let mut lines: Vec<_> = FORM
            .iter()
            .enumerate()
            .map(|(at, text)| line(text, 100, at as u32 * 60))
            .collect();
        let filled = [
            format!("姓名：{name}"),
            format!("证件号码：{id}"),
            format!("联系电话：{phone}"),
        ];
        lines.extend(
            filled
                .iter()
                .enumerate()
                .map(|(at, text)| line(text, 100, 400 + at as u32 * 60)),
        );
        page(lines)
    }

    fn compare(one: &OcrPage, other: &OcrPage) -> Likeness {
        let day = "2026-11-03".parse().unwrap();
        let (a, b) = (understand(one, day), understand(other, day));
        assert!(may_be_same(&a.print, &b.print));
        likeness((one, &a, Some(7)), (other, &b, Some(7)))
    }

    #[test]
    fn a_page_read_again_is_the_same_and_a_form_filled_differently_is_not() {
        let one = form("沈若溪", "369901198809172467", "0990-0765432");
        let mut again = one.clone();
        again.lines[1].chars[3].c = '己';
        again.lines[4].chars[2].c = '万';
        let same = compare(&one, &again);
        assert!(same.same && same.text > 0.8, "{same:?}");
        let filled = compare(&one, &form("顾明远", "369901199304053176", "0990-0456789"));
        assert!(!filled.same && filled.values == Some(0.0), "{filled:?}");
    }
}
