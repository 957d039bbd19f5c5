//! OpenFeature's evaluation context → Vexil's.
//!
//! In: a context of the SDK. Out: one that borrows from it. Times become milliseconds since the
//! Unix epoch. A structure can be of any Rust type; those that can be read are `StructValue`,
//! the SDK's `Value` and `serde_json::Value`, and others are left out.

use std::any::Any;
use std::borrow::Cow;

use open_feature::{
    EvaluationContext, EvaluationContextFieldValue as Field, StructValue, Value as Json,
};
use vexil_runtime::{Context, Value};

pub(crate) fn read(context: &EvaluationContext) -> Context<'_> {
    let key = context.targeting_key.as_deref();
    let mut read = key.map_or_else(Context::new, Context::with_key);
    for (name, field) in &context.custom_fields {
        if let Some(value) = value(field) {
            read.insert(name, value);
        }
    }
    read
}

fn value(field: &Field) -> Option<Value<'_>> {
    Some(match field {
        Field::Bool(bool) => Value::Bool(*bool),
        Field::Int(int) => Value::from(*int),
        Field::Float(float) => Value::Number(*float),
        Field::String(text) => Value::from(text),
        Field::DateTime(time) => Value::Number((time.unix_timestamp_nanos() / 1_000_000) as f64),
        Field::Struct(any) => return structure(&**any),
    })
}

fn structure(any: &(dyn Any + Send + Sync)) -> Option<Value<'_>> {
    if let Some(fields) = any.downcast_ref::<StructValue>() {
        return Some(object(fields));
    }
    if let Some(json) = any.downcast_ref::<Json>() {
        return Some(of(json));
    }
    let json: &serde_json::Value = any.downcast_ref()?;
    // The context's own reader knows how deep a structure may be.
    let wrapped = serde_json::json!({ "it": json });
    Context::from_json(&wrapped).ok()?.get("it").cloned().map(Value::into_owned)
}

fn of(json: &Json) -> Value<'_> {
    match json {
        Json::Bool(bool) => Value::Bool(*bool),
        Json::Int(int) => Value::from(*int),
        Json::Float(float) => Value::Number(*float),
        Json::String(text) => Value::from(text),
        Json::Array(items) => Value::List(items.iter().map(of).collect()),
        Json::Struct(fields) => object(fields),
    }
}

fn object(fields: &StructValue) -> Value<'_> {
    let members = fields.fields.iter();
    Value::Object(members.map(|(name, json)| (Cow::Borrowed(name.as_str()), of(json))).collect())
}
