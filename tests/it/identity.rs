//! Numbers of people and organisations: vectors, and that no slip of one or two characters passes.

use counterfoil::domain::Date;
use counterfoil::domain::identity::{
    CitizenId, IdDocument, IdKind, IdentityFault, Phone, SocialCreditCode,
};

use crate::support::Random;

const CREDIT_ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

fn today() -> Date {
    "2026-11-23".parse().unwrap()
}

fn citizen(text: &str) -> Result<CitizenId, IdentityFault> {
    CitizenId::parse(text, today())
}

/// A valid number: the check digit is found by trying, so the test does not repeat the rule.
fn random_citizen(random: &mut Random) -> String {
    let year = 1900 + random.below(120);
    let (month, day) = (1 + random.below(12), 1 + random.below(28));
    let serial = random.below(1000);
    let body = format!("320582{year}{month:02}{day:02}{serial:03}");
    let valid: Vec<String> = "0123456789X"
        .chars()
        .map(|check| format!("{body}{check}"))
        .filter(|number| citizen(number).is_ok())
        .collect();
    assert_eq!(valid.len(), 1, "one check digit fits {body}");
    valid.into_iter().next().unwrap()
}

#[test]
fn art_12_1_citizen_numbers_are_checked() {
    let vector = citizen("11010519491231002X").unwrap();
    assert_eq!(vector.as_str(), "11010519491231002X");
    assert_eq!(vector.birth_date().unwrap().to_string(), "1949-12-31");
    assert_eq!(citizen(" 11010519491231002x ").unwrap(), vector);
    for (text, fault) in [
        ("", IdentityFault::CitizenIdLength),
        ("110105491231002", IdentityFault::CitizenIdLength),
        ("110105194912310021X", IdentityFault::CitizenIdLength),
        ("11010519491231002Y", IdentityFault::CitizenIdCharacter),
        ("1101051949123100X2", IdentityFault::CitizenIdCharacter),
        (
            "１１０１０５１９４９１２３１００２Ｘ",
            IdentityFault::CitizenIdCharacter,
        ),
        ("99010519491231002X", IdentityFault::CitizenIdRegion),
        ("11010519490231002X", IdentityFault::CitizenIdBirthDate),
        ("11010500001231002X", IdentityFault::CitizenIdBirthDate),
        ("110105194912310021", IdentityFault::CitizenIdCheckDigit),
    ] {
        assert_eq!(citizen(text), Err(fault), "{text}");
    }
}

#[test]
fn nobody_is_born_tomorrow() {
    let born: Date = "1949-12-31".parse().unwrap();
    let number = "11010519491231002X";
    assert_eq!(CitizenId::parse(number, born).unwrap().as_str(), number);
    let before = CitizenId::parse(number, born.previous());
    assert_eq!(before, Err(IdentityFault::CitizenIdNotBornYet));
    let document = IdDocument::parse(IdKind::CitizenId, number, born.previous());
    assert_eq!(document, Err(IdentityFault::CitizenIdNotBornYet));
}

/// Every change of one character into another of `alphabet` and every exchange of neighbours must be refused.
fn slips(number: &str, alphabet: &str, accepted: &dyn Fn(&str) -> bool) -> usize {
    assert!(accepted(number), "{number} is not valid");
    let letters: Vec<char> = number.chars().collect();
    let mut tried = 0;
    for place in 0..letters.len() {
        for other in alphabet.chars().filter(|other| *other != letters[place]) {
            let mut slip = letters.clone();
            slip[place] = other;
            let slip: String = slip.into_iter().collect();
            assert!(!accepted(&slip), "{slip} passed for {number}");
            tried += 1;
        }
        if place > 0 && letters[place] != letters[place - 1] {
            let mut slip = letters.clone();
            slip.swap(place - 1, place);
            let slip: String = slip.into_iter().collect();
            assert!(!accepted(&slip), "{slip} passed for {number}");
            tried += 1;
        }
    }
    tried
}

#[test]
fn every_slip_in_a_citizen_number_is_found() {
    let accepted = |text: &str| citizen(text).is_ok();
    let mut tried = slips("11010519491231002X", "0123456789X", &accepted);
    for seed in 0..200 {
        let number = random_citizen(&mut Random::new(seed));
        println!("seed {seed}: {number}");
        tried += slips(&number, "0123456789X", &accepted);
    }
    assert!(tried > 30_000, "{tried}");
}

#[test]
fn art_12_1_credit_codes_are_checked() {
    let code = SocialCreditCode::parse("91350100M000100Y43").unwrap();
    assert_eq!(SocialCreditCode::parse("91350100m000100y43 "), Ok(code));
    for (text, fault) in [
        ("91350100M000100Y4", IdentityFault::CreditCodeLength),
        ("91350100I000100Y43", IdentityFault::CreditCodeCharacter),
        ("9135A100M000100Y43", IdentityFault::CreditCodeCharacter),
        ("91350100M000100Y4码", IdentityFault::CreditCodeCharacter),
        ("91350100M000100Y44", IdentityFault::CreditCodeCheckDigit),
    ] {
        assert_eq!(SocialCreditCode::parse(text), Err(fault), "{text}");
    }
}

