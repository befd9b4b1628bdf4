use cryo_core::{Particle, ParticleSet, VoxelPos};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// `count` positions anywhere in each tomogram of the truth, with random scores.
pub(crate) fn positions(
    truth: &[ParticleSet],
    count: usize,
    seed: u64,
) -> Result<Vec<ParticleSet>, String> {
    let one = |(stream, set): (u64, &ParticleSet)| {
        if !set.grid.has_extent() {
            return Err(format!(
                "{}: --random needs its size; give --tomogram FILE.mrc",
                set.tomogram
            ));
        }
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        let mut picks = ParticleSet::new(set.tomogram.clone(), set.grid);
        for _ in 0..count {
            let [z, y, x] = set.grid.shape.map(|n| rng.random::<f64>() * n as f64 - 0.5);
            let score = Some(rng.random::<f32>());
            picks.items.push(Particle {
                score,
                ..Particle::at(VoxelPos { z, y, x })
            });
        }
        Ok(picks)
    };
    (0..).zip(truth).map(one).collect()
}

#[cfg(test)]
mod tests {
    use cryo_core::{Grid, VoxelSize};

    use super::*;

    #[test]
    fn random_positions_lie_inside_and_repeat() {
        let grid = Grid::new([10, 40, 90], VoxelSize::new(10.0).expect("valid"));
        let truth = [ParticleSet::new("a", grid), ParticleSet::new("b", grid)];
        let picks = positions(&truth, 500, 7).expect("of known extent");
        assert_eq!(picks, positions(&truth, 500, 7).expect("of known extent"));
        assert_ne!(picks[0].items, picks[1].items);
        assert!(
            picks
                .iter()
                .flat_map(|set| &set.items)
                .all(|item| grid.contains(item.position))
        );
        let largest = picks[0]
            .items
            .iter()
            .map(|item| item.position.x)
            .fold(0.0, f64::max);
        assert!(largest > 85.0);
        let unknown = Grid::of_unknown_extent(grid.voxel_size);
        assert!(positions(&[ParticleSet::new("c", unknown)], 1, 7).is_err());
    }
}
