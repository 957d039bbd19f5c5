//! Random features and contexts of Unleash that meet each other, and miss by little.
//!
//! In: a seed's choices. Out: documents as Unleash's server answers them, and contexts as its
//! clients take them, odd ones among them. Left out is only what has no one answer: see `draws`.

mod pools;

use serde_json::{Map, Value, json};

use crate::generate::Dice;
use pools::{
    ADDRESSES, ENTRIES, GROUPS, MOMENTS, NUMBERS, NUMERALS, PATTERNS, PERCENTAGES, STRINGS, TIMES,
    VERSIONS,
};

pub use draws::draws;

mod draws;

/// Fields of the context; those after the sixth are properties.
const FIELDS: [&str; 12] = [
    "userId",
    "sessionId",
    "environment",
    "appName",
    "remoteAddress",
    "currentTime",
    "plan",
    "age",
    "version",
    "since",
    "address",
    "größe",
];

/// Names of the features of a document, as many as it has.
const NAMES: [&str; 9] = ["a", "b", "c", "new-checkout", "größe", "d.e", "日本", "h", "i"];

/// A document of features and segments.
pub fn document(dice: &mut Dice) -> Value {
    let count = 1 + dice.below(NAMES.len());
    let features: Vec<Value> =
        NAMES.iter().take(count).map(|name| feature(dice, name, count)).collect();
    let segments: Vec<Value> = (1..=3)
        .map(|id| json!({ "id": id, "name": format!("s{id}"), "constraints": constraints(dice) }))
        .collect();
    json!({ "version": 2, "features": features, "segments": segments })
}

/// Names of the features of `document`, and one that it lacks.
#[must_use]
pub fn names(document: &Value) -> Vec<String> {
    let features = document["features"].as_array().unwrap().iter();
    let names = features.map(|feature| feature["name"].as_str().unwrap().to_owned());
    names.chain(["missing".to_owned()]).collect()
}

fn feature(dice: &mut Dice, name: &str, count: usize) -> Value {
    let mut feature = json!({ "name": name, "enabled": dice.chance(90) });
    if dice.chance(95) {
        feature["strategies"] = dice.several(0, 3, strategy).into();
    }
    if dice.chance(40) {
        feature["variants"] = variants(dice, true);
    }
    if dice.chance(25) {
        feature["dependencies"] = dice.several(1, 2, |dice| dependency(dice, count)).into();
    }
    feature
}

fn dependency(dice: &mut Dice, count: usize) -> Value {
    let parent = if dice.chance(5) { "missing" } else { NAMES[dice.below(count)] };
    let mut dependency = json!({ "feature": parent });
    if dice.chance(50) {
        dependency["enabled"] = dice.chance(60).into();
    }
    if dice.chance(40) {
        dependency["variants"] = dice
            .several(0, 2, |dice| *dice.one_of(&["one", "two", "three", "disabled", "none"]))
            .into();
    }
    dependency
}

fn strategy(dice: &mut Dice) -> Value {
    let name = *dice.one_of(&[
        "default",
        "default",
        "userWithId",
        "remoteAddress",
        "applicationHostname",
        "flexibleRollout",
        "flexibleRollout",
        "flexibleRollout",
        "gradualRolloutUserId",
        "gradualRolloutSessionId",
        "gradualRolloutRandom",
        "ours",
    ]);
    // Strategies of our own are rare, as are those that nothing but a draw decides.
    let name = if matches!(name, "ours" | "gradualRolloutRandom") && dice.chance(70) {
        "flexibleRollout"
    } else {
        name
    };
    let mut strategy = json!({ "name": name, "parameters": parameters(dice, name) });
    if dice.chance(70) {
        strategy["constraints"] = constraints(dice);
    }
    if dice.chance(15) {
        // The fourth does not exist.
        let last = if dice.chance(10) { 4 } else { 3 };
        strategy["segments"] = dice.several(1, 2, |dice| 1 + dice.below(last)).into();
    }
    if dice.chance(30) {
        strategy["variants"] = variants(dice, false);
    }
    strategy
}

