//! The server under load: the program `vexil`, with keys, on a store in a folder of its own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

/// More than any answer takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// What callers are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Keys, each of which may ask so often.
    Keys,
    /// Nothing, so that nothing is limited.
    Nothing,
}

/// A server that ends with this.
#[derive(Debug)]
pub struct Server {
    child: Child,
    folder: Arc<tempfile::TempDir>,
    /// Where it answers.
    pub url: String,
    root: String,
    http: Client,
}

impl Server {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// The program is not there, or does not start.
    pub fn start(program: &Path, asked: Asked) -> Result<Self> {
        Self::start_in(program, asked, &Arc::new(tempfile::tempdir()?), &[])
    }

    /// The same on the store in a folder, with further options.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_in(
        program: &Path,
        asked: Asked,
        folder: &Arc<tempfile::TempDir>,
        more: &[&str],
    ) -> Result<Self> {
        let mut child = Command::new(program)
            .args(["serve", "--json", "--listen", "127.0.0.1:0", "--log", "warn", "--store"])
            .arg(folder.path().join("vexil.db"))
            .args(more)
            .args(match asked {
                Asked::Keys => None,
                Asked::Nothing => Some("--dev"),
            })
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("`{}` does not run", program.display()))?;
        let output = child.stdout.take().context("the server has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let started: Value = serde_json::from_str(&line).context("the server does not start")?;
        let text = |name: &str| started.get(name).and_then(Value::as_str).unwrap_or_default();
        let (url, root) = (text("url").to_owned(), text("admin_key").to_owned());
        let http = Client::builder().timeout(PATIENCE).build()?;
        Ok(Self { child, folder: Arc::clone(folder), url, root, http })
    }

    /// The folder of its store.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Lets it finish and end, as an operator does; not on Windows.
    ///
    /// # Errors
    /// It cannot be told, or does not end well.
    pub fn end(mut self) -> Result<()> {
        #[cfg(unix)]
        {
            let id = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
            let id = id.context("the server has no process")?;
            rustix::process::kill_process(id, rustix::process::Signal::TERM)?;
            anyhow::ensure!(self.child.wait()?.success(), "the server did not end well");
        }
        Ok(())
    }

    /// Its measurements, as text.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn metrics(&self) -> Result<String> {
        let answer = self.http.get(format!("{}/metrics", self.url)).send().await?;
        Ok(answer.error_for_status()?.text().await?)
    }

    /// All of what is at a path, forgotten as it comes; its bytes.
    ///
    /// # Errors
    /// It is refused.
    pub async fn drain(&self, path: &str) -> Result<u64> {
        let mut answer = self.http.get(format!("{}{path}", self.url)).send().await?;
        answer.error_for_status_ref()?;
        let mut bytes = 0;
        while let Some(chunk) = answer.chunk().await? {
            bytes += chunk.len() as u64;
        }
        Ok(bytes)
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Does something as its operator.
    ///
    /// # Errors
    /// It is refused.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if !self.root.is_empty() {
            request = request.bearer_auth(&self.root);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            bail!("{path}: {status}: {text}");
        }
        Ok(serde_json::from_str(&text)?)
    }

    /// A new key for services of the environment `e` of the project `p`.
    ///
    /// # Errors
    /// It is refused.
    pub async fn key(&self, name: &str) -> Result<String> {
        let key = json!({ "kind": "server", "name": name, "project": "p", "environments": ["e"] });
        let made = self.ask(Method::POST, "/v1/keys", Some(&key)).await?;
        Ok(made.get("token").and_then(Value::as_str).context("no token")?.to_owned())
    }

    /// Makes the project `p` with the environment `e` and `flags` of five rules, and waits until it
    /// is announced.
    ///
    /// # Errors
    /// It is refused, or not announced within a minute.
    pub async fn fill(&self, flags: usize) -> Result<()> {
        self.fill_project("p", flags).await
    }

    /// The same of another project.
    ///
    /// # Errors
    /// As [`Self::fill`].
    pub async fn fill_project(&self, project: &str, flags: usize) -> Result<()> {
        let rule = |number: usize| {
            json!({
                "id": format!("r{number}"),
                "when": { "attribute": "country", "equals": format!("C{number}") },
                "serve": "on",
            })
        };
        let rules: Vec<Value> = (0..5).map(rule).collect();
        let flag = json!({
            "kind": "boolean", "variants": { "on": true, "off": false },
            "environments": { "e": { "enabled": true, "rules": rules, "fallthrough": "off" } },
        });
        let flags: serde_json::Map<String, Value> =
            (0..flags).map(|number| (format!("flag-{number}"), flag.clone())).collect();
        let document = json!({ "format": "vexil/1", "environments": ["e"], "flags": flags });
        self.ask(Method::POST, &format!("/v1/projects/{project}/apply"), Some(&document)).await?;
        let started = Instant::now();
        loop {
            let head = format!("{}/v1/projects/{project}/environments/e/head", self.url);
            let mut request = self.http.get(head);
            if !self.root.is_empty() {
                request = request.bearer_auth(&self.root);
            }
            let answer = request.send().await?;
            match answer.status() {
                StatusCode::OK => return Ok(()),
                _ if started.elapsed() > PATIENCE => bail!("nothing is announced"),
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended by itself cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
