//! What a revision means, as the log has it: the module of its flags, and what they give to whom.
//!
//! In: a store, a revision; what a client answers. Out: whether that is the same. Flags are projected
//! from the log, compiled, and evaluated by the interpreter; what was found once of equal flags is
//! kept for all worlds.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use serde_json::{Value, json};
use vexil_abi::verdict::{NO_VARIANT, reason};
use vexil_compiler::context::Context;
use vexil_compiler::flag_set::FlagSet;
use vexil_compiler::interpret;
use vexil_runtime::Client;
use vexil_server::log::event::Revision;
use vexil_server::projection::rebuild::rebuild;
use vexil_tests::cases::NOW_MS;
use vexil_tests::hosts::runtime_context;

use super::store::Content;

/// The project and the environment that clients follow.
pub const PROJECT: &str = "shop";
/// See [`PROJECT`].
pub const ENVIRONMENT: &str = "live";
/// Another environment, of which they hear nothing.
pub const OTHER: &str = "test";
/// The flags.
pub const FLAGS: [&str; 2] = ["checkout", "banner"];

/// What a world begins with.
pub fn document() -> Value {
    let rule = json!({
        "id": "here", "when": { "attribute": "country", "in": ["DE", "AT"] }, "serve": "on",
    });
    let on = json!({ "enabled": true, "rules": [rule] });
    let banner = json!({ "enabled": true, "fallthrough": "red" });
    json!({
        "format": "vexil/1",
        "environments": [ENVIRONMENT, OTHER],
        "flags": {
            "checkout": { "kind": "boolean", "environments": { ENVIRONMENT: on, OTHER: {} } },
            "banner": {
                "kind": "string",
                "variants": { "red": "#f00", "green": "#0f0", "blue": "#00f" },
                "environments": { ENVIRONMENT: banner, OTHER: {} },
            },
        },
    })
}

static CONTEXTS: LazyLock<Vec<Context>> = LazyLock::new(|| {
    let contexts = [
        json!({ "targetingKey": "mia", "country": "DE" }),
        json!({ "targetingKey": "sam", "country": "US" }),
        json!({ "targetingKey": "quinn" }),
    ];
    contexts.iter().map(|context| Context::from_json(context).unwrap()).collect()
});

/// A verdict: variant, reason.
type Seen = (Option<String>, &'static str);

/// What a flag set means.
#[derive(Debug)]
pub struct Meaning {
    /// The digest of its module.
    pub digest: String,
    /// Of each flag for each context.
    seen: Vec<Seen>,
}

static MEANINGS: LazyLock<Mutex<HashMap<String, Arc<Meaning>>>> = LazyLock::new(Mutex::default);

impl Meaning {
    fn of(flag_set: &FlagSet) -> Arc<Self> {
        let text = format!("{flag_set:?}");
        let mut known = MEANINGS.lock().unwrap_or_else(PoisonError::into_inner);
        let meaning = known.entry(text).or_insert_with(|| {
            let digest = vexil_compiler::compile(flag_set).unwrap().digest;
            let each = FLAGS.iter().flat_map(|flag| CONTEXTS.iter().map(move |it| (flag, it)));
            let seen = each.map(|(flag, context)| {
                let verdict = interpret::evaluate(flag_set, flag, context, NOW_MS);
                let variant = (verdict.variant != NO_VARIANT).then(|| {
                    let variants = &flag_set.flags[*flag].definition.variants;
                    variants.get_index(usize::from(verdict.variant)).unwrap().0.clone()
                });
                (variant, reason::NAMES[usize::from(verdict.reason)])
            });
            Arc::new(Self { digest, seen: seen.collect() })
        });
        Arc::clone(meaning)
    }

    /// Flags that give something else than in `before`, or all.
    pub fn changed(&self, before: Option<&Self>) -> Vec<&'static str> {
        let each = FLAGS.iter().zip(self.seen.chunks(CONTEXTS.len()));
        let Some(before) = before else { return FLAGS.to_vec() };
        let before = before.seen.chunks(CONTEXTS.len());
        let changed = each.zip(before).filter(|((_, now), before)| now != before);
        changed.map(|((flag, _), _)| *flag).collect()
    }

    /// Where a client answers otherwise.
    pub fn differs(&self, client: &Client) -> Option<String> {
        let each = FLAGS.iter().flat_map(|flag| CONTEXTS.iter().map(move |it| (*flag, it)));
        each.zip(&self.seen).find_map(|((flag, context), seen)| {
            let context = runtime_context(context);
            let (variant, reason) = match flag {
                "checkout" => {
                    let details = client.bool_detail(flag, &context, false);
                    (details.variant, details.reason)
                }
                _ => {
                    let details = client.string_detail(flag, &context, "");
                    (details.variant, details.reason)
                }
            };
            let found = (variant, reason.name());
            (found != *seen).then(|| format!("`{flag}` gives {found:?}, the flags say {seen:?}"))
        })
    }
}

/// What the revisions of one world mean.
pub struct Truth {
    store: Content,
    known: Mutex<HashMap<u64, Arc<Meaning>>>,
}

impl Truth {
    /// Of the log in `store`.
    pub fn new(store: Content) -> Self {
        Self { store, known: Mutex::default() }
    }

    /// What a revision means; `None` when there is none like that.
    pub fn at(&self, revision: u64) -> Option<Arc<Meaning>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(meaning) = known.get(&revision) {
            return Some(Arc::clone(meaning));
        }
        let state = rebuild(&self.store, PROJECT, Some(Revision(revision))).ok()?;
        let meaning = Meaning::of(&state.project.flag_set(ENVIRONMENT)?);
        known.insert(revision, Arc::clone(&meaning));
        Some(meaning)
    }
}
