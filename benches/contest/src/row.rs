//! What a row is: an evaluator that the contest measures.
//!
//! In: nothing. Out: the trait that all files of `rows/` implement in the same shape. Measuring
//! is generic over it, so that no call through a table stands between the clock and an evaluator.

use std::hint::black_box;

use crate::subject::StringMap;
use crate::workloads::{Name, Workload};

/// What a flag answered, in terms that rows have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Served {
    /// Of a flag with variants `on` and `off`, which is on.
    Bool(bool),
    /// The key of a variant.
    Key(String),
    /// The number of a variant.
    Number(usize),
}

/// Whose a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What nobody can be much faster than.
    Limit,
    /// Vexil as services use it.
    Vexil,
    /// Vexil's oracle, which is slow on purpose.
    Oracle,
    /// What a user could pick instead.
    Peer,
}

impl Side {
    /// As records write it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Vexil => "vexil",
            Self::Oracle => "oracle",
            Self::Peer => "peer",
        }
    }
}

/// An evaluator with its flags loaded.
pub trait Row: Sized {
    /// As criterion writes it; rows of one name are one row.
    const NAME: &'static str;

    /// As people write it.
    const TITLE: &'static str;

    /// The package and its version, where it is somebody else's.
    const PACKAGE: Option<&'static str> = None;

    /// Whose it is.
    const SIDE: Side;

    /// What is used of the evaluator, and why that is its fastest natural use.
    const HOW: &'static str;

    /// Does it put subjects into Vexil's buckets; else shares are compared where a hash decides.
    const BUCKETS_LIKE_VEXIL: bool;

    /// A context made from a subject.
    type Context<'m>;

    /// What an evaluation returns, before anything is done to compare it.
    type Answer<'a>
    where
        Self: 'a;

    /// Why it does not take part in a workload; `None` when it does.
    #[must_use]
    fn absent(name: Name) -> Option<&'static str> {
        let _ = name;
        None
    }

    /// Loads the flags of a workload.
    fn load(workload: &Workload) -> Self;

    /// Makes a context.
    fn context<'m>(&self, subject: &'m StringMap) -> Self::Context<'m>;

    /// Evaluates a flag, by Vexil's flag number.
    fn evaluate<'a, 'm: 'a>(
        &'a mut self,
        flag: usize,
        context: &'a Self::Context<'m>,
    ) -> Self::Answer<'a>;

    /// What an answer says.
    fn served(answer: Self::Answer<'_>) -> Served;

    /// Evaluates the flags from 0 up to `count` for one context: as often as there are flags,
    /// unless the evaluator has a way to ask for all.
    fn evaluate_all<'m>(&mut self, count: usize, context: &Self::Context<'m>) {
        for flag in 0..count {
            black_box(self.evaluate(flag, context));
        }
    }

    /// What [`Row::evaluate_all`] answered.
    fn served_all<'m>(&mut self, count: usize, context: &Self::Context<'m>) -> Vec<Served> {
        (0..count).map(|flag| Self::served(self.evaluate(flag, context))).collect()
    }

    /// Evaluates some flags for one subject.
    fn request(&mut self, flags: &[usize], subject: &StringMap) {
        let context = self.context(subject);
        for flag in flags {
            black_box(self.evaluate(*flag, &context));
        }
    }

    /// What [`Row::request`] answered.
    fn served_request(&mut self, flags: &[usize], subject: &StringMap) -> Vec<Served> {
        let context = self.context(subject);
        flags.iter().map(|flag| Self::served(self.evaluate(*flag, &context))).collect()
    }
}

/// A row that reads its flags from bytes: loading and memory are measured.
pub trait Wired: Row {
    /// The flags as this evaluator gets them from its server.
    fn wire(workload: &Workload) -> Vec<u8>;

    /// Reads them. `keys` are the flags' keys, by flag number.
    fn read(wire: &[u8], keys: &[String]) -> Self;
}
