//! What changes cost those who evaluate: swaps under load, memory, threads, counting.
//!
//! In: the fleet and the shared workloads. Out: Markdown. Name a part to run it alone: `latency`,
//! `memory`, `threads`, `counting`.

#![allow(clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod server;

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use server::{NAMES, Server};
use vexil_benches::fleet::{Constants, flag_set, fleet_document};
use vexil_benches::workloads;
use vexil_compiler::{Module, compile};
use vexil_runtime::{Client, Context, Flag, Trust};

fn main() {
    let only = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    let runtime = tokio::runtime::Runtime::new().expect("tokio has a runtime");
    if wanted("latency") {
        runtime.block_on(latency());
    }
    if wanted("memory") {
        memory();
    }
    if wanted("threads") {
        threads();
    }
    if wanted("counting") {
        runtime.block_on(counting());
    }
}

/// The flag that changes.
const CHANGED: &str = "flag-00000";

/// A fleet whose first flag is configured so.
fn module(count: usize, shapes: usize, configuration: &Value) -> Module {
    let mut document = fleet_document(count, shapes, Constants::Pooled);
    document["flags"][CHANGED]["environments"]["bench"] = configuration.clone();
    compile(&flag_set(&document)).expect("the fleet compiles")
}

/// Three modules that differ in one flag, each with what that flag serves in Germany: the second
/// differs from the first in data only, the third has a function that no other has.
fn modules(count: usize, shapes: usize) -> [(Module, &'static str); 3] {
    let everybody = |variant: &str| json!({ "enabled": true, "fallthrough": variant });
    let rule = json!({
        "enabled": true,
        "rules": [{ "id": "de", "serve": "c", "when": { "all": [
            { "attribute": "country", "equals": "DE" },
            { "not": { "attribute": "plan", "in": ["trial", "none"] } },
            { "any": [{ "attribute": "age", "gte": 0 }, { "attribute": "age", "lt": 0 }] },
        ] } }],
        "fallthrough": "d",
    });
    [(everybody("a"), "1"), (everybody("b"), "2"), (rule, "3")]
        .map(|(configuration, value)| (module(count, shapes, &configuration), value))
}

fn contexts() -> Vec<Value> {
    workloads().pop().expect("there are workloads").contexts
}

/// Nanoseconds, counted one by one up to a tenth of a millisecond.
struct Times {
    counts: Vec<u64>,
    longest: u64,
}

impl Times {
    fn new() -> Self {
        Self { counts: vec![0; 100_000], longest: 0 }
    }

    fn add(&mut self, ns: u64) {
        let last = self.counts.len() - 1;
        self.counts[(ns as usize).min(last)] += 1;
        self.longest = self.longest.max(ns);
    }

    fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(to, from)| *to += from);
        self.longest = self.longest.max(other.longest);
    }

    fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The time that this share of all did not exceed.
    fn at(&self, share: f64) -> usize {
        let wanted = (self.total() as f64 * share) as u64;
        let mut seen = 0;
        let reached = self.counts.iter().position(|count| {
            seen += count;
            seen > wanted
        });
        reached.unwrap_or(self.counts.len())
    }

    fn row(&self, name: &str) {
        println!(
            "| {name} | {} | {} | {} | {} | {:.0} |",
            self.total(),
            self.at(0.5),
            self.at(0.99),
            self.at(0.999),
            self.longest as f64 / 1e3
        );
    }
}

/// Swaps of a large module while two threads evaluate.
async fn latency() {
    println!("## Swaps of 10,000 flags, one changed, while 2 threads evaluate\n");
    for shapes in [50, 1_000] {
        let modules = modules(10_000, shapes);
        println!("{shapes} shapes, {} bytes:\n", modules[0].0.bytes.len());
        swaps(&modules).await;
    }
}

const QUIET: u8 = 0;
const SWAPPING: u8 = 1;
const OVER: u8 = 2;

/// Swaps of each kind.
const SWAPS: u64 = 20;

