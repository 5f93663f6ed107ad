//! Why the hall declines: at the counter ([`HallRefusal`]), and when somebody arranges it ([`SetupRefusal`]).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::mandate::Power;
use super::role::Role;
use crate::domain::date::Date;
use crate::domain::id::{AuthorisationId, DepartmentCode, SiteCode, StaffId, TaskCode, WindowCode};
use crate::domain::refusal::refusals;
use crate::domain::time::Timestamp;

/// Where an applicant is sent: the windows of the site that take the item. At least one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Referral {
    /// The site.
    pub site: SiteCode,
    /// Its windows, those that are open first.
    pub windows: Vec<WindowCode>,
}

impl fmt::Display for Referral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, window) in self.windows.iter().enumerate() {
            if place > 0 {
                f.write_str(", ")?;
            }
            window.fmt(f)?;
        }
        Ok(())
    }
}

refusals! {
    /// Why a window or a person may not act.
    HallRefusal;
    SiteUnknown { site: SiteCode }, "site-unknown", "site",
        "没有站点 {site}；请核对站点代码", "there is no site {site}; check its code";
    SiteClosed { site: SiteCode, since: Date }, "site-closed", "site",
        "站点 {site} 已于 {since} 撤销；请到其他站点办理", "site {site} closed on {since}; use another site";
    WindowUnknown { site: SiteCode, window: WindowCode }, "window-unknown", "window",
        "站点 {site} 没有窗口 {window}；请选择本站点的窗口", "site {site} has no window {window}; choose one of its own windows";
    WindowClosed { window: WindowCode, since: Date }, "window-closed", "window",
        "窗口 {window} 已于 {since} 撤销；请换一个窗口", "window {window} was closed on {since}; use another window";
    WindowShut { window: WindowCode, opens: String }, "window-shut", "window",
        "潮汐窗口 {window} 此时未开放（下次开放：{opens}）；请换窗口，或由大厅主管临时开放", "tidal window {window} is not open now (next: {opens}); use another window or let the supervisor open it";
    RoleMissing { window: WindowCode, role: Role, referral: Referral }, "role-missing", "window",
        "窗口 {window} 不承担{role}；请引导至窗口：{referral}", "window {window} does not {role:#}; refer to: {referral}";
    RoleNowhere { window: WindowCode, role: Role }, "role-nowhere", "window",
        "窗口 {window} 不承担{role}，本站点也没有其他窗口承担；请联系大厅主管", "window {window} does not {role:#}, nor does any other window here; ask the supervisor";
    OutOfScope { task: TaskCode, window: WindowCode, referral: Referral }, "out-of-scope", "window",
        "事项 {task} 不属于窗口 {window} 的领域；请出具转办告知并引导至窗口：{referral}", "item {task} is outside the fields of window {window}; give a referral notice to: {referral}";
    NowhereHere { task: TaskCode, site: SiteCode }, "nowhere-here", "site",
        "站点 {site} 没有窗口办理事项 {task}；请告知申请人上级站点", "no window of site {site} takes item {task}; refer to the site above it";
    ItemUnknown { task: TaskCode }, "item-unknown", "task_code",
        "没有事项 {task}；请核对实施编码", "there is no item {task}; check its implementing code";
    NoLiveVersion { task: TaskCode }, "no-live-version", "task_code",
        "事项 {task} 没有生效的版本；请部门函告后再启用", "item {task} has no live version; its department must notify one in writing";
    NoSuchVersion { task: TaskCode, version: u32 }, "no-such-version", "version",
        "事项 {task} 没有第 {version} 版；请核对办件", "item {task} has no version {version}; check the case";
    ItemNotListed { task: TaskCode }, "item-not-listed", "task_code",
        "事项 {task} 未纳入综合窗口；请引导至部门窗口", "item {task} is not on the integrated window's list; refer to its department";
    ItemWithdrawn { task: TaskCode, since: Date }, "item-withdrawn", "task_code",
        "事项 {task} 已于 {since} 退出综合窗口，不再收新件；请引导至部门窗口", "item {task} left the integrated window on {since} and takes no new case; refer to its department";
    DepartmentUnknown { department: DepartmentCode }, "department-unknown", "department",
        "没有部门 {department}；请核对部门代码", "there is no department {department}; check its code";
    NotAuthorised { department: DepartmentCode, site: SiteCode, power: Power }, "not-authorised", "",
        "部门 {department} 未委托站点 {site} 行使该事项的{power}权限；请部门签订授权委托书", "department {department} has not authorised site {site} to {power:#} for this item; it must sign an authorisation";
    NotYetAuthorised { authorisation: AuthorisationId, power: Power, from: Date }, "not-yet-authorised", "",
        "授权委托书 {authorisation} 的{power}权限自 {from} 起生效；请届时办理", "authorisation {authorisation} lets the window {power:#} from {from}; wait until then";
    AuthorisationExpired { authorisation: AuthorisationId, power: Power, until: Date }, "authorisation-expired", "",
        "授权委托书 {authorisation} 的{power}权限已于 {until} 到期；请部门续签", "authorisation {authorisation} to {power:#} ended with {until}; its department must renew it";
    AuthorisationRevoked { authorisation: AuthorisationId, power: Power, since: Date }, "authorisation-revoked", "",
        "授权委托书 {authorisation} 的{power}权限已于 {since} 撤销；请与部门联系", "authorisation {authorisation} to {power:#} was revoked on {since}; ask its department";
    NotDelegated { staff: StaffId, department: DepartmentCode, task: TaskCode }, "not-delegated", "staff",
        "{staff} 未获部门 {department} 授权决定事项 {task}；请交首席代表决定", "{staff} may not decide item {task} for department {department}; pass it to the chief representative";
    DelegationEnded { staff: StaffId, department: DepartmentCode, since: Date }, "delegation-ended", "staff",
        "{staff} 在部门 {department} 的授权已于 {since} 结束；请交现任首席代表决定", "{staff}'s delegation at department {department} ended on {since}; pass it to the present chief representative";
    NotAnOfficer { staff: StaffId, department: DepartmentCode }, "not-an-officer", "staff",
        "{staff} 不是部门 {department} 的工作人员；请由该部门人员审核", "{staff} is no officer of department {department}; an officer of it must review";
}

