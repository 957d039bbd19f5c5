//! The server over HTTP, in-process: port 0, a store in memory or in a file of its own.
//!
//! Every endpoint's good case, the refusals as a page of data, delivery and its streams, restarts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod server;

mod writes;

mod reads;

mod delivery;

mod streams;

mod faults;

mod archives;

mod exhausted;

mod restarts;
mod secured;

mod connections;

mod refusals;

mod access;

mod fleet;

mod selections;

mod ofrep;
