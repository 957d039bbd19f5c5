//! What a simulation puts in the place of threads, chance, wall clock and code generation, on its own
//! thread.
//!
//! In: a seed, and an engine that remembers. Out: for as long as [`Simulated`] lives, work that would
//! block runs as a task of the same runtime after a while of its clock, chance comes from the seed,
//! the time of day goes with the runtime's clock, and engines are the one given. Elsewhere these
//! functions are what they stand for.
//!
//! What is drawn depends on the seed and on the millisecond, not on what was drawn before: in which
//! order tasks run that become ready at the same time is not part of a seed. With a paused clock and
//! loops that choose in a fixed order (`biased`) a seed is then one history.
//!
//! Nothing but a test begins a simulation, and no option or command line can.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::clock;
use crate::engine::Engine;

/// The time of day at which a simulation begins, in milliseconds since the Unix epoch: any.
const BEGINS_MS: i64 = 1_790_000_000_000;

struct Inside {
    seed: u64,
    engine: Engine,
    work_ms_max: u64,
    /// When it was asked for something first, on the runtime's clock.
    began: Option<Instant>,
}

thread_local! {
    static INSIDE: RefCell<Option<Inside>> = const { RefCell::new(None) };
}

/// A simulation of this thread; it ends when this is dropped.
#[must_use = "the simulation ends when this is dropped"]
pub struct Simulated(PhantomData<*const ()>);

impl Simulated {
    /// Begins. Work that would block takes up to `work_ms_max` milliseconds of the runtime's clock.
    pub fn begin(seed: u64, engine: Engine, work_ms_max: u64) -> Self {
        INSIDE.set(Some(Inside { seed, engine, work_ms_max, began: None }));
        Self(PhantomData)
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        INSIDE.set(None);
    }
}

impl Inside {
    fn elapsed_ms(&mut self) -> u64 {
        let began = *self.began.get_or_insert_with(Instant::now);
        u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn chance(&mut self) -> StdRng {
        // Odd, so that no two milliseconds of an hour are the same.
        let moment = self.elapsed_ms().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        StdRng::seed_from_u64(self.seed ^ moment)
    }
}

/// Something of the simulation, where there is one.
fn inside<T>(of: impl FnOnce(&mut Inside) -> T) -> Option<T> {
    INSIDE.with_borrow_mut(|inside| inside.as_mut().map(of))
}

/// Does work that may block: on a thread of its own, or in a simulation as a task.
pub fn spawn_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    let pause_ms = inside(|inside| inside.chance().random_range(0..=inside.work_ms_max));
    match pause_ms {
        None => tokio::task::spawn_blocking(work),
        Some(pause_ms) => tokio::spawn(async move {
            sleep(Duration::from_millis(pause_ms)).await;
            work()
        }),
    }
}

/// Whether this thread is in a simulation.
#[must_use]
pub fn is_on() -> bool {
    inside(|_| ()).is_some()
}

/// A new generator: seeded by the system, or by the simulation.
#[must_use]
pub fn chance() -> StdRng {
    let simulated = inside(Inside::chance);
    simulated.unwrap_or_else(|| StdRng::seed_from_u64(rand::random()))
}

/// Now, in milliseconds since the Unix epoch; not for evaluations, which ask the clock itself.
#[must_use]
pub fn now_ms() -> i64 {
    let elapsed_ms = inside(Inside::elapsed_ms);
    let simulated = elapsed_ms.map(|ms| BEGINS_MS.saturating_add_unsigned(ms));
    simulated.unwrap_or_else(clock::now_ms)
}

/// The engine of the simulation, where there is one.
pub(crate) fn engine() -> Option<Engine> {
    inside(|inside| inside.engine.clone())
}
