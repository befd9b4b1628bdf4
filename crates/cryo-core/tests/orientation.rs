//! Rotations: conventions and round trips.

use cryo_core::{AngstromPos, Orientation};
use proptest::prelude::*;

#[test]
fn zyz_matches_the_matrix_of_relion() {
    // Euler_angles2matrix of RELION, written out: A[2] = (sb ca, sb sa, cb), A[.][2] = (-cg sb, sg sb, cb).
    let (rot, tilt, psi) = (20.0_f64, 50.0_f64, -75.0_f64);
    let (sa, ca) = rot.to_radians().sin_cos();
    let (sb, cb) = tilt.to_radians().sin_cos();
    let (sg, cg) = psi.to_radians().sin_cos();
    let expected = [
        [cg * cb * ca - sg * sa, cg * cb * sa + sg * ca, -cg * sb],
        [-sg * cb * ca - cg * sa, -sg * cb * sa + cg * ca, sg * sb],
        [sb * ca, sb * sa, cb],
    ];
    let matrix = Orientation::from_zyz_deg(rot, tilt, psi).matrix();
    for (row, wanted) in matrix.iter().zip(expected) {
        for (value, wanted) in row.iter().zip(wanted) {
            assert!((value - wanted).abs() < 1e-12, "{matrix:?}");
        }
    }
}

#[test]
fn tangents_point_where_they_were_told() {
    for (x, y, z) in [
        (1.0, 2.0, 3.0),
        (0.0, 0.0, 5.0),
        (0.0, 0.0, -5.0),
        (-4.0, 1e-9, 0.0),
    ] {
        let direction = AngstromPos::xyz(x, y, z);
        let length = direction.distance_to(AngstromPos::default());
        let unit = AngstromPos::xyz(x / length, y / length, z / length);
        let found = Orientation::from_tangent(direction).unwrap().tangent();
        assert!(found.distance_to(unit) < 1e-9, "{found:?} is not {unit:?}");
    }
    assert_eq!(Orientation::from_tangent(AngstromPos::default()), None);
    assert_eq!(
        Orientation::from_tangent(AngstromPos::xyz(f64::NAN, 0.0, 1.0)),
        None
    );
}

#[test]
fn only_rotations_are_taken_from_matrices() {
    let mirror = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]];
    assert_eq!(Orientation::from_matrix(mirror), None);
    assert_eq!(
        Orientation::from_matrix([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        None
    );
    assert_eq!(Orientation::from_matrix([[f64::NAN; 3]; 3]), None);
    assert_eq!(Orientation::from_quaternion([0.0; 4]), None);
}

proptest! {
    #[test]
    fn angles_matrices_and_quaternions_round_trip(
        w in -1.0..1.0_f64, x in -1.0..1.0_f64, y in -1.0..1.0_f64, z in -1.0..1.0_f64,
    ) {
        prop_assume!(w * w + x * x + y * y + z * z > 1e-3);
        let rotation = Orientation::from_quaternion([w, x, y, z]).unwrap();
        let [a, b, c] = rotation.to_zyz_deg();
        let twice = [
            Orientation::from_zyz_deg(a, b, c),
            Orientation::from_matrix(rotation.matrix()).unwrap(),
            Orientation::from_quaternion(rotation.quaternion()).unwrap(),
            Orientation::from_intrinsic_zxz_deg(rotation.to_intrinsic_zxz_deg()),
            rotation.inverse().inverse(),
        ];
        for other in twice {
            prop_assert!(rotation.angle_to_deg(other) < 1e-5, "{rotation:?} {other:?}");
        }
        prop_assert!(rotation.then_after(rotation.inverse()).angle_to_deg(Orientation::IDENTITY) < 1e-5);
    }

    #[test]
    fn poles_of_the_euler_angles_round_trip(a in -180.0..180.0_f64, c in -180.0..180.0_f64, flip: bool) {
        let rotation = Orientation::from_zyz_deg(a, if flip { 180.0 } else { 0.0 }, c);
        let [rot, tilt, psi] = rotation.to_zyz_deg();
        prop_assert!(rotation.angle_to_deg(Orientation::from_zyz_deg(rot, tilt, psi)) < 1e-5);
    }
}
