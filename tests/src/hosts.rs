//! Contexts and verdicts in the form of each evaluator.

use vexil_abi::verdict::Verdict;
use vexil_abi::verdict::{NO_RULE, NO_VARIANT, error_code, reason};
use vexil_compiler::context as compiled;
use vexil_runtime as runtime;

/// The interpreter's context as the runtime's.
#[must_use]
pub fn runtime_context(context: &compiled::Context) -> runtime::Context<'_> {
    let key = context.targeting_key.as_deref();
    let mut built = key.map_or_else(runtime::Context::new, runtime::Context::with_key);
    let attributes = context.attributes.iter();
    built.extend(attributes.map(|(name, value)| (name, runtime_value(value))));
    built
}

fn runtime_value(value: &compiled::Value) -> runtime::Value<'_> {
    match value {
        compiled::Value::Bool(bool) => runtime::Value::Bool(*bool),
        compiled::Value::Number(number) => runtime::Value::Number(*number),
        compiled::Value::String(text) => runtime::Value::from(text),
        compiled::Value::List(items) => {
            runtime::Value::List(items.iter().map(runtime_value).collect())
        }
        compiled::Value::Object(members) => runtime::Value::Object(
            members.iter().map(|(name, value)| (name.into(), runtime_value(value))).collect(),
        ),
    }
}

/// The interpreter's context as JSON, where JSON can say it (it has no not-a-number).
#[must_use]
pub fn json_context(context: &compiled::Context) -> Option<serde_json::Value> {
    let mut object = serde_json::Map::new();
    if let Some(key) = &context.targeting_key {
        object.insert("targetingKey".to_owned(), key.clone().into());
    }
    for (name, value) in &context.attributes {
        object.insert(name.clone(), json_value(value)?);
    }
    Some(serde_json::Value::Object(object))
}

fn json_value(value: &compiled::Value) -> Option<serde_json::Value> {
    Some(match value {
        compiled::Value::Bool(bool) => (*bool).into(),
        compiled::Value::Number(number) => serde_json::Number::from_f64(*number)?.into(),
        compiled::Value::String(text) => text.clone().into(),
        compiled::Value::List(items) => {
            serde_json::Value::Array(items.iter().map(json_value).collect::<Option<_>>()?)
        }
        compiled::Value::Object(members) => serde_json::Value::Object(
            members
                .iter()
                .map(|(name, value)| Some((name.clone(), json_value(value)?)))
                .collect::<Option<_>>()?,
        ),
    })
}

/// The verdict line of a verdict, as `vexil eval --batch` and every other host print it.
#[must_use]
pub fn line(
    key: &str,
    variants: &[(String, serde_json::Value)],
    rules: &[String],
    verdict: Verdict,
) -> serde_json::Value {
    let variant = (verdict.variant != NO_VARIANT).then(|| &variants[usize::from(verdict.variant)]);
    let rule = (verdict.rule != NO_RULE).then(|| &rules[usize::from(verdict.rule)]);
    let error = (verdict.error_code != error_code::NONE)
        .then(|| error_code::NAMES[usize::from(verdict.error_code)]);
    serde_json::json!({
        "key": key,
        "value": variant.map(|(_, value)| value),
        "variant": variant.map(|(key, _)| key),
        "reason": reason::NAMES[usize::from(verdict.reason)],
        "rule": rule,
        "errorCode": error,
    })
}
