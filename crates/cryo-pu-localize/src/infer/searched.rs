//! What a network finds in the tomograms that it learned from, and how its annotated places score.

use cryo_core::{Grid, VoxelPos};

use super::{
    calibrate::{LEAST, Scores},
    likeness::{Profile, Surroundings},
    localize::{Place, lower, place_on},
    mixture::logit,
    versus::{Parting, differences, leave_to_the_likelier, parting},
};
use crate::train::Field;

/// A class's peaks in a tomogram of training.
pub(super) struct Searched<'f> {
    pub(super) field: &'f Field,
    /// Annotations, `(z, y, x)` in ångström.
    pub(super) learned: Vec<[f64; 3]>,
    /// Those of other classes.
    pub(super) rivals: Vec<(usize, Vec<[f64; 3]>)>,
    pub(super) held_out: Vec<[f64; 3]>,
    pub(super) found: Vec<Place>,
    pub(super) surroundings: Option<Surroundings<'f>>,
    /// Of the heat map.
    pub(super) grid: Grid,
}

/// Annotations of a class in ångström, `(z, y, x)`.
pub(super) fn annotated(field: &Field, class: usize) -> Vec<[f64; 3]> {
    let own = (field.places.iter()).filter(|(_, other)| *other == Some(class));
    own.map(|(place, _)| angstrom(place, field)).collect()
}

