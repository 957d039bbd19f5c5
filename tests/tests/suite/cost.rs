//! No evaluation executes more than the static cost of its flag says.

use vexil_compiler::flag_set::FlagSet;
use vexil_compiler::module::{InspectedAttribute, inspect};
use vexil_runtime::{Engine, load};
use vexil_tests::cases::{NOW_MS, files};
use vexil_tests::fuel::Counted;
use vexil_tests::generate::{Dice, context, flag_set};
use vexil_tests::record::{Slot, slots, write};

/// Where the seeds begin; set `VEXIL_SEED` to try others, or one that failed.
const SEED: u64 = 20_261_126;
const FLAG_SETS: u64 = 60;
/// Of each flag set: usual ones, as many that are dear, and as many that are so in one slot.
const CONTEXTS: usize = 12;
/// Bytes of the texts of one dear record; the squares of more take seconds.
const TEXT_BYTES: usize = 6_000;

#[test]
fn random_flags_cost_no_more_than_their_bounds() {
    let first = std::env::var("VEXIL_SEED").map_or(SEED, |seed| seed.parse().unwrap());
    println!("seeds {first}..{}", first + FLAG_SETS);
    let mut ratios = Ratios::default();
    for seed in first..first + FLAG_SETS {
        let mut dice = Dice::new(seed);
        let set = flag_set(&mut dice);
        measure(&format!("seed {seed}"), &set, &mut dice, &mut ratios);
    }
    ratios.print("random flags");
}

#[test]
fn the_flags_of_the_cases_cost_no_more_than_their_bounds() {
    let mut ratios = Ratios::default();
    for file in files() {
        measure(&file.name, &file.flags, &mut Dice::new(SEED), &mut ratios);
    }
    ratios.print("flags of the cases");
}

/// How many times dearer bounds are than what was executed.
#[derive(Default)]
struct Ratios(Vec<f64>);

impl Ratios {
    fn print(mut self, of: &str) {
        self.0.sort_by(f64::total_cmp);
        let [least, median, most] =
            [0, self.0.len() / 2, self.0.len() - 1].map(|place| self.0[place]);
        let count = self.0.len();
        println!(
            "{of}: {count} evaluations, bounds {least:.2} to {most:.0} times what was executed, \
             in the middle {median:.1}"
        );
        assert!(count > 5_000, "{count} evaluations");
    }
}

fn measure(name: &str, set: &FlagSet, dice: &mut Dice, ratios: &mut Ratios) {
    let module = vexil_compiler::compile(set).unwrap();
    let inspection = inspect(&module.bytes).unwrap();
    let loaded = load(&Engine::new().unwrap(), &module.bytes, None).unwrap();
    let mut counted = Counted::new(&module.bytes);
    for number in 0..3 * CONTEXTS {
        let usual = slots(&inspection.attributes, &context(dice), NOW_MS);
        let slots = match number % 3 {
            0 => usual,
            1 => dear(&inspection.attributes, dice),
            _ => dear_in_one(&inspection.attributes, usual, dice),
        };
        let record = write(&slots, loaded.manifest.scratch);
        let bytes = record.len() as u64;
        // Of many flags some; they are much the same.
        let flags = inspection.flags.iter().zip(0..).take(40);
        for (flag, index) in flags {
            let (bind, evaluate) = counted.evaluate(&record, index);
            let cost = flag.cost.expect("the module can be taken apart");
            let bounds = (cost.bind.at(bytes), cost.evaluate.at(bytes));
            assert!(
                bind <= bounds.0 && evaluate <= bounds.1,
                "{name}, record {number}, flag {}: {bytes} bytes, executed {bind} and {evaluate}, \
                 bounds {bounds:?} by {cost:?}\n{slots:?}\n{:#?}",
                flag.key,
                set.flags.get(&flag.key),
            );
            ratios.0.push((bounds.0 + bounds.1) as f64 / (bind + evaluate) as f64);
        }
    }
}

/// Values that take long to look at, as each slot may hold them.
fn dear(attributes: &[InspectedAttribute], dice: &mut Dice) -> Vec<Slot> {
    let each = TEXT_BYTES / attributes.len().max(1);
    attributes.iter().map(|attribute| dear_slot(attribute, each, dice)).collect()
}

/// A usual record with all its bytes in one slot: nothing else hides what that one costs.
fn dear_in_one(
    attributes: &[InspectedAttribute],
    mut slots: Vec<Slot>,
    dice: &mut Dice,
) -> Vec<Slot> {
    if !attributes.is_empty() {
        let place = dice.below(attributes.len());
        slots[place] = dear_slot(&attributes[place], TEXT_BYTES, dice);
    }
    slots
}

fn dear_slot(attribute: &InspectedAttribute, bytes: usize, dice: &mut Dice) -> Slot {
    match attribute.read {
        "number" | "float" => Slot::Number(*dice.one_of(&[0.0, -0.0, 1e308, 5e-324, f64::NAN])),
        "unit" => Slot::Text(text(bytes, dice)),
        _ => match dice.below(4) {
            0 => list(bytes, dice),
            _ => Slot::Text(text(bytes, dice)),
        },
    }
}

fn list(bytes: usize, dice: &mut Dice) -> Slot {
    let count = [1, 4, 1 + bytes / 40][dice.below(3)];
    let element = |dice: &mut Dice| match dice.below(8) {
        0 => Slot::Number(3.0),
        1 => Slot::Boolean(true),
        2 => Slot::Opaque,
        _ => Slot::Text(text(bytes / count, dice)),
    };
    Slot::List((0..count).map(|_| element(dice)).collect())
}

/// What routines walk to its end: nearly a version, an address, a time, a match, or a needle; and
/// letters whose lower case is longer.
fn text(bytes: usize, dice: &mut Dice) -> String {
    const PARTS: [(&str, &str); 24] = [
        ("", "a"),
        ("", "A"),
        ("", "Ⱥ"),
        ("", "İ"),
        ("", "ß日\u{10FFFF}"),
        ("", "0"),
        ("", "9"),
        ("1.2.3-", "9."),
        ("1.2.3-", "a-b."),
        ("1.2.3+", "0"),
        ("v1.2.3-rc.1", "0"),
        ("", "1."),
        ("", "0:"),
        ("2001:db8::", "ffff:"),
        ("::ffff:192.0.2.", "1"),
        ("192.168.", "1."),
        ("2024-02-29T23:59:59.", "9"),
        ("2024-02-29T23:59:60", "+00:00"),
        ("user-", "1"),
        ("eva@example.", "com"),
        ("", "eva@example.co"),
        ("", "example"),
        (" ", " "),
        ("DE", "\0"),
    ];
    let (first, rest) = dice.one_of(&PARTS);
    let most = *dice.one_of(&[8, 45, 200, bytes]);
    let times = most.min(bytes).saturating_sub(first.len()) / rest.len();
    format!("{first}{}", rest.repeat(times))
}
