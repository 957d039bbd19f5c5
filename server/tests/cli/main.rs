//! The program `vexil`, run as its users run it.
//!
//! In: sessions in `tests/cases/cli/*.txt`: commands behind `$`, each followed by what it writes and
//! by its exit code where that is not 0. Out: every session runs against a fresh server and must
//! read exactly so. `BLESS=1 cargo test --workspace --test cli` writes the sessions anew,
//! to be read in the diff. What no session can say stands in the functions below and in the
//! files beside this one.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod stores;

mod keys;

mod modules;

mod fleet;

mod traces;

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::time::{Duration, Instant};

const VEXIL: &str = env!("CARGO_BIN_EXE_vexil");

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/cli")
}

/// `vexil serve --memory` on a free port; ended when dropped.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start() -> Self {
        Self::start_with(&["--memory"])
    }

    fn start_with(arguments: &[&str]) -> Self {
        Self::start_as(Command::new(VEXIL), arguments)
    }

    /// A server that may have no more than so many files open.
    fn start_limited(arguments: &[&str], files: usize) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -n {files}; exec \"$0\" \"$@\""), VEXIL]);
        Self::start_as(command, arguments)
    }

    fn start_as(mut command: Command, arguments: &[&str]) -> Self {
        command.args(["serve", "--dev", "--json", "--listen", "127.0.0.1:0", "--log", "warn"]);
        command.args(arguments).env_clear().stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let started: serde_json::Value = serde_json::from_str(&line).unwrap();
        Self { url: started["url"].as_str().unwrap().to_owned(), child }
    }

    /// Sends a signal and waits for the end.
    fn end(mut self, signal: &str) -> Option<i32> {
        let id = self.child.id().to_string();
        let kill = Command::new("sh").args(["-c", &format!("kill {signal} {id}")]).status();
        assert!(kill.unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command of `sh` in a directory, as user `eva`, with `vexil` on its path.
fn shell(script: &str, server: &str, directory: &Path) -> Command {
    let mut command = Command::new("sh");
    let path = format!("{}:/usr/bin:/bin", Path::new(VEXIL).parent().unwrap().display());
    command.args(["-c", script]).current_dir(directory).stdin(Stdio::null());
    command.env_clear().env("PATH", path).env("USER", "eva");
    command.env("VEXIL_SERVER", server).env("VEXIL_PROJECT", "shop");
    command
}

/// `vexil` with `arguments`, as user `eva`.
fn vexil(arguments: &[&str]) -> Command {
    let mut command = Command::new(VEXIL);
    command.args(arguments).env_clear().env("USER", "eva").stdin(Stdio::null());
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What a command wrote, and its exit code if that is not 0, without what differs between runs.
fn transcript(output: &Output, server: &str) -> String {
    let mut shown = text(&output.stdout);
    shown.push_str(&text(&output.stderr));
    shown.truncate(shown.trim_end_matches('\n').len());
    if !shown.is_empty() {
        shown.push('\n');
    }
    let code = output.status.code();
    if code != Some(0) {
        let _ = writeln!(shown, "[exit code {}]", code.unwrap());
    }
    normal(&shown.replace(server, "http://127.0.0.1:7070"))
}

/// `text` with the same time, digest and id everywhere, and the same size of every module.
fn normal(text: &str) -> String {
    const SHAPES: [(&str, &str); 3] = [
        ("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "019ab0de-0000-7000-8000-000000000000"),
        ("dddd-dd-ddTdd:dd:dd.dddZ", "2026-11-23T09:00:00.000Z"),
        (
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        ),
    ];
    let fits = |shape: &str, text: &str| {
        text.len() >= shape.len()
            && shape.bytes().zip(text.bytes()).all(|(shape, byte)| match shape {
                b'x' => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
                b'd' => byte.is_ascii_digit(),
                other => byte == other,
            })
    };
    let mut normal = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some((shape, name)) = SHAPES.iter().find(|(shape, _)| fits(shape, rest)) {
            normal.push_str(name);
            rest = &rest[shape.len()..];
            continue;
        }
        normal.push(c);
        rest = &rest[c.len_utf8()..];
        if normal.ends_with("bytes  ") || normal.ends_with("\"bytes\": ") {
            let blanks = rest.len() - rest.trim_start().len();
            normal.push_str(&rest[..blanks]);
            normal.push_str("5653");
            rest = rest.trim_start().trim_start_matches(|c: char| c.is_ascii_digit());
        }
    }
    normal
}

/// A fresh server, and a directory with a copy of `files`.
struct Stage {
    server: Server,
    directory: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let stage = Self { server: Server::start(), directory: tempfile::tempdir().unwrap() };
        for file in std::fs::read_dir(cases().join("files")).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), stage.directory.path().join(file.file_name())).unwrap();
        }
        stage
    }

    /// What one command writes.
    fn run(&self, script: &str) -> String {
        let run = || shell(script, &self.server.url, self.directory.path()).output().unwrap();
        // Only a server that was just started or changed is not ready yet.
        let publishes = |output: &Output| text(&output.stderr).contains("published");
        let output = eventually(script, || Some(run()).filter(|output| !publishes(output)));
        transcript(&output, &self.server.url)
    }

    /// Runs the commands of a session.
    fn replay(&self, session: &str) -> String {
        let mut replayed = String::new();
        let mut prose = String::new();
        for line in session.lines() {
            if let Some(script) = line.strip_prefix("$ ") {
                replayed.push_str(&std::mem::take(&mut prose));
                let _ = write!(replayed, "$ {script}\n{}", self.run(script));
            } else if line.is_empty() || line.starts_with('#') {
                // Prose where a command follows, else part of an output.
                let _ = writeln!(prose, "{line}");
            } else {
                prose.clear();
            }
        }
        replayed
    }
}

