use super::AxisOrder;
use crate::Error;

/// Which axis of space (1 = x, 2 = y, 3 = z) the columns, rows and sections of a file are.
///
/// The MAPC, MAPR and MAPS words; anything but 1, 2, 3 means that a program that ignores them sees
/// the density transposed. The readers here apply them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AxisMap {
    /// Axis of the columns, the fastest in the file.
    pub columns: i32,
    /// Axis of the rows.
    pub rows: i32,
    /// Axis of the sections, the slowest in the file.
    pub sections: i32,
}

impl AxisMap {
    /// Columns are x, rows are y, sections are z.
    pub const STANDARD: Self = Self {
        columns: 1,
        rows: 2,
        sections: 3,
    };

    /// Whether each axis of space is named once.
    #[must_use]
    pub fn is_valid(self) -> bool {
        let mut axes = [self.columns, self.rows, self.sections];
        axes.sort_unstable();
        axes == [1, 2, 3]
    }

    /// Which file axis (0 sections, 1 rows, 2 columns) is z, y and x.
    ///
    /// # Errors
    /// [`Unexpected`](crate::ErrorKind::Unexpected) if an axis is named twice or not at all.
    pub(super) fn file_axes(self) -> Result<[usize; 3], Error> {
        let of_file = [self.sections, self.rows, self.columns];
        let find = |axis| of_file.iter().position(|&named| named == axis);
        match (find(3), find(2), find(1)) {
            (Some(z), Some(y), Some(x)) => Ok([z, y, x]),
            _ => Err(self.error()),
        }
    }

    pub(super) fn error(self) -> Error {
        let got = format!("{}, {}, {}", self.columns, self.rows, self.sections);
        Error::unexpected("mapc, mapr, maps", "1, 2 and 3 in some order", got).at_byte(64)
    }
}

impl Default for AxisMap {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// How an array `[z, y, x]` is made of the file's `[section, row, column]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Axes {
    /// The file axis of z, y and x of the array.
    pub(super) file: [usize; 3],
    /// The axis of the header's z, y, x fields that is z, y and x of the array.
    pub(super) header: [usize; 3],
}

impl Axes {
    /// `shape` is `[section, row, column]`.
    pub(super) fn new(
        map: AxisMap,
        order: AxisOrder,
        shape: [usize; 3],
    ) -> Result<(Self, Option<&'static str>), Error> {
        let of_file = map.file_axes()?;
        // Position of z, y and x among the header's z, y, x.
        let (header, exchanged) = match order {
            AxisOrder::Zyx => ([0, 1, 2], None),
            AxisOrder::Yzx => ([1, 0, 2], None),
            AxisOrder::Yxz => ([2, 0, 1], None),
            AxisOrder::Zxy => ([0, 2, 1], None),
            AxisOrder::Xzy => ([1, 2, 0], None),
            AxisOrder::Xyz => ([2, 1, 0], None),
            AxisOrder::Auto => shortest_first(of_file.map(|axis| shape[axis])),
        };
        let file = header.map(|axis| of_file[axis]);
        Ok((Self { file, header }, exchanged))
    }

    /// The header's `[z, y, x]` fields in the order of the array.
    pub(super) fn of_header<T: Copy>(self, fields: [T; 3]) -> [T; 3] {
        self.header.map(|axis| fields[axis])
    }

    /// The file's `[section, row, column]` fields in the order of the array.
    pub(super) fn of_file<T: Copy>(self, fields: [T; 3]) -> [T; 3] {
        self.file.map(|axis| fields[axis])
    }

    /// The array's `[z, y, x]` in the order of the file.
    pub(super) fn to_file(self, fields: [usize; 3]) -> [usize; 3] {
        let mut of_file = [0; 3];
        for (axis, field) in self.file.into_iter().zip(fields) {
            of_file[axis] = field;
        }
        of_file
    }

    /// Whether the array lies in memory as in the file.
    pub(super) fn is_identity(self) -> bool {
        self.file == [0, 1, 2]
    }
}

fn shortest_first([z, y, x]: [usize; 3]) -> ([usize; 3], Option<&'static str>) {
    if z <= y && z <= x {
        ([0, 1, 2], None)
    } else if y <= x {
        ([1, 0, 2], Some("y"))
    } else {
        ([2, 1, 0], Some("x"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_name_slowest_to_fastest() {
        let shape = [2, 3, 4];
        let made = |order| {
            let (axes, _) = Axes::new(AxisMap::STANDARD, order, shape).unwrap();
            axes.of_file(shape)
        };
        // The file is 2 sections of 3 rows of 4 columns; z, y, x of the array are:
        assert_eq!(made(AxisOrder::Zyx), [2, 3, 4]);
        assert_eq!(made(AxisOrder::Yzx), [3, 2, 4]);
        assert_eq!(made(AxisOrder::Yxz), [4, 2, 3]);
        assert_eq!(made(AxisOrder::Zxy), [2, 4, 3]);
        assert_eq!(made(AxisOrder::Xzy), [3, 4, 2]);
        assert_eq!(made(AxisOrder::Xyz), [4, 3, 2]);
    }

    #[test]
    fn to_file_undoes_of_file() {
        let map = AxisMap {
            columns: 3,
            rows: 1,
            sections: 2,
        };
        let (axes, _) = Axes::new(map, AxisOrder::Yzx, [5, 6, 7]).unwrap();
        assert_eq!(axes.to_file(axes.of_file([5, 6, 7])), [5, 6, 7]);
    }

    #[test]
    fn auto_takes_the_shortest_as_z() {
        assert_eq!(shortest_first([4, 2, 9]), ([1, 0, 2], Some("y")));
        assert_eq!(shortest_first([4, 9, 2]), ([2, 1, 0], Some("x")));
        assert_eq!(shortest_first([2, 2, 9]), ([0, 1, 2], None));
    }
}
