//! What a rule or the fallthrough gives: a variant, or a split with weights that make a whole.
//!
//! In: a serve and the flag around it. Out: faults, at pointers at or beneath it.

use super::faults::Faults;
use super::names::grouped;
use super::pointer::Path;
use super::{Scope, codes, hashing};
use crate::flag_set::{Hashing, Serve, Split};

/// Every fault of `serve`, which stands at `at`.
pub(crate) fn check(scope: &Scope<'_>, serve: &Serve, at: &Path<'_>, faults: &mut Faults) {
    match serve {
        Serve::Variant(variant) => scope.variant(variant, at, faults),
        Serve::Split(split) => check_split(scope, split, &at.field("split"), faults),
    }
}

fn check_split(scope: &Scope<'_>, split: &Split, at: &Path<'_>, faults: &mut Faults) {
    hashing::check(&split.by, &split.hashing, at, faults);
    let map = at.field("weights");
    for variant in split.weights.keys() {
        scope.variant(variant, &map.field(variant), faults);
    }
    let whole = u64::from(split.hashing.buckets());
    let sum: u64 = split.weights.values().map(|&weight| u64::from(weight)).sum();
    if sum != whole {
        let message = format!("the weights sum to {}, not to {}", grouped(sum), grouped(whole));
        faults.advise(codes::WEIGHTS_SUM, &map, message, advice(sum, &split.hashing));
    }
    if let Some(otherwise) = &split.otherwise {
        scope.variant(otherwise, &at.field("otherwise"), faults);
    }
}

fn advice(sum: u64, hashing: &Hashing) -> String {
    let whole = u64::from(hashing.buckets());
    match (hashing, sum) {
        (Hashing::Native { .. }, 0) => "weights are parts per 100,000: 1% is 1000".to_owned(),
        (Hashing::Native { .. }, 100) => {
            "weights are parts per 100,000: 1% is 1000, not 1".to_owned()
        }
        (Hashing::Foreign(_), _) => {
            format!("weights are numbers of buckets, and this hash has {} of them", grouped(whole))
        }
        _ if sum < whole => format!("{} are missing", grouped(whole - sum)),
        _ => format!("{} are too many", grouped(sum - whole)),
    }
}
