//! Plans for what need not stand exactly as asked: each place of the text allows several characters.

use tantivy::query::{Query as Plan, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{TantivyError, Term};

use super::alike::alike;
use super::compile::{Compiler, cover, gram_term};
use super::phrase::{SetPhrase, Slot};
use super::sound::characters;
use super::ways::Form;

/// The most characters that are looked for as the sound of one syllable; of more, the most frequent ones. Chinese in
/// use has fewer for every syllable.
const SOUND_CHARS_MAX: usize = 160;

/// Characters that fit at a place, and whether a runner-up counts there.
struct Sets {
    places: Vec<Vec<char>>,
    near: bool,
}

impl Compiler<'_> {
    /// The plan for one way; none when no page can have it.
    pub fn form(&mut self, form: &Form) -> tantivy::Result<Option<Box<dyn Plan>>> {
        match form {
            Form::Read(pattern) => self.pattern(pattern),
            Form::Near(chars) => self.sets(&Sets {
                places: chars.iter().map(|c| vec![*c]).collect(),
                near: true,
            }),
            Form::Alike(chars) => self.sets(&Sets {
                places: chars.iter().map(|c| alike(*c)).collect(),
                near: true,
            }),
            Form::Sounds(syllables) => {
                let mut places = Vec::with_capacity(syllables.len());
                for syllable in syllables {
                    places.push(self.sounding(syllable)?);
                }
                self.sets(&Sets {
                    places,
                    near: false,
                })
            }
            Form::Initials(letters) => {
                let term = Term::from_field_text(self.fields.names, letters);
                let any = self.frequency(&term)? > 0;
                Ok(any.then(|| -> Box<dyn Plan> {
                    Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
                }))
            }
        }
    }

    /// The characters with a reading that stand on some page.
    fn sounding(&mut self, syllable: &str) -> tantivy::Result<Vec<char>> {
        let mut found = Vec::new();
        for c in characters(syllable) {
            let frequency = self.frequency(&gram_term(self.fields.text, &[*c]))?;
            if frequency > 0 {
                found.push((frequency, *c));
            }
        }
        found.sort_unstable_by(|left, right| right.cmp(left));
        found.truncate(SOUND_CHARS_MAX);
        Ok(found.into_iter().map(|(_, c)| c).collect())
    }

    fn sets(&mut self, sets: &Sets) -> tantivy::Result<Option<Box<dyn Plan>>> {
        let mut slots = Vec::with_capacity(sets.places.len());
        let mut frequencies = Vec::with_capacity(sets.places.len());
        for (offset, places) in sets
            .places
            .windows(sets.places.len().clamp(1, 2))
            .enumerate()
        {
            let offset = u32::try_from(offset)
                .map_err(|_| TantivyError::InvalidArgument("the query is too long".to_owned()))?;
            let mut slot = Slot {
                offset,
                terms: Vec::new(),
            };
            let mut sum: u64 = 0;
            for gram in combinations(places) {
                sum = sum.saturating_add(self.add_gram(&mut slot, &gram, sets.near)?);
            }
            if slot.terms.is_empty() {
                return Ok(None);
            }
            slots.push(slot);
            frequencies.push(sum);
        }
        let cover = cover(&frequencies);
        let chosen = slots.into_iter().enumerate();
        let slots = chosen.filter(|(index, _)| cover.contains(index));
        let phrase = SetPhrase {
            slots: slots.map(|(_, slot)| slot).collect(),
            text: self.fields.text,
            frequency: frequencies.iter().copied().min().unwrap_or(0),
        };
        Ok((!phrase.slots.is_empty()).then(|| -> Box<dyn Plan> { Box::new(phrase) }))
    }

    /// Adds a gram to a slot where some page has it, and returns how many.
    fn add_gram(&mut self, slot: &mut Slot, gram: &[char], near: bool) -> tantivy::Result<u64> {
        let fields = [Some(self.fields.text), near.then_some(self.fields.near)];
        let mut sum: u64 = 0;
        for field in fields.into_iter().flatten() {
            let term = gram_term(field, gram);
            let frequency = self.frequency(&term)?;
            if frequency > 0 {
                slot.terms.push(term);
                sum = sum.saturating_add(frequency);
            }
        }
        Ok(sum)
    }
}

/// The grams that can stand where one or two places allow these characters.
fn combinations(places: &[Vec<char>]) -> Vec<Vec<char>> {
    match places {
        [first, second] => first
            .iter()
            .flat_map(|left| second.iter().map(move |right| vec![*left, *right]))
            .collect(),
        [only] => only.iter().map(|c| vec![*c]).collect(),
        _ => Vec::new(),
    }
}
