//! What can go wrong with people, and which entry of the problem table a person is shown.

use super::session::{SessionFault, Stage};
use crate::domain::Problem;
use crate::domain::staff::{SignatureFault, StaffRefusal};
use crate::ledger::LedgerError;
use crate::store::keys::RandomFailed;
use crate::store::vault::VaultError;

/// Something that did not succeed. Messages hold no name, no secret, and nothing that was typed.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// A decision was refused; the refusal has its own code and words.
    #[error("{0}")]
    Refused(#[from] StaffRefusal),
    /// Account or password or code is wrong; which one is not said.
    #[error(
        "工号、密码或验证码不正确；请核对后重试 (the account, the password or the code is wrong; check and try again)"
    )]
    SignInFailed,
    /// Too many attempts.
    #[error("尝试过于频繁；请在 {} 秒后重试 (too many attempts; try again in {} seconds)", seconds(*millis), seconds(*millis))]
    SlowDown {
        /// How long to wait, in milliseconds.
        millis: i64,
    },
    /// No session, or it ended.
    #[error(
        "尚未登录或登录已失效；请重新登录 (not signed in, or the session ended; sign in again)"
    )]
    NotSignedIn,
    /// The session was idle too long.
    #[error(
        "因长时间未操作，会话已锁定；请输入密码解锁 (the session was idle and is locked; unlock it with the password)"
    )]
    SessionLocked,
    /// The sign-in is not finished.
    #[error("登录尚未完成：{}", unfinished(*stage))]
    Unfinished {
        /// What is lacking.
        stage: Stage,
    },
    /// A second factor has to be shown again first.
    #[error(
        "此操作需要重新验证第二因子（没有第二因子的，重新输入密码）；请验证后重试 (this needs a second factor shown just now, or the password where there is no factor; show it and try again)"
    )]
    StepUpNeeded,
    /// The caller may not.
    #[error(
        "没有执行此操作的权限；如确有需要，请联系安全管理员 (you may not do this; if you must, ask a security administrator)"
    )]
    Forbidden,
    /// It was changed in the meantime.
    #[error(
        "账号已被他人更改（现为第 {found} 版）；请刷新后重试 (the account was changed and has version {found}, not {expected}; read it again and try again)"
    )]
    Stale {
        /// What the asker knows.
        expected: u32,
        /// What there is.
        found: u32,
    },
    /// There is no such thing, or the caller is not to know of it.
    #[error("没有找到 (there is nothing of this name)")]
    NotFound,
    /// The password is too easy.
    #[error(
        "密码不符合要求：12 至 256 个字符，不能是同一字符重复，不能包含工号；请换一个 (the password has 12 to 256 characters, not one of them repeated, and not the staff id in it; choose another)"
    )]
    WeakPassword,
    /// A name or another text does not fit.
    #[error("{field} 为空或过长；请改正 ({field} is empty or too long; correct it)")]
    BadText {
        /// The field.
        field: &'static str,
    },
    /// What is shown once was shown to the first try of this request.
    #[error(
        "该请求已执行过，一次性内容不再显示；如已遗失，请重新发放 (this request was done before and what it showed is not shown again; if it is lost, issue another)"
    )]
    ShownOnce,
    /// Too much at once.
    #[error(
        "正在处理的登录过多；请稍后重试 (too many sign-ins at the same time; try again shortly)"
    )]
    Busy,
    /// Passkeys are not set up.
    #[error(
        "尚未配置安全密钥登录；请在 [people] 中设置 origin (passkeys are not set up; set `origin` in [people])"
    )]
    NoPasskeys,
    /// The browser's answer to a passkey challenge does not hold.
    #[error("安全密钥验证失败；请重新开始 (the security key's answer does not hold; begin again)")]
    PasskeyFailed,
    /// Nothing was begun that could be finished.
    #[error(
        "没有待完成的登记或验证；请重新开始 (nothing was begun, or it took too long; begin again)"
    )]
    NothingBegun,
    /// Single sign-on is not set up.
    #[error(
        "尚未配置单点登录；请在 [sso] 中设置 (single sign-on is not set up; set it up in [sso])"
    )]
    NoSingleSignOn,
    /// The identity provider failed or gave an answer that does not hold.
    #[error(
        "单点登录失败：{reason}；请重试或改用密码登录 (single sign-on failed: {reason}; try again or use the password)"
    )]
    SingleSignOn {
        /// Which step; nothing of what the provider sent.
        reason: &'static str,
    },
    /// The provider vouches for someone who has no account here.
    #[error(
        "该单点登录身份没有关联账号；请联系系统管理员登记 (no account is linked to this identity; ask a system administrator)"
    )]
    NotLinked,
    /// A signature does not hold.
    #[error("{0}")]
    Signature(#[from] SignatureFault),
    /// A stored record is not what it should be.
    #[error(
        "账号记录损坏；请从备份恢复 (an account's record is damaged; restore it from a backup)"
    )]
    Damaged,
    /// The ledger failed.
    #[error(transparent)]
    Ledger(LedgerError),
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The system gave no random bytes.
    #[error(transparent)]
    Random(#[from] RandomFailed),
}

