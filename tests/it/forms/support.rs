//! A printer on the real binary, and what poppler, qpdf and a QR decoder see of its pages.

use std::path::{Path, PathBuf};
use std::process::Command;

use counterfoil::domain::Timestamp;
use counterfoil::forms::{Form, FormError, FormKind, Printing, Templates, fonts, sample};
use counterfoil::ocr::EngineKind;
use counterfoil::worker::{Printed, Printer, WorkerOptions, WorkerPool};

/// How children are started in these tests.
pub fn options() -> WorkerOptions {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_counterfoil"));
    let mut options = WorkerOptions::new(program, EngineKind::Recorded, PathBuf::from("absent"));
    options.fonts = fonts::find(None).unwrap();
    options
}

/// A printer with a child of its own and the built-in templates, joined by `folder`.
pub fn printer(folder: Option<&Path>) -> Printer {
    let pool = WorkerPool::new(options(), 1);
    Printer::new(pool, Templates::new(folder.map(Path::to_path_buf)))
}

/// 2026-11-24, twenty past midnight in the hall: in UTC it is still the day before.
pub fn printing(reprint: u32) -> Printing {
    let at: Timestamp = "2026-11-23T16:20:00Z".parse().unwrap();
    Printing { at, reprint }
}

/// The sample of `kind`, changed as data.
pub fn changed(kind: FormKind, change: impl FnOnce(&mut serde_json::Value)) -> Form {
    let mut value = serde_json::to_value(sample::form(kind)).unwrap();
    change(&mut value);
    serde_json::from_value(value).unwrap()
}

/// Prints and expects the error.
pub async fn refused(printer: &Printer, form: &Form) -> FormError {
    match printer.print(form, printing(0)).await {
        Err(error) => error,
        Ok(printed) => panic!("printed on {} pages", printed.pages),
    }
}

/// A printed form as a file.
pub struct Paper {
    folder: tempfile::TempDir,
    pub pages: u32,
}

impl Paper {
    pub fn of(printed: &Printed) -> Self {
        Self::from_bytes(&printed.pdf, printed.pages)
    }

    pub fn from_bytes(pdf: &[u8], pages: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("form.pdf"), pdf).unwrap();
        Self { folder, pages }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("form.pdf")
    }

    /// What a tool prints about the file; a word on standard error fails the test.
    fn tool(&self, program: &str, before: &[&str], after: &[&str]) -> String {
        let run = Command::new(program)
            .args(before)
            .arg(self.path())
            .args(after)
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&run.stderr);
        assert!(
            run.status.success() && errors.is_empty(),
            "{program}: {errors}"
        );
        String::from_utf8_lossy(&run.stdout).into_owned()
    }

    /// Poppler and qpdf find nothing wrong; A4, every font embedded as a subset, PDF/A-2b claimed.
    pub fn is_sound(&self) {
        self.is_sound_on("(A4)");
    }

    /// The same on paper of another size, as pdfinfo tells it.
    pub fn is_sound_on(&self, size: &str) {
        let info = self.tool("pdfinfo", &[], &[]);
        for part in [
            &format!("Pages:           {}", self.pages),
            size,
            "Tagged:          yes",
        ] {
            assert!(info.contains(part), "{part} in {info}");
        }
        let check = self.tool("qpdf", &["--check"], &[]);
        assert!(!check.to_uppercase().contains("WARN"), "{check}");
        let meta = self.tool("pdfinfo", &["-meta"], &[]);
        assert!(meta.contains("<pdfaid:part>2</pdfaid:part>"), "{meta}");
        assert!(meta.contains("<pdfaid:conformance>B</pdfaid:conformance>"));
        let fonts = self.tool("pdffonts", &[], &[]);
        let rows: Vec<&str> = fonts.lines().skip(2).collect();
        assert!(!rows.is_empty());
        for row in rows {
            assert_eq!(
                row.matches(" yes").count(),
                3,
                "embedded, subset, unicode: {row}"
            );
        }
    }

    /// The text in the order it was set, without any space.
    pub fn text(&self) -> String {
        squeezed(&self.tool("pdftotext", &["-raw"], &["-"]))
    }

    /// The text of one page from 1.
    pub fn page_text(&self, page: u32) -> String {
        let page = page.to_string();
        squeezed(&self.tool("pdftotext", &["-raw", "-f", &page, "-l", &page], &["-"]))
    }

    /// What the QR codes at the left edge of a page say, looked at one by one as a phone is held: `windows` are the
    /// parts of the page's height they stand in, in percent.
    pub fn codes(&self, page: u32, windows: &[(usize, usize)]) -> Vec<String> {
        let picture = self.picture(page);
        let (width, height) = (picture.width, picture.height);
        let parts = windows.iter().flat_map(|(from, to)| {
            let (from, to) = (height * from / 100, height * to / 100);
            picture.part((0, width / 4), (from, to)).codes()
        });
        parts.collect()
    }

    /// A page at 300 dots an inch.
    pub fn picture(&self, page: u32) -> Picture {
        let number = page.to_string();
        let prefix = self.folder.path().join("page");
        let part = ["-f", &number, "-l", &number];
        let run = Command::new("pdftoppm")
            .args(["-r", "300", "-gray", "-singlefile"])
            .args(part)
            .args([self.path(), prefix.clone()])
            .output()
            .unwrap();
        assert!(run.status.success() && run.stderr.is_empty());
        let (width, height, pixels) = pgm(&std::fs::read(prefix.with_extension("pgm")).unwrap());
        Picture {
            width,
            height,
            pixels,
        }
    }
}

