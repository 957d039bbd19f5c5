//! Contexts on flags that cover the language, from libFuzzer. What holds for them is told in `tests/src/fuzz/context.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vexil_tests::fuzz::context::run(bytes));
