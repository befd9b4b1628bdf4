use cryo_pu_localize::{
    AugmentParams, ClassConfig, ContrastParams, FitParams, ModelConfig, NetworkConfig, Objective,
    Prior,
};
use cryo_train::{OptimizerParams, Precision, Schedule};
use tch::Device;

use crate::data::Class;

pub(crate) struct Variant {
    pub(crate) name: &'static str,
    pub(crate) model: ModelConfig,
    pub(crate) params: FitParams,
}

/// The recommended settings, and each of them changed alone.
pub(crate) fn variants(
    classes: &[Class],
    voxel_angstrom: f64,
    steps: Option<u64>,
    device: Device,
) -> Vec<Variant> {
    let configs: Vec<ClassConfig> = (classes.iter())
        .map(|class| ClassConfig {
            name: class.name.clone(),
            diameter_angstrom: class.diameter_angstrom,
        })
        .collect();
    let smallest =
        (classes.iter().map(|class| class.diameter_angstrom)).fold(f64::INFINITY, f64::min);
    let mut all = Vec::new();
    let mut add = |name, change: &dyn Fn(&mut ModelConfig, &mut FitParams)| {
        let mut model = ModelConfig::recommended(configs.clone(), voxel_angstrom);
        let mut params = FitParams::recommended_for(&model);
        params.steps_per_epoch = steps.or(params.steps_per_epoch);
        change(&mut model, &mut params);
        all.push(Variant {
            name,
            model,
            params,
        });
    };
    add("recommended", &|_, _| {});
    add("PU focal loss, prior 0.1", &|_, p| {
        p.objective = Objective::PuFocal;
        p.prior = Prior::Given(0.1);
    });
    add("PU focal loss, prior 0.01", &|_, p| {
        p.objective = Objective::PuFocal;
        p.prior = Prior::Given(0.01);
    });
    add("generalized expectation", &|_, p| {
        p.objective = Objective::GeneralizedExpectation { weight: 1.0 };
    });
    add("positives against all else", &|_, p| {
        p.objective = Objective::PositiveNegative;
    });
    add("prior 0.1", &|_, p| p.prior = Prior::Given(0.1));
    add("prior 0.001", &|_, p| p.prior = Prior::Given(0.001));
    add("prior 0.0001", &|_, p| p.prior = Prior::Given(1e-4));
    add("prior as if all were annotated", &|_, p| {
        p.prior = Prior::Annotated(0.99);
    });
    add("prior 0.01", &|_, p| p.prior = Prior::Given(0.01));
    add("f32", &|_, p| p.precision = Precision::F32);
    if device != Device::Cpu {
        add("f16", &|_, p| p.precision = Precision::F16);
    }
    add("no mirror images", &|_, p| p.mirrors = false);
    add("scores of the network alone", &|_, p| p.likeness = false);
    add("tomograms as they are", &|_, p| p.matching = false);
    add("no noise", &|_, p| p.augment.noise = 0.0);
    add("no larger voxels", &|_, p| p.augment.coarser = 0.0);
    add("no gain", &|_, p| p.augment.gain = 0.0);
    add("no quarter turns", &|_, p| p.augment.quarter_turns = false);
    add("flips only", &|_, p| {
        p.augment = AugmentParams {
            flips: true,
            ..AugmentParams::none()
        };
    });
    add("consistency 0.1", &|_, p| p.consistency = 0.1);
    add("contrastive terms as published", &|m, p| {
        m.network.projection = 32;
        p.contrast = Some(ContrastParams::default());
    });
    add("contrastive terms with pseudo-labels", &|m, p| {
        m.network.projection = 32;
        p.contrast = Some(ContrastParams {
            pseudo_labels: true,
            ..ContrastParams::default()
        });
    });
    add(
        "contrastive terms with pseudo-labels, all seen twice",
        &|m, p| {
            m.network.projection = 32;
            p.seen_twice = 1.0;
            p.contrast = Some(ContrastParams {
                pseudo_labels: true,
                ..ContrastParams::default()
            });
        },
    );
    add("all terms", &|m, p| {
        m.network.projection = 32;
        p.contrast = Some(ContrastParams::default());
        p.consistency = 0.1;
    });
    add("no dilation in z", &|m, _| {
        m.network.fusion = vec![[1, 1, 1]; 2];
    });
    add("one 3D convolution", &|m, _| {
        m.network.fusion = vec![[1, 1, 1]];
    });
    add("width 8", &|m, _| m.network.width = 8);
    add("width 32", &|m, _| m.network.width = 32);
    add("4 blocks", &|m, _| m.network.blocks = 4);
    add("4 blocks, width 32", &|m, _| {
        m.network.blocks = 4;
        m.network.width = 32;
    });
    add("depth 5", &|_, p| p.sample[0] = 5);
    add("depth 11", &|_, p| p.sample[0] = 11);
    add("batch 8", &|_, p| p.batch_size = 8);
    add("600 steps", &|_, p| p.steps_per_epoch = Some(60));
    add("4000 steps", &|_, p| p.steps_per_epoch = Some(400));
    add("rate 5e-3", &|_, p| {
        p.schedule = Schedule::cosine(5e-3, 10.0, 1.0);
    });
    add("a fifth held out", &|_, p| p.held_out = 0.2);
    add("near 0.8", &|_, p| p.near = 0.8);
    add("near 0.25", &|_, p| p.near = 0.25);
    add("samples of 32 × 32, batch 16", &|_, p| {
        p.batch_size = 16;
        p.sample = [7, 32, 32];
    });
    add("batch 2, twice the steps", &|_, p| {
        p.batch_size = 2;
        p.steps_per_epoch = p.steps_per_epoch.map(|steps| 2 * steps);
    });
    add("epsilon 1e-14", &|_, p| {
        if let OptimizerParams::Adam(adam) = &mut p.optimizer {
            adam.epsilon = 1e-14;
        }
    });
    add("8 voxels across", &|m, _| {
        m.voxel_angstrom = voxel_angstrom.max(smallest / 8.0);
    });
    add("16 voxels across", &|m, _| {
        m.voxel_angstrom = voxel_angstrom.max(smallest / 16.0);
    });
    add("finer splats", &|_, p| p.splat.sigma_per_diameter = 0.09);
    add("broader splats", &|_, p| p.splat.sigma_per_diameter = 0.16);
    add("paper's network and training", &|m, p| {
        m.network = NetworkConfig::paper(m.classes.len(), 4);
        m.voxel_angstrom = voxel_angstrom;
        *p = FitParams::paper();
    });
    all
}
