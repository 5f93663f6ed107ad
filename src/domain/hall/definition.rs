//! What sites and departments are called and where they are: the content of the blobs their facts name.

use serde::{Deserialize, Serialize};

use crate::domain::id::{DepartmentCode, SiteCode};

/// A site in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteDefinition {
    /// Its code.
    pub code: SiteCode,
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub address: String,
    /// When it is open, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
    /// The number to call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// A department in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepartmentDefinition {
    /// Its code.
    pub code: DepartmentCode,
    /// What it is called.
    pub name: String,
    /// Its short name (机关代字) in document numbers.
    pub short_name: String,
    /// Its unified social credit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_code: Option<String>,
    /// Its number among the archives' fonds (全宗号).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fonds: Option<String>,
    /// The number to call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

macro_rules! as_blob {
    ($($name:ident),*) => {$(
        impl $name {
            /// The bytes of its blob. Equal definitions have equal bytes.
            pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
                serde_json::to_vec(self)
            }

            /// Reads a blob.
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
                serde_json::from_slice(bytes)
            }
        }
    )*};
}

as_blob!(SiteDefinition, DepartmentDefinition);
