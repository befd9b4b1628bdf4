use cryo_train::stream_rng;
use ndarray::{Array3, ArrayView3, ArrayViewMut3, s};
use rand::Rng;

use super::{
    augment::{AugmentParams, Noise, Turn},
    rotate::Rotation,
};
use crate::{
    NetworkConfig,
    data::{IGNORED, OTHER, Prepared, Splat, SplatParams, paint},
};

/// A tomogram that samples are cut from.
pub(crate) struct Field {
    pub(crate) prepared: Prepared,
    /// Annotations on the network's grid: `(z, y, x)`, class; `None` for known negatives.
    pub(crate) places: Vec<([f64; 3], Option<usize>)>,
    pub(crate) noise: Option<Array3<f32>>,
    pub(crate) coarser: Option<Coarser>,
}

/// A tomogram as if its voxels had been larger, on the same grid.
pub(crate) struct Coarser {
    pub(crate) values: Array3<f32>,
    pub(crate) noise: Option<Array3<f32>>,
}

impl Field {
    /// Whether particles of the class are annotated in this tomogram. Where none are, nobody has looked for them: what is
    /// unlabelled there says nothing.
    pub(crate) fn annotates(&self, class: usize) -> bool {
        self.places.iter().any(|(_, own)| *own == Some(class))
    }

    /// Whether more than known negatives is annotated.
    fn holds_particles(&self) -> bool {
        self.places.iter().any(|(_, class)| class.is_some())
    }
}

/// Draws samples round annotations and anywhere, and their targets.
pub(crate) struct Sampler {
    pub(crate) fields: Vec<Field>,
    pub(crate) shape: [usize; 3],
    /// Voxels of a sample's plane to a voxel of its target.
    pub(crate) stride: usize,
    pub(crate) classes: usize,
    /// Standard deviation of a class's splat in voxels of the network's grid, along z, y, x, of each tomogram.
    pub(crate) sigma: Vec<f64>,
    pub(crate) splat: SplatParams,
    pub(crate) augment: AugmentParams,
    /// Part of the samples that are cut round an annotation.
    pub(crate) near: f64,
    /// Views of a sample: 1, or 2 where terms compare them.
    pub(crate) views: usize,
    pub(crate) seed: u64,
}

impl Sampler {
    /// Stands in while the trainer's own is in use.
    pub(crate) fn empty() -> Self {
        Self {
            fields: Vec::new(),
            shape: [1; 3],
            stride: 1,
            classes: 0,
            sigma: Vec::new(),
            splat: SplatParams::default(),
            augment: AugmentParams::none(),
            near: 0.0,
            views: 1,
            seed: 0,
        }
    }

    pub(crate) fn check(config: &NetworkConfig, shape: [usize; 3]) -> Result<(), crate::Error> {
        let granule = config.granule();
        let fits = shape[0] % 2 == 1 && shape[1..].iter().all(|n| n % granule == 0 && *n > 0);
        let expected =
            format!("an odd depth, and height and width that are multiples of {granule}");
        crate::error::require(fits, "sample", expected, format!("{shape:?}"))
    }

    pub(crate) fn voxels(&self) -> usize {
        self.shape.iter().product()
    }

    pub(crate) fn target_voxels(&self) -> usize {
        self.voxels() / (self.stride * self.stride)
    }

    /// Numbers that [`Sampler::fill`] writes for one sample: its views, then its targets.
    pub(crate) fn length(&self) -> usize {
        self.views * self.voxels() + self.classes * self.target_voxels()
    }