async fn swaps(modules: &[(Module, &'static str); 3]) {
    let server = Server::start().await;
    modules.iter().for_each(|(module, _)| server.host(module));
    let client = Client::builder(&server.url).project(NAMES[0]).environment(NAMES[1]);
    let client = client.trust(Trust::Anybody);
    let client = client.build().await.expect("the client is built");
    server.heard().await;

    let german = Context::with_key("user-1").set("country", "DE").set("plan", "pro").set("age", 3);
    let flag: Flag<String> = Flag::new(CHANGED);
    let mut revision = 0;
    let mut took: [Vec<f64>; 3] = Default::default();
    let phase = AtomicU8::new(QUIET);
    announce(&server, &client, &modules[0], &mut revision, &german, &flag).await;
    let texts = contexts();
    let [quiet, swapping] = std::thread::scope(|scope| {
        let readers = [0, 1].map(|_| scope.spawn(|| read(&client, &texts, &phase)));
        tokio::task::block_in_place(|| {
            // By now better code serves.
            std::thread::sleep(Duration::from_secs(15));
            phase.store(SWAPPING, Ordering::Relaxed);
            for turn in 1..=3 * SWAPS {
                let next = turn as usize % 3;
                let swap =
                    announce(&server, &client, &modules[next], &mut revision, &german, &flag);
                took[next].push(tokio::runtime::Handle::current().block_on(swap));
                std::thread::sleep(Duration::from_millis(100));
            }
            phase.store(OVER, Ordering::Relaxed);
        });
        let [mut one, other] = readers.map(|reader| reader.join().expect("a reader reads"));
        one.iter_mut().zip(&other).for_each(|(to, from)| to.merge(from));
        one
    });
    println!("| | announcement → first verdict: median, ms | largest, ms |\n|---|--:|--:|");
    let kinds = ["a function less", "only data", "a function more"];
    for (name, mut took) in kinds.iter().zip(took) {
        took.sort_by(f64::total_cmp);
        println!("| {name} | {:.1} | {:.1} |", took[took.len() / 2], took[took.len() - 1]);
    }
    println!("\n| | evaluations | p50, ns | p99, ns | p99.9, ns | longest, µs |");
    println!("|---|--:|--:|--:|--:|--:|");
    quiet.row("no swaps");
    swapping.row("swaps");
    println!();
}

/// Announces a module and waits until its flag serves what it should; milliseconds.
async fn announce(
    server: &Server,
    client: &Client,
    (module, value): &(Module, &'static str),
    revision: &mut u64,
    context: &Context<'_>,
    flag: &Flag<String>,
) -> f64 {
    *revision += 1;
    let began = Instant::now();
    server.announce(*revision, module, &[CHANGED]);
    while !client.string_with(flag, context, "", |served| served == *value) {
        tokio::time::sleep(Duration::from_micros(100)).await;
    }
    began.elapsed().as_secs_f64() * 1e3
}

/// Evaluates until all is over; the times of quiet and of swaps.
fn read(client: &Client, texts: &[Value], phase: &AtomicU8) -> [Times; 2] {
    let contexts: Vec<Context<'_>> =
        texts.iter().map(|json| Context::from_json(json).expect("a good context")).collect();
    let flags: Vec<Flag<String>> =
        (1..200).map(|number| Flag::named(format!("flag-{:05}", number * 50))).collect();
    let mut times = [Times::new(), Times::new()];
    // What is new to the processor is not measured.
    let from = Instant::now() + Duration::from_secs(5);
    for (context, flag) in contexts.iter().cycle().zip(flags.iter().cycle()) {
        let began = Instant::now();
        client.string_with(flag, context, "", |value| {
            black_box(value);
        });
        let ns = began.elapsed().as_nanos() as u64;
        match phase.load(Ordering::Relaxed) {
            OVER => break,
            QUIET if began < from => {}
            now => times[usize::from(now)].add(ns),
        }
    }
    times
}

/// Resident memory, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// Swaps after which memory is read.
const READINGS: [u64; 5] = [100, 1_000, 2_500, 5_000, 10_000];

fn memory() {
    println!("## Memory\n\nResident, as Linux says.\n");
    let context = Context::with_key("user-1").set("country", "DE").set("age", 41);
    println!("| flags | shapes | for each further thread, KiB |\n|--:|--:|--:|");
    for (count, shapes) in [(100, 1), (1_000, 1), (1_000, 50), (10_000, 50)] {
        let module = module(count, shapes, &json!({ "enabled": true, "fallthrough": "a" }));
        let client = Client::from_module(&module.bytes).expect("the module loads");
        let keys: Vec<String> = client.flags().into_iter().map(|flag| flag.key).collect();
        const THREADS: usize = 16;
        let (before, after) = (Barrier::new(THREADS + 1), Barrier::new(THREADS + 1));
        let grown = std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    before.wait();
                    let _ = client.string(keys[0].as_str(), &context, "");
                    before.wait();
                    for key in &keys {
                        let _ = client.string(key.as_str(), &context, "");
                    }
                    after.wait();
                    after.wait();
                });
            }
            before.wait();
            let began = resident();
            before.wait();
            after.wait();
            let grown = resident().saturating_sub(began);
            after.wait();
            grown
        });
        println!("| {count} | {shapes} | {} |", grown / THREADS as u64);
    }

    println!("\n| swaps of 20 flags | resident, KiB |\n|--:|--:|");
    let modules = modules(20, 1);
    let client = Client::from_module(&modules[0].0.bytes).expect("the module loads");
    for swap in 1..=READINGS[READINGS.len() - 1] {
        let (module, value) = &modules[swap as usize % 3];
        client.swap_module(&module.bytes).expect("the module loads");
        assert_eq!(client.string(CHANGED, &context, ""), *value);
        if READINGS.contains(&swap) {
            println!("| {swap} | {} |", resident());
        }
    }
    println!();
}

