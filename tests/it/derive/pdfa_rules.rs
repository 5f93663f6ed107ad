//! The rules of PDF/A-2b (ISO 19005-2) that a file of scans with invisible text can break, asserted on its bytes and its
//! object tree. Each fault names the clause.

use lopdf::content::Content;
use lopdf::{Dictionary, Document, Object, Stream};

/// Keys that a dictionary of such a file has no business with: actions and scripts (6.5), annotations and forms (6.3,
/// 6.4), embedded files (6.8), optional content (6.9), transparency and transfer functions (6.2.5, 6.2.10), other
/// images and external data (6.1.7, 6.2.8), permissions (6.1.12).
const FORBIDDEN_KEYS: &[&str] = &[
    "A",
    "AA",
    "OpenAction",
    "JS",
    "JavaScript",
    "Annots",
    "AcroForm",
    "XFA",
    "NeedsRendering",
    "EF",
    "EmbeddedFiles",
    "AF",
    "Collection",
    "OCProperties",
    "OC",
    "SMask",
    "SMaskInData",
    "BM",
    "CA",
    "ca",
    "Group",
    "TR",
    "TR2",
    "HTP",
    "Alternates",
    "OPI",
    "PS",
    "Ref",
    "FFilter",
    "FDecodeParms",
    "PresSteps",
    "Requirements",
    "Perms",
    "Encrypt",
    "AlternatePresentations",
];

/// The operators that draw an image and invisible text (6.2.2).
const OPERATORS: &[&str] = &[
    "q", "Q", "cm", "Do", "BT", "ET", "Tr", "Tf", "Tm", "Tz", "Tj",
];

/// A file that is looked at, and what was found.
pub(super) struct Judge<'a> {
    bytes: &'a [u8],
    pub(super) document: Document,
    pub(super) faults: Vec<String>,
}

/// Everything that speaks against the file.
pub(super) fn faults(bytes: &[u8]) -> Vec<String> {
    let document = match Document::load_mem(bytes) {
        Ok(document) => document,
        Err(error) => return vec![format!("it cannot be read: {error}")],
    };
    let mut judge = Judge {
        bytes,
        document,
        faults: Vec::new(),
    };
    judge.file();
    judge.objects();
    judge.catalog();
    judge.pages();
    judge.faults
}

