//! The client against scripted servers: first what it answers, then what it withstands.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use serde_json::json;

use super::*;
use crate::details::{Detail, ErrorCode, Reason};
use crate::fixture;
use crate::options::Options;
use crate::scripted::{Server, Step, announcement, events, eventually, frame, ok, quick, status};

const LONG: Duration = Duration::from_secs(10);

fn german() -> Context<'static> {
    Context::with_key("u").set("country", "DE")
}

fn banner(client: &Client) -> String {
    client.string("banner", &Context::new(), "default")
}

fn revision(client: &Client) -> u64 {
    client.current().map_or(0, |current| current.revision)
}

/// A live server that has announced revision 1, and a client that serves it.
async fn at_revision_1() -> (Server, Client) {
    let server = Server::live().await;
    let client = server.client().await;
    server.announce(&server.host(1, "one")).await;
    assert!(client.ready(LONG).await);
    (server, client)
}

mod answers;
mod faults;
mod product;
mod swaps;
