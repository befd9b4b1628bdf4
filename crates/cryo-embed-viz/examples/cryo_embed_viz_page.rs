//! The interactive page of labelled blobs with a picture each: `cryo_embed_viz_page [CANDIDATES] [PIXELS] > page.html`.

use cryo_core::{Grid, VoxelPos, VoxelSize};
use cryo_embed_viz::{Delivery, Page, PageData, PageParams, PageTomogram, Pca};
use cryo_fixtures::{EmbeddingParams, labelled_blobs};
use ndarray::Array3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: usize| arguments.next().map_or(Ok(default), |text| text.parse());
    let (count, side) = (number(5000)?, number(32)?);
    let params = EmbeddingParams {
        counts: (1..=12).map(|class| count * class / 78).collect(),
        ..EmbeddingParams::default()
    };
    let blobs = labelled_blobs(&params)?;
    let n = blobs.points.nrows();
    let map = Pca::fit(blobs.points.view(), 2)?.transform(blobs.points.view())?;

    let voxel_size = VoxelSize::new(10.0).ok_or("a length above 0")?;
    let names = ["ts_01", "ts_02", "ts_03"];
    let tomograms = names.map(|name| PageTomogram {
        name: name.to_owned(),
        grid: Grid::new([180, 480, 464], voxel_size),
    });
    let labels: Vec<u32> = blobs.labels.iter().map(|&label| label + 1).collect();
    let tomogram: Vec<usize> = (0..n).map(|row| row % names.len()).collect();
    let place = |row: usize| {
        VoxelPos::xyz(
            (row * 7 % 464) as f64,
            (row * 13 % 480) as f64,
            (row * 17 % 180) as f64,
        )
    };
    let positions: Vec<VoxelPos> = (0..n).map(place).collect();
    let scores: Vec<f32> = (0..n)
        .map(|row| (row * 31 % 1000) as f32 / 1000.0)
        .collect();
    // A dark ball in noise, larger for each class.
    let patches = Array3::from_shape_fn((n, side, side), |(row, y, x)| {
        let half = side as f64 / 2.0;
        let radius = (y as f64 - half).hypot(x as f64 - half) / half;
        let inside = radius < 0.2 + 0.05 * f64::from(labels[row]);
        let noise = (row * 7919 + y * 104_729 + x * 1_299_709) % 97;
        (if inside { 60 } else { 130 }) + noise as u8
    });
    let data = PageData {
        title: format!("{n} blobs"),
        map: map.view(),
        labels: Some(&labels),
        names: [(12, "the largest".to_owned())].into(),
        tomograms: &tomograms,
        tomogram: &tomogram,
        positions: &positions,
        scores: Some(&scores),
        outliers: None,
        patches: (side > 0).then(|| patches.view()),
        embedding: Some(blobs.points.view()),
    };
    Page::new(data, &PageParams::default())?.write(Delivery::File, std::io::stdout().lock())?;
    Ok(())
}
