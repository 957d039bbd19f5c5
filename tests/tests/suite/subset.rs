//! A module of some flags answers as the whole one, and one for browsers as one for servers.
//!
//! In: random flag sets and contexts, the documents with golden code, the evaluation cases, and
//! flags of one shape that need each other. Out: equal verdicts, one by one and all at once, of
//! the interpreter, the whole module and its parts.

use std::collections::BTreeSet;

use serde_json::json;
use vexil_compiler::context::{Context, Value};
use vexil_compiler::flag_set::FlagSet;
use vexil_compiler::module::{subset, verify};
use vexil_compiler::{
    Audience, Module, compile_for, compile_some, document, interpret, with_needed,
};
use vexil_runtime::{Engine, Instance, load};
use vexil_tests::cases::{NOW_MS, files, root};
use vexil_tests::generate::{Dice, context, flag_set};
use vexil_tests::hosts::{json_context, line, runtime_context};

use crate::cases::node;

const SEEDS: u64 = 40;
/// Where the seeds begin; set `VEXIL_SEED` to try others, or one that failed.
const SEED: u64 = 20_261_126;
const CONTEXTS: usize = 30;

/// What all tests look at: a name, flags of which some are client visible, and contexts.
struct World {
    name: String,
    set: FlagSet,
    contexts: Vec<(Context, f64)>,
    dice: Dice,
}

impl World {
    fn new(name: String, mut set: FlagSet, contexts: Vec<(Context, f64)>, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        for flag in set.flags.values_mut() {
            flag.definition.client_visible = dice.chance(40);
        }
        Self { name, set, contexts, dice }
    }

    fn keys(&self) -> Vec<&str> {
        self.set.flags.keys().map(String::as_str).collect()
    }

    fn visible(&self) -> Vec<&str> {
        let flags = self.set.flags.iter().filter(|(_, flag)| flag.definition.client_visible);
        flags.map(|(key, _)| key.as_str()).collect()
    }

    fn compiled(&self, audience: Audience) -> Module {
        let module = compile_for(&self.set, audience);
        let module = module.unwrap_or_else(|faults| panic!("{}: {}", self.name, faults[0]));
        verify(&module.bytes).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        module
    }

    /// Some of the flags, not in their order.
    fn draw(&mut self) -> Vec<String> {
        let Self { dice, set, .. } = self;
        let percent = *dice.one_of(&[10, 40, 80]);
        let mut keys: Vec<String> =
            set.flags.keys().filter(|_| dice.chance(percent)).cloned().collect();
        for index in (1..keys.len()).rev() {
            keys.swap(index, dice.below(index + 1));
        }
        keys
    }

    /// Compares a module of the flags `keys` with the interpreter.
    fn check(&self, engine: &Engine, module: &Module, keys: &[&str]) -> usize {
        let loaded = load(engine, &module.bytes, Some(&module.digest))
            .unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let rows: Vec<&str> = loaded.manifest.flags.iter().map(|row| row.key.as_str()).collect();
        let sorted: BTreeSet<&str> = keys.iter().copied().collect();
        assert!(rows.iter().eq(&sorted), "{}: {rows:?}, asked for {sorted:?}", self.name);
        let mut instance = Instance::new(&loaded).unwrap();
        for (context, now_ms) in &self.contexts {
            let given = runtime_context(context);
            let all = instance.evaluate_all(&given, *now_ms).unwrap();
            assert_eq!(all.len(), rows.len());
            for ((index, key), all) in (0..).zip(&rows).zip(all) {
                let expected = interpret::evaluate(&self.set, key, context, *now_ms);
                let one = instance.evaluate(index, &given, *now_ms).unwrap();
                let guest = instance.evaluate_in_guest(index, &given, *now_ms).unwrap();
                let (name, json) = (&self.name, json_context(context).unwrap_or_default());
                assert!(
                    [one, guest, all] == [expected; 3],
                    "{name}, {key} of {keys:?}:\n  interpreted  {expected:?}\n  evaluate     {one:?}\n  \
                     guest        {guest:?}\n  evaluate_all {all:?}\ncontext: {json}"
                );
            }
        }
        self.contexts.len() * rows.len()
    }
}

fn first_seed() -> u64 {
    std::env::var("VEXIL_SEED").map_or(SEED, |seed| seed.parse().unwrap())
}

/// Random flag sets.
fn random() -> impl Iterator<Item = World> {
    let first = first_seed();
    println!("seeds {first}..{}", first + SEEDS);
    (first..first + SEEDS).map(|seed| {
        let mut dice = Dice::new(seed);
        let set = flag_set(&mut dice);
        let contexts = (0..CONTEXTS).map(|_| (context(&mut dice), NOW_MS)).collect();
        World::new(format!("seed {seed}"), set, contexts, seed)
    })
}

