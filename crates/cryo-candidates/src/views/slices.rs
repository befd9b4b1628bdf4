use cryo_core::{Grid, Volume, VoxelPos};

use super::{
    check,
    crop::{Image, Window, add},
    lazy::LeftOutReason,
    options::{Border, BoxSize, Combine, cet_pick_margin},
    slice_params::{Plane, SliceViewParams},
};
use crate::error::Error;

/// Slices of a volume as a source of views.
pub(crate) struct Slices<'a> {
    data: &'a [f32],
    grid: Grid,
    size: usize,
    params: SliceViewParams,
}

impl<'a> Slices<'a> {
    pub(crate) fn new(volume: &'a Volume, params: &SliceViewParams) -> Result<Self, Error> {
        params.validate()?;
        let grid = *volume.grid();
        let data = volume.data().as_slice().unwrap_or_default();
        check::values("tomogram", data, grid.shape)?;
        let pixel = match params.size {
            BoxSize::Pixels(_) => grid.voxel_size.x(),
            BoxSize::Angstrom(_) => {
                let voxel_size = grid.voxel_size;
                let edge = voxel_size.isotropic();
                edge.ok_or(Error::Anisotropic { voxel_size })?
            }
        };
        Ok(Self {
            data,
            grid,
            size: params.size.pixels(pixel)?,
            params: params.clone(),
        })
    }

    pub(crate) fn shape(&self) -> [usize; 3] {
        [self.params.channels(), self.size, self.size]
    }

    /// A position of another grid in this volume.
    fn place(&self, grid: &Grid, position: VoxelPos) -> [f64; 3] {
        let VoxelPos { z, y, x } = if *grid == self.grid {
            position
        } else {
            self.grid.voxel_from(grid, position)
        };
        [z, y, x]
    }

    /// Why a position has no view.
    pub(crate) fn left_out(&self, grid: &Grid, position: VoxelPos) -> Option<LeftOutReason> {
        let place = self.place(grid, position);
        let [z, y, x] = place;
        if !self.grid.contains(VoxelPos { z, y, x }) {
            return Some(LeftOutReason::Outside);
        }
        let fits = match self.params.border {
            Border::Reflect | Border::Clamp => true,
            Border::Drop => self
                .params
                .planes
                .iter()
                .all(|&plane| self.fits(plane, place)),
            Border::CetPick => {
                let margin = cet_pick_margin(self.size);
                let [_, height, width] = self.grid.shape.map(|n| n as i64);
                let [y, x] = [y, x].map(|coordinate| self.params.sampling.split(coordinate).0);
                x > margin && x < width - margin && y >= margin && y <= height - margin
            }
        };
        (!fits).then_some(LeftOutReason::Border)
    }

    fn fits(&self, plane: Plane, place: [f64; 3]) -> bool {
        let [normal, rows, columns] = plane.axes();
        let window = self.window(plane, place);
        let shape = [self.grid.shape[rows], self.grid.shape[columns]];
        let within = 0..self.grid.shape[normal] as i64;
        window.fits(shape)
            && self
                .slices(place[normal])
                .all(|(_, slice, _)| within.contains(&slice))
    }

    fn window(&self, plane: Plane, place: [f64; 3]) -> Window {
        let [_, rows, columns] = plane.axes();
        let centre = [place[rows], place[columns]];
        Window::about(centre, self.size, self.params.sampling)
    }

    /// Channel of the plane, index and weight of the slices at a height.
    fn slices(&self, height: f64) -> impl Iterator<Item = (usize, i64, f32)> {
        let count = self.params.slices;
        let (middle, part) = self.params.sampling.split(height);
        let first = middle - (count / 2) as i64;
        let combine = self.params.combine;
        let weight = match combine {
            Some(Combine::Mean) => 1.0 / count as f32,
            Some(Combine::Sum) | None => 1.0,
        };
        (0..count).zip(first..).flat_map(move |(number, slice)| {
            let channel = if combine.is_some() { 0 } else { number };
            let lower = (channel, slice, (1.0 - part) * weight);
            let upper = (part > 0.0).then_some((channel, slice + 1, part * weight));
            std::iter::once(lower).chain(upper)
        })
    }

    /// Adds the view of a position to zeros.
    pub(crate) fn draw(&self, grid: &Grid, position: VoxelPos, out: &mut [f32]) {
        let place = self.place(grid, position);
        let shape = self.grid.shape;
        let steps = [shape[1] * shape[2], shape[2], 1];
        let per_plane = self.params.combine.map_or(self.params.slices, |_| 1);
        let pixels = self.size * self.size;
        for (&plane, out) in (self.params.planes.iter()).zip(out.chunks_mut(per_plane * pixels)) {
            let [normal, rows, columns] = plane.axes();
            let window = self.window(plane, place);
            for (channel, slice, weight) in self.slices(place[normal]) {
                let slice = self.params.border.index(slice, shape[normal]);
                let image = Image {
                    data: self.data,
                    start: slice * steps[normal],
                    shape: [shape[rows], shape[columns]],
                    steps: [steps[rows], steps[columns]],
                };
                let out = &mut out[channel * pixels..(channel + 1) * pixels];
                add(&image, &window, self.params.border, weight, out);
            }
        }
    }
}
