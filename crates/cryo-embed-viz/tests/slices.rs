//! Pictures of slices.

use cryo_embed_viz::{Error, Image, SlicesParams, central_slices, image_row};
use ndarray::{Array2, Array3};

fn plain() -> SlicesParams {
    SlicesParams {
        saturated_percent: 0.0,
        least_width_px: 0,
        gap_px: 2,
    }
}

#[test]
fn a_bright_voxel_appears_in_every_slice_at_its_place() {
    // Sizes 5, 7, 9: the centre is (2, 3, 4); the voxel at z 2, y 3, x 4 lies in all three slices.
    let mut volume = Array3::zeros((5, 7, 9));
    volume[[2, 3, 4]] = 1.0;
    volume[[2, 1, 6]] = 0.5;
    let picture = central_slices(volume.view(), &plain()).unwrap();
    assert_eq!((picture.width(), picture.height()), (9 + 2 + 5, 7 + 2 + 5));
    assert_eq!(picture.pixel(4, 3), Some([255; 3]), "xy");
    assert_eq!(picture.pixel(6, 1), Some([128; 3]), "xy, off centre");
    assert_eq!(picture.pixel(4, 7 + 2 + 2), Some([255; 3]), "xz");
    assert_eq!(
        picture.pixel(9 + 2 + 2, 3),
        Some([255; 3]),
        "yz, z to the right"
    );
    assert_eq!(picture.pixel(9, 0), Some([255; 3]), "gap");
    assert_eq!(picture.pixel(0, 0), Some([0; 3]));
}

#[test]
fn values_that_are_not_finite_are_red_and_do_not_spoil_the_grey() {
    let image = Array2::from_shape_vec((1, 4), vec![f32::NAN, 0.0, 2.0, f32::INFINITY]).unwrap();
    let picture = image_row(&[image.view()], &plain()).unwrap();
    let row: Vec<_> = (0..4).map(|x| picture.pixel(x, 0).unwrap()).collect();
    assert_eq!(row, [[220, 30, 30], [0; 3], [255; 3], [220, 30, 30]]);
}

#[test]
fn small_images_are_enlarged_by_a_whole_factor() {
    let image = Array2::from_shape_vec((1, 2), vec![0.0, 1.0]).unwrap();
    let params = SlicesParams {
        least_width_px: 5,
        ..plain()
    };
    let picture = image_row(&[image.view()], &params).unwrap();
    assert_eq!((picture.width(), picture.height()), (6, 3));
    assert_eq!(
        (picture.pixel(2, 2), picture.pixel(3, 0)),
        (Some([0; 3]), Some([255; 3]))
    );
}

#[test]
fn constant_slices_are_black_and_empty_ones_are_refused() {
    let picture = image_row(&[Array2::from_elem((2, 3), 7.0).view()], &plain()).unwrap();
    assert_eq!(picture, Image::filled(3, 2, [0; 3]));
    let error = central_slices(Array3::zeros((0, 2, 3)).view(), &plain()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected at least one pixel, got an array of shape [0, 2, 3]"
    );
    let params = SlicesParams {
        saturated_percent: 50.0,
        ..plain()
    };
    let error = image_row(&[Array2::zeros((1, 1)).view()], &params).unwrap_err();
    assert!(matches!(
        error,
        Error::Parameter {
            name: "saturated_percent",
            ..
        }
    ));
}

#[test]
fn the_png_holds_the_pixels() {
    let image = Array2::from_shape_fn((3, 5), |(y, x)| (10 * y + x) as f32);
    let picture = image_row(&[image.view()], &plain()).unwrap();
    let mut bytes = Vec::new();
    picture.write_png(&mut bytes).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width, info.height), (5, 3));
    for y in 0..3 {
        for x in 0..5 {
            let start = (y * 5 + x) * 3;
            assert_eq!(
                Some([pixels[start], pixels[start + 1], pixels[start + 2]]),
                picture.pixel(x, y)
            );
        }
    }
}
