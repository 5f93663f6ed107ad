//! Why a form was not printed, in words that a person can act on.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::Problem;

/// Why a form was not printed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case", deny_unknown_fields)]
pub enum FormError {
    /// A field of the data cannot stand on a form.
    Field {
        /// Which: `materials[3].name`.
        field: String,
        /// What is wrong with it.
        fault: FieldFault,
    },
    /// The template is broken; at least one problem.
    Template {
        /// What Typst found, in its order.
        problems: Vec<TemplateProblem>,
    },
    /// No font has these characters; at least one.
    Glyph {
        /// Each once.
        missing: Vec<MissingGlyph>,
    },
    /// The fonts are not on this machine.
    Font {
        /// What was looked for, and where.
        reason: String,
    },
    /// The folder of the hall's templates, or a file of it, cannot be used.
    Folder {
        /// The folder or file.
        file: String,
        /// Why.
        reason: String,
    },
    /// The template did not end in time.
    Deadline {
        /// Its file.
        template: String,
        /// What it was given, in seconds.
        seconds: f64,
    },
    /// The template took more memory than it may.
    Memory {
        /// Its file.
        template: String,
        /// What it may take, in MiB.
        mib: f64,
    },
    /// The child process failed.
    Worker {
        /// How.
        reason: String,
    },
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub enum FieldFault {
    /// Nothing but space; a field that has nothing to say is left out.
    Empty,
    /// Too many characters.
    TooLong {
        /// How many there are.
        chars: usize,
        /// How many may be.
        limit: usize,
    },
    /// A character that steers instead of being read, such as U+202E, which turns the order of reading.
    Control {
        /// Which.
        character: char,
    },
    /// A list without a row.
    NoRows,
    /// A list with too many rows.
    TooManyRows {
        /// How many there are.
        rows: usize,
        /// How many may be.
        limit: usize,
    },
    /// A number outside its range.
    OutOfRange {
        /// The smallest.
        least: u32,
        /// The largest.
        most: u32,
    },
}

/// What Typst says about a place in a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateProblem {
    /// The file.
    pub file: String,
    /// The line from 1; none when it is about the file as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The column from 1, in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// Typst's words.
    pub message: String,
    /// Typst's advice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
}

/// A character without a glyph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MissingGlyph {
    /// The character.
    pub character: char,
    /// The field it stands in; none when it is the template's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl FormError {
    /// Stable code in kebab-case.
    pub const fn code(&self) -> &'static str {
        match self {
            FormError::Field { .. } => "form-field",
            FormError::Template { .. } => "form-template",
            FormError::Glyph { .. } => "form-glyph-missing",
            FormError::Font { .. } => "form-font-missing",
            FormError::Folder { .. } => "form-folder",
            FormError::Deadline { .. } => "form-deadline",
            FormError::Memory { .. } => "form-memory",
            FormError::Worker { .. } => "form-worker",
        }
    }

    /// The entry of the problem table that a person is shown.
    pub const fn problem(&self) -> Problem {
        match self {
            FormError::Field { .. } | FormError::Glyph { .. } => Problem::FormContent,
            FormError::Font { .. } => Problem::MissingPart,
            _ => Problem::FormFailed,
        }
    }

    /// What happened and what to do, in Chinese.
    pub fn zh(&self) -> String {
        match self {
            FormError::Field { field, fault } => format!("表单字段 {field} {}", fault.zh()),
            FormError::Template { problems } => {
                let problems: Vec<String> = problems.iter().map(TemplateProblem::zh).collect();
                format!(
                    "表单模板有误：{}；请在 [forms] folder 中改正，或移走该文件以恢复内置模板",
                    problems.join("；")
                )
            }
            FormError::Glyph { missing } => {
                let missing: Vec<String> = missing.iter().map(MissingGlyph::zh).collect();
                format!(
                    "字库中没有{}，未打印；请把含有该字的字体文件放入 [forms] fonts 文件夹",
                    missing.join("、")
                )
            }
            FormError::Font { reason } => format!(
                "缺少打印表单所需的中文字体（{reason}）；请运行 make setup 或安装 fonts-noto-cjk"
            ),
            FormError::Folder { file, reason } => {
                format!("表单模板文件夹或文件不可用：{file}（{reason}）；请检查 [forms] 设置")
            }
            FormError::Deadline { template, seconds } => format!(
                "模板 {template} 在 {seconds} 秒内没有排完，已终止；请检查其中的循环，或移走该文件以恢复内置模板"
            ),
            FormError::Memory { template, mib } => format!(
                "模板 {template} 占用内存超过 {mib} MiB，已终止；请检查该模板，或移走该文件以恢复内置模板"
            ),
            FormError::Worker { reason } => {
                format!("排版进程出错（{reason}）；请重试，仍不行请将日志交给管理员")
            }
        }
    }

    /// What happened and what to do, in English.
    pub fn en(&self) -> String {
        match self {
            FormError::Field { field, fault } => format!("the form's field {field} {}", fault.en()),
            FormError::Template { problems } => {
                let problems: Vec<String> =
                    problems.iter().map(TemplateProblem::to_string).collect();
                format!(
                    "the form's template is broken: {}; correct it in [forms] folder, or move the file away to return to the built-in template",
                    problems.join("; ")
                )
            }
            FormError::Glyph { missing } => {
                let missing: Vec<String> = missing.iter().map(MissingGlyph::en).collect();
                format!(
                    "no font has {}; not printed; put a font file that has it into the folder [forms] fonts",
                    missing.join(", ")
                )
            }
            FormError::Font { reason } => format!(
                "the Chinese fonts that forms need are missing ({reason}); run make setup or install fonts-noto-cjk"
            ),
            FormError::Folder { file, reason } => {
                format!("templates cannot be used: {file} ({reason}); check [forms]")
            }
            FormError::Deadline { template, seconds } => format!(
                "the template {template} did not end within {seconds} s and was stopped; check its loops, or move the file away to return to the built-in template"
            ),
            FormError::Memory { template, mib } => format!(
                "the template {template} took more than {mib} MiB of memory and was stopped; check it, or move the file away to return to the built-in template"
            ),
            FormError::Worker { reason } => format!(
                "the process that prints failed ({reason}); try again, then give the log to the administrator"
            ),
        }
    }
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.zh(), self.en())
    }
}

