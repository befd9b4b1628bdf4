//! Adding a square of an image to a view.

use super::options::{Border, Sampling};

/// One plane of an array: rows of values a fixed step apart.
#[derive(Clone, Copy)]
pub(crate) struct Image<'a> {
    pub(crate) data: &'a [f32],
    /// Where its first value stands.
    pub(crate) start: usize,
    pub(crate) shape: [usize; 2],
    /// Steps from row to row and from column to column.
    pub(crate) steps: [usize; 2],
}

impl<'a> Image<'a> {
    /// Image `index` of a stack `[index, y, x]`.
    pub(crate) fn of_stack(data: &'a [f32], shape: [usize; 3], index: usize) -> Self {
        let [_, height, width] = shape;
        Self {
            data,
            start: index * height * width,
            shape: [height, width],
            steps: [width, 1],
        }
    }

    fn at(&self, border: Border, row: i64, column: i64) -> f32 {
        let row = border.index(row, self.shape[0]) * self.steps[0];
        let column = border.index(column, self.shape[1]) * self.steps[1];
        self.data[self.start + row + column]
    }
}

/// A square of pixels of an image, between pixels by the two parts.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    pub(crate) size: usize,
    /// First row and column.
    pub(crate) first: [i64; 2],
    part: [f32; 2],
}

impl Window {
    /// The square of `size` pixels whose pixel ⌊size/2⌋ lies on `centre` (row, column).
    pub(crate) fn about(centre: [f64; 2], size: usize, sampling: Sampling) -> Self {
        let [(row, down), (column, right)] = centre.map(|coordinate| sampling.split(coordinate));
        let half = (size / 2) as i64;
        Self {
            size,
            first: [row - half, column - half],
            part: [down, right],
        }
    }

    /// Whether all pixels that it is made of lie in an image of that shape.
    pub(crate) fn fits(&self, shape: [usize; 2]) -> bool {
        (0..2).all(|axis| {
            let beyond = self.first[axis] + self.size as i64 + i64::from(self.part[axis] > 0.0);
            self.first[axis] >= 0 && beyond <= shape[axis] as i64
        })
    }
}

/// Adds the square, times `weight`, to `out` of `size × size` values.
pub(crate) fn add(
    image: &Image<'_>,
    window: &Window,
    border: Border,
    weight: f32,
    out: &mut [f32],
) {
    match (window.part == [0.0; 2], window.fits(image.shape)) {
        (true, true) => add_inside(image, window, weight, out),
        (true, false) => add_bordered(image, window, border, weight, out),
        (false, true) if fits_blended(window, image.shape) => {
            add_blended_inside(image, window, weight, out);
        }
        (false, _) => add_blended_bordered(image, window, border, weight, out),
    }
}

/// Whether one pixel more on either axis is inside too, as blending without tests needs.
fn fits_blended(window: &Window, shape: [usize; 2]) -> bool {
    (0..2).all(|axis| window.first[axis] + (window.size as i64) < shape[axis] as i64)
}

fn add_inside(image: &Image<'_>, window: &Window, weight: f32, out: &mut [f32]) {
    let [row, column] = window.first.map(|first| first as usize);
    let mut start = image.start + row * image.steps[0] + column * image.steps[1];
    for out in out.chunks_exact_mut(window.size) {
        if image.steps[1] == 1 {
            let values = &image.data[start..start + window.size];
            for (out, &value) in out.iter_mut().zip(values) {
                *out += weight * value;
            }
        } else {
            let values = image.data[start..].iter().step_by(image.steps[1]);
            for (out, &value) in out.iter_mut().zip(values) {
                *out += weight * value;
            }
        }
        start += image.steps[0];
    }
}

fn add_bordered(image: &Image<'_>, window: &Window, border: Border, weight: f32, out: &mut [f32]) {
    let columns = columns(image, window, border);
    for (row, out) in (window.first[0]..).zip(out.chunks_exact_mut(window.size)) {
        let start = image.start + border.index(row, image.shape[0]) * image.steps[0];
        for (out, column) in out.iter_mut().zip(&columns) {
            *out += weight * image.data[start + column];
        }
    }
}

/// Offsets of the columns of a window and of one more.
fn columns(image: &Image<'_>, window: &Window, border: Border) -> Vec<usize> {
    let columns = window.first[1]..=window.first[1] + window.size as i64;
    columns
        .map(|column| border.index(column, image.shape[1]) * image.steps[1])
        .collect()
}

/// Weights of the upper left, upper right, lower left and lower right neighbour.
fn corners([down, right]: [f32; 2], weight: f32) -> [f32; 4] {
    let (up, left) = (1.0 - down, 1.0 - right);
    [up * left, up * right, down * left, down * right].map(|part| part * weight)
}

fn add_blended_inside(image: &Image<'_>, window: &Window, weight: f32, out: &mut [f32]) {
    let [a, b, c, d] = corners(window.part, weight);
    let [row, column] = window.first.map(|first| first as usize);
    let [down, right] = image.steps;
    let mut start = image.start + row * down + column * right;
    for out in out.chunks_exact_mut(window.size) {
        let upper = &image.data[start..];
        let lower = &image.data[start + down..];
        if right == 1 {
            let (upper, lower) = (&upper[..=window.size], &lower[..=window.size]);
            let pairs = upper
                .iter()
                .zip(&upper[1..])
                .zip(lower.iter().zip(&lower[1..]));
            for (out, ((&ul, &ur), (&ll, &lr))) in out.iter_mut().zip(pairs) {
                *out += (a * ul + b * ur) + (c * ll + d * lr);
            }
        } else {
            let places = (0..).step_by(right);
            for (out, place) in out.iter_mut().zip(places) {
                let place: usize = place;
                *out += (a * upper[place] + b * upper[place + right])
                    + (c * lower[place] + d * lower[place + right]);
            }
        }
        start += down;
    }
}

