//! Maps, landscapes, matrices, curves and labels in volumes.

mod common;

use common::blobs;
use cryo_core::VoxelPos;
use cryo_embed_viz::{
    Error, LandscapeParams, MapParams, MatrixParams, Series, Shape, SlicesParams, class_colour,
    curves, label_matrix, label_volume, landscape, landscape_by_label, map_by_label, map_by_place,
    map_colour, overlay_slice, without_overlap,
};
use ndarray::{Array2, Array3, array};

#[test]
fn anchors_of_the_colour_map_are_the_references() {
    let anchors = [
        (0.0, 0.0, [255, 255, 0]),
        (0.0, 1.0, [255, 0, 0]),
        (1.0, 0.0, [40, 255, 0]),
        (1.0, 1.0, [0, 0, 255]),
        (0.5, 0.5, [199, 169, 199]),
        (0.0, 0.5, [255, 127, 0]),
        (0.5, 0.0, [149, 255, 0]),
        (1.0, 0.5, [19, 127, 130]),
        (0.5, 1.0, [127, 0, 130]),
    ];
    for (u, v, colour) in anchors {
        assert_eq!(map_colour(u, v), colour);
    }
    // Half way between two anchors along u.
    assert_eq!(map_colour(0.25, 0.0), [202, 255, 0]);
    assert_eq!(map_colour(-3.0, 0.0), map_colour(0.0, 0.0));
    assert_eq!(map_colour(f32::NAN, 0.0), map_colour(0.0, 0.0));
}

#[test]
fn the_first_points_axis_runs_right_and_the_second_up() {
    let layout = array![[0.0, 0.0], [1.0, 2.0]];
    let params = MapParams {
        side_px: 100,
        ..MapParams::default()
    };
    let scene = map_by_place(layout.view(), &params).unwrap();
    let mut centres: Vec<_> = (scene.shapes.iter())
        .filter_map(|shape| match shape {
            Shape::Disc { centre, .. } => Some(*centre),
            _ => None,
        })
        .collect();
    centres.sort_by(|a, b| a[0].total_cmp(&b[0]));
    assert_eq!(centres[1][0] - centres[0][0], 100.0);
    assert_eq!(centres[1][1] - centres[0][1], -100.0);
    let image = scene.render();
    let low = centres[0].map(|value| value as usize);
    let yellow = image.pixel(low[0], low[1]).unwrap();
    assert!(
        yellow[0] > 240 && yellow[1] > 240 && yellow[2] < 100,
        "{yellow:?}"
    );
}

#[test]
fn the_legend_names_classes_and_sums_up_what_has_no_room() {
    let layout = blobs(&[30], 2, 1.0).points;
    let labels: Vec<u32> = (0..30).map(|row| row % 6).collect();
    let names = [
        (2, "proteasome_with_a_long_name".to_owned()),
        (3, "<b>".to_owned()),
    ]
    .into();
    let texts = |params: &MapParams| -> Vec<String> {
        let scene = map_by_label(layout.view(), &labels, &names, params).unwrap();
        let texts = scene.shapes.into_iter().filter_map(|shape| match shape {
            Shape::Text { text, .. } => Some(text),
            _ => None,
        });
        texts.collect()
    };
    let all = texts(&MapParams::default());
    for expected in ["unassigned (5)", "1 (5)", "2 p..ng_name (5)", "3 <b> (5)"] {
        assert!(
            all.iter().any(|text| text == expected),
            "{expected} in {all:?}"
        );
    }
    let cut = texts(&MapParams {
        legend_rows: 3,
        ..MapParams::default()
    });
    assert!(cut.iter().any(|text| text == "4 more (20)"), "{cut:?}");
    let svg = map_by_label(layout.view(), &labels, &names, &MapParams::default())
        .unwrap()
        .to_svg()
        .unwrap();
    assert!(svg.contains("&lt;b&gt;") && !svg.contains("<b>"));
}

