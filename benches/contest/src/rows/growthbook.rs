//! GrowthBook: `growthbook-rust`.
//!
//! In: a payload of features and saved groups. Out: feature results.

use std::collections::HashMap;

use growthbook_rust::dto::GrowthBookResponse;
use growthbook_rust::growthbook::GrowthBook as Peer;
use growthbook_rust::model_public::{
    FeatureResult, GrowthBookAttribute, GrowthBookAttributeValue, SavedGroup,
};
use serde_json::{Map, Value, json};

use crate::row::{Row, Served, Side, Wired};
use crate::rules::{Condition, Given, Rules, WHOLE};
use crate::subject::{Reading, StringMap, key, readings};
use crate::workloads::Workload;

/// Lists of more values than this are saved groups.
const INLINE_VALUES: usize = 10;

/// The row.
pub struct GrowthBook {
    peer: Peer,
    keys: Vec<String>,
}

impl Row for GrowthBook {
    const NAME: &'static str = "growthbook";
    const TITLE: &'static str = "GrowthBook";
    const PACKAGE: Option<&'static str> = Some("growthbook-rust 0.4.0");
    const SIDE: Side = Side::Peer;
    const HOW: &'static str = "`GrowthBook::check` by key with the attributes of the call and none \
        of the instance: no client, no lock, no cache, no callbacks; long lists are saved groups \
        (`$inGroup`), which are not cloned with the condition as `$in` is; `$vgte`; `$regex` for \
        the end of an address, as there is no operator for it; the library compiles it for each \
        evaluation; splits are experiments, rollouts are coverage";
    const BUCKETS_LIKE_VEXIL: bool = false;

    type Context<'m> = Option<Vec<GrowthBookAttribute>>;
    type Answer<'a> = FeatureResult;

    fn load(workload: &Workload) -> Self {
        Self::read(&Self::wire(workload), &workload.keys())
    }

    fn context<'m>(&self, subject: &'m StringMap) -> Self::Context<'m> {
        let id = GrowthBookAttributeValue::String(key(subject).to_owned());
        let attributes = readings(subject).map(|(name, reading)| {
            let value = match reading {
                Reading::Text(text) => GrowthBookAttributeValue::String(text.to_owned()),
                Reading::Number(number) => GrowthBookAttributeValue::Float(number),
            };
            GrowthBookAttribute::new(name.to_owned(), value)
        });
        Some(
            [GrowthBookAttribute::new("id".to_owned(), id)].into_iter().chain(attributes).collect(),
        )
    }

    fn evaluate<'a, 'm: 'a>(
        &'a mut self,
        flag: usize,
        context: &'a Self::Context<'m>,
    ) -> FeatureResult {
        self.peer.check(&self.keys[flag], context)
    }

    fn served(answer: FeatureResult) -> Served {
        match answer.value {
            Value::Bool(boolean) => Served::Bool(boolean),
            Value::String(text) => Served::Key(text),
            other => panic!("no flag has the value {other}"),
        }
    }
}

impl Wired for GrowthBook {
    fn wire(workload: &Workload) -> Vec<u8> {
        let mut groups = Map::new();
        let features: Map<String, Value> = workload
            .flags
            .iter()
            .map(|flag| (flag.key.clone(), written(flag, &mut groups)))
            .collect();
        json!({ "features": features, "savedGroups": groups }).to_string().into_bytes()
    }

    fn read(wire: &[u8], keys: &[String]) -> Self {
        let payload: GrowthBookResponse =
            serde_json::from_slice(wire).expect("the payload is good");
        let groups = payload.saved_groups.as_ref().and_then(Value::as_object);
        let groups: HashMap<String, SavedGroup> = groups
            .into_iter()
            .flatten()
            .map(|(id, group)| (id.clone(), SavedGroup::from(group)))
            .collect();
        let peer = Peer {
            forced_variations: None,
            features: payload.features.expect("the payload has features"),
            attributes: None,
            sticky_bucket_service: None,
            saved_groups: groups,
        };
        Self { peer, keys: keys.to_vec() }
    }
}

fn written(flag: &Rules, groups: &mut Map<String, Value>) -> Value {
    let mut default = value(flag, flag.otherwise.variants()[0]);
    let mut rules: Vec<Value> = Vec::new();
    for rule in &flag.rules {
        let mut condition = Map::new();
        for one in &rule.when {
            let (attribute, test) = test(flag, one, groups);
            condition.insert(attribute, test);
        }
        let condition = (!condition.is_empty()).then_some(Value::Object(condition));
        rules.push(given(flag, &rule.serve, condition));
    }
    if let Given::Split(weights) = &flag.otherwise {
        // What is not rolled out is what the feature gives when no rule does.
        match weights.as_slice() {
            [(variant, weight), (rest, _)] => {
                let share = f64::from(*weight) / f64::from(WHOLE);
                default = value(flag, *rest);
                rules.push(json!({
                    "force": value(flag, *variant), "coverage": share, "hashAttribute": "id",
                    "hashVersion": 2,
                }));
            }
            _ => rules.push(given(flag, &flag.otherwise, None)),
        }
    }
    json!({ "defaultValue": default, "rules": rules })
}

fn value(flag: &Rules, variant: usize) -> Value {
    let key = flag.variant(variant);
    if flag.is_boolean { json!(key == "on") } else { json!(key) }
}

fn given(flag: &Rules, given: &Given, condition: Option<Value>) -> Value {
    let mut rule = match given {
        Given::Variant(variant) => json!({ "force": value(flag, *variant) }),
        Given::Split(weights) => {
            let variations = weights.iter().map(|(variant, _)| value(flag, *variant));
            let shares = weights.iter().map(|(_, weight)| f64::from(*weight) / f64::from(WHOLE));
            json!({
                "key": flag.key,
                "variations": variations.collect::<Vec<_>>(),
                "weights": shares.collect::<Vec<_>>(),
                "hashAttribute": "id",
                "hashVersion": 2,
            })
        }
    };
    if let Some(condition) = condition {
        rule["condition"] = condition;
    }
    rule
}

fn test(flag: &Rules, condition: &Condition, groups: &mut Map<String, Value>) -> (String, Value) {
    match condition {
        Condition::In { attribute, values } => {
            let test = match values.as_slice() {
                [value] => json!(value),
                values if values.len() <= INLINE_VALUES => json!({ "$in": values }),
                values => {
                    let id = format!("{}-{attribute}", flag.key);
                    groups.insert(id.clone(), json!(values));
                    json!({ "$inGroup": id })
                }
            };
            (attribute.clone(), test)
        }
        Condition::Above { attribute, number } => (attribute.clone(), json!({ "$gt": number })),
        Condition::EndsWith { attribute, suffix } => {
            let pattern = format!("{}$", suffix.replace('.', "\\."));
            (attribute.clone(), json!({ "$regex": pattern }))
        }
        Condition::AtLeast { attribute, version } => {
            (attribute.clone(), json!({ "$vgte": version }))
        }
    }
}
