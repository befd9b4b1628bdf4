use clap::Args;
use serde::{Deserialize, Serialize};

use crate::exit::Failure;

/// What the user states on the command line; the rest comes from the file and the defaults.
#[derive(Debug, Args, Serialize)]
pub(crate) struct Flags {
    /// Number of tomograms [default: 1].
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    tomograms: Option<usize>,

    /// Name of the tomogram, with _001, _002 … behind it if there are several [default: sim].
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,

    /// Size in voxels [default: 256,256,128].
    #[arg(long, value_name = "X,Y,Z", value_delimiter = ',', num_args = 1)]
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<Vec<usize>>,

    /// Voxel size in ångström [default: 10].
    #[arg(long, value_name = "Å")]
    #[serde(skip_serializing_if = "Option::is_none")]
    voxel_size: Option<f64>,

    /// A density map and how many of it [default: 10], or which percentage of the volume:
    /// ribosome.mrc:40, atp.mrc:2%. May be given several times. ribosome_70S and proteasome_20S come
    /// with cryo; none is for scenes without particles.
    #[arg(long, value_name = "FILE[:COUNT|:PERCENT%]")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    map: Vec<String>,

    /// A body of uniform density: sphere, shell, ellipsoid or chiral, its diameter in ångström, and
    /// how many: sphere:200:30. May be given several times.
    #[arg(long, value_name = "KIND:DIAMETER:COUNT")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    body: Vec<String>,

    /// Number of vesicles [default: 0].
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    membranes: Option<usize>,

    /// Number of microtubule-like tubes [default: 0].
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    tubes: Option<usize>,

    /// Number of gold beads [default: 0].
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    gold: Option<usize>,

    /// Least and largest tilt angle and the step in degrees [default: -60,60,3].
    #[arg(
        long,
        value_name = "FROM,TO,STEP",
        value_delimiter = ',',
        num_args = 1,
        allow_hyphen_values = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    tilts: Option<Vec<f64>>,

    /// Dose of the whole series in e/Å²; more means less noise [default: 120].
    #[arg(long, value_name = "e/Å²")]
    #[serde(skip_serializing_if = "Option::is_none")]
    dose: Option<f64>,

    /// Mean underfocus in µm [default: 4].
    #[arg(long, value_name = "µm")]
    #[serde(skip_serializing_if = "Option::is_none")]
    defocus: Option<f64>,

    /// Counting noise as a fraction of the mean in a pixel of an untilted image, instead of that of the
    /// dose; 0 is none.
    #[arg(long, value_name = "FRACTION")]
    #[serde(skip_serializing_if = "Option::is_none")]
    shot_noise: Option<f64>,

    /// No tilt series: the specimen with Gaussian noise and a missing wedge.
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    phantom: bool,

