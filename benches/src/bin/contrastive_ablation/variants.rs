use cryo_contrastive::{
    AugmentParams, BarlowParams, EmbedParams, Embedded, Encoder, FitParams, HeadsConfig,
    ModelConfig, NtXentParams, Objective, Pairs, VicRegParams, YardstickParams,
};
use cryo_train::{OptimizerParams, Precision, Schedule, SgdParams};

/// One row of the table.
#[derive(Clone)]
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) config: ModelConfig,
    pub(crate) params: FitParams,
    pub(crate) embed: EmbedParams,
    pub(crate) yardstick: YardstickParams,
    pub(crate) neighbours: bool,
    /// One channel, the mean of three slices, as the reference's 3d mode.
    pub(crate) mean_of_three: bool,
}

/// The recommended settings, and what changes when one thing is different.
pub(crate) fn variants(epochs: u64) -> Vec<Variant> {
    let base = Variant {
        name: "recommended".into(),
        config: ModelConfig::recommended(4, 36, 12),
        params: FitParams::recommended(epochs),
        embed: EmbedParams {
            orientations: 8,
            ..EmbedParams::default()
        },
        yardstick: YardstickParams::default(),
        neighbours: false,
        mean_of_three: false,
    };
    let mut rows = vec![base.clone()];
    let mut add = |name: &str, change: &dyn Fn(&mut Variant)| {
        let mut variant = base.clone();
        variant.name = name.into();
        change(&mut variant);
        rows.push(variant);
    };
    let nt_xent = |temperature| Objective::NtXent(NtXentParams { temperature });
    add("objective: NT-Xent at 0.05", &|v| {
        v.params.objective = nt_xent(0.05);
    });
    add("objective: NT-Xent at 0.2", &|v| {
        v.params.objective = nt_xent(0.2);
    });
    add("objective: VICReg", &|v| {
        v.params.objective = Objective::VicReg(VicRegParams::default());
    });
    add("objective: Barlow Twins", &|v| {
        v.params.objective = Objective::Barlow(BarlowParams::default());
    });
    add("objective: SimSiam", &sim_siam);
    for slices in [2, 8, 12, 16, 22] {
        add(&format!("views: {slices} slices"), &|v| {
            v.config.input.view[0] = slices;
        });
    }
    add("views: neighbouring positions", &|v| {
        v.neighbours = true;
        v.params.pairs = Pairs::Neighbour;
    });
    for crop in [8, 10, 14, 16] {
        add(&format!("box: {} voxels", 2 * crop), &|v| {
            v.config.input.crop = crop;
            v.config.input.view[1..].fill(2 * crop + 12);
        });
    }
    type Change = fn(&mut AugmentParams);
    let augmentations: [(&str, Change); 11] = [
        ("no noise", |a| a.noise = 0.0),
        ("noise 0.5", |a| a.noise = 0.5),
        ("noise 0.3", |a| a.noise = 0.3),
        ("noise 2", |a| a.noise = 2.0),
        ("no brightness and contrast", |a| {
            (a.brightness, a.contrast) = (0.0, 0.0);
        }),
        ("brightness and contrast 0.4", |a| {
            (a.brightness, a.contrast) = (0.4, 0.4);
        }),
        ("quarter turns only", |a| {
            (a.rotation_deg, a.quarter_turns) = (0.0, true);
        }),
        ("no turns and flips", |a| {
            (a.rotation_deg, a.flip_horizontal, a.flip_channels) = (0.0, 0.0, 0.0);
        }),
        ("no shift", |a| a.shift_px = 0.0),
        ("shift 2", |a| a.shift_px = 2.0),
        ("the paper's", |a| *a = AugmentParams::paper()),
    ];
    for (name, change) in augmentations {
        add(&format!("augmentation: {name}"), &|v| {
            v.params.augment.iter_mut().for_each(change);
        });
    }
    for width in [16, 48] {
        add(&format!("encoder: width {width}"), &|v| {
            v.config.encoder = Encoder::Compact { width }
        });
    }
    for (suffix, precision) in [("", Precision::Auto), (", f32", Precision::F32)] {
        let name = format!("encoder: the paper's, mean of 3 slices, box 36{suffix}");
        add(&name, &|v| {
            v.config = ModelConfig::paper_3d(36);
            v.config.embedded = Embedded::Features;
            v.config.whitened = true;
            v.config.heads = HeadsConfig::Projector {
                hidden: 256,
                output: 256,
            };
            v.mean_of_three = true;
            v.params.epochs = v.params.epochs.min(5);
            (v.params.precision, v.embed.precision) = (precision, precision);
        });
    }
    add("embedding: one orientation", &|v| v.embed.orientations = 1);
    add("embedding: not whitened", &|v| v.config.whitened = false);
    add("embedding: projection", &|v| {
        v.config.embedded = Embedded::Projection;
    });
    add("batch: 128", &|v| v.params.batch_size = 128);
    add("precision: f32", &|v| {
        (v.params.precision, v.embed.precision) = (Precision::F32, Precision::F32);
    });
    add("precision: f32, bf16 in embedding", &|v| {
        v.params.precision = Precision::F32;
        v.embed.precision = Precision::Bf16;
    });
    add("precision: bf16, f32 in embedding", &|v| {
        v.embed.precision = Precision::F32;
    });
    for (name, precision) in [("f32", Precision::F32), ("bf16", Precision::Bf16)] {
        add(
            &format!("preset: cet-pick, mean of 3 slices, {name} throughout"),
            &|v| {
                v.config = ModelConfig::paper_3d(36);
                v.mean_of_three = true;
                v.params = FitParams {
                    epochs: v.params.epochs.min(5),
                    precision,
                    ..FitParams::cet_pick()
                };
                v.neighbours = true;
                v.embed = EmbedParams {
                    orientations: 1,
                    precision,
                    ..v.embed.clone()
                };
            },
        );
    }
    add("epochs: three times as many", &|v| {
        v.params = FitParams {
            epochs: 3 * v.params.epochs,
            schedule: FitParams::recommended(3 * v.params.epochs).schedule,
            ..v.params.clone()
        };
    });
    rows
}

fn sim_siam(variant: &mut Variant) {
    variant.config.heads = HeadsConfig::SimSiam {
        width: variant.config.features(),
    };
    variant.params.objective = Objective::SimSiam;
    let momentum = SgdParams {
        momentum: 0.9,
        weight_decay: 1e-4,
        ..SgdParams::default()
    };
    variant.params.optimizer = OptimizerParams::Sgd(momentum);
    variant.params.schedule = Schedule::cosine(0.05, variant.params.epochs as f64, 0.0);
}
