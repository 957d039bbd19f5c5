//! What a process takes: memory and processor time, where `/proc` tells them.

use std::time::Duration;

/// Ticks a second in `/proc` (`USER_HZ`): 100 on every Linux that programs see.
const TICKS: f64 = 100.0;

/// A process that is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Process(pub u32);

impl Process {
    fn read(self, name: &str) -> Option<String> {
        std::fs::read_to_string(format!("/proc/{}/{name}", self.0)).ok()
    }

    /// Resident kilobytes.
    #[must_use]
    pub fn resident_kb(self) -> Option<u64> {
        let status = self.read("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    }

    /// Files, sockets and the like that it has open.
    #[must_use]
    pub fn handles(self) -> Option<u64> {
        let folder = std::fs::read_dir(format!("/proc/{}/fd", self.0)).ok()?;
        Some(folder.count() as u64)
    }

    /// Its threads.
    #[must_use]
    pub fn threads(self) -> Option<u64> {
        let status = self.read("status")?;
        status.lines().find_map(|line| line.strip_prefix("Threads:"))?.trim().parse().ok()
    }

    /// Processor time that it has taken (proc_pid_stat(5)).
    #[must_use]
    pub fn cpu(self) -> Option<Duration> {
        let stat = self.read("stat")?;
        // The name may hold anything, but its closing bracket is the last.
        let (_, fields) = stat.rsplit_once(')')?;
        let ticks = fields.split_whitespace().skip(11).take(2);
        let ticks: f64 = ticks.filter_map(|field| field.parse::<f64>().ok()).sum();
        Some(Duration::from_secs_f64(ticks / TICKS))
    }
}
