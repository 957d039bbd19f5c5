//! Verified publish: a module is held against the interpreter before it is announced.
//!
//! In: a module, the flags that it was compiled from, which of them changed. Out: what to evaluate
//! on, or the first evaluation in which the two differ. The contexts are derived from the flags' own rules
//! (`vexil_compiler::probe`). The module runs here as it runs in services, so a fault of the
//! compiler, or of the way to machine code, is found before anybody is served by it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use vexil_compiler::context as compiled;
use vexil_compiler::flag_set::FlagSet;
use vexil_compiler::interpret::evaluate;
use vexil_compiler::probe::probes;
use vexil_runtime::{Context, Engine, EvaluateError, Instance, Value, load};

use super::evaluator::Evaluator;
use crate::limits::{PROBES_OF_CHANGED, PROBES_OF_OTHERS, VERIFIED_EVALUATIONS_MAX};

/// The time of every evaluation here, in milliseconds since the Unix epoch: any, but one for both.
const NOW_MS: f64 = 1_790_000_000_000.0;

/// An evaluation in which a module differs from what its flags say.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// The flag's key.
    pub flag: String,
    /// The context, as JSON.
    pub context: serde_json::Value,
    /// What the module answers, and what the flags say.
    pub difference: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { flag, context, difference } = self;
        write!(
            f,
            "the module does not mean what its flags say: `{flag}` for {context}: {difference}; \
             the announcement before stays; please report this"
        )
    }
}

/// Why a module was not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It differs.
    #[error("{0}")]
    Mismatch(Box<Mismatch>),
    /// It cannot be run here, as it could not in services.
    #[error("the module cannot be run: {0}")]
    Unusable(String),
}

fn unusable(error: impl fmt::Display) -> VerifyError {
    VerifyError::Unusable(error.to_string())
}

/// Machine code for modules that are verified; functions that it has seen are not compiled again.
#[derive(Clone, Debug)]
pub struct Verifier {
    engine: Engine,
}

impl Verifier {
    /// One for an environment.
    ///
    /// # Errors
    /// This machine cannot run modules.
    pub fn new() -> Result<Self, VerifyError> {
        Ok(Self { engine: Engine::new().map_err(unusable)? })
    }

    /// Holds `module` against `flag_set`, from which it was compiled: flags in `changed` on many
    /// contexts, the others on a few; all of them on many when it is `None`.
    /// Flags are left out from a certain number of evaluations on, never one that changed.
    ///
    /// # Errors
    /// It differs, or cannot be run.
    pub fn verify(
        &self,
        module: &[u8],
        flag_set: &FlagSet,
        changed: Option<&[String]>,
    ) -> Result<Evaluator, VerifyError> {
        let loaded = load(&self.engine, module, None).map_err(unusable)?;
        let rows: Vec<String> = loaded.manifest.flags.iter().map(|row| row.key.clone()).collect();
        let mut instance = Instance::new(&Arc::clone(&loaded)).map_err(unusable)?;
        let changed = changed.map(|keys| keys.iter().map(String::as_str).collect::<BTreeSet<_>>());
        let is_changed = |key: &str| changed.as_ref().is_none_or(|keys| keys.contains(key));
        let mut left = VERIFIED_EVALUATIONS_MAX;
        let numbered: Vec<(u32, &String)> = (0..).zip(&rows).collect();
        let (first, then): (Vec<_>, Vec<_>) =
            numbered.into_iter().partition(|(_, key)| is_changed(key));
        // Of many flags fewer contexts each.
        let most = (left / first.len().max(1)).clamp(PROBES_OF_OTHERS, PROBES_OF_CHANGED);
        for (number, key) in first {
            left = left.saturating_sub(most);
            self.flag(&mut instance, flag_set, (number, key), most)?;
        }
        for (number, key) in then {
            if left < PROBES_OF_OTHERS {
                break;
            }
            left -= PROBES_OF_OTHERS;
            self.flag(&mut instance, flag_set, (number, key), PROBES_OF_OTHERS)?;
        }
        Ok(Evaluator::new(loaded, instance))
    }

    fn flag(
        &self,
        instance: &mut Instance,
        flag_set: &FlagSet,
        (number, key): (u32, &String),
        most: usize,
    ) -> Result<(), VerifyError> {
        for probe in probes(flag_set, key, most) {
            let expected = evaluate(flag_set, key, &probe, NOW_MS);
            let found = instance.evaluate(number, &context(&probe), NOW_MS);
            // A host refuses what is longer than its arena; the interpreter has none.
            if matches!(found, Err(EvaluateError::ContextTooLarge)) {
                continue;
            }
            if found.as_ref().ok() != Some(&expected) {
                let found = found.map_or_else(|error| error.to_string(), |it| format!("{it:?}"));
                return Err(VerifyError::Mismatch(Box::new(Mismatch {
                    flag: key.clone(),
                    context: json(&probe),
                    difference: format!("the module answers {found}, the flags say {expected:?}"),
                })));
            }
        }
        Ok(())
    }
}

