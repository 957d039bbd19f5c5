//! LaunchDarkly: `launchdarkly-server-sdk-evaluation`.
//!
//! In: flags as LaunchDarkly's servers send them. Out: details with a value by reference.

use std::collections::HashMap;

use launchdarkly_server_sdk_evaluation::{
    Context, ContextBuilder, Detail, Flag, FlagValue, Segment, Store, evaluate,
};
use serde_json::{Map, Value, json};

use crate::row::{Row, Served, Side, Wired};
use crate::rules::{Condition, Given, Rules};
use crate::subject::{Reading, StringMap, key, readings};
use crate::workloads::Workload;

/// The row.
pub struct LaunchDarkly {
    flags: Vec<Flag>,
}

/// No flag here needs another flag or a segment.
struct Nothing;

impl Store for Nothing {
    fn flag(&self, _: &str) -> Option<Flag> {
        None
    }

    fn segment(&self, _: &str) -> Option<Segment> {
        None
    }
}

impl Row for LaunchDarkly {
    const NAME: &'static str = "launchdarkly";
    const TITLE: &'static str = "LaunchDarkly";
    const PACKAGE: Option<&'static str> = Some("launchdarkly-server-sdk-evaluation 2.2.1");
    const SIDE: Side = Side::Peer;
    const HOW: &'static str = "`evaluate` with the flag borrowed (the SDK clones it from its store) \
        on a `Context` made beforehand; lists are clauses of the rule, as the store would clone a \
        segment for each evaluation; a version that is not earlier is `semVerLessThan`, negated";
    const BUCKETS_LIKE_VEXIL: bool = false;

    type Context<'m> = Context;
    type Answer<'a> = Detail<&'a FlagValue>;

    fn load(workload: &Workload) -> Self {
        Self::read(&Self::wire(workload), &workload.keys())
    }

    fn context<'m>(&self, subject: &'m StringMap) -> Context {
        let mut builder = ContextBuilder::new(key(subject));
        for (name, reading) in readings(subject) {
            match reading {
                Reading::Text(text) => builder.set_string(name, text),
                Reading::Number(number) => builder.set_float(name, number),
            };
        }
        builder.build().expect("the context is good")
    }

    fn evaluate<'a, 'm: 'a>(
        &'a mut self,
        flag: usize,
        context: &'a Context,
    ) -> Detail<&'a FlagValue> {
        evaluate(&Nothing, &self.flags[flag], context, None)
    }

    fn served(answer: Detail<&FlagValue>) -> Served {
        match answer.value.expect("there is a value") {
            FlagValue::Bool(boolean) => Served::Bool(*boolean),
            FlagValue::Str(text) => Served::Key(text.clone()),
            other => panic!("no flag has the value {other:?}"),
        }
    }
}

impl Wired for LaunchDarkly {
    fn wire(workload: &Workload) -> Vec<u8> {
        let flags: Map<String, Value> =
            workload.flags.iter().map(|flag| (flag.key.clone(), written(flag))).collect();
        Value::Object(flags).to_string().into_bytes()
    }

    fn read(wire: &[u8], keys: &[String]) -> Self {
        let mut flags: HashMap<String, Flag> =
            serde_json::from_slice(wire).expect("the flags are good");
        let flags = keys.iter().map(|key| flags.remove(key).expect("every flag is there"));
        Self { flags: flags.collect() }
    }
}

fn written(flag: &Rules) -> Value {
    let variations = flag.variants.iter().map(|key| match flag.is_boolean {
        true => json!(key == "on"),
        false => json!(key),
    });
    let rules = flag.rules.iter().enumerate().map(|(number, rule)| {
        let mut written = given(&rule.serve);
        written["id"] = json!(format!("rule-{number}"));
        written["clauses"] = rule.when.iter().map(clause).collect();
        written["trackEvents"] = json!(false);
        written
    });
    let (mut rules, mut fallthrough) = (rules.collect::<Vec<_>>(), given(&flag.otherwise));
    // What a last rule without conditions gives is LaunchDarkly's fallthrough.
    if let Some(last) = flag.rules.last().filter(|rule| rule.when.is_empty()) {
        rules.pop();
        fallthrough = given(&last.serve);
    }
    json!({
        "key": flag.key,
        "version": 1,
        "on": true,
        "salt": flag.key,
        "targets": [],
        "prerequisites": [],
        "rules": rules,
        "fallthrough": fallthrough,
        "offVariation": 0,
        "variations": variations.collect::<Vec<_>>(),
    })
}

fn given(given: &Given) -> Value {
    match given {
        Given::Variant(variant) => json!({ "variation": variant }),
        Given::Split(weights) => {
            let weighted = weights
                .iter()
                .map(|(variant, weight)| json!({ "variation": variant, "weight": weight }));
            json!({ "rollout": { "variations": weighted.collect::<Vec<_>>() } })
        }
    }
}

fn clause(condition: &Condition) -> Value {
    let (attribute, op, values, negate) = match condition {
        Condition::In { attribute, values } => (attribute, "in", json!(values), false),
        Condition::Above { attribute, number } => {
            (attribute, "greaterThan", json!([number]), false)
        }
        Condition::EndsWith { attribute, suffix } => {
            (attribute, "endsWith", json!([suffix]), false)
        }
        Condition::AtLeast { attribute, version } => {
            (attribute, "semVerLessThan", json!([version]), true)
        }
    };
    json!({ "attribute": attribute, "op": op, "values": values, "negate": negate,
            "contextKind": "user" })
}
