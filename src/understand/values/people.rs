//! Names of people.

use super::super::fields::Hit;
use super::super::stream::{Glyph, Stream, is_ideograph};
use super::hit;
use crate::domain::meaning::FieldKind;

/// Family names of one character that nearly everybody has, and those of two.
const SURNAMES: &str = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣贲邓郁单杭洪包诸左石崔吉钮龚程嵇邢滑裴陆荣翁荀羊於惠甄曲家封芮羿储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫宁仇栾暴甘钭厉戎祖武符刘景詹束龙叶幸司韶郜黎蓟薄印宿白怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍璩桑桂濮牛寿通边扈燕冀郏浦尚农温别庄晏柴瞿阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩厍聂晁勾敖融冷訾辛阚那简饶空曾毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公闫肖付代覃兰苟";
const DOUBLE_SURNAMES: &[&str] = &[
    "欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "夏侯",
];
/// Names: two to four characters with a known family name, one after the other.
pub(super) fn people(value: &[Glyph], colon: bool) -> Vec<Hit> {
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

/// Names in sentences: `韦国，男，`, `陶永明同志`.
pub(super) fn people_of_sentences(stream: &Stream) -> Vec<Hit> {
    let chars = stream.chars();
    let ends: [&[char]; 5] = [
        &[',', '男'],
        &[',', '女'],
        &['同', '志'],
        &[',', '性', '别'],
        &['(', '性', '别'],
    ];
    let mut hits = Vec::new();
    for end in 2..chars.len() {
        if !ends
            .iter()
            .any(|mark| chars.get(end..end + mark.len()) == Some(*mark))
        {
            continue;
        }
        let named = (2..=3).rev().find_map(|length| {
            let from = end.checked_sub(length)?;
            let word = stream.slice(from, end);
            let before = from.checked_sub(1).and_then(|before| chars.get(before));
            let free = before.is_none_or(|c| !is_ideograph(*c) || "人生员方".contains(*c));
            (free && word.iter().all(|glyph| is_ideograph(glyph.c)) && is_name(word, false))
                .then_some(word)
        });
        hits.extend(named.map(|word| hit(FieldKind::Name, word)));
    }
    hits
}
