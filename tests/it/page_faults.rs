//! What quality control says of a page's shape: skew to a tenth of a degree, a cut edge, a missing corner, a back that
//! shines through, a page photographed aslant and set straight again. Good pages raise none of them.

use std::path::Path;

use counterfoil::domain::FindingCode;
use counterfoil::imaging::perspective::{self, Outline, rectified};
use counterfoil::imaging::rotate::turn_onto_white;
use counterfoil::imaging::{self, Copies, Quality, QualityLimits, judge};
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use imageproc::geometric_transformations::{Border, Interpolation, Projection, warp_into};

use crate::support::Random;

const SHAPE: [FindingCode; 4] = [
    FindingCode::ClippedEdge,
    FindingCode::BleedThrough,
    FindingCode::MissingCorner,
    FindingCode::Perspective,
];

/// Every upright scan of one page with something on it; tables, certificates and landscape pages among them.
const PAGES: [&str; 10] = [
    "acceptance-receipt.jpg",
    "bilingual-letter.jpg",
    "business-licence.jpg",
    "food-permit.jpg",
    "identity-card.jpg",
    "material-list.jpg",
    "official-letter.jpg",
    "permit-application.jpg",
    "power-of-attorney.png",
    "qualification.jpg",
];

fn page(name: &str) -> RgbImage {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/scans")
        .join(name);
    image::open(path).unwrap().into_rgb8()
}

fn measure(page: &RgbImage, dpi: Option<f32>) -> Quality {
    imaging::measure(&Copies::new(page), dpi)
}

fn outline(page: &RgbImage) -> Option<Outline> {
    perspective::outline(&Copies::new(page))
}

fn faults(page: &RgbImage) -> Vec<FindingCode> {
    let quality = measure(page, Some(200.0));
    let found = judge(&quality, &QualityLimits::default(), 1);
    let codes = found.into_iter().map(|finding| finding.code);
    codes.filter(|code| SHAPE.contains(code)).collect()
}

#[test]
fn skew_is_measured_to_a_tenth_of_a_degree() {
    let seed = 20_261_123;
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut errors = Vec::new();
    for name in PAGES {
        let page = page(name);
        let own = measure(&page, None).skew.unwrap();
        for _ in 0..2 {
            let wanted = random.below(20_000) as f32 / 1000.0 - 10.0;
            let turned = turn_onto_white(&page, wanted - own);
            let found = measure(&turned, None).skew.unwrap();
            println!("{name}: {wanted:.3} measured as {found:.3}");
            errors.push((found - wanted).abs());
        }
    }
    errors.sort_by(f32::total_cmp);
    let median = errors[errors.len() / 2];
    assert!(median < 0.03, "median {median}");
    assert!(errors.iter().all(|error| *error < 0.1), "{errors:?}");
}

#[test]
fn good_pages_have_no_fault_of_shape() {
    for name in PAGES.into_iter().chain(["blank-reverse.jpg"]) {
        assert_eq!(faults(&page(name)), vec![], "{name}");
        assert_eq!(outline(&page(name)), None, "{name}");
    }
}

#[test]
fn a_back_that_shines_through_faintly_leaves_the_page_blank() {
    let quality = measure(&page("blank-reverse.jpg"), Some(200.0));
    let found = judge(&quality, &QualityLimits::default(), 1);
    let codes: Vec<FindingCode> = found.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [FindingCode::BlankPage]);
}

#[test]
fn text_that_runs_out_of_the_image_is_a_cut_edge() {
    let whole = page("material-list.jpg");
    let (width, height) = whole.dimensions();
    let cut = imageops::crop_imm(&whole, width / 8, 0, width * 7 / 8, height).to_image();
    assert_eq!(faults(&cut), [FindingCode::ClippedEdge]);
    // A scanner's shadow along the edge is not: it is one dark band.
    let mut shaded = whole;
    for (x, _, pixel) in shaded.enumerate_pixels_mut() {
        if x < 30 {
            *pixel = Rgb([70; 3]);
        }
    }
    assert_eq!(faults(&shaded), vec![]);
}

