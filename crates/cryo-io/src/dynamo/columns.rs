/// Names of the columns in order, as `dynamotable` calls them.
pub const COLUMNS: [&str; 42] = [
    "tag",
    "aligned_value",
    "averaged_value",
    "dx",
    "dy",
    "dz",
    "tdrot",
    "tilt",
    "narot",
    "cc",
    "cc2",
    "cpu",
    "ftype",
    "ymintilt",
    "ymaxtilt",
    "xmintilt",
    "xmaxtilt",
    "fs1",
    "fs2",
    "tomo",
    "reg",
    "class",
    "annotation",
    "x",
    "y",
    "z",
    "dshift",
    "daxis",
    "dnarot",
    "dcc",
    "otag",
    "npar",
    "undefined1",
    "ref",
    "sref",
    "apix",
    "def",
    "undefined2",
    "undefined3",
    "undefined4",
    "eig1",
    "eig2",
];

// Places of the columns that mean something here, from 0.
pub(super) const SHIFT: usize = 3;
pub(super) const ANGLES: usize = 6;
pub(super) const SCORE: usize = 9;
pub(super) const TOMOGRAM: usize = 19;
pub(super) const REGION: usize = 20;
pub(super) const CLASS: usize = 21;
pub(super) const POSITION: usize = 23;
pub(super) const PIXEL_SIZE: usize = 35;
/// Up to z.
pub(super) const LEAST: usize = 26;

/// The name of a column, counted from 0.
pub(super) fn name(column: usize) -> String {
    COLUMNS.get(column).map_or_else(
        || format!("column_{}", column + 1),
        |name| (*name).to_owned(),
    )
}

/// Where a column is, the reverse of [`name`].
pub(super) fn place(name: &str) -> Option<usize> {
    COLUMNS.iter().position(|known| *known == name).or_else(|| {
        let number: usize = name.strip_prefix("column_")?.parse().ok()?;
        // A bound on what a made-up name can ask for.
        (COLUMNS.len() + 1..=1000)
            .contains(&number)
            .then(|| number - 1)
    })
}
