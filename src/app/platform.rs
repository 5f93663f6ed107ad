//! The city platform, as the configuration wants it.

use std::sync::Arc;

use super::{App, OpenError};
use crate::platform::{Platform, PlatformSettings};
use crate::store::keys::read_private_text;

impl App {
    /// The city platform, where one is configured.
    pub fn platform(&self) -> Result<Option<Arc<Platform>>, OpenError> {
        let Some(wished) = &self.config.platform else {
            return Ok(None);
        };
        let mut token = None;
        if let Some(file) = &wished.token_file {
            token = Some(read_private_text(file)?);
        }
        let url = wished.url.clone();
        let platform = Platform::new(PlatformSettings { url, token });
        let platform = platform.map_err(|error| OpenError::Internal(error.to_string()))?;
        Ok(Some(Arc::new(platform)))
    }
}
