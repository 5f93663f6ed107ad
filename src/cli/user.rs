//! `counterfoil user`: the first three administrators, and everything an operator does to accounts on the machine
//! itself. Facts name the actor `cli:operator`.

mod args;
mod input;

use serde_json::json;

pub use self::args::Args;
use self::args::{Action, InputArgs, TokenAction, grants, written};
pub(super) use self::input::Input;
use crate::app::{self, App};
use crate::cli::output::Output;
use crate::cli::{CliError, Outcome};
use crate::config::Config;
use crate::domain::access::{Grant, Role};
use crate::domain::staff::LockReason;
use crate::domain::{RequestId, StaffId, Timestamp};
use crate::people::{Caller, NewPerson, Order, People, PeopleError, Person, SecretText};
use crate::store::keys::fill_random;

const HOUR_MILLIS: i64 = 3600 * 1000;

/// Does what was asked and lets the data folder go.
pub async fn run(config: &Config, args: Args, output: Output) -> Result<Outcome, CliError> {
    let app = App::open(config).await?;
    let people = app.people()?;
    let desk = Desk {
        people,
        output,
        issuer: config.sso.as_ref().map(|sso| sso.issuer.clone()),
    };
    let done = desk.act(args.action).await;
    app.ledger.close().await;
    done.map(|()| Outcome::Done)
}

struct Desk {
    people: People,
    output: Output,
    issuer: Option<String>,
}

impl Desk {
    async fn act(&self, action: Action) -> Result<(), CliError> {
        match action {
            Action::Init {
                system,
                security,
                audit,
                input,
            } => self.init([system, security, audit], &input).await,
            Action::Add {
                staff,
                roles,
                input,
            } => self.add(staff, grants(&roles), &input).await,
            Action::List => self.list().await,
            Action::Roles { staff, give, take } => {
                self.roles(&staff, &grants(&give), &grants(&take)).await
            }
            Action::Reset { staff, hours } => self.reset(&staff, hours).await,
            Action::Lock { staff } => {
                let order = order()?;
                self.people
                    .lock(&order, &staff, LockReason::Suspicion)
                    .await?;
                self.say("locked", &staff, "已锁定 locked")
            }
            Action::Unlock { staff } => {
                self.people.unlock(&order()?, &staff).await?;
                self.say("unlocked", &staff, "已解锁 unlocked")
            }
            Action::Offboard { staff, to } => {
                self.people.offboard(&order()?, &staff, &to).await?;
                self.say(
                    "offboarded",
                    &staff,
                    &format!("已离岗，由 {to} 接替 has left; {to} takes over"),
                )
            }
            Action::Link { staff, input } => self.link(&staff, &input).await,
            Action::Token { action } => self.token(action).await,
        }
    }

    fn say(&self, what: &str, staff: &StaffId, words: &str) -> Result<(), CliError> {
        let object = json!({ "result": what, "staff": staff });
        self.output.result(&object, || format!("✓ {staff} {words}"))
    }

    async fn init(&self, ids: [StaffId; 3], input: &InputArgs) -> Result<(), CliError> {
        let mut input = Input::open(input.from.as_ref())?;
        let mut three = Vec::with_capacity(3);
        for (staff, role) in ids.into_iter().zip(Role::ADMINISTRATORS) {
            let who = format!("{} {} {staff}", role.zh(), role.en());
            three.push(person(staff, Vec::new(), &who, &mut input)?);
        }
        let three: [NewPerson; 3] = three
            .try_into()
            .map_err(|_| CliError::internal("three people were asked for"))?;
        self.people.initialise(&order()?, &three).await?;
        for (person, role) in three.iter().zip(Role::ADMINISTRATORS) {
            let words = format!(
                "{} {}：首次登录须改密码并登记第二因子 sets a new password and a second factor at the first sign-in",
                role.zh(),
                role.en()
            );
            self.say("enrolled", &person.staff, &words)?;
        }
        Ok(())
    }

    async fn add(
        &self,
        staff: StaffId,
        grants: Vec<Grant>,
        input: &InputArgs,
    ) -> Result<(), CliError> {
        let mut input = Input::open(input.from.as_ref())?;
        let new = person(staff.clone(), grants, staff.as_str(), &mut input)?;
        let without = new.password.is_none();
        self.people.enrol(&order()?, &new).await?;
        self.say("enrolled", &staff, "已登记 is enrolled")?;
        if without && !self.output.is_json() {
            eprintln!(
                "  没有初始密码；请用 counterfoil user reset {staff} 发放恢复码，或关联单点登录"
            );
            eprintln!(
                "  no password yet: give out a code with counterfoil user reset {staff}, or link single sign-on"
            );
        }
        Ok(())
    }

