//! Evaluating on the fixture module.

#![allow(clippy::unwrap_used)]

use vexil_abi::verdict::reason;

use super::*;
use crate::fixture::{loaded, on};

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
fn instances_and_modules_cross_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    fn sent<T: Send>(_: &T) {}
    let loaded = loaded("x");
    shared(&loaded);
    sent(&Instance::new(&loaded).unwrap());
}
