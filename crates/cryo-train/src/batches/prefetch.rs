use std::{
    ops::ControlFlow,
    panic::resume_unwind,
    sync::mpsc::{channel, sync_channel},
    thread,
};

/// How many filled batches may wait.
const AHEAD: usize = 2;

/// Fills batches on a thread of its own while the one before is consumed.
///
/// `fill` writes the numbers of a batch into a buffer of `length_of` that batch, `consume` gets batch and
/// numbers in the order of `batches` on the calling thread, where libtorch may work; it stops early with
/// [`ControlFlow::Break`]. Three buffers are used in turn. Results do not depend on timing.
///
/// # Errors
/// The first error of `fill` or `consume`.
///
/// # Examples
/// ```
/// use std::ops::ControlFlow;
/// let mut sums = Vec::new();
/// let batches = [vec![1, 2], vec![3, 4]];
/// cryo_train::prefetch::<_, ()>(
///     &batches,
///     |batch: &Vec<usize>| batch.len(),
///     |batch, out| {
///         out.iter_mut().zip(batch).for_each(|(out, item)| *out = *item as f32);
///         Ok(())
///     },
///     |_, numbers| {
///         sums.push(numbers.iter().sum::<f32>());
///         Ok(ControlFlow::Continue(()))
///     },
/// )?;
/// assert_eq!(sums, [3.0, 7.0]);
/// # Ok::<(), ()>(())
/// ```
pub fn prefetch<B: Sync, E: Send>(
    batches: &[B],
    length_of: impl Fn(&B) -> usize + Sync,
    fill: impl Fn(&B, &mut [f32]) -> Result<(), E> + Sync,
    mut consume: impl FnMut(&B, &[f32]) -> Result<ControlFlow<()>, E>,
) -> Result<(), E> {
    let (length_of, fill) = (&length_of, &fill);
    thread::scope(|scope| {
        let (full, filled) = sync_channel::<Result<Vec<f32>, E>>(AHEAD);
        let (empty, emptied) = channel::<Vec<f32>>();
        let filler = scope.spawn(move || {
            for batch in batches {
                let mut buffer = emptied.try_recv().unwrap_or_default();
                buffer.resize(length_of(batch), 0.0);
                let result = fill(batch, &mut buffer).map(|()| buffer);
                let failed = result.is_err();
                // The consumer has gone where it stopped early.
                if full.send(result).is_err() || failed {
                    return;
                }
            }
        });
        let result = (|| {
            for (batch, numbers) in batches.iter().zip(filled) {
                let numbers = numbers?;
                if consume(batch, &numbers)?.is_break() {
                    break;
                }
                let _ = empty.send(numbers);
            }
            Ok(())
        })();
        match filler.join() {
            Ok(()) => result,
            Err(panic) => resume_unwind(panic),
        }
    })
}
