//! libtorch's threads are the process', so these are a process of their own.
#![cfg(target_os = "linux")]

use std::thread::available_parallelism;

use cryo_train::{Pace, take_free_cores};

#[test]
fn threads_without_a_core_are_given_up() {
    let cores = available_parallelism().expect("known").get();
    let too_many = i32::try_from(cores).expect("few") + 2;
    tch::set_num_threads(too_many);
    let taken = take_free_cores();
    assert!((1..=cores).contains(&taken), "{taken} of {cores}");
    assert_eq!(usize::try_from(tch::get_num_threads()), Ok(taken));

    // A slow step alone has them looked for, and what was done is said.
    tch::set_num_threads(too_many);
    let mut pace = Pace::default();
    assert_eq!(pace.step(1, 0.1), None);
    assert_eq!(pace.step(2, 0.5), None);
    assert_eq!(tch::get_num_threads(), too_many);
    let said = pace.step(3, 9.0).expect("a sentence");
    assert!(
        said.contains("9.0 s") && said.contains("from step 3"),
        "{said}"
    );
    assert!(tch::get_num_threads() <= too_many - 2);

    // One thread waits for none.
    tch::set_num_threads(1);
    assert_eq!(pace.step(4, 60.0), None);
    assert_eq!(tch::get_num_threads(), 1);
}
