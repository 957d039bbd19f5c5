//! Random contexts.

use std::collections::BTreeMap;

use vexil_compiler::context::{Context, Value};

use super::Dice;
use super::pools::{
    ADDRESSES, NOT_TIMES, NOT_VERSIONS, NUMBERS, NUMERALS, PATHS, STRINGS, TIMES, VERSIONS,
    WILD_NUMBERS,
};

/// Attributes present, absent, mistyped, nested, and hidden behind dotted names.
pub fn context(dice: &mut Dice) -> Context {
    let mut context = Context::default();
    if dice.chance(85) {
        context.targeting_key = Some(text(dice));
    }
    for path in PATHS {
        if dice.chance(75) {
            let value = value(dice, path);
            insert(dice, &mut context.attributes, path, value);
        }
    }
    // Always there, because what hosts draw is no one else's to know.
    let draw = if dice.chance(90) {
        Value::Number(f64::from(dice.below(1 << 32) as u32))
    } else {
        anything(dice)
    };
    context.attributes.insert("$random".to_owned(), draw);
    if dice.chance(10) {
        context.attributes.insert("$now".to_owned(), value(dice, "seen_at"));
    }
    context
}

fn insert(dice: &mut Dice, attributes: &mut BTreeMap<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        Some((root, leaf)) if dice.chance(80) => {
            let nested = attributes.entry(root.to_owned());
            match nested.or_insert_with(|| Value::Object(BTreeMap::new())) {
                Value::Object(members) => {
                    members.insert(leaf.to_owned(), value);
                }
                other => *other = value,
            }
        }
        _ => {
            attributes.insert(path.to_owned(), value);
        }
    }
}

/// Mostly what the path is used for, sometimes anything.
fn value(dice: &mut Dice, path: &str) -> Value {
    if dice.chance(15) {
        return anything(dice);
    }
    match path {
        "age" | "score" => number(dice),
        "app.version" => Value::String(version(dice)),
        "seen_at" => time(dice),
        "roles" | "user.tags" => Value::List(dice.several(0, 4, element)),
        "active" => Value::Bool(dice.chance(50)),
        "ip" => Value::String((*dice.one_of(&ADDRESSES)).to_owned()),
        "company.id" if dice.chance(50) => Value::Number(*dice.one_of(&NUMBERS)),
        _ => Value::String(text(dice)),
    }
}

fn anything(dice: &mut Dice) -> Value {
    match dice.below(7) {
        0 => Value::Bool(dice.chance(50)),
        1 => number(dice),
        2 => Value::List(dice.several(0, 3, element)),
        3 => Value::Object(BTreeMap::from([("x".to_owned(), Value::Bool(true))])),
        4 => time(dice),
        5 => Value::String(version(dice)),
        _ => Value::String(text(dice)),
    }
}

fn element(dice: &mut Dice) -> Value {
    match dice.below(10) {
        0 => Value::List(vec![Value::String(text(dice))]),
        1 => Value::Object(BTreeMap::new()),
        2 => Value::Bool(dice.chance(50)),
        3 | 4 => number(dice),
        _ => Value::String(text(dice)),
    }
}

fn number(dice: &mut Dice) -> Value {
    match dice.below(10) {
        0 => Value::Number(*dice.one_of(&WILD_NUMBERS)),
        1..=3 => Value::String((*dice.one_of(&NUMERALS)).to_owned()),
        _ => Value::Number(*dice.one_of(&NUMBERS)),
    }
}

fn version(dice: &mut Dice) -> String {
    let pool = if dice.chance(75) { &VERSIONS[..] } else { &NOT_VERSIONS[..] };
    (*dice.one_of(pool)).to_owned()
}

fn time(dice: &mut Dice) -> Value {
    match dice.below(10) {
        0..=2 => Value::Number(*dice.one_of(&NUMBERS)),
        3..=4 => Value::String((*dice.one_of(&NOT_TIMES)).to_owned()),
        _ => Value::String((*dice.one_of(&TIMES)).to_owned()),
    }
}

/// A string of the pool, two of them, or one that stands alone.
fn text(dice: &mut Dice) -> String {
    let first = (*dice.one_of(&STRINGS)).to_owned();
    match dice.below(10) {
        0..=1 => format!("{first}{}", dice.one_of(&STRINGS)),
        2..=3 => format!("user-{}", dice.below(200)),
        _ => first,
    }
}
