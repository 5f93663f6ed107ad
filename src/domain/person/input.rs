//! What is entered, as it comes: texts, nothing checked but the names of the fields.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::check::{Checks, Fault, NAME_CHARS_MAX, ORGANISATION_CHARS_MAX, REFERENCE_CHARS_MAX};
use super::{
    Agent, AgentPower, Applicant, Contact, DeliveryChoice, Parties, PowerOfAttorney, Protection,
    is_child,
};

/// An applicant as entered. Which fields are needed depends on `kind`; the others stay empty.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ApplicantInput {
    /// `person` or `organisation`.
    pub kind: String,
    /// As on the document or licence.
    pub name: String,
    /// Of a person: which document, see [`crate::domain::identity::IdKind`].
    pub id_kind: String,
    /// Of a person: its number.
    pub id_number: String,
    /// Of a person: date of birth, needed where the number does not contain it.
    pub birth_date: String,
    /// Of an organisation: unified social credit code.
    pub credit_code: String,
    /// Of an organisation: name of the legal representative.
    pub representative: String,
    /// Where the item asks for it.
    pub address: Option<AddressInput>,
    /// The clerk's mark that the case holds sensitive data.
    pub sensitive: bool,
}

/// An agent as entered.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AgentInput {
    /// As on the document.
    pub name: String,
    /// Which document, see [`crate::domain::identity::IdKind`].
    pub id_kind: String,
    /// Its number.
    pub id_number: String,
    /// Where to call.
    pub phone: String,
    /// By which the power of attorney is found.
    pub reference: String,
    /// When it was signed.
    pub signed_on: String,
    /// Its last day, or empty.
    pub valid_until: String,
    /// `apply`, `withdraw`, `collect`, at least one.
    pub powers: Vec<String>,
}

/// A contact as entered.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ContactInput {
    /// Who answers.
    pub name: String,
    /// Where to call.
    pub phone: String,
}

/// An address as entered.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AddressInput {
    /// Province, city, county.
    pub region: String,
    /// Street, number, room.
    pub detail: String,
    /// Six digits, or empty.
    pub postcode: String,
}

/// A delivery choice as entered.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeliveryInput {
    /// `pick_up` or `mail`.
    pub kind: String,
    /// By mail: who receives it.
    pub recipient: String,
    /// By mail: where the courier calls.
    pub phone: String,
    /// By mail: where it goes.
    pub address: Option<AddressInput>,
}

/// Everybody of a case as entered.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PartiesInput {
    /// Who applies.
    pub applicant: ApplicantInput,
    /// Who acts for the applicant, if anyone does.
    pub agent: Option<AgentInput>,
    /// Whom to call.
    pub contact: ContactInput,
    /// How the result travels.
    pub delivery: DeliveryInput,
}

impl ApplicantInput {
    pub(super) fn check(&self, at: &str, checks: &mut Checks) -> Option<Applicant> {
        match self.kind.trim() {
            "person" => self.check_person(at, checks),
            "organisation" => self.check_organisation(at, checks),
            "" => {
                checks.refuse(at, "kind", Fault::Missing);
                None
            }
            _ => {
                let known = "person, organisation";
                checks.refuse(at, "kind", Fault::UnknownChoice { known });
                None
            }
        }
    }

    fn check_person(&self, at: &str, checks: &mut Checks) -> Option<Applicant> {
        checks.empty(at, "credit_code", &self.credit_code);
        checks.empty(at, "representative", &self.representative);
        let name = checks.text(at, "name", &self.name, NAME_CHARS_MAX);
        let id = checks.document(at, &self.id_kind, &self.id_number);
        let in_number = id.as_ref().and_then(|id| id.birth_date());
        let born = match (in_number, &id) {
            (Some(in_number), _) => {
                let entered = checks.optional_day(at, "birth_date", &self.birth_date);
                if entered.is_some_and(|entered| entered != in_number) {
                    checks.refuse(at, "birth_date", Fault::BirthDateDiffers);
                }
                Some(in_number)
            }
            (None, Some(_)) => checks.past_day(at, "birth_date", &self.birth_date),
            // Whether it is needed is known only with the document.
            (None, None) => checks.optional_day(at, "birth_date", &self.birth_date),
        };
        let address = self.check_address(at, checks);
        let born = born?;
        Some(Applicant::Person {
            name: name?,
            id: id?,
            born,
            address: address?,
            protection: Protection {
                child: is_child(born, checks.today),
                sensitive: self.sensitive,
            },
        })
    }

