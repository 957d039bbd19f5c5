//! No warning is false: what is reported as never happening happens for no context.
//!
//! In: random flag sets and contexts. Out: failures. The interpreter says what happens; a warning's
//! place says what it claims.

use std::collections::BTreeMap;

use vexil_abi::verdict::reason;
use vexil_compiler::context::Context;
use vexil_compiler::diagnostic::Diagnostic;
use vexil_compiler::flag_set::{
    Configuration, Definition, Flag, FlagSet, Hashing, Lifecycle, Predicate, Project, ProjectFlag,
    Rule, Serve,
};
use vexil_compiler::{check, interpret, lint};
use vexil_tests::generate::{Dice, context, flag_set};

const NOW_MS: f64 = 1_700_000_000_000.0;
const FLAG_SETS: u64 = 400;
const CONTEXTS: usize = 150;
/// Where the seeds begin; set `VEXIL_SEED` to try others, or one that failed.
const SEED: u64 = 20_261_126;
const ENVIRONMENT: &str = "e";

#[test]
fn what_is_reported_as_never_happening_never_happens() {
    let first = std::env::var("VEXIL_SEED").map_or(SEED, |seed| seed.parse().unwrap());
    let sets = std::env::var("VEXIL_SETS").map_or(FLAG_SETS, |sets| sets.parse().unwrap());
    println!("seeds {first}..{}", first + sets);
    let mut counts = BTreeMap::new();
    for seed in first..first + sets {
        for warning in check_set(seed) {
            *counts.entry(warning.code).or_insert(0_usize) += 1;
        }
    }
    println!("{counts:?}");
    // A test that claims nothing tests nothing.
    for code in ["VX1101", "VX1102", "VX1103", "VX1201", "VX1202", "VX1301", "VX1501", "VX1502"] {
        assert!(sets < FLAG_SETS || counts.contains_key(code), "{code} is never reported");
    }
}

/// Checks every claim about one random flag set; what was claimed.
fn check_set(seed: u64) -> Vec<Diagnostic> {
    let mut dice = Dice::new(seed);
    let set = flag_set(&mut dice);
    let warnings = lint::project(&project(&set));
    let claims: Vec<Claim> =
        warnings.iter().filter_map(|warning| Claim::of(&set, warning)).collect();
    let probes = with_probes(&set, &claims);
    assert_eq!(check::flag_set(&probes, None), [], "seed {seed}");
    for number in 0..CONTEXTS {
        let context = context(&mut dice);
        for claim in &claims {
            assert!(
                !claim.happens(&probes, &context),
                "seed {seed}, context {number}: {claim:?} is false\n{context:?}\n{:#?}",
                set.flags
            );
        }
    }
    warnings
}

fn project(set: &FlagSet) -> Project {
    let flag = |flag: &Flag| ProjectFlag {
        definition: flag.definition.clone(),
        environments: BTreeMap::from([(ENVIRONMENT.to_owned(), flag.configuration.clone())]),
    };
    Project {
        key: None,
        environments: vec![ENVIRONMENT.to_owned()],
        sensitive: Vec::new(),
        segments: set.segments.clone(),
        flags: set.flags.iter().map(|(key, value)| (key.clone(), flag(value))).collect(),
    }
}

/// What a warning claims never to happen.
#[derive(Debug)]
enum Claim {
    /// One of the rules from the first on decides; only that one unless `rest`.
    Decides { flag: String, rule: u16, rest: bool },
    /// The variant is served.
    Serves { flag: String, variant: String },
    /// The predicate comes out so, in the flag or segment it stands in.
    Holds { owner: String, predicate: Predicate, truth: bool, name: String },
    /// All prerequisites are met.
    Met { flag: String },
}

