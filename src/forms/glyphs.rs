//! Characters that no font could show. An empty box in a name is an error, not a print.

use serde_json::Value;
use typst::layout::{Frame, FrameItem};
use typst_layout::PagedDocument;

use super::check::field_with;
use super::{FormError, MissingGlyph};

/// The most characters that are told.
const TOLD_MAX: usize = 20;

/// Fails when a character of the document has no glyph, and names the field of `data` it stands in.
pub(super) fn check(document: &PagedDocument, data: Option<&Value>) -> Result<(), FormError> {
    let mut characters = Vec::new();
    for page in document.pages() {
        collect(&page.frame, &mut characters);
    }
    if characters.is_empty() {
        return Ok(());
    }
    let form = data.and_then(|data| data.get("form"));
    let missing = characters.into_iter().map(|character| MissingGlyph {
        character,
        field: form.and_then(|form| field_with(form, character, "")),
    });
    Err(FormError::Glyph {
        missing: missing.collect(),
    })
}

fn collect(frame: &Frame, characters: &mut Vec<char>) {
    for (_, item) in frame.items() {
        match item {
            FrameItem::Group(group) => collect(&group.frame, characters),
            FrameItem::Text(text) => {
                let absent = text.glyphs.iter().filter(|glyph| glyph.id == 0);
                for character in absent.flat_map(|glyph| text.text[glyph.range()].chars()) {
                    if characters.len() < TOLD_MAX && !characters.contains(&character) {
                        characters.push(character);
                    }
                }
            }
            _ => {}
        }
    }
}
