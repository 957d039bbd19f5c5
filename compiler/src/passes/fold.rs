//! Folds constants and drops rules that can never be reached.
//!
//! `all` and `any` lose what cannot matter, a rule that never holds goes, and nothing after a rule
//! that always answers stays. Percentages are left alone, whatever they are: a rollout that passes
//! through 0 % or 100 % must not change the module's code.

use crate::program::{Body, Missing, Pred, Program, Rule, Serve, Split};

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
    for rule in rules {
        let when = fold_pred(rule.when);
        match (when, rule.serve) {
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

fn fold_pred(pred: Pred) -> Pred {
    match pred {
        Pred::Not(inner) => negate(fold_pred(*inner)),
        Pred::All(inner) => join(inner, true),
        Pred::Any(inner) => join(inner, false),
        Pred::Flag(test) if test.variants.is_empty() => Pred::Const(false),
        other => other,
    }
}

fn negate(pred: Pred) -> Pred {
    match pred {
        Pred::Const(value) => Pred::Const(!value),
        Pred::Not(inner) => *inner,
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
    Pred::joined(kept, neutral)
}
