use cryo_train::stream_rng;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::{
    ViewIndex, ViewShape,
    error::{Error, require},
};

/// Which two variants of an item make a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pairs {
    /// Variant 0 twice; only the augmentation differs.
    #[default]
    Same,
    /// Variant 0 and one of the others: neighbouring positions, as in the paper (spec D.1).
    Neighbour,
    /// Two different ones of the variants from 1 on: halves of the data with independent noise.
    Halves,
}

impl Pairs {
    pub(super) fn check(self, shape: ViewShape) -> Result<(), Error> {
        let needed = match self {
            Self::Same => 1,
            Self::Neighbour => 2,
            Self::Halves => 3,
        };
        let rule = format!("one that {} variants of a view allow", shape.variants);
        require(shape.variants >= needed, "pairs", rule, format!("{self:?}"))
    }

    /// The first views of all items, then the second ones.
    pub(super) fn draw(
        self,
        items: &[usize],
        variants: usize,
        seed: u64,
        step: u64,
    ) -> Vec<ViewIndex> {
        let mut rng = stream_rng(seed, "pairs", step);
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for &item in items {
            let (a, b) = match self {
                Self::Same => (0, 0),
                Self::Neighbour => (0, rng.random_range(1..variants)),
                Self::Halves => {
                    let a = rng.random_range(1..variants);
                    let b = rng.random_range(1..variants - 1);
                    (a, b + usize::from(b >= a))
                }
            };
            first.push(ViewIndex { item, variant: a });
            second.push(ViewIndex { item, variant: b });
        }
        first.extend(second);
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_two_different_ones() {
        let items: Vec<usize> = (0..200).collect();
        let views = Pairs::Halves.draw(&items, 4, 1, 2);
        let (first, second) = views.split_at(200);
        let mut seen = [[0; 4]; 4];
        for (a, b) in first.iter().zip(second) {
            assert_eq!(a.item, b.item);
            seen[a.variant][b.variant] += 1;
        }
        for (a, row) in seen.iter().enumerate() {
            for (b, &count) in row.iter().enumerate() {
                assert_eq!(count > 0, a != b && a > 0 && b > 0, "{a} {b}: {count}");
            }
        }
        assert_eq!(views, Pairs::Halves.draw(&items, 4, 1, 2));
    }
}
