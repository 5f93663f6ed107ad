//! The one table of what can be wrong with a package: a stable code, the file, fact or case it is about, what it means
//! and what the department does, in Chinese and in English. No decision lives here.

use crate::bag::Fault;

macro_rules! findings {
    ($($variant:ident { $($part:ident: $type:ty),* }, $code:literal, $zh:literal, $en:literal;)*) => {
        /// Something wrong with a package. `about` is a file of it, a fact of the log, a case or a slip.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs)] // the text of a variant says what its parts are
        #[non_exhaustive]
        pub enum Finding {
            /// The bag around it is wrong.
            Bag(Fault),
            $(#[doc = $en] $variant { about: String, $($part: $type),* },)*
        }

        impl Finding {
            /// Every code but those of bags, for tables and tests.
            pub const CODES: &[&str] = &[$($code,)*];

            /// Stable code in kebab-case; that of the fault where the bag is wrong.
            pub fn code(&self) -> &'static str {
                match self {
                    Self::Bag(fault) => fault.code(),
                    $(Self::$variant { .. } => $code,)*
                }
            }

            /// The file, fact, case or slip.
            pub fn about(&self) -> &str {
                match self {
                    Self::Bag(fault) => fault.path(),
                    $(Self::$variant { about, .. } => about,)*
                }
            }

            /// What it means and what to do, in Chinese.
            pub fn zh(&self) -> String {
                match self {
                    Self::Bag(fault) => fault.zh(),
                    $(Self::$variant { about, $($part),* } => plain(format!($zh, about = about)),)*
                }
            }

            /// What it means and what to do, in English.
            pub fn en(&self) -> String {
                match self {
                    Self::Bag(fault) => fault.en(),
                    $(Self::$variant { about, $($part),* } => plain(format!($en, about = about)),)*
                }
            }
        }
    };
}

