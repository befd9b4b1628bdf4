//! Which of two classes a place that both claim is left to.

use super::{localize::Place, mixture::logit};

/// So many annotations of either class say where the two part.
const ENOUGH: usize = 5;

/// A logit that two classes' scores at one place differ by: of more it is the first class's, else the second's.
pub(super) type Parting = Option<f64>;

/// Where two classes part: halfway between what the annotated of either differ by, the first's score less the second's, which a
/// common change of contrast leaves as it is. `None` where there are too few, or the two are the wrong way round.
pub(super) fn parting(of_first: &[f64], of_second: &[f64]) -> Parting {
    if of_first.len().min(of_second.len()) < ENOUGH {
        return None;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (first, second) = (mean(of_first), mean(of_second));
    (first > second).then_some(0.5 * (first + second))
}

/// By how much more than the other class scores at its best within `radius` each of `own` scores, in logits; that of the other
/// is `absent` at least.
pub(super) fn differences(own: &[Place], others: &[Place], radius: f64, absent: f64) -> Vec<f64> {
    let mut sorted: Vec<&Place> = others.iter().collect();
    sorted.sort_by(|a, b| a.angstrom_zyx[0].total_cmp(&b.angstrom_zyx[0]));
    let difference = |place: &Place| {
        let z = place.angstrom_zyx[0];
        let first = sorted.partition_point(|other| other.angstrom_zyx[0] < z - radius);
        let near = (sorted[first..].iter())
            .take_while(|other| other.angstrom_zyx[0] <= z + radius)
            .filter(|other| squared_distance(place, other) <= radius * radius);
        let logits = near.map(|other| logit(f64::from(other.score)));
        logit(f64::from(place.score)) - logits.fold(absent, f64::max)
    };
    own.iter().map(difference).collect()
}

fn squared_distance(one: &Place, other: &Place) -> f64 {
    let along = one.angstrom_zyx.iter().zip(other.angstrom_zyx);
    along.map(|(a, b)| (a - b).powi(2)).sum()
}

/// Takes from each class the places that another one has more of a claim to. `partings[a][b]` is where classes a and b part,
/// `radii` are in ångström: two peaks are of one particle within the smaller.
pub(super) fn leave_to_the_likelier(
    found: &mut [Vec<Place>],
    partings: &[&[Parting]],
    radii: &[f64],
) {
    let stays = |class: usize| -> Vec<bool> {
        let mut stays = vec![true; found[class].len()];
        for (other, parting) in partings[class].iter().enumerate() {
            let Some(parting) = parting else { continue };
            let radius = radii[class].min(radii[other]);
            // Where the other has no peak there is nobody to leave a place to.
            let claims = differences(&found[class], &found[other], radius, f64::NEG_INFINITY);
            for (stays, claim) in stays.iter_mut().zip(claims) {
                *stays &= claim > *parting;
            }
        }
        stays
    };
    let stays: Vec<Vec<bool>> = (0..found.len()).map(stays).collect();
    for (places, stays) in found.iter_mut().zip(stays) {
        let mut stays = stays.into_iter();
        places.retain(|_| stays.next().unwrap_or(true));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cryo_core::VoxelPos;

    fn place(z: f64, x: f64, score: f32) -> Place {
        Place {
            voxel: VoxelPos { x, y: 0.0, z },
            angstrom_zyx: [z, 0.0, x],
            score,
            network_score: score,
        }
    }

    #[test]
    fn classes_part_halfway_where_both_are_known_and_in_order() {
        assert_eq!(parting(&[2.0; 5], &[-1.0; 7]), Some(0.5));
        assert_eq!(parting(&[2.0; 4], &[-1.0; 7]), None);
        assert_eq!(parting(&[-1.0; 5], &[2.0; 5]), None);
    }

    #[test]
    fn a_place_is_left_to_whom_it_is_likelier_of() {
        // One place of both, one of the second alone, two that are further apart than a particle is wide.
        let first = vec![place(50.0, 0.0, 0.6), place(90.0, 300.0, 0.6)];
        let second = vec![
            place(60.0, 10.0, 0.5),
            place(20.0, 500.0, 0.2),
            place(90.0, 345.0, 0.9),
        ];
        let radii = [80.0, 40.0];
        let left = |parting: f64| {
            let mut found = [first.clone(), second.clone()];
            let partings: [&[Parting]; 2] = [&[None, Some(parting)], &[Some(-parting), None]];
            leave_to_the_likelier(&mut found, &partings, &radii);
            found.map(|places| places.iter().map(|place| place.score).collect::<Vec<_>>())
        };
        // 0.6 is 0.4 logits above 0.5.
        assert_eq!(left(0.3), [vec![0.6, 0.6], vec![0.2, 0.9]]);
        assert_eq!(left(0.5), [vec![0.6], vec![0.5, 0.2, 0.9]]);
    }

    #[test]
    fn differences_are_from_the_best_within_reach() {
        let others = [
            place(100.0, 0.0, 0.2),
            place(125.0, 0.0, 0.5),
            place(131.0, 0.0, 0.9),
        ];
        let own = [place(100.0, 0.0, 0.5), place(0.0, 0.0, 0.5)];
        let found = differences(&own, &others, 30.0, -3.0);
        assert!(
            found[0].abs() < 1e-6 && (found[1] - 3.0).abs() < 1e-6,
            "{found:?}"
        );
    }
}
