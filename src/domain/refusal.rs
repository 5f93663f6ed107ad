//! The table form in which the decisions of this folder decline: one variant a reason, each with a stable code, the
//! field it is about, and what to do in Chinese and in English. Only the form lives here, no reason.

/// Defines a refusal enum. Each row: variant, its fields, code, field name (or `""`), Chinese text, English text. The
/// texts are format strings over the variant's fields.
macro_rules! refusals {
    (
        $(#[$doc:meta])* $name:ident;
        $($variant:ident { $($field:ident: $type:ty),* }, $code:literal, $about:literal, $zh:literal, $en:literal;)*
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs)] // the text of a variant says what its fields are
        pub enum $name {
            $(#[doc = $en] $variant { $($field: $type),* },)*
        }

        #[allow(unused_variables)] // a code needs no field of its variant
        impl $name {
            /// Stable code in kebab-case.
            pub fn code(&self) -> &'static str {
                match self { $(Self::$variant { $($field),* } => $code,)* }
            }

            /// The field of the input it is about, where it is about one.
            pub fn field(&self) -> Option<&'static str> {
                let field = match self { $(Self::$variant { $($field),* } => $about,)* };
                (!field.is_empty()).then_some(field)
            }

            /// What happened and what to do, in Chinese.
            pub fn zh(&self) -> String {
                match self { $(Self::$variant { $($field),* } => format!($zh),)* }
            }

            /// What happened and what to do, in English.
            pub fn en(&self) -> String {
                match self { $(Self::$variant { $($field),* } => format!($en),)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{} {}", self.zh(), self.en())
            }
        }

        impl std::error::Error for $name {}
    };
}

pub(crate) use refusals;
