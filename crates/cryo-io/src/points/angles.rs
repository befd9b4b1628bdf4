use cryo_core::Orientation;

/// Angles `a, b, c` in degrees of `Rz(a) Rx(b) Rz(c)`; at `b = 0`, where only `a + c` means
/// something, `c` is 0.
pub(crate) fn intrinsic_zxz_deg(orientation: Orientation) -> [f64; 3] {
    let [a, b, c] = orientation.to_intrinsic_zxz_deg();
    if b.abs() > 1e-7 {
        return [a, b, c];
    }
    let sum = (a + c + 180.0).rem_euclid(360.0) - 180.0;
    [if sum.abs() < 1e-9 { 0.0 } else { sum }, 0.0, 0.0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_of_a_turn_about_z_are_in_the_first() {
        let turned = Orientation::from_intrinsic_zxz_deg([20.0, 0.0, 15.0]);
        let [a, b, c] = intrinsic_zxz_deg(turned);
        assert!((a - 35.0).abs() < 1e-9, "{a}");
        assert_eq!((b, c), (0.0, 0.0));
        assert_eq!(intrinsic_zxz_deg(Orientation::IDENTITY), [0.0; 3]);
    }
}