fn seconds(millis: i64) -> i64 {
    millis.saturating_add(999) / 1000
}

fn unfinished(stage: Stage) -> &'static str {
    match stage {
        Stage::SecondFactor => "请验证第二因子 (show a second factor)",
        Stage::SetPassword => "请设置新密码 (set a new password)",
        Stage::EnrolFactor => "请登记第二因子 (enrol a second factor)",
        Stage::Full => "请重新登录 (sign in again)",
    }
}

impl From<LedgerError> for PeopleError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Refused(refusal) => match refusal.downcast::<StaffRefusal>() {
                Ok(refusal) => Self::Refused(*refusal),
                Err(other) => match other.downcast::<PeopleError>() {
                    Ok(own) => *own,
                    Err(other) => Self::Ledger(LedgerError::Refused(other)),
                },
            },
            other => Self::Ledger(other),
        }
    }
}

impl From<SessionFault> for PeopleError {
    fn from(fault: SessionFault) -> Self {
        match fault {
            SessionFault::Unknown => Self::NotSignedIn,
            SessionFault::Locked => Self::SessionLocked,
        }
    }
}

impl PeopleError {
    /// The entry of the problem table that a person is shown.
    pub fn problem(&self) -> Problem {
        match self {
            PeopleError::Refused(StaffRefusal::Unknown) => Problem::NotFound,
            PeopleError::Refused(_) => Problem::Refused,
            PeopleError::SignInFailed | PeopleError::NotLinked => Problem::SignInFailed,
            PeopleError::SingleSignOn { .. } | PeopleError::PasskeyFailed => Problem::SignInFailed,
            PeopleError::SlowDown { .. } => Problem::SlowDown,
            PeopleError::NotSignedIn => Problem::NotSignedIn,
            PeopleError::SessionLocked => Problem::SessionLocked,
            PeopleError::Unfinished { .. } => Problem::SignInUnfinished,
            PeopleError::StepUpNeeded => Problem::StepUpNeeded,
            PeopleError::Forbidden => Problem::Forbidden,
            PeopleError::Stale { .. } => Problem::VersionMismatch,
            PeopleError::NotFound => Problem::NotFound,
            PeopleError::WeakPassword | PeopleError::BadText { .. } => Problem::BadField,
            PeopleError::Busy => Problem::Busy,
            PeopleError::NoPasskeys | PeopleError::NoSingleSignOn => Problem::NotFound,
            PeopleError::NothingBegun | PeopleError::ShownOnce | PeopleError::Signature(_) => {
                Problem::Refused
            }
            PeopleError::Damaged => Problem::Inconsistent,
            PeopleError::Ledger(error) if error.is_retryable() => Problem::Busy,
            PeopleError::Ledger(_) | PeopleError::Vault(_) => Problem::StoreFailed,
            PeopleError::Random(_) => Problem::Internal,
        }
    }

    /// The stable code of a refusal, if it is one: more exact than the problem's.
    pub fn refusal(&self) -> Option<StaffRefusal> {
        match self {
            PeopleError::Refused(refusal) => Some(*refusal),
            _ => None,
        }
    }

    /// The stable code of what a person is told in words of its own, beside the problem's; none for the rest.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            PeopleError::Refused(refusal) => Some(refusal.code()),
            PeopleError::Stale { .. } => Some("account-changed"),
            PeopleError::WeakPassword => Some("weak-password"),
            PeopleError::BadText { .. } => Some("bad-text"),
            PeopleError::ShownOnce => Some("shown-once"),
            PeopleError::NothingBegun => Some("nothing-begun"),
            PeopleError::NoSingleSignOn => Some("no-single-sign-on"),
            PeopleError::SingleSignOn { .. } => Some("single-sign-on-failed"),
            PeopleError::NotLinked => Some("identity-not-linked"),
            PeopleError::NoPasskeys => Some("no-passkeys"),
            PeopleError::PasskeyFailed => Some("passkey-failed"),
            PeopleError::Signature(SignatureFault::NoKey) => Some("no-signing-key"),
            PeopleError::Signature(SignatureFault::Invalid) => Some("signature-invalid"),
            _ => None,
        }
    }

    /// What happened and what to do, in Chinese and in English.
    pub fn words(&self) -> (String, String) {
        if let PeopleError::Refused(refusal) = self {
            return (refusal.zh().to_owned(), refusal.en().to_owned());
        }
        let said = self.to_string();
        match said.split_once(" (") {
            Some((zh, en)) => {
                let en = en.strip_suffix(')').unwrap_or(en);
                (zh.to_owned(), en.to_owned())
            }
            None => (said.clone(), said),
        }
    }

    /// The field of the input it is about, if about one.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            PeopleError::Refused(refusal) => refusal.field(),
            PeopleError::WeakPassword => Some("password"),
            PeopleError::BadText { field } => Some(field),
            _ => None,
        }
    }

    /// How long to wait before trying again, in whole seconds, for `Retry-After`.
    pub fn retry_after_seconds(&self) -> Option<i64> {
        match self {
            PeopleError::SlowDown { millis } => Some(seconds(*millis)),
            PeopleError::Busy => Some(1),
            _ => None,
        }
    }
}
