//! The labels of forms and certificates: what they announce, and where they stand in a row. A label may be spread over
//! boxes (`姓　名`), and may be printed above its value.

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

use Announces::{
    Address, Amount, Credit, Day, Document, Else, Identity, Licence, Organisation, Party, Person,
    Phone,
};

/// Labels and what they announce; of two that fit, the longer one counts.
const LABELS: &[(&str, Announces)] = &[
    ("公民身份号码", Identity),
    ("公民身份证号码", Identity),
    ("身份证号码", Identity),
    ("身份证号", Identity),
    ("身份证件号码", Identity),
    ("居民身份证号", Identity),
    ("居民身份证号码", Identity),
    ("有效身份证件号码", Identity),
    ("证件号码", Identity),
    ("证件号", Identity),
    ("身份号码", Identity),
    ("统一社会信用代码", Credit),
    ("社会信用代码", Credit),
    ("信用代码", Credit),
    ("纳税人识别号", Credit),
    ("统一社会信用代码/纳税人识别号", Credit),
    ("组织机构代码", Credit),
    ("出生日期", Day),
    ("出生年月", Day),
    ("出生", Day),
    ("成立日期", Day),
    ("注册日期", Day),
    ("发证日期", Day),
    ("签发日期", Day),
    ("填表日期", Day),
    ("申请日期", Day),
    ("受理日期", Day),
    ("登记日期", Day),
    ("开票日期", Day),
    ("有效期限", Day),
    ("有效期至", Day),
    ("有效期", Day),
    ("营业期限", Day),
    ("经营期限", Day),
    ("委托期限", Day),
    ("租赁期限", Day),
    ("合同期限", Day),
    ("收件时间", Day),
    ("承诺办结", Day),
    ("日期", Day),
    ("核准日期", Day),
    ("发文字号", Document),
    ("文号", Document),
    ("案号", Document),
    ("批准文号", Document),
    ("公文字号", Document),
    ("许可证编号", Licence),
    ("许可证号", Licence),
    ("证书编号", Licence),
    ("证书号", Licence),
    ("证照编号", Licence),
    ("注册号", Licence),
    ("登记编号", Licence),
    ("登记号", Licence),
    ("合同编号", Licence),
    ("受理编号", Licence),
    ("办件编号", Licence),
    ("档案编号", Licence),
    ("备案编号", Licence),
    ("备案号", Licence),
    ("不动产权证号", Licence),
    ("不动产单元号", Licence),
    ("护照号码", Licence),
    ("户号", Licence),
    ("发票号码", Licence),
    ("发票代码", Licence),
    ("资格证号", Licence),
    ("执业证号", Licence),
    ("准考证号", Licence),
    ("核准号", Licence),
    ("回单编号", Licence),
    ("出生证编号", Licence),
    ("报告编号", Licence),
    ("产权证号", Licence),
    ("驾驶证号", Licence),
    ("结婚证字号", Licence),
    ("毕业证书编号", Licence),
    ("健康证号", Licence),
    ("残疾证号", Licence),
    ("凭证编号", Licence),
    ("流水号", Licence),
    ("编号", Licence),
    ("证号", Licence),
    ("字号", Licence),
    ("号码", Licence),
    ("No.:", Licence),
    ("Ref.No.:", Licence),
    ("保单号", Licence),
    ("单号", Licence),
    ("姓名", Person),
    ("法定代表人", Person),
    ("法定代表人姓名", Person),
    ("负责人", Person),
    ("经营者", Person),
    ("经办人", Person),
    ("联系人", Person),
    ("代理人", Person),
    ("委托代理人", Person),
    ("受托人", Person),
    ("被委托人", Person),
    ("持证人", Person),
    ("持有人", Person),
    ("签发人", Person),
    ("核对人", Person),
    ("收件人", Person),
    ("交件人", Person),
    ("承诺人", Person),
    ("核查人员", Person),
    ("申请人代表", Person),
    ("窗口工作人员", Person),
    ("经营者姓名", Person),
    ("户主", Person),
    ("户主姓名", Person),
    ("监护人", Person),
    ("投资人", Person),
    ("股东", Party),
    ("收款人", Party),
    ("付款人", Party),
    ("审核人", Person),
    ("制表人", Person),
    ("填表人", Person),
    ("体检人", Person),
    ("学生", Person),
    ("当事人", Party),
    ("权利人", Party),
    ("所有权人", Party),
    ("使用权人", Party),
    ("申请人", Party),
    ("委托人", Party),
    ("被申请人", Party),
    ("出租方", Party),
    ("承租方", Party),
    ("出租人", Party),
    ("承租人", Party),
    ("甲方", Party),
    ("乙方", Party),
    ("买受人", Party),
    ("原告", Party),
    ("被告", Party),
    ("投保人", Party),
    ("被保险人", Party),
    ("用人单位", Organisation),
    ("申请人名称", Organisation),
    ("单位名称", Organisation),
    ("企业名称", Organisation),
    ("公司名称", Organisation),
    ("经营者名称", Organisation),
    ("名称", Organisation),
    ("工作单位", Organisation),
    ("建设单位", Organisation),
    ("施工单位", Organisation),
    ("监理单位", Organisation),
    ("设计单位", Organisation),
    ("发证机关", Organisation),
    ("登记机关", Organisation),
    ("签发机关", Organisation),
    ("发证单位", Organisation),
    ("开户银行", Organisation),
    ("开户行", Organisation),
    ("购买方名称", Organisation),
    ("销售方名称", Organisation),
    ("日常监督管理机构", Organisation),
    ("机构名称", Organisation),
    ("致", Organisation),
    ("住所", Address),
    ("地址", Address),
    ("住址", Address),
    ("经营场所", Address),
    ("经营地址", Address),
    ("注册地址", Address),
    ("通讯地址", Address),
    ("联系地址", Address),
    ("家庭住址", Address),
    ("户籍地址", Address),
    ("坐落", Address),
    ("坐落于", Address),
    ("房屋坐落", Address),
    ("房屋坐落于", Address),
    ("住所地", Address),
    ("核查地点", Address),
    ("地点", Address),
    ("送达地址", Address),
    ("单位地址", Address),
    ("现住址", Address),
    ("建设地点", Address),
    ("施工地点", Address),
    ("设置地点", Address),
    ("联系电话", Phone),
    ("电话", Phone),
    ("手机", Phone),
    ("手机号码", Phone),
    ("代理人电话", Phone),
    ("查询电话", Phone),
    ("监督电话", Phone),
    ("投诉电话", Phone),
    ("联系方式", Phone),
    ("投诉举报电话", Phone),
    ("固定电话", Phone),
    ("咨询电话", Phone),
    ("金额", Amount),
    ("人民币", Amount),
    ("合计", Amount),
    ("价税合计", Amount),
    ("注册资本", Amount),
    ("小写", Amount),
    ("大写", Amount),
    ("租金", Amount),
    ("押金", Amount),
    ("总价", Amount),
    ("缴款金额", Amount),
    ("性别", Else),
    ("民族", Else),
    ("类型", Else),
    ("企业类型", Else),
    ("经营范围", Else),
    ("经营项目", Else),
    ("主体业态", Else),
    ("事项名称", Else),
    ("事项编码", Else),
    ("办理类型", Else),
    ("邮政编码", Else),
    ("文化程度", Else),
    ("职业名称", Else),
    ("技能等级", Else),
    ("日常监督管理人员", Else),
    ("查询密码", Else),
    ("收件窗口", Else),
    ("职务", Else),
    ("备注", Else),
    ("用途", Else),
    ("面积", Else),
    ("建筑面积", Else),
    ("国籍", Else),
    ("职业", Else),
    ("年龄", Else),
    ("专业", Else),
    ("材料名称", Else),
    ("开户账号", Else),
    ("账号", Else),
    ("申请类别", Else),
    ("学历", Else),
    ("婚姻状况", Else),
    ("项目名称", Else),
    ("送达方式", Else),
    ("工种", Else),
    ("规格型号", Else),
    ("单位", Else),
    ("数量", Else),
];

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
    let (text, announces, length) = LABELS
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
    fn words_of_a_sentence_are_no_labels() {
        assert!(read("由申请人提交，申请人应当到场").is_empty());
        assert!(read("经办理人员的姓名登记").is_empty());
    }
}
