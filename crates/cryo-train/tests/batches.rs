//! Shuffling and prefetching.

use std::{
    collections::BTreeSet,
    ops::ControlFlow,
    sync::atomic::{AtomicUsize, Ordering},
};

use cryo_train::{check_finite, epoch_batches, prefetch};

#[test]
fn every_item_comes_at_most_once() {
    for (items, size, full) in [(10, 3, 3), (12, 4, 3), (5, 5, 1), (0, 4, 0), (1, 256, 1)] {
        let batches = epoch_batches(items, size, 7, 3);
        assert_eq!(batches.len(), full);
        let all: Vec<usize> = batches.concat();
        let distinct: BTreeSet<usize> = all.iter().copied().collect();
        assert_eq!(distinct.len(), all.len());
        assert!(distinct.iter().all(|&item| item < items));
    }
    let of = |seed, epoch| epoch_batches(100, 10, seed, epoch);
    assert_eq!(of(1, 1), of(1, 1));
    assert_ne!(of(1, 1), of(2, 1));
    assert_ne!(of(1, 1), of(1, 2));
}

#[test]
fn batches_arrive_in_order_whatever_takes_longer() {
    let batches: Vec<usize> = (1..40).collect();
    for slow_fill in [false, true] {
        let mut seen = Vec::new();
        let pause = || std::thread::sleep(std::time::Duration::from_micros(300));
        prefetch::<_, ()>(
            &batches,
            |&length| length,
            |&length, out| {
                if slow_fill {
                    pause();
                }
                out.fill(length as f32);
                Ok(())
            },
            |&length, numbers| {
                if !slow_fill {
                    pause();
                }
                assert_eq!(numbers, vec![length as f32; length]);
                seen.push(length);
                Ok(ControlFlow::Continue(()))
            },
        )
        .unwrap();
        assert_eq!(seen, batches);
    }
}

#[test]
fn errors_and_breaks_stop_both_sides() {
    let batches: Vec<usize> = (0..1000).collect();
    let filled = AtomicUsize::new(0);
    let fill = |&batch: &usize, _: &mut [f32]| {
        filled.fetch_add(1, Ordering::Relaxed);
        if batch == 5 {
            Err("cannot read")
        } else {
            Ok(())
        }
    };
    let mut consumed = 0;
    let result = prefetch(
        &batches,
        |_| 1,
        fill,
        |_, _| {
            consumed += 1;
            Ok(ControlFlow::Continue(()))
        },
    );
    assert_eq!((result, consumed), (Err("cannot read"), 5));
    assert_eq!(filled.load(Ordering::Relaxed), 6);

    let mut consumed = 0;
    let result = prefetch(
        &batches[6..],
        |_| 1,
        fill,
        |_, _| {
            consumed += 1;
            Ok(if consumed == 3 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        },
    );
    assert_eq!((result, consumed), (Ok(()), 3));

    let result = prefetch(&batches[6..], |_| 1, fill, |_, _| Err("out of memory"));
    assert_eq!(result, Err("out of memory"));
}

#[test]
fn infinite_losses_stop_with_every_term() {
    check_finite(3, 0.1, &[("loss", 1.0)]).unwrap();
    let terms = [("loss", f64::INFINITY), ("invariance", 2.0)];
    let error = check_finite(3, 0.1, &terms).unwrap_err().to_string();
    assert!(
        error.starts_with("step 3: expected finite losses, got loss = inf, invariance = 2; lower"),
        "{error}"
    );
}
