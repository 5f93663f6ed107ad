//! A sheet: everything a rendering depends on, ready to travel to the child. The same sheet gives the same bytes.

use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::handover::BundleLabels;
use super::{Form, FormError, Templates, barcode, qr, statement};
use crate::domain::{Digest, Timestamp};

/// The data, as templates read it.
pub const DATA: &str = "data.json";

/// The QR code, as templates read it.
pub const QR: &str = "qr.svg";

/// How the names of the codes on labels begin: `code-qr-1.svg`, `code-bars-1.svg`, from 1.
pub const CODES: &str = "code-";

/// The code of what was signed, or of the checkpoint, on slips and registers.
pub const EVIDENCE: &str = "code-evidence.svg";

/// Asia/Shanghai against UTC, in minutes; without summer time since 1991.
pub(super) const OFFSET_MINUTES: i32 = 8 * 60;

/// What one printing adds to what the form states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Printing {
    /// When it is printed; the only time a template knows.
    pub at: Timestamp,
    /// 0 for the original, then the number of the reprint (第 N 次补打).
    pub reprint: u32,
}

/// A file that a template may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetFile {
    /// Its name, without a folder.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
    /// Whether it comes from the hall's folder.
    pub own: bool,
}

/// Everything a rendering depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// The file it begins with.
    pub template: String,
    /// What the PDF is identified by.
    pub identity: String,
    /// When it is printed.
    pub at: Timestamp,
    /// Every file a template may read: templates, pictures, data and QR code.
    pub files: Vec<SheetFile>,
}

impl SheetFile {
    pub(super) fn built_in(name: &str, bytes: Vec<u8>) -> Self {
        Self {
            name: name.to_owned(),
            bytes,
            own: false,
        }
    }
}

impl Sheet {
    /// The sheet of a form; fails when a field cannot stand on a form or the hall's templates cannot be read.
    pub fn new(form: &Form, printing: Printing, templates: &Templates) -> Result<Self, FormError> {
        form.check()?;
        let digest = form.digest()?;
        let kind = form.kind();
        let mut data = serde_json::json!({
            "title": kind.zh(),
            "form": form.value()?,
            "digest": digest,
            "reprint": printing.reprint,
            "printed": printed(printing.at),
        });
        let mut files = templates.read()?;
        if let Some(head) = form.head() {
            let code = qr::svg(&qr::content(form, head, &digest))?;
            files.push(SheetFile::built_in(QR, code.into_bytes()));
        }
        if let Some(evidence) = qr::evidence(form) {
            let code = qr::svg(&evidence)?;
            files.push(SheetFile::built_in(EVIDENCE, code.into_bytes()));
        }
        if let Form::BundleLabels(labels) = form {
            data["bars"] = codes(labels, &mut files)?.into();
        }
        let data = serde_json::to_vec(&data).map_err(statement::unwritable)?;
        files.push(SheetFile::built_in(DATA, data));
        Ok(Self {
            template: kind.template().to_owned(),
            identity: format!(
                "counterfoil/{}/{digest}/{}",
                kind.as_str(),
                printing.reprint
            ),
            at: printing.at,
            files,
        })
    }

    /// The data as it stands in the sheet.
    pub(super) fn data(&self) -> Option<serde_json::Value> {
        let file = self.files.iter().find(|file| file.name == DATA)?;
        serde_json::from_slice(&file.bytes).ok()
    }

    /// Names the templates, pictures and data of this rendering.
    pub fn digest(&self) -> Digest {
        let mut listed = format!("{}\n{}\n{}\n", self.template, self.identity, self.at);
        for file in &self.files {
            listed.push_str(&format!("{} {}\n", Digest::of(&file.bytes), file.name));
        }
        Digest::of(listed)
    }
}

/// Adds both codes of each label to `files`; the widths of the bar codes in modules.
fn codes(labels: &BundleLabels, files: &mut Vec<SheetFile>) -> Result<Vec<usize>, FormError> {
    let mut widths = Vec::new();
    for (place, label) in labels.labels.iter().enumerate() {
        let bars = barcode::bars(&format!("labels[{place}].case"), &label.case)?;
        widths.push(bars.modules);
        for (kind, code) in [("qr", qr::svg(&label.case)?), ("bars", bars.svg)] {
            let name = format!("{CODES}{kind}-{}.svg", place + 1);
            files.push(SheetFile::built_in(&name, code.into_bytes()));
        }
    }
    Ok(widths)
}

/// The hall's clock at an instant, `offset_minutes` from UTC; none outside the calendar.
pub(super) fn civil(at: Timestamp, offset_minutes: i32) -> Option<DateTime> {
    let instant = jiff::Timestamp::from_millisecond(at.as_millis()).ok()?;
    let offset = Offset::from_seconds(offset_minutes.checked_mul(60)?).ok()?;
    Some(offset.to_datetime(instant))
}

fn printed(at: Timestamp) -> String {
    let shown = civil(at, OFFSET_MINUTES).map(|at| at.strftime("%Y-%m-%d %H:%M").to_string());
    shown.unwrap_or_else(|| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::{FormKind, sample};

    #[test]
    fn a_reprint_states_the_same_and_is_another_sheet() {
        let form = sample::form(FormKind::IntakeReceipt);
        let at: Timestamp = "2026-11-23T16:30:00Z".parse().unwrap();
        let sheet = |reprint| {
            let printing = Printing { at, reprint };
            Sheet::new(&form, printing, &Templates::default()).unwrap()
        };
        assert_eq!(sheet(1), sheet(1));
        assert_ne!(sheet(0).digest(), sheet(1).digest());
        let data = |sheet: Sheet| sheet.data().unwrap();
        assert_eq!(data(sheet(0))["digest"], data(sheet(1))["digest"]);
        assert_eq!(data(sheet(1))["printed"], "2026-11-24 00:30");
    }
}
