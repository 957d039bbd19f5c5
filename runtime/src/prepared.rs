//! Several flags of one subject: the context is written and bound once.
//!
//! In: a client, a context. Out: values of flags, all of one module and one moment. The context is
//! bound at the first flag that asks for it; while nothing else is evaluated on the thread, each
//! further flag is one call into the guest. Values are borrowed: nothing is copied.

use std::cell::RefCell;
use std::sync::Arc;

use serde_json::Value;

use crate::client::Client;
use crate::clock;
use crate::context::Context;
use crate::details::Details;
use crate::evaluate::{Answer, Failure};
use crate::flag::{FlagValue, Named};
use crate::instance::{EvaluateError, Instance};
use crate::manifest::FlagRow;
use crate::pseudo::Pseudo;
use crate::seat::{self, Pin};
use crate::slot::Serving;

/// A context that several flags are evaluated for; see [`Client::prepare`].
///
/// It keeps the module that was served when it was made, whatever is swapped in meanwhile, and
/// `$now` and `$random` are the same for all its flags. It may move to another thread.
pub struct Prepared<'a> {
    client: &'a Client,
    context: &'a Context<'a>,
    /// `None`: nothing was served yet.
    pin: Option<Arc<Pin>>,
    /// Under which the context is bound at the seat that it was made at.
    number: u64,
    pseudo: Pseudo,
    /// For evaluations away from that seat.
    own: RefCell<Option<Instance>>,
}

impl<'a> Prepared<'a> {
    pub(crate) fn new(client: &'a Client, context: &'a Context<'a>) -> Self {
        // That a module could not be instantiated is told by the evaluations.
        let seat = seat::seat(client.slot()).ok();
        let reads_now = seat.as_ref().is_some_and(|seat| seat.loaded.manifest.reads_now);
        let number = seat.as_ref().map_or(0, |seat| seat.next());
        let pin = seat.as_ref().map(|seat| Arc::clone(&seat.pin));
        if let Some(seat) = seat {
            seat::put_back(seat);
        }
        Self {
            client,
            context,
            number,
            pin,
            pseudo: Pseudo::at(if reads_now { clock::now_ms() as f64 } else { 0.0 }),
            own: RefCell::new(None),
        }
    }

    /// The value of a boolean flag, or `default`.
    #[must_use]
    #[inline]
    pub fn bool(&self, flag: impl Named<bool>, default: bool) -> bool {
        if let Some(known) = flag.known(self.pin.as_ref().map(|pin| pin.epoch)) {
            return known;
        }
        self.value(flag).and_then(Value::as_bool).unwrap_or(default)
    }

    /// The value of a string flag, or `default`.
    #[must_use]
    #[inline]
    pub fn string<'r>(&'r self, flag: impl Named<String>, default: &'r str) -> &'r str {
        self.value(flag).and_then(Value::as_str).unwrap_or(default)
    }

    /// The value of a number flag, or `default`.
    #[must_use]
    #[inline]
    pub fn number(&self, flag: impl Named<f64>, default: f64) -> f64 {
        self.value(flag).and_then(Value::as_f64).unwrap_or(default)
    }

    /// The value of a json flag, or `default`.
    #[must_use]
    #[inline]
    pub fn json<'r>(&'r self, flag: impl Named<Value>, default: &'r Value) -> &'r Value {
        self.value(flag).unwrap_or(default)
    }

    /// Like [`Prepared::bool`], and why.
    #[must_use]
    pub fn bool_detail(&self, flag: impl Named<bool>, default: bool) -> Details<bool> {
        self.detail(flag, default, Value::as_bool)
    }

    /// Like [`Prepared::string`], and why.
    #[must_use]
    pub fn string_detail(&self, flag: impl Named<String>, default: &str) -> Details<String> {
        self.detail(flag, default.to_owned(), |value| value.as_str().map(str::to_owned))
    }

