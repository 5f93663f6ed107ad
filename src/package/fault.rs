//! Why a document of a package was not written: one variant a reason, with what to do. No decision lives here.

use crate::domain::refusal::refusals;

refusals! {
    /// Why a document of a package was not written.
    PackageFault;
    // the package's own data
    TooMany { what: String, limit: u64 }, "package-too-many", "", "移交包的{what}超过上限 {limit}；请分成几批移交", "the package has more than {limit} {what}; hand it over in several rounds";
    TextTooLong { what: String, limit: u64 }, "package-text-too-long", "", "移交包中“{what}”的文字超过 {limit} 个字符；请缩短", "the text of {what} has more than {limit} characters; shorten it";
    Path { path: String, zh: String, en: String }, "package-path", "", "移交包中的路径“{path}”不能使用：{zh}", "the path {path} cannot be used in a package: {en}";
    PathTwice { path: String }, "package-path-twice", "", "移交包中有两个文件名为“{path}”；请检查元数据方案的 path", "two files of the package are called {path}; check `path` in the metadata dialect";
    CaseTwice { case: String }, "package-case-twice", "", "办件 {case} 在移交包中出现两次；请重新生成清单", "case {case} is in the package twice; make the list again";
    Instant { what: String }, "package-instant", "", "“{what}”的时间超出 1900 至 9998 年；请检查时钟与数据", "the time of {what} lies outside the years 1900 to 9998; check the clock and the data";

    // a dialect
    DialectUnknown { name: String, known: String }, "dialect-unknown", "", "没有名为“{name}”的内置元数据方案；可用：{known}，或给出方案文件夹", "there is no built-in metadata dialect {name}; there are {known}, or name a folder";
    DialectFolder { file: String, reason: String }, "dialect-folder", "", "元数据方案“{file}”无法读取：{reason}；请检查文件夹与权限", "the metadata dialect {file} cannot be read: {reason}; check the folder and its permissions";
    DialectFile { problems: String }, "dialect-file", "", "元数据方案有误，请按所示行改正：{problems}", "the metadata dialect is wrong, correct the lines shown: {problems}";
    Template { file: String, line: u64, reason: String }, "package-template", "", "元数据模板“{file}”第 {line} 行有误：{reason}；请改正该行，或改用内置方案", "the metadata template {file} is wrong in line {line}: {reason}; correct that line, or use a built-in dialect";
    TemplateEffort { file: String }, "package-template-effort", "", "元数据模板“{file}”运算量过大，已停止；请检查其中的循环", "the metadata template {file} takes too much work and was stopped; check its loops";
    TemplateOutput { file: String, limit: u64 }, "package-template-output", "", "元数据模板“{file}”写出的内容超过 {limit} 字节，已停止；请检查其中的循环，或分批移交", "the metadata template {file} writes more than {limit} bytes and was stopped; check its loops, or hand over in several rounds";
    NotXml { file: String, path: String, line: u64, reason: String }, "package-not-xml", "", "元数据模板“{file}”写出的“{path}”不是格式正确的 XML（第 {line} 行：{reason}）；请改正模板", "what the metadata template {file} writes for {path} is not well-formed XML (line {line}: {reason}); correct the template";

    // documents
    Spreadsheet { reason: String }, "package-spreadsheet", "", "移交清册无法写成 XLSX：{reason}；请使用 CSV 清册", "the register cannot be written as XLSX: {reason}; use the CSV register";
    Internal { reason: String }, "package-internal", "", "生成移交包文件时出错：{reason}；请将此信息告知管理员", "a document of the package could not be written: {reason}; tell the administrator";
}
