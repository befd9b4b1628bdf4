//! The interactive page as a document; browsers look at it in the tests of `cryo-cli`.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cryo_core::{Grid, VoxelPos, VoxelSize};
use cryo_embed_viz::{
    Delivery, Error, GreyRange, Page, PageData, PageParams, PageTomogram, class_colour,
};
use ndarray::{Array2, Array3, array};
use serde_json::Value;

/// The parts of a page of 40 candidates of 4 classes in 2 tomograms.
struct Parts {
    map: Array2<f32>,
    labels: Vec<u32>,
    tomograms: Vec<PageTomogram>,
    tomogram: Vec<usize>,
    positions: Vec<VoxelPos>,
    scores: Vec<f32>,
    patches: Array3<u8>,
    embedding: Array2<f32>,
}

impl Parts {
    fn new() -> Self {
        let n = 40;
        let grid = Grid::new([30, 50, 70], VoxelSize::new(8.0).expect("valid"));
        let tomograms = ["one", "</script><b>two"].map(|name| PageTomogram {
            name: name.to_owned(),
            grid,
        });
        let vector = |row: usize, column: usize| ((row * 37 + column * 11) % 29) as f32;
        Self {
            map: Array2::from_shape_fn((n, 2), |(row, axis)| vector(row, axis) * 3.0 - 7.0),
            labels: (0..n).map(|row| row as u32 % 4).collect(),
            tomograms: tomograms.into(),
            tomogram: (0..n).map(|row| row % 2).collect(),
            positions: (0..n)
                .map(|row| VoxelPos::xyz(row as f64, 2.0, 3.0))
                .collect(),
            scores: (0..n).map(|row| row as f32 / 7.0).collect(),
            patches: Array3::from_shape_fn((n, 8, 8), |(row, y, x)| (row * 4 + y * 9 + x) as u8),
            embedding: Array2::from_shape_fn((n, 12), |(row, column)| vector(row, column)),
        }
    }

    fn data(&self) -> PageData<'_> {
        PageData {
            title: "a & <b>".to_owned(),
            map: self.map.view(),
            labels: Some(&self.labels),
            names: BTreeMap::from([(2, "two </script>".to_owned())]),
            tomograms: &self.tomograms,
            tomogram: &self.tomogram,
            positions: &self.positions,
            scores: Some(&self.scores),
            outliers: None,
            patches: Some(self.patches.view()),
            embedding: Some(self.embedding.view()),
        }
    }
}

fn html(data: PageData<'_>, delivery: Delivery) -> String {
    let page = Page::new(data, &PageParams::default()).expect("valid");
    let mut out = Vec::new();
    page.write(delivery, &mut out).expect("written");
    String::from_utf8(out).expect("UTF-8")
}

/// The text of the element with that id.
fn element<'a>(html: &'a str, id: &str) -> Option<&'a str> {
    let start = html.find(&format!("id=\"{id}\">"))? + id.len() + 6;
    let end = start + html[start..].find("</script>")?;
    Some(&html[start..end])
}

fn manifest(html: &str) -> Value {
    serde_json::from_str(element(html, "manifest").expect("there")).expect("JSON")
}

fn bytes(html: &str, id: &str) -> Vec<u8> {
    STANDARD
        .decode(element(html, id).expect("there"))
        .expect("base64")
}

