//! Context → verdict: one evaluation on what a slot serves.
//!
//! In: a slot, a flag's key, the kind that the caller expects, a context. Out: the verdict with
//! the flag's row, or why there is none. Nothing here waits, and nothing here panics.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use vexil_abi::verdict::Verdict;

use crate::clock;
use crate::context::Context;
use crate::details::{Detail, Details, ErrorCode, Reason};
use crate::instance::EvaluateError;
use crate::manifest::{FlagRow, Kind};
use crate::slot::{Serving, Slot};
use crate::threads::with_instance;

/// Why a flag was not evaluated.
#[derive(Debug)]
pub(crate) enum Failure {
    NotReady,
    NotFound,
    WrongKind { asked: Kind, kind: Kind },
    Evaluate(EvaluateError),
}

/// The outcome of an evaluation; borrowed, so that a plain value costs no copy of names.
pub(crate) struct Answer<'a> {
    pub(crate) serving: Option<&'a Serving>,
    pub(crate) result: Result<(&'a FlagRow, Verdict), Failure>,
}

/// Evaluates `key` and hands the answer to `then`.
pub(crate) fn evaluate<T>(
    slot: &Arc<Slot>,
    key: &str,
    kind: Kind,
    context: &Context,
    then: impl FnOnce(Answer<'_>) -> T,
) -> T {
    let serving = slot.serving();
    let Some(serving) = serving.as_deref() else {
        return then(Answer { serving: None, result: Err(Failure::NotReady) });
    };
    let result = verdict(slot, serving, key, kind, context);
    then(Answer { serving: Some(serving), result })
}

fn verdict<'a>(
    slot: &Arc<Slot>,
    serving: &'a Serving,
    key: &str,
    kind: Kind,
    context: &Context,
) -> Result<(&'a FlagRow, Verdict), Failure> {
    let (flag, row) = serving.loaded.manifest.flag(key).ok_or(Failure::NotFound)?;
    if row.kind != kind {
        return Err(Failure::WrongKind { asked: kind, kind: row.kind });
    }
    if let Some(packed) = row.constant {
        return Ok((row, Verdict::unpack(packed)));
    }
    let now_ms = if row.reads_now { clock::now_ms() as f64 } else { 0.0 };
    with_instance(slot, &serving.loaded, |instance| instance.evaluate(flag, context, now_ms))
        .map(|verdict| (row, verdict))
        .map_err(Failure::Evaluate)
}

impl<'a> Answer<'a> {
    /// The value to serve; `None`: the caller's default.
    pub(crate) fn value(&self) -> Option<&'a Value> {
        let (row, verdict) = self.result.as_ref().ok()?;
        row.variants.get(usize::from(verdict.variant)).map(|(_, value)| value)
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
            revision: self.serving.map(|serving| serving.revision),
            digest: self.serving.map(|serving| serving.loaded.digest.clone()),
        };
        match self.result {
            Ok((row, verdict)) => {
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
            Self::Evaluate(EvaluateError::ContextTooLarge) => ErrorCode::InvalidContext,
            Self::Evaluate(_) => ErrorCode::General,
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
