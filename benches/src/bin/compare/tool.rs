use std::{path::PathBuf, str::FromStr};

use cryo_io::CoordinateFormat;

/// `NAME[/CLASS]=[FORMAT:]FILE[@Å]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tool {
    pub(crate) name: String,
    /// The class of its picks that counts, by name or number.
    pub(crate) class: Option<String>,
    /// Found by name and content without it.
    pub(crate) format: Option<CoordinateFormat>,
    pub(crate) file: PathBuf,
    /// Voxel size that it counts in, in ångström.
    pub(crate) voxel_size: Option<f64>,
}

impl FromStr for Tool {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "expected NAME=FILE, NAME/CLASS=FILE, NAME=FORMAT:FILE or NAME=FILE@Å, got {text:?}"
            )
        };
        let (name, file) = text.split_once('=').ok_or_else(wrong)?;
        let (name, class) = match name.split_once('/') {
            Some((name, class)) => (name, Some(class.to_owned())),
            None => (name, None),
        };
        // A word that is no format is part of the file's name.
        let format = file
            .split_once(':')
            .and_then(|(format, file)| Some((format.parse::<CoordinateFormat>().ok()?, file)));
        let (format, file) = match format {
            Some((format, file)) => (Some(format), file),
            None => (None, file),
        };
        // An @ that no number follows is part of the file's name.
        let size = file
            .rsplit_once('@')
            .and_then(|(file, size)| Some((file, size.parse::<f64>().ok()?)));
        let (file, voxel_size) = match size {
            Some((file, size)) => (file, Some(size)),
            None => (file, None),
        };
        if name.is_empty() || file.is_empty() || class.as_deref() == Some("") {
            return Err(wrong());
        }
        Ok(Self {
            name: name.to_owned(),
            class,
            format,
            file: file.into(),
            voxel_size,
        })
    }
}

/// `NAME=SCORE`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Threshold {
    pub(crate) name: String,
    pub(crate) score: f32,
}

impl FromStr for Threshold {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').and_then(|(name, score)| {
            Some(Self {
                name: name.to_owned(),
                score: score.parse().ok()?,
            })
        });
        parts.ok_or_else(|| format!("expected NAME=SCORE, got {text:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picks_are_named_with_class_and_voxel_size() {
        let tool: Tool = "deepfinder/2=runs/a=b.xml@13.48".parse().expect("valid");
        assert_eq!(
            (tool.name.as_str(), tool.class.as_deref()),
            ("deepfinder", Some("2"))
        );
        assert_eq!(
            (tool.file, tool.voxel_size),
            ("runs/a=b.xml".into(), Some(13.48))
        );
        let tool: Tool = "log=me@home.csv".parse().expect("valid");
        assert_eq!((tool.file, tool.voxel_size), ("me@home.csv".into(), None));
        let tool: Tool = "milopyp=milopyp-picks:out/tilt1.txt"
            .parse()
            .expect("valid");
        let format = tool.format.map(|format| format.to_string());
        assert_eq!(
            (format.as_deref(), tool.file),
            (Some("milopyp-picks"), "out/tilt1.txt".into())
        );
        for wrong in ["picks.star", "=picks.star", "a/=picks.star", "a="] {
            assert!(wrong.parse::<Tool>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_threshold_belongs_to_a_tool() {
        let one: Threshold = "pytme=0.25".parse().expect("valid");
        assert_eq!((one.name.as_str(), one.score), ("pytme", 0.25));
        assert!("0.25".parse::<Threshold>().is_err());
    }
}