/// Compares what stands in a file with what it should be, or writes it anew.
fn compare(path: &Path, written: &str, replayed: &str) {
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, replayed).unwrap();
    } else if written != replayed {
        let differs = written.lines().zip(replayed.lines()).find(|(a, b)| a != b);
        panic!("{}: first difference {differs:#?}; now it reads\n{replayed}", path.display());
    }
}

fn check(name: &str) {
    let path = cases().join(name).with_extension("txt");
    let session = std::fs::read_to_string(&path).unwrap();
    compare(&path, &session, &Stage::new().replay(&session));
}

#[test]
fn the_manual_shows_what_vexil_writes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md");
    let manual = std::fs::read_to_string(&path).unwrap();
    let stage = Stage::new();
    let mut replayed = String::new();
    for (number, part) in manual.split("```console\n").enumerate() {
        let (session, prose) =
            if number == 0 { ("", part) } else { part.split_once("```").unwrap() };
        if number > 0 {
            let _ = write!(replayed, "```console\n{}```", stage.replay(session));
        }
        replayed.push_str(prose);
    }
    compare(&path, &manual, &replayed);
}

#[test]
fn apply_plans_applies_and_says_when_there_is_nothing_to_do() {
    check("apply");
}

#[test]
fn flags_are_listed_shown_and_changed() {
    check("flag");
}

#[test]
fn rules_and_rollouts_change_one_thing_at_a_time() {
    check("rule");
}

#[test]
fn segments_projects_and_environments_are_managed() {
    check("segment");
}

#[test]
fn the_log_shows_verifies_and_goes_back() {
    check("log");
}

#[test]
fn faults_are_shown_like_a_compiler_shows_them() {
    check("faults");
}

#[test]
fn warnings_are_shown_and_refuse_nothing() {
    check("warnings");
}

#[test]
fn codes_are_explained() {
    check("explain");
}

#[test]
fn failures_say_what_to_do_and_have_their_exit_codes() {
    check("failures");
}

#[test]
fn modules_are_compiled_evaluated_and_inspected_without_a_server() {
    check("module");
}

#[test]
fn modules_are_compiled_for_browsers_and_cut_down_to_some_flags() {
    check("audience");
}

#[test]
fn flags_of_other_systems_are_imported_without_a_server() {
    check("import");
}

/// Every session file has a test above.
#[test]
fn no_session_is_forgotten() {
    let source = include_str!("main.rs");
    for file in std::fs::read_dir(cases()).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let known = path.is_dir() || source.contains(&format!("check(\"{name}\")"));
        assert!(known, "{name}.txt is checked by no test");
    }
}

