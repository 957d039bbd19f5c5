//! Pseudo attributes: what the host itself knows of a context, unless the context sets it.
//!
//! In: the clock. Out: `$now`, and `$random`, which is drawn when a module first asks for it and is
//! then the same for the whole record. The generator belongs to the thread, so that drawing takes
//! no lock; it is seeded by the operating system and cannot be foreseen.

use std::cell::Cell;

/// The pseudo attributes of one record.
#[derive(Debug)]
pub(crate) struct Pseudo {
    /// `$now`, in milliseconds since the Unix epoch.
    pub(crate) now_ms: f64,
    drawn: Cell<Option<u32>>,
}

impl Pseudo {
    /// Those of a record that is written at this time.
    pub(crate) const fn at(now_ms: f64) -> Self {
        Self { now_ms, drawn: Cell::new(None) }
    }

    /// `$random`: an integer from 0 to 4294967295.
    pub(crate) fn random(&self) -> f64 {
        let drawn = self.drawn.get().unwrap_or_else(rand::random);
        self.drawn.set(Some(drawn));
        f64::from(drawn)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn one_record_has_one_draw_and_the_next_another() {
        let draws: BTreeSet<u64> = (0..100)
            .map(|_| {
                let pseudo = Pseudo::at(0.0);
                let draw = pseudo.random();
                assert_eq!(pseudo.random().to_bits(), draw.to_bits());
                assert!(draw.fract() == 0.0 && (0.0..=4_294_967_295.0).contains(&draw), "{draw}");
                draw.to_bits()
            })
            .collect();
        // That two of a hundred are alike happens once in a million runs, and five never.
        assert!(draws.len() > 95, "{draws:?}");
    }
}
