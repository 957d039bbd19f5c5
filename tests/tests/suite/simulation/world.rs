//! A world: a server, writers and clients, from a seed to the end of its faults and beyond.
//!
//! In: a seed, and what is wrong on purpose. Out: its history, and the first thing in it that must
//! not be. Looked at whenever the clock is about to move: no client's revision goes back, each client
//! serves, digest and verdicts, what the log says of the revision that it names, and tells its
//! listeners of every flag that gives something else. At the end: every acknowledged write is in the
//! log once, and all clients have the newest revision and say that they are ready.

mod look;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use vexil_runtime::simulated::Simulated;
use vexil_runtime::{Change, Client, Engine, Sabotage as WrongClient};
use vexil_server::log::store::Store as _;
use vexil_server::publish::sabotage::Sabotage as WrongServer;
use vexil_tests::generate::Dice;

use super::history::History;
use super::network::Line;
use super::plan::{Event, Faults, Plan};
use super::server::Server;
use super::store::Content;
use super::truth::{ENVIRONMENT, PROJECT, Truth, document};
use super::writer::{self, Acknowledged};

/// Within so long writers are done, where work on the store takes seconds.
const WRITTEN: Duration = Duration::from_secs(400);

/// One for all worlds: they serve the same few modules.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::remembering().unwrap());

/// What is wrong on purpose.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rig {
    pub client: Option<WrongClient>,
    pub server: Option<WrongServer>,
}

/// What came of a world.
pub struct Lived {
    pub history: Vec<String>,
    /// What must not be, and was.
    pub broken: Option<String>,
}

/// A world.
pub struct World {
    seed: u64,
    rig: Rig,
    plan: Plan,
    pub history: History,
    pub server: Server,
    content: Content,
    truth: Truth,
    /// The revision at which the flags are there.
    first: OnceLock<u64>,
    /// Until when each client is cut off.
    cuts: Mutex<Vec<Instant>>,
    said: Mutex<BTreeMap<u64, Bytes>>,
    followers: Mutex<Vec<Option<Follower>>>,
    acknowledged: Mutex<Vec<Acknowledged>>,
    broken: Mutex<Option<String>>,
    breaks: Notify,
}

/// A client, and what it was found to serve last.
struct Follower {
    client: Client,
    name: String,
    served: Option<(u64, String)>,
    /// What its listener was told, to be looked at.
    told: Arc<Mutex<Vec<Change>>>,
    /// The revision that the listener was told of last.
    heard: Option<u64>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lives through the world of a seed.
pub fn live(seed: u64, rig: Rig) -> Lived {
    let plan = Plan::of(seed);
    let there = Arc::new(OnceLock::<Arc<World>>::new());
    let seen = Arc::clone(&there);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        // All that could be done at this moment is done: now the clock goes on.
        .on_thread_park(move || {
            if let Some(world) = seen.get() {
                world.look();
            }
        })
        .build()
        .unwrap();
    let _simulated = Simulated::begin(seed, ENGINE.clone(), plan.work_ms_max);
    let world = runtime.block_on(async {
        let world = Arc::new(World::new(seed, rig, plan));
        there.get_or_init(|| Arc::clone(&world));
        tokio::select! {
            biased;
            () = world.breaks.notified() => {}
            () = world.run() => {}
        }
        // Clients end with the world, not with its last reference.
        lock(&world.followers).clear();
        world.server.kill();
        world
    });
    drop(runtime);
    let broken = lock(&world.broken).take();
    Lived { history: world.history.told(), broken }
}

impl World {
    fn new(seed: u64, rig: Rig, plan: Plan) -> Self {
        let content = Content::new();
        let followers = (0..plan.clients).map(|_| None).collect();
        Self {
            seed,
            rig,
            history: History::new(),
            server: Server::new(content.clone(), rig.server),
            truth: Truth::new(content.clone()),
            content,
            first: OnceLock::new(),
            cuts: Mutex::new(vec![Instant::now(); plan.clients]),
            said: Mutex::default(),
            followers: Mutex::new(followers),
            acknowledged: Mutex::default(),
            broken: Mutex::default(),
            breaks: Notify::new(),
            plan,
        }
    }

    /// Choices of the seed for one purpose.
    pub fn dice(&self, purpose: [u64; 4]) -> Dice {
        let mix =
            |seed: u64, one: u64| (seed ^ one).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        Dice::new(purpose.into_iter().fold(self.seed, mix))
    }

    /// What the network does now.
    pub fn faults(&self) -> Faults {
        match self.history.now() < self.plan.calm {
            true => self.plan.faults,
            false => Faults::default(),
        }
    }

    /// Until when a client is cut off, if it is.
    pub fn cut_off(&self, client: usize) -> Option<Instant> {
        Some(lock(&self.cuts)[client]).filter(|until| Instant::now() < *until)
    }