impl Judge<'_> {
    pub(super) fn holds(&mut self, rule: &str, holds: bool) {
        if !holds {
            self.faults.push(rule.to_owned());
        }
    }

    fn get<'d>(
        document: &'d Document,
        dictionary: &'d Dictionary,
        key: &str,
    ) -> Option<&'d Object> {
        let found = dictionary.get(key.as_bytes()).ok()?;
        match found {
            Object::Reference(id) => document.get_object(*id).ok(),
            other => Some(other),
        }
    }

    pub(super) fn dictionary(&self, dictionary: &Dictionary, key: &str) -> Option<Dictionary> {
        match Self::get(&self.document, dictionary, key)? {
            Object::Dictionary(found) => Some(found.clone()),
            Object::Stream(found) => Some(found.dict.clone()),
            _ => None,
        }
    }

    pub(super) fn stream(&self, dictionary: &Dictionary, key: &str) -> Option<Stream> {
        let found = Self::get(&self.document, dictionary, key)?;
        found.as_stream().ok().cloned()
    }

    pub(super) fn named(&self, dictionary: &Dictionary, key: &str) -> String {
        let found = Self::get(&self.document, dictionary, key);
        let name = found.and_then(|found| found.as_name().ok());
        String::from_utf8_lossy(name.unwrap_or_default()).into_owned()
    }

    /// 6.1.2, 6.1.3, 6.1.4, 6.1.12.
    fn file(&mut self) {
        let bytes = self.bytes;
        let head = bytes.starts_with(b"%PDF-1.")
            && bytes[7].is_ascii_digit()
            && bytes[7] < b'8'
            && bytes[8] == b'\n';
        self.holds("6.1.2 header", head);
        let comment = bytes[9] == b'%' && bytes[10..14].iter().all(|byte| *byte > 127);
        self.holds("6.1.2 binary comment", comment);
        self.holds("6.1.3 end of file", bytes.ends_with(b"%%EOF\n"));
        let trailer = self.document.trailer.clone();
        let id = trailer.get(b"ID").and_then(Object::as_array).cloned();
        let id = id.is_ok_and(|id| {
            let halves: Vec<&[u8]> = id.iter().filter_map(|half| half.as_str().ok()).collect();
            halves.len() == 2 && halves.iter().all(|half| half.len() == 16)
        });
        self.holds("6.1.3 file identifier", id);
        self.holds("6.1.3 no encryption", trailer.get(b"Encrypt").is_err());
        let xref = bytes.windows(7).any(|window| window == b"\nxref\n0");
        self.holds("6.1.4 cross-reference table", xref);
    }

    /// Rules on every object, wherever it hangs.
    fn objects(&mut self) {
        let objects: Vec<Object> = self.document.objects.values().cloned().collect();
        self.holds("6.1.13 number of objects", objects.len() <= 8_388_607);
        for object in &objects {
            self.object(object);
        }
    }

    fn object(&mut self, object: &Object) {
        match object {
            Object::Array(items) => items.iter().for_each(|item| self.object(item)),
            Object::Dictionary(dictionary) => self.entries(dictionary),
            Object::Stream(stream) => {
                self.entries(&stream.dict);
                self.holds("6.1.7.1 external stream", stream.dict.get(b"F").is_err());
                let length = stream.dict.get(b"Length").and_then(Object::as_i64);
                self.holds(
                    "6.1.7.1 length",
                    length.ok() == Some(stream.content.len() as i64),
                );
                let filters = stream.filters().unwrap_or_default();
                let known: [&[u8]; 3] = [b"FlateDecode", b"DCTDecode", b"CCITTFaxDecode"];
                let fit = filters.iter().all(|filter| known.contains(filter));
                self.holds("6.1.7.2 filter", fit);
            }
            Object::String(bytes, _) => self.holds("6.1.13 string", bytes.len() <= 32_767),
            Object::Name(name) => self.holds("6.1.13 name", name.len() <= 127),
            Object::Real(value) => self.holds("6.1.13 real", value.abs() <= 32_767.0),
            Object::Integer(value) => self.holds("6.1.13 integer", i32::try_from(*value).is_ok()),
            _ => {}
        }
    }

    fn entries(&mut self, dictionary: &Dictionary) {
        for (key, value) in dictionary {
            let key = String::from_utf8_lossy(key).into_owned();
            if FORBIDDEN_KEYS.contains(&key.as_str()) {
                self.faults.push(format!("/{key} has no place here"));
            }
            self.object(value);
        }
        let interpolates = dictionary.get(b"Interpolate").and_then(Object::as_bool);
        self.holds("6.2.8 Interpolate", !interpolates.unwrap_or(false));
    }

    /// 6.2.3, 6.6.
    fn catalog(&mut self) {
        let catalog = self.document.catalog().unwrap().clone();
        let intents = catalog.get(b"OutputIntents").and_then(Object::as_array);
        let intent = match intents.map(Vec::as_slice) {
            Ok([Object::Dictionary(intent)]) => intent.clone(),
            _ => return self.faults.push("6.2.3 one output intent".into()),
        };
        let kind = self.named(&intent, "S");
        self.holds("6.2.3 output intent", kind == "GTS_PDFA1");
        let profile = self.stream(&intent, "DestOutputProfile");
        let profile = profile.map(|profile| {
            let three = profile.dict.get(b"N").and_then(Object::as_i64).ok() == Some(3);
            (three, profile.get_plain_content().unwrap_or_default())
        });
        let (three, icc) = profile.unwrap_or_default();
        let part = |from: usize, to: usize| icc.get(from..to).unwrap_or_default().to_vec();
        let fits =
            three && part(36, 40) == b"acsp" && part(16, 20) == b"RGB " && part(12, 16) == b"mntr";
        self.holds("6.2.3 ICC profile", fits && part(8, 9) <= vec![4]);
        let metadata = self.stream(&catalog, "Metadata");
        let Some(metadata) = metadata.filter(|stream| stream.dict.get(b"Filter").is_err()) else {
            return self.faults.push("6.6.2.1 metadata in the clear".into());
        };
        self.metadata(&String::from_utf8_lossy(&metadata.content));
    }

    /// 6.6.2.3, 6.6.3, 6.6.4: the packet, its claim, and that Info says the same.
    fn metadata(&mut self, packet: &str) {
        let begin = packet.lines().next().unwrap_or_default();
        self.holds(
            "6.6.2.1 packet",
            !begin.contains("bytes=") && !begin.contains("encoding="),
        );
        let Ok(xmp) = roxmltree::Document::parse(packet) else {
            return self.faults.push("6.6.2.1 XMP is not XML".into());
        };
        let property = |space: &str, name: &str| {
            let found = xmp
                .descendants()
                .find(|node| node.has_tag_name((space, name)));
            let text = found.map(|node| {
                node.descendants()
                    .filter(roxmltree::Node::is_text)
                    .filter_map(|part| part.text())
                    .collect::<String>()
            });
            text.unwrap_or_default().trim().to_owned()
        };
        let claim = "http://www.aiim.org/pdfa/ns/id/";
        self.holds("6.6.4 part 2", property(claim, "part") == "2");
        self.holds("6.6.4 conformance B", property(claim, "conformance") == "B");
        let (dc, base, pdf) = (
            "http://purl.org/dc/elements/1.1/",
            "http://ns.adobe.com/xap/1.0/",
            "http://ns.adobe.com/pdf/1.3/",
        );
        let info = self.document.trailer.clone();
        let info = self.dictionary(&info, "Info").unwrap_or_default();
        for (key, space, name) in [
            ("Title", dc, "title"),
            ("Creator", base, "CreatorTool"),
            ("Producer", pdf, "Producer"),
        ] {
            let said = info.get(key.as_bytes()).ok().map(text);
            self.holds(&format!("6.6.3 {key}"), said == Some(property(space, name)));
        }
        for (key, name) in [("CreationDate", "CreateDate"), ("ModDate", "ModifyDate")] {
            let said = info.get(key.as_bytes()).ok().map(text).unwrap_or_default();
            let digits: String = property(base, name)
                .chars()
                .filter(char::is_ascii_digit)
                .collect();
            self.holds(&format!("6.6.3 {key}"), said == format!("D:{digits}Z"));
        }
        let known = [
            claim,
            dc,
            base,
            pdf,
            "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
            "adobe:ns:meta/",
        ];
        let own = xmp.descendants().filter(roxmltree::Node::is_element);
        let described = own
            .filter_map(|node| node.tag_name().namespace())
            .all(|space| known.contains(&space));
        self.holds("6.6.2.3 no other schema", described);
    }

    fn pages(&mut self) {
        let pages: Vec<_> = self.document.get_pages().into_values().collect();
        self.holds("a page", !pages.is_empty());
        for page in pages {
            let dictionary = self.document.get_dictionary(page).unwrap().clone();
            let sides = dictionary
                .get(b"MediaBox")
                .and_then(Object::as_array)
                .cloned()
                .unwrap_or_default();
            let sides: Vec<f32> = sides
                .iter()
                .filter_map(|side| side.as_float().ok())
                .collect();
            let fits = matches!(sides[..], [0.0, 0.0, w, h] if (3.0..=14_400.0).contains(&w) && (3.0..=14_400.0).contains(&h));
            self.holds("6.1.13 page size", fits);
            let resources = self
                .dictionary(&dictionary, "Resources")
                .unwrap_or_default();
            let images = self.dictionary(&resources, "XObject").unwrap_or_default();
            for (_, image) in &images {
                let image = image
                    .as_reference()
                    .ok()
                    .and_then(|id| self.document.get_object(id).ok().cloned());
                let image = image.and_then(|image| image.as_stream().ok().cloned());
                let space = image
                    .map(|image| self.named(&image.dict, "ColorSpace"))
                    .unwrap_or_default();
                let fits = space == "DeviceGray" || space == "DeviceRGB";
                self.holds("6.2.4.3 device colour under the sRGB intent", fits);
            }
            let fonts = self.dictionary(&resources, "Font").unwrap_or_default();
            let font = self.dictionary(&fonts, "F0").unwrap_or_default();
            let content = self.document.get_page_content(page);
            let codes = self.content(&content);
            if !codes.is_empty() {
                self.font(&font, &codes);
            }
        }
    }

    /// 6.2.2: known operators, balanced; gives the codes that are shown.
    fn content(&mut self, content: &[u8]) -> Vec<u16> {
        let Ok(content) = Content::decode(content) else {
            self.faults.push("6.2.2 content stream".into());
            return Vec::new();
        };
        let mut depth = 0_i32;
        let mut codes = Vec::new();
        for operation in &content.operations {
            let operator = operation.operator.as_str();
            self.holds("6.2.2 operator", OPERATORS.contains(&operator));
            depth += i32::from(operator == "q") - i32::from(operator == "Q");
            self.holds("6.1.13 nesting", (0..=28).contains(&depth));
            for operand in &operation.operands {
                self.object(operand);
                if let (Object::String(bytes, _), "Tj") = (operand, operator) {
                    let pairs = bytes
                        .chunks(2)
                        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
                    codes.extend(pairs);
                }
            }
        }
        self.holds("6.2.2 balanced", depth == 0);
        codes
    }
}

/// What a text string says.
fn text(object: &Object) -> String {
    let bytes = object.as_str().unwrap_or_default();
    match bytes.strip_prefix(&[0xFE, 0xFF]) {
        Some(units) => {
            let units: Vec<u16> = units
                .chunks(2)
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                .collect();
            String::from_utf16_lossy(&units)
        }
        None => String::from_utf8_lossy(bytes).into_owned(),
    }
}
