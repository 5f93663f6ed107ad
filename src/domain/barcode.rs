//! Bar codes and matrix codes found on a page: which kind, what they say, and where they stand.

use serde::{Deserialize, Serialize};

use super::text::Rect;

/// Most codes kept of one page: a sheet of labels has 40, a page of coupons 60.
pub const CODES_MAX: usize = 64;

/// Longest value kept, in bytes. The largest symbol there is holds 7,089 digits (QR code 40-L).
pub const VALUE_BYTES_MAX: usize = 8 * 1024;

macro_rules! kinds {
    ($($variant:ident, $name:literal, $words:literal;)*) => {
        /// The kind of a code. Text form is kebab-case (`data-matrix`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        pub enum BarcodeKind {
            $(#[doc = $words] #[serde(rename = $name)] $variant,)*
        }

        impl BarcodeKind {
            /// Every kind, for tables and tests.
            pub const ALL: &[BarcodeKind] = &[$(BarcodeKind::$variant,)*];

            /// Its text form.
            pub const fn name(self) -> &'static str {
                match self { $(BarcodeKind::$variant => $name,)* }
            }

            /// What a person calls it.
            pub const fn words(self) -> &'static str {
                match self { $(BarcodeKind::$variant => $words,)* }
            }
        }
    };
}

kinds! {
    Qr, "qr", "QR code (ISO/IEC 18004)";
    MicroQr, "micro-qr", "Micro QR code (ISO/IEC 18004)";
    DataMatrix, "data-matrix", "Data Matrix (ISO/IEC 16022)";
    Pdf417, "pdf417", "PDF417 (ISO/IEC 15438)";
    Aztec, "aztec", "Aztec (ISO/IEC 24778)";
    Code128, "code128", "Code 128 (ISO/IEC 15417)";
    Code93, "code93", "Code 93 (ANSI/AIM BC5)";
    Code39, "code39", "Code 39 (ISO/IEC 16388)";
    Ean13, "ean13", "EAN-13 (ISO/IEC 15420)";
    Ean8, "ean8", "EAN-8 (ISO/IEC 15420)";
    UpcA, "upc-a", "UPC-A (ISO/IEC 15420)";
    UpcE, "upc-e", "UPC-E (ISO/IEC 15420)";
    Itf, "itf", "Interleaved 2 of 5 (ISO/IEC 16390)";
    Codabar, "codabar", "Codabar (ANSI/AIM BC3)";
}

/// One code on a page. What it says may be personal (an identity card's number, a telephone), so its `Debug` shows
/// the length of it only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Barcode {
    /// Which kind.
    pub kind: BarcodeKind,
    /// What it says, exactly, control characters included; of bytes that are no text, their hexadecimal digits.
    pub value: String,
    /// Whether `value` stands for bytes, two hexadecimal digits each.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub binary: bool,
    /// The box around it in upright-page pixels: x, y, width, height.
    #[schema(value_type = [u32])]
    pub rect: Rect,
}

impl std::fmt::Debug for Barcode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes = self.value.len();
        write!(
            f,
            "Barcode({} {bytes} bytes {:?})",
            self.kind.name(),
            self.rect
        )
    }
}

/// The codes of one page, from the top down: the output of the `codes` stage.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageCodes {
    /// At most [`CODES_MAX`].
    pub codes: Vec<Barcode>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_form_is_short_and_debug_shows_no_value() {
        let code = Barcode {
            kind: BarcodeKind::DataMatrix,
            value: "11010119900307".into(),
            binary: false,
            rect: Rect::from([1, 2, 3, 4]),
        };
        let json = serde_json::to_string(&code).unwrap();
        assert_eq!(
            json,
            r#"{"kind":"data-matrix","value":"11010119900307","rect":[1,2,3,4]}"#
        );
        assert_eq!(serde_json::from_str::<Barcode>(&json).unwrap(), code);
        assert!(!format!("{code:?}").contains("1990"));
        for kind in BarcodeKind::ALL {
            let json = serde_json::to_string(kind).unwrap();
            assert_eq!(json, format!("{:?}", kind.name()));
        }
    }
}