    /// Writes sample `number`, with so many of its views: the same for the same seed and number, whatever came before.
    pub(crate) fn fill(&self, number: u64, wanted: usize, out: &mut [f32]) {
        let mut rng = stream_rng(self.seed, "sample", number);
        let (field, start) = self.place(&mut rng);
        let field = &self.fields[field];
        let [z, y, x] = std::array::from_fn(|axis| start[axis]..start[axis] + self.shape[axis]);
        let rotation = self
            .augment
            .rotations
            .then(|| Rotation::draw(start, self.shape, &mut rng));
        let coarser = (field.coarser.as_ref())
            .filter(|_| rng.random_bool(self.augment.coarser))
            .map(|coarser| (coarser, rng.random::<f32>()));
        let cut_of = |values: ArrayView3<'_, f32>| match rotation {
            Some(rotation) => rotation.cut(values, start, self.shape),
            None => (values.slice(s![z.clone(), y.clone(), x.clone()])).to_owned(),
        };
        let mut cut = cut_of(field.prepared.values.view());
        if let Some((coarser, seen_so)) = coarser {
            let coarse = cut_of(coarser.values.view());
            cut.zip_mut_with(&coarse, |own, coarse| *own += seen_so * (coarse - *own));
        }
        let places = match rotation {
            Some(rotation) => {
                let places = field.places.iter();
                (places.map(|(place, class)| (rotation.place(*place), *class))).collect()
            }
            None => field.places.clone(),
        };
        let noise = Noise {
            own: field.noise.as_ref(),
            coarser: coarser
                .and_then(|(coarser, seen_so)| Some((coarser.noise.as_ref()?, seen_so))),
        };
        let turn = Turn::draw(&self.augment, self.shape[1] == self.shape[2], &mut rng);
        let mask = (field.prepared.mask.as_ref()).map(|mask| match rotation {
            Some(rotation) => rotation.cut_mask(mask.view(), start, self.shape),
            None => {
                let [z, y, x] =
                    std::array::from_fn(|axis| start[axis]..start[axis] + self.shape[axis]);
                mask.slice(s![z, y, x]).to_owned()
            }
        });
        let (views, targets) = out.split_at_mut(self.views * self.voxels());
        for view in views.chunks_exact_mut(self.voxels()).take(wanted) {
            let mut sample = cut.clone();
            self.augment.intensities(&mut sample, noise, &mut rng);
            turn.write(&sample.view(), view);
        }
        for (class, out) in targets.chunks_exact_mut(self.target_voxels()).enumerate() {
            let mut target = self.unlabelled(mask.as_ref(), field.annotates(class));
            self.draw(&places, class, start, target.view_mut());
            turn.write(&target.view(), out);
        }
    }

    /// A target before anything is drawn.
    fn unlabelled(&self, mask: Option<&Array3<bool>>, annotated: bool) -> Array3<f32> {
        match mask {
            _ if !annotated => Array3::from_elem(self.target_shape(), IGNORED),
            None => Array3::from_elem(self.target_shape(), -1.0),
            Some(mask) => (mask.slice(s![.., ..;self.stride, ..;self.stride]))
                .map(|inside| if *inside { -1.0 } else { IGNORED }),
        }
    }

    pub(crate) fn target_shape(&self) -> [usize; 3] {
        let [z, y, x] = self.shape;
        [z, y / self.stride, x / self.stride]
    }

    /// Positive voxels of a class in a whole tomogram, on the network's grid.
    pub(super) fn positives(&self, field: usize, class: usize) -> usize {
        let field = &self.fields[field];
        let mut target = Array3::zeros(field.prepared.values.raw_dim());
        let own = field
            .places
            .iter()
            .filter(|(_, other)| *other == Some(class));
        let splat = |(place, _): &([f64; 3], _)| Splat {
            centre_zyx: *place,
            sigma: [self.sigma[class]; 3],
        };
        paint(target.view_mut(), [0; 3], own.map(splat), &self.splat);
        target.iter().filter(|value| **value >= 1.0).count()
    }

    /// Mean sum of the positive values of each class's targets; what rotations add at the edges is left out.
    pub(super) fn masses(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.classes];
        for number in 0..LOOKED_AT {
            let (field, start) = self.place(&mut stream_rng(self.seed, "sample", number));
            for (class, sum) in sums.iter_mut().enumerate() {
                let mut target = Array3::from_elem(self.target_shape(), -1.0_f32);
                self.draw(&self.fields[field].places, class, start, target.view_mut());
                *sum += target
                    .iter()
                    .map(|value| f64::from(value.max(0.0)))
                    .sum::<f64>();
            }
        }
        sums.into_iter().map(|sum| sum / LOOKED_AT as f64).collect()
    }

    /// Known negatives become 0, particles of other classes [`OTHER`], this class's what they are.
    fn draw(
        &self,
        places: &[([f64; 3], Option<usize>)],
        class: usize,
        start: [usize; 3],
        mut target: ArrayViewMut3<'_, f32>,
    ) {
        let stride = self.stride as f64;
        let scale = [1.0, 1.0 / stride, 1.0 / stride];
        let start = [start[0], start[1] / self.stride, start[2] / self.stride].map(|n| n as i64);
        let splat = |place: &[f64; 3], width: usize| Splat {
            centre_zyx: std::array::from_fn(|axis| place[axis] * scale[axis]),
            sigma: scale.map(|scale| self.sigma[width] * scale),
        };
        let (own, others): (Vec<_>, Vec<_>) =
            places.iter().partition(|(_, other)| *other == Some(class));
        for (known, value) in [(false, OTHER), (true, 0.0)] {
            let of_kind = others.iter().filter(|(_, other)| other.is_none() == known);
            let splats = of_kind.map(|(place, other)| splat(place, other.unwrap_or(class)));
            let mut cores = Array3::zeros(target.raw_dim());
            paint(cores.view_mut(), start, splats, &self.splat);
            target.zip_mut_with(&cores, |target, &core: &f32| {
                // The core of another particle is none of this class; its rim may be another's.
                if core > NEGATIVE {
                    *target = value;
                }
            });
        }
        let positive = own.iter().map(|(place, _)| splat(place, class));
        paint(target, start, positive, &self.splat);
    }

    fn place(&self, rng: &mut impl Rng) -> (usize, [usize; 3]) {
        let counts: Vec<usize> = self.fields.iter().map(|field| field.places.len()).collect();
        let annotations: usize = counts.iter().sum();
        if annotations > 0 && rng.random_bool(self.near) {
            let (field, place) = self.annotation(&counts, rng);
            return (
                field,
                self.near(field, self.fields[field].places[place].0, rng),
            );
        }
        let looked_at = |field: &Field| match field.holds_particles() {
            true => field.prepared.looked_at,
            false => 0,
        };
        let sizes: Vec<usize> = self.fields.iter().map(looked_at).collect();
        let (field, _) = pick(rng.random_range(0..sizes.iter().sum()), &sizes);
        let prepared = &self.fields[field].prepared;
        let shape = prepared.values.shape();
        let mut start = [0; 3];
        for _ in 0..TRIES {
            start =
                std::array::from_fn(|axis| rng.random_range(0..=shape[axis] - self.shape[axis]));
            let middle: [usize; 3] = std::array::from_fn(|axis| start[axis] + self.shape[axis] / 2);
            if prepared.mask.as_ref().is_none_or(|mask| mask[middle]) {
                break;
            }
        }
        (field, self.aligned(start))
    }

    /// Field and place of an annotation. Of several classes those with few are as likely as those with many; known
    /// negatives are as likely as they are many.
    fn annotation(&self, counts: &[usize], rng: &mut impl Rng) -> (usize, usize) {
        let any = pick(rng.random_range(0..counts.iter().sum()), counts);
        let class_of = |(field, place): (usize, usize)| self.fields[field].places[place].1;
        if self.classes == 1 || class_of(any).is_none() {
            return any;
        }
        let all = (counts.iter().enumerate())
            .flat_map(|(field, &count)| (0..count).map(move |place| (field, place)));
        let mut classes = vec![Vec::new(); self.classes];
        for one in all {
            if let Some(class) = class_of(one) {
                classes[class].push(one);
            }
        }
        classes.retain(|own| !own.is_empty());
        let own = &classes[rng.random_range(0..classes.len())];
        own[rng.random_range(0..own.len())]
    }

    /// A sample that holds the place, but anywhere.
    fn near(&self, field: usize, place: [f64; 3], rng: &mut impl Rng) -> [usize; 3] {
        let shape = self.fields[field].prepared.values.shape();
        self.aligned(std::array::from_fn(|axis| {
            let extent = self.shape[axis] as i64;
            let margin = if axis == 0 { 0 } else { extent / 10 };
            let reach = extent / 2 - margin;
            let shift = rng.random_range(-reach..=reach);
            let start = place[axis].round() as i64 - extent / 2 + shift;
            start.clamp(0, shape[axis] as i64 - extent) as usize
        }))
    }

    fn aligned(&self, [z, y, x]: [usize; 3]) -> [usize; 3] {
        [z, y - y % self.stride, x - x % self.stride]
    }
}

