use crate::{Orientation, VoxelPos};

/// One particle of a [`ParticleSet`](crate::ParticleSet), in whose grid its position is counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Particle {
    /// Centre.
    pub position: VoxelPos,
    /// Confidence, higher is better; `None` for a position that a person set or a file left out.
    pub score: Option<f32>,
    /// Class number; its name, if any, is in the set's `classes`.
    pub class: Option<u32>,
    /// Rotation of the particle's reference into the volume.
    pub orientation: Option<Orientation>,
    /// Place on a filament.
    pub filament: Option<FilamentPoint>,
}

impl Particle {
    /// A bare position.
    #[must_use]
    pub fn at(position: VoxelPos) -> Self {
        Self {
            position,
            score: None,
            class: None,
            orientation: None,
            filament: None,
        }
    }
}

/// Where a particle sits on a filament.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FilamentPoint {
    /// Number of the filament, unique within one tomogram.
    pub id: u32,
    /// Distance from the filament's first point along the curve in ångström, where it is known.
    pub arc_length_angstrom: Option<f64>,
}
