//! The one table of what can be wrong with a bag, while it is written, read or judged: a stable code, the path it is
//! about, and what to do, in Chinese and in English. No decision lives here.

macro_rules! faults {
    ($($variant:ident { $($part:ident: $type:ty),* }, $code:literal, $zh:literal, $en:literal;)*) => {
        /// Something wrong with a bag. `path` is relative to the bag's base folder where it is about a file of the bag,
        /// and the bag's own place where it is about the whole.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs)] // the text of a variant says what its parts are
        #[non_exhaustive]
        pub enum Fault {
            $(#[doc = $en] $variant { path: String, $($part: $type),* },)*
        }

        impl Fault {
            /// Every code, for tables and tests.
            pub const CODES: &[&str] = &[$($code,)*];

            /// Stable code in kebab-case.
            pub const fn code(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $code,)* }
            }

            /// The file it is about, as far as a screen can show it.
            pub fn path(&self) -> &str {
                match self { $(Self::$variant { path, .. } => path,)* }
            }

            /// What happened and what to do, in Chinese.
            pub fn zh(&self) -> String {
                match self { $(Self::$variant { path, $($part),* } => format!($zh, path = shown(path)),)* }
            }

            /// What happened and what to do, in English.
            pub fn en(&self) -> String {
                match self { $(Self::$variant { path, $($part),* } => format!($en, path = shown(path)),)* }
            }
        }
    };
}

