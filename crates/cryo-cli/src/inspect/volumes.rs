use std::path::Path;

use cryo_core::Volume;
use cryo_io::{Error, Finding, em, hdf5, mrc};

use super::{
    Arguments, picture,
    report::{Report, short},
};
use crate::options::Common;

pub(crate) fn mrc(
    path: &Path,
    arguments: &Arguments,
    common: &Common,
    report: &mut Report,
) -> Result<(), Error> {
    let permissive = mrc::ReadOptions {
        permissive: true,
        ..Default::default()
    };
    let reader = mrc::Reader::open(path, &permissive)?;
    header_facts(&reader, report);
    // A volume without a voxel size opens, but is not read strictly.
    let strict = mrc::Reader::open(path, &mrc::ReadOptions::default());
    let strict = strict.and_then(|reader| match reader.kind() {
        mrc::Kind::ImageStack => Ok(()),
        mrc::Kind::Volume | mrc::Kind::VolumeStack => reader.grid().map(drop),
    });
    match strict {
        Ok(()) => report.fact("strict", "accepted", "strict reading", "accepted"),
        Err(error) => {
            let text = format!("refused: {}", error.kind);
            report.fact("strict", &text, "strict reading", text.clone());
        }
    }
    if arguments.header_only {
        report.findings.extend(reader.warnings().iter().cloned());
        report.was_read = true;
        return Ok(());
    }
    let examination = mrc::examine(path)?;
    if let Some(measured) = &examination.measured {
        data_facts(measured, report);
        report.was_read = true;
    }
    report.findings.extend(examination.findings);
    if let Some(folder) = &arguments.png {
        let picture = picture::draw(&reader, path, folder, common.overwrite())?;
        report.fact(
            "picture",
            &picture,
            "picture",
            picture.display().to_string(),
        );
    }
    Ok(())
}

fn header_facts(reader: &mrc::Reader, report: &mut Report) {
    let header = reader.header();
    let [z, y, x] = reader.shape();
    let (kind, unit) = match reader.kind() {
        mrc::Kind::ImageStack => ("image stack".to_owned(), "pixels and images (x, y, image)"),
        mrc::Kind::VolumeStack => (
            format!("stack of {} volumes", reader.volumes()),
            "voxels (x, y, z)",
        ),
        mrc::Kind::Volume => ("volume".to_owned(), "voxels (x, y, z)"),
    };
    report.fact("kind", &kind, "kind", kind.clone());
    report.fact(
        "size_xyz",
        [x, y, z],
        "size",
        format!("{x} × {y} × {z} {unit}"),
    );
    // Without a cell, reading takes 1 Å; that is no fact of the file.
    let has_cell = header.cell_angstrom.iter().all(|&edge| edge > 0.0)
        && header.sampling.iter().all(|&count| count > 0);
    match reader.voxel_size().filter(|_| has_cell) {
        Some(size) => {
            let [x, y, z] = [size.x(), size.y(), size.z()];
            let text = match size.isotropic() {
                Some(length) => format!("{} Å", short(length)),
                None => format!("{} × {} × {} Å (x, y, z)", short(x), short(y), short(z)),
            };
            report.fact("voxel_size_xyz_angstrom", [x, y, z], "voxel size", text);
        }
        None => report.fact(
            "voxel_size_xyz_angstrom",
            None::<f64>,
            "voxel size",
            "not known",
        ),
    }
    let mode = header.mode;
    let numbers = match mode {
        mrc::Mode::Int8 if reader.has_unsigned_bytes() => "8-bit integers, read as unsigned",
        mrc::Mode::Int8 => "8-bit integers",
        mrc::Mode::Int16 => "16-bit integers",
        mrc::Mode::UInt16 => "16-bit unsigned integers",
        mrc::Mode::Float16 => "16-bit floating point",
        mrc::Mode::Float32 => "32-bit floating point",
        mrc::Mode::ComplexInt16 => "complex 16-bit integers",
        mrc::Mode::ComplexFloat32 => "complex 32-bit floating point",
        mrc::Mode::Packed4 => "4-bit unsigned integers",
    };
    let order = match header.byte_order {
        mrc::ByteOrder::Little => "little-endian",
        mrc::ByteOrder::Big => "big-endian",
    };
    let text = format!("{} ({numbers}), {order}", mode.number());
    report.fact("mode", mode.number(), "mode", text);
    if let Ok(grid) = reader.grid() {
        let origin = [grid.origin.x, grid.origin.y, grid.origin.z];
        let text = format!(
            "{}, {}, {} Å",
            short(origin[0]),
            short(origin[1]),
            short(origin[2])
        );
        report.fact("origin_xyz_angstrom", origin, "first voxel at", text);
    }
    if !header.axis_map.is_valid() || header.axis_map.columns != 1 || header.axis_map.rows != 2 {
        let mrc::AxisMap {
            columns,
            rows,
            sections,
        } = header.axis_map;
        let text = format!("columns {columns}, rows {rows}, sections {sections} (1 x, 2 y, 3 z)");
        report.fact("axis_map", [columns, rows, sections], "axes in file", text);
    }
    report.fact(
        "space_group",
        header.space_group,
        "space group",
        header.space_group.to_string(),
    );
    if header.extended_bytes > 0 {
        let kind = String::from_utf8_lossy(&header.extended_kind)
            .trim()
            .to_owned();
        let text = format!("{} bytes {kind}", header.extended_bytes);
        report.fact(
            "extended_header_bytes",
            header.extended_bytes,
            "extended",
            text,
        );
    }
    let labels: Vec<&str> = header
        .labels
        .iter()
        .map(String::as_str)
        .filter(|label| !label.is_empty())
        .collect();
    if !labels.is_empty() {
        report.fact("labels", &labels, "labels", labels.join("\n"));
    }
}