fn add_blended_bordered(
    image: &Image<'_>,
    window: &Window,
    border: Border,
    weight: f32,
    out: &mut [f32],
) {
    let [a, b, c, d] = corners(window.part, weight);
    let columns = columns(image, window, border);
    for (row, out) in (window.first[0]..).zip(out.chunks_exact_mut(window.size)) {
        let [upper, lower] = [row, row + 1]
            .map(|row| image.start + border.index(row, image.shape[0]) * image.steps[0]);
        for (out, pair) in out.iter_mut().zip(columns.windows(2)) {
            let value = |start: usize, column: usize| image.data[start + column];
            *out += (a * value(upper, pair[0]) + b * value(upper, pair[1]))
                + (c * value(lower, pair[0]) + d * value(lower, pair[1]));
        }
    }
}

/// Adds a square that lies turned or stretched in the image: pixel `(u, v)` from the middle of the view
/// (row, column) is seen at `centre + matrix (u, v)`.
pub(crate) fn add_turned(
    image: &Image<'_>,
    centre: [f64; 2],
    matrix: [[f64; 2]; 2],
    size: usize,
    (sampling, border): (Sampling, Border),
    weight: f32,
    out: &mut [f32],
) {
    let half = (size / 2) as f64;
    let [[rr, rc], [cr, cc]] = matrix;
    for (index, out) in out.iter_mut().enumerate() {
        let (u, v) = ((index / size) as f64 - half, (index % size) as f64 - half);
        let (row, down) = sampling.split(centre[0] + rr * u + rc * v);
        let (column, right) = sampling.split(centre[1] + cr * u + cc * v);
        if down == 0.0 && right == 0.0 {
            *out += weight * image.at(border, row, column);
            continue;
        }
        let [a, b, c, d] = corners([down, right], weight);
        *out += (a * image.at(border, row, column) + b * image.at(border, row, column + 1))
            + (c * image.at(border, row + 1, column) + d * image.at(border, row + 1, column + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: [usize; 2] = [7, 11];

    fn values() -> Vec<f32> {
        (0..77).map(|i| ((i * 37) % 101) as f32).collect()
    }

    /// Every pixel by itself, by the definition.
    fn brute_force(data: &[f32], centre: [f64; 2], size: usize, border: Border) -> Vec<f32> {
        let value = |row: i64, column: i64| {
            f64::from(data[border.index(row, SHAPE[0]) * SHAPE[1] + border.index(column, SHAPE[1])])
        };
        let half = (size / 2) as f64;
        let mut out = Vec::new();
        for index in 0..size * size {
            let y = centre[0] + (index / size) as f64 - half;
            let x = centre[1] + (index % size) as f64 - half;
            let (row, column) = (y.floor(), x.floor());
            let (down, right) = (y - row, x - column);
            let mut sum = 0.0;
            for (dy, wy) in [(0, 1.0 - down), (1, down)] {
                for (dx, wx) in [(0, 1.0 - right), (1, right)] {
                    sum += wy * wx * value(row as i64 + dy, column as i64 + dx);
                }
            }
            out.push(sum as f32);
        }
        out
    }

    #[test]
    fn every_path_matches_brute_force() {
        let data = values();
        let image = Image {
            data: &data,
            start: 0,
            shape: SHAPE,
            steps: [11, 1],
        };
        // The same image stored by columns.
        let mut turned = vec![0.0; 77];
        for (i, &value) in data.iter().enumerate() {
            turned[(i % 11) * 7 + i / 11] = value;
        }
        let columns = Image {
            data: &turned,
            start: 0,
            shape: SHAPE,
            steps: [1, 7],
        };
        for size in 1..10 {
            for (y, x) in [
                (3.0, 5.0),
                (3.25, 5.0),
                (2.5, 4.75),
                (0.0, 0.0),
                (-0.4, 10.3),
                (6.0, 10.0),
                (3.0, 5.5),
            ] {
                for border in [Border::Reflect, Border::Clamp] {
                    let expected = brute_force(&data, [y, x], size, border);
                    let window = Window::about([y, x], size, Sampling::Linear);
                    for image in [&image, &columns] {
                        let mut got = vec![0.0; size * size];
                        add(image, &window, border, 1.0, &mut got);
                        near(&got, &expected);
                    }
                    let mut got = vec![0.0; size * size];
                    let identity = [[1.0, 0.0], [0.0, 1.0]];
                    let how = (Sampling::Linear, border);
                    add_turned(&image, [y, x], identity, size, how, 1.0, &mut got);
                    near(&got, &expected);
                }
            }
        }
    }

    #[track_caller]
    fn near(got: &[f32], expected: &[f32]) {
        for (got, expected) in got.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-4, "{got} for {expected}");
        }
    }

    #[test]
    fn a_turned_square_is_the_square_of_the_turned_image() {
        let data = values();
        let image = Image {
            data: &data,
            start: 0,
            shape: SHAPE,
            steps: [11, 1],
        };
        // A quarter turn: row u of the view runs along the columns of the image.
        let quarter = [[0.0, -1.0], [1.0, 0.0]];
        let mut got = vec![0.0; 9];
        let how = (Sampling::Nearest, Border::Clamp);
        add_turned(&image, [3.0, 5.0], quarter, 3, how, 2.0, &mut got);
        for (index, &got) in got.iter().enumerate() {
            let (u, v) = (index as i64 / 3 - 1, index as i64 % 3 - 1);
            assert_eq!(got, 2.0 * data[((3 - v) * 11 + 5 + u) as usize]);
        }
    }
}
