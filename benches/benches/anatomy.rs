//! What one evaluation costs, layer by layer.
//!
//! In: the shared workloads. Out: nanoseconds by workload and way of asking, the shortest of many
//! rounds, as a Markdown table. With `--only NAME --times N` one row runs so many times and
//! nothing is timed: for counting instructions with callgrind.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;

use vexil_benches::{Workload, workloads};
use vexil_compiler::compile;
use vexil_runtime::{Client, Context, Engine, Flag, Instance, Value, load};

/// One way of asking; runs over all contexts once.
struct Row<'a> {
    name: &'static str,
    pass: Box<dyn FnMut() + 'a>,
}

fn main() {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--only").skip(1);
    let only = arguments.next();
    let times: usize = arguments.nth(1).map_or(1, |times| times.parse().expect("a number"));
    if only.is_none() {
        println!("| workload | way | ns |\n|---|---|--:|");
    }
    for workload in workloads() {
        let module = compile(&workload.flags).expect("the workload compiles");
        let client = Client::from_module(&module.bytes).expect("the module loads");
        let loaded = load(&Engine::new().expect("an engine"), &module.bytes, None);
        let mut instance = Instance::new(&loaded.expect("the module loads")).expect("an instance");
        let contexts: Vec<Context<'_>> =
            workload.contexts.iter().map(|json| Context::from_json(json).unwrap()).collect();
        let flag: Flag<String> = Flag::new("flag");
        let maps: Vec<StringMap> = workload.contexts.iter().map(string_map).collect();
        for mut row in rows(&workload, &client, &mut instance, &contexts, &maps, &flag) {
            let name = format!("{} {}", workload.name, row.name);
            match &only {
                None => {
                    let ns = shortest(&mut row.pass) / contexts.len() as f64;
                    println!("| {} | {} | {ns:.1} |", workload.name, row.name);
                }
                Some(only) if *only == name => (0..times).for_each(|_| (row.pass)()),
                Some(_) => {}
            }
        }
    }
}

fn rows<'a>(
    workload: &'a Workload,
    client: &'a Client,
    instance: &'a mut Instance,
    contexts: &'a [Context<'a>],
    maps: &'a [StringMap],
    flag: &'a Flag<String>,
) -> Vec<Row<'a>> {
    let boolean: &Flag<bool> = Box::leak(Box::new(Flag::new("flag")));
    let is_boolean = workload.name.starts_with("W1");
    let by_key = move |context: &Context<'_>| match is_boolean {
        true => drop(black_box(client.bool(black_box("flag"), context, false))),
        false => client.string_with(black_box("flag"), context, "", |it| {
            black_box(it);
        }),
    };
    let by_handle = move |context: &Context<'_>| match is_boolean {
        true => drop(black_box(client.bool(boolean, context, false))),
        false => client.string_with(flag, context, "", |it| {
            black_box(it);
        }),
    };
    let prepared = move |context: &Context<'_>, times: usize| {
        let prepared = client.prepare(context);
        for _ in 0..times {
            match is_boolean {
                true => drop(black_box(prepared.bool(boolean, false))),
                false => {
                    black_box(prepared.string(flag, ""));
                }
            }
        }
    };
    let all = move |ask: &dyn Fn(&Context<'_>)| contexts.iter().for_each(ask);
    let row = |name, pass| Row { name, pass };
    vec![
        row("by key", Box::new(move || all(&by_key))),
        row("by handle", Box::new(move || all(&by_handle))),
        row(
            "instance",
            Box::new(move || {
                for context in contexts {
                    let _ = black_box(instance.evaluate(0, context, 0.0));
                }
            }),
        ),
        row("prepare and one flag", Box::new(move || all(&|context| prepared(context, 1)))),
        row("prepare and 20 flags", Box::new(move || all(&|context| prepared(context, 20)))),
        row("read a map of strings", Box::new(move || maps.iter().for_each(|map| read(map, drop)))),
        row(
            "read a map of strings into a context",
            Box::new(move || maps.iter().for_each(|map| drop(black_box(context_of(map))))),
        ),
        row(
            "read a map of strings into a context, and by handle",
            Box::new(move || maps.iter().for_each(|map| by_handle(&context_of(map)))),
        ),
    ]
}

/// What a service has of its request, before it has a context.
type StringMap = HashMap<String, String>;

fn string_map(json: &serde_json::Value) -> StringMap {
    let members = json.as_object().expect("a context is an object");
    let text = |value: &serde_json::Value| {
        value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
    };
    let texts = members.iter().filter(|(_, value)| !value.is_array());
    texts.map(|(name, value)| (name.clone(), text(value))).collect()
}

/// The names and values of a map, one number among them.
fn read<'m>(map: &'m StringMap, mut each: impl FnMut((&'m str, Value<'m>))) {
    for (name, text) in map {
        let value = match name.as_str() {
            "age" => text.parse::<f64>().expect("an age is a number").into(),
            _ => text.into(),
        };
        each(black_box((name, value)));
    }
}

fn context_of(map: &StringMap) -> Context<'_> {
    let mut context = Context::new();
    read(map, |(name, value)| context.insert(name, value));
    context
}

/// Nanoseconds of the shortest of many passes.
fn shortest(pass: &mut dyn FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..400 {
        let start = Instant::now();
        pass();
        best = best.min(start.elapsed().as_secs_f64());
    }
    best * 1e9
}
