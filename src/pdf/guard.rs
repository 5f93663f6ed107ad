//! Checks on one page before it is rendered: how large its images are, and what its streams expand to.

use std::collections::HashSet;

use hayro::hayro_syntax::object::{Dict, MaybeRef, Name, Object, Stream};
use hayro::hayro_syntax::page::Page;

use crate::domain::finding::{Finding, FindingCode};
use crate::imaging::Limits;
use crate::imaging::jpeg::JpegInfo;

/// Most objects looked at in the resources of one page.
const OBJECTS_MAX: usize = 10_000;

/// Refuses a page whose content streams together are larger than one stream may expand to, by their packed
/// size (each alone was checked when the file was opened).
pub fn check_content(page: &Page<'_>, limits: &Limits) -> Result<(), Finding> {
    let mut packed = 0u64;
    if let Some(array) = page.raw().get::<hayro::hayro_syntax::object::Array<'_>>("Contents") {
        for stream in array.iter::<Stream<'_>>().take(OBJECTS_MAX) {
            packed += stream.raw_data().len() as u64;
        }
    }
    if packed > limits.stream_bytes_max {
        return Err(Finding::file(FindingCode::TooMuchWork)
            .measured(packed as f64, limits.stream_bytes_max as f64));
    }
    Ok(())
}

/// Refuses a page with an image beyond the pixel limit, in its dictionary or in its own header.
pub fn check_images(page: &Page<'_>, limits: &Limits) -> Result<(), Finding> {
    let mut walk = Walk {
        limits,
        seen: HashSet::new(),
        left: OBJECTS_MAX,
    };
    let resources = page.resources();
    walk.dictionary(&resources.x_objects, 0)?;
    walk.dictionary(&resources.patterns, 0)?;
    walk.dictionary(&resources.fonts, 0)
}

struct Walk<'l> {
    limits: &'l Limits,
    seen: HashSet<(u32, i32)>,
    left: usize,
}

impl Walk<'_> {
    fn dictionary(&mut self, dictionary: &Dict<'_>, depth: u32) -> Result<(), Finding> {
        if depth > self.limits.nesting_max {
            return Err(Finding::file(FindingCode::TooDeep));
        }
        for (name, value) in dictionary.entries() {
            if self.left == 0 {
                return Ok(());
            }
            self.left -= 1;
            if let MaybeRef::Ref(reference) = &value
                && !self.seen.insert((reference.obj_number, reference.gen_number))
            {
                continue;
            }
            if matches!(name.as_ref(), b"Parent" | b"P") {
                continue;
            }
            match dictionary.get::<Object<'_>>(name) {
                Some(Object::Stream(stream)) => {
                    check_image(&stream, self.limits)?;
                    self.dictionary(stream.dict(), depth + 1)?;
                }
                Some(Object::Dict(inner)) => self.dictionary(&inner, depth + 1)?,
                _ => {}
            }
        }
        Ok(())
    }
}

fn check_image(stream: &Stream<'_>, limits: &Limits) -> Result<(), Finding> {
    let dict = stream.dict();
    let image = dict
        .get::<Name<'_>>("Subtype")
        .is_some_and(|name| name.as_ref() == b"Image");
    if !image {
        return Ok(());
    }
    let size = |key: &str| dict.get::<u32>(key).unwrap_or(0);
    let (width, height) = (size("Width"), size("Height"));
    if width > 0 && height > 0 {
        limits.check_pixels(width, height)?;
    }
    let data = stream.raw_data();
    if let Ok(info) = JpegInfo::parse(&data) {
        limits.check_pixels(info.width, info.height)?;
    }
    if let Some((width, height)) = jpeg2000_size(&data) {
        limits.check_pixels(width, height)?;
    }
    Ok(())
}

/// Width and height in the SIZ marker of a JPEG 2000 codestream, boxed or not (ITU-T T.800 A.5.1).
fn jpeg2000_size(data: &[u8]) -> Option<(u32, u32)> {
    let head = data.get(..data.len().min(4096))?;
    let at = head
        .windows(4)
        .position(|four| four == [0xFF, 0x4F, 0xFF, 0x51])?;
    let number = |offset: usize| {
        let four = head.get(at + 8 + offset..at + 12 + offset)?;
        Some(u32::from_be_bytes(four.try_into().ok()?))
    };
    let width = number(0)?.saturating_sub(number(8)?);
    let height = number(4)?.saturating_sub(number(12)?);
    (width > 0 && height > 0).then_some((width, height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_jpeg_2000_image_is_read() {
        let mut data = vec![0, 0, 0, 12, 0xFF, 0x4F, 0xFF, 0x51, 0, 41, 0, 0];
        for number in [1000u32, 2000, 100, 200] {
            data.extend_from_slice(&number.to_be_bytes());
        }
        assert_eq!(jpeg2000_size(&data), Some((900, 1800)));
        assert_eq!(jpeg2000_size(&data[..20]), None);
        assert_eq!(jpeg2000_size(b""), None);
    }
}