#[test]
fn the_arrays_of_the_page_are_those_that_went_in() {
    let parts = Parts::new();
    let html = html(parts.data(), Delivery::File);
    let about = manifest(&html);
    assert_eq!(about["count"], 40);
    assert_eq!(about["title"], "a & <b>");
    assert_eq!(about["tomograms"][1]["name"], "</script><b>two");
    assert_eq!(
        about["tomograms"][1]["shape"],
        serde_json::json!([30, 50, 70])
    );
    assert_eq!(
        about["classes"][2],
        serde_json::json!({ "label": 2, "count": 10, "name": "two </script>" })
    );
    let [red, green, blue] = class_colour(3);
    assert_eq!(
        about["class_colours"]["3"],
        format!("#{red:02x}{green:02x}{blue:02x}")
    );
    assert_eq!(about["map_colours"].as_array().expect("colours").len(), 256);

    let singles = |id: &str| -> Vec<f32> {
        let bytes = bytes(&html, id);
        bytes
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes(b.try_into().expect("4")))
            .collect()
    };
    assert_eq!(singles("block-score"), parts.scores);
    let zyx = singles("block-position");
    assert_eq!(zyx[3 * 5..3 * 6], [3.0, 2.0, 5.0]);
    let labels = bytes(&html, "block-label");
    let labels = labels
        .chunks_exact(2)
        .map(|b| u32::from(u16::from_le_bytes([b[0], b[1]])));
    assert_eq!(labels.collect::<Vec<u32>>(), parts.labels);

    // The map keeps its shape and lies in the middle.
    let map = bytes(&html, "block-map");
    let place: Vec<f64> = map
        .chunks_exact(2)
        .map(|b| f64::from(u16::from_le_bytes([b[0], b[1]])) / 32767.5 - 1.0)
        .collect();
    let low = place.iter().copied().fold(f64::INFINITY, f64::min);
    let high = place.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert!(
        (low + 0.98).abs() < 1e-3 && (high - 0.98).abs() < 1e-3,
        "{low} {high}"
    );
    let ratio = |a: usize, b: usize, axis: usize| {
        let step = f64::from(parts.map[[a, axis]] - parts.map[[b, axis]]);
        (place[2 * a + axis] - place[2 * b + axis]) / step
    };
    assert!((ratio(3, 9, 0) - ratio(5, 8, 1)).abs() < 1e-4);
}

#[test]
fn positions_come_back_to_the_last_bit() {
    let mut parts = Parts::new();
    parts.positions[7] = VoxelPos::xyz(0.1, 1.0 / 3.0, 29.7);
    let html = html(parts.data(), Delivery::File);
    assert_eq!(manifest(&html)["blocks"]["position"]["type"], "f64");
    let bytes = bytes(&html, "block-position");
    let number = |at: usize| f64::from_le_bytes(bytes[8 * at..8 * at + 8].try_into().expect("8"));
    assert_eq!([number(21), number(22), number(23)], [29.7, 1.0 / 3.0, 0.1]);
}

#[test]
fn near_vectors_stay_near_in_the_page() {
    let parts = Parts::new();
    let html = html(parts.data(), Delivery::File);
    let about = manifest(&html);
    assert_eq!(
        about["blocks"]["embedding"]["shape"],
        serde_json::json!([40, 12])
    );
    let bytes = bytes(&html, "block-embedding");
    let kept = |a: usize, b: usize| -> f64 {
        let row = |row: usize| {
            bytes[12 * row..12 * row + 12]
                .iter()
                .map(|&v| f64::from(v.cast_signed()))
        };
        row(a)
            .zip(row(b))
            .map(|(a, b)| (a - b).powi(2))
            .sum::<f64>()
            .sqrt()
    };
    let true_distance = |a: usize, b: usize| {
        let step = &parts.embedding.row(a) - &parts.embedding.row(b);
        f64::from(step.dot(&step)).sqrt()
    };
    let scale = kept(0, 1) / true_distance(0, 1);
    for (a, b) in [(3, 17), (5, 30), (8, 39)] {
        let share = kept(a, b) / (scale * true_distance(a, b));
        assert!((share - 1.0).abs() < 0.05, "{share}");
    }
}

#[test]
fn nothing_in_the_page_reaches_out_or_breaks_out() {
    let parts = Parts::new();
    let html = html(parts.data(), Delivery::File);
    assert!(html.starts_with("<!doctype html>") && html.trim_end().ends_with("</html>"));
    for out in [
        "src=\"http",
        "href=\"http",
        "@import",
        "<link",
        "<iframe",
        "url(http",
    ] {
        assert!(!html.contains(out), "{out}");
    }
    assert!(html.contains("default-src 'none'"));
    // Names are in the manifest only, where no tag can begin.
    assert!(!element(&html, "manifest").expect("there").contains('<'));
    assert!(!html.contains("<b>two"));
    // The licences of what is inside are in it.
    for package in ["regl-scatterplot", "regl ", "gl-matrix", "kdbush"] {
        assert!(html.contains(package), "{package}");
    }
    assert_eq!(html.matches("<!--").count(), html.matches("-->").count());
}

