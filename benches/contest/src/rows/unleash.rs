//! Unleash: `unleash-yggdrasil`, the evaluator of Unleash's SDKs and of its Edge.
//!
//! In: client features, as Unleash's servers send them. Out: on or off, or a variant.

use serde_json::{Value, json};
use unleash_yggdrasil::state::{EnrichedContext, PropertiesRef};
use unleash_yggdrasil::{ClientFeatures, EngineState, UpdateMessage, VariantDef};

use crate::row::{Row, Served, Side, Wired};
use crate::rules::{Condition, Given, Rules, WHOLE};
use crate::subject::{StringMap, key};
use crate::workloads::Workload;

/// Whole of an Unleash variant's weights.
const WEIGHTS: u32 = 1_000;

/// The row.
pub struct Unleash {
    engine: EngineState,
    flags: Vec<Flag>,
}

struct Flag {
    key: String,
    is_boolean: bool,
}

/// What one of the two calls answered.
pub enum Answer {
    /// Of `check_enabled`.
    Enabled(Option<bool>),
    /// Of `check_variant`.
    Variant(Option<VariantDef>),
}

impl Row for Unleash {
    const NAME: &'static str = "unleash";
    const TITLE: &'static str = "Unleash";
    const PACKAGE: Option<&'static str> = Some("unleash-yggdrasil 0.21.7");
    const SIDE: Side = Side::Peer;
    const HOW: &'static str = "`check_enabled` or `check_variant` by key on an `EnrichedContext` \
        that borrows the map of strings, which is the form its attributes have: no context has to \
        be made, and numbers are parsed where they are compared; no metrics; conditions stand on \
        `default` strategies, which cost less than gradual rollouts at 100 %; variants without \
        payload, the name is the answer";
    const BUCKETS_LIKE_VEXIL: bool = false;

    type Context<'m> = EnrichedContext<'m>;
    type Answer<'a> = Answer;

    fn load(workload: &Workload) -> Self {
        let keys = workload.keys();
        let mut row = Self::read(&Self::wire(workload), &keys);
        for (flag, rules) in row.flags.iter_mut().zip(&workload.flags) {
            flag.is_boolean = rules.is_boolean;
        }
        row
    }

    fn context<'m>(&self, subject: &'m StringMap) -> EnrichedContext<'m> {
        EnrichedContext {
            user_id: Some(key(subject)),
            session_id: None,
            environment: None,
            app_name: None,
            current_time: None,
            remote_address: None,
            properties: Some(PropertiesRef::Strings(subject)),
            external_results: None,
            toggle_name: "",
            runtime_hostname: None,
        }
    }

    fn evaluate<'a, 'm: 'a>(&'a mut self, flag: usize, context: &'a EnrichedContext<'m>) -> Answer {
        let flag = &self.flags[flag];
        let context = context.with_toggle_name(&flag.key);
        match flag.is_boolean {
            true => Answer::Enabled(self.engine.check_enabled(&context)),
            false => Answer::Variant(self.engine.check_variant(&context)),
        }
    }

    fn served(answer: Answer) -> Served {
        match answer {
            Answer::Enabled(enabled) => Served::Bool(enabled.expect("the flag is there")),
            Answer::Variant(variant) => Served::Key(variant.expect("the flag is there").name),
        }
    }
}

impl Wired for Unleash {
    fn wire(workload: &Workload) -> Vec<u8> {
        let features: Vec<Value> = workload.flags.iter().map(written).collect();
        json!({ "version": 2, "features": features }).to_string().into_bytes()
    }

    /// All flags are taken for flags with variants.
    fn read(wire: &[u8], keys: &[String]) -> Self {
        let features: ClientFeatures = serde_json::from_slice(wire).expect("the features are good");
        let engine = EngineState::default();
        let warnings = engine.take_state(UpdateMessage::FullResponse(features));
        assert!(warnings.is_none(), "the features compile: {warnings:?}");
        let flags = keys.iter().map(|key| Flag { key: key.clone(), is_boolean: false });
        Self { engine, flags: flags.collect() }
    }
}

fn written(flag: &Rules) -> Value {
    let mut strategies: Vec<Value> =
        flag.rules.iter().map(|rule| strategy(flag, &rule.when, &rule.serve)).collect();
    let is_off = matches!(flag.otherwise, Given::Variant(number) if flag.variant(number) == "off");
    let is_decided = flag.rules.last().is_some_and(|rule| rule.when.is_empty());
    if !(is_decided || (flag.is_boolean && is_off)) {
        strategies.push(strategy(flag, &[], &flag.otherwise));
    }
    json!({ "name": flag.key, "enabled": true, "strategies": strategies })
}

fn strategy(flag: &Rules, when: &[Condition], given: &Given) -> Value {
    let constraints: Vec<Value> = when.iter().map(constraint).collect();
    let (name, parameters, variants) = match given {
        Given::Variant(_) if flag.is_boolean => ("default", json!({}), json!([])),
        Given::Variant(variant) => {
            let whole = json!([{ "name": flag.variant(*variant), "weight": WEIGHTS }]);
            ("default", json!({}), whole)
        }
        // On is a gradual rollout's percentage of those that get the flag.
        Given::Split(weights) if flag.is_boolean => {
            let on = weights.iter().find(|(variant, _)| flag.variant(*variant) == "on");
            let percent = on.map_or(0, |(_, weight)| weight / (WHOLE / 100));
            let parameters = json!({
                "rollout": percent.to_string(), "stickiness": "userId", "groupId": flag.key,
            });
            ("flexibleRollout", parameters, json!([]))
        }
        Given::Split(weights) => {
            let variants = weights.iter().map(|(variant, weight)| {
                json!({ "name": flag.variant(*variant), "weight": weight / (WHOLE / WEIGHTS) })
            });
            ("default", json!({ "stickiness": "userId" }), variants.collect())
        }
    };
    json!({
        "name": name, "parameters": parameters, "constraints": constraints, "variants": variants,
    })
}

fn constraint(condition: &Condition) -> Value {
    match condition {
        Condition::In { attribute, values } => {
            json!({ "contextName": attribute, "operator": "IN", "values": values })
        }
        Condition::Above { attribute, number } => {
            json!({ "contextName": attribute, "operator": "NUM_GT", "value": number.to_string() })
        }
        Condition::EndsWith { attribute, suffix } => {
            json!({ "contextName": attribute, "operator": "STR_ENDS_WITH", "values": [suffix] })
        }
        Condition::AtLeast { attribute, version } => {
            json!({ "contextName": attribute, "operator": "SEMVER_GTE", "value": version })
        }
    }
}
