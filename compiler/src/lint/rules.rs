//! Rules that are never reached (`VX11…`).
//!
//! In: the reading of a flag. Out: a warning at each rule that never decides, with the place of the
//! rule that sees to it; of the rules behind one that decides for everybody, at the first only.
//! Flags that are switched off are let be, and so are rules whose own condition never holds:
//! `conditions` tells of those.

use super::environment::Reading;
use super::reach::Never;
use super::warnings::Warnings;
use crate::check::codes;
use crate::check::names::quoted;
use crate::check::pointer::Path;
use crate::diagnostic::Diagnostic;
use crate::flag_set::Rule;

/// Warns about the rules of `reading`, whose configuration stands at `at`.
pub(super) fn lint(reading: &Reading<'_>, at: &Path<'_>, warnings: &mut Warnings) {
    let Some(reach) = &reading.reach else { return };
    let list = at.field("rules");
    let rules = &reading.configuration.rules;
    let mut told = false;
    for (index, (rule, never)) in rules.iter().zip(&reach.rules).enumerate() {
        let place = list.item(index);
        let pointer = place.pointer();
        let by = |by: usize| rules.get(by).map(|rule| (rule, list.item(by).pointer()));
        match never {
            Some(Never::Decided { by: end, alone }) if !told => {
                told = true;
                let Some((end, end_pointer)) = by(*end) else { continue };
                let behind = rules.len() - index - 1;
                warnings.push(decided(rule, behind, end, *alone, pointer, end_pointer));
            }
            Some(Never::Shadowed { by: earlier }) => {
                let Some((earlier, earlier_pointer)) = by(*earlier) else { continue };
                warnings.push(shadowed(rule, earlier, pointer, earlier_pointer));
            }
            Some(Never::LeftOver) => warnings.push(left_over(rule, pointer)),
            _ => {}
        }
    }
}

fn decided(
    rule: &Rule,
    behind: usize,
    end: &Rule,
    alone: bool,
    pointer: String,
    end_pointer: String,
) -> Diagnostic {
    let which = match behind {
        0 => format!("the rule {} is", quoted(&rule.id)),
        1 => format!("the rule {} and the one after it are", quoted(&rule.id)),
        more => format!("the rule {} and the {more} after it are", quoted(&rule.id)),
    };
    let (why, label) = match alone {
        true => (format!("the rule {} decides", quoted(&end.id)), "this rule always decides"),
        false => {
            let why = format!("the rules up to {} decide", quoted(&end.id));
            (why, "after this rule nobody is left")
        }
    };
    let message = format!("{which} never reached: {why} for everybody");
    Diagnostic::warning(codes::DECIDED, pointer, message)
        .help(format!("move it before {}, or take it out", quoted(&end.id)))
        .label(end_pointer, label)
}

fn shadowed(rule: &Rule, earlier: &Rule, pointer: String, earlier_pointer: String) -> Diagnostic {
    let (rule, earlier_id) = (quoted(&rule.id), quoted(&earlier.id));
    let message = format!(
        "the rule {rule} is never reached: the rule {earlier_id} before it decides for everybody \
         it applies to"
    );
    Diagnostic::warning(codes::SHADOWED, pointer, message)
        .help(format!("move it before {earlier_id}, or take it out"))
        .label(earlier_pointer, "this rule decides first")
}

fn left_over(rule: &Rule, pointer: String) -> Diagnostic {
    let message = format!(
        "the rule {} is never reached: what stands before it leaves nobody it applies to",
        quoted(&rule.id)
    );
    let help = "compare its condition with the prerequisites, the overrides and the rules before \
                it; move it up, or take it out";
    Diagnostic::warning(codes::LEFT_OVER, pointer, message).help(help)
}
