//! What quality control and decoding can say of a scan or a page, with the number and the limit it missed.

use serde::{Deserialize, Serialize};

/// One finding. `page` counts from 1; absent when it concerns the whole file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Page from 1, or none for the whole file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// What was found.
    pub code: FindingCode,
    /// The number measured, in the unit of the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The limit it was held against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
}

impl Finding {
    /// A finding on the whole file, without numbers.
    pub fn file(code: FindingCode) -> Self {
        Self {
            page: None,
            code,
            value: None,
            limit: None,
        }
    }

    /// A finding on one page (from 1), without numbers.
    pub fn page(page: u32, code: FindingCode) -> Self {
        Self {
            page: Some(page),
            code,
            value: None,
            limit: None,
        }
    }

    /// The same finding with the measured value and its limit.
    pub fn measured(mut self, value: f64, limit: f64) -> Self {
        self.value = Some(value);
        self.limit = Some(limit);
        self
    }
}

macro_rules! finding_codes {
    ($($variant:ident, $holds:literal, $zh:literal, $en:literal;)*) => {
        /// What can be found. Text form is kebab-case (`pdf-encrypted`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum FindingCode {
            $(#[doc = $en] $variant,)*
        }

        impl FindingCode {
            /// Every code, for tables and tests.
            pub const ALL: &[FindingCode] = &[$(FindingCode::$variant,)*];

            /// Whether a person must look before the record is sealed.
            pub const fn holds(self) -> bool {
                match self { $(FindingCode::$variant => $holds,)* }
            }

            /// What a clerk is told, in Chinese.
            pub const fn zh(self) -> &'static str {
                match self { $(FindingCode::$variant => $zh,)* }
            }

            /// What a clerk is told, in English.
            pub const fn en(self) -> &'static str {
                match self { $(FindingCode::$variant => $en,)* }
            }
        }
    };
}

finding_codes! {
    Damaged, true, "文件已损坏，无法读取；请重新扫描", "the file is damaged and cannot be read; scan the paper again";
    Truncated, true, "文件不完整（末尾缺失）；请重新扫描或重新上传", "the file ends too early; scan or upload it again";
    UnsupportedFeature, true, "文件使用了暂不支持的编码方式；请另存为 JPEG、PNG、TIFF 或 PDF", "the file uses an encoding that is not supported; save it as JPEG, PNG, TIFF or PDF";
    TooManyPixels, true, "图像尺寸超过上限", "the image has more pixels than allowed";
    TooManyPages, true, "页数超过上限；请拆分后再提交", "the file has more pages than allowed; split it";
    TooDeep, true, "文件结构嵌套过深，已停止读取", "the file's structure is nested too deeply; reading was stopped";
    TooMuchWork, true, "文件解压后数据量过大，已停止读取", "the file expands to more data than allowed; reading was stopped";
    NoPages, true, "文件中没有任何页面", "the file has no pages";
    PdfEncrypted, true, "PDF 已加密；请提供未加密的文件", "the PDF is encrypted; provide it without a password";
    PdfActiveContent, true, "PDF 含脚本、启动动作或内嵌文件，需人工确认", "the PDF contains scripts, launch actions or embedded files; a person must confirm it";
    PdfBroken, true, "PDF 结构损坏；请重新导出", "the PDF's structure is broken; export it again";
    DeadlineExceeded, true, "处理超时，已停止", "processing took longer than its deadline and was stopped";
    MemoryExceeded, true, "处理占用内存超过上限，已停止", "processing used more memory than its limit and was stopped";
    WorkerCrashed, true, "处理进程异常退出", "the process reading the file ended abnormally";
    MasterLost, true, "存储中的原件缺失或已损坏；请从备份恢复后重新处理，或重新扫描", "the stored scan is missing or damaged; restore it from the backup and replay, or scan the paper again";
    Erased, true, "所属办件已依法删除，原件无法再读取", "the case it belonged to was erased; the scan cannot be read again";
    AttemptsExhausted, true, "多次处理均未成功，转人工处理", "several attempts failed; a person must look";
    LowResolution, false, "分辨率低于要求", "the resolution is below the requirement";
    UnknownResolution, false, "文件未记录分辨率", "the file does not state its resolution";
    BlankPage, false, "空白页（已保留并标记）", "the page is blank (kept and marked)";
    Skewed, false, "页面歪斜", "the page is skewed";
    OverExposed, false, "曝光过度", "the page is over-exposed";
    UnderExposed, false, "曝光不足", "the page is under-exposed";
    Blurred, false, "图像模糊", "the image is blurred";
    ClippedEdge, false, "页边文字或线条被裁切；请放正纸张后重新扫描", "text or lines run out of the image and are cut off; lay the paper within the scanner's edge and scan it again";
    BleedThrough, false, "背面字迹透印", "the back of the page shines through";
    MissingCorner, false, "页角缺失或折叠；请展平后重新扫描", "a corner of the page is missing or folded; flatten it and scan it again";
    Perspective, false, "页面为斜拍，有透视变形；请正对页面拍摄或改用扫描仪", "the page was photographed aslant; photograph it from straight above or scan it";
    NoText, false, "未识别到文字", "no text was recognised";
    NeedsVerification, false, "部分文字把握不足，建议核对", "some characters are uncertain; verification is advised";
}

impl std::fmt::Display for FindingCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        serde::Serialize::serialize(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_is_kebab_case() {
        assert_eq!(FindingCode::PdfEncrypted.to_string(), "pdf-encrypted");
        for code in FindingCode::ALL {
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(serde_json::from_str::<FindingCode>(&json).unwrap(), *code);
        }
    }
}
