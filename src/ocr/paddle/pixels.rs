//! Pixels as model input: planes of blue, green and red, −1 to 1. The loops are plain on purpose: they run over every
//! pixel of every line.

/// The value the models take for each sample.
pub const VALUES: [f32; 256] = values();

const fn values() -> [f32; 256] {
    let mut values = [0.0; 256];
    let mut sample = 0;
    while sample < 256 {
        values[sample] = sample as f32 / 127.5 - 1.0;
        sample += 1;
    }
    values
}

/// Planes of `width` × `height` values, 0 at first.
pub struct Planes {
    data: Vec<f32>,
    width: usize,
    height: usize,
}

impl Planes {
    /// Empty planes.
    pub fn new(width: usize, height: usize) -> Self {
        Self {
            data: vec![0.0; width * height * 3],
            width,
            height,
        }
    }

    /// The values: blue, green, red.
    pub fn into_data(self) -> Vec<f32> {
        self.data
    }

    /// The first `filled` values of one row of each plane.
    fn row(&mut self, row: usize, filled: usize) -> [&mut [f32]; 3] {
        let plane = self.width * self.height;
        let (blue, rest) = self.data.split_at_mut(plane);
        let (green, red) = rest.split_at_mut(plane);
        let start = row * self.width;
        [blue, green, red].map(|plane| &mut plane[start..start + filled])
    }

    /// Copies rows of red, green and blue samples, `columns` to a row, as they are: the last one of a row and the last row
    /// are repeated to the planes' edges.
    pub fn fill(&mut self, pixels: &[u8], columns: usize) {
        let last = (pixels.len() / (columns * 3)).saturating_sub(1);
        for row in 0..self.height {
            let width = self.width;
            let [blue, green, red] = self.row(row, width);
            let from = row.min(last) * columns * 3;
            let line = &pixels[from..from + columns * 3];
            for (column, pixel) in line.chunks_exact(3).enumerate() {
                red[column] = VALUES[usize::from(pixel[0])];
                green[column] = VALUES[usize::from(pixel[1])];
                blue[column] = VALUES[usize::from(pixel[2])];
            }
            for plane in [blue, green, red] {
                let edge = plane[columns - 1];
                plane[columns..].fill(edge);
            }
        }
    }

    /// Copies rows of red, green and blue samples, `columns` to a row, whose text is turned by `quarters` clockwise, so
    /// that it stands upright here.
    pub fn fill_turned(&mut self, pixels: &[u8], columns: usize, quarters: usize) {
        let rows = pixels.len() / (columns * 3);
        let filled = if quarters.is_multiple_of(2) {
            columns
        } else {
            rows
        };
        // Where the first sample of our row `row` lies there, and how far the next one is.
        let (first, step, down): (isize, isize, isize) = {
            let (c, r) = (columns as isize, rows as isize);
            match quarters {
                0 => (0, 1, c),
                1 => (c - 1, c, -1),
                2 => (c * r - 1, -1, -c),
                _ => (c * (r - 1), -c, 1),
            }
        };
        for row in 0..self.height {
            let [blue, green, red] = self.row(row, filled);
            let mut at = first + down * row as isize;
            for column in 0..filled {
                let pixel = &pixels[at as usize * 3..at as usize * 3 + 3];
                red[column] = VALUES[usize::from(pixel[0])];
                green[column] = VALUES[usize::from(pixel[1])];
                blue[column] = VALUES[usize::from(pixel[2])];
                at += step;
            }
        }
    }

    /// Fills one row by looking along a straight line through `pixels` (`size` columns and rows of red, green, blue),
    /// `step` apart from `at` on, interpolating between the four pixels around; beyond the edge the edge is repeated.
    pub fn fill_row(
        &mut self,
        row: usize,
        filled: usize,
        pixels: &[u8],
        size: (usize, usize),
        at: (f32, f32),
        step: (f32, f32),
    ) {
        let (columns, rows) = size;
        let (right, bottom) = ((columns - 1) as f32, (rows - 1) as f32);
        let [blue, green, red] = self.row(row, filled);
        for column in 0..filled {
            let x = (at.0 + step.0 * column as f32).clamp(0.0, right);
            let y = (at.1 + step.1 * column as f32).clamp(0.0, bottom);
            let (left, top) = (x as usize, y as usize);
            let (fx, fy) = (x - left as f32, y - top as f32);
            let beside = if left + 1 < columns { 3 } else { 0 };
            let below = if top + 1 < rows { columns * 3 } else { 0 };
            let a = (top * columns + left) * 3;
            let (wa, wb) = ((1.0 - fx) * (1.0 - fy), fx * (1.0 - fy));
            let (wc, wd) = ((1.0 - fx) * fy, fx * fy);
            let channel = |offset: usize| {
                let a = a + offset;
                let sum = f32::from(pixels[a]) * wa
                    + f32::from(pixels[a + beside]) * wb
                    + f32::from(pixels[a + below]) * wc
                    + f32::from(pixels[a + below + beside]) * wd;
                sum / 127.5 - 1.0
            };
            red[column] = channel(0);
            green[column] = channel(1);
            blue[column] = channel(2);
        }
    }
}
