//! Maps and classifies made-up particles of three shapes, and writes what a person looks at.
//!
//! Run with `cargo run --release -p cryo-embed-viz --example cryo_embed_viz_explore -- FOLDER`.

use std::{error::Error, fs, path::PathBuf};

use cryo_embed_viz::{
    Classes, ClassifyParams, LandscapeParams, MapParams, MatrixParams, Pca, Scene, Umap,
    UmapParams, label_matrix, landscape, landscape_by_label, map_by_label, map_by_place,
};
use ndarray::{Array2, Array3};

const SIDE: usize = 24;

/// A disc, a ring or a bar, a little off centre, in noise.
fn patches(n: usize) -> Array3<f32> {
    let noise = |seed: usize| {
        let mixed = (seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        ((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f32 / 16_777_216.0
            - 0.5
    };
    Array3::from_shape_fn((n, SIDE, SIDE), |(n, y, x)| {
        let (dy, dx) = (
            y as f32 - 11.5 - 3.0 * noise(2 * n),
            x as f32 - 11.5 - 3.0 * noise(2 * n + 1),
        );
        let radius = dy.hypot(dx);
        let inside = match n % 6 {
            0..3 => radius < 5.0,
            3 | 4 => (4.0..7.5).contains(&radius),
            _ => dy.abs() < 2.5,
        };
        let signal = if inside { -1.0 } else { 0.0 };
        signal + 2.5 * noise(1_000_003 + (n * SIDE + y) * SIDE + x)
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(
        std::env::args()
            .nth(1)
            .unwrap_or_else(|| "explored".to_owned()),
    );
    fs::create_dir_all(&folder)?;
    let patches = patches(3000);
    let pixels: Array2<f32> = patches.clone().into_shape_with_order((3000, SIDE * SIDE))?;
    let vectors = Pca::fit(pixels.view(), 20)?.transform(pixels.view())?;

    let classes = Classes::fit(vectors.view(), 6, &ClassifyParams::default(), &())?;
    let found = classes.assign(vectors.view())?;
    let map = Umap::fit(vectors.view(), &UmapParams::default(), &())?;
    let layout = map.layout.view();

    let save = |name: &str, scene: Scene| -> Result<(), Box<dyn Error>> {
        scene
            .render()
            .write_png(fs::File::create(folder.join(name).with_extension("png"))?)?;
        fs::write(folder.join(name).with_extension("svg"), scene.to_svg()?)?;
        Ok(())
    };
    let params = MapParams {
        title: "3000 patches by class".to_owned(),
        ..Default::default()
    };
    save(
        "labels",
        map_by_label(layout, &found.labels, &[].into(), &params)?,
    )?;
    save("umap", map_by_place(layout, &MapParams::default())?)?;
    save(
        "grid",
        landscape(layout, patches.view(), &LandscapeParams::default())?,
    )?;
    let by_label = landscape_by_label(
        layout,
        patches.view(),
        &found.labels,
        &LandscapeParams::default(),
    );
    save("grid_labels", by_label?)?;
    let matrix = label_matrix(
        patches.view(),
        &found.labels,
        &found.outlier_scores,
        &MatrixParams::default(),
    );
    save("classes", matrix?)?;
    println!(
        "{} classes; pictures in {}",
        classes.count(),
        folder.display()
    );
    Ok(())
}
