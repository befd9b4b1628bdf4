use cryo_core::{Grid, ImagePos, TiltGeometry, TiltSeries, VoxelPos};
use ndarray::{CowArray, Ix3};

use super::{
    check,
    crop::{Image, Window, add, add_turned},
    lazy::LeftOutReason,
    options::{Border, Combine, VoxelOffset, cet_pick_margin},
    tilt_params::TiltViewParams,
};
use crate::error::Error;

/// A tilt series as a source of views.
pub(crate) struct Tilts<'a> {
    images: CowArray<'a, f32, Ix3>,
    geometry: &'a TiltGeometry,
    used: Vec<Used>,
    size: usize,
    params: TiltViewParams,
}

/// A tilt within the window.
struct Used {
    tilt: usize,
    /// From the pixels of a view to those of the image (row, column), where this is more than a shift.
    turned: Option<[[f64; 2]; 2]>,
}

impl<'a> Tilts<'a> {
    pub(crate) fn new(
        series: &'a TiltSeries,
        grid: &Grid,
        params: &TiltViewParams,
    ) -> Result<Self, Error> {
        params.validate()?;
        let geometry = series.geometry();
        check::geometry(geometry)?;
        let images = series.images().as_standard_layout();
        let (tilts, height, width) = images.dim();
        let values = images.as_slice().unwrap_or_default();
        check::values("tilt series", values, [tilts, height, width])?;
        check::check_extent(series, grid, params.extent_tolerance)?;
        let size = params.size.pixels(geometry.pixel_size_angstrom)?;
        let mut tilts = Self {
            images,
            geometry,
            used: Vec::new(),
            size,
            params: params.clone(),
        };
        tilts.used = tilts.within_window()?;
        Ok(tilts)
    }

    fn within_window(&self) -> Result<Vec<Used>, Error> {
        let angles = ranked(self.geometry);
        let window = self.params.max_angle_deg;
        let low: Vec<_> = (angles.iter().enumerate())
            .filter(|(rank, (_, angle))| angle.abs() <= window && self.params.tilts.holds(*rank))
            .collect();
        if low.is_empty() {
            let least = angles.iter().map(|(_, angle)| *angle);
            let least = least.reduce(|a, b| if b.abs() < a.abs() { b } else { a });
            return Err(Error::NoTilt {
                max_angle_deg: window,
                least_angle_deg: least.unwrap_or(f64::NAN),
            });
        }
        let used = low.into_iter().map(|(_, &(tilt, _))| Used {
            tilt,
            turned: self.turned(tilt),
        });
        Ok(used.collect())
    }

    fn turned(&self, tilt: usize) -> Option<[[f64; 2]; 2]> {
        let [[xx, xy], [yx, yy]] = self.geometry.tilts[tilt].image_from_aligned.matrix;
        let off = [xx - 1.0, xy, yx, yy - 1.0].map(f64::abs);
        let largest = off.into_iter().fold(0.0, f64::max);
        // Up to a quarter of a pixel at the edge of the view a shift is as good.
        let matters = largest * (self.size as f64 / 2.0) > 0.25;
        matters.then_some([[yy, yx], [xy, xx]])
    }

    pub(crate) fn shape(&self) -> [usize; 3] {
        [1, self.size, self.size]
    }

    fn seen(&self, used: &Used, grid: &Grid, position: VoxelPos) -> ImagePos {
        let position = grid.angstrom_from_voxel(position);
        self.geometry.project(used.tilt, position)
    }

    /// Whether a tilt in which the position is seen there is used.
    fn is_usable(&self, used: &Used, seen: ImagePos) -> bool {
        let (_, height, width) = self.images.dim();
        let sampling = self.params.sampling;
        match self.params.border {
            Border::Reflect | Border::Clamp => {
                (-0.5..height as f64 - 0.5).contains(&seen.y)
                    && (-0.5..width as f64 - 0.5).contains(&seen.x)
            }
            Border::Drop => match used.turned {
                None => {
                    let window = Window::about([seen.y, seen.x], self.size, sampling);
                    window.fits([height, width])
                }
                Some(matrix) => self.corners(seen, matrix).into_iter().all(|corner| {
                    (0.0..=height as f64 - 1.0).contains(&corner.y)
                        && (0.0..=width as f64 - 1.0).contains(&corner.x)
                }),
            },
            Border::CetPick => {
                let margin = cet_pick_margin(self.size);
                let within = |coordinate: f64, n: usize| {
                    let coordinate = sampling.split(coordinate).0;
                    coordinate > margin && coordinate < n as i64 - margin
                };
                within(seen.y, height) && within(seen.x, width)
            }
        }
    }

    /// Where the corners of a turned view lie.
    fn corners(&self, seen: ImagePos, [[rr, rc], [cr, cc]]: [[f64; 2]; 2]) -> [ImagePos; 4] {
        let low = -((self.size / 2) as f64);
        let high = low + self.size as f64 - 1.0;
        [(low, low), (low, high), (high, low), (high, high)].map(|(u, v)| ImagePos {
            y: seen.y + rr * u + rc * v,
            x: seen.x + cr * u + cc * v,
        })
    }

    /// Why a position has no view.
    pub(crate) fn left_out(&self, grid: &Grid, position: VoxelPos) -> Option<LeftOutReason> {
        let usable =
            (self.used.iter()).any(|used| self.is_usable(used, self.seen(used, grid, position)));
        (!usable).then_some(LeftOutReason::NoTilt)
    }

    /// Adds the view a step from a position to zeros; from the tilts in which the position is seen.
    pub(crate) fn draw(
        &self,
        grid: &Grid,
        position: VoxelPos,
        offset: VoxelOffset,
        out: &mut [f32],
    ) {
        let (tilts, height, width) = self.images.dim();
        let data = self.images.as_slice().unwrap_or_default();
        let border = self.params.border;
        let mut count = 0_u16;
        for used in &self.used {
            let mut seen = self.seen(used, grid, position);
            if !self.is_usable(used, seen) {
                continue;
            }
            if offset != VoxelOffset::NONE {
                seen = self.seen(used, grid, offset.from(position));
            }
            count += 1;
            let image = Image::of_stack(data, [tilts, height, width], used.tilt);
            let centre = [seen.y, seen.x];
            match used.turned {
                None => {
                    let window = Window::about(centre, self.size, self.params.sampling);
                    add(&image, &window, border, 1.0, out);
                }
                Some(matrix) => {
                    let how = (self.params.sampling, border);
                    add_turned(&image, centre, matrix, self.size, how, 1.0, out);
                }
            }
        }
        if self.params.combine == Combine::Mean && count > 1 {
            let weight = 1.0 / f32::from(count);
            out.iter_mut().for_each(|value| *value *= weight);
        }
    }
}

/// Numbers and angles of the tilts by ascending angle, equal ones by number.
pub(crate) fn ranked(geometry: &TiltGeometry) -> Vec<(usize, f64)> {
    let angles = geometry.tilts.iter().map(|tilt| tilt.angle_deg);
    let mut angles: Vec<(usize, f64)> = angles.enumerate().collect();
    angles.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    angles
}