#[test]
fn a_dark_triangle_is_a_missing_corner_and_a_page_askew_on_black_is_not() {
    for name in ["permit-application.jpg", "business-licence.jpg"] {
        let mut torn = page(name);
        let leg = torn.width().min(torn.height()) / 12;
        for y in 0..leg {
            for x in 0..leg - y {
                torn.put_pixel(x, y, Rgb([25; 3]));
            }
        }
        assert_eq!(faults(&torn), [FindingCode::MissingCorner], "{name}");
    }
    let whole = page("permit-application.jpg");
    let askew = imageproc::geometric_transformations::rotate_about_center(
        &whole,
        0.04,
        Interpolation::Bilinear,
        Border::Constant(Rgb([20; 3])),
    );
    assert_eq!(faults(&askew), vec![]);
}

#[test]
fn a_back_that_shines_through_is_told() {
    let front = page("permit-application.jpg");
    let mut back = page("material-list.jpg");
    imageops::flip_horizontal_in_place(&mut back);
    let back = imageops::resize(&back, front.width(), front.height(), FilterType::Triangle);
    let back = imageops::fast_blur(&back, 1.5);
    let mut through = front;
    for (pixel, ghost) in through.pixels_mut().zip(back.pixels()) {
        for (value, ghost) in pixel.0.iter_mut().zip(ghost.0) {
            let kept = 1.0 - 0.32 * (1.0 - f32::from(ghost) / 245.0).clamp(0.0, 1.0);
            *value = (f32::from(*value) * kept) as u8;
        }
    }
    assert_eq!(faults(&through), [FindingCode::BleedThrough]);
}

/// The page as a camera held aslant sees it, on a desk.
fn photographed(page: &RgbImage, corners: [(f32, f32); 4]) -> RgbImage {
    let mut random = Random::new(7);
    let mut desk = RgbImage::from_fn(1300, 1700, |_, _| {
        Rgb([70 + random.below(30) as u8, 80, 75])
    });
    let (width, height) = (page.width() as f32, page.height() as f32);
    let from = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)];
    let projection = Projection::from_control_points(from, corners).unwrap();
    // The key of what lies outside the page: no page has a pixel of it.
    let outside = Rgb([1, 254, 3]);
    let mut seen = desk.clone();
    let border = Border::Constant(outside);
    warp_into(page, projection, Interpolation::Bilinear, border, &mut seen);
    for (to, from) in desk.pixels_mut().zip(seen.pixels()) {
        let far = from
            .0
            .iter()
            .zip(outside.0)
            .any(|(a, b)| a.abs_diff(b) > 90);
        if far {
            *to = *from;
        }
    }
    desk
}

#[test]
fn a_page_photographed_aslant_is_found_and_set_straight() {
    let flat = imageops::resize(
        &page("permit-application.jpg"),
        900,
        1270,
        FilterType::Triangle,
    );
    let corners = [
        (190.0, 130.0),
        (1120.0, 210.0),
        (1220.0, 1560.0),
        (90.0, 1480.0),
    ];
    let photograph = photographed(&flat, corners);
    assert!(faults(&photograph).contains(&FindingCode::Perspective));
    let found = outline(&photograph).unwrap();
    for (found, wanted) in found.corners.iter().zip(corners) {
        let off = (found[0] - wanted.0).hypot(found[1] - wanted.1);
        assert!(off < 8.0, "{found:?} for {wanted:?}");
    }
    let straight = rectified(&photograph, &found);
    assert_eq!(outline(&straight), None);
    let straight = imageops::resize(&straight, 900, 1270, FilterType::Triangle);
    let small = |page: &RgbImage| imageops::resize(page, 90, 127, FilterType::Triangle);
    let (one, two) = (small(&flat), small(&straight));
    let differences = one
        .as_raw()
        .iter()
        .zip(two.as_raw())
        .map(|(a, b)| u64::from(a.abs_diff(*b)));
    let mean = differences.sum::<u64>() as f32 / one.as_raw().len() as f32;
    assert!(mean < 6.0, "mean difference {mean}");
    // A photograph in which the page runs out of the image has no outline.
    let cropped = imageops::crop_imm(&photograph, 200, 0, 1100, 1700).to_image();
    assert_eq!(outline(&cropped), None);
}
