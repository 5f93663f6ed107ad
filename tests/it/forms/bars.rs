//! A reader of Code 128 (ISO/IEC 15417) from pixels, as a gun reads it: along one line, by the widths of bars and spaces. The
//! table is the standard's, written down apart from the program's.

use super::support::Picture;

const WIDTHS: &str = "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 \
    122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 \
    212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 \
    313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 \
    121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 \
    121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 114311 411113 411311 \
    113141 114131 311141 411131 211412 211214 211232";
const STOP: [usize; 7] = [2, 3, 3, 1, 1, 1, 2];
const START_A: usize = 103;

/// Lengths of runs of one shade along a line, and whether the first is dark.
fn runs(line: &[u8]) -> (bool, Vec<usize>) {
    let dark = |pixel: &u8| *pixel < 128;
    let mut runs: Vec<usize> = Vec::new();
    let mut last = None;
    for pixel in line {
        if last == Some(dark(pixel)) {
            *runs.last_mut().unwrap() += 1;
        } else {
            runs.push(1);
        }
        last = Some(dark(pixel));
    }
    (line.first().is_some_and(dark), runs)
}

/// Runs as whole modules that make `modules` together.
fn measured(runs: &[usize], modules: usize) -> Vec<usize> {
    let whole: usize = runs.iter().sum();
    let module = whole as f64 / modules as f64;
    runs.iter()
        .map(|run| (*run as f64 / module).round() as usize)
        .collect()
}

fn symbol(runs: &[usize]) -> Option<usize> {
    let widths: String = measured(runs.get(..6)?, 11)
        .iter()
        .map(ToString::to_string)
        .collect();
    WIDTHS.split_whitespace().position(|known| known == widths)
}

/// The symbols from a start to the stop, if the quiet zones are there and the check symbol fits.
fn symbols(runs: &[usize], start: usize) -> Option<Vec<usize>> {
    let mut found = vec![symbol(&runs[start..]).filter(|first| *first >= START_A)?];
    let module = runs[start..start + 6].iter().sum::<usize>() as f64 / 11.0;
    let quiet = |run: Option<&usize>| run.is_some_and(|run| *run as f64 >= 9.5 * module);
    if !quiet(start.checked_sub(1).and_then(|before| runs.get(before))) {
        return None;
    }
    let mut place = start + 6;
    loop {
        let last = runs.get(place..place + 7)?;
        if measured(last, 13) == STOP {
            break;
        }
        found.push(symbol(&runs[place..])?);
        place += 6;
    }
    assert!(quiet(runs.get(place + 7)), "no quiet zone after the code");
    let check = found.pop()?;
    let weighed = found.iter().enumerate();
    let sum: usize = weighed.map(|(place, value)| place.max(1) * value).sum();
    (sum % 103 == check).then_some(found)
}

/// What the symbols say; sets A, B and C without functions.
fn text(symbols: &[usize]) -> String {
    let mut set = symbols[0] - START_A;
    let mut text = String::new();
    for value in &symbols[1..] {
        match (set, *value) {
            (_, 99) if set != 2 => set = 2,
            (_, 100) if set != 1 => set = 1,
            (_, 101) if set != 0 => set = 0,
            (2, value) if value < 100 => text.push_str(&format!("{value:02}")),
            (0 | 1, value) if value < 95 => text.push(char::from(value as u8 + 32)),
            (set, value) => panic!("symbol {value} in set {set}"),
        }
    }
    text
}

/// Every code that lines across the picture meet, from the top, each once.
pub fn bars(picture: &Picture) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for y in (0..picture.height).step_by(10) {
        let line = &picture.pixels[y * picture.width..][..picture.width];
        let (dark, runs) = runs(line);
        for start in (usize::from(!dark)..runs.len()).step_by(2) {
            if let Some(symbols) = symbols(&runs, start) {
                let text = text(&symbols);
                if !found.contains(&text) {
                    found.push(text);
                }
            }
        }
    }
    found
}
