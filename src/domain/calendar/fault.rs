//! What can be wrong with a calendar file, and what to do about it.

use crate::domain::date::Date;

/// The longest file, in bytes.
pub(super) const FILE_BYTES_MAX: usize = 256 * 1024;

/// One problem of a calendar file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CalendarProblem {
    /// Line from 1.
    pub line: usize,
    /// What is wrong.
    pub fault: CalendarFault,
}

/// What can be wrong with a calendar file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CalendarFault {
    /// Longer than any calendar.
    TooLong,
    /// It is not TOML.
    Syntax {
        /// What the parser says.
        message: String,
    },
    /// A key that no calendar has.
    UnknownKey {
        /// The key, cut to 40 characters.
        key: String,
    },
    /// A key that is needed.
    MissingKey {
        /// The key.
        key: &'static str,
    },
    /// A value of another kind.
    WrongValue {
        /// The key.
        key: &'static str,
        /// What was expected, in Chinese.
        zh: &'static str,
        /// What was expected, in English.
        en: &'static str,
    },
    /// No year at all, or a year without a holiday.
    Empty,
    /// A year named twice.
    DuplicateYear {
        /// The year.
        year: i16,
    },
    /// A day that is not of the year it stands under.
    OutsideYear {
        /// The day.
        day: Date,
        /// The year.
        year: i16,
    },
    /// A holiday that ends before it begins.
    Backwards {
        /// Its first day.
        first: Date,
        /// Its last day.
        last: Date,
    },
    /// A day that belongs to two holidays.
    Overlap {
        /// The day.
        day: Date,
    },
    /// A make-up day named twice.
    DuplicateMakeUp {
        /// The day.
        day: Date,
    },
    /// A make-up day that is no Saturday or Sunday.
    NoWeekend {
        /// The day.
        day: Date,
    },
    /// A make-up day within a holiday.
    MakeUpOff {
        /// The day.
        day: Date,
    },
}

impl CalendarFault {
    /// Stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "calendar-too-long",
            Self::Syntax { .. } => "calendar-syntax",
            Self::UnknownKey { .. } => "calendar-unknown-key",
            Self::MissingKey { .. } => "calendar-missing-key",
            Self::WrongValue { .. } => "calendar-wrong-value",
            Self::Empty => "calendar-empty",
            Self::DuplicateYear { .. } => "calendar-duplicate-year",
            Self::OutsideYear { .. } => "calendar-outside-year",
            Self::Backwards { .. } => "calendar-backwards",
            Self::Overlap { .. } => "calendar-overlap",
            Self::DuplicateMakeUp { .. } => "calendar-duplicate-make-up",
            Self::NoWeekend { .. } => "calendar-no-weekend",
            Self::MakeUpOff { .. } => "calendar-make-up-off",
        }
    }

    /// What is wrong and what to do, in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::TooLong => format!("日历文件超过 {FILE_BYTES_MAX} 字节；请检查是否选错文件"),
            Self::Syntax { message } => format!("不是有效的 TOML：{message}"),
            Self::UnknownKey { key } => format!("未知的键 `{key}`；请对照 calendars/china.toml"),
            Self::MissingKey { key } => format!("缺少 `{key}`"),
            Self::WrongValue { key, zh, .. } => format!("`{key}` 应为{zh}"),
            Self::Empty => "没有任何年份或放假安排；请填写该年的全部节假日".into(),
            Self::DuplicateYear { year } => format!("{year}年出现两次；请只保留一处"),
            Self::OutsideYear { day, year } => {
                format!("{day} 不在{year}年内；请移到所属年份")
            }
            Self::Backwards { first, last } => format!("假期止于 {last}，早于开始日 {first}"),
            Self::Overlap { day } => format!("{day} 属于两个假期；请合并或更正"),
            Self::DuplicateMakeUp { day } => format!("调休上班日 {day} 出现两次"),
            Self::NoWeekend { day } => format!("调休上班日 {day} 不是周六或周日；请核对"),
            Self::MakeUpOff { day } => format!("{day} 既放假又上班；请核对"),
        }
    }

    /// What is wrong and what to do, in English.
    pub fn en(&self) -> String {
        match self {
            Self::TooLong => {
                format!("a calendar has at most {FILE_BYTES_MAX} bytes; is this the right file?")
            }
            Self::Syntax { message } => format!("this is not TOML: {message}"),
            Self::UnknownKey { key } => {
                format!("unknown key `{key}`; compare calendars/china.toml")
            }
            Self::MissingKey { key } => format!("`{key}` is missing"),
            Self::WrongValue { key, en, .. } => format!("`{key}` must be {en}"),
            Self::Empty => "no year, or a year without holidays; name all of them".into(),
            Self::DuplicateYear { year } => format!("{year} is named twice; keep one"),
            Self::OutsideYear { day, year } => {
                format!("{day} is not in {year}; move it to its own year")
            }
            Self::Backwards { first, last } => {
                format!("the holiday ends on {last}, before it begins on {first}")
            }
            Self::Overlap { day } => format!("{day} is in two holidays; join or correct them"),
            Self::DuplicateMakeUp { day } => format!("the make-up day {day} is named twice"),
            Self::NoWeekend { day } => {
                format!("the make-up day {day} is no Saturday or Sunday; check it")
            }
            Self::MakeUpOff { day } => format!("{day} is both off and worked; check it"),
        }
    }
}
