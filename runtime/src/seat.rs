//! Each thread's own place: what a client serves, and an instance that no other thread uses.
//!
//! In: a slot. Out: the thread's seat at it. A thread keeps one seat for each client it evaluates
//! on, and finds it without a lock and without an atomic read-modify-write: one relaxed load tells
//! that nothing was swapped. It follows a swap on its next evaluation; a thread that never
//! evaluates again keeps at most one old module for each client, until it ends. Seats of dropped
//! clients go when the thread next takes one.

use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::rc::Rc;
use std::sync::{Arc, Weak};

use vexil_abi::verdict::Verdict;

use crate::evaluate::Failure;
use crate::instance::{EvaluateError, Instance};
use crate::load::Loaded;
use crate::slot::{Epoch, Serving, Slot};
use crate::usage::{Counts, Tally};

/// One thread's place at a slot, for as long as the slot's module is the same.
pub(crate) struct Seat {
    /// INVARIANT: the weak reference keeps the slot's address from being used again.
    slot: Weak<Slot>,
    /// Of what is served.
    pub(crate) epoch: Epoch,
    pub(crate) loaded: Arc<Loaded>,
    /// Taken back when the seat is left.
    instance: RefCell<Option<Instance>>,
    counts: Option<Arc<Counts>>,
    bound: Cell<u64>,
    /// All of what is served. In an `Arc` of the thread's own, so that threads that hold on to it
    /// do not disturb each other.
    pub(crate) pin: Arc<Pin>,
}

/// What one thread found served.
#[derive(Debug)]
pub(crate) struct Pin(Arc<Serving>);

impl Deref for Pin {
    type Target = Serving;

    #[inline]
    fn deref(&self) -> &Serving {
        &self.0
    }
}

thread_local! {
    /// The one used last, unless it is just being used.
    static LAST: Cell<Option<Rc<Seat>>> = const { Cell::new(None) };

    /// All of them.
    static SEATS: RefCell<Vec<Rc<Seat>>> = const { RefCell::new(Vec::new()) };
}

/// The thread's seat at a slot. Who evaluates on it gives it to [`put_back`] afterwards: it is taken
/// and put back, which takes no counting of references.
///
/// # Errors
///
/// When the slot serves nothing yet, or the module cannot be instantiated.
#[inline(always)]
pub(crate) fn seat(slot: &Arc<Slot>) -> Result<Rc<Seat>, Failure> {
    // While the thread ends its seats are gone; then a seat serves one evaluation only.
    let last = LAST.try_with(Cell::take).ok().flatten();
    match (last, slot.epoch()) {
        (Some(seat), Some(epoch)) if seat.epoch == epoch => Ok(seat),
        (last, epoch) => {
            drop(last);
            take(slot, epoch.ok_or(Failure::NotReady)?)
        }
    }
}

/// Makes a seat the one used last.
#[inline(always)]
pub(crate) fn put_back(seat: Rc<Seat>) {
    // While the thread ends there is no place for it.
    let before = LAST.try_with(|last| last.replace(Some(seat)));
    if let Ok(Some(before)) = before {
        keep(before);
    }
}

/// Somebody evaluated meanwhile, and perhaps on a newer module.
#[cold]
#[inline(never)]
fn keep(seat: Rc<Seat>) {
    let _ = LAST.try_with(|last| last.replace(Some(seat)));
}

/// Finds or makes the seat.
#[cold]
#[inline(never)]
fn take(slot: &Arc<Slot>, epoch: Epoch) -> Result<Rc<Seat>, Failure> {
    let mut left = Vec::new();
    let known = SEATS.try_with(|seats| {
        let mut seats = seats.borrow_mut();
        left.extend(seats.extract_if(.., |seat| seat.slot.strong_count() == 0));
        seats.iter().find(|seat| seat.epoch == epoch).map(Rc::clone)
    });
    if let Ok(Some(seat)) = known {
        return Ok(seat);
    }
    let serving = slot.serving().ok_or(Failure::NotReady)?;
    let before = SEATS.try_with(|seats| {
        let mut seats = seats.borrow_mut();
        let at = seats.iter().position(|seat| seat.is_at(slot))?;
        Some(seats.swap_remove(at))
    });
    let before = before.ok().flatten();
    let seat = match before {
        Some(seat) if seat.epoch == serving.epoch => seat,
        before => Rc::new(
            Seat::new(slot, serving, before).map_err(|error| Failure::Evaluate(error.into()))?,
        ),
    };
    let _ = SEATS.try_with(|seats| seats.borrow_mut().push(Rc::clone(&seat)));
    Ok(seat)
}

impl Seat {
    fn new(
        slot: &Arc<Slot>,
        serving: Arc<Serving>,
        before: Option<Rc<Self>>,
    ) -> Result<Self, EvaluateError> {
        // The same module under a new revision: the instance goes on.
        let kept = before.filter(|seat| Arc::ptr_eq(&seat.pin.loaded, &serving.loaded));
        let kept = kept.and_then(|seat| seat.instance.take());
        let instance = match kept {
            Some(mut instance) => {
                // Numbers of contexts begin anew.
                instance.forget();
                serving.keep();
                instance
            }
            None => serving.take()?,
        };
        Ok(Self {
            slot: Arc::downgrade(slot),
            epoch: serving.epoch,
            loaded: Arc::clone(&serving.loaded),
            counts: serving.tally.as_ref().map(Tally::counts),
            pin: Arc::new(Pin(serving)),
            instance: RefCell::new(Some(instance)),
            bound: Cell::new(0),
        })
    }

    #[inline]
    fn is_at(&self, slot: &Arc<Slot>) -> bool {
        std::ptr::eq(self.slot.as_ptr(), Arc::as_ptr(slot))
    }

