//! The Vexil server: commands in, events kept, modules announced.
//!
//! The modules stand in the order of the flow: a command is decided against the projection of the
//! log, its events are appended, the flag sets that follow are compiled and announced.
// Blank lines keep rustfmt from sorting the modules: they stand in reading order.

pub mod clock;

pub mod limits;

pub mod log;

pub mod access;

pub mod projection;

pub mod command;

pub mod telemetry;

pub mod trace;

pub mod hub;

pub mod publish;

pub mod fleet;

pub mod http;

pub mod serve;

pub mod cli;
