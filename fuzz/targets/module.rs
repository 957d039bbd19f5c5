//! Modules, and damaged modules, from libFuzzer. What holds for them is told in `tests/src/fuzz/module.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vexil_tests::fuzz::module::run(bytes));
