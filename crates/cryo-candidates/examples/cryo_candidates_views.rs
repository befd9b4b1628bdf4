//! Draws the views of some particles of a simulated tomogram into one picture: a row a particle, with the
//! mean of three slices in xy, xz and yz, the mean of the tilts within ±15°, and those of odd and of even
//! tilts alone.
//!
//! Run with `cargo run -p cryo-candidates --example cryo_candidates_views -- views.png`.

use cryo_candidates::{
    BoxSize, LazyViews, Plane, SliceViewParams, TiltSubset, TiltViewParams, check_tilt_angles,
    slice_views, tilt_views,
};
use cryo_core::ParticleSet;
use cryo_embed_viz::Image;
use cryo_fixtures::{
    Amount, ImagingParams, ReconstructionParams, SceneParams, ShotNoise, Species, maps, simulate,
};

const OF_EACH: usize = 30;
const ROWS: usize = 12;
const ZOOM: usize = 3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "views.png".to_owned());
    let mut species = Vec::new();
    for (name, bytes) in maps::ALL {
        let map = cryo_io::mrc::parse(bytes, &cryo_io::mrc::ReadOptions::default())?;
        species.push(Species::new(name, map, Amount::Count(OF_EACH)));
    }
    let scene = SceneParams::new([80, 200, 240], 10.0);
    let noise = ShotNoise::PerPixel(0.21);
    let imaging = ImagingParams {
        shot_noise: noise,
        ..ImagingParams::default()
    };
    let made = simulate(
        &species,
        &scene,
        &imaging,
        &ReconstructionParams::default(),
        &(),
    )?;
    println!(
        "{}",
        check_tilt_angles(&made.tilt_series, made.truth(), &Default::default(), &())?
    );

    // Half of the rows of either class.
    let mut set = made.truth().clone();
    let (first, second) = set.items.split_at(OF_EACH);
    set.items = first
        .iter()
        .take(ROWS / 2)
        .chain(second.iter().take(ROWS / 2))
        .cloned()
        .collect();

    let size = BoxSize::Angstrom(400.0);
    let planes = vec![Plane::Xy, Plane::Xz, Plane::Yz];
    let slices = SliceViewParams {
        size,
        planes,
        ..SliceViewParams::default()
    };
    let mut columns = vec![slice_views(&made.reconstruction, &set, &slices)?];
    for tilts in [TiltSubset::All, TiltSubset::Odd, TiltSubset::Even] {
        let params = TiltViewParams {
            size,
            tilts,
            ..TiltViewParams::default()
        };
        columns.push(tilt_views(&made.tilt_series, &set, &params)?);
    }
    sheet(&columns, &set)?.write_png(std::fs::File::create(&path)?)?;
    println!("{} particles in {path}", set.len());
    Ok(())
}

fn sheet(columns: &[LazyViews<'_>], set: &ParticleSet) -> Result<Image, cryo_candidates::Error> {
    let side = columns[0].shape()[1];
    let step = side * ZOOM + 4;
    let channels: usize = columns.iter().map(|views| views.shape()[0]).sum();
    let mut image = Image::filled(channels * step, set.len() * step, [255, 255, 255]);
    let mut left = 0;
    for views in columns {
        let all = views.to_set_u8(&())?;
        for ((view, channel, y, x), &grey) in all.views.indexed_iter() {
            let corner = (
                left + channel * step + x * ZOOM,
                all.source[view] * step + y * ZOOM,
            );
            for pixel in 0..ZOOM * ZOOM {
                let (x, y) = (corner.0 + pixel % ZOOM, corner.1 + pixel / ZOOM);
                image.set_pixel(x, y, [grey; 3]);
            }
        }
        left += views.shape()[0] * step;
    }
    Ok(image)
}