#[test]
fn every_slip_in_a_credit_code_is_found() {
    let accepted = |text: &str| SocialCreditCode::parse(text).is_ok();
    let mut tried = slips("91350100M000100Y43", CREDIT_ALPHABET, &accepted);
    let letters: Vec<char> = CREDIT_ALPHABET.chars().collect();
    for seed in 0..100 {
        let mut random = Random::new(seed);
        let mut body = format!("9{}{:06}", 1 + random.below(3), random.below(1_000_000));
        for _ in 0..9 {
            body.push(letters[random.below(31) as usize]);
        }
        let valid: Vec<String> = letters
            .iter()
            .map(|check| format!("{body}{check}"))
            .filter(|code| accepted(code))
            .collect();
        assert_eq!(
            valid.len(),
            1,
            "seed {seed}: one check character fits {body}"
        );
        println!("seed {seed}: {}", valid[0]);
        tried += slips(&valid[0], CREDIT_ALPHABET, &accepted);
    }
    assert!(tried > 50_000, "{tried}");
}

#[test]
fn other_documents_have_their_patterns() {
    use IdKind::*;
    let read = |kind, text: &str| IdDocument::parse(kind, text, today());
    for (kind, text) in [
        (CitizenId, "11010519491231002x"),
        (Passport, "E12345678"),
        (Passport, "ea1234567"),
        (HkMacauPermit, "H12345678"),
        (HkMacauPermit, "M1234567801"),
        (TaiwanPermit, "12345678"),
        (TaiwanPermit, "0123456789"),
        (PermanentResidence, "CAN110012345678"),
        (PermanentResidence, "911124198108030024"),
    ] {
        let document = read(kind, text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        assert_eq!(document.kind(), kind);
        assert_eq!(document.number(), text.to_uppercase());
        let json = serde_json::to_string(&document).unwrap();
        assert_eq!(serde_json::from_str::<IdDocument>(&json).unwrap(), document);
        assert_eq!(IdKind::from_code(kind.code()), Some(kind));
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.code());
    }
    for (kind, text) in [
        (Passport, "E12"),
        (Passport, "ABCDEFGH"),
        (Passport, "E1234-678"),
        (HkMacauPermit, "T12345678"),
        (HkMacauPermit, "H123456789"),
        (HkMacauPermit, "12345678"),
        (TaiwanPermit, "123456789"),
        (TaiwanPermit, ""),
        (PermanentResidence, "CAN11001234567"),
        (PermanentResidence, "811124198108030024"),
        (PermanentResidence, "911124198113030024"),
        (PermanentResidence, "911124198108030025"),
        (PermanentResidence, "９１１１２４１９８１０８０３００２４"),
        (ResidencePermit, "11010519491231002X"),
    ] {
        assert!(read(kind, text).is_err(), "{kind:?} {text}");
    }
    let born = |kind, text: &str| read(kind, text).unwrap().birth_date();
    assert_eq!(
        born(PermanentResidence, "911124198108030024"),
        "1981-08-03".parse().ok()
    );
    assert_eq!(born(Passport, "E12345678"), None);
    let accepted = |text: &str| read(PermanentResidence, text).is_ok();
    slips("911124198108030024", "0123456789X", &accepted);
}

#[test]
fn a_residence_permit_is_of_hong_kong_macau_or_taiwan() {
    for region in ["810000", "820000", "830000"] {
        let body = format!("{region}19900101123");
        let fitting = "0123456789X"
            .chars()
            .map(|check| format!("{body}{check}"))
            .find(|number| IdDocument::parse(IdKind::ResidencePermit, number, today()).is_ok());
        assert!(fitting.is_some(), "{region}");
    }
}

#[test]
fn phones_take_one_form() {
    for (text, form) in [
        ("13812341234", "13812341234"),
        ("+86 138 1234 1234", "13812341234"),
        ("138-1234-1234", "13812341234"),
        ("0512-56781234", "0512-56781234"),
        ("051256781234", "0512-56781234"),
        ("010 65001234", "010-65001234"),
        ("021-65001234-801", "021-65001234-801"),
        ("0312-5678123", "0312-5678123"),
    ] {
        assert_eq!(Phone::parse(text).unwrap().as_str(), form, "{text}");
    }
    for text in [
        "",
        "12812341234",
        "1381234123",
        "138123412345",
        "56781234",
        "0512-16781234",
        "0012-56781234",
        "010-6500123",
        "0512-56781234-1234567",
        "0512-5678-12-34",
        "１３８１２３４１２３４",
        "138 1234 123a",
        "+1 212 555 0100",
    ] {
        assert_eq!(
            Phone::parse(text),
            Err(IdentityFault::PhonePattern),
            "{text}"
        );
    }
}

#[test]
fn screens_and_logs_show_no_number() {
    let id = citizen("11010519491231002X").unwrap();
    assert_eq!(id.masked(), "110***********002X");
    let code = SocialCreditCode::parse("91350100M000100Y43").unwrap();
    assert_eq!(code.masked(), "913***********0Y43");
    let phone = Phone::parse("13812341234").unwrap();
    assert_eq!(phone.masked(), "138****1234");
    let line = Phone::parse("0512-56781234-801").unwrap();
    assert_eq!(line.masked(), "0512-****1234");
    let passport = IdDocument::parse(IdKind::Passport, "E12345678", today()).unwrap();
    assert_eq!(passport.masked(), "E******78");
    let debug = format!("{id:?} {code:?} {phone:?} {line:?} {passport:?}");
    assert!(!debug.contains(|c: char| c.is_ascii_digit()), "{debug}");
    for fault in IdentityFault::ALL {
        assert!(!fault.zh().is_empty() && !fault.en().is_empty());
        let word = |c: char| c.is_ascii_lowercase() || c == '-';
        assert!(fault.code().chars().all(word), "{}", fault.code());
    }
    // What was stored is checked again when it is read.
    assert!(serde_json::from_str::<Phone>("\"12\"").is_err());
    assert!(serde_json::from_str::<CitizenId>("\"110105194912310021\"").is_err());
}
