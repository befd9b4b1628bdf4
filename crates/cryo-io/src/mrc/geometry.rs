use cryo_core::{AngstromPos, Grid, VoxelSize};

use super::{Header, Kind, OriginRule, ReadOptions, axes::Axes, header::warning};
use crate::{Error, Finding};

/// Where the voxels lie, as far as the header and the options say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Geometry {
    pub(super) voxel_size: Option<VoxelSize>,
    /// Whether the voxel size is the 1 Å of permissive reading.
    pub(super) is_guessed: bool,
    origin: [f64; 3],
}

impl Geometry {
    /// `shape` is z, y, x of one volume.
    pub(super) fn of(
        header: &Header,
        axes: Axes,
        shape: [usize; 3],
        options: &ReadOptions,
        findings: &mut Vec<Finding>,
    ) -> Result<Self, Error> {
        let voxel_size = match options.voxel_size_angstrom {
            Some(length) => Some(VoxelSize::new(length).ok_or_else(|| {
                let expected = "a finite length above 0 Å";
                Error::parameter("voxel size", expected, format!("{length} Å"))
            })?),
            None => from_cell(header, axes, shape, findings),
        };
        let is_guessed = voxel_size.is_none() && options.permissive;
        let voxel_size = if is_guessed {
            one_angstrom(findings)
        } else {
            voxel_size
        };
        let origin = match options.origin {
            OriginRule::Zero => [0.0; 3],
            OriginRule::Header => origin(header, axes, voxel_size, findings),
        };
        Ok(Self {
            voxel_size,
            is_guessed,
            origin,
        })
    }

    pub(super) fn grid(&self, shape: [usize; 3]) -> Result<Grid, Error> {
        let Some(voxel_size) = self.voxel_size else {
            return Err(Error::needed("the voxel size")
                .at_byte(28)
                .fix("give the voxel size, or read permissively to take 1 Å"));
        };
        let [z, y, x] = self.origin;
        Ok(Grid::new(shape, voxel_size).with_origin(AngstromPos { z, y, x }))
    }
}

fn one_angstrom(findings: &mut Vec<Finding>) -> Option<VoxelSize> {
    let expected = "the edges of the cell above 0 Å";
    let fix = "positions in ångström are wrong; give the voxel size";
    findings.push(warning(
        "cell and mx, my, mz (byte 28)",
        expected,
        "no voxel size, 1 Å taken",
        fix,
    ));
    VoxelSize::new(1.0)
}

fn from_cell(
    header: &Header,
    axes: Axes,
    shape: [usize; 3],
    findings: &mut Vec<Finding>,
) -> Option<VoxelSize> {
    let cell = axes.of_header(header.cell_angstrom);
    let sampling = axes.of_header(header.sampling);
    // Which axis of the array is the header's z.
    let depth = axes.header.iter().position(|&axis| axis == 0)?;
    let mut edges = [0.0; 3];
    for axis in 0..3 {
        let intervals = match usize::try_from(sampling[axis]) {
            Ok(intervals) if intervals > 0 => intervals,
            _ => shape[axis],
        };
        edges[axis] = simplest_quotient(cell[axis], intervals);
    }
    let is_length = |edge: f64| edge.is_finite() && edge > 0.0;
    let stack = header.kind() == Kind::ImageStack && header.sampling[0] == 1;
    if stack || !is_length(edges[depth]) {
        // Images have no spacing along the third axis; some programs leave it 0.
        let columns = axes.header.iter().position(|&axis| axis == 2)?;
        edges[depth] = edges[columns];
    }
    let [z, y, x] = edges;
    let voxel_size = VoxelSize::zyx(z, y, x)?;
    if header.sampling.iter().any(|&intervals| intervals <= 0) {
        let [mz, my, mx] = header.sampling;
        let fix = "the number of voxels was taken instead; write the file anew";
        let got = format!("{mx}, {my}, {mz}");
        findings.push(warning(
            "mx, my, mz (byte 28)",
            "positive numbers",
            got,
            fix,
        ));
    }
    if voxel_size.isotropic() == Some(1.0) {
        let fix = "check it: many programs write 1 Å where they do not know; give the voxel size";
        findings.push(warning("voxel size", "that of the microscope", "1 Å", fix));
    } else if voxel_size.isotropic().is_none() {
        let fix = "check it: tomograms have the same voxel size along all axes";
        findings.push(warning(
            "voxel size",
            "the same along x, y, z",
            voxel_size.to_string(),
            fix,
        ));
    }
    let right_angles = [90.0, 90.0, 90.0];
    if header.cell_angles_deg != right_angles && header.cell_angles_deg != [0.0; 3] {
        let got = format!("{:?}", header.cell_angles_deg);
        let fix = "the voxels are read as a rectangular grid; positions are oblique";
        findings.push(warning("cell angles (byte 52)", "90, 90, 90", got, fix));
    }
    Some(voxel_size)
}

/// The shortest decimal number that, times `intervals`, makes the cell as the file rounds it.
///
/// 94 voxels of 10.52 Å make a cell of 988.88 Å in f32; a plain division gives 10.520000051.
fn simplest_quotient(cell: f32, intervals: usize) -> f64 {
    let intervals = intervals as f64;
    let quotient = f64::from(cell) / intervals;
    if !quotient.is_finite() {
        return quotient;
    }
    let candidates =
        (0..9).filter_map(|digits| format!("{quotient:.digits$e}").parse::<f64>().ok());
    let fits = |candidate: &f64| (candidate * intervals) as f32 == cell;
    candidates.into_iter().find(fits).unwrap_or(quotient)
}

/// The position of the centre of the first voxel, z, y, x of the array.
fn origin(
    header: &Header,
    axes: Axes,
    voxel_size: Option<VoxelSize>,
    findings: &mut Vec<Finding>,
) -> [f64; 3] {
    let mut stored = header.origin_angstrom;
    if header.is_old_style() {
        // Where later headers have MAP, MACHST and RMS (IMOD, `mrc_head_read`).
        let z = header.byte_order.f32(header.map_id);
        let x = header.byte_order.f32(header.machine_stamp);
        stored = [z, header.statistics.rms, x];
    }
    if stored.iter().any(|length| !length.is_finite()) {
        let fix = "0 was taken; write the file anew";
        findings.push(warning(
            "origin (byte 196)",
            "finite numbers",
            format!("{stored:?}"),
            fix,
        ));
        return [0.0; 3];
    }
    if stored != [0.0; 3] {
        // IMOD's own convention: the position of the origin as seen from the first voxel.
        let imods = header.imod_flags().is_some_and(|flags| flags & 4 == 0);
        let inverted = header.is_old_style() || (imods && header.version < 20140);
        let sign = if inverted { -1.0 } else { 1.0 };
        return axes
            .of_header(stored)
            .map(|length| sign * simplest_quotient(length, 1));
    }
    let start = axes.of_file(header.start);
    match voxel_size {
        Some(size) => {
            let [z, y, x] = start.map(f64::from);
            [z * size.z(), y * size.y(), x * size.x()]
        }
        None => [0.0; 3],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_come_back_as_they_were_written() {
        for (edge, count) in [
            (10.52, 94),
            (13.48, 927),
            (1.0, 7),
            (0.834, 4092),
            (2.621_437, 511),
        ] {
            let cell = (edge * count as f64) as f32;
            assert_eq!(simplest_quotient(cell, count), edge);
        }
        assert_eq!(simplest_quotient(0.0, 5), 0.0);
        assert!(simplest_quotient(f32::NAN, 5).is_nan());
    }
}
