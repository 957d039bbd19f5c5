//! Every flag of the shop, evaluated for one shopper.
//!
//! In: the client of the flags and a context. Out: values with the reasons for them, all from one
//! revision, so that a page never mixes two. It remembers which flags a page asked for.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::Value as Json;
use vexil_runtime::{Client, Context, Detail, Details, Kind};

use crate::flags::{ALL, AnyFlag, Flag};

/// How often to begin anew when flags change between two evaluations of one request. A change
/// takes milliseconds to come and all flags take microseconds, so the second try succeeds.
const TRIES: usize = 4;

/// One flag's value for one shopper, and how it came about.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The flag.
    pub key: String,
    /// Its value, or the shop's default.
    pub value: Json,
    /// Which variant, unless it is the shop's default.
    pub variant: Option<String>,
    /// OpenFeature's name of the reason.
    pub reason: &'static str,
    /// The rule that decided.
    pub rule: Option<String>,
    /// What else decided: an override, or a prerequisite that was not met.
    pub detail: Option<String>,
    /// OpenFeature's name of the error.
    pub error_code: Option<&'static str>,
    /// More on the error.
    pub error_message: Option<String>,
    /// Revision and digest of the module that decided.
    pub source: Option<(u64, String)>,
}

/// The decisions of one request.
#[derive(Debug)]
pub struct Decisions {
    /// In the order of [`ALL`].
    pub all: Vec<Decision>,
    used: RefCell<BTreeSet<&'static str>>,
}

impl Decisions {
    /// Evaluates every flag.
    pub fn take(client: &Client, context: &Context) -> Self {
        let evaluate = || ALL.iter().map(|flag| decide(client, *flag, context)).collect::<Vec<_>>();
        let mut all = evaluate();
        for _ in 1..TRIES {
            if agree(&all) {
                break;
            }
            all = evaluate();
        }
        Self { all, used: RefCell::default() }
    }

    /// Revision and digest behind these decisions; `None` before the first module, and when they
    /// come from more than one.
    pub fn source(&self) -> Option<&(u64, String)> {
        self.all.first().filter(|_| agree(&self.all)).and_then(|first| first.source.as_ref())
    }

    /// The decisions that a page asked for so far.
    pub fn used(&self) -> Vec<&Decision> {
        let used = self.used.borrow();
        self.all.iter().filter(|decision| used.contains(decision.key.as_str())).collect()
    }

    /// A switch.
    pub fn bool(&self, flag: &'static Flag<bool>) -> bool {
        self.value(flag.key).as_bool().unwrap_or(flag.default)
    }

    /// A word.
    pub fn text(&self, flag: &'static Flag<&'static str>) -> &str {
        self.value(flag.key).as_str().unwrap_or(flag.default)
    }

    /// An amount.
    pub fn number(&self, flag: &'static Flag<f64>) -> f64 {
        self.value(flag.key).as_f64().unwrap_or(flag.default)
    }

    /// Something with parts.
    pub fn json(&self, flag: &'static Flag<&'static str>) -> &Json {
        self.value(flag.key)
    }

    fn value(&self, key: &'static str) -> &Json {
        self.used.borrow_mut().insert(key);
        let decision = self.all.iter().find(|decision| decision.key == key);
        decision.map_or(&Json::Null, |decision| &decision.value)
    }
}

/// Evaluates any flag of the project, also one that the shop does not know.
pub fn decide_by_key(client: &Client, key: &str, context: &Context) -> Decision {
    if let Some(flag) = ALL.iter().find(|flag| flag.key() == key) {
        return decide(client, *flag, context);
    }
    let kind = client.flags().into_iter().find(|flag| flag.key == key).map(|flag| flag.kind);
    match kind {
        Some(Kind::Boolean) => row(client.bool_detail(key, context, false)),
        Some(Kind::String) => row(client.string_detail(key, context, "")),
        Some(Kind::Number) => row(client.number_detail(key, context, 0.0)),
        Some(Kind::Json) | None => row(client.json_detail(key, context, Json::Null)),
    }
}

fn decide(client: &Client, flag: AnyFlag, context: &Context) -> Decision {
    let key = flag.key();
    match flag {
        AnyFlag::Bool(flag) => row(client.bool_detail(key, context, flag.default)),
        AnyFlag::Text(flag) => row(client.string_detail(key, context, flag.default)),
        AnyFlag::Number(flag) => row(client.number_detail(key, context, flag.default)),
        AnyFlag::Json(flag) => {
            let default = serde_json::from_str(flag.default).unwrap_or_default();
            row(client.json_detail(key, context, default))
        }
    }
}

fn row<T: Into<Json>>(details: Details<T>) -> Decision {
    let detail = match details.detail {
        Detail::None => None,
        Detail::Override => Some("override".to_owned()),
        Detail::Prerequisite(key) => Some(format!("needs {key}")),
    };
    Decision {
        key: details.flag_key,
        value: plain(details.value.into()),
        variant: details.variant,
        reason: details.reason.name(),
        rule: details.rule,
        detail,
        error_code: details.error_code.map(|code| code.name()),
        error_message: details.error_message,
        source: details.revision.zip(details.digest),
    }
}

/// Whole numbers without a fraction, as people write them.
fn plain(value: Json) -> Json {
    match value.as_f64() {
        Some(number) if number.fract() == 0.0 && number.abs() < 1e15 => Json::from(number as i64),
        _ => value,
    }
}

fn agree(decisions: &[Decision]) -> bool {
    decisions.windows(2).all(|pair| matches!(pair, [one, next] if one.source == next.source))
}