/// So many samples tell how much of each class they hold.
const LOOKED_AT: u64 = 1000;
/// So often a sample is drawn again whose middle is outside the mask.
const TRIES: usize = 64;
/// Above this value of another class's splat a voxel is a known negative.
const NEGATIVE: f32 = 0.5;

/// Which part of consecutive parts of these lengths holds the number, and where in it.
fn pick(mut number: usize, lengths: &[usize]) -> (usize, usize) {
    for (index, &length) in lengths.iter().enumerate() {
        if number < length {
            return (index, number);
        }
        number -= length;
    }
    unreachable!("the number is below the sum of the lengths")
}

#[cfg(test)]
mod tests {
    use super::*;
    use cryo_core::{Grid, VoxelSize};

    /// 40 of class 0, 5 of class 1, 5 known negatives, in two tomograms.
    fn sampler() -> Sampler {
        let shape = [5, 48, 48];
        let field = |number: usize| {
            let place = |index: usize| {
                let class =
                    [Some(0), Some(1), None][usize::from(index >= 40) + usize::from(index >= 45)];
                let at = |step: usize, extent: usize| (index * step % extent) as f64;
                ([at(1, 5), at(7, 48), at(11, 48)], class)
            };
            Field {
                prepared: Prepared {
                    values: Array3::zeros(shape),
                    mask: None,
                    looked_at: shape.iter().product(),
                    factor: [1.0; 3],
                    grid: Grid::new(shape, VoxelSize::new(10.0).expect("above 0")),
                },
                places: (0..50).skip(number).step_by(2).map(place).collect(),
                noise: None,
                coarser: None,
            }
        };
        Sampler {
            fields: vec![field(0), field(1)],
            shape: [3, 16, 16],
            classes: 2,
            sigma: vec![1.5, 1.0],
            near: 0.5,
            seed: 7,
            ..Sampler::empty()
        }
    }

