//! Values known by their label or by how they end: names, organisations, addresses, numbers of licences.

use crate::domain::meaning::FieldKind;

use super::fields::{Hit, below};
use super::labels::{Announces, Label};
use super::stream::{Glyph, Page, Stream, is_ideograph};

/// Free space that ends a value, in heights.
const VALUE_GAP: f32 = 1.8;
/// The longest value, in characters.
const VALUE_MAX: usize = 80;
/// Family names of one character that nearly everybody has, and those of two.
const SURNAMES: &str = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣贲邓郁单杭洪包诸左石崔吉钮龚程嵇邢滑裴陆荣翁荀羊於惠甄曲家封芮羿储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫宁仇栾暴甘钭厉戎祖武符刘景詹束龙叶幸司韶郜黎蓟薄印宿白怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍璩桑桂濮牛寿通边扈燕冀郏浦尚农温别庄晏柴瞿阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩厍聂晁勾敖融冷訾辛阚那简饶空曾毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公闫肖付代覃兰苟";
const DOUBLE_SURNAMES: &[&str] = &[
    "欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "夏侯",
];
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
/// What an address has at least one of, twice where nothing announces it.
const PLACES: &[char] = &[
    '省', '市', '区', '县', '镇', '乡', '村', '路', '街', '巷', '道', '号', '幢', '栋', '楼', '室',
    '组', '社',
];

/// The values of row `at` that a label announces, and organisations and addresses that stand there without one.
pub(super) fn in_row(laid: &Page, labelled: &[Vec<Label>], at: usize) -> Vec<Hit> {
    let mut hits = Vec::new();
    let (Some(row), Some(its)) = (laid.rows.get(at), labelled.get(at)) else {
        return hits;
    };
    for (index, label) in its.iter().enumerate() {
        let end = its
            .get(index + 1)
            .map_or(row.stream.glyphs.len(), |next| next.from);
        let mut value = part(&row.stream, label.to, end);
        if value.is_empty() && label.to >= end {
            value = under(laid, labelled, at, label);
        }
        let more = match label.announces {
            Announces::Address => continued(laid, labelled, at, &value),
            _ => Vec::new(),
        };
        let mut found = announced(label, &value, &more);
        for hit in &mut found {
            hit.label = Some(label.text);
        }
        hits.extend(found);
    }
    hits.extend(organisations(&row.stream));
    hits.extend(addresses(&row.stream));
    hits.extend(titles_of_property(&row.stream));
    hits
}

/// Organisations and addresses that run over a line's end.
pub(super) fn in_flow(flow: &Stream) -> Vec<Hit> {
    let mut hits = organisations(flow);
    hits.extend(addresses(flow));
    hits
}

/// The glyphs from `from` up to `end` or to wide space.
fn part(stream: &Stream, from: usize, end: usize) -> Vec<Glyph> {
    let glyphs = stream.slice(from, end.max(from));
    let length = glyphs
        .iter()
        .skip(1)
        .take(VALUE_MAX)
        .position(|glyph| glyph.gap > VALUE_GAP)
        .map_or(glyphs.len().min(VALUE_MAX), |at| at + 1);
    glyphs.get(..length).unwrap_or_default().to_vec()
}

/// What stands right below a label that has nothing beside it.
fn under(laid: &Page, labelled: &[Vec<Label>], at: usize, label: &Label) -> Vec<Glyph> {
    let Some(row) = laid.rows.get(at) else {
        return Vec::new();
    };
    let Some(first) = row.stream.glyphs.get(label.from) else {
        return Vec::new();
    };
    let Some(its) = row.lines.iter().find(|placed| placed.line == first.line) else {
        return Vec::new();
    };
    for (index, lower) in below(laid, at) {
        for placed in &lower.lines {
            let near = placed.level - its.level < 2.6 * its.height.max(placed.height);
            if !near || (placed.from - its.from).abs() > 2.0 * its.height {
                continue;
            }
            let Some(begin) = lower
                .stream
                .glyphs
                .iter()
                .position(|glyph| glyph.line == placed.line)
            else {
                continue;
            };
            let labels = labelled.get(index).map(Vec::as_slice).unwrap_or_default();
            if labels.iter().all(|label| label.from != begin) {
                let end = labels
                    .iter()
                    .map(|label| label.from)
                    .find(|from| *from > begin);
                return part(
                    &lower.stream,
                    begin,
                    end.unwrap_or(lower.stream.glyphs.len()),
                );
            }
        }
    }
    Vec::new()
}

