//! What grows with the number of flags and of their shapes, and what each pass earns.
//!
//! `cargo bench -p vexil-benches --bench scaling` prints the tables of `docs/performance.md`.
//! Counts of instructions and bytes are exact and the same on every machine; times are the shortest
//! of some rounds.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vexil_benches::fleet::{Constants, bulk, flag_set, fleet, subject};
use vexil_benches::guest::{Counting, Guest};
use vexil_compiler::flag_set::FlagSet;
use vexil_compiler::module::subset;
use vexil_compiler::{Passes, compile, compile_with, document, interpret};
use vexil_runtime::{Context, Engine, Instance, load};
use wasmparser::{Parser, Payload};

fn main() {
    let chosen: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let parts: [(&str, fn()); 7] = [
        ("growth", growth),
        ("changes", changes),
        ("sets", sets),
        ("passes", passes),
        ("subsets", subsets),
        ("documents", documents),
        ("module", foreign),
    ];
    for (name, part) in parts {
        let wanted = chosen.iter().any(|word| word == name);
        if wanted || (chosen.is_empty() && !["documents", "module"].contains(&name)) {
            println!("\n## {name}\n");
            part();
        }
    }
}

fn best<T>(rounds: usize, mut run: impl FnMut() -> T) -> (Duration, T) {
    let mut best: Option<(Duration, T)> = None;
    for _ in 0..rounds {
        let start = Instant::now();
        let result = run();
        let took = start.elapsed();
        if best.as_ref().is_none_or(|(shortest, _)| took < *shortest) {
            best = Some((took, result));
        }
    }
    best.unwrap()
}

fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}

/// Bytes of the code section, its contents, and the functions in it.
fn code(bytes: &[u8]) -> (usize, Vec<u8>, usize) {
    for payload in Parser::new(0).parse_all(bytes) {
        if let Payload::CodeSectionStart { count, range, .. } = payload.unwrap() {
            return (range.len(), bytes[range].to_vec(), count as usize);
        }
    }
    (0, Vec::new(), 0)
}

fn growth() {
    println!(
        "| flags | shapes | constants | flag set → wasm | wasm → machine code | module bytes | per flag | code bytes | functions |"
    );
    println!("|--:|--:|---|--:|--:|--:|--:|--:|--:|");
    let engine = wasmtime::Engine::default();
    let rows = [
        (10, 10, Constants::Pooled),
        (100, 50, Constants::Pooled),
        (1_000, 50, Constants::Pooled),
        (10_000, 50, Constants::Pooled),
        (10_000, 50, Constants::Distinct),
        (10_000, 1, Constants::Equal),
        (1_000, 1_000, Constants::Pooled),
        (10_000, 10_000, Constants::Pooled),
    ];
    for (count, shapes, constants) in rows {
        let flags = fleet(count, shapes, constants);
        let rounds = if count > 1_000 { 3 } else { 10 };
        let (compiled, module) = best(rounds, || compile(&flags).unwrap());
        let rounds = if shapes > 1_000 { 1 } else { rounds };
        let (native, _) =
            best(rounds, || wasmtime::Module::from_binary(&engine, &module.bytes).unwrap());
        let (code_bytes, _, functions) = code(&module.bytes);
        println!(
            "| {count} | {shapes} | {constants:?} | {:.1} ms | {:.0} ms | {} | {:.0} | {code_bytes} | {functions} |",
            ms(compiled),
            ms(native),
            module.bytes.len(),
            module.bytes.len() as f64 / count as f64,
        );
    }
}

fn changes() {
    let document = |percent: u32, members: usize| {
        let members: Vec<String> = (0..members).map(|n| format!("user-{n}")).collect();
        let weights = json!({ "on": percent * 1_000, "off": 100_000 - percent * 1_000 });
        let rules = json!([{ "id": "r", "when": { "segment": "s" }, "serve": { "split": { "weights": weights } } }]);
        let bench = json!({ "enabled": true, "rules": rules });
        let flag = json!({ "kind": "boolean", "environments": { "bench": bench } });
        document::read_value(&json!({
            "format": "vexil/1", "environments": ["bench"],
            "segments": { "s": { "included": members } }, "flags": { "f": flag },
        }))
        .unwrap()
        .flag_set("bench")
        .unwrap()
    };
    let base = code(&compile(&document(25, 3)).unwrap().bytes).1;
    for (what, percent, members) in [
        ("25 % → 50 %", 50, 3),
        ("25 % → 0 %", 0, 3),
        ("25 % → 100 %", 100, 3),
        ("3 members → 4", 25, 4),
        ("3 members → 1", 25, 1),
        ("3 members → 100,000", 25, 100_000),
    ] {
        let changed = code(&compile(&document(percent, members)).unwrap().bytes).1;
        let same = if changed == base { "the same, byte for byte" } else { "another" };
        println!("- {what}: the code section is {same}");
    }
}

fn set_of(members: usize) -> FlagSet {
    let members: Vec<String> = (0..members).map(|n| format!("user-{n:06}@example.com")).collect();
    let rules =
        json!([{ "id": "r", "when": { "attribute": "email", "in": members }, "serve": "on" }]);
    let bench = json!({ "enabled": true, "rules": rules });
    let flag = json!({ "kind": "boolean", "environments": { "bench": bench } });
    let document =
        json!({ "format": "vexil/1", "environments": ["bench"], "flags": { "f": flag } });
    document::read_value(&document).unwrap().flag_set("bench").unwrap()
}

