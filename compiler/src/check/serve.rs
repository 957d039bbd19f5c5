//! What a rule or the fallthrough gives: a variant, or a split with weights that make a whole.
//!
//! In: a serve and the flag around it. Out: faults, at pointers at or beneath it.

use super::faults::Faults;
use super::names::{grouped, path, quoted};
use super::pointer::Path;
use super::{Scope, codes};
use crate::flag_set::{Serve, Split};
use crate::limits::{MAX_OPERAND_BYTES, WHOLE};

/// Every fault of `serve`, which stands at `at`.
pub(crate) fn check(scope: &Scope<'_>, serve: &Serve, at: &Path<'_>, faults: &mut Faults) {
    match serve {
        Serve::Variant(variant) => scope.variant(variant, at, faults),
        Serve::Split(split) => check_split(scope, split, &at.field("split"), faults),
    }
}

fn check_split(scope: &Scope<'_>, split: &Split, at: &Path<'_>, faults: &mut Faults) {
    check_unit(&split.by, split.salt.as_deref(), at, faults);
    let map = at.field("weights");
    for variant in split.weights.keys() {
        scope.variant(variant, &map.field(variant), faults);
    }
    let sum: u64 = split.weights.values().map(|&weight| u64::from(weight)).sum();
    if sum != u64::from(WHOLE) {
        let whole = grouped(WHOLE);
        let message = format!("the weights sum to {}, not to {whole}", grouped(sum));
        faults.advise(codes::WEIGHTS_SUM, &map, message, advice(sum));
    }
    if let Some(otherwise) = &split.otherwise {
        scope.variant(otherwise, &at.field("otherwise"), faults);
    }
}

fn advice(sum: u64) -> String {
    let whole = u64::from(WHOLE);
    match sum {
        0 => "weights are parts per 100,000: 1% is 1000".to_owned(),
        100 => "weights are parts per 100,000: 1% is 1000, not 1".to_owned(),
        _ if sum < whole => format!("{} are missing", grouped(whole - sum)),
        _ => format!("{} are too many", grouped(sum - whole)),
    }
}

/// Faults the path and salt of a split or bucket.
pub(crate) fn check_unit(by: &str, salt: Option<&str>, at: &Path<'_>, faults: &mut Faults) {
    if let Err(wrong) = path(by) {
        let message = format!("the attribute path {} {wrong}", quoted(by));
        faults.add(codes::BAD_KEY, &at.field("by"), message);
    }
    if let Some(salt) = salt.filter(|salt| salt.len() > MAX_OPERAND_BYTES) {
        let (bytes, most) = (grouped(salt.len() as u64), grouped(MAX_OPERAND_BYTES as u64));
        let message = format!("the salt has {bytes} bytes, more than {most}");
        faults.add(codes::TOO_LONG, &at.field("salt"), message);
    }
}