/// Runs `attempt` until it gives something; the server publishes soon after a change.
fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        match attempt() {
            Some(result) => return result,
            None => assert!(Instant::now() < end, "{what} does not come about"),
        }
        std::thread::yield_now();
    }
}

/// A server with the flags of the sessions.
fn shop() -> Server {
    let server = Server::start();
    run(&server, "apply flags.yaml");
    server
}

/// What `vexil …` writes when all goes well.
fn run(server: &Server, words: &str) -> String {
    let output = shell(&format!("vexil {words}"), &server.url, &cases().join("files")).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{words}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The announcement of production at `revision`.
fn announced(server: &Server, revision: u64) -> serde_json::Value {
    eventually("the announcement", || {
        let script = "vexil head -e production --json";
        let output = shell(script, &server.url, &cases()).output().unwrap();
        // Before the first publish the server says 503.
        assert!(matches!(output.status.code(), Some(0 | 6)), "{}", text(&output.stderr));
        let head = output.status.success().then(|| json(&text(&output.stdout)));
        head.filter(|head| head["revision"].as_u64() >= Some(revision))
    })
}

fn revision(server: &Server) -> u64 {
    json(&run(server, "project show --json"))["revision"].as_u64().unwrap()
}

#[test]
fn the_announced_module_is_fetched_and_is_what_a_local_compile_gives() {
    let server = shop();
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name).display().to_string();
    let before = announced(&server, revision(&server));
    run(&server, &format!("module -e production --output {}", at("now.wasm")));
    run(&server, &format!("compile flags.yaml -e production --output {}", at("local.wasm")));
    assert_eq!(std::fs::read(at("now.wasm")).unwrap(), std::fs::read(at("local.wasm")).unwrap());

    let some = "--flags limits,theme --json";
    let selected = json(&run(&server, &format!("head -e production {some}")));
    let local = json(&run(&server, &format!("compile flags.yaml -e production {some}")));
    assert_eq!((&selected["digest"], &local["flags"]), (&local["digest"], &serde_json::json!(2)));

    run(&server, "flag off checkout-v2 -e production");
    let after = announced(&server, revision(&server));
    // `limits` needs `checkout-v2`.
    assert_eq!(after["changed"], serde_json::json!(["checkout-v2", "limits"]));
    let revision = before["revision"].as_u64().unwrap();
    let then = run(&server, &format!("module -e production --at {revision} --json"));
    assert_eq!(json(&then)["digest"], before["digest"]);
    let deltas = run(&server, &format!("deltas -e production --since {revision} --json"));
    assert!(json(&deltas)["flags"]["checkout-v2"].is_object(), "{deltas}");
    assert!(run(&server, "head -e production").contains(after["digest"].as_str().unwrap()));
    assert!(run(&server, "status").contains("is ready and holds 1 project"));
}

#[test]
fn announcements_are_followed_as_they_come() {
    let server = shop();
    announced(&server, revision(&server));
    let script = "exec vexil head -e production --follow --json";
    let mut follow = shell(script, &server.url, &cases());
    let mut follow = follow.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(follow.stdout.take().unwrap()).lines();
    let first = json(&lines.next().unwrap().unwrap());
    run(&server, "flag off checkout-v2 -e production");
    let second = json(&lines.next().unwrap().unwrap());
    assert!(second["revision"].as_u64() > first["revision"].as_u64());
    follow.kill().unwrap();
    follow.wait().unwrap();
}

#[test]
fn the_log_is_followed_as_it_grows() {
    let server = shop();
    let mut follow = shell("exec vexil log show -n 1 --follow --json", &server.url, &cases());
    let mut follow = follow.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(follow.stdout.take().unwrap()).lines();
    let first = json(&lines.next().unwrap().unwrap());
    run(&server, "flag off checkout-v2 -e production -m 'it “broke”'");
    let second = json(&lines.next().unwrap().unwrap());
    assert_eq!(second["revision"].as_u64(), first["revision"].as_u64().map(|last| last + 1));
    assert_eq!(second["kind"], "FlagDisabled");
    assert_eq!((&second["actor"], &second["comment"]), (&"eva".into(), &"it “broke”".into()));
    follow.kill().unwrap();
    follow.wait().unwrap();
}

