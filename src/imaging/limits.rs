//! The limits every decoder keeps. They are chosen so that one page stays under one gibibyte of memory.

use serde::{Deserialize, Serialize};

use crate::domain::finding::{Finding, FindingCode};

/// How much a file may ask of the program. Every number is checked before memory is taken for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Most bytes of a file. Default 128 MiB: a PDF is held up to twice while it is read.
    pub bytes_max: u64,
    /// Most pixels of a page. Default 100 million (A3 at 600 dpi has 70 million): 300 MB as RGB, twice that
    /// while the page is turned.
    pub pixels_max: u64,
    /// Most pages of a file. Default 500.
    pub pages_max: u32,
    /// Deepest nesting of arrays, dictionaries and page trees in a PDF. Default 100.
    pub nesting_max: u32,
    /// Most bytes one image may take while it is decoded, before it is reduced to RGB. Default 512 MiB: a
    /// progressive JPEG needs up to 9 bytes a pixel, 16-bit colour 6.
    pub expanded_bytes_max: u64,
    /// Most bytes one stream of a PDF other than an image may expand to. Default 64 MiB.
    pub stream_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes_max: 128 << 20,
            pixels_max: 100_000_000,
            pages_max: 500,
            nesting_max: 100,
            expanded_bytes_max: 512 << 20,
            stream_bytes_max: 64 << 20,
        }
    }
}

impl Limits {
    /// Refuses an image of no or too many pixels.
    pub fn check_pixels(&self, width: u32, height: u32) -> Result<(), Finding> {
        let pixels = u64::from(width) * u64::from(height);
        if pixels == 0 {
            return Err(Finding::file(FindingCode::Damaged));
        }
        if pixels > self.pixels_max {
            return Err(Finding::file(FindingCode::TooManyPixels)
                .measured(pixels as f64, self.pixels_max as f64));
        }
        Ok(())
    }

    /// Refuses work that needs more than [`Limits::expanded_bytes_max`] bytes.
    pub fn check_expanded(&self, bytes: u64) -> Result<(), Finding> {
        if bytes > self.expanded_bytes_max {
            return Err(Finding::file(FindingCode::TooMuchWork)
                .measured(bytes as f64, self.expanded_bytes_max as f64));
        }
        Ok(())
    }

    /// Refuses a file that is empty or larger than [`Limits::bytes_max`].
    pub fn check_bytes(&self, bytes: u64) -> Result<(), Finding> {
        if bytes == 0 {
            return Err(Finding::file(FindingCode::Truncated));
        }
        if bytes > self.bytes_max {
            return Err(Finding::file(FindingCode::TooMuchWork)
                .measured(bytes as f64, self.bytes_max as f64));
        }
        Ok(())
    }

    /// Refuses more pages than [`Limits::pages_max`], or none.
    pub fn check_pages(&self, pages: usize) -> Result<(), Finding> {
        if pages == 0 {
            return Err(Finding::file(FindingCode::NoPages));
        }
        if pages as u64 > u64::from(self.pages_max) {
            return Err(Finding::file(FindingCode::TooManyPages)
                .measured(pages as f64, f64::from(self.pages_max)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_names_the_number_it_missed() {
        let limits = Limits::default();
        assert!(limits.check_pixels(9921, 7016).is_ok());
        let finding = limits.check_pixels(20_000, 20_000).unwrap_err();
        assert_eq!(finding.code, FindingCode::TooManyPixels);
        assert_eq!((finding.value, finding.limit), (Some(4e8), Some(1e8)));
        assert_eq!(
            limits.check_pixels(0, 5).unwrap_err().code,
            FindingCode::Damaged
        );
        assert_eq!(limits.check_pages(0).unwrap_err().code, FindingCode::NoPages);
        assert_eq!(
            limits.check_pages(501).unwrap_err().code,
            FindingCode::TooManyPages
        );
        assert_eq!(
            limits.check_bytes(0).unwrap_err().code,
            FindingCode::Truncated
        );
        assert_eq!(
            limits.check_bytes(129 << 20).unwrap_err().code,
            FindingCode::TooMuchWork
        );
        assert_eq!(
            limits.check_expanded(513 << 20).unwrap_err().code,
            FindingCode::TooMuchWork
        );
    }

    #[test]
    fn limits_read_from_configuration_refuse_unknown_keys() {
        let limits: Limits = serde_json::from_str(r#"{"pages_max": 7}"#).unwrap();
        assert_eq!(limits.pages_max, 7);
        assert_eq!(limits.pixels_max, Limits::default().pixels_max);
        assert!(serde_json::from_str::<Limits>(r#"{"pages": 7}"#).is_err());
    }
}