/// The interpreter's context as the runtime's.
fn context(probe: &compiled::Context) -> Context<'_> {
    let key = probe.targeting_key.as_deref();
    let mut context = key.map_or_else(Context::new, Context::with_key);
    context.extend(probe.attributes.iter().map(|(name, it)| (name, value(it))));
    context
}

fn value(value: &compiled::Value) -> Value<'_> {
    match value {
        compiled::Value::Bool(bool) => Value::Bool(*bool),
        compiled::Value::Number(number) => Value::Number(*number),
        compiled::Value::String(text) => Value::from(text),
        compiled::Value::List(items) => Value::List(items.iter().map(self::value).collect()),
        compiled::Value::Object(members) => {
            let members = members.iter().map(|(name, it)| (name.into(), self::value(it)));
            Value::Object(members.collect::<BTreeMap<_, _>>())
        }
    }
}

/// For people: numbers that JSON does not have are `null`.
fn json(probe: &compiled::Context) -> serde_json::Value {
    fn of(value: &compiled::Value) -> serde_json::Value {
        match value {
            compiled::Value::Bool(bool) => (*bool).into(),
            compiled::Value::Number(number) => (*number).into(),
            compiled::Value::String(text) => text.as_str().into(),
            compiled::Value::List(items) => items.iter().map(of).collect(),
            compiled::Value::Object(members) => {
                members.iter().map(|(name, it)| (name.clone(), of(it))).collect()
            }
        }
    }
    let key = probe.targeting_key.iter().map(|key| ("targetingKey".to_owned(), key.clone().into()));
    key.chain(probe.attributes.iter().map(|(name, it)| (name.clone(), of(it)))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;
    use vexil_compiler::{Audience, compile_for, document};

    use super::*;
    use crate::publish::sabotage::Sabotage;

    fn flags(rule: &serde_json::Value) -> FlagSet {
        let document = json!({
            "format": "vexil/1",
            "environments": ["e"],
            "flags": {
                "base": { "kind": "boolean", "environments": { "e": {
                    "enabled": true, "rules": [{ "id": "r", "when": rule, "serve": "on" }],
                } } },
                "seen": { "kind": "boolean", "client_visible": true, "environments": { "e": {
                    "enabled": true, "prerequisites": [{ "flag": "base", "variant": "on" }],
                    "fallthrough": { "split": { "weights": { "on": 50_000, "off": 50_000 } } },
                } } },
            },
        });
        document::read_value(&document).unwrap().flag_set("e").unwrap()
    }

    fn older() -> FlagSet {
        flags(&json!({ "attribute": "age", "gt": 60 }))
    }

    #[test]
    fn a_good_module_is_verified_for_every_audience() {
        let verifier = Verifier::new().unwrap();
        for audience in [Audience::Server, Audience::Browser] {
            let module = compile_for(&older(), audience).unwrap();
            verifier.verify(&module.bytes, &older(), None).unwrap();
            verifier.verify(&module.bytes, &older(), Some(&[])).unwrap();
        }
    }

    #[test]
    fn a_module_that_is_wrong_at_a_boundary_is_found_out() {
        let verifier = Verifier::new().unwrap();
        let broken = Sabotage::Boundary.of(&older());
        for (audience, flag) in [(Audience::Server, "base"), (Audience::Browser, "seen")] {
            let module = compile_for(&broken, audience).unwrap();
            let error = verifier.verify(&module.bytes, &older(), None).unwrap_err();
            let VerifyError::Mismatch(mismatch) = error else { panic!("{error}") };
            assert_eq!((mismatch.flag.as_str(), &mismatch.context["age"]), (flag, &json!(60.0)));
        }
    }

    #[test]
    fn what_changed_is_looked_at_first_and_a_little_of_the_rest() {
        let verifier = Verifier::new().unwrap();
        let module = compile_for(&Sabotage::Boundary.of(&older()), Audience::Server).unwrap();
        let changed = ["base".to_owned()];
        assert!(verifier.verify(&module.bytes, &older(), Some(&changed)).is_err());
    }

    #[test]
    fn what_is_no_module_is_refused() {
        let error = Verifier::new().unwrap().verify(b"no", &older(), None).unwrap_err();
        assert!(matches!(error, VerifyError::Unusable(_)), "{error}");
    }
}
