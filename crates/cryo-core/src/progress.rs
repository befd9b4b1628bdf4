/// What a long computation tells its caller, and how the caller stops it.
///
/// All methods have defaults, so `&()` ignores everything. Workers of a thread pool may call it at
/// the same time.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use cryo_core::Progress;
///
/// struct Count(AtomicU64);
/// impl Progress for Count {
///     fn advance(&self, steps: u64) {
///         self.0.fetch_add(steps, Ordering::Relaxed);
///     }
/// }
/// let count = Count(AtomicU64::new(0));
/// let progress: &dyn Progress = &count;
/// progress.begin("filtering", 10);
/// progress.advance(4);
/// assert!(!progress.is_cancelled());
/// assert_eq!(count.0.into_inner(), 4);
/// ```
pub trait Progress: Sync {
    /// A stage of `steps` steps begins; it ends with the next stage or the computation.
    fn begin(&self, stage: &str, steps: u64) {
        let _ = (stage, steps);
    }

    /// That many further steps are done.
    fn advance(&self, steps: u64) {
        let _ = steps;
    }

    /// Whether the caller wants the computation to stop; asked often, so it must be cheap.
    fn is_cancelled(&self) -> bool {
        false
    }
}

impl Progress for () {}
