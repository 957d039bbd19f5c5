//! Publishing: flag sets become modules, modules are announced.
//!
//! In: the newest flag set of an environment. Out: an announcement, and a module that can be
//! fetched. An announcement that stands is never taken back; it is followed by a newer one.

pub mod selection;

pub mod compiling;

pub mod modules;

pub mod encoding;

pub mod touched;

pub mod changed;

pub mod sign;

pub mod announcement;

pub mod sabotage;

pub mod verified;

pub mod evaluator;

pub mod publisher;