    #[test]
    fn classes_are_looked_at_evenly_and_negatives_by_their_number() {
        let sampler = sampler();
        let counts = [25, 25];
        let mut rng = stream_rng(1, "annotation", 0);
        let mut seen = [0.0_f64; 3];
        for _ in 0..4000 {
            let (field, place) = sampler.annotation(&counts, &mut rng);
            seen[sampler.fields[field].places[place].1.unwrap_or(2)] += 1.0 / 4000.0;
        }
        for (part, expected) in seen.into_iter().zip([0.45, 0.45, 0.1]) {
            assert!((part - expected).abs() < 0.03, "{seen:?}");
        }
    }

    #[test]
    fn a_mask_turns_with_its_sample_and_what_is_outside_is_ignored_unless_annotated() {
        let inside = |x: usize| x < 24;
        let mut sampler = sampler();
        sampler.near = 0.0;
        sampler.shape = [3, 24, 24];
        for field in &mut sampler.fields {
            let shape = field.prepared.values.raw_dim();
            let mask = Array3::from_shape_fn(shape, |(_, _, x)| inside(x));
            field.prepared.looked_at = mask.iter().filter(|inside| **inside).count();
            field.prepared.values = mask.mapv(f32::from);
            field.prepared.mask = Some(mask);
        }
        for rotations in [false, true] {
            sampler.augment.rotations = rotations;
            let mut numbers = vec![0.0; sampler.length()];
            let mut counts = [0; 3];
            for number in 0..60 {
                sampler.fill(number, sampler.views, &mut numbers);
                let (values, targets) = numbers.split_at(sampler.voxels());
                for target in targets.chunks(sampler.voxels()) {
                    for (&value, &target) in values.iter().zip(target) {
                        // Between, the turned mask has a nearest voxel and the turned values a mean.
                        if target == -1.0 {
                            assert!(value > 0.0, "unlabelled outside");
                            counts[0] += 1;
                        } else if target == IGNORED {
                            assert!(value < 1.0, "ignored inside");
                            counts[1] += 1;
                        } else if value == 0.0 {
                            counts[2] += 1;
                        }
                    }
                }
                let (_, start) = sampler.place(&mut stream_rng(sampler.seed, "sample", number));
                assert!(inside(start[2] + sampler.shape[2] / 2));
            }
            assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
        }
    }