/// Evaluations a second, by threads.
fn threads() {
    println!("## Threads\n\n| workload | threads | million evaluations a second | of one |");
    println!("|---|--:|--:|--:|");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for workload in workloads().into_iter().filter(|it| !it.name.starts_with("W1")) {
        let module = compile(&workload.flags).expect("the workload compiles");
        let client = Client::from_module(&module.bytes).expect("the module loads");
        let mut of_one = 0.0;
        for count in (1..=cores).chain([2 * cores]) {
            let rate = rate(&client, &workload.contexts, count);
            if count == 1 {
                of_one = rate;
            }
            let name = workload.name;
            println!("| {name} | {count} | {:.2} | {:.2} |", rate / 1e6, rate / of_one);
        }
    }
    println!();
}

fn rate(client: &Client, texts: &[Value], threads: usize) -> f64 {
    let done = AtomicU64::new(0);
    let (start, lasts) = (Barrier::new(threads), Duration::from_secs(2));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let contexts: Vec<Context<'_>> = texts
                    .iter()
                    .map(|json| Context::from_json(json).expect("a good context"))
                    .collect();
                let flag: Flag<String> = Flag::new("flag");
                let mut evaluations = 0;
                start.wait();
                let end = Instant::now() + lasts;
                while Instant::now() < end {
                    for context in &contexts {
                        client.string_with(&flag, context, "", |value| {
                            black_box(value);
                        });
                    }
                    evaluations += contexts.len() as u64;
                }
                done.fetch_add(evaluations, Ordering::Relaxed);
            });
        }
    });
    done.into_inner() as f64 / lasts.as_secs_f64()
}

/// What counting costs.
async fn counting() {
    println!("## Counting\n\n| workload | not counted, ns | counted, ns |\n|---|--:|--:|");
    for workload in workloads() {
        let module = compile(&workload.flags).expect("the workload compiles");
        let mut shortest = [f64::INFINITY; 2];
        let plain = builder(&module).build().await.expect("the client is built");
        let counting = builder(&module).on_usage(|usage| {
            black_box(usage.flags.len());
        });
        let counting = counting.build().await.expect("the client is built");
        let contexts: Vec<Context<'_>> = workload
            .contexts
            .iter()
            .map(|json| Context::from_json(json).expect("a good context"))
            .collect();
        for _ in 0..300 {
            for (client, shortest) in [&plain, &counting].iter().zip(&mut shortest) {
                *shortest = shortest.min(pass(client, &contexts, workload.name.starts_with("W1")));
            }
        }
        println!("| {} | {:.1} | {:.1} |", workload.name, shortest[0], shortest[1]);
    }
    println!();
}

/// A client that never hears of a server.
fn builder(module: &Module) -> vexil_runtime::ClientBuilder {
    let client = Client::builder("http://127.0.0.1:9").project(NAMES[0]).environment(NAMES[1]);
    client.bootstrap(module.bytes.clone())
}

/// Nanoseconds of an evaluation, by key.
fn pass(client: &Client, contexts: &[Context<'_>], is_boolean: bool) -> f64 {
    let began = Instant::now();
    for context in contexts {
        match is_boolean {
            true => drop(black_box(client.bool("flag", context, false))),
            false => client.string_with("flag", context, "", |value| {
                black_box(value);
            }),
        }
    }
    began.elapsed().as_secs_f64() * 1e9 / contexts.len() as f64
}
