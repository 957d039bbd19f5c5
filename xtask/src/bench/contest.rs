//! What the contest says of itself: its workloads, its rows, and what loading costs them.
//!
//! In: what `footprint --json` prints. Out: a [`Contest`].

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// The contest.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Contest {
    /// Its workloads, in order.
    pub workloads: Vec<Workload>,
    /// Its rows, in order.
    pub rows: Vec<Row>,
    /// What loading costs.
    pub footprints: Vec<Footprint>,
}

/// A workload.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Workload {
    /// As records write it.
    pub name: String,
    /// What it asks, in a line.
    pub about: String,
}

/// A row.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Row {
    /// As criterion writes it.
    pub name: String,
    /// As people write it.
    pub title: String,
    /// The package and its version, where it is somebody else's.
    pub package: Option<String>,
    /// Whose it is.
    pub side: Side,
    /// What is used of it.
    pub how: String,
    /// Workload → why it does not take part.
    pub absent: BTreeMap<String, String>,
    /// Workload → what was compared.
    pub checked: BTreeMap<String, Checked>,
}

/// Whose a row is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// What nobody can be much faster than.
    Limit,
    /// Vexil as services use it.
    Vexil,
    /// Vexil's oracle.
    Oracle,
    /// What a user could pick instead.
    Peer,
}

/// What was compared before a row was measured.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Checked {
    /// Answers that were the interpreter's.
    pub compared: u64,
    /// Answers that a hash of the row's own decided.
    pub by_own_hash: u64,
    /// Of those, by variant: wanted and found share.
    pub shares: Vec<(f64, f64)>,
}

/// What loading a thousand flags costs a row.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Footprint {
    /// The row's name.
    pub row: String,
    /// Bytes that are read.
    pub wire_bytes: u64,
    /// Milliseconds until the first answer.
    pub load_ms: f64,
    /// Resident memory, KiB.
    pub growth_kib: i64,
}

impl Contest {
    /// Reads it.
    pub fn read(json: &str) -> Result<Self> {
        serde_json::from_str(json).context("`footprint --json` prints something else")
    }

    /// With the rows of another half.
    pub fn and(mut self, other: Self) -> Self {
        self.rows.extend(other.rows);
        self.footprints.extend(other.footprints);
        self
    }
}
