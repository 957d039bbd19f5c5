//! How the command line ends: one number per kind of ending.
//!
//! In: nothing. Out: the exit codes that `docs/cli.md` tables; scripts rely on them, so a number
//! never changes its meaning.

use std::process::ExitCode;

/// The exit code of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Success = 0,
    /// It did not work, or a check found a fault.
    Failure = 1,
    /// The command line itself is wrong; clap uses the same number.
    Usage = 2,
    /// The flags have faults; they were listed.
    InvalidFlags = 3,
    /// The project has moved on since the revision given.
    Conflict = 4,
    /// No such project, environment, flag, segment, rule, module or revision.
    NotFound = 5,
    /// The server cannot be reached, or says that it cannot serve now.
    Unreachable = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// The ending that belongs to a problem document of HTTP status `status`.
    #[must_use]
    pub fn of_status(status: u16) -> Self {
        match status {
            404 => Self::NotFound,
            412 => Self::Conflict,
            422 => Self::InvalidFlags,
            502..=504 => Self::Unreachable,
            _ => Self::Failure,
        }
    }
}
