/// How an array goes on beyond its edge; names and meaning as in `scipy.ndimage`.
///
/// Where a kernel is longer than the axis the rule is applied again and again, so a thin tomogram needs no special care.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Boundary {
    /// `d c b a | a b c d | d c b a`: mirrored about the edge of the last voxel.
    #[default]
    Reflect,
    /// `d c b | a b c d | c b a`: mirrored about the centre of the last voxel.
    Mirror,
    /// `a a a | a b c d | d d d`.
    Nearest,
    /// `b c d | a b c d | a b c`: periodic.
    Wrap,
    /// `k k k | a b c d | k k k` with the given value.
    Constant(f32),
}

impl Boundary {
    /// The voxel inside `0..length` that stands at `position`; `None` where the constant does.
    pub(crate) fn source(self, position: isize, length: usize) -> Option<usize> {
        let inside = usize::try_from(position).is_ok_and(|position| position < length);
        let folded = |period: usize| position.rem_euclid(period as isize) as usize;
        match self {
            _ if inside => Some(position as usize),
            _ if length == 1 && !matches!(self, Self::Constant(_)) => Some(0),
            Self::Reflect => Some(folded(2 * length).min(2 * length - 1 - folded(2 * length))),
            Self::Mirror => {
                Some(folded(2 * length - 2).min(2 * length - 2 - folded(2 * length - 2)))
            }
            Self::Nearest => Some(if position < 0 { 0 } else { length - 1 }),
            Self::Wrap => Some(folded(length)),
            Self::Constant(_) => None,
        }
    }

    /// The constant, or 0 where the boundary never asks for it.
    pub(crate) fn fill(self) -> f32 {
        match self {
            Self::Constant(value) => value,
            _ => 0.0,
        }
    }
}

/// The voxels that stand `before` and `after` an axis of a given length.
pub(crate) struct Extension {
    pub(crate) length: usize,
    pub(crate) before: Vec<Option<usize>>,
    pub(crate) after: Vec<Option<usize>>,
    pub(crate) fill: f32,
}

impl Extension {
    pub(crate) fn new(boundary: Boundary, length: usize, before: usize, after: usize) -> Self {
        let signed = |position: usize| position as isize;
        Self {
            length,
            before: (0..before)
                .map(|index| boundary.source(signed(index) - signed(before), length))
                .collect(),
            after: (0..after)
                .map(|index| boundary.source(signed(length + index), length))
                .collect(),
            fill: boundary.fill(),
        }
    }

    /// Length of the extended axis.
    pub(crate) fn extended(&self) -> usize {
        self.before.len() + self.length + self.after.len()
    }

    /// Fills the rows at both ends of a block of rows of `width` values.
    pub(crate) fn fill_end_rows(&self, block: &mut [f32], width: usize) {
        let first = self.before.len();
        let ends = self.before.iter().enumerate();
        let after = (first + self.length..).zip(&self.after);
        for (row, source) in ends.chain(after) {
            match *source {
                Some(source) => {
                    let from = (first + source) * width;
                    block.copy_within(from..from + width, row * width);
                }
                None => block[row * width..(row + 1) * width].fill(self.fill),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_match_the_pictures() {
        let row = |boundary: Boundary| -> String {
            (-5..9)
                .map(|position| match boundary.source(position, 4) {
                    Some(source) => ["a", "b", "c", "d"][source],
                    None => "k",
                })
                .collect()
        };
        assert_eq!(row(Boundary::Reflect), "ddcbaabcddcbaa"[..14].to_owned());
        assert_eq!(row(Boundary::Mirror), "bcdcbabcdcbabc"[..14].to_owned());
        assert_eq!(row(Boundary::Nearest), "aaaaaabcdddddd"[..14].to_owned());
        assert_eq!(row(Boundary::Wrap), "dabcdabcdabcda"[..14].to_owned());
        assert_eq!(row(Boundary::Constant(1.0)), "kkkkkabcdkkkkk");
    }
}
