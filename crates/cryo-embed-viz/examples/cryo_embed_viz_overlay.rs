//! Paints candidates over a slice of a tomogram, and draws curves of a training.
//!
//! Run with `cargo run -p cryo-embed-viz --example cryo_embed_viz_overlay -- FOLDER`.

use std::{error::Error, fs, path::PathBuf};

use cryo_embed_viz::{Series, SlicesParams, class_colour, curves, label_volume, overlay_slice};
use cryo_fixtures::{Body, Noise, PhantomBuilder, PhantomParams};
use ndarray::Axis;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(
        std::env::args()
            .nth(1)
            .unwrap_or_else(|| "overlaid".to_owned()),
    );
    fs::create_dir_all(&folder)?;
    let mut params = PhantomParams::new([32, 140, 180], 10.0);
    params.noise = Noise::SignalToNoise(0.5);
    let mut builder = PhantomBuilder::new(params)?;
    builder.scatter("ribosome", Body::Sphere { radius_vox: 7.0 }, 12)?;
    builder.scatter("rubisco", Body::Sphere { radius_vox: 4.0 }, 20)?;
    let phantom = builder.build(&())?;

    let grid = phantom.volume.grid();
    let positions: Vec<_> = phantom
        .truth
        .items
        .iter()
        .map(|particle| particle.position)
        .collect();
    let labels: Vec<u16> = (phantom.truth.items.iter())
        .map(|particle| particle.class.map_or(1, |class| class as u16))
        .collect();
    let volume = label_volume(grid.shape, &positions, &labels, 9.0)?;
    let middle = grid.shape[0] / 2;
    let picture = overlay_slice(
        phantom.volume.data().index_axis(Axis(0), middle),
        volume.index_axis(Axis(0), middle),
        |label| class_colour(label.into()),
        &SlicesParams::default(),
    )?;
    picture.write_png(fs::File::create(folder.join("slice.png"))?)?;

    let epochs = || (1..=40).map(f64::from);
    let loss = epochs().map(|epoch| {
        (
            epoch,
            -0.9 + 0.8 * (-epoch / 9.0).exp() + 0.02 * (epoch * 1.7).sin(),
        )
    });
    let spread = epochs().map(|epoch| (epoch, 0.088 * (1.0 - (-epoch / 4.0).exp())));
    let series = [
        Series {
            name: "loss".to_owned(),
            points: loss.collect(),
        },
        Series {
            name: "standard deviation of the output (0.088 is healthy)".to_owned(),
            points: spread.collect(),
        },
    ];
    let scene = curves(&series, "epoch")?;
    scene
        .render()
        .write_png(fs::File::create(folder.join("curves.png"))?)?;
    fs::write(folder.join("curves.svg"), scene.to_svg()?)?;
    println!("pictures in {}", folder.display());
    Ok(())
}