fn sets() {
    println!(
        "| members | module bytes | bytes per member | instructions, member | instructions, not |"
    );
    println!("|--:|--:|--:|--:|--:|");
    let empty = compile(&set_of(9)).unwrap().bytes.len();
    for members in [3, 10, 100, 1_000, 10_000, 100_000] {
        let module = compile(&set_of(members)).unwrap();
        let fuel = |email: &str| {
            let context = json!({ "targetingKey": "u", "email": email });
            let mut guest = Guest::new(&module.bytes, &context, Counting::Fuel);
            guest.fuel(|guest| _ = guest.evaluate(0))
        };
        let per_member = module.bytes.len().saturating_sub(empty) as f64 / members as f64;
        println!(
            "| {members} | {} | {per_member:.1} | {} | {} |",
            module.bytes.len(),
            fuel("user-000001@example.com"),
            fuel("user-999999@example.com"),
        );
    }
}

fn passes() {
    // What is dropped is no pass whose worth is in question here.
    let none = Passes { prune: true, ..Passes::NONE };
    let steps = [
        ("none", none),
        ("+ fold", Passes { fold: true, ..none }),
        ("+ decide", Passes { fold: true, decide: true, ..none }),
        ("+ merge", Passes { fold: true, decide: true, merge: true, ..none }),
        ("+ order", Passes { fold: true, decide: true, merge: true, order: true, ..none }),
        ("+ batch (all)", Passes::ALL),
    ];
    for (name, document) in bulk() {
        let flags = flag_set(&document);
        println!("\n**{name}**\n");
        println!(
            "| passes | instructions a flag, all at once | ns a flag | instructions a flag, one by one | module bytes |"
        );
        println!("|---|--:|--:|--:|--:|");
        for (step, passes) in steps {
            let module = compile_with(&flags, passes).unwrap();
            row(step, &module.bytes);
        }
    }
}

fn row(name: &str, bytes: &[u8]) {
    let mut counted = Guest::new(bytes, &subject(1), Counting::Fuel);
    let flags = counted.flags as f64;
    let all = counted.fuel(Guest::evaluate_all) as f64 / flags;
    let single = counted.fuel(|guest| {
        (0..guest.flags as u32).for_each(|flag| _ = guest.evaluate(flag));
    }) as f64
        / flags;
    let mut timed = Guest::new(bytes, &subject(1), Counting::None);
    let took = timed.nanoseconds(40, 20, Guest::evaluate_all) / flags;
    println!("| {name} | {all:.1} | {took:.1} | {single:.1} | {} |", bytes.len());
}

fn subsets() {
    let flags = fleet(10_000, 50, Constants::Pooled);
    let whole = compile(&flags).unwrap();
    let keys: Vec<String> = (0..20).map(|n| format!("flag-{:05}", n * 499)).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let (took, part) = best(5, || subset(&whole.bytes, &keys).unwrap());
    println!(
        "20 flags of 10,000: {} bytes of {}, taken in {:.1} ms",
        part.bytes.len(),
        whole.bytes.len(),
        ms(took)
    );
    let engine = Engine::new().unwrap();
    let loaded = load(&engine, &part.bytes, Some(&part.digest)).unwrap();
    let all = load(&engine, &whole.bytes, Some(&whole.digest)).unwrap();
    let (mut small, mut large) = (Instance::new(&loaded).unwrap(), Instance::new(&all).unwrap());
    let mut compared = 0;
    for number in 0..10_000 {
        let json: Value = subject(number);
        let context = Context::from_json(&json).unwrap();
        for (index, key) in (0..).zip(&keys) {
            let (place, _) = all.manifest.flag(key).unwrap();
            let verdict = small.evaluate(index, &context, 0.0).unwrap();
            assert_eq!(verdict, large.evaluate(place, &context, 0.0).unwrap(), "{key}");
            if number % 100 == 0 {
                let context = vexil_compiler::context::Context::from_json(&json).unwrap();
                assert_eq!(verdict, interpret::evaluate(&flags, key, &context, 0.0), "{key}");
            }
            compared += 1;
        }
    }
    println!("{compared} verdicts on 10,000 contexts are those of the whole module");
}

/// Writes the documents of `passes` to the folder `FOLDER`, for another compiler to compile.
fn documents() {
    let folder = std::env::var("FOLDER").unwrap();
    for (number, (name, document)) in bulk().iter().enumerate() {
        let path = format!("{folder}/{number}.json");
        std::fs::write(&path, document.to_string()).unwrap();
        println!("{path}: {name}");
    }
}

/// Any module of flags for [`subject`]: `MODULE=m.wasm cargo bench … -- module`.
fn foreign() {
    let path = std::env::var("MODULE").unwrap();
    println!(
        "| module | instructions a flag, all at once | ns a flag | instructions a flag, one by one | module bytes |"
    );
    println!("|---|--:|--:|--:|--:|");
    row(&path, &std::fs::read(&path).unwrap());
}
