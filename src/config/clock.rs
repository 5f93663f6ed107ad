//! `[clock]`: where the hall's time comes from.

use std::path::PathBuf;

use super::read::Reading;
use crate::strict::Table;

impl Reading<'_> {
    /// The file that sets the time, for demonstrations and training; none for this machine's own time.
    pub(super) fn clock(&mut self, section: Option<Table<'_, '_>>) -> Option<PathBuf> {
        let mut section = section?;
        section.need("file", &mut self.problems);
        let file = self.path(&mut section, "file");
        section.finish(&mut self.problems);
        file
    }
}
