//! The people of a case: who applies, who acts for them, whom to call, where the result goes. Values of these types
//! were checked. They serialise to the JSON of a vault record and are never part of a fact; their `Debug` shows
//! nothing of them.

mod check;
mod input;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::date::Date;
use super::identity::{IdDocument, Phone, SocialCreditCode};

pub use check::FieldError;
pub use input::{
    AddressInput, AgentInput, ApplicantInput, ContactInput, DeliveryInput, PartiesInput,
};

/// Data of people younger than this are sensitive (个人信息保护法 28, 31).
const CHILD_YEARS: u32 = 14;

/// What the data of a case need beyond the usual care (个人信息保护法 28–31).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protection {
    /// The applicant was under 14 on the day of the application, the 14th birthday included.
    pub child: bool,
    /// The clerk marked the case as holding sensitive data: health, finances, belief, whereabouts.
    pub sensitive: bool,
}

impl Protection {
    /// Whether anything is needed at all.
    pub fn is_needed(self) -> bool {
        self.child || self.sensitive
    }
}

/// Who applies (申请人).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Applicant {
    /// 自然人.
    Person {
        /// As on the document.
        name: String,
        /// The document shown.
        id: IdDocument,
        /// Date of birth, of the document.
        born: Date,
        /// Where the person lives, if the item asks for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<Address>,
        /// What care the data need.
        protection: Protection,
    },
    /// 法人或其他组织.
    Organisation {
        /// As on the licence.
        name: String,
        /// Unified social credit code.
        credit_code: SocialCreditCode,
        /// Name of the legal representative (法定代表人) or person in charge.
        representative: String,
        /// Its seat, if the item asks for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<Address>,
        /// What care the data need.
        protection: Protection,
    },
}

impl Applicant {
    /// Checks what was entered. Refusals name fields under `applicant`.
    pub fn validate(input: &ApplicantInput, today: Date) -> Result<Self, Vec<FieldError>> {
        check::alone(today, |checks| input.check("applicant", checks))
    }

    /// The name, as it is printed.
    pub fn name(&self) -> &str {
        match self {
            Self::Person { name, .. } | Self::Organisation { name, .. } => name,
        }
    }

    /// What care the data need.
    pub fn protection(&self) -> Protection {
        match self {
            Self::Person { protection, .. } | Self::Organisation { protection, .. } => *protection,
        }
    }

    /// The number of the document or the credit code, with stars.
    pub fn masked_number(&self) -> String {
        match self {
            Self::Person { id, .. } => id.masked(),
            Self::Organisation { credit_code, .. } => credit_code.masked(),
        }
    }
}

/// Who acts for the applicant (代理人).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// As on the document.
    pub name: String,
    /// The document shown.
    pub id: IdDocument,
    /// Where to call.
    pub phone: Phone,
    /// What the agent acts on.
    pub power_of_attorney: PowerOfAttorney,
}

/// The applicant's mandate to the agent (申请人委托书).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowerOfAttorney {
    /// By which the paper is found: its number, or where it lies in the bundle.
    pub reference: String,
    /// When it was signed.
    pub signed_on: Date,
    /// Its last day; none if it names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Date>,
    /// What the agent may do, at least one.
    pub powers: Vec<AgentPower>,
}

impl PowerOfAttorney {
    /// Whether it lets the agent do this on `day`.
    pub fn covers(&self, power: AgentPower, day: Date) -> bool {
        self.powers.contains(&power)
            && self.signed_on <= day
            && self.valid_until.is_none_or(|last| day <= last)
    }
}

/// What an agent may do for the applicant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentPower {
    /// Hand in the application and its supplements, receive notices.
    Apply,
    /// Withdraw the application.
    Withdraw,
    /// Take the result (Art 10(2)) or papers that are given back.
    Collect,
}

impl AgentPower {
    /// The power with this code, as in JSON.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "apply" => Some(Self::Apply),
            "withdraw" => Some(Self::Withdraw),
            "collect" => Some(Self::Collect),
            _ => None,
        }
    }
}

impl Agent {
    /// Checks what was entered. Refusals name fields under `agent`.
    pub fn validate(input: &AgentInput, today: Date) -> Result<Self, Vec<FieldError>> {
        check::alone(today, |checks| input.check("agent", checks))
    }
}

/// Whom to call about the case (联系人).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Who answers.
    pub name: String,
    /// Where to call.
    pub phone: Phone,
}

impl Contact {
    /// Checks what was entered. Refusals name fields under `contact`.
    pub fn validate(input: &ContactInput, today: Date) -> Result<Self, Vec<FieldError>> {
        check::alone(today, |checks| input.check("contact", checks))
    }
}

/// A postal address in China.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Province, city, county.
    pub region: String,
    /// Street, number, room.
    pub detail: String,
    /// Six digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postcode: Option<String>,
}

/// How the result is to reach the applicant (Art 10(2), 10(3)).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeliveryChoice {
    /// 窗口自取.
    PickUp,
    /// 邮寄送达.
    Mail {
        /// Who receives it.
        recipient: String,
        /// Where the courier calls.
        phone: Phone,
        /// Where it goes.
        address: Address,
    },
}

impl DeliveryChoice {
    /// Checks what was entered. Refusals name fields under `delivery`.
    pub fn validate(input: &DeliveryInput, today: Date) -> Result<Self, Vec<FieldError>> {
        check::alone(today, |checks| input.check("delivery", checks))
    }
}

/// Everybody a case is about, as one vault record.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parties {
    /// Who applies.
    pub applicant: Applicant,
    /// Who acts for the applicant, if anyone does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Agent>,
    /// Whom to call.
    pub contact: Contact,
    /// How the result travels.
    pub delivery: DeliveryChoice,
}

impl Parties {
    /// Checks everything that was entered at once.
    pub fn validate(input: &PartiesInput, today: Date) -> Result<Self, Vec<FieldError>> {
        check::alone(today, |checks| input.check(checks))
    }
}

/// Whether a person born on `born` is under 14 on `today`. The birthday itself still counts as under 14: a full
/// year of age is counted from the day after it.
fn is_child(born: Date, today: Date) -> bool {
    let number = |day: Date| day.compact().parse::<u32>().unwrap_or(0);
    number(today) <= number(born) + CHILD_YEARS * 10_000
}

macro_rules! silent {
    ($($name:ident),* $(,)?) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}

silent!(
    Applicant,
    Agent,
    PowerOfAttorney,
    Contact,
    Address,
    DeliveryChoice,
    Parties,
    AddressInput,
    AgentInput,
    ApplicantInput,
    ContactInput,
    DeliveryInput,
    PartiesInput,
);