/// The second line of an address: right below its first, in the same column, without a label.
fn continued(laid: &Page, labelled: &[Vec<Label>], at: usize, value: &[Glyph]) -> Vec<Glyph> {
    let (Some(first), Some(last)) = (value.first(), value.last()) else {
        return Vec::new();
    };
    let Some(row) = laid.rows.get(at) else {
        return Vec::new();
    };
    let Some(its) = row.lines.iter().find(|placed| placed.line == first.line) else {
        return Vec::new();
    };
    if matches!(last.c, '室' | '。' | ';' | ',') {
        return Vec::new();
    }
    for (index, lower) in below(laid, at) {
        let labels = labelled.get(index).map(Vec::as_slice).unwrap_or_default();
        for placed in &lower.lines {
            let near = placed.level - its.level < 2.2 * its.height;
            // The label and the first line may have been read as one box: its left end says nothing then.
            let aligned = placed.from > its.from - its.height && placed.from < its.to;
            let Some(begin) = lower
                .stream
                .glyphs
                .iter()
                .position(|glyph| glyph.line == placed.line)
            else {
                continue;
            };
            let free = labels.iter().all(|label| label.from != begin);
            let rest = part(&lower.stream, begin, lower.stream.glyphs.len());
            let goes_on = rest
                .iter()
                .any(|glyph| PLACES.contains(&glyph.c) && !matches!(glyph.c, '省' | '市'))
                && rest.iter().any(|glyph| glyph.c.is_ascii_digit())
                && rest.iter().all(|glyph| {
                    glyph.c.is_ascii_alphanumeric()
                        || is_ideograph(glyph.c)
                        || "-()#".contains(glyph.c)
                });
            if near && aligned && free && goes_on {
                return rest;
            }
        }
    }
    Vec::new()
}

fn announced(label: &Label, value: &[Glyph], more: &[Glyph]) -> Vec<Hit> {
    match label.announces {
        Announces::Person => people(value, label.colon),
        Announces::Party | Announces::Organisation => {
            let found = organisation(label, value);
            if found.is_empty() && label.announces == Announces::Party {
                people(value, label.colon)
            } else {
                found
            }
        }
        Announces::Address => address(value, more),
        Announces::Licence | Announces::Identity => licence(value),
        _ => Vec::new(),
    }
}

fn hit(field: FieldKind, glyphs: &[Glyph]) -> Hit {
    Hit {
        field,
        value: glyphs.iter().map(|glyph| glyph.c).collect(),
        glyphs: glyphs.to_vec(),
        odd: false,
        checked: false,
        label: None,
    }
}

/// Names: two to four characters with a known family name, one after the other.
fn people(value: &[Glyph], colon: bool) -> Vec<Hit> {
    let mut words: Vec<Vec<Glyph>> = vec![Vec::new()];
    for glyph in value.iter().take(24) {
        let named = is_ideograph(glyph.c) || glyph.c == '.';
        if (!named || glyph.gap > 0.25) && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(Vec::new());
        }
        if !named && !matches!(glyph.c, '、' | ',' | '，') {
            break;
        }
        if named && let Some(word) = words.last_mut() {
            word.push(*glyph);
        }
    }
    words.retain(|word| !word.is_empty());
    // 陆　青: a name of two characters, spread.
    if let [one, two] = words.as_slice()
        && one.len() == 1
        && two.len() == 1
    {
        words = vec![[one.as_slice(), two.as_slice()].concat()];
    }
    words
        .iter()
        .take_while(|word| is_name(word, colon))
        .map(|word| hit(FieldKind::Name, word))
        .collect()
}

