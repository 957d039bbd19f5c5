//! Cheap predicates first: in `all` and `any` the first that decides ends the question, and nobody
//! can see their order.

use crate::program::{Hash, Leaf, Over, Pred, Program, Test};

/// Sorts every `all` and `any` by price; equally dear ones keep their order.
pub(super) fn order(mut program: Program) -> Program {
    for segment in &mut program.segments {
        order_pred(&mut segment.when);
    }
    for rule in program.flags.iter_mut().flat_map(|flag| &mut flag.body.rules) {
        order_pred(&mut rule.when);
    }
    program
}

fn order_pred(pred: &mut Pred) {
    match pred {
        Pred::Not(inner) => order_pred(inner),
        Pred::All(inner) | Pred::Any(inner) => {
            inner.iter_mut().for_each(order_pred);
            inner.sort_by_key(price);
        }
        _ => {}
    }
}

/// About how many machine instructions it takes; only the order matters.
fn price(pred: &Pred) -> u64 {
    match pred {
        Pred::Const(_) => 0,
        Pred::Not(inner) => price(inner),
        Pred::All(inner) | Pred::Any(inner) => inner.iter().map(price).sum(),
        Pred::Leaf(leaf) => leaf_price(leaf),
        Pred::Bucket(bucketing, _) => match bucketing.hash {
            Hash::Native { .. } => 15,
            Hash::Foreign(_) => 400,
        },
        Pred::Segment(_) => 500,
        Pred::Flag(_) => 1_000,
    }
}

fn leaf_price(leaf: &Leaf) -> u64 {
    let one = match &leaf.test {
        Test::Exists | Test::IsList => 4,
        Test::Number { .. } | Test::Between { .. } => 6,
        Test::Time { .. } => 6,
        Test::Version { .. } => 8,
        Test::InNetworks { .. } => 40,
        Test::Matches { .. } => 150,
        Test::In(set) if set.fold => 200,
        // Not by size: a cohort that grows must not change the code.
        Test::In(set) if set.is_cohort => 50,
        Test::In(set) => match set.strings.len() + set.numbers.len() {
            0 | 1 => 8,
            _ => 50,
        },
        Test::Affix { fold: true, .. } => 250,
        Test::Affix { place: crate::flag_set::Place::Anywhere, needles, .. } => {
            100 * needles.len() as u64
        }
        Test::Affix { needles, .. } => 20 * needles.len() as u64,
    };
    match leaf.over {
        Over::Value => one,
        Over::AnyElement => 5 * one,
    }
}
