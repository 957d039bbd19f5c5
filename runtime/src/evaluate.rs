//! Context → verdict: one evaluation on what a slot serves.
//!
//! In: a thread's seat, a flag by key or handle, a context. Out: the verdict with the flag's row, or why
//! there is none. Nothing here waits, and nothing here panics.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use vexil_abi::verdict::Verdict;

use crate::clock;
use crate::context::Context;
use crate::details::{Detail, Details, ErrorCode, Reason};
use crate::flag::{FlagValue, Named};
use crate::instance::EvaluateError;
use crate::manifest::{FlagRow, Kind};
use crate::seat::Seat;
use crate::slot::Serving;

/// Why a flag was not evaluated.
#[derive(Clone, Debug)]
pub enum Failure {
    NotReady,
    NotFound,
    WrongKind {
        asked: Kind,
        kind: Kind,
    },
    /// Behind a pointer, so that answers are small.
    Evaluate(Arc<EvaluateError>),
}

/// The outcome of an evaluation; borrowed, so that a plain value costs no copy of names.
pub(crate) struct Answer<'a> {
    /// What is served; `None`: nothing.
    pub(crate) pin: Option<&'a Serving>,
    /// The flag's row and the packed verdict.
    pub(crate) result: Result<(&'a FlagRow, i64), Failure>,
}

/// Evaluates a flag at a thread's seat; the row and the packed verdict.
#[inline(always)]
pub(crate) fn evaluate<'a, T: FlagValue>(
    seat: &'a Seat,
    flag: impl Named<T>,
    context: &Context<'_>,
) -> Result<(&'a FlagRow, i64), Failure> {
    let (number, row) = flag.find(seat.epoch, &seat.loaded, seat.is_counting())?;
    let packed = match row.constant {
        Some(packed) => packed,
        None => {
            let now_ms = if row.reads_now { clock::now_ms() as f64 } else { 0.0 };
            let packed =
                seat.with(|instance| instance.evaluate_packed(number, row, context, now_ms));
            packed.map_err(|error| Failure::Evaluate(error.into()))?
        }
    };
    seat.count(number, packed);
    Ok((row, packed))
}

impl<'a> Answer<'a> {
    /// The value to serve; `None`: the caller's default.
    pub(crate) fn value(&self) -> Option<&'a Value> {
        let (row, packed) = self.result.as_ref().ok()?;
        row.value(*packed)
    }

    /// Everything about the answer; `value` is what is served.
    pub(crate) fn details<T>(self, flag_key: &str, value: T) -> Details<T> {
        let mut details = Details {
            value,
            variant: None,
            reason: Reason::Error,
            error_code: None,
            error_message: None,
            rule: None,
            detail: Detail::None,
            flag_key: flag_key.to_owned(),
            revision: self.pin.map(|pin| pin.revision),
            digest: self.pin.map(|pin| pin.loaded.digest.clone()),
        };
        match self.result {
            Ok((row, packed)) => {
                let verdict = Verdict::unpack(packed);
                let variant = row.variants.get(usize::from(verdict.variant));
                details.variant = variant.map(|(key, _)| key.clone());
                details.reason = Reason::from_number(verdict.reason);
                details.error_code = ErrorCode::from_number(verdict.error_code);
                details.error_message = details.error_code.map(|code| code.message().to_owned());
                details.rule = row.rules.get(usize::from(verdict.rule)).cloned();
                details.detail = Detail::from_number(verdict.detail, &row.prerequisites);
            }
            Err(failure) => {
                details.error_code = Some(failure.code());
                details.error_message = Some(failure.to_string());
            }
        }
        details
    }
}

impl Failure {
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::NotReady => ErrorCode::ProviderNotReady,
            Self::NotFound => ErrorCode::FlagNotFound,
            Self::WrongKind { .. } => ErrorCode::TypeMismatch,
            Self::Evaluate(error) => match **error {
                EvaluateError::ContextTooLarge => ErrorCode::InvalidContext,
                _ => ErrorCode::General,
            },
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReady => f.write_str("no module has been loaded yet"),
            Self::NotFound => f.write_str("the environment has no such flag"),
            Self::WrongKind { asked, kind } => {
                write!(f, "the flag is of kind {}, asked for was {}", kind.name(), asked.name())
            }
            Self::Evaluate(error) => error.fmt(f),
        }
    }
}
