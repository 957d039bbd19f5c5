//! A program that runs while `up` runs.
//!
//! In: a command. Out: a child in a process group of its own, so that Ctrl-C reaches only us and
//! we end it in good order. It is ended when it is dropped, however we leave.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::{LOOK_INTERVAL, http};

/// How long a program may take to end in good order.
const STOP_LIMIT: Duration = Duration::from_secs(12);

/// Lines of its log to show when a program has died.
const LAST_LINES: usize = 12;

/// A running program.
pub struct Program {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts a program; what it prints goes to `NAME.log` in `folder`.
    pub fn start(name: &'static str, command: &mut Command, folder: &Path) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let output =
            File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let errors = output.try_clone()?;
        command.stdin(Stdio::null()).stdout(output).stderr(errors).env("NO_COLOR", "1");
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let child = command.spawn().with_context(|| format!("{name} does not start"))?;
        Ok(Self { name, child, log })
    }

    /// Waits until `GET path` at `address` is answered well; fails when the program dies first,
    /// when it takes too long, and when `stop` is set.
    pub fn answers(
        &mut self,
        address: SocketAddr,
        path: &str,
        limit: Duration,
        stop: &AtomicBool,
    ) -> Result<()> {
        let started = Instant::now();
        while !http::good(address, path) {
            self.lives()?;
            if stop.load(Ordering::Relaxed) {
                bail!("stopped before {} was up", self.name);
            }
            if started.elapsed() > limit {
                bail!("{} does not answer at http://{address}{path}\n{}", self.name, self.last());
            }
            std::thread::sleep(LOOK_INTERVAL);
        }
        Ok(())
    }

    /// Fails when the program has died.
    pub fn lives(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} has ended ({status})\n{}", self.name, self.last()),
        }
    }

    /// The end of its log.
    fn last(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines.get(lines.len().saturating_sub(LAST_LINES)..).unwrap_or_default().join("\n")
    }

    /// Asks the program to end, and insists when it does not.
    fn end(&mut self) -> Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        // The standard library can only kill; the shell can ask.
        let asked =
            Command::new("sh").args(["-c", &format!("kill -TERM {}", self.child.id())]).status();
        let started = Instant::now();
        while asked.as_ref().is_ok_and(|status| status.success()) && started.elapsed() < STOP_LIMIT
        {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            std::thread::sleep(LOOK_INTERVAL);
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!("{} does not end: {error:#}", self.name);
        }
    }
}
