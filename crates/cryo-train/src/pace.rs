use crate::threads::take_free_cores;

/// Watches how long steps take, for threads that wait for a core that another program holds.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    fastest: Option<f64>,
}

impl Pace {
    /// So many times the fastest step is slow; a change of work (a last, smaller batch) makes no such difference.
    const SLOW: f64 = 6.0;

    /// Takes what step number `step` took. Where that is long and other programs hold cores, libtorch goes on with as many
    /// threads as there are free cores ([`take_free_cores`]), and a sentence for the user comes back.
    ///
    /// ```
    /// let mut pace = cryo_train::Pace::default();
    /// assert_eq!(pace.step(1, 0.1), None);
    /// if let Some(sentence) = pace.step(2, 9.0) {
    ///     assert!(sentence.starts_with("a step took 9.0 s"));
    /// }
    /// ```
    pub fn step(&mut self, step: u64, seconds: f64) -> Option<String> {
        let before = tch::get_num_threads();
        if !self.is_slow(seconds) || before <= 1 {
            return None;
        }
        let now = take_free_cores();
        (i32::try_from(now) != Ok(before)).then(|| {
            format!(
                "a step took {seconds:.1} s: {before} threads waited for cores that other programs hold; from step \
                 {step} on there are {now}"
            )
        })
    }

    fn is_slow(&mut self, seconds: f64) -> bool {
        let fastest = self.fastest.map_or(seconds, |fastest| fastest.min(seconds));
        self.fastest = Some(fastest);
        seconds > Self::SLOW * fastest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_is_measured_by_the_fastest() {
        let mut pace = Pace::default();
        let slow = [1.0, 0.2, 1.1, 1.3, 0.1, 0.7].map(|seconds| pace.is_slow(seconds));
        assert_eq!(slow, [false, false, false, true, false, true]);
    }
}
