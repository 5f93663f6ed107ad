//! The table form in which the decisions of this folder decline: one variant a reason, each with a stable code, the
//! field it is about, and what to do in Chinese and in English. Only the form lives here, no reason.

/// Defines a refusal enum. Each row: variant with its parts if it has any, code, the field of the input it is about
/// (`""` for none), Chinese text, English text. The texts are format strings over the variant's parts.
macro_rules! refusals {
    (
        $(#[$doc:meta])* $name:ident;
        $($variant:ident $({ $($part:ident: $type:ty),* })?, $code:literal, $about:literal, $zh:literal, $en:literal;)*
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs)] // the text of a variant says what its parts are
        pub enum $name {
            $(#[doc = $en] $variant $({ $($part: $type),* })?,)*
        }

        impl $name {
            /// Every code, for tables and tests.
            pub const CODES: &[&str] = &[$($code,)*];

            /// Stable code in kebab-case.
            pub const fn code(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $code,)* }
            }

            /// The field of the input it is about, where it is about one.
            pub const fn field(&self) -> Option<&'static str> {
                let field = match self { $(Self::$variant { .. } => $about,)* };
                if field.is_empty() { None } else { Some(field) }
            }

            /// What happened and what to do, in Chinese.
            #[allow(unused_variables, clippy::useless_format)] // not every text names every part
            pub fn zh(&self) -> String {
                match self { $(Self::$variant $({ $($part),* })? => format!($zh),)* }
            }

            /// What happened and what to do, in English.
            #[allow(unused_variables, clippy::useless_format)] // not every text names every part
            pub fn en(&self) -> String {
                match self { $(Self::$variant $({ $($part),* })? => format!($en),)* }
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
