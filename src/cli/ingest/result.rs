//! The result of one file: an object for programs, words for people.

use serde::Serialize;

use crate::domain::{Digest, Finding, Problem};

/// What became of one file.
#[derive(Debug, Serialize)]
pub(super) struct FileResult {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<Digest>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pages: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<Finding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ResultError>,
}

#[derive(Debug, Serialize)]
struct ResultError {
    code: &'static str,
    title: &'static str,
    title_en: &'static str,
    detail: String,
}

impl FileResult {
    /// A file that was taken, and how.
    pub(super) fn taken(file: String, scan: Digest, status: &'static str) -> Self {
        Self {
            file,
            sha256: Some(scan),
            status,
            record: Some(scan),
            pages: None,
            findings: Vec::new(),
            error: None,
        }
    }

    /// A file that was refused, and why.
    pub(super) fn refused(file: String, problem: Problem, detail: String) -> Self {
        Self {
            file,
            sha256: None,
            status: "refused",
            record: None,
            pages: None,
            findings: Vec::new(),
            error: Some(ResultError {
                code: problem.code(),
                title: problem.zh(),
                title_en: problem.en(),
                detail,
            }),
        }
    }

    /// With what its reading found.
    pub(super) fn read(mut self, pages: Option<u32>, findings: Vec<Finding>) -> Self {
        self.pages = pages;
        self.findings = findings;
        self
    }

    /// The same for people, over several lines where there are findings.
    pub(super) fn words(&self) -> String {
        let (mark, word) = match self.status {
            "sealed" => ("✓", "已固化"),
            "held" => ("!", "待人工处理"),
            "duplicate" => ("=", "重复"),
            "received" => ("…", "已收妥"),
            _ => ("✗", "拒收"),
        };
        let short: String = self
            .record
            .map(|record| record.to_string()[..12].to_string())
            .unwrap_or_default();
        let pages = self
            .pages
            .map(|pages| format!("{pages} 页  "))
            .unwrap_or_default();
        let mut words = format!(
            "{mark} {word} {:<9}  {short:<12}  {pages}{}",
            self.status, self.file
        );
        for finding in &self.findings {
            let page = finding
                .page
                .map(|page| format!("第 {page} 页 "))
                .unwrap_or_default();
            let numbers = match (finding.value, finding.limit) {
                (Some(value), Some(limit)) => numbers(value, limit),
                _ => String::new(),
            };
            let (zh, en) = (finding.code.zh(), finding.code.en());
            words.push_str(&format!("\n    {page}{zh}{numbers} {en}"));
        }
        if let Some(error) = &self.error {
            words.push_str(&format!(
                "\n    {} [{}] {}",
                error.title, error.code, error.detail
            ));
        }
        words
    }
}

/// What was measured and the limit it missed, with as many digits as it takes to tell them apart.
fn numbers(value: f64, limit: f64) -> String {
    let differ = |digits: &usize| format!("{value:.digits$}") != format!("{limit:.digits$}");
    let digits = (2..=6).find(differ).unwrap_or(2);
    format!("（{value:.digits$}，限值 limit {limit:.digits$}）")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::FindingCode;

    #[test]
    fn a_finding_is_told_in_words_and_its_numbers_differ() {
        let mut result = FileResult::taken("a.png".to_owned(), Digest::of("a"), "held");
        let code = FindingCode::NeedsVerification;
        result.findings = vec![
            Finding::page(1, code).measured(0.496, 0.5),
            Finding::page(2, code).measured(0.25, 0.5),
            Finding::page(3, code).measured(0.00001, 0.00004),
        ];
        let words = result.words();
        let told = "第 1 页 部分文字把握不足，建议核对（0.496，限值 limit 0.500） some characters";
        assert!(words.contains(told), "{words}");
        assert!(words.contains("（0.25，限值 limit 0.50）"), "{words}");
        assert!(words.contains("（0.00001，限值 limit 0.00004）"), "{words}");
        assert!(!words.contains("needs-verification"), "{words}");
        let object = serde_json::to_value(&result).unwrap();
        assert_eq!(object["findings"][0]["code"], "needs-verification");
    }
}
