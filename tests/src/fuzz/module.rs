//! Any bytes as a module, and damaged modules: an error or a module, never a panic or no end.
//!
//! The first byte says what the others are: a module as it is, or damage to a module of ours, in
//! its manifest, index or data, or anywhere.

use std::sync::{Arc, OnceLock};

use vexil_compiler::module::{inspect, subset, verify, wat};
use vexil_runtime::{Context, Engine, Instance, Loaded, load};
use wasm_encoder::RawSection;
use wasmparser::{Parser, Payload};

use super::input::Input;
use crate::cases::files;
use crate::generate::{Dice, flag_set};

/// First bytes below this are followed by a whole module.
const WHOLE: u8 = 64;
/// First bytes below this are followed by damage anywhere.
const ANYWHERE: u8 = 128;
/// Of damaged modules one in so many is loaded, because machine code takes most of the time.
const LOADED_ONE_IN: u8 = 4;
/// Damages of one input.
const DAMAGES: usize = 12;

/// A module of ours, and where its parts are.
struct Ours {
    bytes: Vec<u8>,
    /// Id, first byte and end of each section's content.
    sections: Vec<(u8, usize, usize)>,
}

/// Looks at a module with everything that takes modules of anybody.
pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let choice = input.byte();
    if choice < WHOLE {
        look(input.0, ends(input.0));
        return;
    }
    let loads = choice.is_multiple_of(LOADED_ONE_IN);
    let ours = ours();
    let ours = &ours[usize::from(choice) % ours.len()];
    if choice < ANYWHERE {
        let mut bytes = ours.bytes.clone();
        damage(&mut bytes, &mut input);
        look(&bytes, loads && ends(&bytes));
    } else {
        // The code is ours, whatever it is given to walk.
        look(&ours.with_damaged_section(&mut input), loads);
    }
}

/// `loads`: it is loaded as well; its code has to come to an end.
fn look(bytes: &[u8], loads: bool) {
    let verified = verify(bytes).is_ok();
    let inspected = inspect(bytes);
    assert!(!verified || inspected.is_ok(), "what is verified can be inspected");
    let keys: Vec<String> = match inspected {
        Ok(inspection) => inspection.flags.into_iter().map(|flag| flag.key).take(2).collect(),
        Err(_) => vec!["a".to_owned()],
    };
    for key in &keys {
        let _ = wat(bytes, key);
        let part = subset(bytes, &[key]);
        assert!(!verified || part.is_ok(), "what is verified has parts: {:?}", part.err());
    }
    if loads && let Ok(loaded) = load(engine(), bytes, None) {
        evaluate(&loaded);
    }
}

fn evaluate(loaded: &Arc<Loaded>) {
    let mut instance = Instance::new(loaded).expect("it was instantiated before");
    let context = Context::with_key("user-1").set("email", "eva@example.com").set("age", 30.0);
    for flag in 0..loaded.manifest.flags.len().min(4) as u32 {
        let _ = instance.evaluate_in_guest(flag, &context, 0.0);
    }
    let _ = instance.evaluate_all(&context, 0.0);
}

/// Has a module no code that could run for ever? Hosts give modules no fuel: what keeps a module
/// with an endless loop away from them is its digest, not `load`.
fn ends(bytes: &[u8]) -> bool {
    let mut ends = true;
    for payload in Parser::new(0).parse_all(bytes) {
        let Ok(Payload::CodeSectionEntry(body)) = payload else { continue };
        let Ok(operators) = body.get_operators_reader() else { continue };
        ends &= operators.into_iter().map_while(Result::ok).all(|operator| {
            use wasmparser::Operator as Op;
            !matches!(operator, Op::Loop { .. } | Op::Call { .. } | Op::CallIndirect { .. })
        });
    }
    ends
}

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new().expect("this machine has an engine"))
}

/// Modules of ours: small ones, because each is compiled for each input.
fn ours() -> &'static [Ours] {
    static OURS: OnceLock<Vec<Ours>> = OnceLock::new();
    OURS.get_or_init(|| {
        let named = ["segments", "splits", "versions", "flag-predicates", "lists", "cidr"];
        let known = files().into_iter().filter(|file| named.contains(&file.name.as_str()));
        let sets = known.map(|file| file.flags).chain([flag_set(&mut Dice::new(1))]);
        sets.map(|set| Ours::of(vexil_compiler::compile(&set).expect("a good flag set").bytes))
            .collect()
    })
}

impl Ours {
    fn of(bytes: Vec<u8>) -> Self {
        let payloads = Parser::new(0).parse_all(&bytes).map(|payload| payload.expect("ours"));
        let sections = payloads
            .filter_map(|payload| payload.as_section())
            .map(|(id, range)| (id, range.start, range.end));
        let sections = sections.collect();
        Self { bytes, sections }
    }

    /// Manifest, index or data damaged, and all lengths right.
    fn with_damaged_section(&self, input: &mut Input<'_>) -> Vec<u8> {
        let damageable: Vec<usize> = (0..self.sections.len())
            .filter(|number| [0, 11].contains(&self.sections[*number].0))
            .collect();
        let damaged = *input.one_of(&damageable);
        let mut module = wasm_encoder::Module::new();
        for (number, (id, start, end)) in self.sections.iter().enumerate() {
            let mut data = self.bytes[*start..*end].to_vec();
            if number == damaged {
                // A name of 14 bytes with its length, or a segment's head, is left alone.
                let mut content = data.split_off(15.min(data.len()));
                damage(&mut content, input);
                data.extend(content);
            }
            module.section(&RawSection { id: *id, data: &data });
        }
        module.finish()
    }
}

/// Changes, puts in or takes out some bytes, or writes a number where one may stand.
fn damage(bytes: &mut Vec<u8>, input: &mut Input<'_>) {
    for _ in 0..DAMAGES {
        if input.is_empty() || bytes.is_empty() {
            return;
        }
        let how = input.byte();
        let at = (input.short() << 8 | usize::from(input.byte())) % bytes.len();
        let length = usize::from(how >> 3);
        let end = (at + length).min(bytes.len());
        match how % 8 {
            0 => bytes[at] = input.byte(),
            1 => bytes[at] ^= 1 << (input.byte() % 8),
            2 => drop(bytes.splice(at..at, input.bytes(length).iter().copied())),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let new = input.bytes(end - at);
                bytes[at..at + new.len()].copy_from_slice(new);
            }
            5 => {
                // A word of the data, somewhat wrong.
                let at = at & !3;
                if let Some(word) = bytes.get_mut(at..at + 4) {
                    let old = u32::from_le_bytes(word.try_into().expect("four bytes"));
                    let by = i32::from(input.byte() as i8);
                    word.copy_from_slice(&old.wrapping_add_signed(by).to_le_bytes());
                }
            }
            6 => {
                let copied = bytes[at..end].to_vec();
                let to = input.short() % (bytes.len() - copied.len() + 1);
                bytes[to..to + copied.len()].copy_from_slice(&copied);
            }
            _ => bytes.truncate(at),
        }
    }
}
