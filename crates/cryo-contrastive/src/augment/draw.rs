use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{AugmentParams, Erase};

/// What happens to one view.
pub(super) struct Change {
    /// `[u v 1]` of the input from `[u v 1]` of the output, both −1 to 1 over their image.
    pub(super) input_from_output: [f32; 6],
    pub(super) flip_channels: bool,
    pub(super) contrast: f32,
    pub(super) brightness: f32,
    pub(super) noise: f32,
    /// First row, rows, first column, columns; no rows where nothing is erased.
    pub(super) erased: [f32; 4],
}

impl Change {
    /// Length of a [`row`](Self::row), and where in it what follows the matrix is.
    pub(super) const NUMBERS: i64 = 14;
    pub(super) const FLIP_CHANNELS: i64 = 6;
    pub(super) const CONTRAST: i64 = 7;
    pub(super) const BRIGHTNESS: i64 = 8;
    pub(super) const NOISE: i64 = 9;
    pub(super) const ERASED: i64 = 10;

    pub(super) fn row(&self) -> [f32; Self::NUMBERS as usize] {
        let [a, b, c, d, e, f] = self.input_from_output;
        let flip = f32::from(u8::from(self.flip_channels));
        let [row, rows, column, columns] = self.erased;
        let (contrast, brightness, noise) = (self.contrast, self.brightness, self.noise);
        [
            a, b, c, d, e, f, flip, contrast, brightness, noise, row, rows, column, columns,
        ]
    }

    /// Draws in a fixed order whatever is on, so that one parameter does not change what others draw.
    pub(super) fn draw(params: &AugmentParams, edge: f64, crop: f64, rng: &mut ChaCha8Rng) -> Self {
        let horizontal = sign(rng.random::<f64>() < params.flip_horizontal);
        let vertical = sign(rng.random::<f64>() < params.flip_vertical);
        let flip_channels = rng.random::<f64>() < params.flip_channels;
        let turns = rng.random_range(0..4_u8);
        let turns = if params.quarter_turns { turns } else { 0 };
        let angle = uniform(rng) * params.rotation_deg.to_radians();
        let area = params.area[0] + rng.random::<f64>() * (params.area[1] - params.area[0]);
        let scale = area.sqrt();
        let (quarter_cos, quarter_sin) =
            [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)][usize::from(turns)];
        let (sin, cos) = angle.sin_cos();
        // R(angle) R(quarter), with exact zeros for the quarter turns.
        let cos_all = cos * quarter_cos - sin * quarter_sin;
        let sin_all = sin * quarter_cos + cos * quarter_sin;
        let zoom = scale * crop / edge;
        let slack = (1.0 - scale).max(0.0) * crop / edge;
        let step = 2.0 * params.shift_px / edge;
        let (shift_x, shift_y) = (uniform(rng) * (slack + step), uniform(rng) * (slack + step));
        let input_from_output = [
            zoom * cos_all * horizontal,
            -zoom * sin_all * vertical,
            shift_x,
            zoom * sin_all * horizontal,
            zoom * cos_all * vertical,
            shift_y,
        ];
        Self {
            input_from_output: input_from_output.map(|value| value as f32),
            flip_channels,
            contrast: (1.0 + uniform(rng) * params.contrast) as f32,
            brightness: (uniform(rng) * params.brightness) as f32,
            noise: (rng.random::<f64>() * params.noise) as f32,
            erased: params
                .erase
                .as_ref()
                .map_or([0.0; 4], |erase| erased(erase, crop, rng)),
        }
    }
}

fn sign(negative: bool) -> f64 {
    if negative { -1.0 } else { 1.0 }
}

/// −1 to 1.
fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    2.0 * rng.random::<f64>() - 1.0
}

/// A rectangle on one side of the spared centre, vertically and horizontally (spec E.4).
fn erased(erase: &Erase, crop: f64, rng: &mut ChaCha8Rng) -> [f32; 4] {
    let hit = rng.random::<f64>() < erase.probability;
    let area = erase.area[0] + rng.random::<f64>() * (erase.area[1] - erase.area[0]);
    let [low, high] = erase.aspect.map(f64::ln);
    let aspect = (low + rng.random::<f64>() * (high - low)).exp();
    let area = area * crop * crop;
    // The spared centre leaves a strip of that width on every side; a small view is spared less.
    let spared = erase.spared_px.min(crop / 4.0);
    let strip = crop / 2.0 - spared;
    let height = (area * aspect)
        .sqrt()
        .round()
        .clamp(1.0, strip.floor().max(1.0));
    let width = (area / aspect)
        .sqrt()
        .round()
        .clamp(1.0, strip.floor().max(1.0));
    let mut start = |length: f64| {
        let offset = (rng.random::<f64>() * (strip - length + 1.0).max(1.0)).floor();
        let far = rng.random::<bool>();
        if far { crop - length - offset } else { offset }
    };
    let (row, column) = (start(height), start(width));
    if hit {
        [row, height, column, width].map(|value| value as f32)
    } else {
        [0.0; 4]
    }
}
