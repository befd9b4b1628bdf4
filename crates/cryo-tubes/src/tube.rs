use cryo_core::{AngstromPos, FilamentPoint, Orientation, Particle, ParticleSet, VoxelPos};

/// One filament.
#[derive(Debug, Clone, PartialEq)]
pub struct Tube {
    /// Class of the particles that it was traced from.
    pub class: Option<u32>,
    /// Points along the curve in order, at equal distances; see
    /// [`spacing_vox`](crate::TubeParams::spacing_vox).
    pub points: Vec<TubePoint>,
    /// Numbers of the particles on the filament, in their order along it.
    pub sources: Vec<usize>,
    /// Length of the curve, of which the points may leave less than one spacing at the end.
    pub length_angstrom: f64,
    /// Largest curvature `|r′ × r″| / |r′|³` along the curve.
    pub max_curvature_per_vox: f64,
    /// Root mean square distance of the particles from the curve.
    pub residual_vox: f64,
}

/// A point of a filament's curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TubePoint {
    /// Where it is, on the grid of the particles.
    pub position: VoxelPos,
    /// Distance from the filament's first point along the curve.
    pub arc_length_angstrom: f64,
    /// Direction of the curve, of length 1, towards growing arc length.
    pub tangent: AngstromPos,
    /// Mean score of the particles nearby, weighted by a Gaussian of half a link distance; `None` if none has
    /// a score.
    pub score: Option<f32>,
}

/// The points of all filaments as particles of the set that they were traced from.
///
/// Filaments are numbered from 1 in the order of `tubes`. The orientation of a particle takes its z axis to the
/// direction of the filament; the turn about it and which of the two directions it is are arbitrary, and the
/// same along one filament. Writers make of it the priors of tilt and psi.
///
/// # Examples
/// ```
/// use cryo_core::{Grid, Particle, ParticleSet, VoxelPos, VoxelSize};
/// use cryo_tubes::{TubeParams, to_particles, trace_tubes};
///
/// let mut picks = ParticleSet::new("ts_01", Grid::new([60, 80, 100], VoxelSize::new(10.0).expect("valid")));
/// for x in (10..90).step_by(4) {
///     picks.items.push(Particle::at(VoxelPos::xyz(f64::from(x), 40.0, 30.0)));
/// }
/// let tracing = trace_tubes(&picks, &TubeParams::default(), &())?;
/// let particles = to_particles(&picks, &tracing.tubes);
/// assert_eq!(particles.len(), 39);
/// let last = particles.items[38].filament.expect("on a filament");
/// assert_eq!(last.id, 1);
/// assert!((last.arc_length_angstrom.expect("known") - 760.0).abs() < 1e-6);
/// # Ok::<(), cryo_tubes::Error>(())
/// ```
#[must_use]
pub fn to_particles(set: &ParticleSet, tubes: &[Tube]) -> ParticleSet {
    let mut particles = ParticleSet::new(set.tomogram.clone(), set.grid);
    particles.classes.clone_from(&set.classes);
    for (id, tube) in (1..).zip(tubes) {
        for point in &tube.points {
            particles.items.push(Particle {
                position: point.position,
                score: point.score,
                class: tube.class,
                orientation: Orientation::from_tangent(point.tangent),
                filament: Some(FilamentPoint {
                    id,
                    arc_length_angstrom: Some(point.arc_length_angstrom),
                }),
            });
        }
    }
    particles
}
