//! Which way up a page is: a vote of its longest lines. One line alone is a poor witness (a line of symbols reads
//! well both ways), twelve are a good one.

use image::RgbImage;
use ort::session::Session;

use super::crop::cut;
use super::geometry::{Quad, Turn};
use super::model::run;
use super::{TALL, is_tall};
use crate::ocr::OcrError;

/// Lines that vote.
const VOTERS: usize = 12;
/// Input of the orientation model.
const HEIGHT: usize = 48;
const WIDTH: usize = 192;

/// The turn that makes the page of these boxes upright.
pub fn page_turn(session: &mut Session, page: &RgbImage, quads: &[Quad]) -> Result<Turn, OcrError> {
    let tall_area: f32 = quads.iter().filter(|quad| is_tall(quad)).map(area).sum();
    let all_area: f32 = quads.iter().map(area).sum();
    let sideways = tall_area * 2.0 > all_area;
    let mut voters: Vec<Quad> = quads
        .iter()
        .filter(|quad| is_tall(quad) == sideways)
        .map(|quad| {
            if sideways {
                quad.read_downwards()
            } else {
                *quad
            }
        })
        .filter(|quad| quad.width() >= quad.height() * TALL)
        .collect();
    voters.sort_by(|a, b| b.width().total_cmp(&a.width()));
    voters.truncate(VOTERS);
    let mut balance = 0.0;
    for voter in &voters {
        balance += 0.5 - probability_of_half_turn(session, page, voter)?;
    }
    Ok(match (sideways, balance < 0.0) {
        (false, false) => Turn::None,
        (false, true) => Turn::Half,
        (true, false) => Turn::CounterClockwise,
        (true, true) => Turn::Clockwise,
    })
}

fn area(quad: &Quad) -> f32 {
    quad.width() * quad.height()
}

fn probability_of_half_turn(
    session: &mut Session,
    page: &RgbImage,
    quad: &Quad,
) -> Result<f32, OcrError> {
    let filled = (quad.width() / quad.height() * HEIGHT as f32).ceil() as usize;
    let strip = cut(page, quad, HEIGHT, filled.min(WIDTH), WIDTH);
    let (_, output) = run(session, &strip.data, HEIGHT, WIDTH)?;
    output
        .get(1)
        .copied()
        .ok_or_else(|| OcrError::Failed("the orientation model gave no answer".to_owned()))
}
