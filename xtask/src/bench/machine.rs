//! What a record says of the machine and of the code that was measured.
//!
//! In: what the system, rustc and git tell. Out: a [`Machine`]. What is not told is `unknown`.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::root;

/// Where and on what was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Today, `2026-11-26`.
    pub date: String,
    /// What the record calls the machine.
    pub name: String,
    /// The processor's model.
    pub processor: String,
    /// Processors that may be used.
    pub processors: usize,
    /// The kernel's name and version.
    pub kernel: String,
    /// The compiler's version.
    pub rustc: String,
    /// The commit.
    pub commit: String,
    /// Is the working tree as that commit has it; records do not count.
    pub is_clean: bool,
}

impl Machine {
    /// Asks.
    pub fn read(name: Option<&str>) -> Result<Self> {
        let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let processor = model(&cpuinfo).unwrap_or("unknown").to_owned();
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let changes = told("git", &["status", "--porcelain", "--", ".", ":!benches/records"])?;
        Ok(Self {
            date: told("date", &["+%Y-%m-%d"])?,
            name: name.map_or_else(|| format!("{processor}, {processors} cores"), str::to_owned),
            processor,
            processors,
            kernel: told("uname", &["-sr"])?,
            rustc: told("rustc", &["--version"])?,
            commit: told("git", &["rev-parse", "--short=12", "HEAD"])?,
            is_clean: changes.is_empty(),
        })
    }

    /// The name as part of a file's.
    pub fn slug(&self) -> String {
        let plain = self.name.replace("(R)", " ").replace("(TM)", " ").to_lowercase();
        let words = plain.split(|letter: char| !letter.is_ascii_alphanumeric());
        let idle = ["", "cpu", "processor", "with"];
        words.filter(|word| !idle.contains(word)).collect::<Vec<_>>().join("-")
    }
}

/// The first processor's model.
fn model(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

fn told(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).current_dir(root()).output();
    let output = output.with_context(|| format!("`{program}` does not start"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A machine that stays the same.
    pub fn machine() -> Machine {
        Machine {
            date: "2026-11-26".to_owned(),
            name: "Intel(R) Xeon(R) Processor @ 2.60GHz, 2 cores".to_owned(),
            processor: "Intel(R) Xeon(R) Processor @ 2.60GHz".to_owned(),
            processors: 2,
            kernel: "Linux 6.1.0".to_owned(),
            rustc: "rustc 1.95.0".to_owned(),
            commit: "0123456789ab".to_owned(),
            is_clean: true,
        }
    }

    #[test]
    fn the_model_of_the_processor_is_found() {
        let cpuinfo = "processor\t: 0\nmodel name\t: AMD EPYC 7B13\nmodel name\t: other\n";
        assert_eq!(model(cpuinfo), Some("AMD EPYC 7B13"));
        assert_eq!(model(""), None);
    }

    #[test]
    fn a_name_becomes_part_of_a_file_name() {
        assert_eq!(machine().slug(), "intel-xeon-2-60ghz-2-cores");
    }
}
