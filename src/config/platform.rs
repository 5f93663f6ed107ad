//! `[platform]`: the city platform.

use std::path::PathBuf;

use super::people::is_web_address;
use super::read::Reading;
use crate::strict::Table;

/// The city platform that knows cases by their 办件编号.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformConfig {
    /// Its address, `https://…`; `/cases/NUMBER` is added to it.
    pub url: String,
    /// The file with the token it gave, readable by its owner only. Default: none.
    pub token_file: Option<PathBuf>,
}

impl Reading<'_> {
    pub(super) fn platform(&mut self, section: Option<Table<'_, '_>>) -> Option<PlatformConfig> {
        let mut section = section?;
        section.need("url", &mut self.problems);
        let url = section.text("url", &mut self.problems).map(str::to_owned);
        if url.as_deref().is_some_and(|url| !is_web_address(url)) {
            let message = "`url` must be an address such as \"https://platform.example/api\", plain http only for localhost";
            self.problems.note(section.place("url"), message);
        }
        let token_file = self.path(&mut section, "token_file");
        section.finish(&mut self.problems);
        Some(PlatformConfig {
            url: url?,
            token_file,
        })
    }
}
