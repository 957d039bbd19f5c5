//! Many worlds, one for each seed, on all processors.
//!
//! In: which seeds. Out: how many were lived through and how fast, what happened in them, and the
//! first that broke with its history.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::world::{Rig, live};

/// Which seeds are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub first: u64,
    pub seeds: u64,
    /// Whether to say now and then how far it has come.
    pub talks: bool,
}

/// Environment variable: `FROM..TO`, what `cargo xtask simulate` asks for.
const VARIABLE: &str = "VEXIL_SEEDS";

impl Asked {
    /// The seeds of the environment, or so many from 0.
    pub fn from_environment(seeds: u64) -> Self {
        let Ok(text) = std::env::var(VARIABLE) else {
            return Self { first: 0, seeds, talks: false };
        };
        let ends = text.split_once("..").and_then(|(first, end)| {
            Some(Range { start: first.parse().ok()?, end: end.parse().ok()? })
        });
        let Range { start: first, end } = ends.unwrap_or_else(|| panic!("{VARIABLE}: `FROM..TO`"));
        Self { first, seeds: end.saturating_sub(first), talks: false }
    }
}

/// What came of it.
pub struct Found {
    /// Worlds up to the one that broke, or all.
    pub worlds: u64,
    /// The first world that broke, and how to see it again.
    pub broken: Option<String>,
    pub summary: String,
}

/// What is counted, by what the history says.
const COUNTED: [(&str, &str); 9] = [
    ("swaps", " serves revision "),
    ("acknowledged writes", ": acknowledged"),
    ("starts of servers again", "the server begins again"),
    ("clients cut off", " is cut off for "),
    ("lost requests and answers", " lost"),
    ("stale answers of caches", "a cache answers head"),
    ("replayed announcements", "comes again"),
    ("connections cut in a piece", ": cut after "),
    ("garbled answers", " is garbled"),
];

/// How often that happened.
#[derive(Default)]
struct Counts([AtomicU64; COUNTED.len()]);

impl Counts {
    fn add(&self, history: &[String]) {
        for (count, (_, mark)) in self.0.iter().zip(COUNTED) {
            let lines = history.iter().filter(|line| line.contains(mark)).count();
            count.fetch_add(lines as u64, Ordering::Relaxed);
        }
    }

    fn told(&self) -> String {
        let each = self.0.iter().zip(COUNTED);
        let each =
            each.map(|(count, (what, _))| format!("{} {what}", count.load(Ordering::Relaxed)));
        each.collect::<Vec<_>>().join(", ")
    }
}

/// Lives through worlds until one breaks.
pub fn run(rig: Rig, asked: Asked) -> Found {
    let began = Instant::now();
    let (next, broken) = (AtomicU64::new(0), Mutex::new(None::<(u64, String)>));
    let counts = Counts::default();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    // Nobody panics while holding it.
                    let lock = || broken.lock().unwrap_or_else(PoisonError::into_inner);
                    if number >= asked.seeds || lock().is_some() {
                        return;
                    }
                    if asked.talks && number > 0 && number.is_multiple_of(500) {
                        println!("{number} worlds in {:.1} s", began.elapsed().as_secs_f64());
                    }
                    if let Some(why) = breaks(asked.first + number, rig, &counts) {
                        let mut first = lock();
                        if first.as_ref().is_none_or(|(before, _)| number < *before) {
                            *first = Some((number, why));
                        }
                    }
                }
            });
        }
    });
    let broken = broken.into_inner().unwrap_or_else(PoisonError::into_inner);
    let worlds = broken.as_ref().map_or(asked.seeds, |(number, _)| number + 1);
    let seconds = began.elapsed().as_secs_f64();
    let rate = worlds as f64 / seconds;
    let summary = format!(
        "{worlds} worlds from seed {} in {seconds:.1} s on {threads} threads: {rate:.0} a second\n{}",
        asked.first,
        counts.told()
    );
    Found { worlds, broken: broken.map(|(_, why)| why), summary }
}

/// Why the world of a seed broke, if it did.
fn breaks(seed: u64, rig: Rig, counts: &Counts) -> Option<String> {
    let again = format!("again: cargo xtask simulate --seed {seed}");
    match catch_unwind(AssertUnwindSafe(|| live(seed, rig))) {
        Ok(lived) => {
            counts.add(&lived.history);
            let why = lived.broken?;
            Some(format!(
                "seed {seed}: {why}\n{}\nseed {seed}: {why}\n{again}",
                lived.history.join("\n")
            ))
        }
        Err(_) => Some(format!("seed {seed} panicked; {again}")),
    }
}
