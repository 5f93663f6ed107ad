//! Reading one line: the recognition model and the decoding of its output (Graves et al. 2006, connectionist
//! temporal classification) into characters with positions, confidences and runner-ups.

use image::RgbImage;

use super::crop::Cutter;
use super::geometry::Quad;
use super::model::metadata;
use super::net::Net;
use crate::ocr::OcrError;

/// Height of the model's input.
const HEIGHT: usize = 48;
/// Input widths are multiples of this: one time step of the model.
const STEP: usize = 8;
/// Narrowest and widest input.
const MIN_WIDTH: usize = 64;
const MAX_WIDTH: usize = 3200;
/// Runner-ups below this confidence are not kept.
const MIN_OTHER: f32 = 0.01;
/// Runner-ups kept of one character.
const MAX_OTHERS: usize = 3;

/// One decoded character.
#[derive(Debug, Clone, PartialEq)]
pub struct Sign {
    /// The character.
    pub c: char,
    /// Its confidence.
    pub p: f32,
    /// Runner-ups, best first.
    pub others: Vec<(char, f32)>,
    /// Middle of the character, 0 to 1 of the line's length.
    pub middle: f32,
}

/// Reads lines: the model, the characters it can answer with, and what cuts a line out.
pub struct Reader {
    net: Box<dyn Net>,
    /// Index 0 is the blank that separates characters.
    signs: Vec<char>,
    cutter: Cutter,
}

impl Reader {
    /// A reader with the dictionary in the model's metadata.
    pub fn new(net: Box<dyn Net>, model: &[u8]) -> Result<Self, OcrError> {
        let list = metadata(model, "character").ok_or_else(|| {
            OcrError::Failed("the recognition model has no dictionary".to_owned())
        })?;
        Ok(Self {
            net,
            signs: dictionary(list),
            cutter: Cutter::default(),
        })
    }

    /// Reads the line in `quad`.
    pub fn read(&mut self, page: &RgbImage, quad: &Quad) -> Result<Vec<Sign>, OcrError> {
        let (filled, width) = fitted(quad.width() / quad.height().max(1.0));
        let strip = self.cutter.cut(page, quad, HEIGHT, filled, width)?;
        let signs = &self.signs;
        let mut found = Vec::new();
        self.net
            .run(&strip.data, HEIGHT, strip.width, &mut |shape, output| {
                let classes = shape.last().copied().unwrap_or(0);
                if classes != signs.len() {
                    return Err(OcrError::Failed(format!(
                        "the recognition model answers with {classes} classes, its dictionary has {}",
                        signs.len()
                    )));
                }
                let steps = output.len() / classes;
                let length = strip.filled as f32 / strip.width as f32 * steps as f32;
                found = decode(output, signs, length);
                Ok(())
            })?;
        Ok(found)
    }
}

/// One character a line; a blank before and a space after are the convention of PaddleOCR.
fn dictionary(list: &str) -> Vec<char> {
    let mut signs = vec!['\0'];
    signs.extend(list.lines().map(|line| line.chars().next().unwrap_or(' ')));
    signs.push(' ');
    signs
}

/// How many columns a line of this length to height fills, and how many the model is given. Widths come from a short
/// list, because a run time prepares itself for each anew; a line is stretched or squeezed to the nearest one, by a
/// sixteenth at most.
fn fitted(ratio: f32) -> (usize, usize) {
    let natural = ratio * HEIGHT as f32;
    if natural < MIN_WIDTH as f32 {
        return (natural.ceil().max(1.0) as usize, MIN_WIDTH);
    }
    let mut width = MIN_WIDTH;
    while width < MAX_WIDTH {
        let next = ((width + width / 8) / STEP * STEP).max(width + STEP);
        if natural * natural < (width * next) as f32 {
            break;
        }
        width = next.min(MAX_WIDTH);
    }
    (width, width)
}

/// Takes the best class of each time step, joins repeats, drops blanks. `length` is the line's length in time steps.
fn decode(output: &[f32], signs: &[char], length: f32) -> Vec<Sign> {
    let mut found: Vec<Sign> = Vec::new();
    let mut run: Option<Run> = None;
    for (step, row) in output.chunks_exact(signs.len()).enumerate() {
        let (class, p) = best(row);
        if let Some(current) = run.as_mut().filter(|current| current.class == class) {
            current.add(step, p);
            continue;
        }
        if let Some(done) = run.take() {
            done.finish(output, signs, length, &mut found);
        }
        if class != 0 {
            run = Some(Run::new(class, step, p));
        }
    }
    if let Some(done) = run {
        done.finish(output, signs, length, &mut found);
    }
    found
}

/// The best class of a time step. A row sums to one, so a blank of a half or more need not be held against thousands
/// of others.
fn best(row: &[f32]) -> (usize, f32) {
    let mut found = (0, f32::NEG_INFINITY);
    for (class, p) in row.iter().enumerate() {
        if *p > found.1 {
            found = (class, *p);
            if found.1 >= 0.5 {
                break;
            }
        }
    }
    found
}

