//! Bookmarks: one flat list of titles, each with the page it shows (ISO 32000-1, 12.3.3). Destinations, never actions.

use std::io::Write;

use super::super::DeriveError;
use super::info::text_string;
use super::writer::{ObjectId, ObjectWriter};

/// Writes the list; none when there is nothing to list.
pub(super) fn write<W: Write>(
    writer: &mut ObjectWriter<'_, W>,
    marks: &[(&str, ObjectId)],
) -> Result<Option<ObjectId>, DeriveError> {
    let root = match marks {
        [] => return Ok(None),
        _ => writer.reserve(),
    };
    let items: Vec<ObjectId> = marks.iter().map(|_| writer.reserve()).collect();
    let [Some(first), Some(last)] = [items.first(), items.last()] else {
        return Ok(None);
    };
    let body = format!(
        "<< /Type /Outlines /First {} /Last {} /Count {} >>",
        first.reference(),
        last.reference(),
        items.len()
    );
    writer.object(root, &body)?;
    for (place, (item, (title, page))) in items.iter().zip(marks).enumerate() {
        let near = |word: &str, place: Option<usize>| {
            let item = place.and_then(|place| items.get(place));
            item.map_or_else(String::new, |item| format!(" /{word} {}", item.reference()))
        };
        let body = format!(
            "<< /Title {} /Parent {}{}{} /Dest [{} /Fit] >>",
            text_string(title),
            root.reference(),
            near("Prev", place.checked_sub(1)),
            near("Next", place.checked_add(1)),
            page.reference(),
        );
        writer.object(*item, &body)?;
    }
    Ok(Some(root))
}
