//! Percentages: who falls into which bucket.
//!
//! In: groups, stickiness and percentages. Out: `bucket` predicates, and the hash of a split, that
//! put everybody where Unleash puts them. Unleash hashes the group, a colon and the unit with murmur3;
//! rollouts have 100 buckets, variants as many as their weights sum to.

use serde_json::{Map, Value, json};

use super::Profile;
use super::attribute::{self, NOW, RANDOM, SUBJECT};
use super::form::never;
use super::notes::Notes;
use crate::check::codes;
use crate::check::names::quoted;

/// The seed of variants, which keeps them apart from rollouts.
const VARIANT_SEED: u32 = 86_028_157;
/// Unleash's second choice of a unit.
const SESSION: &str = "sessionId";

/// A field that a rollout sticks to.
pub(super) fn units(stickiness: Option<&str>, profile: Profile) -> Vec<String> {
    let stickiness = match (stickiness, profile) {
        (Some(""), Profile::Node) | (None, _) => "default",
        (Some(stickiness), _) => stickiness,
    };
    match stickiness {
        "default" => [SUBJECT, SESSION, RANDOM].map(str::to_owned).to_vec(),
        "random" => vec![RANDOM.to_owned()],
        field => vec![attribute::of(field).to_owned()],
    }
}

/// Fields that variants stick to; where all are missing, lots are drawn.
pub(super) fn variant_units(stickiness: Option<&str>, profile: Profile) -> Vec<String> {
    let mut units = match stickiness.filter(|name| !name.is_empty()) {
        None | Some("default") => match profile {
            Profile::Yggdrasil => vec![SUBJECT.to_owned(), SESSION.to_owned()],
            Profile::Node => [SUBJECT, SESSION, "remoteAddress"].map(str::to_owned).to_vec(),
        },
        Some("random") => Vec::new(),
        Some(field) => vec![attribute::of(field).to_owned()],
    };
    units.push(RANDOM.to_owned());
    units
}

/// The first `percent` of a hundred buckets of `group`.
pub(super) fn bucket(units: &[String], group: &str, percent: u32, profile: Profile) -> Value {
    if percent == 0 {
        return never();
    }
    let mut fields = Map::new();
    put_units(&mut fields, units);
    fields.insert("hash".to_owned(), hash(group, 0, 100, profile));
    fields.insert("to".to_owned(), percent.into());
    json!({ "bucket": fields })
}

/// So many buckets of a hundred, for lots that nothing else shares.
pub(super) fn lots(name: &str, buckets: u32, to: u32) -> Value {
    if to == 0 {
        return never();
    }
    let hash = json!({ "family": "murmur3_32", "prefix": name, "buckets": buckets });
    json!({ "bucket": { "by": RANDOM, "hash": hash, "to": to } })
}

/// A split of everybody by `weights` in the buckets of `group`.
pub(super) fn split(
    units: &[String],
    group: &str,
    weights: &[(String, u32)],
    profile: Profile,
) -> Value {
    let total: u32 = weights.iter().map(|(_, weight)| *weight).sum();
    let weights: Map<String, Value> =
        weights.iter().map(|(key, weight)| (key.clone(), (*weight).into())).collect();
    let mut fields = Map::new();
    fields.insert("weights".to_owned(), weights.into());
    put_units(&mut fields, units);
    fields.insert("hash".to_owned(), hash(group, VARIANT_SEED, total, profile));
    json!({ "split": fields })
}

fn put_units(fields: &mut Map<String, Value>, units: &[String]) {
    match units {
        [unit] if unit == SUBJECT => {}
        [unit] => {
            fields.insert("by".to_owned(), unit.as_str().into());
        }
        several => {
            fields.insert("by".to_owned(), several.into());
        }
    }
}

fn hash(group: &str, seed: u32, buckets: u32, profile: Profile) -> Value {
    let mut fields = Map::new();
    fields.insert("family".to_owned(), "murmur3_32".into());
    if seed != 0 {
        fields.insert("seed".to_owned(), seed.into());
    }
    fields.insert("prefix".to_owned(), format!("{group}:").into());
    if profile == Profile::Node {
        fields.insert("encoding".to_owned(), "latin1".into());
    }
    if buckets != 100 {
        fields.insert("buckets".to_owned(), buckets.into());
    }
    fields.into()
}

/// Says what a person should know of a hash by `group` on `units`.
pub(super) fn note(units: &[String], group: &str, at: &str, notes: &mut Notes) {
    if !group.is_ascii() {
        let message =
            format!("Unleash's Node client hashes the group {} differently", quoted(group));
        let help = "its users are in other buckets than those of all other clients; import with \
                    the `--profile` of the services that matter";
        notes.add(codes::NOT_ASCII, at, message, help);
    }
    if matches!(units, [only] if only == RANDOM) {
        note_random(at, notes);
    }
    if units.iter().any(|unit| unit == NOW) {
        let message = "a bucket is taken by the time";
        let help = "set `$now` in the context to the text that Unleash's clients were given";
        notes.add(codes::TIME_AS_TEXT, at, message, help);
    }
}

/// Says that lots are drawn.
pub(super) fn note_random(at: &str, notes: &mut Notes) {
    let message = "lots are drawn at each evaluation";
    let help = "nobody keeps what they get, as in Unleash; all flags of one evaluation share one \
                draw, where Unleash draws for each";
    notes.add(codes::RANDOM, at, message, help);
}
