//! Names of companies, offices and other organisations.

use super::super::fields::Hit;
use super::super::labels::{Announces, Label};
use super::super::stream::{Glyph, Stream, is_ideograph};
use super::{hit, lead};
use crate::domain::meaning::FieldKind;

/// How organisations end.
const ORGANISATIONS: &[&str] = &[
    "有限责任公司",
    "股份有限公司",
    "有限公司",
    "分公司",
    "合作社",
    "事务所",
    "人民政府",
    "委员会",
    "服务中心",
    "指导中心",
    "审批服务局",
    "管理局",
    "公安局",
    "服务局",
    "保障局",
    "建设局",
    "规划局",
    "民政局",
    "税务局",
    "教育局",
    "司法局",
    "卫生健康局",
    "生态环境局",
    "分局",
    "管理所",
    "派出所",
    "人民法院",
    "中学",
    "小学",
    "大学",
    "学院",
    "幼儿园",
    "医院",
    "卫生院",
    "银行",
    "支行",
    "书店",
    "商店",
    "超市",
    "餐馆",
    "饭店",
    "街道办事处",
    "居民委员会",
    "村民委员会",
    "研究院",
    "保健院",
    "学校",
    "中心",
];
/// Words before an organisation that are not part of it.
const LEADS: &[&str] = &[
    "本单位",
    "我单位",
    "你单位",
    "贵单位",
    "申请人",
    "根据",
    "经由",
    "现由",
    "委托",
    "关于",
    "乘坐",
    "致",
    "到",
    "向",
    "由",
    "与",
    "和",
    "及",
    "经",
    "在",
    "是",
    "系",
    "为",
];
pub(super) fn organisation(label: &Label, value: &[Glyph]) -> Vec<Hit> {
    let end = value
        .iter()
        .enumerate()
        .position(|(at, glyph)| {
            !(is_ideograph(glyph.c) || "()".contains(glyph.c) || glyph.c.is_ascii_alphanumeric())
                || at > 0 && glyph.gap > 1.2
        })
        .unwrap_or(value.len());
    let named = value.get(..end).unwrap_or_default();
    let text: String = named.iter().map(|glyph| glyph.c).collect();
    let ends = ORGANISATIONS.iter().any(|end| text.contains(end));
    let strict =
        label.announces == Announces::Organisation && label.text != "致" && label.text != "名称";
    let ideographs = named.iter().filter(|glyph| is_ideograph(glyph.c)).count();
    if ideographs < 4 || !(ends || strict) {
        return Vec::new();
    }
    vec![hit(FieldKind::Organisation, named)]
}

/// Organisations without a label, by how they end.
pub(super) fn organisations(stream: &Stream) -> Vec<Hit> {
    let chars = stream.chars();
    let mut hits = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let end = ORGANISATIONS
            .iter()
            .map(|end| end.chars().count())
            .zip(ORGANISATIONS)
            .find(|(length, end)| {
                chars
                    .get(at..at + length)
                    .is_some_and(|part| part.iter().copied().eq(end.chars()))
            })
            .map(|(length, _)| at + length);
        at += 1;
        let Some(end) = end else { continue };
        let mut from = at - 1;
        while let Some(before) = from.checked_sub(1)
            && end - before < 40
            && chars
                .get(before)
                .is_some_and(|c| is_ideograph(*c) || "()".contains(*c))
            && stream.glyphs.get(from).is_some_and(|glyph| glyph.gap < 0.3)
        {
            from = before;
        }
        let head = stream.slice(from, at - 1);
        // 和 and the like end a word only where enough is left after them.
        let cut = lead(&head, LEADS).min(head.len());
        if head.len() - cut >= 4 {
            from += cut;
        } else {
            from += lead(&head, LEADS.get(..10).unwrap_or_default());
        }
        // A bracket that was opened before the name is not part of it.
        let open = stream
            .slice(from, end)
            .iter()
            .filter(|glyph| glyph.c == '(')
            .count();
        let closed = stream
            .slice(from, end)
            .iter()
            .filter(|glyph| glyph.c == ')')
            .count();
        if end.saturating_sub(from) >= 5 && open == closed {
            hits.push(hit(FieldKind::Organisation, stream.slice(from, end)));
        }
        at = end;
    }
    hits
}
