//! Details of an evaluation → what the SDK wants to know.
//!
//! In: Vexil's details. Out: a value with its variant, reason and metadata, or OpenFeature's error.

use std::collections::HashMap;

use open_feature::provider::ResolutionDetails;
use open_feature::{
    EvaluationError, EvaluationErrorCode, EvaluationReason, EvaluationResult, FlagMetadata,
    StructValue, Value,
};
use serde_json::Value as Json;
use vexil_runtime::{Detail, Details, ErrorCode, Reason};

/// Integers that a double holds exactly.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// What `read` makes of the value, or why there is none; `read` says what is wrong with a value
/// that is not of the type asked for.
pub(crate) fn resolved<V, T>(
    details: Details<V>,
    read: impl FnOnce(V) -> Result<T, String>,
) -> EvaluationResult<ResolutionDetails<T>> {
    if let Some(code) = details.error_code {
        let code = error_code(code, details.error_message.as_deref());
        return Err(EvaluationError { code, message: details.error_message });
    }
    let flag_metadata = Some(metadata(&details));
    let reason = Some(reason(details.reason));
    match read(details.value) {
        Ok(value) => {
            Ok(ResolutionDetails { value, variant: details.variant, reason, flag_metadata })
        }
        Err(fault) => Err(EvaluationError {
            code: EvaluationErrorCode::TypeMismatch,
            message: Some(format!("flag `{}`: {fault}", details.flag_key)),
        }),
    }
}

fn error_code(code: ErrorCode, message: Option<&str>) -> EvaluationErrorCode {
    match code {
        ErrorCode::ProviderNotReady => EvaluationErrorCode::ProviderNotReady,
        ErrorCode::FlagNotFound => EvaluationErrorCode::FlagNotFound,
        ErrorCode::ParseError => EvaluationErrorCode::ParseError,
        ErrorCode::TypeMismatch => EvaluationErrorCode::TypeMismatch,
        ErrorCode::TargetingKeyMissing => EvaluationErrorCode::TargetingKeyMissing,
        ErrorCode::InvalidContext => EvaluationErrorCode::InvalidContext,
        ErrorCode::ProviderFatal | ErrorCode::General => {
            EvaluationErrorCode::General(message.unwrap_or(code.name()).to_owned())
        }
    }
}

fn reason(reason: Reason) -> EvaluationReason {
    match reason {
        Reason::Unknown => EvaluationReason::Unknown,
        Reason::Static => EvaluationReason::Static,
        Reason::Default => EvaluationReason::Default,
        Reason::TargetingMatch => EvaluationReason::TargetingMatch,
        Reason::Split => EvaluationReason::Split,
        Reason::Disabled => EvaluationReason::Disabled,
        Reason::Error => EvaluationReason::Error,
    }
}

fn metadata<V>(details: &Details<V>) -> FlagMetadata {
    let mut metadata = FlagMetadata { values: HashMap::new() };
    if let Some(revision) = details.revision {
        metadata.add_value("revision", i64::try_from(revision).unwrap_or(i64::MAX));
    }
    if let Some(digest) = &details.digest {
        metadata.add_value("digest", digest.as_str());
    }
    if let Some(rule) = &details.rule {
        metadata.add_value("rule", rule.as_str());
    }
    match &details.detail {
        Detail::None => {}
        Detail::Override => metadata.add_value("override", true),
        Detail::Prerequisite(flag) => metadata.add_value("prerequisite", flag.as_str()),
    }
    metadata
}

/// A double as an integer, if it is one.
pub(crate) fn integer(number: f64) -> Result<i64, String> {
    match number.fract() == 0.0 && number.abs() <= EXACT {
        true => Ok(number as i64),
        false => Err(format!("{number} is not an integer")),
    }
}

/// A JSON object as a structure.
pub(crate) fn structure(json: Json) -> Result<StructValue, String> {
    match value(json) {
        Some(Value::Struct(fields)) => Ok(fields),
        _ => Err("its value is not an object".to_owned()),
    }
}

/// JSON as the SDK's value, which knows no null.
fn value(json: Json) -> Option<Value> {
    Some(match json {
        Json::Null => return None,
        Json::Bool(bool) => Value::Bool(bool),
        Json::Number(number) => match number.as_i64() {
            Some(int) => Value::Int(int),
            None => Value::Float(number.as_f64()?),
        },
        Json::String(text) => Value::String(text),
        Json::Array(items) => Value::Array(items.into_iter().filter_map(value).collect()),
        Json::Object(members) => {
            let members = members.into_iter();
            let fields = members.filter_map(|(name, json)| Some((name, value(json)?)));
            Value::Struct(StructValue { fields: fields.collect() })
        }
    })
}
