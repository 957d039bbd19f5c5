//! One form for each number: `1.0` and `1` are the same.
//!
//! In: JSON values. Out: the same with each number as an integer if it is a whole double of
//! magnitude up to 2^53, else as a double.

use serde_json::{Number, Value};

use crate::limits::MAX_EXACT_INTEGER;

/// `value` with every number in its one form.
pub(crate) fn normalised(value: &Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map_or_else(|| value.clone(), of),
        Value::Array(items) => Value::Array(items.iter().map(normalised).collect()),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.clone(), normalised(value)));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

/// `number` in its one form; null if it is not finite, which no checked project has.
pub(crate) fn of(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() <= MAX_EXACT_INTEGER {
        // Whole and small enough, so exact; `-0.0` becomes 0.
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn equal_numbers_have_one_form_at_every_depth() {
        let written = json!([1.0, -0.0, 2.5, {"a": [1e15, -3.0]}, 9007199254740993_u64, u64::MAX]);
        let normal = json!([1, 0, 2.5, {"a": [1000000000000000_i64, -3]}, 9007199254740992_i64,
            18446744073709551615.0]);
        assert_eq!(normalised(&written), normal);
        assert_eq!(normalised(&normal), normal);
    }
}