/// A page, or a part of one, in grey.
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<u8>,
}

impl Picture {
    /// The part between these places, in pixels.
    pub fn part(&self, (left, right): (usize, usize), (top, bottom): (usize, usize)) -> Picture {
        let lines = self.pixels.chunks(self.width).take(bottom).skip(top);
        Picture {
            width: right - left,
            height: bottom - top,
            pixels: lines.flat_map(|line| line[left..right].to_vec()).collect(),
        }
    }

    /// What the QR codes in it say.
    pub fn codes(&self) -> Vec<String> {
        let grey = |x, y| self.pixels[y * self.width + x];
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(self.width, self.height, grey);
        let grids = image.detect_grids();
        grids.iter().map(|grid| grid.decode().unwrap().1).collect()
    }
}

/// A binary PGM: width, height, grey bytes.
fn pgm(bytes: &[u8]) -> (usize, usize, Vec<u8>) {
    let mut parts = Vec::new();
    let mut place = 0;
    while parts.len() < 4 {
        let end = place
            + bytes[place..]
                .iter()
                .position(u8::is_ascii_whitespace)
                .unwrap();
        parts.push(String::from_utf8(bytes[place..end].to_vec()).unwrap());
        place = end + 1;
    }
    assert_eq!((parts[0].as_str(), parts[3].as_str()), ("P5", "255"));
    let size = |part: &str| part.parse::<usize>().unwrap();
    (size(&parts[1]), size(&parts[2]), bytes[place..].to_vec())
}

/// Without space and without the places where a long run may break.
pub fn squeezed(text: &str) -> String {
    let kept = |c: &char| !c.is_whitespace() && *c != '\u{200B}' && *c != '\u{AD}';
    text.chars().filter(kept).collect()
}

/// Every text of a form's data, as it must be found on the page.
pub fn texts(form: &Form) -> Vec<String> {
    fn collect(value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::String(text) => found.push(squeezed(text)),
            serde_json::Value::Array(rows) => rows.iter().for_each(|row| collect(row, found)),
            serde_json::Value::Object(entries) => {
                entries.values().for_each(|entry| collect(entry, found));
            }
            _ => {}
        }
    }
    let mut value = serde_json::to_value(form).unwrap();
    value.as_object_mut().unwrap().remove("form");
    let mut found = Vec::new();
    collect(&value, &mut found);
    found
}

/// Every text of the data stands on the paper, and so does its digest.
pub fn states_everything(form: &Form, paper: &Paper) {
    let text = paper.text();
    for stated in texts(form) {
        assert!(
            text.contains(&stated),
            "{:?}: {stated} is not in {text}",
            form.kind()
        );
    }
    let digest = form.digest().unwrap().to_string();
    assert!(text.contains(&digest), "the digest is not in {text}");
    assert!(text.contains(&squeezed(form.kind().zh())));
}
