//! The record: what was measured, in Markdown, so that it can be read and done again.
//!
//! In: the machine, the contest and the times. Out: text, and the panels of the picture.

mod number;

mod reservation;

use self::number::{number, ratio};
use super::contest::{Contest, Footprint, Row, Side, Workload};
use super::machine::Machine;
use super::measured::Measured;
use super::plot::{Bar, Panel, Unit};

/// All that a record says.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Where.
    pub machine: &'a Machine,
    /// With which command.
    pub command: &'a str,
    /// What took part.
    pub contest: &'a Contest,
    /// How long it took.
    pub measured: &'a [Measured],
    /// What Vexil does under load, in sections of its own; may be empty.
    pub under_load: &'a str,
}

impl Record<'_> {
    /// The record's text, which shows the picture of this name.
    pub fn markdown(&self, picture: &str) -> String {
        let sections = [
            self.head(picture),
            section("Time", &self.times()),
            section("Against the fastest peer", &self.ratios()),
            section("Intervals", &self.intervals()),
            section("Loading 1,000 flags", &self.footprints()),
            self.under_load.to_owned(),
            section("Workloads", &self.workloads()),
            section("What is measured of each", &self.rows()),
            section("What is not comparable", &reservation::text(self.contest)),
        ];
        sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
    }

    fn head(&self, picture: &str) -> String {
        let machine = self.machine;
        let clean = if machine.is_clean { "" } else { ", with changes that are not committed" };
        format!(
            "# {date}, {name}\n\n\
             ![Time of one evaluation by workload, loading and memory]({picture})\n\n\
             | | |\n|---|---|\n\
             | processor | {processor}; {processors} may be used |\n\
             | kernel | {kernel} |\n\
             | compiler | {rustc} |\n\
             | commit | `{commit}`{clean} |\n\
             | command | `{command}` |\n",
            date = machine.date,
            name = machine.name,
            processor = machine.processor,
            processors = machine.processors,
            kernel = machine.kernel,
            rustc = machine.rustc,
            commit = machine.commit,
            command = self.command,
        )
    }

    /// Workloads that were measured.
    fn measured_workloads(&self) -> Vec<&Workload> {
        let was =
            |workload: &&Workload| self.measured.iter().any(|it| it.workload == workload.name);
        self.contest.workloads.iter().filter(was).collect()
    }

    /// Rows that were measured in some workload.
    fn measured_rows(&self) -> Vec<&Row> {
        let was = |row: &&Row| self.measured.iter().any(|it| it.row == row.name);
        self.contest.rows.iter().filter(was).collect()
    }

    fn measured(&self, workload: &Workload, row: &Row) -> Option<&Measured> {
        self.measured.iter().find(|it| it.workload == workload.name && it.row == row.name)
    }

    /// The fastest peer in a workload, with its nanoseconds.
    fn fastest_peer(&self, workload: &Workload) -> Option<(&Row, f64)> {
        let peers = self.contest.rows.iter().filter(|row| row.side == Side::Peer);
        let times = peers.filter_map(|row| Some((row, self.measured(workload, row)?.time_ns)));
        times.min_by(|left, right| left.1.total_cmp(&right.1))
    }

    fn table(&self, cell: impl Fn(&Workload, &Row) -> Option<String>) -> String {
        let (workloads, rows) = (self.measured_workloads(), self.measured_rows());
        let names: String = workloads.iter().map(|it| format!(" {} |", it.name)).collect();
        let mut table = format!("| |{names}\n|---|{}\n", "--:|".repeat(workloads.len()));
        for row in rows {
            let cells = workloads.iter().map(|workload| {
                format!(" {} |", emphasised(row, cell(workload, row).unwrap_or_default()))
            });
            table +=
                &format!("| {} |{}\n", emphasised(row, titled(row)), cells.collect::<String>());
        }
        table
    }

    fn times(&self) -> String {
        let table = self.table(|workload, row| Some(number(self.measured(workload, row)?.time_ns)));
        format!(
            "Nanoseconds for one evaluation (of W6 and W6d: for one flag of a thousand; of W7: for \
             one request of twenty flags): the median of criterion's samples.\n\
             An empty cell is a row that does not take part.\n\n{table}"
        )
    }

    fn ratios(&self) -> String {
        let table = self.table(|workload, row| {
            let (_, fastest_ns) = self.fastest_peer(workload)?;
            Some(format!("{}×", ratio(fastest_ns / self.measured(workload, row)?.time_ns)))
        });
        let workloads = self.measured_workloads();
        let fastest = workloads.iter().filter_map(|workload| {
            Some(format!("{}: {}", workload.name, self.fastest_peer(workload)?.0.title))
        });
        let fastest = fastest.collect::<Vec<_>>().join(", ");
        format!(
            "How many times as fast as the fastest peer of the workload.\n\
             Fastest are {fastest}.\n\n{table}"
        )
    }

    fn intervals(&self) -> String {
        let table = self.table(|workload, row| {
            let (low_ns, high_ns) = self.measured(workload, row)?.interval_ns;
            Some(format!("{}–{}", number(low_ns), number(high_ns)))
        });
        format!("Nanoseconds between which the median lies with 95 % confidence.\n\n{table}")
    }

    fn footprints(&self) -> String {
        let mut text = "Flags of W6d, each row in a process of its own: from the bytes that a \
             service receives to the first answer, the shortest of five; resident memory that this \
             adds, the middle of five.\n\
             Vexil's bytes are a module, which the server has compiled; loading it makes machine \
             code.\n\n\
             | | bytes | ms | MiB |\n|---|--:|--:|--:|\n"
            .to_owned();
        for (row, footprint) in self.loaded() {
            let mib = footprint.growth_kib as f64 / 1024.0;
            let cells = [
                titled(row),
                footprint.wire_bytes.to_string(),
                format!("{:.1}", footprint.load_ms),
                format!("{mib:.1}"),
            ];
            let cells = cells.map(|cell| format!(" {} |", emphasised(row, cell)));
            text += &format!("|{}\n", cells.concat());
        }
        text
    }

    fn loaded(&self) -> impl Iterator<Item = (&Row, &Footprint)> {
        self.contest.footprints.iter().filter_map(|footprint| {
            let row = self.contest.rows.iter().find(|row| row.name == footprint.row)?;
            Some((row, footprint))
        })
    }

    fn workloads(&self) -> String {
        let line = |workload: &Workload| format!("- **{}**: {}.\n", workload.name, workload.about);
        let lines: String = self.contest.workloads.iter().map(line).collect();
        format!(
            "{lines}\nContexts have a targeting key and five attributes; each row makes its own \
             from the same map of strings, beforehand except in W5c and W7.\n"
        )
    }

    fn rows(&self) -> String {
        let line = |row: &Row| format!("- **{}**: {}.\n", titled(row), row.how);
        self.contest.rows.iter().map(line).collect()
    }

    /// The panels of the picture: a workload each, then loading and memory.
    pub fn panels(&self) -> Vec<Panel> {
        let workloads = self.measured_workloads().into_iter().map(|workload| {
            let rows = self.measured_rows();
            let bars = rows
                .into_iter()
                .filter_map(|row| Some(bar(row, self.measured(workload, row)?.time_ns)));
            Panel::new(&workload.name, &workload.about, Unit::Nanoseconds, bars.collect())
        });
        let loading = self.loaded().map(|(row, it)| bar(row, it.load_ms * 1e6));
        let loading = Panel::new(
            "Loading",
            "1,000 flags, from bytes to the first answer",
            Unit::Nanoseconds,
            loading.collect(),
        );
        let memory = self.loaded().map(|(row, it)| bar(row, it.growth_kib as f64 / 1024.0));
        let about = "of the same 1,000 flags, resident";
        let memory = Panel::new("Memory", about, Unit::Mebibytes, memory.collect());
        workloads.chain([loading, memory]).collect()
    }
}

