use tch::{Kind, Tensor};

use crate::{
    config::{HeadsConfig, ModelConfig},
    objective::Outputs,
};
use cryo_train::nn::{BatchNorm, Init, Linear, Mode, Scope};

/// One layer of a head.
enum Layer {
    Linear(Linear),
    Norm(BatchNorm),
    Relu,
}

/// Layers one after another, numbered as in PyTorch's `Sequential`.
struct Sequential(Vec<Layer>);

impl Sequential {
    fn forward(&self, input: &Tensor, mode: Mode) -> Tensor {
        let mut hidden = input.shallow_clone();
        for layer in &self.0 {
            hidden = match layer {
                Layer::Linear(linear) => linear.forward(&hidden),
                Layer::Norm(norm) => norm.forward(&hidden, mode),
                Layer::Relu => hidden.relu(),
            };
        }
        hidden
    }
}

pub(super) struct Heads {
    projector: Sequential,
    predictor: Option<Sequential>,
}

impl Heads {
    pub(super) fn new(scope: &mut Scope<'_>, config: &ModelConfig) -> Self {
        match config.heads {
            HeadsConfig::SimSiam { width } => sim_siam(scope, width as i64),
            HeadsConfig::Projector { hidden, output } => {
                let (from, hidden, output) =
                    (config.features() as i64, hidden as i64, output as i64);
                let mut scope = scope.sub("projector");
                let init = Init::TorchDefault;
                Self {
                    projector: Sequential(vec![
                        Layer::Linear(Linear::new(&mut scope.sub("0"), [from, hidden], init, None)),
                        Layer::Norm(BatchNorm::new(&mut scope.sub("1"), hidden, true)),
                        Layer::Relu,
                        Layer::Linear(Linear::new(
                            &mut scope.sub("3"),
                            [hidden, output],
                            init,
                            Some(init),
                        )),
                    ]),
                    predictor: None,
                }
            }
        }
    }

    pub(super) fn forward(&self, features: Tensor, train: bool) -> Outputs {
        let kind = Kind::Float;
        let mode = Mode { train, kind };
        let projection = self.projector.forward(&features, mode);
        let prediction = self
            .predictor
            .as_ref()
            .map(|predictor| predictor.forward(&projection, mode));
        Outputs {
            features,
            projection,
            prediction,
        }
    }
}

/// Spec E.2: every linear layer begins normal with 0.001, its bias, where there is one, at 0.001.
fn sim_siam(scope: &mut Scope<'_>, width: i64) -> Heads {
    let (shape, init) = ([width, width], Init::Normal(0.001));
    let projector = {
        let mut scope = scope.sub("projector");
        let mut layers = Vec::new();
        for index in [0, 3] {
            let sub = |offset: i64| format!("{}", index + offset);
            let (linear, norm) = (sub(0), sub(1));
            layers.push(Layer::Linear(Linear::new(
                &mut scope.sub(&linear),
                shape,
                init,
                None,
            )));
            layers.push(Layer::Norm(BatchNorm::new(
                &mut scope.sub(&norm),
                width,
                true,
            )));
            layers.push(Layer::Relu);
        }
        layers.push(Layer::Linear(Linear::new(
            &mut scope.sub("6"),
            shape,
            init,
            None,
        )));
        layers.push(Layer::Norm(BatchNorm::new(
            &mut scope.sub("7"),
            width,
            false,
        )));
        Sequential(layers)
    };
    let mut scope = scope.sub("predictor");
    let bias = Some(Init::Constant(0.001));
    let predictor = Sequential(vec![
        Layer::Linear(Linear::new(&mut scope.sub("0"), shape, init, None)),
        Layer::Norm(BatchNorm::new(&mut scope.sub("1"), width, true)),
        Layer::Relu,
        Layer::Linear(Linear::new(&mut scope.sub("3"), shape, init, bias)),
    ]);
    Heads {
        projector,
        predictor: Some(predictor),
    }
}
