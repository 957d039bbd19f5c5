//! A plain automaton over classes of bytes that answers whether there is a match.
//!
//! In: a dense automaton of `regex-automata`. Out: the same question's automaton with one final
//! state for yes and one for no, without equal states. It owns no text and no pattern.

use std::collections::BTreeMap;

use regex_automata::Anchored;
use regex_automata::dfa::Automaton as _;
use regex_automata::dfa::dense::DFA;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;

use super::Work;

/// The state from which there is no match any more.
pub(super) const NO: usize = 0;
/// The state after a match.
pub(super) const YES: usize = 1;

/// Steps of minimisation; beyond them an automaton stays as it is.
const MAX_STEPS: usize = 8_000_000;

/// States by number, [`NO`] and [`YES`] first.
pub(super) struct Automaton {
    /// The class of each byte: a column of the rows.
    pub(super) classes: [u8; 256],
    /// Where the search begins.
    pub(super) start: usize,
    /// One state each.
    pub(super) states: Vec<State>,
}

/// One state.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct State {
    /// The next state by class.
    pub(super) next: Vec<usize>,
    /// Is it a match when the text ends here.
    pub(super) ends_well: bool,
}

impl Automaton {
    /// The states of `dfa` that can be reached before a match. With `care`, matches between the
    /// bytes of one character do not count. `None` when `dfa` gives up somewhere.
    pub(super) fn of(dfa: &DFA<Vec<u32>>, care: bool) -> Option<Self> {
        let (classes, bytes) = classes(dfa, care);
        let begin = start::Config::new().anchored(Anchored::No);
        let mut numbering = Numbering { numbers: BTreeMap::new(), waiting: Vec::new() };
        let start = numbering.number(dfa, dfa.start_state(&begin).ok()?);
        let mut states = vec![final_state(bytes.len(), NO), final_state(bytes.len(), YES)];
        let mut done = 0;
        while let Some(id) = numbering.waiting.get(done).copied() {
            done += 1;
            let mut state = State::default();
            for byte in &bytes {
                let next = dfa.next_state(id, *byte);
                if dfa.is_quit_state(next) {
                    return None;
                }
                // What a byte reveals is a match that ended before it.
                let counts = !(care && is_continuation(*byte));
                let yes = dfa.is_match_state(next) && counts;
                state.next.push(if yes { YES } else { numbering.number(dfa, next) });
            }
            state.ends_well = dfa.is_match_state(dfa.next_eoi_state(id));
            states.push(state);
        }
        Some(Self { classes, start, states })
    }

    /// The same without equal states, by Moore's refinement; as it is when that takes too long.
    pub(super) fn minimised(self, work: &mut Work) -> Self {
        // Class of each state so far; first only by what an end here means.
        let mut parts: Vec<usize> =
            self.states.iter().map(|state| usize::from(state.ends_well)).collect();
        let mut count = 1 + parts.iter().max().copied().unwrap_or(0);
        let mut steps = 0;
        loop {
            steps += self.cells();
            if steps > MAX_STEPS {
                return self;
            }
            work.of_refinement(self.cells());
            let refined = self.refined(&parts);
            let refined_count = 1 + refined.iter().max().copied().unwrap_or(0);
            if refined_count == count {
                return self.merged(&refined, count);
            }
            (parts, count) = (refined, refined_count);
        }
    }

    fn cells(&self) -> usize {
        self.states.len() * self.states.first().map_or(0, |state| state.next.len())
    }

    /// Splits parts whose members go to different parts. Parts are numbered by first member, so
    /// that [`NO`] stays the first, and [`YES`] the second.
    fn refined(&self, parts: &[usize]) -> Vec<usize> {
        let part = |state: usize| parts.get(state).copied().unwrap_or(NO);
        let mut numbers: BTreeMap<(usize, Vec<usize>), usize> = BTreeMap::new();
        let mut refined = Vec::with_capacity(parts.len());
        for (index, state) in self.states.iter().enumerate() {
            let signature = (part(index), state.next.iter().map(|next| part(*next)).collect());
            let fresh = numbers.len();
            refined.push(*numbers.entry(signature).or_insert(fresh));
        }
        refined
    }

    fn merged(&self, parts: &[usize], count: usize) -> Self {
        let part = |state: usize| parts.get(state).copied().unwrap_or(NO);
        let mut states = vec![None; count];
        for (state, part_of_it) in self.states.iter().zip(parts) {
            if let Some(place @ None) = states.get_mut(*part_of_it) {
                let next = state.next.iter().map(|next| part(*next)).collect();
                *place = Some(State { next, ends_well: state.ends_well });
            }
        }
        let states = states.into_iter().flatten().collect();
        Self { classes: self.classes, start: part(self.start), states }
    }
}

/// States by the numbers they get as they are met.
struct Numbering {
    numbers: BTreeMap<StateID, usize>,
    waiting: Vec<StateID>,
}

impl Numbering {
    fn number(&mut self, dfa: &DFA<Vec<u32>>, id: StateID) -> usize {
        if dfa.is_dead_state(id) {
            return NO;
        }
        let fresh = self.waiting.len() + 2;
        *self.numbers.entry(id).or_insert_with(|| {
            self.waiting.push(id);
            fresh
        })
    }
}

fn final_state(classes: usize, number: usize) -> State {
    State { next: vec![number; classes], ends_well: number == YES }
}

/// The class of each byte, and a byte of each class.
fn classes(dfa: &DFA<Vec<u32>>, care: bool) -> ([u8; 256], Vec<u8>) {
    let mut numbers: BTreeMap<(u8, bool), u8> = BTreeMap::new();
    let mut bytes = Vec::new();
    let mut classes = [0; 256];
    for (byte, class) in (0..=u8::MAX).zip(&mut classes) {
        let key = (dfa.byte_classes().get(byte), care && is_continuation(byte));
        // There are at most 256, so the numbers fit.
        let fresh = numbers.len() as u8;
        *class = *numbers.entry(key).or_insert_with(|| {
            bytes.push(byte);
            fresh
        });
    }
    (classes, bytes)
}

/// Is `byte` not the first of a character in UTF-8.
fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}
