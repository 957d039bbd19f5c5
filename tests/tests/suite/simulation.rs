//! A whole delivery path in one thread: a server, its store, writers and clients, under a clock that
//! jumps and over a network that loses, delays, cuts, repeats and lies. Everything that can go
//! wrong comes from a seed. What is real and what is not is told in `docs/testing.md`.
//!
//! It stands here and not in the library, which is built with instrumentation for fuzzing: the
//! server need not be.

mod plan;

mod history;

mod truth;

mod store;

mod server;

mod wire;

mod network;

mod writer;

mod world;

mod seeds;

use vexil_runtime::Sabotage as WrongClient;
use vexil_server::publish::sabotage::Sabotage as WrongServer;

use seeds::{Asked, run};
use world::{Rig, live};

/// Seeds of each test, of which a tenth would do for what is planted.
const SEEDS: u64 = 200;

#[test]
fn whatever_the_network_does_clients_serve_what_the_log_says_and_converge() {
    let found = run(Rig::default(), Asked::from_environment(SEEDS));
    if let Some(broken) = found.broken {
        panic!("{broken}");
    }
    println!("{}", found.summary);
}

#[test]
#[ignore = "as many as are asked for: `cargo xtask simulate`"]
fn many_worlds() {
    let asked = Asked::from_environment(SEEDS);
    let found = run(Rig::default(), Asked { talks: true, ..asked });
    println!("{}", found.summary);
    if let Some(broken) = found.broken {
        panic!("{broken}");
    }
}

/// Runs seeds until one finds what is planted; within those of the test, or it is not found.
#[track_caller]
fn finds(what: &str, rig: Rig, says: &str) {
    let found = run(rig, Asked { first: 0, seeds: SEEDS, talks: false });
    let broken = found.broken.unwrap_or_else(|| panic!("{what} was not found: {}", found.summary));
    assert!(broken.contains(says), "{broken}");
    println!("{what} was found after {} worlds", found.worlds);
}

#[test]
fn a_client_that_takes_what_is_older_is_found() {
    let client = Some(WrongClient::TakesOlder);
    finds("a client that goes back", Rig { client, ..Rig::default() }, "went back");
}

#[test]
fn a_server_that_forgets_announcements_is_found() {
    let server = Some(WrongServer::Forgetful);
    finds("a forgetful server", Rig { server, ..Rig::default() }, "has not converged");
}

#[test]
fn a_seed_is_one_history() {
    for seed in 0..20 {
        let [first, second] = [(); 2].map(|()| live(seed, Rig::default()).history);
        for (one, other) in first.iter().zip(&second) {
            assert_eq!(one, other, "seed {seed}");
        }
        assert_eq!(first.len(), second.len(), "seed {seed}");
    }
}