fn is_name(word: &[Glyph], colon: bool) -> bool {
    let text: String = word.iter().map(|glyph| glyph.c).collect();
    let known = text
        .chars()
        .next()
        .is_some_and(|first| SURNAMES.contains(first))
        || DOUBLE_SURNAMES
            .iter()
            .any(|double| text.starts_with(double));
    let foreign = text.contains('.') && word.len() <= 15 && word.len() >= 4;
    let words = [
        "签字", "签章", "盖章", "名称", "公司", "证件", "单位", "相关", "应当", "代表", "本人",
        "委托", "电话", "号码", "申请",
    ];
    if words.iter().any(|word| text.contains(word)) {
        return false;
    }
    foreign
        || (2..=4).contains(&word.len())
            && known
            && (word.len() < 4
                || colon
                || DOUBLE_SURNAMES
                    .iter()
                    .any(|double| text.starts_with(double)))
}

fn organisation(label: &Label, value: &[Glyph]) -> Vec<Hit> {
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

fn licence(value: &[Glyph]) -> Vec<Hit> {
    let end = value
        .iter()
        .enumerate()
        .position(|(at, glyph)| {
            let part = glyph.c.is_ascii_alphanumeric()
                || is_ideograph(glyph.c)
                || "-/()〔〕[].".contains(glyph.c);
            !part || at > 0 && glyph.gap > 0.9
        })
        .unwrap_or(value.len());
    let named = value.get(..end).unwrap_or_default();
    let digits = named
        .iter()
        .filter(|glyph| glyph.c.is_ascii_digit())
        .count();
    let ideographs = named.iter().filter(|glyph| is_ideograph(glyph.c)).count();
    let closes = ideographs == 0 || named.last().is_some_and(|glyph| glyph.c == '号');
    if digits < 4 || named.len() > 40 || ideographs > 14 || !closes {
        // What follows a number without space is not part of it.
        let plain = named
            .iter()
            .position(|glyph| is_ideograph(glyph.c))
            .unwrap_or(0);
        let head = named.get(..plain).unwrap_or_default();
        let digits = head.iter().filter(|glyph| glyph.c.is_ascii_digit()).count();
        return if digits >= 6 {
            vec![hit(FieldKind::LicenceNumber, head)]
        } else {
            Vec::new()
        };
    }
    vec![hit(FieldKind::LicenceNumber, named)]
}

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

fn address(value: &[Glyph], more: &[Glyph]) -> Vec<Hit> {
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
fn addresses(stream: &Stream) -> Vec<Hit> {
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

/// `岭（2024）云澜市不动产权第3265434号`.
fn titles_of_property(stream: &Stream) -> Vec<Hit> {
    let chars = stream.chars();
    let words: Vec<char> = "不动产权第".chars().collect();
    let found = chars
        .windows(words.len())
        .position(|part| part == words.as_slice());
    let Some(at) = found else { return Vec::new() };
    let digits = chars
        .iter()
        .skip(at + words.len())
        .take_while(|c| c.is_ascii_digit())
        .count();
    let end = at + words.len() + digits;
    if digits < 4 || chars.get(end) != Some(&'号') {
        return Vec::new();
    }
    let before = chars.iter().take(at).rev();
    let length = before
        .take_while(|c| is_ideograph(**c) || c.is_ascii_digit() || "()〔〕".contains(**c))
        .count();
    vec![hit(
        FieldKind::LicenceNumber,
        stream.slice(at - length.min(24), end + 1),
    )]
}

/// The characters of the last of `leads` in what stands before a value, and all before it.
fn lead(glyphs: &&[Glyph], leads: &[&str]) -> usize {
    let text: Vec<char> = glyphs.iter().map(|glyph| glyph.c).collect();
    let mut cut = 0;
    for lead in leads {
        let lead: Vec<char> = lead.chars().collect();
        if let Some(found) = text
            .windows(lead.len())
            .rposition(|part| part == lead.as_slice())
        {
            cut = cut.max(found + lead.len());
        }
    }
    cut
}

/// Organisations without a label, by how they end.
fn organisations(stream: &Stream) -> Vec<Hit> {
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
