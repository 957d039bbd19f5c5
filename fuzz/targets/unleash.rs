//! Documents of Unleash, from libFuzzer. What holds for them is told in `tests/src/fuzz/unleash.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vexil_tests::fuzz::unleash::run(bytes));
