//! Objects in file order with a classic cross-reference table (ISO 32000-1, 7.5.4): only the places are kept.

use std::io::Write;

use super::super::DeriveError;
use super::super::art::zlib;

/// The largest file a classic cross-reference table can address: ten decimal digits.
const BYTES_MAX: u64 = 9_999_999_999;

/// The number of an indirect object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ObjectId(u32);

impl ObjectId {
    /// How another object names it.
    pub(super) fn reference(&self) -> String {
        format!("{} 0 R", self.0)
    }
}

/// Writes one PDF from front to back.
pub(super) struct ObjectWriter<'a, W: Write> {
    out: &'a mut W,
    written: u64,
    places: Vec<u64>,
}

impl<'a, W: Write> ObjectWriter<'a, W> {
    /// Begins the file.
    pub(super) fn start(out: &'a mut W) -> Result<Self, DeriveError> {
        let mut writer = Self {
            out,
            written: 0,
            places: Vec::new(),
        };
        // Four bytes above 127 tell transfer programs that the file is not text.
        writer.put(b"%PDF-1.7\n%\xE5\xAD\x98\xE6\n")?;
        Ok(writer)
    }

    /// Takes the next number. Every number taken must be written before the file ends.
    pub(super) fn reserve(&mut self) -> ObjectId {
        self.places.push(0);
        ObjectId(self.places.len() as u32)
    }

    /// Writes an object that is not a stream.
    pub(super) fn object(&mut self, id: ObjectId, body: &str) -> Result<(), DeriveError> {
        self.open(id)?;
        self.put(body.as_bytes())?;
        self.put(b"\nendobj\n")
    }

    /// Writes a stream as it stands; `entries` are the entries of its dictionary without the length.
    pub(super) fn plain_stream(
        &mut self,
        id: ObjectId,
        entries: &str,
        data: &[u8],
    ) -> Result<(), DeriveError> {
        self.open(id)?;
        let head = format!("<< {entries} /Length {} >>\nstream\n", data.len());
        self.put(head.as_bytes())?;
        self.put(data)?;
        self.put(b"\nendstream\nendobj\n")
    }

    /// Writes a stream, compressed when that makes it smaller.
    pub(super) fn packed_stream(
        &mut self,
        id: ObjectId,
        entries: &str,
        data: Vec<u8>,
    ) -> Result<(), DeriveError> {
        match zlib(data.clone())? {
            Some(packed) => {
                self.plain_stream(id, &format!("{entries} /Filter /FlateDecode"), &packed)
            }
            None => self.plain_stream(id, entries, &data),
        }
    }

    /// Writes the cross-reference table and the trailer; gives back the size of the file.
    pub(super) fn finish(
        mut self,
        catalog: ObjectId,
        information: ObjectId,
        id: &[u8; 16],
    ) -> Result<u64, DeriveError> {
        let table = self.written;
        let size = self.places.len() + 1;
        self.put(format!("xref\n0 {size}\n0000000000 65535 f \n").as_bytes())?;
        for place in std::mem::take(&mut self.places) {
            self.put(format!("{place:010} 00000 n \n").as_bytes())?;
        }
        let id = hex::encode_upper(id);
        let trailer = format!(
            "trailer\n<< /Size {size} /Root {} /Info {} /ID [<{id}> <{id}>] >>\nstartxref\n{table}\n%%EOF\n",
            catalog.reference(),
            information.reference(),
        );
        self.put(trailer.as_bytes())?;
        self.out.flush()?;
        Ok(self.written)
    }

    fn open(&mut self, id: ObjectId) -> Result<(), DeriveError> {
        if let Some(place) = self.places.get_mut(id.0 as usize - 1) {
            *place = self.written;
        }
        self.put(format!("{} 0 obj\n", id.0).as_bytes())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), DeriveError> {
        self.written += bytes.len() as u64;
        if self.written > BYTES_MAX {
            return Err(DeriveError::Limit {
                limit: BYTES_MAX,
                unit: "bytes",
            });
        }
        self.out.write_all(bytes)?;
        Ok(())
    }
}

/// Writes a real number without an exponent, to four decimals.
pub(super) fn number(value: f64) -> String {
    let value = if value.is_finite() {
        value.clamp(-32_767.0, 32_767.0)
    } else {
        0.0
    };
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "" | "-0" => "0".into(),
        _ => text.into(),
    }
}
