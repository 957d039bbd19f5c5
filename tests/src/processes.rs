//! Real servers and shops, as processes that end with the test.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::cases::root;

/// Set by who has just built the programs, as a test of the whole workspace does.
const BUILT: &str = "VEXIL_PROGRAMS_BUILT";

/// The path of a program of this workspace; it is built unless `VEXIL_PROGRAMS_BUILT` says that it is.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        if std::env::var_os(BUILT).is_none() {
            build();
        }
        // This test is `FOLDER/deps/NAME`.
        let test = std::env::current_exe().unwrap();
        test.parent().unwrap().parent().unwrap().to_owned()
    });
    folder.join(name)
}

fn build() {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "vexil-server", "--package", "storefront"])
        .args(["--bin", "vexil", "--bin", "storefront"])
        .current_dir(root())
        .status()
        .unwrap();
    assert!(built.success(), "the programs build");
}

/// A process that is killed when it is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Where it answers.
    pub url: String,
}

impl Process {
    /// Ends it as a crash would (`SIGKILL`), and waits until it is gone.
    pub fn kill(&mut self) {
        // A process that has ended by itself cannot be killed.
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A server on a store file; it answers when this returns.
#[must_use]
pub fn server(store: &Path) -> Process {
    let mut child = Command::new(program("vexil"))
        .args(["--json", "serve", "--dev", "--log", "warn", "--listen", "127.0.0.1:0", "--store"])
        .arg(store)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let started: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("started: {line}"));
    let url = started["url"].as_str().unwrap().trim_end_matches('/').to_owned();
    Process { child, url }
}

/// A shop that follows a server's production environment.
#[must_use]
pub fn shop(server: &str) -> Process {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let child = Command::new(program("storefront"))
        .args(["--listen", &address, "--server", server])
        .env("RUST_LOG", "warn")
        .spawn()
        .unwrap();
    Process { child, url: format!("http://{address}") }
}

/// Runs the command line against a server; what it printed.
#[must_use]
pub fn vexil(server: &str, arguments: &[&str]) -> String {
    let output =
        Command::new(program("vexil")).args(["--server", server]).args(arguments).output().unwrap();
    assert!(output.status.success(), "vexil {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}
