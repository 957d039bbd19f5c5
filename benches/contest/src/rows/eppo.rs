//! Eppo: `eppo_core`.
//!
//! In: a universal flag configuration, as Eppo's servers send it. Out: assignments.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use eppo_core::eval::get_assignment;
use eppo_core::ufc::{Assignment, AssignmentValue, UniversalFlagConfig, VariationType};
use eppo_core::{AttributeValue, Attributes, Configuration, SdkMetadata, Str};
use serde_json::{Map, Value, json};

use crate::row::{Row, Served, Side, Wired};
use crate::rules::{Condition, Given, Rules, WHOLE};
use crate::subject::{Reading, StringMap, key, readings};
use crate::workloads::{NOW_MS, Workload};

/// The row.
pub struct Eppo {
    configuration: Configuration,
    keys: Vec<String>,
    now: DateTime<Utc>,
}

/// A subject as Eppo's SDKs take it.
pub struct Context {
    key: Str,
    attributes: Arc<Attributes>,
}

impl Row for Eppo {
    const NAME: &'static str = "eppo";
    const TITLE: &'static str = "Eppo";
    const PACKAGE: Option<&'static str> = Some("eppo_core 10.0.0");
    const SIDE: Side = Side::Peer;
    const HOW: &'static str = "`get_assignment` on a `Configuration` at hand, by key: no details, \
        no store, no clock, no event (`doLog` false), feature `ahash`; the subject's attributes \
        shared by `Arc`; `ONE_OF`, `GTE` with a version, `MATCHES` for the end of an address, as \
        there is no operator for it; the regular expression is compiled when loaded; who matches \
        nothing gets no assignment, which stands for off";
    const BUCKETS_LIKE_VEXIL: bool = false;

    type Context<'m> = Context;
    type Answer<'a> = Option<Assignment>;

    fn load(workload: &Workload) -> Self {
        Self::read(&Self::wire(workload), &workload.keys())
    }

    fn context<'m>(&self, subject: &'m StringMap) -> Context {
        let attributes = readings(subject).map(|(name, reading)| {
            let value = match reading {
                Reading::Text(text) => AttributeValue::categorical(text),
                Reading::Number(number) => AttributeValue::numeric(number),
            };
            (Str::from(name), value)
        });
        Context { key: Str::from(key(subject)), attributes: Arc::new(attributes.collect()) }
    }

    fn evaluate<'a, 'm: 'a>(&'a mut self, flag: usize, context: &'a Context) -> Option<Assignment> {
        let configuration = Some(&self.configuration);
        let (flag, now) = (&self.keys[flag], self.now);
        get_assignment(configuration, flag, &context.key, &context.attributes, None, now)
            .expect("the configuration is good")
    }

    fn served(answer: Option<Assignment>) -> Served {
        match answer.map(|assignment| assignment.value) {
            None => Served::Bool(false),
            Some(AssignmentValue::Boolean(boolean)) => Served::Bool(boolean),
            Some(AssignmentValue::String(text)) => Served::Key(text.to_string()),
            Some(other) => panic!("no flag has the value {other:?}"),
        }
    }
}

impl Wired for Eppo {
    fn wire(workload: &Workload) -> Vec<u8> {
        let flags: Map<String, Value> =
            workload.flags.iter().map(|flag| (flag.key.clone(), written(flag))).collect();
        let configuration = json!({
            "createdAt": "2026-01-01T00:00:00Z",
            "format": "SERVER",
            "environment": { "name": "bench" },
            "flags": flags,
        });
        configuration.to_string().into_bytes()
    }

    fn read(wire: &[u8], keys: &[String]) -> Self {
        let metadata = SdkMetadata { name: "contest", version: "0" };
        let flags = UniversalFlagConfig::from_json(metadata, wire.to_vec());
        let flags = flags.expect("the configuration is good");
        Self {
            configuration: Configuration::from_server_response(flags, None),
            keys: keys.to_vec(),
            now: DateTime::from_timestamp_millis(NOW_MS as i64).expect("the time is in range"),
        }
    }
}

fn written(flag: &Rules) -> Value {
    let kind = if flag.is_boolean { VariationType::Boolean } else { VariationType::String };
    let variations = flag.variants.iter().map(|key| {
        let value = if flag.is_boolean { json!(key == "on") } else { json!(key) };
        (key.clone(), json!({ "key": key, "value": value }))
    });
    let mut allocations: Vec<Value> = flag
        .rules
        .iter()
        .enumerate()
        .map(|(number, rule)| {
            let conditions: Vec<Value> = rule.when.iter().map(condition).collect();
            let rules = match conditions.is_empty() {
                true => json!([]),
                false => json!([{ "conditions": conditions }]),
            };
            allocation(flag, &format!("rule-{number}"), rules, &rule.serve)
        })
        .collect();
    let is_off =
        flag.otherwise == Given::Variant(0) && flag.is_boolean && flag.variants[0] == "off";
    if !is_off {
        allocations.push(allocation(flag, "otherwise", json!([]), &flag.otherwise));
    }
    json!({
        "key": flag.key,
        "enabled": true,
        "variationType": kind,
        "variations": variations.collect::<Map<_, _>>(),
        "allocations": allocations,
        "totalShards": WHOLE,
    })
}

fn allocation(flag: &Rules, key: &str, rules: Value, given: &Given) -> Value {
    let splits: Vec<Value> = match given {
        Given::Variant(variant) => {
            vec![json!({ "variationKey": flag.variant(*variant), "shards": [] })]
        }
        Given::Split(weights) => {
            let mut start = 0;
            let splits = weights.iter().map(|(variant, weight)| {
                let range = json!({ "start": start, "end": start + weight });
                start += weight;
                json!({
                    "variationKey": flag.variant(*variant),
                    "shards": [{ "salt": flag.key, "ranges": [range] }],
                })
            });
            splits.collect()
        }
    };
    json!({ "key": key, "rules": rules, "splits": splits, "doLog": false })
}

fn condition(condition: &Condition) -> Value {
    match condition {
        Condition::In { attribute, values } => {
            json!({ "attribute": attribute, "operator": "ONE_OF", "value": values })
        }
        Condition::Above { attribute, number } => {
            json!({ "attribute": attribute, "operator": "GT", "value": number })
        }
        Condition::EndsWith { attribute, suffix } => {
            let pattern = format!("{}$", suffix.replace('.', "\\."));
            json!({ "attribute": attribute, "operator": "MATCHES", "value": pattern })
        }
        Condition::AtLeast { attribute, version } => {
            json!({ "attribute": attribute, "operator": "GTE", "value": version })
        }
    }
}
