//! The Vexil host for Rust: follows a Vexil server and evaluates flags in wasmtime.
//!
//! In: announcements and modules from a server, contexts from the service. Out: values, with the
//! reason for each. This crate must never depend on the compiler or the server, never make an
//! evaluation wait for the network or a compilation, and never panic on what it is sent.
//!
//! ```no_run
//! use std::time::Duration;
//! use vexil_runtime::{Client, Context};
//!
//! # async fn example() -> Result<(), vexil_runtime::BuildError> {
//! let client = Client::builder("http://127.0.0.1:7070")
//!     .project("storefront")
//!     .environment("production")
//!     .build()
//!     .await?;
//! client.ready(Duration::from_secs(5)).await;
//!
//! let context = Context::with_key("user-7").set("country", "DE");
//! if client.bool("checkout-v2", &context, false) {
//!     // the new checkout
//! }
//! let details = client.bool_detail("checkout-v2", &context, false);
//! println!("{} because {}", details.value, details.reason);
//! # Ok(())
//! # }
//! ```
//!
//! How a service uses it is told in `docs/runtime.md`. Below the client, [`load`](load::load) and
//! [`Instance`] evaluate modules that are already at hand.

// A context, and how it is laid out for a guest.
pub mod context;

mod pseudo;

pub mod path;

pub mod read;

mod record;

// A module, from bytes to verdicts.
mod key_index;

pub mod manifest;

mod inspect;

mod engine;

pub mod load;

mod direct;

mod guest;

pub mod instance;

// Many modules, one after the other, on many threads.
mod slot;

mod usage;

mod seat;

mod flag;

mod evaluate;

mod prepared;

pub mod details;

mod served;

// Following a server.
mod selection;

pub mod trust;

mod announcement;

mod changes;

mod wanted;

mod backoff;

mod tls;

mod transfer;

pub mod transport;

mod http;

mod stream;

mod poll;

mod cache;

mod functions;

mod word;

mod update;

mod report;

mod listener;

mod follow;

// What a service holds.
mod options;

mod builder;

mod client;

mod state;

mod metrics;

// What all of it stands on.
mod clock;

mod limits;

// For tests of what stands on it.
#[doc(hidden)]
pub mod simulated;

mod sabotage;

#[cfg(test)]
mod fixture;

#[cfg(test)]
mod scripted;

pub use builder::{BuildError, ClientBuilder};
pub use client::{Client, Current, FlagInfo};
pub use context::{Context, ContextError, Value};
pub use details::{Detail, Details, ErrorCode, Reason};
pub use engine::{Engine, GUARDED_INSTRUCTIONS};
pub use flag::{Flag, FlagValue, Named};
pub use instance::{EvaluateError, Instance};
pub use listener::{Change, Subscription};
pub use load::{LoadError, Loaded, load, optimise};
pub use manifest::{FlagRow, Kind, Manifest};
pub use metrics::Metrics;
pub use options::Options;
pub use prepared::Prepared;
#[doc(hidden)]
pub use sabotage::Sabotage;
pub use selection::{Selection, SelectionError};
pub use state::State;
pub use transport::Transport;
pub use trust::Trust;
pub use usage::{FlagUsage, Usage};