/// Evaluation cases, with their contexts.
fn cases() -> impl Iterator<Item = World> {
    files().into_iter().zip(0..).map(|(file, seed)| {
        let contexts = file.cases.iter().filter_map(|case| {
            let mut context = Context::from_json(&case.context).ok()?;
            context.attributes.entry("$random".to_owned()).or_insert(Value::Number(7.0));
            Some((context, case.now_ms))
        });
        let contexts = contexts.take(CONTEXTS).collect();
        World::new(file.name, file.flags, contexts, seed)
    })
}

/// The documents with golden code, and the one for browsers.
fn documents() -> impl Iterator<Item = World> {
    let folders = std::fs::read_dir(root().join("tests/cases/golden")).unwrap();
    let mut paths: Vec<_> = folders.map(|entry| entry.unwrap().path()).collect();
    paths.push(root().join("tests/cases/audience"));
    paths.sort();
    paths.into_iter().zip(0..).filter_map(|(path, seed)| {
        let text = std::fs::read_to_string(path.join("flags.yaml")).unwrap();
        let set = document::read(&text).ok()?.flag_set("test").unwrap();
        let mut dice = Dice::new(seed);
        let contexts = (0..CONTEXTS).map(|_| (context(&mut dice), NOW_MS)).collect();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        Some(World::new(name, set, contexts, seed))
    })
}

/// Twelve flags of one shape that are decided in a batch, of which others need some; sets and
/// segments that several share; chains whose answers are remembered; facts of every kind.
fn batches() -> impl Iterator<Item = World> {
    let mut flags = serde_json::Map::new();
    let environment = |configuration: serde_json::Value| json!({ "kind": "boolean", "environments": { "test": configuration } });
    for number in 0..12 {
        let plan = ["pro", "free", "PRO", "a"][number % 4];
        let rules = json!([
            { "id": "r", "when": { "attribute": "plan", "equals": plan }, "serve": "on" },
            { "id": "s", "when": { "attribute": "age", "gte": number }, "serve": "off" },
        ]);
        let split = json!({ "split": {
            "salt": format!("{}", number / 2), "otherwise": "on",
            "weights": { "on": 8_000 * number, "off": 100_000 - 8_000 * number },
        } });
        let configuration = json!({ "enabled": true, "rules": rules, "fallthrough": split });
        flags.insert(format!("batch-{number:02}"), environment(configuration));
    }
    for number in 0..6 {
        let asked = format!("batch-{:02}", 2 * number);
        let below = format!("link-{:02}", number.max(1) - 1);
        let mut rules = vec![
            json!({ "id": "a", "when": { "flag": asked, "variant": "on" }, "serve": "off" }),
            json!({ "id": "v", "when": { "attribute": "app.version", "semver_gte": "1.10.0" }, "serve": "on" }),
            json!({ "id": "t", "when": { "attribute": "seen_at", "before": "2023-11-14T22:13:20.001Z" }, "serve": "off" }),
            json!({ "id": "i", "when": { "attribute": "ip", "cidr": ["10.0.0.0/8"] }, "serve": "on" }),
            json!({ "id": "g", "when": { "segment": "outer" }, "serve": "off" }),
        ];
        if number > 0 {
            for id in ["x", "y"] {
                let when = json!({ "all": [
                    { "flag": below, "variant": "on" }, { "attribute": "email", "contains": id }] });
                rules.push(json!({ "id": id, "when": when, "serve": "off" }));
            }
        }
        let configuration = json!({ "enabled": true, "rules": rules, "fallthrough": "on" });
        flags.insert(format!("link-{number:02}"), environment(configuration));
    }
    let document = json!({
        "format": "vexil/1", "environments": ["test"], "flags": flags,
        "segments": {
            "outer": { "when": { "all": [{ "segment": "inner" }, { "not": { "attribute": "active", "equals": true } }] } },
            "inner": { "when": { "any": [
                { "segment": "deep" }, { "attribute": "country", "in": ["DE", "AT", "CH"] }] } },
            "deep": { "when": { "any": [
                { "attribute": "roles", "any_of": ["a", "b", "pro"] },
                { "bucket": { "by": "company.id", "hash": { "family": "murmur3_32" }, "to": 40 } },
            ] }, "included": ["user-1", "user-2"] },
        },
    });
    let project = document::read_value(&document).unwrap_or_else(|faults| panic!("{}", faults[0]));
    let set = project.flag_set("test").unwrap();
    (0..6).map(move |seed| {
        let mut dice = Dice::new(seed);
        let contexts = (0..CONTEXTS).map(|_| (context(&mut dice), NOW_MS)).collect();
        World::new(format!("batches {seed}"), set.clone(), contexts, seed)
    })
}