    fn check_organisation(&self, at: &str, checks: &mut Checks) -> Option<Applicant> {
        checks.empty(at, "id_kind", &self.id_kind);
        checks.empty(at, "id_number", &self.id_number);
        checks.empty(at, "birth_date", &self.birth_date);
        let name = checks.text(at, "name", &self.name, ORGANISATION_CHARS_MAX);
        let credit_code = checks.credit_code(at, "credit_code", &self.credit_code);
        let representative =
            checks.text(at, "representative", &self.representative, NAME_CHARS_MAX);
        let address = self.check_address(at, checks);
        Some(Applicant::Organisation {
            name: name?,
            credit_code: credit_code?,
            representative: representative?,
            address: address?,
            protection: Protection {
                child: false,
                sensitive: self.sensitive,
            },
        })
    }

    /// The address, none when none was entered; nothing when it was refused.
    fn check_address(&self, at: &str, checks: &mut Checks) -> Option<Option<super::Address>> {
        match &self.address {
            None => Some(None),
            Some(input) => checks.address(&format!("{at}.address"), input).map(Some),
        }
    }
}

impl AgentInput {
    pub(super) fn check(&self, at: &str, checks: &mut Checks) -> Option<Agent> {
        let name = checks.text(at, "name", &self.name, NAME_CHARS_MAX);
        let id = checks.document(at, &self.id_kind, &self.id_number);
        let phone = checks.phone(at, "phone", &self.phone);
        let reference = checks.text(at, "reference", &self.reference, REFERENCE_CHARS_MAX);
        let signed_on = checks.past_day(at, "signed_on", &self.signed_on);
        let valid_until = checks.optional_day(at, "valid_until", &self.valid_until);
        if let Some(last) = valid_until {
            if signed_on.is_some_and(|signed| last < signed) {
                checks.refuse(at, "valid_until", Fault::Backwards);
            } else if last < checks.today {
                checks.refuse(at, "valid_until", Fault::Expired);
            }
        }
        let powers = self.check_powers(at, checks);
        Some(Agent {
            name: name?,
            id: id?,
            phone: phone?,
            power_of_attorney: PowerOfAttorney {
                reference: reference?,
                signed_on: signed_on?,
                valid_until,
                powers,
            },
        })
    }

    fn check_powers(&self, at: &str, checks: &mut Checks) -> Vec<AgentPower> {
        let mut powers = Vec::new();
        for code in self.powers.iter().take(10) {
            match AgentPower::from_code(code.trim()) {
                Some(power) => powers.push(power),
                None => {
                    let known = "apply, withdraw, collect";
                    checks.refuse(at, "powers", Fault::UnknownChoice { known });
                }
            }
        }
        powers.sort();
        powers.dedup();
        if self.powers.is_empty() {
            checks.refuse(at, "powers", Fault::Missing);
        }
        powers
    }
}

impl ContactInput {
    pub(super) fn check(&self, at: &str, checks: &mut Checks) -> Option<Contact> {
        let name = checks.text(at, "name", &self.name, NAME_CHARS_MAX);
        let phone = checks.phone(at, "phone", &self.phone);
        Some(Contact {
            name: name?,
            phone: phone?,
        })
    }
}

impl DeliveryInput {
    pub(super) fn check(&self, at: &str, checks: &mut Checks) -> Option<DeliveryChoice> {
        match self.kind.trim() {
            "pick_up" => {
                checks.empty(at, "recipient", &self.recipient);
                checks.empty(at, "phone", &self.phone);
                if self.address.is_some() {
                    checks.refuse(at, "address", Fault::NotExpected);
                }
                Some(DeliveryChoice::PickUp)
            }
            "mail" => {
                let recipient = checks.text(at, "recipient", &self.recipient, NAME_CHARS_MAX);
                let phone = checks.phone(at, "phone", &self.phone);
                let address = match &self.address {
                    Some(input) => checks.address(&format!("{at}.address"), input),
                    None => {
                        checks.refuse(at, "address", Fault::Missing);
                        None
                    }
                };
                Some(DeliveryChoice::Mail {
                    recipient: recipient?,
                    phone: phone?,
                    address: address?,
                })
            }
            "" => {
                checks.refuse(at, "kind", Fault::Missing);
                None
            }
            _ => {
                let known = "pick_up, mail";
                checks.refuse(at, "kind", Fault::UnknownChoice { known });
                None
            }
        }
    }
}

impl PartiesInput {
    pub(super) fn check(&self, checks: &mut Checks) -> Option<Parties> {
        let applicant = self.applicant.check("applicant", checks);
        let agent = self
            .agent
            .as_ref()
            .map(|agent| agent.check("agent", checks));
        let contact = self.contact.check("contact", checks);
        let delivery = self.delivery.check("delivery", checks);
        Some(Parties {
            applicant: applicant?,
            agent: match agent {
                Some(agent) => Some(agent?),
                None => None,
            },
            contact: contact?,
            delivery: delivery?,
        })
    }
}
