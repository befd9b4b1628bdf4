/// The curve `1 / (1 + a x^2b)` that turns a distance in the layout into a membership.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    /// Scale.
    pub a: f64,
    /// Half the power.
    pub b: f64,
}

impl Curve {
    /// The curve nearest in squares to 1 up to `min_dist` and `exp(−(x − min_dist) / spread)` beyond, at
    /// 300 distances from 0 to 3 `spread`; by Levenberg and Marquardt's method.
    ///
    /// ```
    /// let curve = cryo_embed_viz::Curve::fit(0.1, 1.0);
    /// assert!((curve.a - 1.5769).abs() < 1e-4 && (curve.b - 0.8951).abs() < 1e-4);
    /// ```
    #[must_use]
    pub fn fit(min_dist: f64, spread: f64) -> Self {
        let target: Vec<(f64, f64)> = (0..300)
            .map(|step| {
                let x = 3.0 * spread * f64::from(step) / 299.0;
                (x, (-(x - min_dist).max(0.0) / spread).exp())
            })
            .collect();
        let mut best = Self { a: 1.0, b: 1.0 };
        let mut error = best.error(&target);
        let mut damping = 1e-3;
        for _ in 0..200 {
            let tried = best.step(&target, damping);
            let tried_error = tried.error(&target);
            if tried.a > 0.0 && tried.b > 0.0 && tried_error < error {
                let gain = error - tried_error;
                (best, error) = (tried, tried_error);
                damping *= 0.3;
                if gain <= 1e-15 * error {
                    break;
                }
            } else {
                damping *= 4.0;
            }
        }
        best
    }

    fn error(self, target: &[(f64, f64)]) -> f64 {
        let terms = target.iter().map(|&(x, y)| (self.at(x) - y).powi(2));
        terms.sum()
    }

    fn at(self, x: f64) -> f64 {
        1.0 / (1.0 + self.a * x.powf(2.0 * self.b))
    }

    /// One step of Gauss and Newton with the diagonal raised by `damping`.
    fn step(self, target: &[(f64, f64)], damping: f64) -> Self {
        let (mut aa, mut ab, mut bb, mut ra, mut rb) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for &(x, y) in target.iter().filter(|(x, _)| *x > 0.0) {
            let value = self.at(x);
            let power = x.powf(2.0 * self.b);
            let by_a = -value * value * power;
            let by_b = by_a * self.a * 2.0 * x.ln();
            let rest = y - value;
            aa += by_a * by_a;
            ab += by_a * by_b;
            bb += by_b * by_b;
            ra += by_a * rest;
            rb += by_b * rest;
        }
        let (aa, bb) = (aa * (1.0 + damping), bb * (1.0 + damping));
        let determinant = aa * bb - ab * ab;
        Self {
            a: self.a + (bb * ra - ab * rb) / determinant,
            b: self.b + (aa * rb - ab * ra) / determinant,
        }
    }
}
