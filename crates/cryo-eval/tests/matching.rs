//! Optimal one-to-one matching of bare positions.

use cryo_core::AngstromPos;
use cryo_eval::{MAX_PAIRS, Match, match_points};
use proptest::prelude::*;

fn on_line(places: &[f64]) -> Vec<AngstromPos> {
    places
        .iter()
        .map(|&x| AngstromPos::xyz(x, 3.0, -7.0))
        .collect()
}

fn total(matches: &[Match]) -> f64 {
    matches
        .iter()
        .map(|matched| matched.distance_angstrom)
        .sum()
}

/// Most matches and smallest total distance by trying everything.
fn brute_force(
    truth: &[AngstromPos],
    picks: &[AngstromPos],
    radius: f64,
    used: &mut Vec<bool>,
) -> (usize, f64) {
    let Some((first, rest)) = picks.split_first() else {
        return (0, 0.0);
    };
    let mut best = brute_force(truth, rest, radius, used);
    for number in 0..truth.len() {
        let distance = truth[number].distance_to(*first);
        if !used[number] && distance <= radius {
            used[number] = true;
            let (count, sum) = brute_force(truth, rest, radius, used);
            used[number] = false;
            if count + 1 > best.0 || (count + 1 == best.0 && sum + distance < best.1) {
                best = (count + 1, sum + distance);
            }
        }
    }
    best
}

fn positions(count: usize) -> impl Strategy<Value = Vec<AngstromPos>> {
    // Half of the coordinates on a coarse lattice, so that ties and coincident points occur.
    let coordinate = |top: f64| prop_oneof![0.0..top, (0..4_u8).prop_map(|n| 7.5 * f64::from(n))];
    let position = (coordinate(20.0), coordinate(25.0), coordinate(30.0));
    proptest::collection::vec(
        position.prop_map(|(z, y, x)| AngstromPos::zyx(z, y, x)),
        0..=count,
    )
}

