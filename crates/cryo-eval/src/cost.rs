use std::{
    cmp::Ordering,
    ops::{Add, AddAssign, Sub, SubAssign},
};

/// What a matching costs: first the picks that it leaves out, then its total distance.
///
/// Two numbers instead of a large weight, so that the number of matches is exact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cost {
    left_out: i32,
    distance: f64,
}

impl Cost {
    pub(crate) const ZERO: Self = Self::of(0.0);
    pub(crate) const LEFT_OUT: Self = Self {
        left_out: 1,
        distance: 0.0,
    };

    pub(crate) const fn of(distance: f64) -> Self {
        Self {
            left_out: 0,
            distance,
        }
    }
}

impl Eq for Cost {}

impl Ord for Cost {
    fn cmp(&self, other: &Self) -> Ordering {
        let count = self.left_out.cmp(&other.left_out);
        count.then(self.distance.total_cmp(&other.distance))
    }
}

impl PartialOrd for Cost {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            left_out: self.left_out + other.left_out,
            distance: self.distance + other.distance,
        }
    }
}

impl Sub for Cost {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            left_out: self.left_out - other.left_out,
            distance: self.distance - other.distance,
        }
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Cost {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}
