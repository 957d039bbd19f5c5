//! Flag documents, from libFuzzer. What holds for them is told in `tests/src/fuzz/document.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vexil_tests::fuzz::document::run(bytes));
