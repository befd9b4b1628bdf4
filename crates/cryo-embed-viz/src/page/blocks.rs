//! Arrays of the page: little-endian numbers in base64, each in an element of its own.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::data::PageData;

/// An array with what the page must know to read it.
pub(super) struct Block {
    pub(super) name: &'static str,
    kind: &'static str,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Block {
    pub(super) fn about(&self) -> Value {
        json!({ "type": self.kind, "shape": self.shape })
    }

    pub(super) fn base64(&self) -> String {
        STANDARD.encode(&self.bytes)
    }
}

fn u16s(name: &'static str, shape: Vec<usize>, values: impl Iterator<Item = u16>) -> Block {
    let bytes = values.flat_map(u16::to_le_bytes).collect();
    Block {
        name,
        kind: "u16",
        shape,
        bytes,
    }
}

fn f32s(name: &'static str, values: &[f32]) -> Block {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes());
    Block {
        name,
        kind: "f32",
        shape: vec![values.len()],
        bytes: bytes.collect(),
    }
}

/// What the first look at the map needs.
pub(super) fn of_map(data: &PageData<'_>) -> Vec<Block> {
    let n = data.len();
    let mut blocks = vec![map(data)];
    if let Some(labels) = data.labels {
        let labels = labels
            .iter()
            .map(|&label| u16::try_from(label).unwrap_or(u16::MAX));
        blocks.push(u16s("label", vec![n], labels));
    }
    let tomograms = data.tomogram.iter();
    let tomograms = tomograms.map(|&number| u16::try_from(number).unwrap_or(u16::MAX));
    blocks.push(u16s("tomogram", vec![n], tomograms));
    blocks
}

/// The map with its shape kept, its longer side from −0.98 to 0.98 in steps of 1/32767.5.
fn map(data: &PageData<'_>) -> Block {
    let range = [0, 1].map(|axis| {
        let column = data.map.column(axis);
        let low = column.iter().copied().fold(f32::INFINITY, f32::min);
        let high = column.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        (f64::from(low), f64::from(high))
    });
    let extent = range
        .map(|(low, high)| high - low)
        .into_iter()
        .fold(0.0, f64::max);
    let scale = if extent > 0.0 { 1.96 / extent } else { 0.0 };
    let place = |(row, axis): (usize, usize)| {
        let (low, high) = range[axis];
        let value = (f64::from(data.map[[row, axis]]) - (low + high) / 2.0) * scale;
        ((value + 1.0) * 32767.5).round() as u16
    };
    let places = (0..data.len()).flat_map(|row| [(row, 0), (row, 1)]);
    u16s("map", vec![data.len(), 2], places.map(place))
}

/// What is needed once somebody does something.
pub(super) fn of_rest(data: &PageData<'_>, embedding: Option<(Vec<i8>, usize)>) -> Vec<Block> {
    let mut blocks = vec![positions(data)];
    blocks.extend(data.scores.map(|scores| f32s("score", scores)));
    blocks.extend(data.outliers.map(|scores| f32s("outlier", scores)));
    if let Some((values, components)) = embedding {
        blocks.push(Block {
            name: "embedding",
            kind: "i8",
            shape: vec![data.len(), components],
            bytes: unsigned(&values),
        });
    }
    blocks
}

fn unsigned(values: &[i8]) -> Vec<u8> {
    values.iter().map(|value| value.cast_unsigned()).collect()
}

/// Half of the bytes where that loses nothing: an export must give back the very positions.
fn positions(data: &PageData<'_>) -> Block {
    let all = || data.positions.iter().flat_map(|p| [p.z, p.y, p.x]);
    let shape = vec![data.len(), 3];
    let exact = all().all(|value| f64::from(value as f32) == value);
    let (kind, bytes) = if exact {
        (
            "f32",
            all()
                .flat_map(|value| (value as f32).to_le_bytes())
                .collect(),
        )
    } else {
        ("f64", all().flat_map(f64::to_le_bytes).collect())
    };
    Block {
        name: "position",
        kind,
        shape,
        bytes,
    }
}
