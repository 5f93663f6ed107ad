//! What `counterfoil user` is told on the command line.

use std::path::PathBuf;
use std::str::FromStr;

use crate::domain::access::{Grant, Role, Scope};
use crate::domain::{DepartmentCode, SiteCode, StaffId, TokenId};

/// The arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
姓名与密码从标准输入或文件读取，每行一项，不作为参数。Names and passwords come from standard input or a file, a line
each, never as arguments.

例 Examples:
  counterfoil user init --system sys01 --security sec01 --audit aud01     # 逐项提示 asks for each
  counterfoil user add c001 --role clerk@site/centre --from c001.txt      # 第一行姓名，第二行密码 name, then password
  counterfoil user add o001 --role department_officer@department/market < o001.txt
  counterfoil user roles c001 --give archivist@site/centre --take clerk@site/centre
  counterfoil user reset c001 --hours 24
  counterfoil user offboard c001 --to c002
  counterfoil user token issue --staff c001 --site centre --days 90
  counterfoil user list --json")]
pub struct Args {
    #[command(subcommand)]
    pub(super) action: Action,
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum Action {
    /// 初始化三员（仅一次）Make the three administrators, once, in a hall without people
    Init {
        /// 系统管理员工号 Staff id of the system administrator
        #[arg(long, value_name = "ID")]
        system: StaffId,
        /// 安全管理员工号 Staff id of the security administrator
        #[arg(long, value_name = "ID")]
        security: StaffId,
        /// 审计管理员工号 Staff id of the audit administrator
        #[arg(long, value_name = "ID")]
        audit: StaffId,
        #[command(flatten)]
        input: InputArgs,
    },
    /// 登记人员 Enrol a person
    Add {
        /// 工号：小写字母、数字和 . _ - Staff id: lower-case letters, digits and . _ -
        #[arg(value_name = "ID")]
        staff: StaffId,
        /// 角色与范围 A role and its place: clerk@site/CODE, department_officer@department/CODE, supervisor@hall
        #[arg(long = "role", value_name = "ROLE@PLACE")]
        roles: Vec<GrantArg>,
        #[command(flatten)]
        input: InputArgs,
    },
    /// 列出人员 List people
    List,
    /// 授予或移除角色 Give roles and take them away
    Roles {
        /// 工号 Staff id
        #[arg(value_name = "ID")]
        staff: StaffId,
        /// 授予 Give this role
        #[arg(long, value_name = "ROLE@PLACE")]
        give: Vec<GrantArg>,
        /// 移除（先于授予）Take this role away, before any is given
        #[arg(long, value_name = "ROLE@PLACE")]
        take: Vec<GrantArg>,
    },
    /// 发放一次性恢复码，原密码与第二因子作废 Give out a one-time code; password and second factors are void from then on
    Reset {
        /// 工号 Staff id
        #[arg(value_name = "ID")]
        staff: StaffId,
        /// 有效小时数 Hours for which the code is good
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=168))]
        hours: u16,
    },
    /// 锁定账号 Lock an account
    Lock {
        /// 工号 Staff id
        #[arg(value_name = "ID")]
        staff: StaffId,
    },
    /// 解锁账号 Unlock an account
    Unlock {
        /// 工号 Staff id
        #[arg(value_name = "ID")]
        staff: StaffId,
    },
    /// 办理离岗，移交给接替人 Let a person go, in favour of a successor
    Offboard {
        /// 工号 Staff id
        #[arg(value_name = "ID")]
        staff: StaffId,
        /// 接替人工号 Staff id of the successor
        #[arg(long, value_name = "ID")]
        to: StaffId,
    },
    /// 关联单点登录（身份标识从标准输入或文件读取）Link single sign-on; the provider's name for the person is read
    Link {
        /// 工号 Staff id
        #[arg(value_name = "ID")]
        staff: StaffId,
        #[command(flatten)]
        input: InputArgs,
    },
    /// 站点上传令牌 Tokens of scanning stations
    Token {
        #[command(subcommand)]
        action: TokenAction,
    },
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum TokenAction {
    /// 发放（只显示一次）Issue a token; it is shown once
    Issue {
        /// 责任人工号 Staff id of the person who answers for it
        #[arg(long, value_name = "ID")]
        staff: StaffId,
        /// 站点编码 The site whose scans it may hand in
        #[arg(long, value_name = "CODE")]
        site: SiteCode,
        /// 有效天数 Days for which it is good
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=400))]
        days: u16,
    },
    /// 吊销 Revoke a token
    Revoke {
        /// 责任人工号 Staff id of the person who answers for it
        #[arg(long, value_name = "ID")]
        staff: StaffId,
        /// 令牌名 Its name, as printed when it was issued
        #[arg(value_name = "TOKEN")]
        token: TokenId,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct InputArgs {
    /// 从文件读取（- 为标准输入）Read from this file instead of standard input
    #[arg(long = "from", value_name = "FILE")]
    pub(super) from: Option<PathBuf>,
}

/// A grant as it is written on the command line.
#[derive(Debug, Clone)]
pub(super) struct GrantArg(Grant);

impl FromStr for GrantArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = || {
            let roles: Vec<&str> = Role::ALL.iter().map(|role| role.code()).collect();
            format!(
                "写作 角色@范围 write ROLE@PLACE: a role is {}; a place is site/CODE, department/CODE or hall",
                roles.join(", ")
            )
        };
        let (role, place) = text.split_once('@').ok_or_else(known)?;
        let role = Role::ALL.iter().find(|known| known.code() == role);
        let scope = match place.split_once('/') {
            None if place == "hall" => Some(Scope::Hall),
            Some(("site", code)) => SiteCode::new(code).ok().map(|site| Scope::Site { site }),
            Some(("department", code)) => DepartmentCode::new(code)
                .ok()
                .map(|department| Scope::Department { department }),
            _ => None,
        };
        let (role, scope) = role.copied().zip(scope).ok_or_else(known)?;
        Ok(Self(Grant { role, scope }))
    }
}

pub(super) fn grants(given: &[GrantArg]) -> Vec<Grant> {
    given.iter().map(|grant| grant.0.clone()).collect()
}

pub(super) fn written(grant: &Grant) -> String {
    let place = match &grant.scope {
        Scope::Hall => "hall".to_owned(),
        Scope::Site { site } => format!("site/{site}"),
        Scope::Department { department } => format!("department/{department}"),
    };
    format!("{}@{place}", grant.role.code())
}