fn parameters(dice: &mut Dice, strategy: &str) -> Value {
    let mut parameters = Map::new();
    let list = |dice: &mut Dice, pool: &[&str]| {
        dice.several(0, 4, |dice| (*dice.one_of(pool)).to_owned())
            .join(*dice.one_of(&[",", ", ", " ,"]))
    };
    let mut put = |dice: &mut Dice, name: &str, text: String| {
        if dice.chance(93) {
            parameters.insert(name.to_owned(), text.into());
        }
    };
    match strategy {
        "userWithId" => {
            let ids = list(dice, &STRINGS);
            put(dice, "userIds", ids);
        }
        "remoteAddress" => {
            let entries = list(dice, &ENTRIES);
            put(dice, "IPs", entries);
        }
        "applicationHostname" => {
            let hosts = list(dice, &["host", "other"]);
            put(dice, "hostNames", hosts);
        }
        "flexibleRollout" => {
            let percentage = percentage(dice);
            put(dice, "rollout", percentage);
            let stickiness = *dice.one_of(&[
                "default",
                "default",
                "userId",
                "sessionId",
                "plan",
                "random",
                "environment",
                "appName",
                "remoteAddress",
                "größe",
                "",
            ]);
            put(dice, "stickiness", stickiness.to_owned());
        }
        "gradualRolloutUserId" | "gradualRolloutSessionId" | "gradualRolloutRandom" => {
            let percentage = percentage(dice);
            put(dice, "percentage", percentage);
        }
        _ => {}
    }
    if dice.chance(70) {
        parameters.insert("groupId".to_owned(), (*dice.one_of(&GROUPS)).into());
    }
    parameters.into()
}

fn percentage(dice: &mut Dice) -> String {
    if dice.chance(50) {
        return dice.below(101).to_string();
    }
    (*dice.one_of(&PERCENTAGES)).to_owned()
}

fn variants(dice: &mut Dice, are_of_feature: bool) -> Value {
    let mut variants = dice.several(0, 4, |dice| {
        let name = *dice.one_of(&["one", "two", "three", "four", "disabled", "none", ""]);
        let mut variant = json!({ "name": name, "weight": dice.below(4) * dice.below(300) });
        if dice.chance(60) {
            let kind = *dice.one_of(&["string", "json", "csv", "number"]);
            variant["payload"] = json!({ "type": kind, "value": *dice.one_of(&STRINGS) });
        }
        if dice.chance(50) {
            variant["stickiness"] = (*dice.one_of(&["default", "userId", "plan", "random"])).into();
        }
        if are_of_feature && dice.chance(25) {
            variant["overrides"] = dice.several(1, 2, overriding).into();
        }
        variant
    });
    // The engine divides by the sum of the weights.
    if let Some(first) = variants.first_mut()
        && dice.chance(100)
    {
        first["weight"] = (1 + dice.below(500)).into();
    }
    variants.into()
}

fn overriding(dice: &mut Dice) -> Value {
    let field = *dice.one_of(&["userId", "plan", "environment", "remoteAddress", "sessionId"]);
    let values = dice.several(0, 3, |dice| *dice.one_of(&STRINGS));
    json!({ "contextName": field, "values": values })
}

fn constraints(dice: &mut Dice) -> Value {
    let most = if dice.chance(30) { 3 } else { 1 };
    dice.several(0, most, constraint).into()
}

