//! Fonts for text whose own font is not in the file: a system Noto CJK font for Chinese, Japanese and Korean
//! (common in official forms), the built-in ones for the rest.

use std::sync::{Arc, OnceLock};

use hayro::hayro_interpret::font::{FontData, FontQuery};

/// Where Debian, Fedora, Alpine and others put Noto CJK; collection index 2 is simplified Chinese.
const CJK_FONTS: [(&str, u32); 6] = [
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/noto/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc", 2),
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 0),
];

/// Answers the renderer's question for a font. Never fails the page: without a CJK font the built-in Latin
/// ones are tried.
pub fn resolve(query: &FontQuery) -> Option<(FontData, u32)> {
    match query {
        FontQuery::Standard(standard) => Some(standard.get_font_data()),
        FontQuery::Fallback(fallback) => {
            if fallback.character_collection.is_some()
                && let Some(font) = cjk()
            {
                return Some(font);
            }
            Some(fallback.pick_standard_font().get_font_data())
        }
    }
}

/// The system font, read once a process: a page of a form asks for it several times.
fn cjk() -> Option<(FontData, u32)> {
    static FONT: OnceLock<Option<(FontData, u32)>> = OnceLock::new();
    FONT.get_or_init(|| {
        CJK_FONTS.iter().find_map(|(path, index)| {
            let bytes = std::fs::read(path).ok()?;
            Some((Arc::new(bytes) as FontData, *index))
        })
    })
    .clone()
}
