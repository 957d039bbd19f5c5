//! flagd: `flagd-evaluation-engine`, the evaluator of OpenFeature's Rust provider for flagd.
//!
//! In: a flag definition of flagd's. Out: the name of a variant, and its value.

use flagd_evaluation_engine::{FeatureFlag, FlagParser, Operator};
use open_feature::{EvaluationContext, EvaluationContextFieldValue};
use serde_json::{Map, Value, json};

use crate::row::{Row, Served, Side, Wired};
use crate::rules::{Condition, Given, Rules, WHOLE};
use crate::subject::{Reading, StringMap, key, readings};
use crate::workloads::Workload;

/// The row.
pub struct Flagd {
    operator: Operator,
    flags: Vec<Flag>,
}

struct Flag {
    key: String,
    definition: FeatureFlag,
    /// `None` where the flag is the same for everybody.
    targeting: Option<String>,
}

impl Row for Flagd {
    const NAME: &'static str = "flagd";
    const TITLE: &'static str = "flagd";
    const PACKAGE: Option<&'static str> = Some("flagd-evaluation-engine 0.1.0");
    const SIDE: Side = Side::Peer;
    const HOW: &'static str = "`Operator::apply` with the flag at hand and its rule's text written \
        once (the provider writes it for each evaluation), then the variant's value by reference; \
        a flag without a rule gives its default variant without `apply`; the library itself parses \
        the rule and writes and parses the context for each evaluation, and there is no call that \
        does not; shorthand `fractional`, `sem_ver`, `ends_with`";
    const BUCKETS_LIKE_VEXIL: bool = false;

    type Context<'m> = EvaluationContext;
    type Answer<'a> = &'a Value;

    fn load(workload: &Workload) -> Self {
        Self::read(&Self::wire(workload), &workload.keys())
    }

    fn context<'m>(&self, subject: &'m StringMap) -> EvaluationContext {
        let fields = readings(subject).map(|(name, reading)| {
            let value = match reading {
                Reading::Text(text) => EvaluationContextFieldValue::String(text.to_owned()),
                Reading::Number(number) => EvaluationContextFieldValue::Float(number),
            };
            (name.to_owned(), value)
        });
        EvaluationContext {
            targeting_key: Some(key(subject).to_owned()),
            custom_fields: fields.collect(),
        }
    }

    fn evaluate<'a, 'm: 'a>(
        &'a mut self,
        flag: usize,
        context: &'a EvaluationContext,
    ) -> &'a Value {
        let flag = &self.flags[flag];
        let chosen = flag.targeting.as_ref().and_then(|targeting| {
            self.operator.apply(&flag.key, targeting, context).expect("the rule is good")
        });
        let variant = chosen.as_ref().unwrap_or(&flag.definition.default_variant);
        &flag.definition.variants[variant]
    }

    fn served(answer: &Value) -> Served {
        match answer {
            Value::Bool(boolean) => Served::Bool(*boolean),
            Value::String(text) => Served::Key(text.clone()),
            other => panic!("no flag has the value {other}"),
        }
    }
}

impl Wired for Flagd {
    fn wire(workload: &Workload) -> Vec<u8> {
        let flags: Map<String, Value> =
            workload.flags.iter().map(|flag| (flag.key.clone(), written(flag))).collect();
        json!({ "flags": flags }).to_string().into_bytes()
    }

    fn read(wire: &[u8], keys: &[String]) -> Self {
        let text = std::str::from_utf8(wire).expect("a definition is text");
        let mut parsed = FlagParser::parse_string(text).expect("the definition is good");
        let flags = keys.iter().map(|key| {
            let definition = parsed.flags.remove(key).expect("every flag is defined");
            let targeting = definition.targeting.is_some().then(|| definition.get_targeting());
            Flag { key: key.clone(), definition, targeting }
        });
        Self { operator: Operator::new(), flags: flags.collect() }
    }
}

fn written(flag: &Rules) -> Value {
    let variants = flag.variants.iter().map(|key| {
        let value = if flag.is_boolean { json!(key == "on") } else { json!(key) };
        (key.clone(), value)
    });
    let mut branches = Vec::new();
    for rule in &flag.rules {
        let conditions: Vec<Value> = rule.when.iter().map(condition).collect();
        match conditions.as_slice() {
            [] => {}
            [one] => branches.push(one.clone()),
            all => branches.push(json!({ "and": all })),
        }
        branches.push(given(flag, &rule.serve));
    }
    // A rule that nothing stands before decides for all that are left.
    let is_decided = flag.rules.last().is_some_and(|rule| rule.when.is_empty());
    if !is_decided {
        branches.push(given(flag, &flag.otherwise));
    }
    let mut definition = json!({
        "state": "ENABLED",
        "variants": variants.collect::<Map<_, _>>(),
        "defaultVariant": flag.variant(flag.otherwise.variants()[0]),
    });
    match (branches.as_slice(), &flag.otherwise) {
        ([_], Given::Variant(_)) => {}
        ([only], Given::Split(_)) => definition["targeting"] = only.clone(),
        (branches, _) => definition["targeting"] = json!({ "if": branches }),
    }
    definition
}

fn given(flag: &Rules, given: &Given) -> Value {
    match given {
        Given::Variant(variant) => json!(flag.variant(*variant)),
        Given::Split(weights) => {
            let percent = WHOLE / 100;
            let parts = weights
                .iter()
                .map(|(variant, weight)| json!([flag.variant(*variant), weight / percent]));
            json!({ "fractional": parts.collect::<Vec<_>>() })
        }
    }
}

fn condition(condition: &Condition) -> Value {
    match condition {
        Condition::In { attribute, values } => match values.as_slice() {
            [value] => json!({ "==": [{ "var": attribute }, value] }),
            values => json!({ "in": [{ "var": attribute }, values] }),
        },
        Condition::Above { attribute, number } => json!({ ">": [{ "var": attribute }, number] }),
        Condition::EndsWith { attribute, suffix } => {
            json!({ "ends_with": [{ "var": attribute }, suffix] })
        }
        Condition::AtLeast { attribute, version } => {
            json!({ "sem_ver": [{ "var": attribute }, ">=", version] })
        }
    }
}