fn constraint(dice: &mut Dice) -> Value {
    let kind = dice.below(100);
    let several =
        |dice: &mut Dice, pool: &[&str]| dice.several(0, 4, |dice| (*dice.one_of(pool)).to_owned());
    // The clock as a text differs between us, so texts are not asked of it.
    let text_field = FIELDS[[0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11][dice.below(11)]];
    let mut constraint = match kind {
        0..25 => {
            let operator = *dice.one_of(&["IN", "NOT_IN"]);
            json!({ "contextName": text_field, "operator": operator, "values": several(dice, &STRINGS) })
        }
        25..45 => {
            let operator = *dice.one_of(&["STR_STARTS_WITH", "STR_ENDS_WITH", "STR_CONTAINS"]);
            let mut values = several(dice, &STRINGS);
            if values.is_empty() && dice.chance(80) {
                values.push("a".to_owned());
            }
            json!({ "contextName": text_field, "operator": operator, "values": values })
        }
        45..55 => {
            let pattern = *dice.one_of(&PATTERNS);
            json!({ "contextName": text_field, "operator": "REGEX", "value": pattern })
        }
        55..63 => {
            let mut values = several(dice, &ENTRIES);
            if values.is_empty() && dice.chance(80) {
                values.push("10.0.0.0/8".to_owned());
            }
            let field = *dice.one_of(&["remoteAddress", "address", "plan"]);
            json!({ "contextName": field, "operator": "IN_CIDR", "values": values })
        }
        63..98 => ordering(dice),
        98 => json!({ "contextName": "plan", "operator": "NO_SUCH", "values": ["a"] }),
        _ => json!({ "contextName": "plan\"", "operator": "IN", "values": ["a"] }),
    };
    if dice.chance(25) {
        constraint["inverted"] = true.into();
    }
    if dice.chance(25) {
        constraint["caseInsensitive"] = true.into();
    }
    constraint
}

fn ordering(dice: &mut Dice) -> Value {
    let (operators, field, pool): (&[&str], &str, &[&str]) = match dice.below(3) {
        0 => (&["NUM_EQ", "NUM_GT", "NUM_GTE", "NUM_LT", "NUM_LTE"], "age", &NUMBERS),
        1 => (
            &["SEMVER_EQ", "SEMVER_GT", "SEMVER_GTE", "SEMVER_LT", "SEMVER_LTE"],
            "version",
            &VERSIONS,
        ),
        _ => (&["DATE_AFTER", "DATE_BEFORE"], *dice.one_of(&["currentTime", "since"]), &TIMES),
    };
    let operator = *dice.one_of(operators);
    let field = if dice.chance(10) { FIELDS[dice.below(FIELDS.len())] } else { field };
    // Now and then a value of another kind, which decides what is compared.
    let pool = if dice.chance(12) {
        *dice.one_of(&[&NUMBERS[..], &VERSIONS, &TIMES, &STRINGS])
    } else {
        pool
    };
    let mut value = *dice.one_of(pool);
    // Operands that the engine cannot read take the whole feature down; they are kept rare.
    if is_dubious(value) && dice.chance(85) {
        value = "1";
    }
    json!({ "contextName": field, "operator": operator, "value": value })
}

fn is_dubious(value: &str) -> bool {
    !value.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+')
}

/// A context as Unleash's clients take it.
pub fn context(dice: &mut Dice) -> Value {
    let mut context = Map::new();
    let mut properties = Map::new();
    for (index, field) in FIELDS.iter().enumerate() {
        if !dice.chance(75) {
            continue;
        }
        let value = value(dice, field);
        // A property with the name of a field stands for it where the field is missing.
        let is_property = index > 5 || dice.chance(3);
        if is_property { &mut properties } else { &mut context }
            .insert((*field).to_owned(), value.into());
    }
    if !properties.is_empty() {
        context.insert("properties".to_owned(), properties.into());
    }
    context.into()
}

/// Mostly what the field is used for, sometimes anything.
fn value(dice: &mut Dice, field: &str) -> String {
    let pool: &[&str] = match field {
        "currentTime" => &MOMENTS,
        _ if dice.chance(10) => {
            let any: [&[&str]; 5] = [&NUMERALS, &VERSIONS, &MOMENTS, &ADDRESSES, &STRINGS];
            let pool: &&[&str] = dice.one_of(&any);
            pool
        }
        "age" => &NUMERALS,
        "version" => &VERSIONS,
        "since" => &MOMENTS,
        "remoteAddress" | "address" => &ADDRESSES,
        "userId" | "sessionId" if dice.chance(60) => {
            let stem = *dice.one_of(&["user-", "ü", "", "日本-"]);
            return format!("{stem}{}", dice.below(1_000));
        }
        _ => &STRINGS,
    };
    (*dice.one_of(pool)).to_owned()
}
