//! Unleash beside us: its public test suite, and random features and contexts for both.
//!
//! In: the suite as npm installs it, seeds. Out: cases, and what an evaluator's verdicts say in
//! Unleash's words. Nothing here knows a case by its name.

pub mod random;
pub mod suite;

use serde_json::{Value, json};
use vexil_compiler::flag_set::FlagSet;

/// What is asked of a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Is it on.
    IsOn,
    /// Which variant does it give.
    Variant,
}

/// The answer to `question` of `feature` as Unleash's clients have it, out of the values of flags:
/// `value_of` gives the value of the flag of a key, null for an unknown one.
pub fn answer(
    set: &FlagSet,
    feature: &str,
    question: Question,
    mut value_of: impl FnMut(&str) -> Value,
) -> Value {
    let variant = format!("{feature}.variant");
    match question {
        Question::IsOn => json!(value_of(feature) == json!(true)),
        Question::Variant if set.flags.contains_key(&variant) => value_of(&variant),
        Question::Variant => {
            let is_on = value_of(feature) == json!(true);
            json!({ "name": "disabled", "enabled": false, "feature_enabled": is_on })
        }
    }
}

/// The value of the flag `key` by the interpreter; null for an unknown one.
#[must_use]
pub fn interpreted(
    set: &FlagSet,
    key: &str,
    context: &vexil_compiler::context::Context,
    now_ms: f64,
) -> Value {
    let verdict = vexil_compiler::interpret::evaluate(set, key, context, now_ms);
    let served = set
        .flags
        .get(key)
        .and_then(|flag| flag.definition.variants.get_index(usize::from(verdict.variant)));
    served.map(|(_, value)| value.clone()).unwrap_or_default()
}