    async fn list(&self) -> Result<(), CliError> {
        for person in self.people.list().await? {
            self.output.result(&person, || line(&person))?;
        }
        Ok(())
    }

    async fn roles(&self, staff: &StaffId, give: &[Grant], take: &[Grant]) -> Result<(), CliError> {
        for grant in take {
            self.people.unassign(&order()?, staff, grant).await?;
        }
        for grant in give {
            self.people.assign(&order()?, staff, grant).await?;
        }
        let person = self.people.person(staff).await?;
        self.output.result(&person, || line(&person))
    }

    async fn reset(&self, staff: &StaffId, hours: u16) -> Result<(), CliError> {
        let expires = in_hours(i64::from(hours));
        let code = self
            .people
            .issue_recovery(&order()?, staff, expires)
            .await?;
        let object = json!({ "result": "recovery", "staff": staff, "code": code.expose(), "expires": expires });
        self.output.result(&object, || {
            format!(
                "✓ {staff} 恢复码（只显示一次，{hours} 小时内有效）recovery code, shown once, good for {hours} hours:\n  {}",
                code.expose()
            )
        })
    }

    async fn link(&self, staff: &StaffId, input: &InputArgs) -> Result<(), CliError> {
        let issuer = self.issuer.as_ref();
        let issuer = issuer.ok_or(PeopleError::NoSingleSignOn)?;
        let mut input = Input::open(input.from.as_ref())?;
        let subject = input.next(
            "身份提供方的用户标识 the provider's name for the person",
            false,
        )?;
        let subject = subject.ok_or(PeopleError::BadText { field: "subject" })?;
        self.people.link(&order()?, staff, issuer, &subject).await?;
        self.say(
            "linked",
            staff,
            "已关联单点登录 is linked to single sign-on",
        )
    }

    async fn token(&self, action: TokenAction) -> Result<(), CliError> {
        match action {
            TokenAction::Issue { staff, site, days } => {
                let expires = in_hours(i64::from(days) * 24);
                let issued = self
                    .people
                    .issue_token(&order()?, &staff, &site, expires)
                    .await?;
                let object = json!({ "result": "token", "staff": staff, "site": site, "token": issued.token, "text": issued.text.expose(), "expires": expires });
                self.output.result(&object, || {
                    format!(
                        "✓ 令牌 token {}（只显示一次 shown once）:\n  {}",
                        issued.token,
                        issued.text.expose()
                    )
                })
            }
            TokenAction::Revoke { staff, token } => {
                self.people.revoke_token(&order()?, &staff, &token).await?;
                self.say(
                    "revoked",
                    &staff,
                    &format!("令牌 {token} 已吊销 its token {token} is revoked"),
                )
            }
        }
    }
}

/// Each call of the command is a request of its own, in the operator's name.
fn order() -> Result<Order, CliError> {
    let mut chance = [0u8; 8];
    fill_random(&mut chance).map_err(CliError::internal)?;
    let request = RequestId::new(format!("cli/user/{}", hex::encode(chance)));
    Ok(Order {
        by: Caller::operator()?.actor,
        request: request.map_err(CliError::internal)?,
        expected: None,
    })
}

fn in_hours(hours: i64) -> Timestamp {
    app::system_clock().now().plus_millis(hours * HOUR_MILLIS)
}

/// Asks for name and password. An empty password is none.
fn person(
    staff: StaffId,
    grants: Vec<Grant>,
    who: &str,
    input: &mut Input,
) -> Result<NewPerson, CliError> {
    let name = input.next(&format!("{who}：姓名 name"), false)?;
    let password = input.next(&format!("{who}：初始密码 first password"), true)?;
    Ok(NewPerson {
        staff,
        name: name.unwrap_or_else(|| SecretText::new("")),
        password: password.filter(|password| !password.expose().is_empty()),
        temporary: true,
        grants,
    })
}

fn line(person: &Person) -> String {
    let roles: Vec<String> = person.grants.iter().map(written).collect();
    let state = match (&person.successor, person.locked, person.recovering) {
        (Some(successor), _, _) => format!("已离岗 left, {successor} took over"),
        (None, true, _) => "已锁定 locked".to_owned(),
        (None, false, true) => "待恢复 awaits its recovery code".to_owned(),
        (None, false, false) => "在岗 active".to_owned(),
    };
    format!(
        "{:<12} {}  {state}  {}",
        person.staff.as_str(),
        person.name,
        roles.join(" ")
    )
}

impl From<PeopleError> for CliError {
    fn from(error: PeopleError) -> Self {
        let detail = match error.refusal() {
            Some(refusal) => format!("{} [{}]", refusal, refusal.code()),
            None => error.to_string(),
        };
        Self::new(error.problem(), detail)
    }
}
