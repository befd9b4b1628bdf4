use super::Curve;

/// Pull and push between points of the layout as functions of their squared distance, from tables.
///
/// 64 nodes an octave, joined linearly, are right to 3 · 10⁻⁴; a power costs ten times as much.
pub(super) struct Forces {
    pull: Vec<[f32; 2]>,
    push: Vec<[f32; 2]>,
}

/// Exponents of two between which the tables run; below and above, the ends hold.
const OCTAVES: std::ops::Range<i32> = -32..20;
const NODE_BITS: u32 = 6;
const BELOW: u32 = 23 - NODE_BITS;
const FIRST: u32 = ((127 + OCTAVES.start) as u32) << NODE_BITS;
const NODES: usize = ((OCTAVES.end - OCTAVES.start) as usize) << NODE_BITS;

impl Forces {
    /// Gradients of the cross entropy (McInnes et al. 2018, section 3.2), as umap-learn has them.
    pub(super) fn new(curve: Curve) -> Self {
        let Curve { a, b } = curve;
        let pull = |squared: f64| 2.0 * a * b * squared.powf(b - 1.0) / (1.0 + a * squared.powf(b));
        let push = |squared: f64| 2.0 * b / ((0.001 + squared) * (1.0 + a * squared.powf(b)));
        Self {
            pull: table(pull),
            push: table(push),
        }
    }

    pub(super) fn pull(&self, squared: f32) -> f32 {
        look_up(&self.pull, squared)
    }

    pub(super) fn push(&self, squared: f32) -> f32 {
        look_up(&self.push, squared)
    }
}

/// Value at each node, and how much it grows to the next.
fn table(value: impl Fn(f64) -> f64) -> Vec<[f32; 2]> {
    let at = |node: usize| {
        let bits = (FIRST + node as u32) << BELOW;
        value(f64::from(f32::from_bits(bits)))
    };
    let nodes = (0..NODES).map(|node| {
        let (here, next) = (at(node), at(node + 1));
        [here as f32, (next - here) as f32]
    });
    nodes.collect()
}

fn look_up(table: &[[f32; 2]], squared: f32) -> f32 {
    const REST: u32 = (1 << BELOW) - 1;
    let bits = squared.to_bits();
    let node = ((bits >> BELOW).saturating_sub(FIRST) as usize).min(NODES - 1);
    let part = (bits & REST) as f32 * (1.0 / (1_u32 << BELOW) as f32);
    let [value, growth] = table[node];
    value + part * growth
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_match_the_closed_form() {
        let curve = Curve::fit(0.5, 1.0);
        let forces = Forces::new(curve);
        for step in 0..4000 {
            let squared = (f64::from(step) * 0.008 - 20.0).exp();
            let power = squared.powf(curve.b);
            let pull = 2.0 * curve.a * curve.b * power / squared / (1.0 + curve.a * power);
            let push = 2.0 * curve.b / ((0.001 + squared) * (1.0 + curve.a * power));
            for (got, expected) in [
                (forces.pull(squared as f32), pull),
                (forces.push(squared as f32), push),
            ] {
                let error = (f64::from(got) - expected).abs() / expected;
                assert!(error < 3e-4, "{squared}: {got} for {expected}");
            }
        }
    }

    #[test]
    fn no_distance_breaks_the_tables() {
        let forces = Forces::new(Curve::fit(0.1, 1.0));
        for squared in [0.0, f32::MIN_POSITIVE, 1e-30, 1e9, f32::MAX, f32::INFINITY] {
            assert!(forces.pull(squared).is_finite() && forces.push(squared).is_finite());
        }
    }
}
