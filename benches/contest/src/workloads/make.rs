//! The workloads, made.
//!
//! In: a name. Out: the workload, from `vexil-benches` where that has it.

use serde_json::{Value, json};
use vexil_benches::fleet::{Constants, fleet, subject};
use vexil_benches::{CONTEXTS, workloads};
use vexil_compiler::document;
use vexil_compiler::flag_set::FlagSet;

use super::{NOW_MS, Name, Workload};
use crate::rules::rules;
use crate::subject::{StringMap, string_map};

const _: () = assert!(NOW_MS == vexil_benches::NOW_MS);

/// Members of the large list.
const MEMBERS: usize = 100_000;

/// Flags that one request asks for.
const FLAGS_OF_A_REQUEST: usize = 20;

impl Name {
    /// Makes it.
    ///
    /// # Panics
    ///
    /// When the shared workloads are not what they were.
    #[must_use]
    pub fn workload(self) -> Workload {
        let (flag_set, subjects) = match self {
            Self::W1 => shared(0),
            Self::W2 => shared(1),
            Self::W3 => shared(2),
            Self::W3x => large_list(),
            Self::W4 => shared(3),
            Self::W5 | Self::W5c => shared(4),
            Self::W6 => (fleet(1_000, 1, Constants::Equal), subjects()),
            Self::W6d | Self::W7 => (fleet(1_000, 1, Constants::Distinct), subjects()),
        };
        let flags = rules(&flag_set);
        let step = (flags.len() / FLAGS_OF_A_REQUEST).max(1);
        let requested = (0..flags.len()).step_by(step).collect();
        Workload { name: self, flag_set, flags, subjects, requested }
    }
}

fn shared(number: usize) -> (FlagSet, Vec<StringMap>) {
    let workload = workloads().into_iter().nth(number).expect("there are five workloads");
    let mut subjects = workload.contexts.iter().map(string_map).collect::<Vec<_>>();
    subjects.truncate(CONTEXTS);
    (workload.flags, subjects)
}

fn subjects() -> Vec<StringMap> {
    (0..CONTEXTS).map(|number| string_map(&subject(number))).collect()
}

/// A list of which one subject in ten is a member, as of the list of 100; members stand anywhere
/// in it.
fn large_list() -> (FlagSet, Vec<StringMap>) {
    // INVARIANT: the factor has no divisor in common with the number of members.
    let scattered = (0..MEMBERS).map(|n| n * 7_919 % MEMBERS * 10);
    let addresses: Vec<String> = scattered.map(|n| format!("user{n}@example.com")).collect();
    let configuration = json!({
        "enabled": true,
        "rules": [{ "id": "one", "serve": "on",
                    "when": { "attribute": "email", "in": addresses } }],
    });
    (flag_set(&configuration), shared(2).1)
}

fn flag_set(configuration: &Value) -> FlagSet {
    let document = json!({
        "format": "vexil/1",
        "environments": ["bench"],
        "flags": { "flag": {
            "kind": "string",
            "variants": { "off": "1", "on": "2" },
            "environments": { "bench": configuration },
        } },
    });
    let project = document::read_value(&document).expect("the workload is a good document");
    project.flag_set("bench").expect("the workload has its environment")
}
