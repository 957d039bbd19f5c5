//! What takes how much memory.
//!
//! In: what the parts of a server hold. Out: bytes by component. The parts are what grows with
//! flags and clients; the rest of the process (allocator, database, code) is the difference to
//! `process`.

use vexil_compiler::document;

use crate::hub::Hub;
use crate::projection::State;
use crate::publish::publisher::Published;

/// Bytes by component.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Resident of the whole process; `None`: the system does not say.
    pub process: Option<u64>,
    /// Modules that can be fetched.
    pub modules: u64,
    /// Machine code of the modules that are announced.
    pub code: u64,
    /// Memories of the instances that evaluate for others.
    pub instances: u64,
    /// Announcements, ready to be sent: one of each, however many streams there are.
    pub announcements: u64,
    /// The projects, as long as they are when written out: in memory they take some times that.
    pub projects: u64,
}

impl Memory {
    /// What a server holds. It writes projects out: call it on a thread that may be busy.
    #[must_use]
    pub fn of(hub: &Hub) -> Self {
        let mut memory = Self { process: resident_bytes(), ..Self::default() };
        memory.modules = hub.press().modules.size().1 as u64;
        for (_, live) in hub.projects() {
            memory.projects += live.written_bytes();
            for standing in live.all_published() {
                memory.add(&standing.published);
            }
        }
        memory
    }

    fn add(&mut self, published: &Published) {
        if let Some(announced) = &published.announced {
            self.announcements += announced.size() as u64;
        }
        if let Some(evaluator) = &published.evaluator {
            let (code, instances) = evaluator.size();
            self.code += code;
            self.instances += instances;
        }
    }

    /// Each component that is known, by name.
    pub fn components(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let Self { process, modules, code, instances, announcements, projects } = *self;
        let parts = [
            ("modules", modules),
            ("code", code),
            ("instances", instances),
            ("announcements", announcements),
            ("projects", projects),
        ];
        process.map(|bytes| ("process", bytes)).into_iter().chain(parts)
    }
}

/// Bytes of a project when it is written out.
#[must_use]
pub fn written_bytes(state: &State) -> u64 {
    document::write(&state.project).to_string().len() as u64
}

/// Resident bytes of this process, where `/proc` tells them (proc_pid_status(5)).
#[must_use]
pub fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_is_the_largest_component() {
        if cfg!(target_os = "linux") {
            assert!(resident_bytes().is_some_and(|bytes| bytes > 1 << 20));
        }
        let memory = Memory { modules: 7, ..Memory::default() };
        let named: Vec<_> = memory.components().collect();
        assert_eq!(named.first(), Some(&("modules", 7)));
        assert_eq!(named.len(), 5, "what the system does not say is left out");
    }
}
