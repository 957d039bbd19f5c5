//! What a thousand flags cost before the first answer: milliseconds to load them, and memory.
//!
//! In: nothing. Out: a Markdown table, or with `--json` all that a record says of rows and
//! workloads; with `--questions`, where Vexil is built, the file that the peers' build reads. Each row is loaded in a process of its own, which is this program again: its flags
//! come on standard input, so that nothing that made them is in its memory.

use std::io::{Read as _, Write as _};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use serde_json::{Value, json};
use vexil_contest::check::check;
use vexil_contest::questions::{Questions, questions};
use vexil_contest::row::{Row, Wired};
use vexil_contest::rows::{Visitor, WiredVisitor, each, each_wired};
use vexil_contest::subject::{AGE, StringMap, TARGETING_KEY};
use vexil_contest::workloads::{Name, Workload};

/// The flags that are loaded.
const FLAGS: Name = Name::W6d;

/// Processes for each row; the shortest time and the middle memory count.
const PROCESSES: usize = 5;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => println!("{}", table(&footprints())),
        ["--json"] => println!("{}", everything()),
        #[cfg(feature = "vexil")]
        ["--questions"] => vexil_contest::questions::write(),
        ["--row", name] => each_wired(&mut Child { name }),
        _ => {
            eprintln!("footprint [--json | --questions]");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// What loading costs one row.
struct Footprint {
    row: &'static str,
    title: &'static str,
    wire_bytes: usize,
    load_ms: f64,
    growth_kib: i64,
}

fn footprints() -> Vec<Footprint> {
    let mut parent = Parent { workload: questions(FLAGS).workload, footprints: Vec::new() };
    each_wired(&mut parent);
    parent.footprints
}

fn table(footprints: &[Footprint]) -> String {
    let mut table = "| row | bytes read | load and first verdict, ms | resident memory, MiB |\n\
                     |---|--:|--:|--:|\n"
        .to_owned();
    for Footprint { title, wire_bytes, load_ms, growth_kib, .. } in footprints {
        let growth_mib = *growth_kib as f64 / 1024.0;
        table += &format!("| {title} | {wire_bytes} | {load_ms:.1} | {growth_mib:.1} |\n");
    }
    table
}

struct Parent {
    workload: Workload,
    footprints: Vec<Footprint>,
}

impl WiredVisitor for Parent {
    fn row<R: Wired>(&mut self) {
        let wire = R::wire(&self.workload);
        let mut runs: Vec<(f64, i64)> =
            (0..PROCESSES).map(|_| in_a_process(R::NAME, &wire)).collect();
        runs.sort_by(|left, right| left.0.total_cmp(&right.0));
        let load_ms = runs[0].0;
        runs.sort_by_key(|run| run.1);
        let growth_kib = runs[PROCESSES / 2].1;
        let wire_bytes = wire.len();
        let (row, title) = (R::NAME, R::TITLE);
        self.footprints.push(Footprint { row, title, wire_bytes, load_ms, growth_kib });
    }
}

fn in_a_process(row: &str, wire: &[u8]) -> (f64, i64) {
    let here = std::env::current_exe().expect("this program is somewhere");
    let mut command = Command::new(here);
    command.args(["--row", row]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("this program starts");
    let mut input = child.stdin.take().expect("standard input is a pipe");
    input.write_all(wire).expect("the child reads");
    drop(input);
    let output = child.wait_with_output().expect("the child ends");
    assert!(output.status.success(), "{row} does not load: {}", output.status);
    let line = String::from_utf8(output.stdout).expect("the child answers in text");
    let (load_ms, growth_kib) = line.trim().split_once(' ').expect("the child answers two numbers");
    (load_ms.parse().expect("a number"), growth_kib.parse().expect("a number"))
}

struct Child<'a> {
    name: &'a str,
}

impl WiredVisitor for Child<'_> {
    fn row<R: Wired>(&mut self) {
        if R::NAME != self.name {
            return;
        }
        let mut wire = Vec::new();
        std::io::stdin().read_to_end(&mut wire).expect("the flags come on standard input");
        // As `fleet` names them, without making them.
        let keys: Vec<String> = (0..1_000).map(|number| format!("flag-{number:05}")).collect();
        let subject = someone();
        let before = resident_kib();
        let started = Instant::now();
        let mut row = R::read(&wire, &keys);
        let context = row.context(&subject);
        let served = R::served(row.evaluate(0, &context));
        let load_ms = started.elapsed().as_secs_f64() * 1e3;
        let after = resident_kib();
        println!("{load_ms:.3} {}", after - before);
        std::hint::black_box((served, &row));
    }
}

/// Somebody to answer for first.
fn someone() -> StringMap {
    let attributes = [
        (TARGETING_KEY, "user-7"),
        ("country", "CD"),
        ("plan", "plan-0"),
        (AGE, "25"),
        ("email", "user7@example.com"),
        ("version", "2.7.0"),
    ];
    attributes.map(|(name, text)| (name.to_owned(), text.to_owned())).into()
}

/// Resident memory of this process.
fn resident_kib() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("this is Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let words = line.and_then(|line| line.split_whitespace().next());
    words.and_then(|word| word.parse().ok()).expect("the kernel tells resident memory")
}

/// All that a record says beside the times.
fn everything() -> Value {
    let workloads: Vec<Value> = Name::ALL
        .iter()
        .map(|name| json!({ "name": name.text(), "about": name.about() }))
        .collect();
    let footprints = footprints().into_iter().map(|footprint| {
        json!({
            "row": footprint.row,
            "wire_bytes": footprint.wire_bytes,
            "load_ms": footprint.load_ms,
            "growth_kib": footprint.growth_kib,
        })
    });
    let footprints: Vec<Value> = footprints.collect();
    let mut rows = Rows::default();
    for name in Name::ALL {
        rows.at = Some(questions(name));
        each(&mut rows);
    }
    json!({ "workloads": workloads, "rows": rows.rows, "footprints": footprints })
}

/// What is known of the rows; rows of one name are one row.
#[derive(Default)]
struct Rows {
    at: Option<Questions>,
    rows: Vec<Value>,
}

impl Visitor for Rows {
    fn row<R: Row>(&mut self) {
        let Some(Questions { workload, expected }) = &self.at else { return };
        let known = self.rows.iter().position(|row| row["name"] == R::NAME);
        let place = known.unwrap_or_else(|| {
            let row = json!({
                "name": R::NAME, "title": R::TITLE, "package": R::PACKAGE, "side": R::SIDE.text(),
                "how": R::HOW, "absent": {}, "checked": {},
            });
            self.rows.push(row);
            self.rows.len() - 1
        });
        let row = &mut self.rows[place];
        let name = workload.name.text();
        match R::absent(workload.name) {
            Some(_) if row["checked"].get(name).is_some() => {}
            Some(reason) => row["absent"][name] = json!(reason),
            None => {
                let report = check::<R>(workload, expected);
                row["checked"][name] = json!({
                    "compared": report.compared,
                    "by_own_hash": report.by_own_hash,
                    "shares": report.shares,
                });
                if let Some(absent) = row["absent"].as_object_mut() {
                    absent.remove(name);
                }
            }
        }
    }
}