fn data_facts(measured: &mrc::Measured, report: &mut Report) {
    let mut text = format!(
        "minimum {}, maximum {}, mean {}, deviation {}",
        short(measured.minimum),
        short(measured.maximum),
        short(measured.mean),
        short(measured.deviation)
    );
    if measured.non_finite > 0 {
        text += &format!(", {} not finite", measured.non_finite);
    }
    report.fact("data", measured, "data", text);
}

/// Facts of an EM volume.
pub(crate) fn em(volume: &Volume, number: em::DataType, report: &mut Report) {
    let [z, y, x] = volume.grid().shape;
    report.format = Some("EM volume".to_owned());
    let text = format!("{x} × {y} × {z} voxels (x, y, z)");
    report.fact("size_xyz", [x, y, z], "size", text);
    let name = match number {
        em::DataType::I8 => "8-bit integers",
        em::DataType::I16 => "16-bit integers",
        em::DataType::I32 => "32-bit integers",
        em::DataType::F32 => "32-bit floating point",
        em::DataType::F64 => "64-bit floating point",
    };
    report.fact("number", name, "numbers", name);
    let values = || volume.data().iter().map(|&value| f64::from(value));
    let count = volume.data().len() as f64;
    let mean = values().sum::<f64>() / count;
    let variance = values().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    let measured = mrc::Measured {
        minimum: values().fold(f64::INFINITY, f64::min),
        maximum: values().fold(f64::NEG_INFINITY, f64::max),
        mean,
        deviation: variance.sqrt(),
        non_finite: 0,
    };
    data_facts(&measured, report);
}

pub(crate) fn hdf5(path: &Path, report: &mut Report) -> Result<(), Error> {
    let datasets = hdf5::list(path)?;
    let lines: Vec<String> = datasets
        .iter()
        .map(|dataset| {
            let shape: Vec<String> = dataset.shape.iter().map(ToString::to_string).collect();
            format!("{} [{}]", dataset.name, shape.join(", "))
        })
        .collect();
    report.fact("datasets", &lines, "datasets", lines.join("\n"));
    let findings: Vec<Finding> = hdf5::validate(path);
    report.findings.extend(findings);
    Ok(())
}
