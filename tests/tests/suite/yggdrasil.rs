//! Imported flags against Unleash's own engine, on random features and contexts.
//!
//! In: seeds; `unleash-yggdrasil` as the oracle. Out: every answer is the same, but for those that
//! the engine draws lots for, and for the differences that `tests/cases/import` explains.

use crate::unleash::served;
use serde_json::{Value, json};
use unleash_yggdrasil::{ClientFeatures, Context as TheirContext, EngineState, UpdateMessage};
use vexil_compiler::context::{Context, Value as Attribute};
use vexil_compiler::dialect::unleash::{self, Options};
use vexil_compiler::document;
use vexil_compiler::flag_set::FlagSet;
use vexil_runtime::{Engine, Instance, load};
use vexil_tests::cases::{NOW_MS, root};
use vexil_tests::generate::Dice;
use vexil_tests::hosts::runtime_context;
use vexil_tests::unleash::{Question, answer, interpreted, random};

/// Where the seeds begin; set `VEXIL_SEED` to try others, or one that failed.
const SEED: u64 = 20_261_126;
/// Documents, and contexts for each; `VEXIL_SETS` and `VEXIL_CONTEXTS` set others.
const DOCUMENTS: u64 = 300;
const CONTEXTS: u64 = 100;

const QUESTIONS: [Question; 2] = [Question::IsOn, Question::Variant];

/// What was compared.
#[derive(Default)]
struct Tally {
    answers: u64,
    on: u64,
    drawn: u64,
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

#[test]
fn imported_flags_answer_as_unleashs_engine_does() {
    let first = number("VEXIL_SEED", SEED);
    let documents = number("VEXIL_SETS", DOCUMENTS);
    let contexts = number("VEXIL_CONTEXTS", CONTEXTS);
    println!("seeds {first}..{}", first + documents);
    let mut tally = Tally::default();
    let host = Engine::new().unwrap();
    for seed in first..first + documents {
        compare(&host, seed, contexts, &mut tally);
    }
    let Tally { answers, on, drawn } = tally;
    println!("{answers} answers agree, {on} of them on; {drawn} are drawn");
    // Most features ask something, and still many are on.
    assert!(documents < DOCUMENTS || (answers > 250_000 && on > 25_000 && drawn < answers / 4));
}

/// Asks the interpreter, the compiled module, and their engine.
fn compare(host: &Engine, seed: u64, contexts: u64, tally: &mut Tally) {
    let mut dice = Dice::new(seed);
    let document = random::document(&mut dice);
    let (theirs, set) = (engine(&document), flags(&document));
    let module = vexil_compiler::compile(&set)
        .unwrap_or_else(|faults| panic!("seed {seed}: {}\n{document}", faults[0]));
    let loaded = load(host, &module.bytes, Some(&module.digest)).unwrap();
    let mut instance = Instance::new(&loaded).unwrap();
    for number in 0..contexts {
        let context = random::context(&mut dice);
        let their_context = their_context(&context);
        let mut our_context = our_context(&context);
        let draw = dice.below(1 << 30) as f64;
        our_context.attributes.insert("$random".to_owned(), Attribute::Number(draw));
        let given = runtime_context(&our_context);
        for name in random::names(&document) {
            if random::draws(&document, &name, &context) {
                tally.drawn += 2;
                continue;
            }
            for question in QUESTIONS {
                let value_of = |key: &str| interpreted(&set, key, &our_context, NOW_MS);
                let ours = answer(&set, &name, question, value_of);
                let expected = their_answer(&theirs, &name, question, &their_context);
                let place = || format!("seed {seed}, context {number}, {question:?} of {name}");
                assert_eq!(ours, expected, "{}\n{context}\n{document}", place());
                let value_of = |key: &str| served(&loaded, &mut instance, key, &given);
                let compiled = answer(&set, &name, question, value_of);
                assert_eq!(compiled, expected, "module, {}\n{context}\n{document}", place());
                tally.answers += 1;
                tally.on += u64::from(expected == json!(true));
            }
        }
    }
}

/// Their engine with the features of `document`.
fn engine(document: &Value) -> EngineState {
    let engine = EngineState::default();
    let features: ClientFeatures = serde_json::from_value(document.clone()).unwrap();
    engine.take_state(UpdateMessage::FullResponse(features));
    engine
}

/// Our flags of `document`.
fn flags(document: &Value) -> FlagSet {
    let imported = unleash::import_value(document, &Options::default())
        .unwrap_or_else(|faults| panic!("{}\n{document}", faults[0]));
    let project = document::read(&imported.document.to_string()).unwrap();
    project.flag_set("production").unwrap()
}

fn their_context(context: &Value) -> TheirContext {
    serde_json::from_value(context.clone()).unwrap()
}

fn our_context(context: &Value) -> Context {
    Context::from_json(&unleash::context(context).unwrap()).unwrap()
}

fn their_answer(
    engine: &EngineState,
    feature: &str,
    question: Question,
    context: &TheirContext,
) -> Value {
    if question == Question::IsOn {
        return engine.is_enabled(feature, context, &None).into();
    }
    let variant = engine.get_variant(feature, context, &None);
    let mut answer = json!({
        "name": variant.name,
        "enabled": variant.enabled,
        "feature_enabled": variant.feature_enabled,
    });
    if let Some(payload) = variant.payload {
        answer["payload"] = json!({ "type": payload.payload_type, "value": payload.value });
    }
    answer
}

/// The differences that remain, each with the reason: both sides answer as the case says.
#[test]
fn every_difference_to_unleashs_engine_is_explained() {
    let path = root().join("tests/cases/import/unleash-differences.json");
    let text = std::fs::read_to_string(path).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let constraint = Some(&case["constraint"]).filter(|one| !one.is_null());
        let strategy = json!({
            "name": case["strategy"].as_str().unwrap_or("default"),
            "parameters": case["parameters"],
            "constraints": Vec::from_iter(constraint),
        });
        let feature = json!({ "name": "f", "enabled": true, "strategies": [strategy] });
        let document = json!({ "version": 2, "features": [feature] });
        let context = &case["context"];
        let theirs = their_answer(&engine(&document), "f", Question::IsOn, &their_context(context));
        let set = flags(&document);
        let ours = interpreted(&set, "f", &our_context(context), NOW_MS);
        assert_eq!((theirs, ours), (case["theirs"].clone(), case["ours"].clone()), "{case}");
    }
}
