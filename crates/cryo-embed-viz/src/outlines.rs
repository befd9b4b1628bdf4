use std::collections::BTreeMap;

use cryo_core::{ParticleSet, VoxelPos};

/// A closed circle of 33 points round a centre in the plane of its z, for [`slabs_with_curves`](crate::slabs_with_curves);
/// centre and radius in voxels.
///
/// ```
/// use cryo_core::VoxelPos;
/// let circle = cryo_embed_viz::circle(VoxelPos::xyz(30.0, 20.0, 4.5), 6.0);
/// assert!((circle[8].y - 26.0).abs() < 1e-9 && circle[8].z == 4.5);
/// ```
#[must_use]
pub fn circle(centre: VoxelPos, radius_vox: f64) -> Vec<VoxelPos> {
    const STEPS: i32 = 32;
    let point = |step: i32| {
        let turn = f64::from(step) * std::f64::consts::TAU / f64::from(STEPS);
        VoxelPos {
            z: centre.z,
            y: centre.y + radius_vox * turn.sin(),
            x: centre.x + radius_vox * turn.cos(),
        }
    };
    (0..=STEPS).map(point).collect()
}

/// The line of each filament in voxels, by the filaments' numbers; particles that lie on none are left out.
#[must_use]
pub fn filament_lines(set: &ParticleSet) -> Vec<Vec<VoxelPos>> {
    let mut lines: BTreeMap<u32, Vec<VoxelPos>> = BTreeMap::new();
    for item in &set.items {
        if let Some(point) = item.filament {
            lines.entry(point.id).or_default().push(item.position);
        }
    }
    lines.into_values().collect()
}

#[cfg(test)]
mod tests {
    use cryo_core::{FilamentPoint, Grid, Particle, VoxelSize};

    use super::*;

    #[test]
    fn circles_lie_round_their_particle_in_its_plane() {
        let centre = VoxelPos::xyz(30.0, 20.0, 4.5);
        let circle = circle(centre, 6.0);
        assert!(
            circle
                .iter()
                .all(|point| (point.distance_to(centre) - 6.0).abs() < 1e-9 && point.z == 4.5)
        );
        assert!(circle[0].distance_to(circle[32]) < 1e-9);
    }

    #[test]
    fn each_filament_is_a_line_of_its_own() {
        let grid = Grid::new([9; 3], VoxelSize::new(10.0).expect("above 0"));
        let mut set = ParticleSet::new("t", grid);
        for (id, x) in [(2, 1.0), (1, 5.0), (2, 2.0)] {
            set.items.push(Particle {
                filament: Some(FilamentPoint {
                    id,
                    arc_length_angstrom: None,
                }),
                ..Particle::at(VoxelPos::xyz(x, 0.0, 0.0))
            });
        }
        set.items.push(Particle::at(VoxelPos::xyz(8.0, 8.0, 8.0)));
        let xs: Vec<Vec<f64>> = (filament_lines(&set).iter())
            .map(|line| line.iter().map(|point| point.x).collect())
            .collect();
        assert_eq!(xs, [vec![5.0], vec![1.0, 2.0]]);
    }
}
