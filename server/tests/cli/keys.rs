//! Keys: given, used, taken; and that no secret stands in a log or in the store.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Server, VEXIL, cases, text, vexil};

/// A server that asks for keys, and everything that it logs.
pub struct Guarded {
    pub server: Server,
    pub root: String,
    pub logs: std::thread::JoinHandle<String>,
}

impl Guarded {
    fn start(store: &Path) -> Self {
        Self::start_with(store, &[])
    }

    pub fn start_with(store: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(VEXIL);
        command.args(["serve", "--json", "--listen", "127.0.0.1:0", "--log", "trace"]);
        command.args(["--log-format", "json", "--store"]).arg(store).args(arguments);
        command.env_clear().stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut errors = child.stderr.take().unwrap();
        let logs = std::thread::spawn(move || {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut errors, &mut text).unwrap();
            text
        });
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let started: serde_json::Value = serde_json::from_str(&line).unwrap();
        let url = started["url"].as_str().unwrap().to_owned();
        let root = started["admin_key"].as_str().unwrap_or_default().to_owned();
        Self { server: Server { child, url }, root, logs }
    }

    /// What a command of the holder of `key` answers, on both outputs, and whether it worked.
    fn run_as(&self, key: &str, arguments: &[&str]) -> (bool, String) {
        let mut command = vexil(arguments);
        command.env("VEXIL_SERVER", &self.server.url).env("VEXIL_KEY", key);
        let output = command.output().unwrap();
        let all = format!("{}{}", text(&output.stdout), text(&output.stderr));
        (output.status.success(), all)
    }

    pub fn good(&self, key: &str, arguments: &[&str]) -> String {
        let (worked, text) = self.run_as(key, arguments);
        assert!(worked, "vexil {arguments:?}: {text}");
        text
    }
}

/// The token in what a command says.
pub fn token(said: &str) -> String {
    let found = said.split_whitespace().find(|word| word.starts_with("vxl_"));
    found.unwrap_or_else(|| panic!("no key in {said}")).to_owned()
}

#[test]
fn keys_are_given_used_and_taken_and_stand_in_no_log() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("vexil.db");
    let guarded = Guarded::start(&store);
    let root = guarded.root.clone();
    let flags = cases().join("files/flags.yaml");
    let (worked, said) = guarded.run_as("", &["flag", "list", "-p", "shop"]);
    assert!(!worked && said.contains("a key is needed") && said.contains("VEXIL_KEY"), "{said}");
    guarded.good(&root, &["apply", flags.to_str().unwrap(), "--yes"]);

    let create = ["key", "create", "eva", "--kind", "editor", "-p", "shop", "-e", "production"];
    let said = guarded.good(&root, &create);
    assert!(said.contains("editor key") && said.contains("for shop: production"), "{said}");
    let eva = token(&said);
    let id = eva.split('_').nth(2).unwrap().to_owned();
    let off = ["flag", "off", "checkout-v2", "-p", "shop", "-e", "production"];
    guarded.good(&eva, &off);
    let elsewhere = ["flag", "off", "checkout-v2", "-p", "shop", "-e", "development"];
    let (worked, said) = guarded.run_as(&eva, &elsewhere);
    assert!(!worked && said.contains("may not do this in `shop/development`"), "{said}");
    let log = guarded.good(&eva, &["log", "show", "-p", "shop", "-n", "1"]);
    assert!(log.contains("eva") && log.contains(&id), "{log}");
    let whoami = guarded.good(&eva, &["key", "whoami"]);
    assert_eq!(whoami.trim(), format!("eva: editor key {id}, for shop: production"));

    let rotated = token(&guarded.good(&root, &["key", "rotate", &id, "--overlap", "0"]));
    assert!(!guarded.run_as(&eva, &["key", "whoami"]).0);
    guarded.good(&rotated, &["key", "whoami"]);
    let list = guarded.good(&root, &["key", "list"]);
    assert!(list.contains(&id) && list.contains("operator"), "{list}");
    guarded.good(&root, &["key", "revoke", &id]);
    assert!(!guarded.run_as(&rotated, &["key", "whoami"]).0);
    assert!(!guarded.good(&root, &["key", "list"]).contains(&id));
    assert!(guarded.good(&root, &["key", "list", "--all"]).contains("revoked"));
    let log = guarded.good(&root, &["key", "log"]);
    for part in ["created", "rotated", "revoked"] {
        assert!(log.contains(part), "{log}");
    }
    let table = guarded.good(&root, &["log", "export", "-p", "shop", "--by-key", &id]);
    assert_eq!(table.lines().count(), 2, "{table}");

    let Guarded { server, logs, .. } = guarded;
    assert_eq!(server.end("-TERM"), Some(0));
    let logs = logs.join().unwrap();
    assert!(logs.contains("\"request\""), "requests are logged");
    let kept = std::fs::read(&store).unwrap();
    for secret in [&root, &eva, &rotated] {
        // What is behind the id, and a part of it.
        let secret = secret.rsplit('_').next().unwrap();
        for part in [secret, &secret[..16]] {
            assert!(!logs.contains(part), "a secret stands in the logs");
            let found = kept.windows(part.len()).any(|bytes| bytes == part.as_bytes());
            assert!(!found, "a secret stands in the store");
        }
    }
    // The first key is made once, and a further one when it is asked for.
    let again = Guarded::start(&store);
    assert_eq!(again.root, "");
    again.good(&root, &["key", "whoami"]);
}