#[test]
fn shown_patches_match_brute_force_and_never_overlap() {
    let places: Vec<[f32; 2]> = blobs(&[800], 2, 1.0)
        .points
        .rows()
        .into_iter()
        .map(|row| [row[0] * 50.0, row[1] * 50.0])
        .collect();
    for side in [3.0, 11.5, 60.0] {
        let mut expected: Vec<usize> = Vec::new();
        for (index, [x, y]) in places.iter().enumerate() {
            let free = expected.iter().all(|&other: &usize| {
                let [a, b] = places[other];
                (a - x).abs() >= side || (b - y).abs() >= side
            });
            if free {
                expected.push(index);
            }
        }
        assert_eq!(without_overlap(&places, side), expected);
    }
}

#[test]
fn classes_can_be_told_apart_without_red_and_green() {
    // Brettel-like test would be long; luminance or blue must differ for each pair of the first seven.
    let lightness = |class: u32| {
        let [r, g, b] = class_colour(class).map(f64::from);
        (0.2126 * r + 0.7152 * g + 0.0722 * b, b)
    };
    for a in 1..=7 {
        for b in a + 1..=7 {
            let ((la, ba), (lb, bb)) = (lightness(a), lightness(b));
            assert!((la - lb).abs() > 12.0 || (ba - bb).abs() > 60.0, "{a} {b}");
        }
    }
}

fn patches(n: usize) -> Array3<f32> {
    Array3::from_shape_fn((n, 12, 14), |(n, y, x)| ((n * 31 + y * x) % 17) as f32)
}

#[test]
fn landscapes_show_patches_and_leave_out_the_unassigned() {
    let layout = array![[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.001, 0.0]];
    let pictures = |scene: cryo_embed_viz::Scene| {
        scene
            .shapes
            .iter()
            .filter(|shape| matches!(shape, Shape::Picture { .. }))
            .count()
    };
    let params = LandscapeParams::default();
    assert_eq!(
        pictures(landscape(layout.view(), patches(4).view(), &params).unwrap()),
        3
    );
    let whole = landscape(layout.view(), patches(4).view(), &params).unwrap();
    for shape in &whole.shapes {
        if let Shape::Picture { corner, image } = shape {
            // Below the title, and within the square of the map with its margin.
            assert!(corner[0] >= 23.0 && corner[1] >= 63.0, "{corner:?}");
            let right = corner[0] + image.width() as f32;
            let bottom = corner[1] + image.height() as f32;
            assert!(right <= 1525.0 && bottom <= 1565.0, "{corner:?}");
        }
    }
    let by_label =
        |labels: &[u32]| landscape_by_label(layout.view(), patches(4).view(), labels, &params);
    assert_eq!(pictures(by_label(&[1, 0, 2, 2]).unwrap()), 2);
    // The first is not shown, so its neighbour has room.
    assert_eq!(pictures(by_label(&[0, 3, 2, 2]).unwrap()), 3);
    assert!(matches!(by_label(&[1]), Err(Error::Length { .. })));
    let error = landscape(layout.view(), Array3::zeros((4, 0, 3)).view(), &params).unwrap_err();
    assert!(matches!(error, Error::Empty { .. }));
}

#[test]
fn a_matrix_has_a_row_for_each_class_and_shows_its_whole_range() {
    let labels = [1, 1, 1, 1, 1, 2, 0];
    let scores = [0.5, -1.0, 0.0, 3.0, 1.0, 0.0, 9.0];
    let params = MatrixParams {
        patches: 3,
        ..MatrixParams::default()
    };
    let scene = label_matrix(patches(7).view(), &labels, &scores, &params).unwrap();
    let pictures: Vec<_> = (scene.shapes.iter())
        .filter_map(|shape| match shape {
            Shape::Picture { corner, image } => Some((corner[1], image)),
            _ => None,
        })
        .collect();
    // Class 0: average and one; class 1: average and three; class 2: average and one.
    assert_eq!(pictures.len(), 2 + 4 + 2);
    let single: Vec<_> = pictures
        .iter()
        .filter(|(top, _)| *top == pictures[0].0)
        .collect();
    assert_eq!(
        single[0].1, single[1].1,
        "the average of one patch is the patch"
    );
}