/// Where two classes part, by the annotated of either in the tomograms where both were searched.
pub(super) fn parted(
    searched: &[Vec<Searched<'_>>],
    radii: &[f64],
    [class, other]: [usize; 2],
) -> Parting {
    if class == other {
        return None;
    }
    let radius = radii[class].min(radii[other]);
    let of_annotated = |class: usize, other: usize| {
        let mut found = Vec::new();
        for one in &searched[class] {
            let same = |beside: &&Searched<'_>| std::ptr::eq(beside.field, one.field);
            let beside = searched[other].iter().find(same);
            let peaks = (one.learned.iter())
                .filter_map(|&place| nearest(&one.found, place, radii[class]))
                .map(|peak| one.found[peak].clone());
            let peaks: Vec<Place> = peaks.collect();
            if let Some(beside) = beside {
                found.extend(differences(&peaks, &beside.found, radius, logit(LEAST)));
            }
        }
        found
    };
    let of_other: Vec<f64> = (of_annotated(other, class).iter())
        .map(|difference| -difference)
        .collect();
    parting(&of_annotated(class, other), &of_other)
}

/// Leaves places of two classes to the likelier, as in any tomogram.
pub(super) fn leave(
    fields: &[Field],
    searched: &mut [Vec<Searched<'_>>],
    partings: &[Vec<Parting>],
    radii: &[f64],
) {
    let partings: Vec<&[Parting]> = partings.iter().map(Vec::as_slice).collect();
    for field in fields {
        let mut of_field: Vec<Option<&mut Searched<'_>>> = (searched.iter_mut())
            .map(|all| all.iter_mut().find(|one| std::ptr::eq(one.field, field)))
            .collect();
        let mut found: Vec<Vec<Place>> = (of_field.iter_mut())
            .map(|one| {
                one.as_mut()
                    .map_or_else(Vec::new, |one| std::mem::take(&mut one.found))
            })
            .collect();
        leave_to_the_likelier(&mut found, &partings, radii);
        for (one, found) in of_field.into_iter().zip(found) {
            if let Some(one) = one {
                one.found = found;
            }
        }
    }
}

/// How the annotated particles look where the network sees them, or where they were annotated.
pub(super) fn profile(searched: &[Searched<'_>], radius: f64) -> Option<Profile> {
    let seen: Vec<(&Surroundings<'_>, Vec<[f64; 3]>)> = (searched.iter())
        .filter_map(|one| {
            let edge = one.field.prepared.grid.voxel_size;
            let place = |&[z, y, x]: &[f64; 3]| match nearest(&one.found, [z, y, x], radius) {
                Some(peak) => one.place(one.found[peak].voxel),
                None => [z / edge.z(), y / edge.y(), x / edge.x()],
            };
            // Those held out are to score as others do.
            Some((
                one.surroundings.as_ref()?,
                one.learned.iter().map(place).collect(),
            ))
        })
        .collect();
    Profile::learn(&seen)
}

impl Searched<'_> {
    /// Of the heat map on the grid that the network sees.
    fn place(&self, voxel: VoxelPos) -> [f64; 3] {
        place_on(&self.field.prepared.grid, &self.grid, voxel)
    }

    /// Lowers the scores of peaks that look unlike the profile.
    pub(super) fn lower(&mut self, profile: Option<&Profile>) {
        if let (Some(profile), Some(surroundings)) = (profile, &self.surroundings) {
            let (grid, of) = (self.field.prepared.grid, self.grid);
            let place = |voxel| place_on(&grid, &of, voxel);
            lower(profile, surroundings, &place, &mut self.found);
        }
    }

    /// Adds the logits of the peaks' scores.
    pub(super) fn read(&self, class: usize, radii: &[f64], tubular: bool, scores: &mut Scores) {
        let radius = radii[class];
        let mut found = self.found.clone();
        let logit_of = |peak: &Place| logit(f64::from(peak.score));
        for &place in &self.held_out {
            let best = nearest(&found, place, radius);
            (scores.held_out).extend(best.map(|peak| logit_of(&found[peak])));
        }
        for &place in &self.learned {
            if let Some(best) = nearest(&found, place, radius) {
                scores.learned.push(logit_of(&found[best]));
                if !tubular {
                    found.swap_remove(best);
                }
            }
        }
        if !tubular {
            for (other, places) in &self.rivals {
                // What is beside a small particle may be a large one of this class.
                let radius = radius.min(radii[*other]);
                for &place in places {
                    if let Some(best) = nearest(&found, place, radius) {
                        let logit = logit_of(&found.swap_remove(best));
                        scores.rivals.entry(*other).or_default().push(logit);
                    }
                }
            }
        }
        (scores.others).extend(found.iter().map(logit_of));
    }
}
/// `(z, y, x)` in ångström.
fn angstrom(place: &[f64; 3], field: &Field) -> [f64; 3] {
    let scale = field.prepared.grid.voxel_size;
    [
        place[0] * scale.z(),
        place[1] * scale.y(),
        place[2] * scale.x(),
    ]
}

/// The best peak within the radius.
fn nearest(peaks: &[Place], place: [f64; 3], radius: f64) -> Option<usize> {
    let squared = |peak: &Place| -> f64 {
        (0..3)
            .map(|axis| (peak.angstrom_zyx[axis] - place[axis]).powi(2))
            .sum()
    };
    let within = (peaks.iter().enumerate()).filter(|(_, peak)| squared(peak) <= radius * radius);
    let best = within.max_by(|(_, a), (_, b)| a.score.total_cmp(&b.score));
    best.map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::prepare;
    use cryo_core::{Volume, VoxelSize};
    use ndarray::Array3;

    fn field() -> Field {
        let grid = Grid::new([8, 8, 8], VoxelSize::new(10.0).unwrap());
        let values = Array3::from_shape_fn((8, 8, 8), |(z, y, x)| (z * 7 + y * 3 + x) as f32);
        let volume = Volume::new(values, grid).unwrap();
        Field {
            prepared: prepare("scene", &volume.view(), None, 10.0).unwrap(),
            places: Vec::new(),
            noise: None,
            coarser: None,
        }
    }

    fn peak(x: f64, score: f32) -> Place {
        Place {
            voxel: VoxelPos {
                x: x / 10.0,
                y: 0.0,
                z: 0.0,
            },
            angstrom_zyx: [0.0, 0.0, x],
            score,
            network_score: score,
        }
    }

    fn searched(field: &Field, found: Vec<Place>) -> Searched<'_> {
        Searched {
            field,
            learned: Vec::new(),
            rivals: Vec::new(),
            held_out: Vec::new(),
            found,
            surroundings: None,
            grid: field.prepared.grid,
        }
    }

    #[test]
    fn a_large_particle_beside_a_small_annotated_one_is_nobodys_rival() {
        let field = field();
        let searched = Searched {
            rivals: vec![(0, vec![[0.0; 3]])],
            ..searched(&field, vec![peak(80.0, 0.9), peak(20.0, 0.1)])
        };
        let mut scores = Scores::default();
        searched.read(1, &[50.0, 125.0], false, &mut scores);
        let close =
            |found: &[f64], score: f64| found.len() == 1 && (found[0] - logit(score)).abs() < 1e-6;
        assert!(
            close(&scores.rivals[&0], 0.1) && close(&scores.others, 0.9),
            "{scores:?}"
        );
    }

    #[test]
    fn what_is_left_to_another_class_is_no_peak_of_its_own() {
        let fields = [field(), field()];
        // The second class is not searched in the second tomogram.
        let own = |field| Searched {
            learned: vec![[0.0; 3]],
            ..searched(field, vec![peak(0.0, 0.5), peak(400.0, 0.6)])
        };
        let mut all = [
            vec![own(&fields[0]), own(&fields[1])],
            vec![searched(&fields[0], vec![peak(10.0, 0.9)])],
        ];
        let partings = [vec![None, Some(0.0)], vec![Some(0.0), None]];
        leave(&fields, &mut all, &partings, &[50.0, 50.0]);
        let mut scores = Scores::default();
        let [own, _] = all;
        for one in own {
            one.read(0, &[50.0, 50.0], false, &mut scores);
        }
        assert_eq!((scores.learned.len(), scores.others.len()), (1, 2));
    }
}