    /// Signal-to-noise ratio of a phantom; no noise without it.
    #[arg(long, value_name = "RATIO")]
    #[serde(skip_serializing_if = "Option::is_none")]
    snr: Option<f64>,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(value: &bool) -> bool {
    !*value
}

/// The counting noise that follows from the dose.
const FROM_DOSE: f64 = -1.0;

/// Everything that a simulation depends on but the seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) tomograms: usize,
    pub(crate) name: String,
    pub(crate) size: Vec<usize>,
    pub(crate) voxel_size: f64,
    pub(crate) map: Vec<String>,
    pub(crate) body: Vec<String>,
    pub(crate) membranes: usize,
    pub(crate) tubes: usize,
    pub(crate) gold: usize,
    pub(crate) tilts: Vec<f64>,
    pub(crate) dose: f64,
    pub(crate) defocus: f64,
    /// [`FROM_DOSE`]: that of the dose.
    pub(crate) shot_noise: f64,
    pub(crate) phantom: bool,
    /// 0: no noise.
    pub(crate) snr: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tomograms: 1,
            name: "sim".to_owned(),
            size: vec![256, 256, 128],
            voxel_size: 10.0,
            map: Vec::new(),
            body: Vec::new(),
            membranes: 0,
            tubes: 0,
            gold: 0,
            tilts: vec![-60.0, 60.0, 3.0],
            dose: 120.0,
            defocus: 4.0,
            shot_noise: FROM_DOSE,
            phantom: false,
            snr: 0.0,
        }
    }
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let wrong = |flag: &str, expected: &str, got: &dyn std::fmt::Debug| {
            Err(Failure::usage(format!(
                "--{flag}: expected {expected}, got {got:?}"
            )))
        };
        if self.size.len() != 3 || self.size.contains(&0) {
            return wrong("size", "three numbers above 0: X,Y,Z", &self.size);
        }
        if self.size.iter().any(|&n| n > 16_384) {
            return wrong("size", "at most 16384 voxels an axis", &self.size);
        }
        if !(self.voxel_size.is_finite() && self.voxel_size > 0.0) {
            return wrong("voxel-size", "ångström above 0", &self.voxel_size);
        }
        let &[from, to, step] = self.tilts.as_slice() else {
            return wrong("tilts", "three numbers: FROM,TO,STEP", &self.tilts);
        };
        if !(from >= -80.0 && to <= 80.0 && from <= to && step >= 0.01) {
            return wrong(
                "tilts",
                "-80 ≤ FROM ≤ TO ≤ 80 and STEP of 0.01 or more",
                &self.tilts,
            );
        }
        let path = std::path::Path::new(&self.name);
        if self.name.is_empty() || path.file_name() != Some(path.as_os_str()) {
            return wrong("name", "a name without folders", &self.name);
        }
        if !(self.dose.is_finite() && self.dose > 0.0) {
            return wrong("dose", "e/Å² above 0", &self.dose);
        }
        if !(self.defocus.is_finite() && self.defocus >= 0.0) {
            return wrong("defocus", "µm of underfocus, 0 or more", &self.defocus);
        }
        let stated = self.shot_noise != FROM_DOSE;
        if stated && !(self.shot_noise.is_finite() && self.shot_noise >= 0.0) {
            return wrong("shot-noise", "a fraction of 0 or more", &self.shot_noise);
        }
        if !(self.snr.is_finite() && self.snr >= 0.0) {
            return wrong("snr", "a ratio above 0", &self.snr);
        }
        if !self.phantom && self.snr != 0.0 {
            return wrong(
                "snr",
                "--phantom beside it; images take --shot-noise",
                &self.snr,
            );
        }
        if self.tomograms == 0 {
            return wrong("tomograms", "1 or more", &self.tomograms);
        }
        Ok(())
    }

    pub(crate) fn names(&self) -> Vec<String> {
        match self.tomograms {
            1 => vec![self.name.clone()],
            count => (1..=count)
                .map(|number| format!("{}_{number:03}", self.name))
                .collect(),
        }
    }

    /// Number of voxels along z, y, x.
    pub(crate) fn shape(&self) -> [usize; 3] {
        [self.size[2], self.size[1], self.size[0]]
    }

    pub(crate) fn angles(&self) -> Vec<f64> {
        let (from, to, step) = (self.tilts[0], self.tilts[1], self.tilts[2]);
        let count = ((to - from) / step + 1e-6).floor() as usize;
        (0..=count)
            .map(|index| from + step * index as f64)
            .collect()
    }

    /// Memory at the highest point, within 20 % of what was measured from 16³ to 448 × 448 × 160 voxels:
    /// density, labels and tomogram, images and weighted images, what each thread works on, and the
    /// program with libtorch.
    pub(crate) fn memory_bytes(&self) -> u64 {
        const PROGRAM: u64 = 170 << 20;
        const THREAD: u64 = 8 << 20;
        let [z, y, x] = self.shape().map(|n| n as u64);
        let images = if self.phantom {
            0
        } else {
            self.angles().len() as u64
        };
        let threads = rayon::current_num_threads() as u64;
        PROGRAM + threads * THREAD + z * y * x * 11 + y * x * images * 8
    }
}