    /// Like [`Prepared::number`], and why.
    #[must_use]
    pub fn number_detail(&self, flag: impl Named<f64>, default: f64) -> Details<f64> {
        self.detail(flag, default, Value::as_f64)
    }

    /// Like [`Prepared::json`], and why.
    #[must_use]
    pub fn json_detail(&self, flag: impl Named<Value>, default: Value) -> Details<Value> {
        self.detail(flag, default, |value| Some(value.clone()))
    }

    #[inline]
    fn value<T: FlagValue>(&self, flag: impl Named<T>) -> Option<&Value> {
        match self.verdict(flag) {
            Ok((row, packed)) => row.value(packed),
            Err(failure) => {
                self.client.note(flag.key(), &failure);
                None
            }
        }
    }

    fn detail<T: FlagValue, V>(
        &self,
        flag: impl Named<T>,
        default: V,
        read: impl FnOnce(&Value) -> Option<V>,
    ) -> Details<V> {
        let result = self.verdict(flag);
        if let Err(failure) = &result {
            self.client.note(flag.key(), failure);
        }
        let answer = Answer { pin: self.pin.as_ref().map(|pin| &***pin), result };
        let value = answer.value().and_then(read).unwrap_or(default);
        answer.details(flag.key(), value)
    }

    #[inline(always)]
    fn verdict<T: FlagValue>(&self, flag: impl Named<T>) -> Result<(&FlagRow, i64), Failure> {
        let Some(pin) = &self.pin else { return Err(self.failure()) };
        let (number, row) = flag.find(pin.epoch, &pin.loaded, pin.tally.is_some())?;
        let packed = match (row.constant, &pin.tally) {
            (Some(packed), None) => packed,
            _ => self.at_seat(pin, number, row).map_err(|error| Failure::Evaluate(error.into()))?,
        };
        Ok((row, packed))
    }

    #[inline(always)]
    fn at_seat(&self, pin: &Arc<Pin>, flag: u32, row: &FlagRow) -> Result<i64, Box<EvaluateError>> {
        match seat::seat(self.client.slot()) {
            Ok(seat) if Arc::ptr_eq(&seat.pin, pin) => {
                let packed = match row.constant {
                    Some(packed) => Ok(packed),
                    None => seat.with(|instance| self.on(instance, flag, row)),
                };
                if let Ok(packed) = packed {
                    seat.count(flag, packed);
                }
                seat::put_back(seat);
                packed
            }
            Ok(seat) => {
                seat::put_back(seat);
                row.constant.map_or_else(|| self.away(pin, flag, row), Ok)
            }
            Err(_) => row.constant.map_or_else(|| self.away(pin, flag, row), Ok),
        }
    }

    #[inline(always)]
    fn on(
        &self,
        instance: &mut Instance,
        flag: u32,
        row: &FlagRow,
    ) -> Result<i64, Box<EvaluateError>> {
        if !instance.is_bound(self.number) {
            instance.bind(self.number, self.context, &self.pseudo)?;
        }
        instance.evaluate_bound(flag, row)
    }

    /// Evaluates where the context was not prepared: on another thread, or after a swap.
    #[cold]
    fn away(&self, pin: &Serving, flag: u32, row: &FlagRow) -> Result<i64, Box<EvaluateError>> {
        let mut own = self.own.borrow_mut();
        let instance = match &mut *own {
            Some(instance) => instance,
            absent => absent.insert(Instance::new(&pin.loaded)?),
        };
        self.on(instance, flag, row)
    }

    /// Why there was nothing to prepare.
    #[cold]
    fn failure(&self) -> Failure {
        match seat::seat(self.client.slot()) {
            Ok(seat) => {
                seat::put_back(seat);
                Failure::NotReady
            }
            Err(failure) => failure,
        }
    }
}

impl std::fmt::Debug for Prepared<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").field("context", &self.context).finish_non_exhaustive()
    }
}