refusals! {
    /// Why the hall cannot be arranged like this.
    SetupRefusal;
    AlreadyOpen { code: String }, "already-open", "code",
        "代码 {code} 已经使用；请改用其他代码", "the code {code} is in use; choose another";
    Unknown { code: String }, "unknown", "code",
        "没有登记 {code}；请先登记", "{code} is not registered; register it first";
    Closed { code: String, since: Date }, "closed", "code",
        "{code} 已于 {since} 撤销；请改用其他", "{code} was closed on {since}; use another";
    WrongParent { site: SiteCode, expected: &'static str }, "wrong-parent", "parent",
        "站点 {site} 的上级站点不正确；应为：{expected}", "site {site} has the wrong parent; it should be: {expected}";
    WrongLevel { site: SiteCode }, "wrong-level", "level",
        "站点 {site} 的层级和上级站点登记后不能更改；请用新代码登记", "level and parent of site {site} cannot change; register a new code";
    NoRoles { window: WindowCode }, "no-roles", "roles",
        "窗口 {window} 没有职能；请至少选择咨询、收件、发证之一", "window {window} has no role; give consult, receive or issue, each once";
    NoFields { window: WindowCode }, "no-fields", "fields",
        "分领域窗口 {window} 没有领域；请至少列出一个", "field-limited window {window} names no field; list at least one";
    AllInOneElsewhere { window: WindowCode }, "all-in-one-elsewhere", "kind",
        "窗口 {window}：全科窗口只设在村（社区）便民服务站，村站也只设全科窗口", "window {window}: all-in-one windows stand in villages, and villages have no others";
    BadTimetable { window: WindowCode }, "bad-timetable", "timetable",
        "窗口 {window} 的开放时间不正确；星期为 1–7，结束须晚于开始", "the timetable of window {window} is not sound; weekdays are 1 to 7, and each row ends after it begins";
    NotTidal { window: WindowCode }, "not-tidal", "window",
        "窗口 {window} 不是潮汐窗口，一直开放；无需临时开放", "window {window} is not tidal and always open; there is nothing to open";
    PastInstant { until: Timestamp }, "past-instant", "until",
        "时间 {until} 已过；请填写将来的时间", "{until} has passed; give a later time";
    PastDate { date: Date }, "past-date", "from",
        "日期 {date} 已过；撤销、变更不能追溯，请填写今天或以后的日期", "{date} has passed; an ending or a change is never dated back, give today or later";
    DatesReversed { from: Date, until: Date }, "dates-reversed", "until",
        "截止日期 {until} 早于起始日期 {from}；请更正", "{until} is before {from}; correct the dates";
    NoPowers { authorisation: AuthorisationId }, "no-powers", "receive",
        "授权委托书 {authorisation} 没有授予权限；请至少授予收件或发证之一", "authorisation {authorisation} grants nothing; grant receive, issue or both";
    NoScope { authorisation: AuthorisationId }, "no-scope", "sites",
        "授权委托书 {authorisation} 没有列明站点或事项；请补充", "authorisation {authorisation} names no site or no item; add them";
    Differs { code: String }, "differs", "code",
        "{code} 已登记且内容不同；委托书不能改写，请撤销后以新编号登记", "{code} is registered with other content; an authorisation is never rewritten, revoke it and register a new one";
    NotGranted { authorisation: AuthorisationId, power: Power }, "not-granted", "powers",
        "授权委托书 {authorisation} 没有授予{power}权限，或已撤销；无需再撤销", "authorisation {authorisation} does not grant {power:#} or lost it; there is nothing to revoke";
    AlreadySucceeded { department: DepartmentCode, by: DepartmentCode }, "already-succeeded", "department",
        "部门 {department} 的职责已由 {by} 承接；请登记到该部门", "department {department} is succeeded by {by}; register it there";
    CircularSuccession { department: DepartmentCode }, "circular-succession", "by",
        "部门 {department} 不能承接自己的职责；请核对", "department {department} would succeed itself; check the codes";
    AlreadyAppointed { staff: StaffId }, "already-appointed", "staff",
        "{staff} 在该时段已有任命；请先免去", "{staff} is appointed in that time already; end that first";
    NotAppointed { staff: StaffId }, "not-appointed", "staff",
        "{staff} 没有可结束的任命；请核对", "{staff} has no appointment to end; check the code";
    DayNotOver { day: Date }, "day-not-over", "day",
        "{day} 尚未结束，不能固化当日审计摘要；请次日再做", "{day} is not over, its audit digest cannot be recorded; do it the day after";
    DayRecorded { day: Date }, "day-recorded", "day",
        "{day} 的审计摘要已固化且不同；请核查审计记录", "the audit digest of {day} is recorded and differs; look into the audit records";
}
