//! Conditions and tests to documents.
//!
//! In: a predicate. Out: its object, in the shortest form the reference has for it.

use serde_json::{Map, Value, json};

use super::super::{number, time};
use super::{put, put_unit, write_flag_test};
use crate::flag_set::{Bucket, NumberDialect, Predicate, Scalar, Test, VersionDialect};

/// The object of `predicate`.
pub(crate) fn write(predicate: &Predicate) -> Value {
    match predicate {
        Predicate::All(inner) => json!({ "all": Value::from_iter(inner.iter().map(write)) }),
        Predicate::Any(inner) => json!({ "any": Value::from_iter(inner.iter().map(write)) }),
        Predicate::Not(inner) => json!({ "not": write(inner) }),
        Predicate::Segment(key) => json!({ "segment": key }),
        Predicate::Flag(test) => write_flag_test(test),
        Predicate::Bucket(bucket) => json!({ "bucket": write_bucket(bucket) }),
        Predicate::Attribute { path, test } => {
            let mut fields = Map::new();
            put(&mut fields, "attribute", path.as_str());
            put(&mut fields, test.operator(), operand_of(test));
            if ignores_case(test) {
                put(&mut fields, "ignore_case", true);
            }
            if let Some(dialect) = special_dialect(test) {
                put(&mut fields, "dialect", dialect);
            }
            Value::Object(fields)
        }
    }
}

fn write_bucket(bucket: &Bucket) -> Value {
    let mut fields = Map::new();
    put_unit(&mut fields, &bucket.by, &bucket.hashing);
    if bucket.from != 0 {
        put(&mut fields, "from", bucket.from);
    }
    put(&mut fields, "to", bucket.to);
    Value::Object(fields)
}

fn operand_of(test: &Test) -> Value {
    match test {
        Test::Exists(present) => Value::from(*present),
        Test::In { values, .. } => match values.as_slice() {
            [value] => scalar(value),
            values => Value::from_iter(values.iter().map(scalar)),
        },
        Test::Affix { needles, .. } => one_or_several(needles),
        Test::Number { operand, .. } => number::of(*operand),
        Test::Between { low, high, .. } => json!([number::of(*low), number::of(*high)]),
        Test::Matches { patterns, .. } => one_or_several(patterns),
        Test::Cidr { nets } => one_or_several(nets),
        Test::Version { operand, .. } => Value::from(operand.as_str()),
        Test::Time { operand_ms, .. } => {
            let text = time::format(*operand_ms).map(Value::from);
            text.unwrap_or_else(|| number::of(*operand_ms))
        }
        Test::List { values, .. } => Value::from_iter(values.iter().map(scalar)),
    }
}

fn ignores_case(test: &Test) -> bool {
    match test {
        Test::In { ignore_case, .. }
        | Test::Affix { ignore_case, .. }
        | Test::Matches { ignore_case, .. }
        | Test::List { ignore_case, .. } => *ignore_case,
        _ => false,
    }
}

/// The dialect of a test on versions or numbers that is not the default.
fn special_dialect(test: &Test) -> Option<&'static str> {
    match test {
        Test::Version { dialect, .. } => {
            (*dialect != VersionDialect::default()).then(|| dialect.word())
        }
        Test::Number { dialect, .. } | Test::Between { dialect, .. } => {
            (*dialect != NumberDialect::default()).then(|| dialect.word())
        }
        _ => None,
    }
}

fn one_or_several(texts: &[String]) -> Value {
    match texts {
        [text] => Value::from(text.as_str()),
        texts => Value::from(texts),
    }
}

fn scalar(value: &Scalar) -> Value {
    match value {
        Scalar::String(text) => Value::from(text.as_str()),
        Scalar::Number(number) => number::of(*number),
        Scalar::Boolean(boolean) => Value::from(*boolean),
    }
}