    /// A number that nobody has bound a context of this seat's under.
    pub(crate) fn next(&self) -> u64 {
        self.bound.set(self.bound.get() + 1);
        self.bound.get()
    }

    /// Are answers counted?
    #[inline]
    pub(crate) fn is_counting(&self) -> bool {
        self.counts.is_some()
    }

    /// Counts an answer, if answers are counted.
    #[inline]
    pub(crate) fn count(&self, flag: u32, packed: i64) {
        if let Some(counts) = &self.counts {
            counts.count(&self.loaded.manifest, flag, Verdict::unpack(packed));
        }
    }

    /// Runs `call` on the instance. It must not evaluate.
    #[inline(always)]
    pub(crate) fn with<T>(
        &self,
        call: impl FnOnce(&mut Instance) -> Result<T, Box<EvaluateError>>,
    ) -> Result<T, Box<EvaluateError>> {
        if let Ok(mut instance) = self.instance.try_borrow_mut()
            && let Some(instance) = &mut *instance
        {
            return call(instance);
        }
        self.with_another(call)
    }

    /// A seat that was left while somebody held it gave its instance to its successor.
    #[cold]
    fn with_another<T>(
        &self,
        call: impl FnOnce(&mut Instance) -> Result<T, Box<EvaluateError>>,
    ) -> Result<T, Box<EvaluateError>> {
        call(&mut Instance::new(&self.loaded)?)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(instance) = self.instance.take() {
            self.pin.give_back(instance);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::fixture;
    use crate::load::Loaded;

    fn held() -> usize {
        SEATS.with_borrow(Vec::len)
    }

    fn serving(loaded: &Arc<Loaded>) -> Arc<Slot> {
        let slot = Arc::new(Slot::default());
        slot.swap(1, Arc::clone(loaded), 0);
        slot
    }

    fn touch(slot: &Arc<Slot>) -> Rc<Seat> {
        let seat = seat(slot).unwrap();
        seat.with(|_| Ok(())).unwrap();
        seat
    }

    #[test]
    fn a_slot_without_module_has_no_seats() {
        assert!(matches!(seat(&Arc::new(Slot::default())), Err(Failure::NotReady)));
    }

    #[test]
    fn a_thread_keeps_one_seat_a_client_and_the_writer_frees_the_old_module() {
        let (old, new) = (fixture::loaded("old"), fixture::loaded("new"));
        let slot = serving(&old);
        touch(&slot);
        touch(&slot);
        assert_eq!(held(), 1);
        slot.swap(2, Arc::clone(&new), 0);
        assert!(slot.free(), "this thread still sits at the old module");
        let seat = touch(&slot);
        assert_eq!((held(), seat.pin.revision), (1, 2));
        assert!(!slot.free());
        assert_eq!(Arc::strong_count(&old), 1);
    }

    #[test]
    fn a_new_revision_of_the_same_module_keeps_the_instance() {
        let loaded = fixture::loaded("x");
        let slot = serving(&loaded);
        touch(&slot);
        // The test, the slot's, the seat's, the instance's.
        assert_eq!(Arc::strong_count(&loaded), 4);
        slot.swap(2, Arc::clone(&loaded), 0);
        assert_eq!(touch(&slot).pin.revision, 2);
        slot.free();
        assert_eq!(Arc::strong_count(&loaded), 4);
    }

    #[test]
    fn instances_are_ready_before_a_swap() {
        let (old, new) = (fixture::loaded("old"), fixture::loaded("new"));
        let slot = serving(&old);
        touch(&slot);
        slot.swap(2, Arc::clone(&new), 0);
        // The test, the slot's, the instance's that waits.
        assert_eq!(Arc::strong_count(&new), 3);
        touch(&slot);
        // It was taken, and the seat has come.
        assert_eq!(Arc::strong_count(&new), 4);
    }

    #[test]
    fn seats_of_dropped_clients_go() {
        let loaded = fixture::loaded("x");
        for _ in 0..100 {
            touch(&serving(&loaded));
        }
        assert!(held() < 3, "{} held", held());
    }

    #[test]
    fn seats_of_dropped_clients_go_when_the_thread_turns_to_one_that_it_knows() {
        let kept = serving(&fixture::loaded("kept"));
        put_back(touch(&kept));
        let loaded = fixture::loaded("x");
        for _ in 0..10 {
            let slot = serving(&loaded);
            put_back(touch(&slot));
            put_back(touch(&kept));
        }
        // The last one goes when the thread next turns to another.
        assert!(held() <= 2, "{} held", held());
    }

    #[test]
    fn threads_sit_at_many_slots() {
        let (one, other) = (serving(&fixture::loaded("x")), serving(&fixture::loaded("y")));
        for _ in 0..3 {
            assert!(Arc::ptr_eq(&touch(&one).loaded, &one.serving().unwrap().loaded));
            assert!(Arc::ptr_eq(&touch(&other).loaded, &other.serving().unwrap().loaded));
        }
        assert_eq!(held(), 2);
    }

    #[test]
    fn a_seat_that_was_left_still_evaluates() {
        let loaded = fixture::loaded("x");
        let slot = serving(&loaded);
        let left = touch(&slot);
        slot.swap(2, loaded, 0);
        touch(&slot);
        left.with(|_| Ok(())).unwrap();
        assert_eq!(left.pin.revision, 1);
    }

    #[test]
    fn a_thread_that_ends_lets_go() {
        let loaded = fixture::loaded("x");
        let slot = serving(&loaded);
        std::thread::scope(|scope| {
            scope.spawn(|| drop(touch(&slot))).join().unwrap();
        });
        slot.swap(2, fixture::loaded("y"), 0);
        assert!(!slot.free());
        assert_eq!(Arc::strong_count(&loaded), 1);
    }
}
