//! The one table of problems: a stable code, the HTTP status, the exit code and what a person is told.
//! Every face (CLI, HTTP) says the same thing in the same words.

macro_rules! problems {
    ($($variant:ident, $code:literal, $status:literal, $zh:literal, $en:literal;)*) => {
        /// A problem a person can act on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Problem {
            $(#[doc = $en] $variant,)*
        }

        impl Problem {
            /// Every problem, for tables and tests.
            pub const ALL: &[Problem] = &[$(Problem::$variant,)*];

            /// Stable code in kebab-case.
            pub const fn code(self) -> &'static str {
                match self { $(Problem::$variant => $code,)* }
            }

            /// HTTP status.
            pub const fn status(self) -> u16 {
                match self { $(Problem::$variant => $status,)* }
            }

            /// Title in Chinese.
            pub const fn zh(self) -> &'static str {
                match self { $(Problem::$variant => $zh,)* }
            }

            /// Title in English.
            pub const fn en(self) -> &'static str {
                match self { $(Problem::$variant => $en,)* }
            }
        }
    };
}

problems! {
    EmptyFile, "empty-file", 422, "文件为空；请重新扫描", "the file is empty; scan it again";
    UnsupportedFormat, "unsupported-format", 415, "不支持的文件格式（按内容判断）；请使用 JPEG、PNG、TIFF、BMP、WebP、GIF 或 PDF", "the content is not a supported format; use JPEG, PNG, TIFF, BMP, WebP, GIF or PDF";
    TooLarge, "too-large", 413, "文件超过大小上限；请拆分后再提交", "the file is larger than allowed; split it";
    DigestMismatch, "digest-mismatch", 422, "收到的内容与声明的数字摘要不一致，未保存；请重新上传", "the bytes received do not match the announced digest and were not kept; upload them again";
    BadDigest, "bad-digest", 400, "数字摘要格式不正确（应为 64 位十六进制）", "the digest is not 64 hexadecimal digits";
    BadRequest, "bad-request", 400, "请求格式不正确", "the request is not well formed";
    UnsupportedMediaType, "unsupported-media-type", 415, "请求内容类型不受支持；请使用 application/json", "the content type is not supported; send application/json";
    KeyRequired, "idempotency-key-required", 400, "缺少请求标识（Idempotency-Key）", "the header Idempotency-Key is missing";
    VersionRequired, "version-required", 428, "缺少版本标识（If-Match）；请先读取最新内容", "the header If-Match is missing; read the newest state first";
    VersionMismatch, "version-mismatch", 412, "内容已被他人更改；请刷新后重试", "it was changed in the meantime; refresh and try again";
    MethodNotAllowed, "method-not-allowed", 405, "该地址不支持此操作", "this address does not take this method";
    BadQuery, "bad-query", 400, "检索式无法理解", "the query cannot be understood";
    Unauthorised, "unauthorised", 401, "缺少访问令牌或令牌不正确", "the access token is missing or wrong";
    NotSignedIn, "not-signed-in", 401, "尚未登录或登录已失效；请重新登录", "not signed in, or the session ended; sign in again";
    SignInFailed, "sign-in-failed", 401, "登录失败；请核对后重试", "the sign-in failed; check and try again";
    SessionLocked, "session-locked", 401, "会话已锁定；请输入密码解锁", "the session is locked; unlock it with the password";
    SignInUnfinished, "sign-in-unfinished", 403, "登录尚未完成；请按提示继续", "the sign-in is not finished; take the next step";
    StepUpNeeded, "step-up-needed", 403, "此操作需要重新验证身份；请验证后重试", "this needs a fresh proof of who you are; give it and try again";
    Forbidden, "forbidden", 403, "没有执行此操作的权限", "you may not do this";
    SlowDown, "slow-down", 429, "尝试过于频繁；请稍后重试", "too many attempts; try again later";
    Refused, "refused", 409, "此操作不符合规则，未执行；请按说明处理", "the rules do not allow this and nothing was done; see the detail";
    BadField, "bad-field", 422, "填写内容不符合要求；请改正", "a field does not fit; correct it";
    NotFound, "not-found", 404, "没有找到", "nothing was found under this name";
    Erased, "erased", 410, "所属办件已依法删除，内容无法恢复", "the case it belonged to was lawfully erased; it cannot be read again";
    Ambiguous, "ambiguous", 409, "前缀对应多个记录；请提供更长的编号", "several records begin like this; give more digits";
    NotSealed, "not-sealed", 409, "该扫描件尚未固化，暂时没有可导出的内容", "the scan is not sealed yet; there is nothing to export";
    Conflict, "conflict", 409, "数据刚被他人更改；请刷新后重试", "the data was just changed by someone else; refresh and try again";
    Busy, "busy", 503, "系统繁忙；请稍后重试", "the system is busy; try again shortly";
    DataFolderInUse, "data-folder-in-use", 409, "数据目录正被另一个进程使用；请先停止它，或通过 HTTP 上传", "another process is using the data folder; stop it first, or upload over HTTP";
    PlatformFailed, "platform-failed", 502, "市级平台没有正常应答；请稍后重试", "the city platform did not answer as agreed; try again later";
    UnknownPipeline, "unknown-pipeline", 422, "没有这个处理流程", "there is no pipeline of this name";
    BadConfiguration, "bad-configuration", 500, "配置有误", "the configuration is not valid";
    MissingPart, "missing-part", 500, "缺少运行所需的组件；请运行 counterfoil doctor", "a part needed to run is missing; run counterfoil doctor";
    FormContent, "form-content", 422, "表单内容无法打印；请按提示修改该字段", "the form's content cannot be printed; change the field that is named";
    FormFailed, "form-failed", 500, "表单打印失败；请按提示检查模板或字体", "the form could not be printed; check the template or font that is named";
    StoreFailed, "store-failed", 500, "存储读写失败；请检查磁盘后重试", "reading or writing the store failed; check the disk and try again";
    Inconsistent, "inconsistent", 500, "核验发现不一致；请查看明细", "the audit found inconsistencies; see the details";
    CannotRead, "cannot-read", 422, "无法读取该文件；请检查路径与权限", "the file cannot be read; check its path and permissions";
    Internal, "internal", 500, "程序内部错误；请将日志交给管理员", "internal error; give the log to the administrator";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_statuses_are_errors() {
        let mut codes: Vec<_> = Problem::ALL.iter().map(|problem| problem.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Problem::ALL.len());
        assert!(
            Problem::ALL
                .iter()
                .all(|problem| (400..600).contains(&problem.status()))
        );
    }
}