    /// An announcement of a revision passes by.
    pub fn say(&self, revision: u64, frame: &Bytes) {
        lock(&self.said).entry(revision).or_insert_with(|| frame.clone());
    }

    /// Announcements that passed by, oldest first: what caches hold.
    pub fn said(&self) -> Vec<Bytes> {
        lock(&self.said).values().cloned().collect()
    }

    /// The revision at which the flags are there.
    pub fn first(&self) -> u64 {
        self.first.get().copied().unwrap_or(1)
    }

    /// The newest revision of the log.
    pub fn head(&self) -> u64 {
        self.content.head(PROJECT).unwrap().map_or(0, |head| head.revision.0)
    }

    /// A writer was told so.
    pub fn acknowledged(&self, write: Acknowledged) {
        lock(&self.acknowledged).push(write);
    }

    /// Something is that must not be. The first of them counts.
    pub fn broke(&self, why: String) {
        self.history.note(format!("BROKEN: {why}"));
        lock(&self.broken).get_or_insert(why);
        self.breaks.notify_one();
    }

    async fn run(self: &Arc<Self>) {
        self.begin().await;
        let mut tasks = JoinSet::new();
        for client in 0..self.plan.clients {
            let world = Arc::clone(self);
            tasks.spawn(async move { world.client(client).await });
        }
        for (writer, times) in self.plan.writers.iter().enumerate() {
            tasks.spawn(writer::run(Arc::clone(self), writer, times.clone()));
        }
        let world = Arc::clone(self);
        tasks.spawn(async move { world.events().await });
        sleep(self.plan.calm.saturating_sub(self.history.now())).await;
        self.history.note("the faults end".to_owned());
        let all = async { while tasks.join_next().await.is_some() {} };
        if timeout(WRITTEN, all).await.is_err() {
            return self.broke("a writer is never answered".to_owned());
        }
        self.history.note("the writers are done".to_owned());
        self.converge().await;
        self.look_into_log();
    }

    /// The server begins, and the project.
    async fn begin(&self) {
        self.server.begin();
        let path = format!("/v1/projects/{PROJECT}/apply");
        let request = Request::post(path).header("content-type", "application/json");
        let request = request.body(document().to_string().into()).unwrap();
        let (response, _) = self.server.answer(request).await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        self.first.get_or_init(|| self.head());
    }

    /// A client begins, and another each time that one is to end.
    async fn client(self: &Arc<Self>, client: usize) {
        let is_new = |(at, event): &(Duration, Event)| match event {
            Event::NewClient(new) if *new == client => Some(*at),
            _ => None,
        };
        let mut dice = self.dice([3, client as u64, 0, 0]);
        let first = Duration::from_millis(dice.below(3_000) as u64);
        let begins = [first].into_iter().chain(self.plan.events.iter().filter_map(is_new));
        for (life, at) in begins.enumerate() {
            sleep(at.saturating_sub(self.history.now())).await;
            let name = format!("client {client}.{life}");
            self.history.note(format!("{name} begins"));
            lock(&self.followers)[client] = None;
            let line = Line::new(Arc::clone(self), client, life as u64);
            let builder = Client::builder("http://localhost").project(PROJECT);
            let builder = builder.environment(ENVIRONMENT).name(&name).transport(line);
            let builder = if self.plan.reports { builder } else { builder.without_reports() };
            let builder = match self.rig.client {
                Some(wrong) => builder.sabotage(wrong),
                None => builder,
            };
            let client_there = builder.build().await.unwrap();
            let told = Arc::<Mutex<Vec<Change>>>::default();
            let listener = Arc::clone(&told);
            let subscription = client_there.on_change(move |it| lock(&listener).push(it.clone()));
            subscription.detach();
            let follower = Follower { client: client_there, name, served: None, told, heard: None };
            lock(&self.followers)[client] = Some(follower);
        }
    }

    /// Clients are cut off, the server ends and begins.
    async fn events(self: &Arc<Self>) {
        for (at, event) in &self.plan.events {
            sleep(at.saturating_sub(self.history.now())).await;
            let left = self.plan.calm.saturating_sub(self.history.now());
            match *event {
                Event::CutOff(client, time) => {
                    let time = time.min(left);
                    self.history.note(format!("client {client} is cut off for {time:?}"));
                    let until = Instant::now() + time;
                    let mut cuts = lock(&self.cuts);
                    cuts[client] = cuts[client].max(until);
                }
                Event::NewClient(_) => {}
                Event::Stopped(pause) => {
                    self.history.note("the server stops".to_owned());
                    self.server.stop().await;
                    self.away(pause.min(left)).await;
                }
                Event::Killed(pause) => {
                    self.history.note("the server is killed".to_owned());
                    self.server.kill();
                    self.away(pause.min(left)).await;
                }
            }
        }
    }

    async fn away(&self, pause: Duration) {
        sleep(pause).await;
        self.look_into_log();
        self.server.begin();
        self.history.note("the server begins again".to_owned());
    }
}