fn worlds() -> impl Iterator<Item = World> {
    random().chain(cases()).chain(documents()).chain(batches())
}

fn taken(world: &World, bytes: &[u8], keys: &[impl AsRef<str>]) -> Module {
    let keys: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
    let module = subset(bytes, &keys);
    let module = module.unwrap_or_else(|error| panic!("{}, {keys:?}: {error}", world.name));
    verify(&module.bytes).unwrap_or_else(|error| panic!("{}, {keys:?}: {error}", world.name));
    module
}

#[test]
fn a_subset_gives_the_verdicts_of_the_whole() {
    let engine = Engine::new().unwrap();
    let mut pairs = 0;
    for mut world in worlds() {
        let whole = world.compiled(Audience::Server);
        for _ in 0..2 {
            let drawn = world.draw();
            let keys: Vec<&str> = drawn.iter().map(String::as_str).collect();
            pairs += world.check(&engine, &taken(&world, &whole.bytes, &keys), &keys);
        }
        pairs += world.check(&engine, &taken(&world, &whole.bytes, &world.keys()), &world.keys());
    }
    println!("{pairs} pairs");
    assert!(pairs > 20_000);
}

#[test]
fn equal_requests_give_equal_bytes_in_any_order_and_in_steps() {
    for mut world in worlds() {
        let whole = world.compiled(Audience::Server);
        let larger = world.draw();
        let kept: Vec<bool> = larger.iter().map(|_| world.dice.chance(50)).collect();
        let smaller = larger.iter().zip(kept).filter(|(_, kept)| *kept).map(|(key, _)| key.clone());
        let smaller: Vec<String> = smaller.collect();
        let turned: Vec<&String> = smaller.iter().rev().collect();
        let at_once = taken(&world, &whole.bytes, &smaller);
        assert_eq!(taken(&world, &whole.bytes, &turned).digest, at_once.digest, "{}", world.name);
        let in_steps = taken(&world, &taken(&world, &whole.bytes, &larger).bytes, &smaller);
        assert!(in_steps == at_once, "{}: {larger:?}, then {smaller:?}", world.name);
        assert_eq!(taken(&world, &at_once.bytes, &smaller), at_once, "{}: again", world.name);
    }
}

#[test]
fn some_flags_compiled_alone_give_the_verdicts_of_the_whole_and_no_other_flag_matters() {
    let engine = Engine::new().unwrap();
    let (mut pairs, mut equal, mut all) = (0, 0, 0);
    for mut world in worlds() {
        let whole = world.compiled(Audience::Server);
        let drawn = world.draw();
        let keys: Vec<&str> = drawn.iter().map(String::as_str).collect();
        let module = compile_some(&world.set, Audience::Server, &keys).unwrap();
        pairs += world.check(&engine, &module, &keys);
        equal += usize::from(taken(&world, &whole.bytes, &keys).digest == module.digest);
        all += 1;
        let alone = with_needed(&world.set, &keys);
        assert_eq!(
            compile_some(&alone, Audience::Server, &keys).unwrap(),
            module,
            "{}",
            world.name
        );

        let visible: Vec<&str> =
            keys.iter().copied().filter(|key| world.visible().contains(key)).collect();
        let module = compile_some(&world.set, Audience::Browser, &keys).unwrap();
        pairs += world.check(&engine, &module, &visible);
    }
    println!("{pairs} pairs; {equal} of {all} have the digest of the subset of the whole");
    assert!(pairs > 10_000);
}

#[test]
fn a_module_for_browsers_gives_the_verdicts_of_one_for_servers() {
    let engine = Engine::new().unwrap();
    let mut pairs = 0;
    for world in worlds() {
        let module = world.compiled(Audience::Browser);
        pairs += world.check(&engine, &module, &world.visible());
        for row in &load(&engine, &module.bytes, None).unwrap().manifest.flags {
            for said in row.prerequisites.iter().filter(|key| !key.is_empty()) {
                assert!(world.visible().contains(&said.as_str()), "{}: {said}", world.name);
            }
        }
    }
    println!("{pairs} pairs");
    assert!(pairs > 4_000);
}

