//! Which checkpoints a store keeps.
//!
//! In: the revisions of a project's checkpoints. Out: those to drop. The newest stay; the rest
//! thin out evenly, so that any past revision is at most a fraction of the log away from one.

use super::canonical;
use super::event::{Hash, Revision};
use super::store::Checkpoint;
use crate::limits;

/// The revision to drop from `kept`, which is sorted; `None` while there are few.
#[must_use]
pub fn surplus(kept: &[Revision]) -> Option<Revision> {
    if kept.len() <= limits::CHECKPOINTS_KEPT {
        return None;
    }
    // Never the newest two: a start reads the last, and the one before it should the last be bad.
    let candidates = kept.len().saturating_sub(2);
    let before = |index: usize| index.checked_sub(1).and_then(|i| kept.get(i)).map_or(0, |r| r.0);
    let gap = |index: usize| kept.get(index + 1).map_or(u64::MAX, |after| after.0 - before(index));
    let index = (0..candidates).min_by_key(|index| gap(*index))?;
    kept.get(index).copied()
}

impl Checkpoint {
    /// A checkpoint of `body` with its digest.
    #[must_use]
    pub fn new(revision: Revision, hash: Hash, body: String) -> Self {
        let digest = digest(revision, hash, &body);
        Self { revision, hash, body, digest }
    }

    /// Whether every bit is as it was written.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.digest == digest(self.revision, self.hash, &self.body)
    }
}

fn digest(revision: Revision, hash: Hash, body: &str) -> Hash {
    let revision = revision.0.to_be_bytes();
    canonical::hash(&[b"vexil checkpoint 1\0", &revision, &hash.0, body.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_thin_out_evenly_and_the_newest_stay() {
        let mut kept = Vec::new();
        for step in 1..=1_000 {
            kept.push(Revision(step * limits::CHECKPOINT_EVENTS));
            while let Some(drop) = surplus(&kept) {
                kept.retain(|revision| *revision != drop);
            }
        }
        assert_eq!(kept.len(), limits::CHECKPOINTS_KEPT);
        assert_eq!(kept[kept.len() - 2..], [Revision(999_000), Revision(1_000_000)]);
        let widest = kept.windows(2).map(|pair| pair[1].0 - pair[0].0).max().unwrap();
        assert!(widest <= 1_000_000 / 4, "{kept:?}");
    }

    #[test]
    fn a_rotten_bit_is_found() {
        let mut checkpoint = Checkpoint::new(Revision(3), Hash([7; 32]), "{}".to_owned());
        assert!(checkpoint.is_whole());
        checkpoint.body.push(' ');
        assert!(!checkpoint.is_whole());
    }
}