findings! {
    // the files
    FileAbsent {}, "evidence-missing", "移交包中缺少“{about}”，无法证明其内容；请不要签收，让移交方重新导出", "{about} is not in the package, so its content cannot be proved; do not sign, ask the sender to export it again";
    FileUnexpected {}, "file-unexpected", "“{about}”不属于移交包，可能是事后加入的；请让移交方说明并重新导出", "{about} does not belong to a package and may have been added later; ask the sender to explain it and export again";
    FileTooLarge { limit: u64 }, "file-too-large", "“{about}”超过 {limit} 字节，已停止核验；请让移交方重新导出", "{about} has more than {limit} bytes and was not read; ask the sender to export again";
    DeclarationDiffers {}, "declaration-differs", "“{about}”与本程序所写不同，已被更改；请让移交方重新导出", "{about} is not as the program writes it: it was changed; ask the sender to export again";
    InfoDiffers {}, "info-differs", "“{about}”中的说明与存证日志不符（来源、批次或日期被更改）；请让移交方重新导出", "what {about} says differs from the log: source, round or date was changed; ask the sender to export again";

    // the log
    CheckpointForm { reason: String }, "checkpoint-form", "“{about}”不是日志检查点（{reason}），移交包无从核验；请让移交方重新导出", "{about} is no checkpoint of a log ({reason}), so nothing can be proved; ask the sender to export again";
    CheckpointUnsigned { key: String }, "checkpoint-signature", "检查点（{about}）没有密钥 {key} 的有效签名，可能是伪造的日志；请不要签收，向大厅核实", "the checkpoint ({about}) is not signed by the key {key}: the log may be forged; do not sign, ask the hall";
    LogKeyUnknown {}, "log-key-unknown", "移交包所附日志（{about}）不是您所保存密钥的日志，也没有由它交接而来；请不要签收，向大厅核实", "the log of the package ({about}) was never signed by the key you keep, nor handed on from it; do not sign, ask the hall";
    LogFacts { reason: String }, "log-facts", "{about}：日志的开立或密钥更换不成立（{reason}）；请不要签收，向大厅核实", "{about}: the opening of the log or a change of its key does not hold ({reason}); do not sign, ask the hall";
    TooManyFacts { limit: u64 }, "too-many-facts", "“{about}”超过 {limit} 条事实，已停止；请让移交方分批移交", "{about} has more than {limit} facts and was not read on; ask for several packages";
    ProofMissing {}, "proof-missing", "{about}没有附上证明；请让移交方重新导出", "{about} has no proof; ask the sender to export again";
    FactUnproven {}, "fact-unproven", "{about}不在日志中：内容、序号或证明被更改，或日志被改写；请不要签收", "{about} is not in the log: its text, place or proof was changed, or the log was rewritten; do not sign";
    FactForm { reason: String }, "fact-form", "{about}无法读懂（{reason}）；请使用更新的程序核验", "{about} cannot be read ({reason}); verify with a newer program";
    FactOrder {}, "fact-order", "{about}没有按序号排列或重复；请让移交方重新导出", "{about} is out of order or there twice; ask the sender to export again";
    FactMissing { expected: u32, found: u32 }, "fact-missing", "“{about}”的经过缺少第 {expected} 条（接着是第 {found} 条）：有事实被抽走；请不要签收", "the history of {about} lacks fact {expected} (number {found} follows): a fact was taken out; do not sign";
    FactForeign {}, "fact-foreign", "{about}与本批移交无关；请让移交方重新导出", "{about} has nothing to do with this round; ask the sender to export again";

    // the round
    RoundMissing {}, "round-missing", "“{about}”中没有移交批次的事实，或有多个批次；请让移交方重新导出", "{about} has no facts of a round, or of several; ask the sender to export again";
    NotSealed {}, "round-not-sealed", "移交批次 {about} 没有封装记录；请让大厅先封装", "the log does not say that round {about} was sealed; ask the hall to seal it first";
    PayloadDiffers { sealed: String, found: String }, "payload-not-sealed", "“{about}”不是封装时的内容清单（封装 {sealed}，现为 {found}）：封装后文件被更换、增加或删除；请不要签收", "{about} is not the list of files that was sealed (sealed {sealed}, found {found}): files were changed, added or taken out since; do not sign";
    CountsDiffer { sealed: String, found: String }, "counts-differ", "移交批次 {about} 封装时为 {sealed}，包中为 {found}（文件数, 字节数）；请不要签收", "round {about} was sealed with {sealed}, the package has {found} (files, bytes); do not sign";
    RoundRules { fact: u64, code: String }, "round-rules", "第 {fact} 条事实违反移交规则（{about}：{code}）；请向大厅核实", "fact {fact} breaks the rules of transfer ({about}: {code}); ask the hall";
    FactDiffers { subject: String }, "fact-differs", "“{subject}”的事实与{about}不一致：应记载的内容没有记载，或另有记载；请不要签收，向大厅核实", "the facts of {subject} differ from {about}: what should be recorded is not, or something else is; do not sign, ask the hall";
    CaseFactsMissing {}, "case-facts-missing", "办件 {about} 在移交批次内，但包中没有其保管经过；请让移交方重新导出", "case {about} is on the round, but the history of its paper is not in the package; ask the sender to export again";
    DocumentMissing { fact: u64 }, "document-missing", "缺少第 {fact} 条事实所指的“{about}”；请让移交方重新导出", "{about}, which fact {fact} names, is missing; ask the sender to export again";
    DocumentDiffers {}, "document-differs", "“{about}”的内容与其名称（摘要）不符，已被更改；请让移交方重新导出", "the content of {about} is not what its name, a digest, says: it was changed; ask the sender to export again";
    DocumentForm { reason: String }, "document-form", "“{about}”无法读懂（{reason}）；请让移交方重新导出", "{about} cannot be read ({reason}); ask the sender to export again";
    DocumentForeign {}, "document-foreign", "没有任何事实提到“{about}”，可能是事后加入的；请让移交方重新导出", "no fact names {about}, it may have been added; ask the sender to export again";

    // the cases
    CaseMissing {}, "case-missing", "办件 {about} 在移交批次内，但包中没有其文件；请不要签收，让移交方补齐", "case {about} is on the round, but none of its files is in the package; do not sign, ask for them";
    CaseForeign {}, "case-foreign", "办件 {about} 不在移交批次内，却有文件在包中；请让移交方重新导出", "case {about} is not on the round, but files of it are in the package; ask the sender to export again";
    MasterForeign { case: String }, "master-foreign", "“{about}”不是办件 {case} 收到的扫描原件；请不要签收", "{about} is not a scan that was received for case {case}; do not sign";
    MasterMissing { scan: String }, "master-missing", "办件 {about} 的扫描原件 {scan} 不在包中；请不要签收，让移交方补齐", "the scan {scan} of case {about} is not in the package; do not sign, ask for it";
    FileUnnamed {}, "file-unnamed", "“{about}”既没有事实提到，也不在 data/transfer.json 中；请让移交方说明", "neither a fact nor data/transfer.json names {about}; ask the sender to explain it";

    // the slips
    SlipDocument {}, "slip-document-differs", "“{about}”不是签名时的文件，已被更改；请不要认可该签收", "{about} is not the document that was signed: it was changed; do not accept the signature";
    SlipDocumentMissing {}, "slip-document-missing", "缺少已签名的“{about}”；请让移交方重新导出", "{about}, which was signed, is missing; ask the sender to export again";
    SignatureWrong { staff: String }, "signature-wrong", "交接单 {about} 上 {staff} 的签名不成立；该交接不能认可，请向签名人核实", "the signature of {staff} on slip {about} does not hold; do not accept the hand-over, ask the signer";
    KeyNotInForce { staff: String, key: String }, "key-not-in-force", "交接单 {about} 上 {staff} 所用的密钥 {key} 当时没有登记或已吊销；该签名不能认可", "the key {key} that {staff} signed slip {about} with was not enrolled or was revoked then; do not accept the signature";
    SignerUnknown { staff: String }, "signer-unknown", "包中没有交接单 {about} 的签名人 {staff} 的登记事实；请让移交方重新导出", "the package has no facts about {staff}, who signed slip {about}; ask the sender to export again";
    SignerDiffers { staff: String }, "signer-differs", "{staff} 在交接单 {about} 上使用的公钥与您保存的不同：可能有人冒名登记；请不要认可，向本人核实", "the public key of {staff} on slip {about} is not the one you keep: somebody may have enrolled another in that name; do not accept it, ask the signer";
    SignerUnlisted { staff: String }, "signer-unlisted", "{staff} 代表本部门签名（{about}），但不在您提供的签名人名单中；请核实是否为本部门人员", "{staff}, who signed for your department ({about}), is not in your list of signers; find out whether that person is one of yours";
    SamePerson { staff: String }, "same-person", "交接单 {about} 的交出与接收由同一人（{staff}）签名，交接无效；请不要认可", "giver and receiver of slip {about} are one person ({staff}), so it is no hand-over; do not accept it";
    WrongSide { staff: String }, "wrong-side", "交接单 {about} 上 {staff} 当时无权代表该方签名；请不要认可", "{staff} could not sign slip {about} for that side at the time; do not accept it";
    SlipRules { code: String }, "slip-rules", "交接单 {about} 违反交接规则（{code}）；请向大厅核实", "slip {about} breaks the rules of hand-over ({code}); ask the hall";
    SlipFactsMissing {}, "slip-facts-missing", "保管经过提到交接单 {about}，包中却没有它的事实；请让移交方重新导出", "the history of the paper names slip {about}, but its facts are not in the package; ask the sender to export again";

    // losses
    LossRules { fact: u64, code: String }, "loss-rules", "第 {fact} 条事实违反遗失认定的规则（{about}：{code}）；该遗失不能认可，请向大厅核实", "fact {fact} breaks the rules for lost paper ({about}: {code}); do not accept the loss, ask the hall";
    RefileRules { code: String }, "refile-rules", "{about}：材料由一个材料袋移入另一个时违反规则（{code}）；请不要认可，向大厅核实", "{about}: paper was moved from one bundle to another against the rules ({code}); do not accept it, ask the hall";
    LossUnexplained { case: String }, "loss-unexplained", "办件 {case} 的材料记为遗失或找回，但没有双方签名的认定（{about}）；请不要认可", "paper of case {case} is recorded lost, or found again, without what both sides sign ({about}); do not accept it";

    // what the department kept
    ConsistencyWrong { size: u64 }, "consistency-wrong", "“{about}”中由 {size} 条事实的检查点到本包的证明不成立；请让移交方重新导出", "in {about}, the proof from the checkpoint of {size} facts to this package does not hold; ask the sender to export again";
    SinceForm { reason: String }, "since-form", "您保存的检查点{about}无法读取（{reason}）；请检查文件", "the checkpoint you keep {about} cannot be read ({reason}); check the file";
    SinceUnsigned {}, "since-unsigned", "您保存的检查点（{about}）没有该日志密钥的有效签名；请检查是否拿错文件", "the checkpoint you keep ({about}) is not signed by a key of this log; check that it is the right file";
    SinceOtherLog { kept: String }, "since-other-log", "您保存的检查点属于日志 {kept}，移交包属于 {about}；请不要签收，向大厅核实", "the checkpoint you keep is of the log {kept}, the package is of {about}; do not sign, ask the hall";
    Older { kept: u64, size: u64 }, "package-older", "日志 {about} 的移交包（{size} 条事实）比您保存的检查点（{kept} 条）旧：可能是重放的旧包；请让移交方用现在的日志重新导出", "the package of {about} ({size} facts) is older than the checkpoint you kept ({kept}): an old one may have been played again; ask for one made from the log as it is now";
    Forked { kept: u64 }, "log-forked", "移交包的日志 {about} 与您保存的检查点（{kept} 条事实）不一致：日志在您收到检查点之后被改写；请不要签收，并向监督部门报告", "the log of the package, {about}, contradicts the checkpoint you kept ({kept} facts): it was rewritten after you were given that; do not sign, and report it";
    NoConsistency { kept: u64 }, "since-no-proof", "移交包没有附上从您保存的检查点（{about}，{kept} 条事实）到现在的证明，无法比对；请让移交方为该检查点重新导出", "the package has no proof from the checkpoint of {about} that you kept ({kept} facts), so the two cannot be compared; ask for an export for that checkpoint";
    WitnessMissing { key: String }, "witness-missing", "您保存的检查点（{about}）没有见证人 {key} 的联署；请向大厅索取联署过的检查点", "the checkpoint you keep ({about}) is not cosigned by {key}; ask the hall for the cosigned one";
    CosignatureWrong { key: String }, "cosignature-wrong", "您保存的检查点（{about}）上 {key} 的联署不成立：文件被更改，或不是该密钥所签；请不要使用该文件", "the cosignature of {key} on the checkpoint you keep ({about}) does not hold: the file was changed, or another key signed it; do not use that file";
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.zh(), self.en())
    }
}

/// A text on one line of a screen: outside bytes must not steer a terminal, nor turn the text around.
fn plain(text: String) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(steers) {
        return text;
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match steers(c) {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    shown
}

/// How findings name a fact.
pub(super) fn fact(index: u64, subject: Option<&crate::domain::Subject>) -> String {
    match subject {
        Some(subject) => format!("事实 fact {index} ({subject})"),
        None => format!("事实 fact {index}"),
    }
}
