use std::{collections::BTreeSet, error::Error};

use cryo_core::{ParticleSet, VoxelSize};
use cryo_io::{Frame, Frames, PicksOptions, mrc, read_picks};

use crate::{Arguments, tool::Tool};

pub(crate) fn truth(arguments: &Arguments) -> Result<Vec<ParticleSet>, Box<dyn Error>> {
    let options = options(arguments)?;
    Ok(read_picks(&arguments.truth, arguments.truth_format, &options)?.sets)
}

/// The picks of a tool, those of the class that counts, without a class.
pub(crate) fn picks(
    tool: &Tool,
    arguments: &Arguments,
    truth: &[ParticleSet],
) -> Result<Vec<ParticleSet>, Box<dyn Error>> {
    let mut options = options(arguments)?;
    if let Some(length) = tool.voxel_size {
        let voxel_size = Some(voxel_size(length)?);
        let frames = &mut options.frames;
        for frame in frames.named.values_mut().chain([&mut frames.other]) {
            *frame = Frame {
                shape: None,
                voxel_size,
                ..*frame
            };
        }
    }
    if let [only] = truth {
        options.tomogram = Some(only.tomogram.clone());
    }
    let mut sets = read_picks(&tool.file, tool.format, &options)?.sets;
    if let ([truth], [picks]) = (truth, sets.as_mut_slice())
        && truth.tomogram != picks.tomogram
    {
        eprintln!(
            "{}: {} is taken as {}, the only tomogram of the truth",
            tool.name, picks.tomogram, truth.tomogram
        );
        picks.tomogram.clone_from(&truth.tomogram);
    }
    let class = tool.class.as_ref().or(arguments.class.as_ref());
    if let Some(class) = class {
        keep_class(&mut sets, class, tool)?;
    }
    Ok(sets)
}

/// Leaves the picks of one class and those without any; a file that has others only is a mistake.
fn keep_class(sets: &mut [ParticleSet], class: &str, tool: &Tool) -> Result<(), String> {
    let mut others = BTreeSet::new();
    for set in sets.iter_mut() {
        let names = set.classes.clone();
        set.items.retain_mut(|item| {
            let Some(number) = item.class.take() else {
                return tool.class.is_none();
            };
            let name = names
                .get(&number)
                .cloned()
                .unwrap_or_else(|| number.to_string());
            let is_it = name == class || number.to_string() == class;
            if !is_it {
                others.insert(name);
            }
            is_it
        });
    }
    if others.is_empty() || sets.iter().any(|set| !set.items.is_empty()) {
        return Ok(());
    }
    let others: Vec<String> = others.into_iter().take(12).collect();
    Err(format!(
        "{}: no pick of class {class} in {}, which has {}; say which one counts: {}/CLASS=FILE",
        tool.name,
        tool.file.display(),
        others.join(", "),
        tool.name
    ))
}

fn options(arguments: &Arguments) -> Result<PicksOptions, Box<dyn Error>> {
    let mut frames = Frames::default();
    let voxel_size = arguments.voxel_size.map(voxel_size).transpose()?;
    let stated = Frame {
        voxel_size,
        ..Frame::default()
    };
    for path in &arguments.tomogram {
        let options = mrc::ReadOptions {
            permissive: true,
            voxel_size_angstrom: arguments.voxel_size,
            ..Default::default()
        };
        let frame = Frame::of(&mrc::Reader::open(path, &options)?.grid()?);
        let stem = path.file_stem().unwrap_or_default();
        frames
            .named
            .insert(stem.to_string_lossy().into_owned(), frame);
        if arguments.tomogram.len() == 1 {
            frames.other = frame;
        }
    }
    frames.other = stated.or(frames.other);
    Ok(PicksOptions {
        frames,
        ..PicksOptions::default()
    })
}

fn voxel_size(length: f64) -> Result<VoxelSize, String> {
    VoxelSize::new(length)
        .ok_or_else(|| format!("voxel size: expected ångström above 0, got {length}"))
}
