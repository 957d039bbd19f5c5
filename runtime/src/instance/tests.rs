//! Evaluating on the fixture module.

#![allow(clippy::unwrap_used)]

use vexil_abi::verdict::reason;

use super::*;
use crate::engine::Engine;
use crate::fixture::{Fixture, Trap, loaded, on};
use crate::load::load;

const BANNER: u32 = 0;
const CHECKOUT: u32 = 1;

fn off() -> Verdict {
    Verdict::serve(1, reason::DEFAULT)
}

#[test]
fn the_guest_sees_the_context() {
    let mut instance = Instance::new(&loaded("x")).unwrap();
    let dach = Context::new().set("country", "DE");
    assert_eq!(instance.evaluate(CHECKOUT, &dach, 0.0).unwrap(), on());
    assert_eq!(instance.evaluate(CHECKOUT, &Context::new(), 0.0).unwrap(), off());
}

#[test]
fn constants_are_answered_by_host_and_guest_alike() {
    let mut instance = Instance::new(&loaded("x")).unwrap();
    let context = Context::new();
    let served = Verdict::serve(0, reason::STATIC);
    assert_eq!(instance.evaluate(BANNER, &context, 0.0).unwrap(), served);
    assert_eq!(instance.evaluate_in_guest(BANNER, &context, 0.0).unwrap(), served);
}

#[test]
fn a_flag_number_beyond_the_table_is_not_found() {
    let mut instance = Instance::new(&loaded("x")).unwrap();
    let not_found = Verdict::error(error_code::FLAG_NOT_FOUND);
    assert_eq!(instance.evaluate(9, &Context::new(), 0.0).unwrap(), not_found);
    assert_eq!(instance.evaluate_in_guest(9, &Context::new(), 0.0).unwrap(), not_found);
}

#[test]
fn evaluate_all_answers_in_flag_order() {
    let mut instance = Instance::new(&loaded("x")).unwrap();
    let served = Verdict::serve(0, reason::STATIC);
    let dach = Context::new().set("country", "DE");
    assert_eq!(instance.evaluate_all(&dach, 0.0).unwrap(), [served, on()]);
    assert_eq!(instance.evaluate_all(&Context::new(), 0.0).unwrap(), [served, off()]);
}

#[test]
fn after_a_trap_a_fresh_instance_goes_on() {
    let mut instance = Instance::new(&loaded("x")).unwrap();
    let bad = Context::new().set("country", true);
    for _ in 0..3 {
        let error = instance.evaluate(CHECKOUT, &bad, 0.0).unwrap_err();
        assert!(matches!(error, EvaluateError::Trap(_)), "{error}");
        assert!(instance.evaluate_all(&bad, 0.0).is_err());
        assert_eq!(instance.evaluate(CHECKOUT, &Context::new(), 0.0).unwrap(), off());
    }
}

#[test]
fn numbers_out_of_range_are_errors() {
    let mut instance = Instance::new(&loaded("x")).unwrap();
    let bad = Context::new().set("country", 1);
    let error = instance.evaluate(CHECKOUT, &bad, 0.0).unwrap_err().to_string();
    let expected = "the module's verdict on flag `checkout` names variant number 77 of 2";
    assert_eq!(error, expected);
}

#[test]
fn a_context_larger_than_the_arena_is_refused() {
    let mut instance = Instance::new(&loaded("x")).unwrap();
    // One page, the arena at 1000, header and one slot, and 8 bytes at the end: 64,496 are left for text.
    let fits = Context::new().set("country", "x".repeat(64_496));
    assert_eq!(instance.evaluate(CHECKOUT, &fits, 0.0).unwrap(), on());
    let all = instance.evaluate_all(&fits, 0.0);
    assert!(matches!(all, Err(EvaluateError::ContextTooLarge)), "no room for the verdicts");
    let large = Context::new().set("country", "x".repeat(64_497));
    let one = instance.evaluate(CHECKOUT, &large, 0.0);
    assert!(matches!(one, Err(EvaluateError::ContextTooLarge)));
    assert_eq!(instance.evaluate(CHECKOUT, &Context::new(), 0.0).unwrap(), off());
}

#[test]
fn every_kind_of_trap_ends_the_call_and_not_the_process() {
    let engine = Engine::new().unwrap();
    for trap in [Trap::Unreachable, Trap::Outside, Trap::Division, Trap::Recursion] {
        let bytes = Fixture { trap, ..Fixture::new("x") }.assemble();
        let loaded = load(&engine, &bytes, None).unwrap();
        let calls = || {
            let mut instance = Instance::new(&loaded).unwrap();
            for _ in 0..100 {
                let bad = instance.evaluate(CHECKOUT, &Context::new().set("country", true), 0.0);
                assert!(matches!(bad, Err(EvaluateError::Trap(_))), "{trap:?}: {bad:?}");
                let dach = Context::new().set("country", "DE");
                assert_eq!(instance.evaluate(CHECKOUT, &dach, 0.0).unwrap(), on());
            }
        };
        calls();
        std::thread::scope(|scope| {
            scope.spawn(calls);
            scope.spawn(calls);
        });
    }
}

/// Says to a child process of this test that it is to fail.
const CHILD: &str = "VEXIL_TEST_FAULT";

/// A fault that is nobody's guest's ends the process as it would without Vexil.
#[test]
#[cfg(unix)]
#[allow(unsafe_code)]
fn a_fault_outside_of_guests_ends_the_process() {
    use std::os::unix::process::ExitStatusExt as _;

    if std::env::var_os(CHILD).is_some() {
        let mut instance = Instance::new(&loaded("x")).unwrap();
        instance.evaluate(CHECKOUT, &Context::new(), 0.0).unwrap();
        // SAFETY: none; this process exists to fail here.
        unsafe { std::ptr::null::<u8>().wrapping_add(16).read_volatile() };
        return;
    }
    let name = "instance::tests::a_fault_outside_of_guests_ends_the_process";
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    let output = child.args(["--exact", name]).env(CHILD, "1").output().unwrap();
    let segmentation_fault = 11;
    assert_eq!(output.status.signal(), Some(segmentation_fault), "{output:?}");
}

#[test]
fn a_guarded_call_that_takes_too_long_ends() {
    let endless = Fixture { rounds: i64::MAX, ..Fixture::new("x") }.assemble();
    let quick = Fixture::new("x").assemble();
    let engine = Engine::guarded(100_000).unwrap();
    let error = load(&engine, &endless, None).unwrap_err().to_string();
    assert!(error.contains("fuel"), "{error}");
    let mut instance = Instance::new(&load(&engine, &quick, None).unwrap()).unwrap();
    let dach = Context::new().set("country", "DE");
    for _ in 0..100_000 {
        // What one call did not use is not what the next may.
        assert_eq!(instance.evaluate(CHECKOUT, &dach, 0.0).unwrap(), on());
    }
}

#[test]
fn instances_and_modules_cross_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    fn sent<T: Send>(_: &T) {}
    let loaded = loaded("x");
    shared(&loaded);
    sent(&Instance::new(&loaded).unwrap());
}
