//! Each thread's own instances.
//!
//! In: a slot and the module that it served a moment ago. Out: an instance of that module that no
//! other thread uses. No lock is taken.
//!
//! A thread keeps one instance for each client it evaluates on. It follows a swap on its next
//! evaluation; a thread that never evaluates again keeps at most one old module for each client,
//! until it ends. Instances of dropped clients go when the thread next makes one.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use crate::instance::{EvaluateError, Instance};
use crate::load::Loaded;
use crate::slot::Slot;

struct Entry {
    /// INVARIANT: the weak reference keeps the slot's address from being used again.
    slot: Weak<Slot>,
    instance: Instance,
}

thread_local! {
    static ENTRIES: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

/// Runs `call` on this thread's instance of `loaded`.
///
/// The instance is taken out while `call` runs, so `call` may itself evaluate.
pub(crate) fn with_instance<T>(
    slot: &Arc<Slot>,
    loaded: &Arc<Loaded>,
    call: impl FnOnce(&mut Instance) -> Result<T, EvaluateError>,
) -> Result<T, EvaluateError> {
    let mut entry = match take(slot) {
        Some(entry) if Arc::ptr_eq(entry.instance.loaded(), loaded) => entry,
        old => {
            drop(old);
            Entry { slot: Arc::downgrade(slot), instance: Instance::new(loaded)? }
        }
    };
    let result = call(&mut entry.instance);
    put(entry);
    result
}

fn take(slot: &Arc<Slot>) -> Option<Entry> {
    // While the thread ends its entries are gone; then an instance serves one evaluation only.
    let taken = ENTRIES.try_with(|entries| {
        let mut entries = entries.borrow_mut();
        let at = entries.iter().position(|entry| Weak::as_ptr(&entry.slot) == Arc::as_ptr(slot))?;
        Some(entries.swap_remove(at))
    });
    taken.ok().flatten()
}

fn put(entry: Entry) {
    let mut freed = Vec::new();
    let _ = ENTRIES.try_with(|entries| {
        let mut entries = entries.borrow_mut();
        if entries.len() == entries.capacity() {
            // About to allocate: let go of clients that are no more.
            freed.extend(entries.extract_if(.., |entry| entry.slot.strong_count() == 0));
        }
        if !entries.iter().any(|other| Weak::ptr_eq(&other.slot, &entry.slot)) {
            entries.push(entry);
        }
    });
    drop(freed);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::fixture;

    fn held() -> usize {
        ENTRIES.with_borrow(Vec::len)
    }

    fn touch(slot: &Arc<Slot>, loaded: &Arc<Loaded>) {
        with_instance(slot, loaded, |_| Ok(())).unwrap();
    }

    #[test]
    fn a_thread_keeps_one_instance_a_client_and_frees_the_old_module() {
        let slot = Arc::new(Slot::default());
        let (old, new) = (fixture::loaded("old"), fixture::loaded("new"));
        touch(&slot, &old);
        touch(&slot, &old);
        assert_eq!((held(), Arc::strong_count(&old)), (1, 2));
        touch(&slot, &new);
        assert_eq!((held(), Arc::strong_count(&old), Arc::strong_count(&new)), (1, 1, 2));
    }

    #[test]
    fn instances_of_dropped_clients_go() {
        let loaded = fixture::loaded("x");
        for _ in 0..100 {
            touch(&Arc::new(Slot::default()), &loaded);
        }
        assert!(held() < 10, "{} held", held());
    }

    #[test]
    fn an_evaluation_inside_an_evaluation_works() {
        let slot = Arc::new(Slot::default());
        let loaded = fixture::loaded("x");
        with_instance(&slot, &loaded, |_| with_instance(&slot, &loaded, |_| Ok(()))).unwrap();
        assert_eq!(held(), 1);
    }

    #[test]
    fn a_thread_that_ends_lets_go() {
        let slot = Arc::new(Slot::default());
        let loaded = fixture::loaded("x");
        std::thread::scope(|scope| {
            scope.spawn(|| touch(&slot, &loaded)).join().unwrap();
        });
        assert_eq!(Arc::strong_count(&loaded), 1);
    }
}