#[test]
fn thumbnails_are_in_the_file_and_beside_the_served_page() {
    let parts = Parts::new();
    let file = html(parts.data(), Delivery::File);
    let page = Page::new(parts.data(), &PageParams::default()).expect("valid");
    assert_eq!(page.thumbnail_pages(), 1);
    let png = page.thumbnails(0).expect("a picture");
    assert_eq!(bytes(&file, "thumbnails-0"), png);
    assert!(page.thumbnails(1).is_err());
    assert!(page.fingerprint() == manifest(&file)["candidates_fingerprint"]);

    let served = html(parts.data(), Delivery::Served { slices: true });
    assert!(element(&served, "thumbnails-0").is_none());
    assert_eq!(manifest(&served)["served"]["slices"], true);
    let without = PageData {
        patches: None,
        labels: None,
        embedding: None,
        ..parts.data()
    };
    let without = html(without, Delivery::File);
    assert!(manifest(&without)["thumbnails"].is_null() && manifest(&without)["averages"].is_null());
}

#[test]
fn the_page_is_the_same_on_any_number_of_threads() {
    let parts = Parts::new();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads");
        pool.install(|| html(parts.data(), Delivery::File))
    };
    assert!(on(1) == on(4));
}

#[test]
fn class_averages_are_means_of_the_patches() {
    let parts = Parts::new();
    let html = html(parts.data(), Delivery::File);
    let png = bytes(&html, "averages");
    let mut reader = png::Decoder::new(std::io::Cursor::new(png))
        .read_info()
        .expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("small")];
    reader.next_frame(&mut pixels).expect("a PNG");
    // Class 1 is the second square of 8 × 8; its pixel y 2, x 5.
    let at = ((8 + 2) * 8 + 5) * 3;
    let got = (f64::from(pixels[at]) * 256.0 + f64::from(pixels[at + 1])) / 256.0;
    let members = (0..40).filter(|row| parts.labels[*row] == 1);
    let wanted = members
        .map(|row| f64::from(parts.patches[[row, 2, 5]]))
        .sum::<f64>()
        / 10.0;
    assert!((got - wanted).abs() < 0.01, "{got} {wanted}");
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    let parts = Parts::new();
    let refused =
        |data: PageData<'_>| Page::new(data, &PageParams::default()).expect_err("refused");
    let short = [1_u32; 3];
    assert!(matches!(
        refused(PageData {
            labels: Some(&short),
            ..parts.data()
        }),
        Error::Length {
            what: "labels",
            expected: 40,
            got: 3
        }
    ));
    let strange = vec![2; 40];
    assert!(matches!(
        refused(PageData {
            tomogram: &strange,
            ..parts.data()
        }),
        Error::Parameter {
            name: "tomogram",
            ..
        }
    ));
    let high = vec![70_000; 40];
    assert!(matches!(
        refused(PageData {
            labels: Some(&high),
            ..parts.data()
        }),
        Error::Parameter { name: "labels", .. }
    ));
    let mut map = parts.map.clone();
    map[[3, 1]] = f32::NAN;
    assert!(matches!(
        refused(PageData {
            map: map.view(),
            ..parts.data()
        }),
        Error::NotFinite { row: 3, .. }
    ));
    let none = Array2::zeros((0, 2));
    assert!(matches!(
        refused(PageData {
            map: none.view(),
            ..parts.data()
        }),
        Error::TooFew { .. }
    ));
    let params = PageParams {
        components: 0,
        ..PageParams::default()
    };
    assert!(matches!(
        Page::new(parts.data(), &params),
        Err(Error::Parameter {
            name: "components",
            ..
        })
    ));
}

#[test]
fn slices_of_one_tomogram_share_a_grey_scale() {
    let part = array![[[0.0, 1.0], [2.0, f32::NAN]], [[4.0, 3.0], [5.0, 10.0]]];
    let range = GreyRange::of(part.view(), 0.0).expect("valid");
    assert_eq!((range.black, range.white), (0.0, 10.0));
    let png = range
        .png(array![[0.0, 5.0, 10.0], [20.0, -3.0, f32::NAN]].view())
        .expect("a PNG");
    let mut reader = png::Decoder::new(std::io::Cursor::new(png))
        .read_info()
        .expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("small")];
    let info = reader.next_frame(&mut pixels).expect("a PNG");
    assert_eq!((info.width, info.height), (3, 2));
    assert_eq!(pixels, [0, 128, 255, 255, 0, 0]);
    assert!(matches!(
        GreyRange::of(part.view(), 50.0),
        Err(Error::Parameter { .. })
    ));
}
