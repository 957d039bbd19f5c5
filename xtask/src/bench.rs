//! `cargo xtask bench`: Vexil, its peers and hand-written Rust, measured and written down.
//!
//! In: which workloads, perhaps. Out: a record in `benches/records`, and a picture beside it. A
//! hurried or partial run is no record: it is written where git does not look.

mod machine;

mod measured;

mod contest;

mod record;

mod plot;

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use self::contest::Contest;
use self::machine::Machine;
use self::measured::Measured;
use self::record::Record;
use crate::{cargo, root, show, tools};

/// What to measure.
#[derive(Args, Debug)]
pub struct Bench {
    /// Only these workloads, or one row of one: W5, W5/launchdarkly
    #[arg(long, value_name = "WORKLOAD", value_delimiter = ',')]
    only: Vec<String>,
    /// Measure for a moment only: to see that everything runs, not to learn how fast it is
    #[arg(long)]
    quick: bool,
    /// What the record calls this machine; its processor when not given
    #[arg(long, value_name = "NAME")]
    machine: Option<String>,
}

/// Measures, and writes the record.
pub fn run(bench: &Bench) -> Result<ExitCode> {
    tools::need(&[tools::C_COMPILER])?;
    println!("building; the first time it takes minutes, because the peers are built as well");
    let criterion = root().join("benches/contest/target/criterion");
    forget(&criterion)?;
    heading("loading and memory");
    footprint(Half::Vexil, "--questions")?;
    let ours = Contest::read(&footprint(Half::Vexil, "--json")?)?;
    let contest = ours.and(Contest::read(&footprint(Half::Peers, "--json")?)?);
    heading("time");
    let workloads: Vec<String> = contest.workloads.iter().map(|it| it.name.clone()).collect();
    // A machine is not as fast in one minute as in the next: what is compared is measured in turn.
    for filter in filters(if bench.only.is_empty() { &workloads } else { &bench.only }) {
        measure(Half::Vexil, &filter, bench.quick)?;
        measure(Half::Peers, &filter, bench.quick)?;
    }
    let measured = measured::read(&criterion)?;
    let under_load = match bench.only.is_empty() && !bench.quick {
        true => swaps()?,
        false => String::new(),
    };
    write(bench, &contest, &measured, &under_load)
}

fn heading(text: &str) {
    println!("\n{} {}", show::strong(format!("── {text}")), "─".repeat(60));
}

fn forget(folder: &std::path::Path) -> Result<()> {
    match folder.exists() {
        true => std::fs::remove_dir_all(folder).context("earlier measurements do not go away"),
        false => Ok(()),
    }
}

/// What criterion is told to run, one run each; `W5` must not mean `W5c` as well.
fn filters(only: &[String]) -> Vec<String> {
    let whole = |word: &String| if word.contains('/') { word.clone() } else { format!("{word}/") };
    only.iter().map(whole).collect()
}

/// Rows that are built together. A crate that both halves use would get the features that both
/// ask for, and the peers would pay for Vexil's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Half {
    /// Vexil and what is written by hand; it writes the questions that the other half reads.
    Vexil,
    /// What a user could pick instead.
    Peers,
}

impl Half {
    /// How cargo is told.
    const fn features(self) -> &'static [&'static str] {
        match self {
            Self::Vexil => &[],
            Self::Peers => &["--no-default-features", "--features", "peers"],
        }
    }
}

/// The cargo of the contest, which is a workspace of its own.
fn contest_cargo() -> Command {
    let folder = root().join("benches/contest");
    let mut command = cargo();
    command.current_dir(&folder).env("CARGO_TARGET_DIR", folder.join("target"));
    command.env("CRITERION_HOME", folder.join("target/criterion")).stdin(Stdio::null());
    command
}

fn measure(half: Half, filter: &str, is_quick: bool) -> Result<()> {
    let mut command = contest_cargo();
    command.args(["bench", "--quiet", "--locked", "--bench", "contest"]).args(half.features());
    command.arg("--").arg(filter);
    if is_quick {
        command.args(["--warm-up-time", "0.05", "--measurement-time", "0.1"]);
        command.args(["--sample-size", "10"]);
    }
    match command.status().context("cargo does not start")?.success() {
        true => Ok(()),
        false => bail!("nothing was measured; what is wrong stands above"),
    }
}

/// What the contest's `footprint` prints.
fn footprint(half: Half, option: &str) -> Result<String> {
    let mut command = contest_cargo();
    command.args(["run", "--quiet", "--locked", "--release", "--bin", "footprint"]);
    command.args(half.features()).args(["--", option]).stderr(Stdio::inherit());
    let output = command.output().context("cargo does not start")?;
    if !output.status.success() {
        bail!("`footprint {option}` failed; what is wrong stands above");
    }
    String::from_utf8(output.stdout).context("`footprint` does not print text")
}

/// What changes cost those who evaluate, in Markdown; without peers, so in the workspace itself.
fn swaps() -> Result<String> {
    heading("swaps, memory, threads, counting");
    let mut command = cargo();
    command.current_dir(root()).stdin(Stdio::null()).stderr(Stdio::inherit());
    command.args(["bench", "--quiet", "-p", "vexil-benches", "--bench", "swaps"]);
    let output = command.output().context("cargo does not start")?;
    if !output.status.success() {
        bail!("swaps were not measured; what is wrong stands above");
    }
    let text = String::from_utf8(output.stdout).context("swaps are not printed as text")?;
    print!("{text}");
    Ok(text)
}

fn write(
    bench: &Bench,
    contest: &Contest,
    measured: &[Measured],
    under_load: &str,
) -> Result<ExitCode> {
    let machine = Machine::read(bench.machine.as_deref())?;
    let is_record = bench.only.is_empty() && !bench.quick;
    let folder: PathBuf =
        root().join(if is_record { "benches/records" } else { "benches/contest/target/records" });
    std::fs::create_dir_all(&folder).context("records have no folder")?;
    let stem = format!("{}-{}", machine.date, machine.slug());
    let record =
        Record { machine: &machine, command: &command(bench), contest, measured, under_load };
    let (text, picture) = (folder.join(format!("{stem}.md")), folder.join(format!("{stem}.svg")));
    std::fs::write(&text, record.markdown(&format!("{stem}.svg")))
        .context("the record is not written")?;
    std::fs::write(&picture, plot::svg(&record.panels())).context("the picture is not written")?;
    println!("\n{} {}\n  {}", show::good("✓"), text.display(), picture.display());
    if !is_record {
        println!("  {}", show::faint("hurried or partial: this is no record"));
    }
    Ok(ExitCode::SUCCESS)
}

/// The command that was given, to give it again.
fn command(bench: &Bench) -> String {
    let mut command = "cargo xtask bench".to_owned();
    if bench.quick {
        command += " --quick";
    }
    if !bench.only.is_empty() {
        command += &format!(" --only {}", bench.only.join(","));
    }
    if let Some(machine) = &bench.machine {
        command += &format!(" --machine {machine}");
    }
    command
}

#[cfg(test)]
mod tests {
    use super::filters;

    #[test]
    fn a_workload_does_not_mean_those_whose_names_begin_with_its() {
        let only = ["W5".to_owned(), "W6/unleash".to_owned()];
        assert_eq!(filters(&only), ["W5/", "W6/unleash"]);
    }
}
