//! Upcasters: payloads of older schemas, raised to today's.
//!
//! In: an event's kind, schema and payload as stored. Out: the payload as this version would write
//! it. Each schema has one named step to the next; a payload takes every step from its own on. A
//! released step is never edited: `tests/cases/log` keeps a log of every schema.

use std::borrow::Cow;

use serde_json::Value;

/// The schema that events are written in.
pub const SCHEMA: u32 = 3;

/// A step from one schema to the next.
struct Upcaster {
    /// The schema that it reads.
    from: u32,
    /// What came with the next one.
    #[allow(dead_code, reason = "it names the step for those who read the table")]
    name: &'static str,
    /// The payload of an event of this kind, raised.
    raise: for<'p> fn(kind: &str, payload: Cow<'p, Value>) -> Cow<'p, Value>,
}

const UPCASTERS: &[Upcaster] = &[
    Upcaster {
        from: 1,
        name: "events say from where they came",
        // That stands beside the payload, and of older events it is not known.
        raise: |_, payload| payload,
    },
    Upcaster {
        from: 2,
        name: "projects name sensitive attributes",
        // In events of a kind of their own.
        raise: |_, payload| payload,
    },
];

const _: () = assert!(UPCASTERS.len() as u32 == SCHEMA - 1);

/// The payload in today's schema; `None` when this version does not know the schema.
#[must_use]
pub fn raise<'p>(kind: &str, schema: u32, payload: &'p Value) -> Option<Cow<'p, Value>> {
    let known = (1..=SCHEMA).contains(&schema);
    let steps = UPCASTERS.iter().filter(|step| step.from >= schema);
    known.then(|| steps.fold(Cow::Borrowed(payload), |payload, step| (step.raise)(kind, payload)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_schema_up_to_todays_is_known_and_no_other() {
        let payload = json!({ "flag": "f" });
        for schema in 1..=SCHEMA {
            assert_eq!(raise("FlagArchived", schema, &payload).as_deref(), Some(&payload));
        }
        assert_eq!(raise("FlagArchived", 0, &payload), None);
        assert_eq!(raise("FlagArchived", SCHEMA + 1, &payload), None);
    }

    #[test]
    fn each_schema_has_one_step_to_the_next() {
        let from: Vec<u32> = UPCASTERS.iter().map(|step| step.from).collect();
        assert_eq!(from, (1..SCHEMA).collect::<Vec<u32>>());
    }
}
