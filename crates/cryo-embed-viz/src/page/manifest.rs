//! What the page must know before it reads its arrays.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    atlas::{Averages, GRID},
    blocks::Block,
    data::PageData,
};
use crate::{Colour, class_colour, map_colour};

/// Version of what the page reads.
const SCHEMA: u32 = 1;
/// Colours along a side of the map's colours.
const MAP_COLOURS: u8 = 16;
/// Tomograms get the colours of as many classes, in turn.
const TOMOGRAM_COLOURS: u32 = 21;

pub(super) struct Parts<'a, 'd> {
    pub(super) data: &'a PageData<'d>,
    pub(super) classes: &'a BTreeMap<u32, usize>,
    pub(super) blocks: Vec<&'a Block>,
    pub(super) thumbnail_px: Option<usize>,
    pub(super) averages: Option<&'a Averages>,
    pub(super) served: Value,
}

pub(super) fn manifest(parts: &Parts<'_, '_>) -> String {
    let data = parts.data;
    let arrays = parts.blocks.iter();
    let arrays: Map<String, Value> = arrays
        .map(|block| (block.name.to_owned(), block.about()))
        .collect();
    let classes: Vec<Value> = parts
        .classes
        .iter()
        .map(|(label, count)| json!({ "label": label, "count": count, "name": data.names.get(label) }))
        .collect();
    let colours: Map<String, Value> = parts
        .classes
        .keys()
        .map(|&label| (label.to_string(), json!(hex(class_colour(label)))))
        .collect();
    let place = |cell: u8| f32::from(cell) / f32::from(MAP_COLOURS - 1);
    let map_colours: Vec<String> = (0..MAP_COLOURS)
        .flat_map(|u| (0..MAP_COLOURS).map(move |v| hex(map_colour(place(u), place(v)))))
        .collect();
    let tomogram_colours = (1..=TOMOGRAM_COLOURS).map(|number| hex(class_colour(number)));
    let thumbnails = parts
        .thumbnail_px
        .map(|side| json!({ "side": side, "columns": GRID, "rows": GRID }));
    let averages = parts
        .averages
        .map(|averages| json!({ "side": averages.side, "labels": averages.labels }));
    let value = json!({
        "schema": SCHEMA,
        "program": concat!("cryo-embed-viz ", env!("CARGO_PKG_VERSION")),
        "title": data.title,
        "count": data.len(),
        "tomograms": tomograms(data),
        "classes": classes,
        "blocks": arrays,
        "thumbnails": thumbnails,
        "averages": averages,
        "class_colours": colours,
        "map_colours": map_colours,
        "tomogram_colours": tomogram_colours.collect::<Vec<String>>(),
        "candidates_fingerprint": candidates_fingerprint(data),
        "labels_fingerprint": labels_fingerprint(data),
        "served": parts.served,
    });
    // "<" may only stand within strings of JSON, where it can be written so that no element ends.
    value.to_string().replace('<', "\\u003c")
}

fn tomograms(data: &PageData<'_>) -> Vec<Value> {
    let describe = |tomogram: &super::PageTomogram| {
        let grid = &tomogram.grid;
        let size = grid.voxel_size;
        json!({
            "name": tomogram.name,
            "shape": grid.shape,
            "voxel_size": [size.z(), size.y(), size.x()],
        })
    };
    data.tomograms.iter().map(describe).collect()
}

fn hex([red, green, blue]: Colour) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// FNV-1a over the names of the tomograms and the places in them.
pub(super) fn candidates_fingerprint(data: &PageData<'_>) -> String {
    let mut hash = Fnv::default();
    for tomogram in data.tomograms {
        hash.add(tomogram.name.as_bytes());
        hash.add(&[0]);
    }
    for (number, place) in data.tomogram.iter().zip(data.positions) {
        hash.add(&(*number as u64).to_le_bytes());
        for value in [place.z, place.y, place.x] {
            hash.add(&value.to_le_bytes());
        }
    }
    hash.text()
}

fn labels_fingerprint(data: &PageData<'_>) -> String {
    let mut hash = Fnv::default();
    for label in data.labels.unwrap_or_default() {
        hash.add(&label.to_le_bytes());
    }
    hash.text()
}

struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn text(&self) -> String {
        format!("{:016x}", self.0)
    }
}