impl std::error::Error for FormError {}

impl FieldFault {
    fn zh(&self) -> String {
        match self {
            FieldFault::Empty => "为空；没有内容时请省去该字段".into(),
            FieldFault::TooLong { chars, limit } => {
                format!("有 {chars} 个字符，最多 {limit} 个；请缩短")
            }
            FieldFault::Control { character } => format!(
                "含有不可见的控制字符 {}，会使印出的内容与其数字摘要不符；请删去",
                code_point(*character)
            ),
            FieldFault::NoRows => "没有内容；至少需要一行".into(),
            FieldFault::TooManyRows { rows, limit } => {
                format!("有 {rows} 行，最多 {limit} 行；请分开打印")
            }
            FieldFault::OutOfRange { least, most } => format!("应在 {least} 到 {most} 之间"),
        }
    }

    fn en(&self) -> String {
        match self {
            FieldFault::Empty => "is empty; leave out what has nothing to say".into(),
            FieldFault::TooLong { chars, limit } => {
                format!("has {chars} characters, at most {limit} are printed; shorten it")
            }
            FieldFault::Control { character } => format!(
                "contains the invisible control character {}, which would make the page differ from its digest; remove it",
                code_point(*character)
            ),
            FieldFault::NoRows => "has no row; at least one is needed".into(),
            FieldFault::TooManyRows { rows, limit } => {
                format!("has {rows} rows, at most {limit} are printed; print them apart")
            }
            FieldFault::OutOfRange { least, most } => {
                format!("must lie between {least} and {most}")
            }
        }
    }
}

impl TemplateProblem {
    fn zh(&self) -> String {
        let place = match (self.line, self.column) {
            (Some(line), Some(column)) => format!(" 第 {line} 行第 {column} 列"),
            _ => String::new(),
        };
        format!("{}{place}：{}", self.file, self.words())
    }

    fn words(&self) -> String {
        let mut words = self.message.clone();
        for hint in &self.hints {
            words.push_str(" (");
            words.push_str(hint);
            words.push(')');
        }
        words
    }
}

/// `file:line:column: message (hint)`, which editors understand.
impl fmt::Display for TemplateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.words())
    }
}

impl MissingGlyph {
    fn zh(&self) -> String {
        let field = self.field.as_deref().unwrap_or("模板");
        let code = code_point(self.character);
        format!("“{}”（{code}，见 {field}）", self.character)
    }

    fn en(&self) -> String {
        let field = self.field.as_deref().unwrap_or("the template");
        let code = code_point(self.character);
        format!("{} ({code}, in {field})", self.character)
    }
}

fn code_point(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}
