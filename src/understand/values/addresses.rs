//! Addresses.

use super::super::fields::Hit;
use super::super::stream::{Glyph, Stream, is_ideograph};
use super::{hit, lead};
use crate::domain::meaning::FieldKind;

/// What an address has at least one of, twice where nothing announces it.
pub(super) const PLACES: &[char] = &[
    '省', '市', '区', '县', '镇', '乡', '村', '路', '街', '巷', '道', '号', '幢', '栋', '楼', '室',
    '组', '社',
];

fn address_length(value: &[Glyph]) -> usize {
    value
        .iter()
        .enumerate()
        .position(|(at, glyph)| {
            !(is_ideograph(glyph.c) || glyph.c.is_ascii_alphanumeric() || "()-#.".contains(glyph.c))
                || at > 0 && glyph.gap > 1.2
        })
        .unwrap_or(value.len())
}

pub(super) fn address(value: &[Glyph], more: &[Glyph]) -> Vec<Hit> {
    let length = address_length(value);
    let mut named = value.get(..length).unwrap_or_default().to_vec();
    if length == value.len() {
        named.extend_from_slice(more.get(..address_length(more)).unwrap_or_default());
    }
    let places = named
        .iter()
        .filter(|glyph| PLACES.contains(&glyph.c))
        .count();
    if named.len() < 5 || places == 0 {
        return Vec::new();
    }
    vec![hit(FieldKind::Address, &named)]
}

/// Addresses without a label: a road or village with a number.
pub(super) fn addresses(stream: &Stream) -> Vec<Hit> {
    let glyphs = &stream.glyphs;
    let mut hits = Vec::new();
    let mut at = 0;
    while at < glyphs.len() {
        let road = glyphs
            .get(at)
            .is_some_and(|glyph| matches!(glyph.c, '路' | '街' | '巷' | '道' | '村'));
        let number = glyphs
            .get(at + 1)
            .is_some_and(|glyph| glyph.c.is_ascii_digit());
        at += 1;
        if !road || !number {
            continue;
        }
        let mut from = at - 1;
        while let Some(before) = from.checked_sub(1)
            && glyphs.get(before).is_some_and(|glyph| {
                is_ideograph(glyph.c) && !matches!(glyph.c, '于' | '在' | '址' | '至' | '为')
            })
            && glyphs.get(from).is_some_and(|glyph| glyph.gap < 0.25)
            && at - before < 30
        {
            from = before;
        }
        from += lead(
            &stream.slice(from, at),
            &[
                "地址", "住所", "地点", "场所", "座落", "坐落", "住址", "现住", "家住", "到",
            ],
        );
        let unit = |c: char| c.is_ascii_alphanumeric() || "号幢栋楼室单元层座弄组-#".contains(c);
        let length = stream
            .slice(at, glyphs.len())
            .iter()
            .take(30)
            .position(|glyph| !unit(glyph.c) || glyph.gap > 1.2);
        let end = at + length.unwrap_or((glyphs.len() - at).min(30));
        let numbered = stream.slice(at, end).iter().any(|glyph| glyph.c == '号');
        if numbered && end - from >= 5 {
            hits.push(hit(FieldKind::Address, stream.slice(from, end)));
        }
        at = end;
    }
    hits
}
