//! Folds constants and drops rules that can never be reached.
//!
//! `not` moves into leaves, `all` and `any` lose what cannot matter, a rule that never holds goes,
//! and nothing after a rule that always answers stays.

use crate::program::{Answer, Body, Leaf, Missing, Pred, Program, Rule, Serve, Split};

/// Folds every flag and segment.
pub(super) fn fold(mut program: Program) -> Program {
    for segment in &mut program.segments {
        let when = std::mem::replace(&mut segment.when, Pred::Const(false));
        segment.when = fold_pred(when);
    }
    for flag in &mut program.flags {
        let rules = std::mem::take(&mut flag.body.rules);
        fold_rules(rules, &mut flag.body);
    }
    program
}

fn fold_rules(rules: Vec<Rule>, body: &mut Body) {
    body.last = fold_serve(body.last.clone());
    for rule in rules {
        let when = fold_pred(rule.when);
        let serve = fold_serve(rule.serve);
        match (when, serve) {
            (Pred::Const(false), _) => {}
            (Pred::Const(true), serve) if always_answers(&serve) => {
                body.last = serve;
                return;
            }
            (when, serve) => body.rules.push(Rule { when, serve }),
        }
    }
}

fn always_answers(serve: &Serve) -> bool {
    !matches!(serve, Serve::Split(Split { missing: Missing::Next, .. }))
}

/// A split with one arm that answers what it answers without its unit is that answer.
fn fold_serve(serve: Serve) -> Serve {
    match &serve {
        Serve::Split(Split { arms, missing: Missing::Answer(missing), .. }) => {
            match arms.as_slice() {
                [arm] if same(arm.answer, *missing) => Serve::Answer(arm.answer),
                _ => serve,
            }
        }
        _ => serve,
    }
}

fn same(left: Answer, right: Answer) -> bool {
    left.0 == right.0
}

fn fold_pred(pred: Pred) -> Pred {
    match pred {
        Pred::Not(inner) => negate(fold_pred(*inner)),
        Pred::All(inner) => join(inner, true),
        Pred::Any(inner) => join(inner, false),
        Pred::Flag(test) if test.variants.is_empty() => Pred::Const(false),
        Pred::Bucket(bucketing, ranges) => {
            let ranges: Vec<_> = ranges.into_iter().filter(|(from, to)| from < to).collect();
            if ranges.is_empty() { Pred::Const(false) } else { Pred::Bucket(bucketing, ranges) }
        }
        other => other,
    }
}

fn negate(pred: Pred) -> Pred {
    match pred {
        Pred::Const(value) => Pred::Const(!value),
        Pred::Not(inner) => *inner,
        Pred::Leaf(leaf) => {
            Pred::Leaf(Leaf { negate: !leaf.negate, undefined: !leaf.undefined, ..leaf })
        }
        other => Pred::Not(Box::new(other)),
    }
}

/// `all` (`neutral` is true) or `any` (false) of `inner`, flattened.
fn join(inner: Vec<Pred>, neutral: bool) -> Pred {
    let mut kept = Vec::new();
    for pred in inner {
        match (fold_pred(pred), neutral) {
            (Pred::Const(value), _) if value == neutral => {}
            (Pred::Const(value), _) => return Pred::Const(value),
            (Pred::All(nested), true) | (Pred::Any(nested), false) => kept.extend(nested),
            (other, _) => kept.push(other),
        }
    }
    match kept.pop() {
        None => Pred::Const(neutral),
        Some(only) if kept.is_empty() => only,
        Some(last) => {
            kept.push(last);
            if neutral { Pred::All(kept) } else { Pred::Any(kept) }
        }
    }
}