faults! {
    // any time
    Io { reason: String }, "cannot-access", "无法读写“{path}”：{reason}；请检查磁盘与权限", "cannot read or write {path}: {reason}; check the disk and permissions";
    Stopped {}, "stopped", "处理“{path}”时超过时限，已停止；请放宽时限后重试", "stopped at {path}: out of time; allow more and try again";
    TooManyFiles { limit: u64 }, "too-many-files", "“{path}”的文件数超过上限 {limit}；请分成几个包", "{path} has more than {limit} files; split it";
    TooLarge { limit: u64 }, "too-large", "“{path}”超过大小上限 {limit} 字节；请拆分", "{path} is larger than {limit} bytes; split it";
    LineTooLong { line: u64, limit: u64 }, "line-too-long", "“{path}”第 {line} 行超过 {limit} 字节；请让移交方重新生成", "line {line} of {path} is longer than {limit} bytes; ask the sender to make it again";
    LineOpen { line: u64 }, "line-open", "“{path}”第 {line} 行不以换行结束，文件可能被截断；请让移交方重新生成", "line {line} of {path} has no line feed, the file may be cut off; ask the sender to make it again";
    LineForm { line: u64 }, "line-form", "“{path}”第 {line} 行不是本程序写出的样子，内容已被更改或损坏；请让移交方重新生成", "line {line} of {path} is not as the program writes it: it was changed or damaged; ask the sender to make it again";

    // paths
    PathForm {}, "path-form", "路径“{path}”为空，或含有空段或“.”；请改正", "the path {path} is empty or has an empty or \".\" part; correct it";
    PathAbsolute {}, "path-absolute", "“{path}”是绝对路径；只能使用包内的相对路径", "{path} is an absolute path; use one relative to the bag";
    PathEscapes {}, "path-escapes", "路径“{path}”含有“..”，会指向包外，已拒绝", "the path {path} has a \"..\" and would leave the bag; refused";
    PathHome {}, "path-home", "路径“{path}”以“~”开头，会指向用户目录，已拒绝", "the path {path} begins with \"~\" and would name a home folder; refused";
    PathBackslash {}, "path-backslash", "路径“{path}”含有反斜杠；请使用“/”", "the path {path} has a backslash; use \"/\"";
    PathControl {}, "path-control", "路径“{path}”含有控制字符或以空格开头；请重新命名", "the path {path} has a control character or begins with a blank; rename it";
    PathReserved {}, "path-reserved", "“{path}”在 Windows 上不能作为文件名（保留名、保留字符，或以点、空格结尾）；请重新命名", "{path} cannot be a name on Windows (reserved name or character, or a dot or blank at the end); rename it";
    PathTooLong {}, "path-too-long", "路径“{path}”过长（总长 1024、每段 255 字节、32 层）；请缩短", "the path {path} is too long (1024 bytes in all, 255 a part, 32 parts); shorten it";
    PathNotUtf8 {}, "path-not-utf8", "文件名“{path}”不是 UTF-8 编码；请重新命名", "the name {path} is not UTF-8; rename it";
    PathTwice {}, "path-twice", "“{path}”出现两次；每个路径只能出现一次", "{path} occurs twice; a path may occur once";
    PathIsFolder {}, "path-is-folder", "“{path}”既是文件又是文件夹；请重新命名", "{path} is both a file and a folder; rename one";
    PathCollides {}, "path-collides", "“{path}”与另一文件仅大小写或 Unicode 形式不同，在某些系统上会互相覆盖；请改名", "{path} differs from another file in case or Unicode form only and would overwrite it on some systems; rename it";

    // writing
    TargetExists {}, "target-exists", "“{path}”已存在，未覆盖；请另选名称", "{path} exists already and was left alone; choose another name";
    TargetBusy {}, "target-busy", "另一进程正在写“{path}”；请稍后重试", "another process is writing {path}; try again later";
    TargetName {}, "target-name", "“{path}”不能作为包的名称；请另选", "{path} cannot be the name of a bag; choose another";
    NotPayload {}, "not-payload", "“{path}”不在 data/ 下，不能作为内容文件", "{path} is not under data/ and cannot be a payload file";
    TagReserved {}, "tag-reserved", "“{path}”由程序自己写，或属于内容文件；请使用其他名称", "{path} is written by the program or is payload; use another name for a tag file";
    LengthDiffers { announced: u64, found: u64 }, "length-differs", "“{path}”应为 {announced} 字节，实为 {found} 字节；文件在打包时被更改，请重试", "{path} was announced with {announced} bytes and has {found}; it changed while it was packed, try again";
    InfoRefused { label: String }, "info-refused", "{path} 的“{label}”不能这样写（名称、换行或长度不符，或由程序自己填写）；请改正", "{path}: {label} cannot be written (its name, a line break or its length, or the program fills it in); correct it";
    WriterFailed {}, "writer-failed", "写“{path}”时已出错，此包已作废；请重新打包", "writing {path} failed earlier and the bag was given up; pack it again";

    // opening
    ArchiveKind {}, "archive-kind", "“{path}”不是文件夹、zip 或 tar；请先解压或转换", "{path} is neither a folder nor a zip nor a tar; unpack or convert it first";
    ArchiveDamaged { reason: String }, "archive-damaged", "“{path}”已损坏（{reason}）；请让移交方重新发送", "{path} is damaged ({reason}); ask the sender to send it again";
    ArchiveEncrypted {}, "archive-encrypted", "压缩包中的“{path}”已加密；请让移交方发送未加密的包", "{path} is encrypted in the archive; ask the sender for one without encryption";
    ArchiveMethod { method: u16 }, "archive-method", "“{path}”使用了不支持的压缩方法 {method}；请使用存储或 Deflate", "{path} is packed by method {method}; use stored or deflate";
    ArchiveLink {}, "archive-link", "“{path}”是链接，已拒绝；请放入文件本身", "{path} is a link and is refused; put the file itself in";
    ArchiveSpecial {}, "archive-special", "“{path}”不是普通文件，已拒绝", "{path} is not a regular file and is refused";
    ArchiveBomb {}, "archive-bomb", "“{path}”解压后大得异常，疑似压缩炸弹，已拒绝", "{path} would unpack to an abnormal size, as a zip bomb does; refused";
    ArchiveBase {}, "archive-base", "压缩包应只含一个文件夹，但有“{path}”；请把整个包放在一个文件夹中", "an archive must hold one folder, and {path} is beside it; put the whole bag into one folder";

    // the declaration
    DeclarationMissing {}, "declaration-missing", "缺少 bagit.txt，“{path}”不是 BagIt 包", "bagit.txt is missing: {path} is not a bag";
    DeclarationForm { line: u64 }, "declaration-form", "{path} 第 {line} 行不符合规定（应恰为两行）；请让移交方重新生成", "line {line} of {path} is not as required (exactly two lines); ask the sender to make it again";
    VersionOld { version: String }, "version-old", "此包为 BagIt {version}，只接受 1.0；请让移交方用新版工具重新生成（{path}）", "this is a BagIt {version} bag and only 1.0 is accepted; ask the sender to make it again with a newer tool ({path})";
    VersionUnknown { version: String }, "version-unknown", "不认识 BagIt 版本 {version}，只接受 1.0（{path}）", "BagIt version {version} is not known, only 1.0 is accepted ({path})";
    EncodingUnsupported { encoding: String }, "encoding-unsupported", "标签文件编码为 {encoding}，只接受 UTF-8（{path}）", "tag files are in {encoding} and only UTF-8 is accepted ({path})";

    // completeness
    PayloadFolderMissing {}, "payload-folder-missing", "“{path}”中没有 data 文件夹", "{path} has no folder data";
    ManifestMissing {}, "manifest-missing", "“{path}”中没有内容清单（manifest-*.txt）", "{path} has no payload manifest (manifest-*.txt)";
    AlgorithmUnknown { algorithm: String }, "algorithm-unknown", "清单 {path} 使用了不支持的算法 {algorithm}，无法核验", "the manifest {path} uses {algorithm}, which cannot be verified here";
    TagBom {}, "tag-bom", "{path} 以字节顺序标记开头，UTF-8 标签文件不允许", "{path} begins with a byte-order mark, which a UTF-8 tag file must not";
    TagNotUtf8 { line: u64 }, "tag-not-utf8", "{path} 第 {line} 行不是 UTF-8", "line {line} of {path} is not UTF-8";
    ManifestLine { line: u64 }, "manifest-line", "{path} 第 {line} 行不是“校验值 路径”的形式", "line {line} of {path} is not of the form \"checksum path\"";
    ListedTwice { manifest: String, line: u64 }, "listed-twice", "“{path}”在 {manifest} 中列出两次（第 {line} 行）", "{path} is listed twice in {manifest} (line {line})";
    ListedOutside { manifest: String, line: u64 }, "listed-outside", "{manifest} 第 {line} 行列出了不该在其中的“{path}”", "line {line} of {manifest} lists {path}, which does not belong there";
    FileMissing { manifest: String }, "file-missing", "缺少文件“{path}”（{manifest} 中列出）；请让移交方补送", "the file {path}, listed in {manifest}, is missing; ask the sender for it";
    NotFetched { url: String }, "not-fetched", "文件“{path}”尚未取回（fetch.txt：{url}）；请让移交方发送完整的包", "the file {path} was not fetched yet (fetch.txt: {url}); ask the sender for the whole bag";
    FileUnlisted { manifest: String }, "file-unlisted", "文件“{path}”未列入 {manifest}", "the file {path} is not listed in {manifest}";
    OxumForm {}, "oxum-form", "{path} 的 Payload-Oxum 格式不正确或出现多次", "Payload-Oxum in {path} is not of its form or occurs more than once";
    OxumDiffers { stated: String, found: String }, "oxum-differs", "{path} 的 Payload-Oxum 为 {stated}，实际为 {found}（字节数.文件数）", "Payload-Oxum in {path} says {stated}, there is {found} (bytes.files)";
    InfoForm { line: u64 }, "info-form", "{path} 第 {line} 行不是“名称: 值”的形式", "line {line} of {path} is not of the form \"Label: value\"";
    FetchLine { line: u64 }, "fetch-line", "{path} 第 {line} 行不是“网址 长度 路径”的形式", "line {line} of {path} is not of the form \"url length path\"";
    FetchUnlisted { manifest: String }, "fetch-unlisted", "fetch.txt 中的“{path}”未列入 {manifest}", "{path} in fetch.txt is not listed in {manifest}";
    FetchLength { stated: u64, found: u64 }, "fetch-length", "fetch.txt 说“{path}”为 {stated} 字节，实为 {found} 字节", "fetch.txt says {path} has {stated} bytes, it has {found}";

    // validity
    ChecksumDiffers { manifest: String, expected: String, found: String }, "checksum-differs", "文件“{path}”与 {manifest} 不符，内容已被更改或损坏（应为 {expected}，实为 {found}）", "the file {path} does not match {manifest}: it was changed or damaged (expected {expected}, found {found})";
    FileChanged { expected: u64 }, "file-changed", "文件“{path}”读出的长度不是 {expected} 字节；读取期间被更改", "the file {path} did not read as {expected} bytes; it changed while it was read";

    // worth a word, not wrong
    NameNormalised { found: String }, "name-normalised", "清单中的“{path}”与文件“{found}”仅 Unicode 形式不同，视为同一文件", "{path} in a manifest and the file {found} differ in Unicode form only and are taken for the same";
    PercentBare { manifest: String, line: u64 }, "percent-bare", "{manifest} 第 {line} 行“{path}”中的百分号未编码，按原样理解", "line {line} of {manifest}: a percent sign in {path} is not encoded; it is taken as it stands";
    TagUnlisted { manifest: String }, "tag-unlisted", "标签文件“{path}”未列入 {manifest}，其内容未核验", "the tag file {path} is not listed in {manifest}, so its content is not verified";
}

impl Fault {
    /// An input or output error at `path`.
    pub(super) fn io(path: impl Into<String>, error: &std::io::Error) -> Self {
        let (path, reason) = (path.into(), error.to_string());
        match error.kind() {
            // Its bytes are not what they should be: no disk and no permission is to blame.
            std::io::ErrorKind::InvalidData => Self::ArchiveDamaged { path, reason },
            _ => Self::Io { path, reason },
        }
    }

    /// An archive that is not what its format asks for.
    pub(super) fn damaged(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::ArchiveDamaged {
            path: path.into(),
            reason: reason.into(),
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.zh(), self.en())
    }
}

impl std::error::Error for Fault {}

/// A path on one line of a screen: outside bytes must not steer a terminal, nor turn the text around.
fn shown(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for (place, c) in path.chars().enumerate() {
        if place == SHOWN_MAX {
            text.push('…');
            break;
        }
        let steers = c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if steers {
            text.extend(c.escape_default());
        } else {
            text.push(c);
        }
    }
    text
}

/// Characters of a path that a message shows.
const SHOWN_MAX: usize = 300;
