//! What goes wrong in a world, and when.
//!
//! In: a seed. Out: how many clients and writers there are, which faults the network has and how
//! often, when clients are cut off, when the server ends and how. Each world has only some kinds of
//! faults, and some of them often: worlds with a little of everything would be all alike.

use std::time::Duration;

use vexil_tests::generate::Dice;

/// The plan of a world.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Clients.
    pub clients: usize,
    /// Writers, each with its commands.
    pub writers: Vec<Vec<Duration>>,
    /// Whether clients report what they serve.
    pub reports: bool,
    /// Milliseconds that a compilation, or work on the store, takes at most.
    pub work_ms_max: u64,
    /// What the network does until the calm.
    pub faults: Faults,
    /// What else happens, in order.
    pub events: Vec<(Duration, Event)>,
    /// When the faults end.
    pub calm: Duration,
    /// For how long all is looked at when all have converged.
    pub afterwards: Duration,
}

/// How often the network does what, in percent of requests or of pieces of bodies.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// A request is refused at once.
    pub refused: usize,
    /// A request gets lost: nobody ever answers.
    pub lost: usize,
    /// An answer gets lost: what was asked is done, and nobody hears of it.
    pub unheard: usize,
    /// A cache answers `head` with an announcement of before.
    pub stale: usize,
    /// Something takes seconds.
    pub slow: usize,
    /// A piece comes in two.
    pub split: usize,
    /// A connection breaks in the middle of a piece.
    pub cut: usize,
    /// A piece comes twice.
    pub twice: usize,
    /// An announcement of before comes again on a stream.
    pub replayed: usize,
    /// A byte of what a cache may have held is another one. On a stream that cannot be: TCP and TLS
    /// see to it.
    pub garbled: usize,
}

/// What happens besides.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// A client is cut off for a while.
    CutOff(usize, Duration),
    /// A client ends, and a new one begins.
    NewClient(usize),
    /// The server ends with a good-bye, and is back after a while.
    Stopped(Duration),
    /// The server is killed, and is back after a while.
    Killed(Duration),
}

/// Longer than silence takes to be noticed.
const AFTERWARDS: Duration = Duration::from_secs(60);

/// Longer than an announcement is good for.
const LONG_AFTERWARDS: Duration = Duration::from_secs(30 * 3_600);

fn ms(dice: &mut Dice, most: usize) -> Duration {
    Duration::from_millis(dice.below(most) as u64)
}

impl Plan {
    /// The plan of a seed.
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let calm = Duration::from_secs(60 + dice.below(180) as u64);
        let most = usize::try_from(calm.as_millis()).unwrap();
        let clients = 2 + dice.below(4);
        let bursts = dice.chance(50);
        let writers = dice.several(1, 3, |dice| {
            let mut times = dice.several(2, 6, |dice| ms(dice, most));
            times.sort_unstable();
            if bursts {
                // Faster than the server announces, and than clients load.
                let first = times[0];
                times.iter_mut().for_each(|time| *time = first + ms(dice, 400));
                times.sort_unstable();
            }
            times
        });
        let mut events = dice.several(0, 6, |dice| {
            let event = match dice.below(8) {
                0..=2 => Event::CutOff(dice.below(clients), ms(dice, 100_000)),
                3 => Event::NewClient(dice.below(clients)),
                4 | 5 => Event::Stopped(ms(dice, 20_000)),
                _ => Event::Killed(ms(dice, 20_000)),
            };
            (ms(dice, most), event)
        });
        events.sort_by_key(|(time, _)| *time);
        Self {
            clients,
            writers,
            reports: dice.chance(30),
            work_ms_max: *dice.one_of(&[0, 5, 50, 500, 7_000]),
            faults: Faults::of(&mut dice),
            events,
            calm,
            afterwards: if dice.chance(2) { LONG_AFTERWARDS } else { AFTERWARDS },
        }
    }
}

impl Faults {
    fn of(dice: &mut Dice) -> Self {
        let mut some = |most: usize| if dice.chance(40) { 1 + dice.below(most) } else { 0 };
        Self {
            refused: some(30),
            lost: some(20),
            unheard: some(20),
            stale: some(80),
            slow: some(20),
            split: some(40),
            cut: some(20),
            twice: some(40),
            replayed: some(30),
            garbled: some(10),
        }
    }
}