#[test]
fn an_exported_project_is_applied_again_without_a_change() {
    let server = shop();
    let script = "vexil export | vexil apply - --prune --json";
    let output = shell(script, &server.url, &cases()).output().unwrap();
    let answer = json(&text(&output.stdout));
    assert_eq!(
        (&answer["events"], &answer["plan"]),
        (&serde_json::json!([]), &serde_json::json!([]))
    );
    let first = run(&server, "export --at 1");
    assert_eq!(json(&first)["flags"], serde_json::Value::Null, "the project was empty at first");
}

#[test]
fn a_change_with_an_idempotency_key_is_made_once() {
    let server = shop();
    let words = "flag off checkout-v2 -e production --json \
                 --idempotency-key 0198c0de-0000-7000-8000-000000000001";
    let (first, again) = (json(&run(&server, words)), json(&run(&server, words)));
    assert_eq!((&first["repeated"], &again["repeated"]), (&false.into(), &true.into()));
    assert_eq!(first["events"], again["events"]);
}

#[test]
fn a_rollout_is_not_lost_when_somebody_else_is_faster() {
    let server = shop();
    let mut rollouts: Vec<Child> = (1..=4)
        .map(|n| {
            let script = format!(
                "vexil flag rollout checkout-v2 -e production --fallthrough on={n}%,off={}%",
                100 - n
            );
            shell(&script, &server.url, &cases()).stdout(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for rollout in &mut rollouts {
        assert!(rollout.wait().unwrap().success());
    }
}

#[test]
fn the_interpreter_and_the_module_give_the_same_lines() {
    let directory = tempfile::tempdir().unwrap();
    let (module, batch) = (directory.path().join("m.wasm"), directory.path().join("batch.jsonl"));
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/storefront/flags.yaml");
    let (module, document) = (module.to_str().unwrap(), document.to_str().unwrap());
    let compiled = vexil(&["compile", document, "-e", "production", "-o", module]).output();
    assert!(compiled.unwrap().status.success());
    let inspected = vexil(&["inspect", module, "--json"]).output().unwrap();
    let inspected = json(&text(&inspected.stdout));
    let mut lines = String::new();
    for flag in inspected["flags"].as_array().unwrap() {
        for user in 0..40 {
            let country = ["DE", "FR", "CH", "US"][user % 4];
            let plan = ["free", "plus", "business"][user % 3];
            let line = serde_json::json!({
                "flag": flag["key"], "now_ms": 1_790_000_000_000_u64 + user as u64,
                "context": {
                    "targetingKey": format!("user-{user}"), "country": country, "plan": plan,
                    "email": format!("u{user}@beta.example"), "app": {"version": "2.9.1"},
                    "company": {"id": user % 7, "seats": user.to_string()}, "roles": ["buyer"],
                },
            });
            let _ = writeln!(lines, "{line}");
        }
        let _ = writeln!(lines, "{}", serde_json::json!({ "flag": flag["key"] }));
    }
    lines.push_str("{\"flag\": \"no-such-flag\", \"context\": {}}\n");
    std::fs::write(&batch, &lines).unwrap();
    let batch = batch.to_str().unwrap();
    let compiled = vexil(&["eval", module, "--batch", batch]).output().unwrap();
    let document = ["eval", "--interpret", document, "-e", "production", "--batch", batch];
    let interpreted = vexil(&document).output().unwrap();
    assert_eq!(compiled.status.code(), Some(0));
    assert_eq!(text(&compiled.stdout), text(&interpreted.stdout));
    assert_eq!(text(&compiled.stdout).lines().count(), lines.lines().count());
}

#[test]
fn a_batch_answers_through_pipes_line_by_line() {
    let document = cases().join("files/flags.yaml");
    let document = document.to_str().unwrap();
    let arguments = ["eval", "--interpret", document, "-e", "production", "--batch", "-"];
    let mut child = vexil(&arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input: ChildStdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for (line, expected) in [
        ("{\"flag\":\"theme\"}", "{\"key\":\"theme\""),
        ("nonsense", "{\"error\":\"line 2: "),
        ("{\"flag\":\"theme\",\"context\":{\"targetingKey\":7}}", "{\"error\":\"line 3: "),
        ("{\"flag\":\"theme\",\"contxt\":{}}", "{\"error\":\"line 4: unknown field"),
        ("{\"flag\":\"theme\"}", "{\"key\":\"theme\""),
    ] {
        writeln!(input, "{line}").unwrap();
        let answer = lines.next().unwrap().unwrap();
        assert!(answer.starts_with(expected), "{line}: {answer}");
    }
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let server = shop();
    for words in
        ["log show --all", "log show --all --json", "flag list", "completions bash", "--help"]
    {
        // The reader is gone before anything is written.
        let mut child = shell(&format!("exec vexil {words}"), &server.url, &cases());
        let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut complaint = String::new();
        child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
        let code = child.wait().unwrap().code();
        assert_eq!((code, complaint.as_str()), (Some(0), ""), "{words}");
    }
}

#[test]
fn a_signal_drains_the_server() {
    for signal in ["-TERM", "-INT"] {
        assert_eq!(Server::start().end(signal), Some(0), "{signal}");
    }
}

#[test]
fn a_start_is_announced_with_what_matters() {
    let mut child =
        vexil(&["serve", "--dev", "--memory", "--listen", "127.0.0.1:0", "--log", "off"]);
    let mut child = child.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let note: Vec<String> =
        lines.map(Result::unwrap).take_while(|line| !line.contains("Ctrl-C")).collect();
    let note = note.join("\n");
    for part in ["Vexil", "http://127.0.0.1:", "memory", "no keys are asked for"] {
        assert!(note.contains(part), "{note}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn an_address_that_others_reach_is_refused() {
    let output = vexil(&["serve", "--dev", "--memory", "--listen", "0.0.0.0:0"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("loopback"), "{}", text(&output.stderr));
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let mut command = vexil(&["check-config", "--json"]);
    for name in [
        "VEXIL_CONFIG",
        "VEXIL_LISTEN",
        "VEXIL_STORE",
        "VEXIL_DEV",
        "VEXIL_TLS_CERTIFICATE",
        "VEXIL_TRUSTED_PROXIES",
        "VEXIL_LOG_FORMAT",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
    ] {
        command.env(name, "");
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let settings = json(&text(&output.stdout));
    assert_eq!((&settings["listen"], &settings["dev"]), (&"127.0.0.1:7070".into(), &false.into()));
}

#[test]
fn a_configuration_that_could_not_serve_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(folder.path().join("text"), "no database, but some text").unwrap();
    let nowhere = at("absent/vexil.db");
    for arguments in [
        ["--store", &at("")],
        ["--store", &at("text")],
        ["--store", &nowhere],
        ["--listen", "192.0.2.1:7070"],
        ["--log", "inof"],
    ] {
        let output = vexil(&[&["check-config"], &arguments[..]].concat()).output().unwrap();
        assert!(!output.status.success(), "{arguments:?}");
    }
    let output = vexil(&["check-config", "--store", &at("new.db")]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(!folder.path().join("new.db").exists());
}

#[test]
fn every_shell_gets_completions_and_every_command_has_help() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = vexil(&["completions", shell]).output().unwrap();
        assert!(text(&output.stdout).contains("rollout"), "{shell}");
    }
    let help = text(&vexil(&["--help"]).output().unwrap().stdout);
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    for line in commands.lines() {
        let name = line.split_whitespace().next().unwrap();
        let output = vexil(&[name, "--help"]).output().unwrap();
        assert!(output.status.success(), "{name}");
        assert!(text(&output.stdout).contains("Usage: vexil"), "{name}");
    }
    assert!(text(&vexil(&["--version"]).output().unwrap().stdout).starts_with("vexil 0."));
}

#[test]
fn colours_are_only_for_terminals() {
    let server = shop();
    assert!(!run(&server, "flag list").contains('\u{1b}'));
    let script = "CLICOLOR_FORCE=1 vexil flag list";
    let forced = shell(script, &server.url, &cases()).output().unwrap();
    assert!(text(&forced.stdout).contains('\u{1b}'));
    let script = "NO_COLOR=1 vexil flag list";
    let plain = shell(script, &server.url, &cases()).output().unwrap();
    assert!(!text(&plain.stdout).contains('\u{1b}'));
}
