use std::path::Path;

use cryo_core::{Grid, Volume, VoxelSize};
use cryo_fixtures::{
    Amount, Body, GoldParams, ImagingParams, Noise, SceneParams, ShotNoise, Species, TubeParams,
    VesicleParams, maps,
};
use cryo_io::{ErrorKind, mrc};
use ndarray::Array3;

use super::settings::Settings;
use crate::exit::Failure;

/// The species of the settings: density maps, bodies, or those that come with cryo.
pub(crate) fn species(settings: &Settings) -> Result<Vec<Species>, Failure> {
    let mut species = Vec::new();
    let none = settings.map == ["none"];
    for text in settings.map.iter().filter(|_| !none) {
        species.push(mapped(text)?);
    }
    for text in &settings.body {
        let (kind, body, count) = body(text, settings.voxel_size)?;
        let map = solid(&body, settings.voxel_size)?;
        species.push(Species::new(kind, map, Amount::Count(count)));
    }
    if species.is_empty() && !none {
        for (name, bytes) in maps::ALL {
            species.push(Species::new(name, own_map(bytes)?, Amount::Occupancy(0.02)));
        }
    }
    Ok(species)
}

fn mapped(text: &str) -> Result<Species, Failure> {
    let wrong = || {
        Failure::usage(format!(
            "--map: expected FILE, FILE:COUNT or FILE:PERCENT%, got {text:?}"
        ))
    };
    let (file, amount) = match text.rsplit_once(':') {
        None => (text, Amount::Count(10)),
        Some((file, amount)) => {
            let amount = match amount.strip_suffix('%') {
                Some(percent) => percent
                    .parse()
                    .ok()
                    .map(|percent: f64| Amount::Occupancy(percent / 100.0)),
                None => amount.parse().ok().map(Amount::Count),
            };
            (file, amount.ok_or_else(wrong)?)
        }
    };
    if let Some((name, bytes)) = maps::ALL.iter().find(|(name, _)| *name == file) {
        return Ok(Species::new(*name, own_map(bytes)?, amount));
    }
    let path = Path::new(file);
    let map = mrc::read(path, &mrc::ReadOptions::default()).map_err(|error| match &error.kind {
        // No flag gives what the header of a map leaves out.
        ErrorKind::Needed { .. } => Failure::Input(format!("{error}; write it into the header")),
        _ => Failure::from(error),
    })?;
    if map.data().iter().any(|value| !value.is_finite()) {
        return Err(Failure::Input(format!(
            "{file}: expected finite densities, got NaN or infinity"
        )));
    }
    let stem = path.file_name().unwrap_or_default().to_string_lossy();
    let name = stem.split('.').next().unwrap_or_default().to_owned();
    Ok(Species::new(name, map, amount))
}

/// One of the maps that come with cryo.
fn own_map(bytes: &[u8]) -> Result<Volume, Failure> {
    Ok(mrc::Reader::from_bytes(bytes, &mrc::ReadOptions::default())?.volume()?)
}

fn body(text: &str, voxel_size: f64) -> Result<(String, Body, usize), Failure> {
    let wrong = || {
        Failure::usage(format!(
            "--body: expected KIND:DIAMETER:COUNT with KIND sphere, shell, ellipsoid or chiral, got {text:?}"
        ))
    };
    let parts: Vec<_> = text.split(':').collect();
    let &[kind, diameter, count] = parts.as_slice() else {
        return Err(wrong());
    };
    let diameter: f64 = diameter.parse().map_err(|_| wrong())?;
    let count = count.parse().map_err(|_| wrong())?;
    let radius_vox = diameter / 2.0 / voxel_size;
    let body = match kind {
        "sphere" => Body::Sphere { radius_vox },
        "shell" => {
            let thickness_vox = (radius_vox / 3.0).max(1.0);
            Body::Shell {
                outer_radius_vox: radius_vox,
                thickness_vox,
            }
        }
        "ellipsoid" => Body::Ellipsoid {
            semi_axes_vox: [radius_vox, radius_vox * 0.7, radius_vox * 0.5],
        },
        "chiral" => Body::Chiral { radius_vox },
        _ => return Err(wrong()),
    };
    body.validate()
        .map_err(|error| Failure::usage(format!("--body {text}: {error}")))?;
    Ok((format!("{kind}_{diameter}"), body, count))
}

/// A body as a density map.
fn solid(body: &Body, voxel_size: f64) -> Result<Volume, Failure> {
    let half = body.bounding_radius_vox().ceil() as usize + 2;
    let edge = 2 * half + 1;
    let data = Array3::from_shape_fn((edge, edge, edge), |(z, y, x)| {
        body.density([x, y, z].map(|n| n as f64 - half as f64)) as f32
    });
    let size = VoxelSize::new(voxel_size).ok_or_else(|| {
        Failure::usage(format!(
            "--voxel-size: expected ångström above 0, got {voxel_size}"
        ))
    })?;
    Volume::new(data, Grid::new([edge; 3], size)).map_err(|error| Failure::usage(error.to_string()))
}

pub(crate) fn scene_params(settings: &Settings, name: &str, seed: u64) -> SceneParams {
    let wanted = |count: usize| (count > 0).then_some(count);
    let [z, y, x] = settings.shape();
    // A vesicle of more than a third of the volume's extent would leave no room.
    let extent = settings.voxel_size * (y.min(x)) as f64;
    let radius = VesicleParams::default()
        .radius_angstrom
        .map(|radius| radius.min(extent / 3.0));
    let shortest = TubeParams::default()
        .smallest_length_angstrom
        .min(extent / 2.0);
    SceneParams {
        name: name.to_owned(),
        vesicles: wanted(settings.membranes).map(|count| VesicleParams {
            count,
            radius_angstrom: radius,
            ..VesicleParams::default()
        }),
        tubes: wanted(settings.tubes).map(|count| TubeParams {
            count,
            smallest_length_angstrom: shortest,
            ..TubeParams::default()
        }),
        gold: wanted(settings.gold).map(|count| GoldParams {
            count,
            ..GoldParams::default()
        }),
        seed,
        ..SceneParams::new([z, y, x], settings.voxel_size)
    }
}

pub(crate) fn imaging_params(settings: &Settings, seed: u64) -> ImagingParams {
    let shot_noise = match settings.shot_noise {
        fraction if fraction > 0.0 => ShotNoise::PerPixel(fraction),
        0.0 => ShotNoise::Off,
        _ => ShotNoise::FromDose,
    };
    ImagingParams {
        angles_deg: settings.angles(),
        dose_per_square_angstrom: settings.dose,
        defocus_angstrom: settings.defocus * 1e4,
        shot_noise,
        seed,
        ..ImagingParams::default()
    }
}

/// The noise of a phantom.
pub(crate) fn phantom_noise(settings: &Settings) -> Noise {
    if settings.snr > 0.0 {
        Noise::SignalToNoise(settings.snr)
    } else {
        Noise::Off
    }
}
