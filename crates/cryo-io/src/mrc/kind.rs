use std::fmt;

/// What the third axis of a file is, by the space group in its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Kind {
    /// Space group 1 to 400: one volume.
    #[default]
    Volume,
    /// Space group 0: images one after the other. Older programs write volumes with it too.
    ImageStack,
    /// Space group 401 to 630: volumes of `mz` sections one after the other.
    VolumeStack,
}

impl Kind {
    /// The kind that a space group stands for, as in `mrcfile`.
    #[must_use]
    pub fn from_space_group(space_group: i32) -> Self {
        match space_group {
            0 => Self::ImageStack,
            401..=630 => Self::VolumeStack,
            _ => Self::Volume,
        }
    }

    /// The space group to write: 1, 0 or 401.
    #[must_use]
    pub fn space_group(self) -> i32 {
        match self {
            Self::Volume => 1,
            Self::ImageStack => 0,
            Self::VolumeStack => 401,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Volume => "volume",
            Self::ImageStack => "image stack",
            Self::VolumeStack => "volume stack",
        })
    }
}
