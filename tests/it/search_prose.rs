//! Made-up pages of any number from a seed, for the search tests, the scale proof and the bench.

use std::collections::HashMap;

use async_trait::async_trait;
use bytes::Bytes;
use counterfoil::domain::event::{ENTRY_VERSION, FileFormat, ScanSource};
use counterfoil::domain::manifest::{MANIFEST_VERSION, PageManifest, RecordManifest};
use counterfoil::domain::text::{EngineId, OcrChar, OcrLine, OcrPage, Rect};
use counterfoil::domain::{
    Actor, CaseNo, Digest, Entry, Event, PipelineName, RequestId, Sm3, Subject, Timestamp,
};
use counterfoil::ledger::Recorded;
use counterfoil::ledger::store::ProjectionError;
use counterfoil::search::PageSource;

/// 2026-11-01T00:00:00+08:00.
const START: Timestamp = Timestamp::from_millis(1_793_462_400_000);

const HOUR_MILLIS: i64 = 3_600_000;

/// Fact `index` about a scan, recorded `index` hours after 2026-11-01T00:00:00+08:00.
pub fn recorded(index: u64, scan: Digest, event: Event) -> Recorded {
    let entry = Entry {
        v: ENTRY_VERSION,
        subject: Subject::Scan(scan),
        seq: 0,
        at: START.plus_millis(index as i64 * HOUR_MILLIS),
        occurred: None,
        by: Actor::new("cli:operator").unwrap(),
        request: RequestId::new(format!("r{index}")).unwrap(),
        event,
    };
    Recorded {
        index,
        bytes: Bytes::from(entry.encode().unwrap()),
        entry,
    }
}

/// The fact that a scan came in over the command line.
pub fn received(scan: Digest, case: Option<&str>) -> Event {
    Event::ScanReceived {
        digest: scan,
        sm3: Sm3::of(scan.as_bytes()),
        bytes: 1,
        format: FileFormat::Jpeg,
        source: ScanSource::Cli,
        pipeline: PipelineName::new("archive").unwrap(),
        case: case.map(|case| CaseNo::new(case).unwrap()),
        note: None,
        site: None,
    }
}

/// The manifest of a record whose pages of text have these digests.
pub fn manifest(scan: Digest, format: FileFormat, texts: &[Digest]) -> RecordManifest {
    let page = |(number, text): (u32, &Digest)| PageManifest {
        turn: counterfoil::domain::text::PageTurn::None,
        page: number,
        width: 1000,
        height: 2000,
        dpi: None,
        text: *text,
        engine: engine(),
        stages: vec![],
    };
    RecordManifest {
        v: MANIFEST_VERSION,
        scan,
        sm3: Sm3::of(scan.as_bytes()),
        bytes: 1,
        format,
        pipeline: PipelineName::new("archive").unwrap(),
        pipeline_digest: Digest::of("archive"),
        pages: (1u32..).zip(texts).map(page).collect(),
        findings: vec![],
    }
}

fn engine() -> EngineId {
    EngineId {
        name: "recorded".into(),
        version: "1".into(),
        models: "none".into(),
        settings: String::new(),
    }
}

/// A page of these lines; each says whether the next continues its paragraph. Character `n` of line `m` has
/// the box [10n, 20m, 10, 20].
pub fn page(lines: &[(&str, bool)]) -> OcrPage {
    let line = |(row, (text, joins_next)): (u32, &(&str, bool))| {
        let char = |(column, c): (u32, char)| OcrChar {
            c,
            rect: Rect::from([column * 10, row * 20, 10, 20]),
            p: 0.9,
            ..OcrChar::default()
        };
        let chars: Vec<OcrChar> = (0u32..).zip(text.chars()).map(char).collect();
        OcrLine {
            rect: Rect::from([0, row * 20, chars.len() as u32 * 10, 20]),
            angle: 0.0,
            vertical: false,
            joins_next: *joins_next,
            chars,
            ..OcrLine::default()
        }
    };
    OcrPage {
        engine: engine(),
        width: 1000,
        height: 2000,
        lines: (0u32..).zip(lines).map(line).collect(),
        ..OcrPage::default()
    }
}

/// A small generator of numbers (SplitMix64), the same on every machine.
pub struct Seeded(pub u64);

impl Seeded {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Draws ranks by Zipf's law with an offset (Mandelbrot), as words of a language are distributed.
struct Zipf(Vec<f64>);

impl Zipf {
    fn new(ranks: usize, offset: f64) -> Self {
        let mut sum = 0.0;
        let sums = (0..ranks).map(|rank| {
            sum += 1.0 / (rank as f64 + 1.0 + offset);
            sum
        });
        Self(sums.collect())
    }