#[test]
fn curves_leave_gaps_and_refuse_nothing_to_show() {
    let series = |points: &[(f64, f64)]| Series {
        name: "loss".to_owned(),
        points: points.to_vec(),
    };
    let scene = curves(
        &[series(&[
            (0.0, 1.0),
            (1.0, f64::NAN),
            (2.0, 0.5),
            (3.0, 0.4),
        ])],
        "epoch",
    )
    .unwrap();
    let traced = (scene.shapes.iter())
        .filter(|shape| matches!(shape, Shape::Line { width: 2.0, .. }))
        .count();
    assert_eq!(traced, 1);
    assert!(scene.render().width() > 100);
    assert!(matches!(
        curves(&[series(&[(0.0, f64::NAN)])], "epoch"),
        Err(Error::TooFew { .. })
    ));
    assert!(curves(&[series(&[(5.0, 5.0)])], "epoch").is_ok());
}

#[test]
fn balls_of_labels_match_brute_force() {
    let shape = [9, 13, 17];
    let positions = [
        VoxelPos::xyz(4.0, 6.5, 2.0),
        VoxelPos::xyz(7.25, 6.0, 3.0),
        VoxelPos::xyz(16.5, 0.0, 8.0),
    ];
    let labels = [7, 9, 300];
    let volume = label_volume(shape, &positions, &labels, 3.2).unwrap();
    for ((z, y, x), &got) in volume.indexed_iter() {
        let here = VoxelPos::xyz(x as f64, y as f64, z as f64);
        let mut best = (f64::INFINITY, 0);
        for (position, &label) in positions.iter().zip(&labels) {
            let away = here.distance_to(*position);
            if away <= 3.2 && away < best.0 {
                best = (away, label);
            }
        }
        assert_eq!(got, best.1, "{z} {y} {x}");
    }
    assert!(
        label_volume(shape, &[VoxelPos::xyz(-50.0, 0.0, 900.0)], &[1], 3.0)
            .unwrap()
            .iter()
            .all(|v| *v == 0)
    );
    let error = label_volume(shape, &[VoxelPos::xyz(f64::NAN, 0.0, 0.0)], &[1], 3.0).unwrap_err();
    assert!(matches!(
        error,
        Error::NotFinite {
            row: 0,
            column: 2,
            ..
        }
    ));
}

#[test]
fn an_overlay_leaves_the_density_to_be_seen() {
    let slice = Array2::from_shape_fn((20, 30), |(y, x)| (y + x) as f32);
    let labels = label_volume([1, 20, 30], &[VoxelPos::xyz(15.0, 8.0, 0.0)], &[2], 5.0).unwrap();
    let params = SlicesParams {
        least_width_px: 0,
        ..SlicesParams::default()
    };
    let colour = |label: u16| class_colour(label.into());
    let image = overlay_slice(
        slice.view(),
        labels.index_axis(ndarray::Axis(0), 0),
        colour,
        &params,
    )
    .unwrap();
    let centre = image.pixel(15, 8).unwrap();
    assert_ne!(centre, class_colour(2));
    assert_ne!(centre, image.pixel(2, 2).unwrap());
    assert_eq!(image.pixel(10, 8), Some(class_colour(2)), "the edge");
    let outside = image.pixel(25, 15).unwrap();
    assert!(outside[0] == outside[1] && outside[1] == outside[2]);
    let error = overlay_slice(
        slice.view(),
        Array2::zeros((19, 30)).view(),
        colour,
        &params,
    )
    .unwrap_err();
    assert_eq!(error.to_string(), "expected 20 rows of labels, got 19");
}
