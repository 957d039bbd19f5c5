//! Conditions: how deep, how many, and each one's own faults.
//!
//! In: a predicate and what is around it. Out: faults, at pointers at or beneath it. Never recurses
//! deeper than `MAX_PREDICATE_DEPTH`, however deep the predicate is.

use super::faults::Faults;
use super::names::{grouped, path, quoted};
use super::pointer::Path;
use super::{Scope, codes, hashing, test};
use crate::flag_set::{Bucket, Predicate};
use crate::limits::{MAX_PREDICATE_DEPTH, MAX_PREDICATES};

/// Every fault of `predicate`, which stands at `at`.
pub(crate) fn check(scope: &Scope<'_>, predicate: &Predicate, at: &Path<'_>, faults: &mut Faults) {
    let mut count = 0_usize;
    walk(predicate, at, 1, &mut |predicate, at, depth| {
        count += 1;
        if depth > MAX_PREDICATE_DEPTH {
            let message =
                format!("predicates are nested more than {MAX_PREDICATE_DEPTH} levels deep");
            let help = "name the inner part as a segment";
            faults.advise(codes::TOO_DEEP, at, message, help);
        } else {
            check_one(scope, predicate, at, faults);
        }
    });
    if count > MAX_PREDICATES {
        let (count, most) = (grouped(count as u64), grouped(MAX_PREDICATES as u64));
        let message = format!("{count} predicates, more than {most}");
        let help = "use `in` for lists of values, or segments";
        faults.advise(codes::TOO_MANY, at, message, help);
    }
}

/// Calls `visit` with each predicate, its place and its depth (1 for the outermost), from outside
/// to inside; does not descend below the first that is too deep.
pub(crate) fn walk(
    predicate: &Predicate,
    at: &Path<'_>,
    depth: usize,
    visit: &mut dyn FnMut(&Predicate, &Path<'_>, usize),
) {
    visit(predicate, at, depth);
    if depth > MAX_PREDICATE_DEPTH {
        return;
    }
    let (name, inner) = match predicate {
        Predicate::All(inner) => ("all", inner),
        Predicate::Any(inner) => ("any", inner),
        Predicate::Not(inner) => return walk(inner, &at.field("not"), depth + 1, visit),
        _ => return,
    };
    let list = at.field(name);
    for (index, predicate) in inner.iter().enumerate() {
        walk(predicate, &list.item(index), depth + 1, visit);
    }
}

fn check_one(scope: &Scope<'_>, predicate: &Predicate, at: &Path<'_>, faults: &mut Faults) {
    match predicate {
        Predicate::All(_) | Predicate::Any(_) | Predicate::Not(_) => {}
        Predicate::Segment(key) => scope.segment(key, &at.field("segment"), faults),
        Predicate::Flag(test) if scope.in_segment => {
            let message = format!("a segment cannot name the flag {}", quoted(&test.flag));
            let help = "put the `flag` predicate into the rules that use the segment";
            faults.advise(codes::FLAG_IN_SEGMENT, at, message, help);
        }
        Predicate::Flag(test) => scope.flag_test(test, at, faults),
        Predicate::Bucket(bucket) => check_bucket(bucket, &at.field("bucket"), faults),
        Predicate::Attribute { path: attribute, test } => {
            if let Err(wrong) = path(attribute) {
                let message = format!("the attribute path {} {wrong}", quoted(attribute));
                faults.add(codes::BAD_KEY, &at.field("attribute"), message);
            }
            test::check(test, at, faults);
        }
    }
}

fn check_bucket(bucket: &Bucket, at: &Path<'_>, faults: &mut Faults) {
    hashing::check(&bucket.by, &bucket.hashing, at, faults);
    let buckets = bucket.hashing.buckets();
    for (name, bound) in [("from", bucket.from), ("to", bucket.to)] {
        if bound > buckets {
            let (bound, most) = (grouped(bound), grouped(buckets));
            let message = format!("`{name}` is {bound}, and there are {most} buckets");
            faults.add(codes::BEYOND_BUCKETS, &at.field(name), message);
        }
    }
    if bucket.from > bucket.to {
        let message = format!("`from` ({}) is above `to` ({})", bucket.from, bucket.to);
        faults.advise(codes::REVERSED, at, message, "swap the two");
    }
}
