//! Why a decision about a person was refused. No reason has parts, so that all of them can be listed and copied, which
//! the table of `domain/refusal.rs` cannot offer.

macro_rules! refusals {
    ($($(#[$doc:meta])* $variant:ident, $field:expr, $code:literal, $zh:literal, $en:literal;)*) => {
        /// Why a decision about a person was refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
        pub enum StaffRefusal {
            $($(#[$doc])* #[error("{}；{}", $zh, $en)] $variant,)*
        }

        impl StaffRefusal {
            /// Every refusal, for tables and tests.
            pub const ALL: &[StaffRefusal] = &[$(StaffRefusal::$variant,)*];

            /// Stable code in kebab-case.
            pub const fn code(self) -> &'static str {
                match self { $(StaffRefusal::$variant => $code,)* }
            }

            /// What happened and what to do, in Chinese.
            pub const fn zh(self) -> &'static str {
                match self { $(StaffRefusal::$variant => $zh,)* }
            }

            /// What happened and what to do, in English.
            pub const fn en(self) -> &'static str {
                match self { $(StaffRefusal::$variant => $en,)* }
            }

            /// The field of the input it is about, if about one.
            pub const fn field(self) -> Option<&'static str> {
                match self { $(StaffRefusal::$variant => $field,)* }
            }
        }
    };
}

refusals! {
    /// Nobody of that id.
    Unknown, Some("staff"), "unknown-person", "没有这名工作人员；请核对工号", "nobody here has this staff id; check it";
    /// The id is taken, for ever.
    AlreadyEnrolled, Some("staff"), "already-enrolled", "该工号已被使用，不能再次启用；请换一个工号", "this staff id is or was in use; choose another";
    /// The roll is not empty.
    AlreadyInitialised, None, "already-initialised", "本大厅已完成初始化；请用 counterfoil user add 添加人员", "this hall has been initialised; add people with counterfoil user add";
    /// The id cannot name an actor.
    BadStaffId, Some("staff"), "bad-staff-id", "工号只能包含小写字母、数字和 . _ -；请改写", "a staff id has lower-case letters, digits and . _ - only; write it so";
    /// The same id stands for two of the first three.
    SamePerson, Some("staff"), "same-person", "三员必须由三个不同的人担任；请指定三个不同的工号", "the three administrators are three persons; name three staff ids";
    /// Left already.
    HasLeft, Some("staff"), "has-left", "该人员已离岗；如需返岗请用新工号登记", "this person has left; whoever returns gets a new staff id";
    /// The account is locked.
    IsLocked, None, "account-locked", "账号已锁定；请联系安全管理员解锁", "the account is locked; ask a security administrator to unlock it";
    /// It is not locked.
    NotLocked, None, "not-locked", "账号没有锁定，无需解锁", "the account is not locked";
    /// Held already.
    RoleHeld, Some("role"), "role-held", "该人员已有此角色", "this person holds the role already";
    /// Not held.
    RoleNotHeld, Some("role"), "role-not-held", "该人员没有此角色；请先查看其角色", "this person does not hold the role; look at the roles first";
    /// Wrong kind of place.
    RoleDoesNotFit, Some("scope"), "role-does-not-fit", "角色与范围不符：窗口与档案人员对应站点，部门人员对应部门，管理员对应全大厅；请改正范围", "the role does not fit the place: clerks and archivists hold for a site, officers for a department, administrators for the hall; correct the place";
    /// Forbidden combination.
    RolesConflict, Some("role"), "roles-conflict", "三员及监督人员不得兼任其他角色；请先移除原角色或改派他人", "an administrator or auditor holds no other role; remove the other role first, or choose another person";
    /// Nobody decides about themselves.
    OwnAccount, Some("staff"), "own-account", "不能对自己的账号执行此操作；请由另一名管理员办理", "nobody does this to their own account; ask another administrator";
    /// The hall would have none of its kind.
    LastAdministrator, Some("staff"), "last-administrator", "这是本大厅最后一名该类管理员；请先任命另一名", "this is the hall's last administrator of the kind; name another first";
    /// Cannot take over.
    NoSuccessor, Some("successor"), "no-successor", "接替人不存在、已离岗、已锁定或就是本人；请指定在岗人员", "the successor is unknown, has left, is locked or is the same person; name someone who works here";
    /// No code waits.
    NoRecovery, None, "no-recovery", "没有待使用的恢复码；请联系安全管理员", "no recovery code waits for this account; ask a security administrator";
    /// Too late, or no time at all.
    RecoveryExpired, Some("expires"), "recovery-expired", "恢复码已过期；请联系安全管理员重新发放", "the recovery code has expired; ask a security administrator for another";
    /// A second factor has to be shown.
    FactorMissing, Some("factor"), "factor-missing", "需要第二因子；请使用验证器或安全密钥", "a second factor is needed; use the authenticator or the security key";
    /// Not enrolled.
    FactorUnknown, Some("factor"), "factor-unknown", "没有登记该第二因子；请核对", "this second factor is not enrolled; check which one it is";
    /// Enrolled already.
    FactorKnown, Some("factor"), "factor-known", "该第二因子已登记", "this second factor is enrolled already";
    /// Shown before.
    FactorReplayed, Some("code"), "factor-replayed", "该验证码已使用过；请等待下一个", "this code was used before; wait for the next one";
    /// Enough.
    TooManyFactors, Some("factor"), "too-many-factors", "第二因子最多 8 个；请先移除不用的", "a person has at most 8 second factors; remove one first";
    /// The role needs one.
    LastFactor, Some("factor"), "last-factor", "该角色必须保留至少一个第二因子；请先登记新的", "the role needs a second factor; enrol another before removing the last";
    /// One key at a time.
    KeyInForce, Some("key"), "key-in-force", "已有在用的签名密钥；请先吊销", "a signing key is in force; revoke it first";
    /// Not there, or revoked.
    KeyUnknown, Some("key"), "key-unknown", "没有在用的该签名密钥；请核对", "no such signing key is in force; check its name";
    /// Used before.
    KeyKnown, Some("key"), "key-known", "该签名密钥曾经登记过；请生成新的", "this signing key was enrolled before; make a new one";
    /// Anyone could sign with it.
    WeakKey, Some("public"), "weak-key", "不是有效的 Ed25519 公钥；请重新生成密钥", "not a sound Ed25519 public key; make the key again";
    /// Not there.
    TokenUnknown, Some("token"), "token-unknown", "没有该令牌；请核对", "there is no such token; check its name";
    /// The name is taken.
    TokenKnown, Some("token"), "token-known", "令牌名已被使用；请换一个", "the token's name is taken; choose another";
    /// Past, or too far.
    BadExpiry, Some("expires"), "bad-expiry", "有效期必须在将来且不超过 400 天；请改正", "the expiry lies in the future, at most 400 days away; correct it";
    /// Someone else has it.
    LinkTaken, Some("subject"), "link-taken", "该单点登录身份已关联其他人员；请核对", "this identity is linked to someone else; check it";
    /// Not linked.
    NotLinked, None, "not-linked", "该账号没有关联单点登录", "the account is not linked to single sign-on";
}