/// Time steps in a row with the same best class.
struct Run {
    class: usize,
    peak: usize,
    p: f32,
    weight: f32,
    moment: f32,
}

impl Run {
    fn new(class: usize, step: usize, p: f32) -> Self {
        Self {
            class,
            peak: step,
            p,
            weight: p,
            moment: p * (step as f32 + 0.5),
        }
    }

    fn add(&mut self, step: usize, p: f32) {
        if p > self.p {
            self.p = p;
            self.peak = step;
        }
        self.weight += p;
        self.moment += p * (step as f32 + 0.5);
    }

    fn finish(self, output: &[f32], signs: &[char], length: f32, found: &mut Vec<Sign>) {
        let classes = signs.len();
        let row = output
            .get(self.peak * classes..(self.peak + 1) * classes)
            .unwrap_or(&[]);
        let mut others: Vec<(char, f32)> = Vec::new();
        for (class, p) in row.iter().enumerate().skip(1) {
            if *p >= MIN_OTHER && class != self.class {
                others.push((signs[class], *p));
            }
        }
        others.sort_by(|a, b| b.1.total_cmp(&a.1));
        others.truncate(MAX_OTHERS);
        found.push(Sign {
            c: signs[self.class],
            p: self.p.clamp(0.0, 1.0),
            others,
            middle: (self.moment / self.weight.max(f32::EPSILON) / length.max(1.0)).clamp(0.0, 1.0),
        });
    }
}

/// Mean confidence of a reading, 0 for none.
pub fn mean_confidence(signs: &[Sign]) -> f32 {
    if signs.is_empty() {
        return 0.0;
    }
    signs.iter().map(|sign| sign.p).sum::<f32>() / signs.len() as f32
}

/// Where each character begins and ends, 0 to 1 of the line's length: midpoints between neighbours, but no further
/// from the middle than `reach`, because beside a wide gap a midpoint is no edge.
pub fn extents(signs: &[Sign], reach: f32) -> Vec<(f32, f32)> {
    let mut found = Vec::with_capacity(signs.len());
    for (index, sign) in signs.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| signs.get(index));
        let left = before.map_or(0.0, |other| (other.middle + sign.middle) / 2.0);
        let right = signs
            .get(index + 1)
            .map_or(1.0, |other| (other.middle + sign.middle) / 2.0);
        found.push((
            left.max(sign.middle - reach),
            right.min(sign.middle + reach),
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dictionary_has_a_blank_first_and_a_space_last() {
        assert_eq!(dictionary("存\n根\n"), ['\0', '存', '根', ' ']);
    }

    #[test]
    fn lines_are_fitted_to_few_widths_by_little() {
        let mut widths = std::collections::BTreeSet::new();
        for natural in 64..=3400 {
            let (filled, width) = fitted(natural as f32 / 48.0);
            assert_eq!(filled, width);
            assert!(width % STEP == 0 && (MIN_WIDTH..=MAX_WIDTH).contains(&width));
            let stretch = width as f32 / natural as f32;
            assert!(
                natural > 3200 || (0.93..1.07).contains(&stretch),
                "{natural}"
            );
            widths.insert(width);
        }
        assert!(widths.len() <= 40, "{}", widths.len());
        assert_eq!(fitted(0.5), (24, 64));
    }

    #[test]
    fn decoding_joins_repeats_and_keeps_doubles_apart() {
        let signs = ['\0', '存', '根', ' '];
        let rows: [[f32; 4]; 6] = [
            [0.1, 0.6, 0.3, 0.0],
            [0.0, 0.8, 0.195, 0.005],
            [0.9, 0.1, 0.0, 0.0],
            [0.1, 0.9, 0.0, 0.0],
            [0.2, 0.0, 0.8, 0.0],
            [0.9, 0.0, 0.1, 0.0],
        ];
        let found = decode(&rows.concat(), &signs, 6.0);
        let text: String = found.iter().map(|sign| sign.c).collect();
        assert_eq!(text, "存存根");
        assert_eq!(found[0].p, 0.8);
        assert_eq!(found[0].others, [('根', 0.195)]);
        // (0.6·0.5 + 0.8·1.5) / 1.4 / 6
        assert!((found[0].middle - 0.1786).abs() < 1e-3);
        assert!((mean_confidence(&found) - 2.5 / 3.0).abs() < 1e-6);
    }

    #[test]
    fn extents_meet_halfway_but_do_not_reach_far() {
        let sign = |middle| Sign {
            c: '一',
            p: 1.0,
            others: Vec::new(),
            middle,
        };
        let found = extents(&[sign(0.1), sign(0.2), sign(0.8)], 0.1);
        assert!((found[0].0 - 0.0).abs() < 1e-6 && (found[0].1 - 0.15).abs() < 1e-6);
        assert!((found[1].1 - 0.3).abs() < 1e-6 && (found[2].0 - 0.7).abs() < 1e-6);
    }
}
