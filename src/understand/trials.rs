//! Random numbers, misread at random: what is called verified is never wrong.

use super::stream::tests::{line, page};
use super::{fields, repair};
use crate::domain::Date;
use crate::domain::meaning::{FieldKind, Standing};

const TRIALS: usize = 100_000;
const LETTERS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let value = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ value >> 31
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn share(&mut self) -> f32 {
        (self.next() % 10_000) as f32 / 10_000.0
    }
}

fn identity(chance: &mut Chance) -> String {
    let mut body = format!(
        "369901{}{:02}{:02}{:03}",
        1940 + chance.below(80),
        1 + chance.below(12),
        1 + chance.below(28),
        1 + chance.below(999)
    );
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digits = body.bytes().map(|byte| usize::from(byte - b'0'));
    let sum: usize = digits
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum();
    body.push(b"10X98765432"[sum % 11] as char);
    body
}

fn credit(chance: &mut Chance) -> String {
    let value = |c: u8| match c {
        b'0'..=b'9' => usize::from(c - b'0'),
        _ => usize::from(c - b'A') + 10,
    };
    let mut organisation: String = "MA".into();
    for _ in 0..6 {
        organisation.push(LETTERS[chance.below(31)] as char);
    }
    let weights = [3, 7, 9, 10, 5, 8, 4, 2];
    let sum: usize = organisation
        .bytes()
        .zip(weights)
        .map(|(c, weight)| value(c) * weight)
        .sum();
    organisation.push(b"0123456789X0"[11 - sum % 11] as char);
    let mut body = format!("91369901{organisation}");
    let (mut total, mut weight) = (0, 1);
    for c in body.bytes() {
        total += LETTERS.iter().position(|letter| *letter == c).unwrap() * weight;
        weight = weight * 3 % 31;
    }
    body.push(LETTERS[(31 - total % 31) % 31] as char);
    body
}

/// One or two characters misread. A single one may be as sure as any; of two no one is surer than recognisers are of a
/// wrong character. Half of them keep the right character as a runner-up.
fn misread(chance: &mut Chance, number: &str, kind: FieldKind) -> crate::domain::text::OcrPage {
    let mut read = page(vec![line(number, 100, 100)]);
    let count = 1 + chance.below(2);
    for _ in 0..count {
        let at = chance.below(18);
        let other = match kind {
            FieldKind::IdentityNumber => b"0123456789"[chance.below(10)],
            _ => b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[chance.below(36)],
        } as char;
        let keeps = chance.below(2) == 0;
        let noise = b"0123456789"[chance.below(10)] as char;
        let char = &mut read.lines[0].chars[at];
        let p = if count == 1 {
            0.3 + 0.7 * chance.share()
        } else {
            0.3 + 0.64 * chance.share()
        };
        let right = char.c;
        if right == other {
            continue;
        }
        char.c = other;
        char.p = p;
        char.others = match keeps {
            true => vec![(right, (1.0 - p) * 0.9), (noise, (1.0 - p) * 0.1)],
            false => vec![(noise, (1.0 - p) * 0.5)],
        };
    }
    read
}

#[test]
fn nothing_verified_is_wrong() {
    let seed = std::env::var("COUNTERFOIL_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| u64::from(std::process::id()) << 20 | 0x5eed);
    println!("COUNTERFOIL_SEED={seed}");
    let mut chance = Chance(seed);
    let day: Date = "2026-11-30".parse().unwrap();
    let (mut right, mut repaired_wrong, mut verified) = (0, 0, 0);
    for trial in 0..TRIALS {
        let kind = [FieldKind::IdentityNumber, FieldKind::CreditCode][trial % 2];
        let number = match kind {
            FieldKind::IdentityNumber => identity(&mut chance),
            _ => credit(&mut chance),
        };
        let mut read = misread(&mut chance, &number, kind);
        repair(&mut read, day);
        for field in fields(&read, day)
            .iter()
            .filter(|field| field.field == kind)
        {
            verified += usize::from(field.standing == Standing::Verified);
            if field.value == number {
                right += 1;
            } else {
                repaired_wrong += usize::from(field.repaired);
                assert_ne!(
                    field.standing,
                    Standing::Verified,
                    "seed {seed}, trial {trial}"
                );
            }
        }
    }
    println!(
        "{TRIALS} misread numbers: {right} told right, {verified} of them verified, {repaired_wrong} repaired to another number"
    );
    assert!(
        right > TRIALS / 3 && repaired_wrong * 10 < right,
        "seed {seed}: {right} {repaired_wrong}"
    );
}

#[test]
fn what_is_read_right_is_verified() {
    let mut chance = Chance(7);
    let day: Date = "2026-11-30".parse().unwrap();
    for trial in 0..500 {
        let number = if trial % 2 == 0 {
            identity(&mut chance)
        } else {
            credit(&mut chance)
        };
        let read = page(vec![line(&number, 100, 100)]);
        let found = fields(&read, day);
        let field = found.iter().find(|field| field.value == number).unwrap();
        assert_eq!(field.standing, Standing::Verified, "trial {trial}");
    }
}
