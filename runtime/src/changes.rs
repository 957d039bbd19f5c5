//! Which flags a swap may have changed.
//!
//! In: the `changed` lists of announcements, in the order they were seen, and manifests. Out: the
//! keys to tell listeners. A list counts only if the announcement that it is relative to was seen
//! too; when anything is uncertain more keys are told, never fewer.

use std::collections::{BTreeSet, VecDeque};

use crate::limits::PENDING_CHANGES;
use crate::manifest::Manifest;

/// The `changed` lists of announcements that are not applied yet.
#[derive(Debug, Default)]
pub(crate) struct Changes(VecDeque<(u64, Option<Vec<String>>)>);

impl Changes {
    /// Notes an announcement; `changed` is `None` when what it is relative to was not seen.
    pub(crate) fn seen(&mut self, revision: u64, changed: Option<Vec<String>>) {
        if self.0.len() == PENDING_CHANGES {
            self.0.clear();
            self.0.push_back((revision, None));
        } else {
            self.0.push_back((revision, changed));
        }
    }

    /// Takes what is known to have changed up to `revision`; `None`: not known.
    pub(crate) fn take(&mut self, revision: u64) -> Option<BTreeSet<String>> {
        let mut known = Some(BTreeSet::new());
        while let Some((_, changed)) = self.0.pop_front_if(|(seen, _)| *seen <= revision) {
            known = known.zip(changed).map(|(mut known, changed)| {
                known.extend(changed);
                known
            });
        }
        known
    }
}

/// Keys of the flags of either manifest that cannot be shown to serve the same in both.
pub(crate) fn compare(old: &Manifest, new: &Manifest) -> BTreeSet<String> {
    let same = |key: &str| match (old.flag(key), new.flag(key)) {
        (Some((_, old)), Some((_, new))) => {
            // Rules live in code; only a constant verdict shows that nothing else decides.
            let constant = old.constant.is_some() && old.constant == new.constant;
            constant && old.kind == new.kind && old.variants == new.variants
        }
        _ => false,
    };
    let keys = old.flags.iter().chain(&new.flags).map(|row| &row.key);
    keys.filter(|key| !same(key)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::loaded;

    fn keys(keys: &[&str]) -> BTreeSet<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    #[test]
    fn lists_up_to_the_applied_revision_are_joined() {
        let mut changes = Changes::default();
        changes.seen(2, Some(vec!["a".into()]));
        changes.seen(4, Some(vec!["b".into(), "a".into()]));
        changes.seen(5, Some(vec!["c".into()]));
        assert_eq!(changes.take(4), Some(keys(&["a", "b"])));
        assert_eq!(changes.take(5), Some(keys(&["c"])));
        assert_eq!(changes.take(9), Some(keys(&[])));
    }

    #[test]
    fn one_unknown_list_makes_the_whole_unknown() {
        let mut changes = Changes::default();
        changes.seen(2, Some(vec!["a".into()]));
        changes.seen(3, None);
        changes.seen(4, Some(vec!["b".into()]));
        assert_eq!(changes.take(4), None);
        for revision in 5..1000 {
            changes.seen(revision, Some(vec![revision.to_string()]));
        }
        assert!(changes.0.len() <= PENDING_CHANGES);
        assert_eq!(changes.take(1000), None);
    }

    #[test]
    fn comparing_leaves_out_only_constants_that_are_the_same() {
        let (one, same, other) = (loaded("x"), loaded("x"), loaded("y"));
        assert_eq!(compare(&one.manifest, &same.manifest), keys(&["checkout"]));
        assert_eq!(compare(&one.manifest, &other.manifest), keys(&["banner", "checkout"]));
        let mut fewer = one.manifest.clone();
        fewer.flags.pop();
        assert_eq!(compare(&one.manifest, &fewer), keys(&["checkout"]));
        assert_eq!(compare(&fewer, &one.manifest), keys(&["checkout"]));
    }
}