#[test]
fn node_evaluates_modules_for_browsers() {
    let mut pairs = 0;
    for world in batches().take(2).chain(random().take(4)) {
        let module = world.compiled(Audience::Browser);
        let sayable = world.contexts.iter().filter_map(|(one, _)| Some((one, json_context(one)?)));
        let asked = sayable.flat_map(|(context, json)| {
            let keys = world.visible().into_iter();
            keys.map(move |key| (key, context, json.clone())).collect::<Vec<_>>()
        });
        let asked: Vec<_> = asked.collect();
        let requests = asked
            .iter()
            .map(|(key, _, json)| json!({ "flag": key, "context": json, "now_ms": NOW_MS }));
        for ((key, context, json), given) in asked.iter().zip(node(&module, requests)) {
            let flag = &world.set.flags[*key];
            let variants: Vec<_> = flag.definition.variants.clone().into_iter().collect();
            let rules: Vec<_> = flag.configuration.rules.iter().map(|one| one.id.clone()).collect();
            let verdict = interpret::evaluate(&world.set, key, context, NOW_MS);
            let expected = line(key, &variants, &rules, verdict);
            assert_eq!(given, expected, "{}, {key}, {json}", world.name);
            pairs += 1;
        }
    }
    println!("{pairs} pairs on Node");
    assert!(pairs > 200);
}

#[test]
fn no_member_of_a_set_can_be_read_in_a_module_for_browsers() {
    let mut looked_for = 0;
    for world in random() {
        let module = world.compiled(Audience::Browser);
        let (secret, open) = texts(&world.set);
        for text in secret {
            let forms = [text.clone(), text.chars().flat_map(char::to_lowercase).collect()];
            for form in forms.iter().filter(|form| !open.iter().any(|open| open.contains(*form))) {
                let at = module.bytes.windows(form.len()).position(|at| at == form.as_bytes());
                let around = at.map(|at| &module.bytes[at.saturating_sub(16)..at + form.len()]);
                let around = around.map(String::from_utf8_lossy);
                assert!(around.is_none(), "{}: `{form}` stands in {around:?}", world.name);
                looked_for += 1;
            }
        }
    }
    println!("{looked_for} texts looked for");
    assert!(looked_for > 1_000);
}

/// Members of sets that are long enough not to stand somewhere by chance, and all other texts.
fn texts(set: &FlagSet) -> (BTreeSet<String>, Vec<String>) {
    use vexil_compiler::flag_set::{Hashing, Predicate, Scalar, Serve, Test};
    fn hashing(hashing: &Hashing, open: &mut Vec<String>) {
        if let Hashing::Foreign(hash) = hashing {
            open.extend([hash.prefix.clone(), hash.suffix.clone()]);
        }
    }
    fn walk(predicate: &Predicate, secret: &mut BTreeSet<String>, open: &mut Vec<String>) {
        match predicate {
            Predicate::All(inner) | Predicate::Any(inner) => {
                inner.iter().for_each(|one| walk(one, secret, open));
            }
            Predicate::Not(inner) => walk(inner, secret, open),
            Predicate::Bucket(bucket) => hashing(&bucket.hashing, open),
            Predicate::Attribute { path, test } => {
                open.push(path.clone());
                match test {
                    Test::In { values, .. } | Test::List { values, .. } => {
                        secret.extend(values.iter().filter_map(|value| match value {
                            Scalar::String(text) => Some(text.clone()),
                            _ => None,
                        }));
                    }
                    Test::Affix { needles, .. } => {
                        open.extend(needles.iter().cloned());
                        let folded =
                            |one: &String| one.chars().flat_map(char::to_lowercase).collect();
                        open.extend(needles.iter().map(folded));
                    }
                    Test::Version { operand, .. } => open.push(operand.clone()),
                    _ => {}
                }
            }
            Predicate::Segment(_) | Predicate::Flag(_) => {}
        }
    }
    let (mut secret, mut open) = (BTreeSet::new(), Vec::new());
    for segment in set.segments.values() {
        secret.extend(segment.included.iter().chain(&segment.excluded).cloned());
        segment.when.iter().for_each(|when| walk(when, &mut secret, &mut open));
    }
    for (key, flag) in &set.flags {
        open.push(key.clone());
        let configuration = &flag.configuration;
        secret.extend(configuration.overrides.values().flatten().cloned());
        let serves = configuration.rules.iter().map(|rule| &rule.serve);
        for serve in serves.chain([&configuration.fallthrough]) {
            if let Serve::Split(split) = serve {
                hashing(&split.hashing, &mut open);
            }
        }
        configuration.rules.iter().for_each(|rule| walk(&rule.when, &mut secret, &mut open));
    }
    // Automata have tables that count up, in which `1234567` stands.
    secret.retain(|text| text.len() >= 6 && !text.bytes().all(|byte| byte.is_ascii_digit()));
    (secret, open)
}