impl Claim {
    fn of(set: &FlagSet, warning: &Diagnostic) -> Option<Self> {
        let steps: Vec<String> = warning.pointer.split('/').skip(1).map(unescaped).collect();
        let [kind, key, rest @ ..] = &steps[..] else { panic!("{warning}") };
        let rule = |steps: &[String]| steps[3].parse::<u16>().unwrap();
        let flag = key.clone();
        match warning.code {
            "VX1101" => Some(Self::Decides { flag, rule: rule(rest), rest: true }),
            "VX1102" | "VX1103" => Some(Self::Decides { flag, rule: rule(rest), rest: false }),
            "VX1301" => Some(Self::Serves { flag, variant: rest[1].clone() }),
            "VX1201" | "VX1202" | "VX1203" | "VX1501" | "VX1502" => {
                if rest.get(2).is_some_and(|step| step == "prerequisites") {
                    return Some(Self::Met { flag });
                }
                let (whole, steps) = match kind.as_str() {
                    "segments" => (set.segments[key].when.clone().unwrap(), &rest[1..]),
                    _ => {
                        let rules = &set.flags[key].configuration.rules;
                        (rules[usize::from(rule(rest))].when.clone(), &rest[5..])
                    }
                };
                let predicate = part(&whole, steps);
                let truth = warning.code != "VX1202";
                let name = warning.pointer.clone();
                Some(Self::Holds { owner: flag, predicate, truth, name })
            }
            _ => None,
        }
    }

    fn happens(&self, set: &FlagSet, context: &Context) -> bool {
        let evaluate = |flag: &str| interpret::evaluate(set, flag, context, NOW_MS);
        match self {
            Self::Decides { flag, rule, rest } => {
                let verdict = evaluate(flag);
                let by_rule = verdict.rule != vexil_abi::verdict::NO_RULE;
                by_rule && (verdict.rule == *rule || (*rest && verdict.rule > *rule))
            }
            Self::Serves { flag, variant } => {
                let verdict = evaluate(flag);
                let index = set.flags[flag].definition.variants.get_index_of(variant).unwrap();
                verdict.reason != reason::ERROR && usize::from(verdict.variant) == index
            }
            Self::Holds { name, truth, .. } => {
                let verdict = evaluate(&probe(name));
                (verdict.variant == 0) == *truth
            }
            Self::Met { flag } => {
                // The detail is the number of the first prerequisite that is not met.
                let verdict = evaluate(flag);
                verdict.reason != reason::DEFAULT || verdict.detail == 0
            }
        }
    }
}

fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// The part of `predicate` that `steps` lead to; the last may name a field of it.
fn part(predicate: &Predicate, steps: &[String]) -> Predicate {
    match (predicate, steps) {
        (Predicate::All(parts) | Predicate::Any(parts), [_, index, rest @ ..]) => {
            part(&parts[index.parse::<usize>().unwrap()], rest)
        }
        (Predicate::Not(inner), [_, rest @ ..]) => part(inner, rest),
        (other, _) => other.clone(),
    }
}

fn probe(name: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    format!("probe {name}")
}

/// `set` with a flag for each predicate that is claimed about: it serves its first variant when the
/// predicate holds, and its second when not.
fn with_probes(set: &FlagSet, claims: &[Claim]) -> FlagSet {
    let mut probes = set.clone();
    for claim in claims {
        let Claim::Holds { owner, predicate, name, .. } = claim else { continue };
        let mut when = predicate.clone();
        salted(&mut when, owner);
        let rule = Rule {
            id: "r".into(),
            description: String::new(),
            when,
            serve: Serve::Variant("yes".into()),
        };
        let definition = Definition {
            kind: vexil_compiler::flag_set::Kind::Boolean,
            variants: [("yes".to_owned(), true.into()), ("no".to_owned(), false.into())].into(),
            description: String::new(),
            owner: String::new(),
            tags: Vec::new(),
            client_visible: false,
            lifecycle: Lifecycle::Active,
        };
        let configuration = Configuration {
            enabled: true,
            rules: vec![rule],
            ..Configuration::default_for(&definition)
        };
        probes.flags.insert(probe(name), Flag { definition, configuration });
    }
    probes
}

/// Buckets without a salt are salted by the key of what they stand in.
fn salted(predicate: &mut Predicate, owner: &str) {
    match predicate {
        Predicate::All(parts) | Predicate::Any(parts) => {
            parts.iter_mut().for_each(|part| salted(part, owner));
        }
        Predicate::Not(part) => salted(part, owner),
        Predicate::Bucket(bucket) => {
            if let Hashing::Native { salt } = &mut bucket.hashing {
                salt.get_or_insert_with(|| owner.to_owned());
            }
        }
        _ => {}
    }
}
