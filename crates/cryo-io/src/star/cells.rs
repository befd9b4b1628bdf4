use std::fmt::{Display, Write};

/// Text values of one column, end to end in one buffer.
#[derive(Debug, Clone, Default)]
pub(super) struct Cells {
    text: String,
    ends: Vec<usize>,
}

impl Cells {
    pub(super) fn collect(values: impl IntoIterator<Item = impl Display>) -> Self {
        let mut cells = Self::default();
        for value in values {
            cells.push(value);
        }
        cells
    }

    pub(super) fn push(&mut self, value: impl Display) {
        // Writing into a `String` fails only if `Display` itself does.
        let _ = write!(self.text, "{value}");
        self.ends.push(self.text.len());
    }

    pub(super) fn get(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[index]]
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }
}
