//! Lines of a text tag file, read one by one however long the file is: as RFC 8493, 2.3 has them (ended by LF, CR or
//! CRLF), or exactly as they are written here.

use std::io::{BufRead, BufReader, Read};

use super::fault::Fault;

/// Bytes of a line: a path with every byte encoded, a checksum, a URL of a fetch file.
const LINE_BYTES_MAX: usize = 16 << 10;

/// Reads the lines of one tag file.
pub(super) struct Lines<R> {
    reader: BufReader<R>,
    name: String,
    number: u64,
    line: Vec<u8>,
    after_cr: bool,
}

impl<R: Read> Lines<R> {
    /// `name` is the file's path, for messages.
    pub(super) fn new(name: &str, reader: R) -> Self {
        Self {
            reader: BufReader::with_capacity(64 << 10, reader),
            name: name.to_owned(),
            number: 0,
            line: Vec::new(),
            after_cr: false,
        }
    }

    /// The number of the line last read, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The next line without its end; `None` after the last. A line that is not UTF-8 is a fault, and reading may go on
    /// behind it; after any other fault it may not.
    pub(super) fn next_line(&mut self) -> Option<Result<&str, Fault>> {
        self.line.clear();
        match self.fill() {
            Err(fault) => return Some(Err(fault)),
            Ok(false) => return None,
            Ok(true) => {}
        }
        self.number += 1;
        if self.number == 1 && self.line.starts_with(b"\xEF\xBB\xBF") {
            let path = self.name.clone();
            return Some(Err(Fault::TagBom { path }));
        }
        let text = std::str::from_utf8(&self.line);
        Some(text.map_err(|_| Fault::TagNotUtf8 {
            path: self.name.clone(),
            line: self.number,
        }))
    }

    /// Collects one line; false at the end of the file.
    fn fill(&mut self) -> Result<bool, Fault> {
        let mut any = false;
        loop {
            let bytes = match self.reader.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Fault::io(&self.name, &error)),
            };
            let Some(first) = bytes.first() else {
                return Ok(any);
            };
            if self.after_cr {
                self.after_cr = false;
                if *first == b'\n' {
                    self.reader.consume(1);
                    continue;
                }
            }
            any = true;
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let taken = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
            if self.line.len() + taken.len() > LINE_BYTES_MAX {
                return Err(Fault::LineTooLong {
                    path: self.name.clone(),
                    line: self.number + 1,
                    limit: LINE_BYTES_MAX as u64,
                });
            }
            self.line.extend_from_slice(taken);
            let used = taken.len();
            if let Some(end) = end {
                self.after_cr = bytes.get(end) == Some(&b'\r');
                self.reader.consume(used + 1);
                return Ok(true);
            }
            self.reader.consume(used);
        }
    }
}

/// Reads lines that are ended by a line feed, each of them, and by nothing else: what is read is every byte there is.
pub struct ExactLines<R> {
    reader: BufReader<R>,
    name: String,
    number: u64,
    max: usize,
    line: Vec<u8>,
}

impl<R: Read> ExactLines<R> {
    /// `name` is the file's path, for messages; a line of more than `max` bytes is a fault.
    pub fn new(name: &str, max: usize, reader: R) -> Self {
        Self {
            reader: BufReader::with_capacity(64 << 10, reader),
            name: name.to_owned(),
            number: 0,
            max,
            line: Vec::new(),
        }
    }

    /// The next line's number, from 1, and its bytes without the line feed; `None` after the last. After a fault
    /// reading may not go on.
    pub fn next_line(&mut self) -> Result<Option<(u64, &[u8])>, Fault> {
        self.line.clear();
        let mut limited = (&mut self.reader).take(self.max as u64 + 1);
        let read = limited.read_until(b'\n', &mut self.line);
        read.map_err(|error| Fault::io(&self.name, &error))?;
        if self.line.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        match self.line.split_last() {
            Some((b'\n', line)) => Ok(Some((self.number, line))),
            _ if self.line.len() <= self.max => Err(Fault::LineOpen {
                path: self.name.clone(),
                line: self.number,
            }),
            _ => Err(Fault::LineTooLong {
                path: self.name.clone(),
                line: self.number,
                limit: self.max as u64,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<Result<String, &'static str>> {
        let mut lines = Lines::new("manifest-sha256.txt", text);
        let mut all = Vec::new();
        while let Some(line) = lines.next_line() {
            let line = line.map(str::to_owned).map_err(|fault| fault.code());
            let stop = line == Err("line-too-long");
            all.push(line);
            if stop {
                break;
            }
        }
        all
    }

    #[test]
    fn every_end_of_line_ends_a_line() {
        let ok = |text: &str| Ok(text.to_owned());
        assert_eq!(lines(b""), []);
        assert_eq!(lines(b"a"), [ok("a")]);
        assert_eq!(
            lines(b"a\nb\r\nc\rd\n\re\r\n"),
            ["a", "b", "c", "d", "", "e"].map(ok)
        );
        assert_eq!(lines(b"a\xFF\nb"), [Err("tag-not-utf8"), ok("b")]);
        assert_eq!(lines(b"\xEF\xBB\xBFa"), [Err("tag-bom")]);
        assert_eq!(lines(&[b'x'; 20_000]), [Err("line-too-long")]);
    }
}