fn check_one_to_one(matches: &[Match], truth: &[AngstromPos], picks: &[AngstromPos], radius: f64) {
    let (mut truths, mut taken) = (vec![false; truth.len()], vec![false; picks.len()]);
    for matched in matches {
        assert!(!std::mem::replace(&mut truths[matched.truth], true));
        assert!(!std::mem::replace(&mut taken[matched.pick], true));
        let distance = truth[matched.truth].distance_to(picks[matched.pick]);
        assert_eq!(matched.distance_angstrom, distance);
        assert!(distance <= radius);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn matching_matches_brute_force(truth in positions(7), picks in positions(7), radius in 1.0..30.0_f64) {
        let matches = match_points(&truth, &picks, radius).unwrap();
        check_one_to_one(&matches, &truth, &picks, radius);
        let (count, distance) = brute_force(&truth, &picks, radius, &mut vec![false; truth.len()]);
        prop_assert_eq!(matches.len(), count);
        prop_assert!((total(&matches) - distance).abs() < 1e-9);
    }

    #[test]
    fn matching_ignores_the_order_of_points(
        truth in positions(40), picks in positions(40), radius in 1.0..30.0_f64, turn in 0..40_usize,
    ) {
        let matches = match_points(&truth, &picks, radius).unwrap();
        let turned = |points: &[AngstromPos]| -> Vec<AngstromPos> {
            let mut points: Vec<_> = points.iter().rev().copied().collect();
            let middle = turn.min(points.len());
            points.rotate_left(middle);
            points
        };
        let other = match_points(&turned(&truth), &turned(&picks), radius).unwrap();
        prop_assert_eq!(matches.len(), other.len());
        prop_assert!((total(&matches) - total(&other)).abs() < 1e-9);
    }

    #[test]
    fn matching_is_symmetric(truth in positions(40), picks in positions(40), radius in 1.0..30.0_f64) {
        let matches = match_points(&truth, &picks, radius).unwrap();
        let swapped = match_points(&picks, &truth, radius).unwrap();
        prop_assert_eq!(matches.len(), swapped.len());
        prop_assert!((total(&matches) - total(&swapped)).abs() < 1e-9);
    }
}

#[test]
fn a_chain_that_greedy_matching_breaks_is_matched_completely() {
    // Every pick but the first lies nearer to the truth before its own, which leaves none for the first.
    let truth: Vec<f64> = (0..2001).map(|n| 10.0 * f64::from(n)).collect();
    let picks: Vec<f64> = (0..2001).map(|n| 10.0 * f64::from(n) - 6.0).collect();
    let matches = match_points(&on_line(&truth), &on_line(&picks), 6.0).unwrap();
    assert_eq!(matches.len(), 2001);
    assert!(matches.iter().all(|matched| matched.truth == matched.pick));
    let backwards: Vec<f64> = picks.iter().rev().copied().collect();
    let matches = match_points(&on_line(&truth), &on_line(&backwards), 6.0).unwrap();
    assert_eq!(matches.len(), 2001);
}

#[test]
fn of_equal_numbers_the_smaller_total_distance_wins() {
    let truth = on_line(&[0.0, 10.0]);
    // Nearest first would pair 10 with 9 and 0 with 14.
    let matches = match_points(&truth, &on_line(&[9.0, 14.0]), 20.0).unwrap();
    assert_eq!(
        matches
            .iter()
            .map(|matched| matched.truth)
            .collect::<Vec<_>>(),
        [0, 1]
    );
    assert_eq!(total(&matches), 13.0);
}

#[test]
fn two_picks_on_one_particle_are_one_match() {
    let matches = match_points(&on_line(&[5.0]), &on_line(&[6.0, 5.5, 5.0]), 2.0).unwrap();
    let expected = Match {
        truth: 0,
        pick: 2,
        distance_angstrom: 0.0,
    };
    assert_eq!(matches, [expected]);
}

#[test]
fn the_radius_is_inclusive() {
    let (truth, picks) = (on_line(&[0.0]), on_line(&[12.5]));
    assert_eq!(match_points(&truth, &picks, 12.5).unwrap().len(), 1);
    assert_eq!(match_points(&truth, &picks, 12.499).unwrap().len(), 0);
}

#[test]
fn nothing_matches_nothing() {
    let points = on_line(&[1.0, 2.0]);
    assert_eq!(match_points(&[], &points, 5.0).unwrap(), []);
    assert_eq!(match_points(&points, &[], 5.0).unwrap(), []);
    assert_eq!(match_points(&[], &[], 5.0).unwrap(), []);
}

#[test]
fn absurd_distances_and_radii_are_harmless() {
    let truth = on_line(&[-1e308, 0.0, 1e308]);
    let matches = match_points(&truth, &on_line(&[1e308, 1e-300]), 1e-3).unwrap();
    assert_eq!(matches.len(), 2);
    assert_eq!((matches[0].truth, matches[1].truth), (2, 1));
    assert_eq!(
        match_points(&truth[1..2], &truth[1..2], f64::MIN_POSITIVE)
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_crowd_in_one_cell_is_matched() {
    let truth: Vec<f64> = (0..300).map(f64::from).collect();
    let picks: Vec<f64> = (0..500).map(|n| f64::from(n) + 0.25).collect();
    let matches = match_points(&on_line(&truth), &on_line(&picks), 1000.0).unwrap();
    assert_eq!(matches.len(), 300);
    assert!((total(&matches) - 75.0).abs() < 1e-9);
}

#[test]
fn a_hundred_thousand_points_are_matched() {
    // A lattice of 40 × 50 × 50 with 20 Å between points, the picks shifted and shuffled by a stride.
    let at = |n: usize| {
        let (z, y, x) = (n / 2500, n / 50 % 50, n % 50);
        AngstromPos::zyx(20.0 * z as f64, 20.0 * y as f64, 20.0 * x as f64)
    };
    let truth: Vec<_> = (0..100_000).map(at).collect();
    let picks: Vec<_> = (0..100_000)
        .map(|n| at(n * 7919 % 100_000))
        .map(|place| AngstromPos::zyx(place.z + 1.0, place.y + 2.0, place.x + 12.0))
        .collect();
    // Each pick has two truths along x within the radius, the wrong one nearer.
    let matches = match_points(&truth, &picks, 13.0).unwrap();
    assert_eq!(matches.len(), 100_000);
    assert!(
        matches
            .iter()
            .all(|matched| matched.pick * 7919 % 100_000 == matched.truth)
    );
}

#[test]
fn nan_positions_are_refused() {
    let bad = [
        AngstromPos::xyz(1.0, 2.0, 3.0),
        AngstromPos::xyz(1.0, f64::NAN, 3.0),
    ];
    let error = match_points(&bad[..1], &bad, 5.0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected finite coordinates, item 1 of the picks has (1, NaN, 3) (x, y, z)"
    );
    let error = match_points(&bad, &[], 5.0).unwrap_err();
    assert!(error.to_string().contains("item 1 of the truth"));
}

#[test]
fn a_radius_without_length_is_refused() {
    for radius in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = match_points(&[], &[], radius).unwrap_err();
        let expected = format!("`radius_angstrom` must be a finite length above 0 Å, got {radius}");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_radius_that_joins_everything_is_refused() {
    let truth = vec![AngstromPos::default(); 1_000_000];
    let picks = vec![AngstromPos::default(); MAX_PAIRS / truth.len() + 1];
    let error = match_points(&truth, &picks, 1.0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected at most 16000000 pairs of a pick and a truth within the radius, got more; is \
         `radius_angstrom` in ångström?"
    );
}
