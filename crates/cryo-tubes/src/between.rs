use std::collections::BTreeMap;

use cryo_core::{Particle, ParticleSet, VoxelPos};

/// Points of a filament further apart than that many diameters are not joined: between them it may bend.
const FURTHEST: f64 = 4.0;
/// Distance of the points in between, over the diameter.
const SPACING: f64 = 1.0 / 12.0;

/// Adds points on the straight lines between neighbouring points of each filament, a twelfth of the diameter apart: who clicks
/// along a filament knows as much of what lies between the clicks.
///
/// Neighbours are those next to each other along it where arc lengths are given, otherwise in the order of the set. Points more than
/// four diameters apart are not joined. `diameter_angstrom` gives the diameter of a class, in ångström. The new points have the class
/// of their neighbours and nothing else.
///
/// # Examples
/// ```
/// use cryo_core::{FilamentPoint, Grid, Particle, ParticleSet, VoxelPos, VoxelSize};
/// let mut set = ParticleSet::new("TS_01", Grid::new([10, 10, 40], VoxelSize::new(10.0).expect("above 0")));
/// let filament = Some(FilamentPoint { id: 1, arc_length_angstrom: None });
/// let click = |x| Particle { filament, ..Particle::at(VoxelPos::xyz(x, 5.0, 5.0)) };
/// set.items = vec![click(5.0), click(30.0)];
/// cryo_tubes::add_points_between(&mut set, |_| 240.0);
/// assert_eq!(set.len(), 14); // 250 Å in steps of at most 20 Å
/// ```
pub fn add_points_between(set: &mut ParticleSet, diameter_angstrom: impl Fn(Option<u32>) -> f64) {
    let mut filaments: BTreeMap<(u32, Option<u32>), Vec<&Particle>> = BTreeMap::new();
    for item in &set.items {
        if let Some(point) = &item.filament {
            filaments
                .entry((point.id, item.class))
                .or_default()
                .push(item);
        }
    }
    let size = set.grid.voxel_size;
    let mut between = Vec::new();
    for ((_, class), mut points) in filaments {
        let along = |item: &Particle| item.filament.as_ref()?.arc_length_angstrom;
        if points.iter().all(|item| along(item).is_some()) {
            points.sort_by(|a, b| along(a).unwrap_or(0.0).total_cmp(&along(b).unwrap_or(0.0)));
        }
        let diameter = diameter_angstrom(class);
        for pair in points.windows(2) {
            let (from, to) = (pair[0].position, pair[1].position);
            let steps = [
                (to.z - from.z) * size.z(),
                (to.y - from.y) * size.y(),
                (to.x - from.x) * size.x(),
            ];
            let length = steps.iter().map(|step| step * step).sum::<f64>().sqrt();
            if length > FURTHEST * diameter || length == 0.0 {
                continue;
            }
            let count = (length / (SPACING * diameter)).ceil().max(1.0) as usize;
            for number in 1..count {
                let part = number as f64 / count as f64;
                let place = |a: f64, b: f64| a + part * (b - a);
                let position = VoxelPos::zyx(
                    place(from.z, to.z),
                    place(from.y, to.y),
                    place(from.x, to.x),
                );
                between.push(Particle {
                    class,
                    ..Particle::at(position)
                });
            }
        }
    }
    set.items.extend(between);
}

#[cfg(test)]
mod tests {
    use cryo_core::{FilamentPoint, Grid, VoxelSize};

    use super::*;

    fn set(points: &[(u32, Option<f64>, f64)]) -> ParticleSet {
        let grid = Grid::new([10, 10, 100], VoxelSize::new(10.0).unwrap());
        let mut set = ParticleSet::new("t", grid);
        set.items = (points.iter())
            .map(|&(id, arc_length_angstrom, x)| Particle {
                filament: Some(FilamentPoint {
                    id,
                    arc_length_angstrom,
                }),
                ..Particle::at(VoxelPos::zyx(1.0, 2.0, x))
            })
            .collect();
        set
    }

    fn joined(points: &[(u32, Option<f64>, f64)]) -> Vec<f64> {
        let mut set = set(points);
        add_points_between(&mut set, |_| 120.0);
        set.items.iter().map(|item| item.position.x).collect()
    }

    #[test]
    fn neighbours_on_a_filament_are_joined_at_a_twelfth_of_the_diameter() {
        assert_eq!(
            joined(&[(1, None, 5.0), (1, None, 8.0)]),
            [5.0, 8.0, 6.0, 7.0]
        );
    }

    #[test]
    fn points_of_two_filaments_and_far_ones_stay_apart() {
        assert_eq!(joined(&[(1, None, 5.0), (2, None, 8.0)]), [5.0, 8.0]);
        assert_eq!(joined(&[(1, None, 5.0), (1, None, 95.0)]), [5.0, 95.0]);
        assert_eq!(joined(&[(1, None, 5.0), (1, None, 5.0)]), [5.0, 5.0]);
    }

    #[test]
    fn the_arc_length_orders_before_the_file() {
        let found = joined(&[
            (1, Some(40.0), 9.0),
            (1, Some(0.0), 5.0),
            (1, Some(20.0), 7.0),
        ]);
        assert_eq!(found, [9.0, 5.0, 7.0, 6.0, 8.0]);
    }
}
