//! Which way up a page is: a vote of its longest lines. One line alone is a poor witness (a line of symbols reads
//! well both ways), twelve are a good one.

use image::RgbImage;

use super::crop::Cutter;
use super::geometry::Quad;
use super::net::Net;
use super::{TALL, is_tall};
use crate::domain::text::PageTurn;
use crate::ocr::OcrError;

/// Lines that vote.
const VOTERS: usize = 12;
/// Input of the orientation model.
const HEIGHT: usize = 48;
const WIDTH: usize = 192;

/// The turn that makes the page of these boxes upright.
pub fn page_turn(
    net: &mut dyn Net,
    cutter: &mut Cutter,
    page: &RgbImage,
    quads: &[Quad],
) -> Result<PageTurn, OcrError> {
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
        balance += 0.5 - probability_of_half_turn(net, cutter, page, voter)?;
    }
    Ok(match (sideways, balance < 0.0) {
        (false, false) => PageTurn::None,
        (false, true) => PageTurn::Half,
        (true, false) => PageTurn::ThreeQuarters,
        (true, true) => PageTurn::Quarter,
    })
}

fn area(quad: &Quad) -> f32 {
    quad.width() * quad.height()
}

fn probability_of_half_turn(
    net: &mut dyn Net,
    cutter: &mut Cutter,
    page: &RgbImage,
    quad: &Quad,
) -> Result<f32, OcrError> {
    let filled = (quad.width() / quad.height() * HEIGHT as f32).ceil() as usize;
    let strip = cutter.cut(page, quad, HEIGHT, filled.min(WIDTH), WIDTH)?;
    let mut probability = None;
    net.run(&strip.data, HEIGHT, WIDTH, &mut |_, output| {
        probability = output.get(1).copied();
        Ok(())
    })?;
    probability.ok_or_else(|| OcrError::Failed("the orientation model gave no answer".to_owned()))
}
