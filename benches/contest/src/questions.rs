//! The questions and their answers: a workload, and what the interpreter says of it.
//!
//! In: a workload's name. Out: both, made where Vexil is built, and else read from the file that
//! was written there.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::check::Expected;
use crate::workloads::{Name, Workload};

/// A workload with the interpreter's answers.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Questions {
    /// What is asked.
    pub workload: Workload,
    /// What has to be answered.
    pub expected: Expected,
}

/// The questions of a workload.
#[cfg(feature = "vexil")]
#[must_use]
pub fn questions(name: Name) -> Questions {
    let workload = name.workload();
    let expected = Expected::of(&workload);
    Questions { workload, expected }
}

/// The questions of a workload.
///
/// # Panics
///
/// When they were not written.
#[cfg(not(feature = "vexil"))]
#[must_use]
pub fn questions(name: Name) -> Questions {
    let text = std::fs::read_to_string(path(name)).expect(
        "the questions are written by `cargo run --release --bin footprint -- --questions`",
    );
    serde_json::from_str(&text).expect("the questions are those of this version")
}

/// Writes the questions of all workloads.
///
/// # Panics
///
/// When they cannot be written.
#[cfg(feature = "vexil")]
pub fn write() {
    for name in Name::ALL {
        let path = path(name);
        let folder = path.parent().expect("the file is in a folder");
        std::fs::create_dir_all(folder).expect("the questions have a folder");
        let text = serde_json::to_string(&questions(name)).expect("questions are JSON");
        std::fs::write(&path, text).expect("the questions are written");
    }
}

fn path(name: Name) -> PathBuf {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/questions"));
    folder.join(format!("{}.json", name.text()))
}
