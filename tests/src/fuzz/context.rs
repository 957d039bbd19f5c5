//! Any context on flags that cover the language: every evaluator gives the same verdicts.

use std::cell::RefCell;
use std::collections::BTreeMap;

use vexil_compiler::context::{Context, Value};
use vexil_compiler::flag_set::FlagSet;
use vexil_compiler::interpret;
use vexil_runtime::{Engine, Instance, load};

use super::input::Input;
use crate::cases::{NOW_MS, files};
use crate::generate::{Dice, context, flag_set};
use crate::hosts::runtime_context;

/// Contexts of one input.
const CONTEXTS: usize = 8;
/// Flags that are asked one by one; some cases have hundreds of a kind.
const FLAGS: usize = 40;
/// Lists and objects inside one another.
const DEPTH: usize = 3;
/// First bytes from here on ask for a random flag set, which takes longer than one that is known.
const RANDOM_SET: u8 = 240;

/// A flag set and a module of it that is ready to answer.
struct Ready {
    set: FlagSet,
    paths: Vec<String>,
    instance: Instance,
}

impl Ready {
    fn of(set: FlagSet, engine: &Engine) -> Self {
        let module = vexil_compiler::compile(&set).expect("a good flag set");
        let loaded = load(engine, &module.bytes, Some(&module.digest)).expect("a good module");
        let paths = vexil_compiler::module::inspect(&module.bytes).expect("a good module");
        let mut paths: Vec<String> =
            paths.attributes.into_iter().map(|attribute| attribute.path).collect();
        paths.push("targetingKey".to_owned());
        Self { set, paths, instance: Instance::new(&loaded).expect("a good module") }
    }
}

thread_local! {
    static ENGINE: Engine = Engine::new().expect("this machine has an engine");
    /// The flag sets of the evaluation cases.
    static KNOWN: RefCell<Vec<Ready>> = RefCell::new(ENGINE.with(|engine| {
        files().into_iter().map(|file| Ready::of(file.flags, engine)).collect()
    }));
}

/// Evaluates all flags of one flag set on contexts of the input.
pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let choice = input.byte();
    if choice >= RANDOM_SET {
        let set = flag_set(&mut Dice::new(input.long()));
        let mut ready = ENGINE.with(|engine| Ready::of(set, engine));
        return compare(&mut ready, &mut input);
    }
    KNOWN.with_borrow_mut(|known| {
        let choice = usize::from(choice) % known.len();
        compare(&mut known[choice], &mut input);
    });
}

fn compare(ready: &mut Ready, input: &mut Input<'_>) {
    for _ in 0..CONTEXTS {
        let context = drawn(&ready.paths, input);
        let given = runtime_context(&context);
        let all = ready.instance.evaluate_all(&given, NOW_MS).expect("it evaluates");
        for (index, key) in ready.set.flags.keys().enumerate() {
            let expected = interpret::evaluate(&ready.set, key, &context, NOW_MS);
            assert_eq!(all[index], expected, "{key}, all at once, on {context:?}");
            if index >= FLAGS {
                continue;
            }
            let one = ready.instance.evaluate_in_guest(index as u32, &given, NOW_MS);
            assert_eq!(one.expect("it evaluates"), expected, "{key} on {context:?}");
        }
        if input.is_empty() {
            return;
        }
    }
}

/// A context of the input: a random one to begin with, or an empty one, then any attributes.
fn drawn(paths: &[String], input: &mut Input<'_>) -> Context {
    let attributes = input.byte();
    let mut drawn = match attributes {
        0..128 => Context::default(),
        _ => context(&mut Dice::new(input.long())),
    };
    // What hosts draw is no one else's to know.
    drawn.attributes.entry("$random".to_owned()).or_insert(Value::Number(7.0));
    for _ in 0..attributes % 16 {
        let path = input.one_of(paths).clone();
        let value = value(input, DEPTH);
        match value {
            Value::String(key) if path == "targetingKey" => drawn.targeting_key = Some(key),
            _ if path == "targetingKey" => drawn.targeting_key = None,
            value => insert(&mut drawn.attributes, &path, value, input),
        }
    }
    drawn
}

/// Under its whole name, or inside objects.
fn insert(
    attributes: &mut BTreeMap<String, Value>,
    path: &str,
    value: Value,
    input: &mut Input<'_>,
) {
    match path.split_once('.') {
        Some((first, rest)) if input.byte().is_multiple_of(2) => {
            let inner = attributes.entry(first.to_owned());
            match inner.or_insert_with(|| Value::Object(BTreeMap::new())) {
                Value::Object(members) => insert(members, rest, value, input),
                other => *other = value,
            }
        }
        _ => {
            attributes.insert(path.to_owned(), value);
        }
    }
}

fn value(input: &mut Input<'_>, depth: usize) -> Value {
    let choice = input.byte();
    match choice % 8 {
        0 => Value::Bool(choice >= 128),
        1 => Value::Number(f64::from_bits(input.long())),
        2 => Value::Number(f64::from(input.short() as u16 as i16)),
        3 => Value::String(input.short().to_string()),
        // Longer than any text of an input.
        4 => Value::String(input.text().repeat(usize::from(choice))),
        5 if depth > 0 => {
            let count = input.byte() % 8;
            Value::List((0..count).map(|_| value(input, depth - 1)).collect())
        }
        6 if depth > 0 => {
            let count = input.byte() % 4;
            let members = (0..count).map(|_| (input.text(), value(input, depth - 1)));
            Value::Object(members.collect())
        }
        _ => Value::String(input.text()),
    }
}