    fn draw(&self, seeded: &mut Seeded) -> usize {
        let target = seeded.share() * self.0.last().copied().unwrap_or(0.0);
        self.0
            .partition_point(|sum| *sum < target)
            .min(self.0.len() - 1)
    }
}

/// The characters that are most frequent in Chinese, most frequent first.
const FREQUENT: &str = "的一是不了在人有我他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让认算论百吃义科怎元社术结六功指思非流每青管夫连远资队跟带花快条院变联言权往展该领传近留红治决周保达办运武半候七必城父强步完革深区即求品士转量空甚众技轻程告江语英基派满式李息写呢识极令黄德收脸钱党倒未持取设始版双历越史商千片容研像找友孩站广改议形委早房音火际则首单据导影失拿网香似斯专石若兵弟谁校读志飞观争究包组造落视济喜离虽坏兴切乎";

const LATIN: &[&str] = &[
    "service", "hall", "counter", "ID", "No.", "OCR", "PDF", "2026", "110101", "A4", "18%", "V2.0",
];

/// Makes pages that look like Chinese official prose to an index: characters and words by Zipf's law, words
/// of two to four characters, punctuation, some Latin, 600 to 1000 characters in lines of about 32.
struct Prose {
    words: Vec<String>,
    word_ranks: Zipf,
    chars: Vec<char>,
    char_ranks: Zipf,
}

impl Prose {
    fn new(seed: u64) -> Self {
        let mut seeded = Seeded(seed);
        let mut chars: Vec<char> = FREQUENT.chars().collect();
        while chars.len() < 3500 {
            // GB 2312 has its characters in this block.
            let c = char::from_u32(0x4E00 + seeded.below(0x51A5) as u32).unwrap();
            if !chars.contains(&c) {
                chars.push(c);
            }
        }
        let char_ranks = Zipf::new(chars.len(), 12.0);
        let word = |_| {
            let length = [2, 2, 2, 2, 2, 2, 3, 3, 4, 4][seeded.below(10)];
            (0..length)
                .map(|_| chars[char_ranks.draw(&mut seeded)])
                .collect()
        };
        let words: Vec<String> = (0..40_000).map(word).collect();
        Self {
            word_ranks: Zipf::new(words.len(), 20.0),
            words,
            chars,
            char_ranks,
        }
    }

    /// Page `number`, the same each time.
    fn page_text(&self, number: u64) -> Vec<(String, bool)> {
        let mut seeded = Seeded(number.wrapping_mul(0xA076_1D64_78BD_642F) ^ 0x5EED);
        let wanted = 600 + seeded.below(401);
        let mut lines = vec![];
        let mut line = String::new();
        let (mut written, mut on_line) = (0, 0);
        while written < wanted {
            let piece = match seeded.below(100) {
                0..=29 => self.chars[self.char_ranks.draw(&mut seeded)].to_string(),
                30..=87 => self.words[self.word_ranks.draw(&mut seeded)].clone(),
                88..=96 => "，。、；："
                    .chars()
                    .nth(seeded.below(5))
                    .unwrap()
                    .to_string(),
                _ => format!(" {} ", LATIN[seeded.below(LATIN.len())]),
            };
            let length = piece.chars().count();
            line.push_str(&piece);
            written += length;
            on_line += length;
            if on_line >= 32 {
                lines.push((std::mem::take(&mut line), seeded.below(6) > 0));
                on_line = 0;
            }
        }
        lines.push((line, false));
        lines
    }
}

/// Pages in each record of a [`ProseSource`].
pub const PAGES_A_RECORD: u64 = 10;

/// Records made when they are asked for: nothing of them is kept in memory.
pub struct ProseSource {
    prose: Prose,
    /// Strings to stand on a page, by page number.
    planted: HashMap<u64, Vec<String>>,
}

impl ProseSource {
    pub fn new(seed: u64, planted: HashMap<u64, Vec<String>>) -> Self {
        Self {
            prose: Prose::new(seed),
            planted,
        }
    }

    /// Page `number` of all, from 0. What is planted on it stands in the middle of a line or, every second
    /// time, across the end of one.
    pub fn page_number(&self, number: u64) -> OcrPage {
        let mut lines = self.prose.page_text(number);
        for (nth, string) in self.planted.get(&number).into_iter().flatten().enumerate() {
            let chars: Vec<char> = string.chars().collect();
            let (head, tail) = chars.split_at(if nth % 2 == 0 {
                chars.len()
            } else {
                chars.len() / 2
            });
            let row = 2 + 2 * nth;
            lines[row].0.push_str(&String::from_iter(head));
            lines[row].1 = true;
            lines[row + 1].0.insert_str(0, &String::from_iter(tail));
        }
        let lines: Vec<(&str, bool)> = lines
            .iter()
            .map(|(text, joins)| (text.as_str(), *joins))
            .collect();
        page(&lines)
    }

    /// Where page `number` is found.
    pub fn address(number: u64) -> (Digest, u32) {
        let record = number / PAGES_A_RECORD;
        (numbered(b'r', record), (number % PAGES_A_RECORD) as u32 + 1)
    }

    /// The two facts about each record, from `first` up to and without `end`.
    pub fn facts(first: u64, end: u64) -> Vec<Recorded> {
        let of_record = |record: u64| {
            let scan = numbered(b'r', record);
            let sealed = Event::RecordSealed {
                manifest: scan,
                pages: PAGES_A_RECORD as u32,
            };
            [
                recorded(record * 2, scan, received(scan, None)),
                recorded(record * 2 + 1, scan, sealed),
            ]
        };
        (first..end).flat_map(of_record).collect()
    }
}

/// A name that carries a number.
fn numbered(kind: u8, number: u64) -> Digest {
    let mut bytes = [kind; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Digest::from_bytes(bytes)
}

fn number_of(digest: &Digest) -> u64 {
    digest.as_bytes()[..8]
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[async_trait]
impl PageSource for ProseSource {
    async fn manifest(&self, digest: &Digest) -> Result<Option<RecordManifest>, ProjectionError> {
        let first = number_of(digest) * PAGES_A_RECORD;
        let texts: Vec<Digest> = (first..first + PAGES_A_RECORD)
            .map(|number| numbered(b'p', number))
            .collect();
        Ok(Some(manifest(*digest, FileFormat::Jpeg, &texts)))
    }

    async fn page(&self, digest: &Digest) -> Result<Option<OcrPage>, ProjectionError> {
        Ok(Some(self.page_number(number_of(digest))))
    }
}
