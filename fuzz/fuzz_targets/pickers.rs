#![no_main]

#[path = "../../crates/cryo-io/tests/readers/mod.rs"]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| readers::run("pickers", bytes));