fn section(title: &str, text: &str) -> String {
    format!("## {title}\n\n{text}")
}

fn bar(row: &Row, value: f64) -> Bar {
    Bar { title: row.title.clone(), side: row.side, value }
}

fn titled(row: &Row) -> String {
    match &row.package {
        None => row.title.clone(),
        Some(package) => format!("{} ({package})", row.title),
    }
}

fn emphasised(row: &Row, text: String) -> String {
    if row.side == Side::Vexil && !text.is_empty() { format!("**{text}**") } else { text }
}

#[cfg(test)]
mod tests {
    use super::super::contest::Checked;
    use super::super::machine;
    use super::*;

    fn row(name: &str, side: Side) -> Row {
        let mut row = Row {
            name: name.to_owned(),
            title: name.to_uppercase(),
            package: (side == Side::Peer).then(|| format!("{name} 1.0")),
            side,
            how: "as it is".to_owned(),
            absent: [("W2".to_owned(), "it cannot".to_owned())].into(),
            checked: [].into(),
        };
        let shares = vec![(0.25, 0.26)];
        let checked = Checked { compared: 1_024, by_own_hash: 7, shares };
        row.checked.insert("W1".to_owned(), checked);
        row
    }

    fn contest() -> Contest {
        let workload = |name: &str| Workload { name: name.to_owned(), about: "a flag".to_owned() };
        Contest {
            workloads: vec![workload("W1"), workload("W2")],
            rows: vec![row("vexil", Side::Vexil), row("slow", Side::Peer), row("fast", Side::Peer)],
            footprints: vec![Footprint {
                row: "vexil".to_owned(),
                wire_bytes: 2_000,
                load_ms: 1.5,
                growth_kib: 2_048,
            }],
        }
    }

    fn measured(row: &str, time_ns: f64) -> Measured {
        let interval_ns = (time_ns * 0.9, time_ns * 1.1);
        Measured { workload: "W1".to_owned(), row: row.to_owned(), time_ns, interval_ns }
    }

    #[test]
    fn a_record_tells_times_and_ratios_to_the_fastest_peer() {
        let measured = [measured("vexil", 5.0), measured("slow", 1_234.0), measured("fast", 50.0)];
        let (machine, contest) = (machine::tests::machine(), contest());
        let record = Record {
            machine: &machine,
            command: "cargo xtask bench",
            contest: &contest,
            measured: &measured,
            under_load: "## Swaps\n\nquick\n",
        };
        let text = record.markdown("it.svg");
        for line in [
            "# 2026-11-26, Intel(R) Xeon(R) Processor @ 2.60GHz, 2 cores",
            "| commit | `0123456789ab` |",
            "| | W1 |",
            "| **VEXIL** | **5.00** |",
            "| SLOW (slow 1.0) | 1,234 |",
            "| SLOW (slow 1.0) | 0.041× |",
            "| **VEXIL** | **10×** |",
            "Fastest are W1: FAST.",
            "| **VEXIL** | **4.50–5.50** |",
            "| **VEXIL** | **2000** | **1.5** | **2.0** |",
            "- FAST is not in W2: it cannot.",
            "- FAST: 1,024 answers were the interpreter's, 7 were decided by a hash of its own, \
             whose shares are at most 1.0 points off.",
        ] {
            assert!(text.lines().any(|it| it == line), "no line `{line}` in\n{text}");
        }
        let names: Vec<String> = record.panels().into_iter().map(|panel| panel.name).collect();
        assert_eq!(names, ["W1", "Loading", "Memory"]);
    }
}