    #[test]
    fn where_only_wrong_places_are_annotated_nothing_else_is_learned() {
        let mut sampler = sampler();
        for (_, class) in &mut sampler.fields[1].places {
            *class = None;
        }
        let mut numbers = vec![0.0; sampler.length()];
        let mut of_second = 0;
        for number in 0..200 {
            let (field, _) = sampler.place(&mut stream_rng(sampler.seed, "sample", number));
            sampler.fill(number, sampler.views, &mut numbers);
            let targets = &numbers[sampler.voxels()..];
            let unlabelled = targets.contains(&-1.0);
            assert_eq!(unlabelled, field == 0, "sample {number}");
            if field == 1 {
                of_second += 1;
                assert!(
                    targets
                        .iter()
                        .all(|&value| value == 0.0 || value == IGNORED)
                );
            }
        }
        assert!(of_second > 20, "{of_second}");
        sampler.near = 0.0;
        for number in 0..50 {
            let (field, _) = sampler.place(&mut stream_rng(sampler.seed, "sample", number));
            assert_eq!(field, 0, "nothing is known far from wrong places");
        }
    }

    #[test]
    fn masses_are_the_means_of_what_samples_hold() {
        let sampler = sampler();
        let mut sums = [0.0_f64; 2];
        let mut numbers = vec![0.0; sampler.length()];
        for number in 0..LOOKED_AT {
            sampler.fill(number, sampler.views, &mut numbers);
            let targets = &numbers[sampler.voxels()..];
            for (sum, target) in sums.iter_mut().zip(targets.chunks(sampler.target_voxels())) {
                *sum += target
                    .iter()
                    .map(|value| f64::from(value.max(0.0)))
                    .sum::<f64>();
            }
        }
        for (mass, sum) in sampler.masses().into_iter().zip(sums) {
            assert!(mass > 0.1 && (mass - sum / LOOKED_AT as f64).abs() < 1e-6 * mass);
        }
    }

    #[test]
    fn a_view_that_is_not_wanted_changes_no_other() {
        let sampler = Sampler {
            views: 2,
            ..sampler()
        };
        let written = |wanted| {
            let mut out = vec![7.5; sampler.length()];
            sampler.fill(3, wanted, &mut out);
            out
        };
        let (one, both) = (written(1), written(2));
        let second = sampler.voxels()..2 * sampler.voxels();
        assert!(one[second.clone()].iter().all(|value| *value == 7.5));
        assert!(both[second.clone()].iter().any(|value| *value != 7.5));
        assert_eq!(one[..second.start], both[..second.start]);
        assert_eq!(one[second.end..], both[second.end..]);
    }

    #[test]
    fn samples_are_seen_between_a_tomogram_and_its_coarser_form() {
        let mut sampler = sampler();
        let noise = |value: f32| Some(Array3::from_elem((5, 48, 48), value));
        for field in &mut sampler.fields {
            field.noise = noise(10.0);
            field.coarser = Some(Coarser {
                values: Array3::from_elem((5, 48, 48), 1.0),
                noise: noise(20.0),
            });
        }
        let mut target = Vec::new();
        for (part, noise) in [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)] {
            sampler.augment = AugmentParams {
                coarser: part,
                noise,
                ..AugmentParams::none()
            };
            let mut out = vec![0.0; sampler.length()];
            let mut seen = Vec::new();
            for number in 0..200 {
                sampler.fill(number, sampler.views, &mut out);
                let (values, targets) = out.split_at(sampler.voxels());
                assert!(values.iter().all(|value| *value == values[0]));
                seen.push(values[0]);
                target.push(targets.iter().sum::<f32>());
            }
            let mean = seen.iter().sum::<f32>() / 200.0;
            // Noise is a third of itself on average, the half of it from the coarser form.
            let expected = part as f32 * 0.5 + noise * (1.0 / 3.0) * 15.0;
            assert!(
                (mean - expected).abs() < 0.15 * expected.max(0.1),
                "{mean} {expected}"
            );
        }
        // The same places are looked at.
        assert_eq!(target[..200], target[200..400]);
    }
}
