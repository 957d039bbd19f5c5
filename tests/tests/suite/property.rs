//! Compiled = interpreted, on random flag sets and contexts.

use vexil_compiler::interpret;
use vexil_runtime::{Engine, Instance, load};
use vexil_tests::generate::{Dice, context, flag_set};
use vexil_tests::hosts::{json_context, runtime_context};

const NOW_MS: f64 = 1_700_000_000_000.0;
const FLAG_SETS: u64 = 160;
const CONTEXTS: usize = 100;
/// Where the seeds begin; set `VEXIL_SEED` to try others, or one that failed.
const SEED: u64 = 20_261_123;

#[test]
fn compiled_verdicts_equal_interpreted_ones() {
    let first = std::env::var("VEXIL_SEED").map_or(SEED, |seed| seed.parse().unwrap());
    let sets = std::env::var("VEXIL_SETS").map_or(FLAG_SETS, |sets| sets.parse().unwrap());
    println!("seeds {first}..{}", first + sets);
    let engine = Engine::new().unwrap();
    let pairs: usize = (first..first + sets).map(|seed| check(&engine, seed)).sum();
    println!("{pairs} pairs of flag and context");
    assert!(sets < FLAG_SETS || pairs >= 100_000, "{pairs} pairs");
}

/// Compares all flags of one random set on random contexts; how many pairs that were.
fn check(engine: &Engine, seed: u64) -> usize {
    let mut dice = Dice::new(seed);
    let set = flag_set(&mut dice);
    let module = vexil_compiler::compile(&set)
        .unwrap_or_else(|faults| panic!("seed {seed}: {}\n{set:#?}", faults[0]));
    let loaded = load(engine, &module.bytes, Some(&module.digest)).expect("the module loads");
    let mut instance = Instance::new(&loaded).expect("the module instantiates");
    let mut pairs = 0;
    for number in 0..CONTEXTS {
        let context = context(&mut dice);
        let given = runtime_context(&context);
        let all = instance.evaluate_all(&given, NOW_MS).unwrap();
        for (index, (key, flag)) in set.flags.iter().enumerate() {
            let expected = interpret::evaluate(&set, key, &context, NOW_MS);
            let one = instance.evaluate(index as u32, &given, NOW_MS).unwrap();
            assert!(
                one == expected && all[index] == expected,
                "seed {seed}, context {number}, flag {key}:\n  interpreted {expected:?}\n  \
                 evaluate    {one:?}\n  evaluate_all {:?}\ncontext: {}\n{context:?}\nflag: {flag:#?}\n\
                 program:\n{}",
                all[index],
                json_context(&context).unwrap_or_default(),
                vexil_compiler::program(&set).unwrap(),
            );
            pairs += 1;
        }
    }
    pairs
}
