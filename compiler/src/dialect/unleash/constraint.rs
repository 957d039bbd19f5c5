//! Constraints as predicates.
//!
//! In: a constraint and whose semantics it has. Out: a predicate; or, in yggdrasil, that the engine
//! cannot read it, which takes the whole feature down. A missing field of the context fails every
//! operator but `NOT_IN`, and `inverted` turns the answer round after that.

use serde_json::{Value, json};

use super::Profile;
use super::attribute::{self, NOW};
use super::form::{self, never, not};
use super::network;
use super::notes::{Broken, Notes};
use super::ordering;
use super::pattern;
use super::wire::Constraint;
use super::wording::{survives, survives_escaped};
use crate::check::codes;
use crate::check::names::quoted;
use crate::limits::{MAX_NEEDLES, MAX_NETS, MAX_SET};

/// The predicate that `constraint` is.
///
/// # Errors
/// Yggdrasil cannot read it.
pub(super) fn predicate(
    constraint: &Constraint,
    profile: Profile,
    notes: &mut Notes,
) -> Result<Value, Broken> {
    // A version with a `v` makes the constraint false, and `inverted` does not save it.
    if let Some(constant) = ordering::of_a_v(constraint, profile, notes) {
        return Ok(constant);
    }
    let values = values(constraint, profile)?;
    let path = attribute::of(&constraint.context_name);
    let operator = constraint.operator.as_str();
    let as_text = |notes: &mut Notes| time_as_text(path, constraint, notes);
    let holds = match operator {
        "IN" | "NOT_IN" => {
            as_text(notes);
            let chunks = values.chunks(MAX_SET).map(|chunk| form::one_of(path, chunk));
            let is_in = form::any(chunks);
            if operator == "IN" { is_in } else { not(is_in) }
        }
        "STR_STARTS_WITH" => affix("starts_with", path, &values, constraint, notes),
        "STR_ENDS_WITH" => affix("ends_with", path, &values, constraint, notes),
        "STR_CONTAINS" => affix("contains", path, &values, constraint, notes),
        "REGEX" => {
            as_text(notes);
            regex(path, constraint, profile, notes)
        }
        "IN_CIDR" => cidr(path, &values, constraint, notes),
        _ => match ordering::predicate(path, constraint, profile, notes)? {
            Some(holds) => holds,
            None => return unknown(constraint, profile, notes),
        },
    };
    Ok(if constraint.is_inverted { not(holds) } else { holds })
}

/// The list of operands as the client has it.
///
/// # Errors
/// Yggdrasil cannot read the constraint.
fn values(constraint: &Constraint, profile: Profile) -> Result<Vec<String>, Broken> {
    if profile == Profile::Node {
        let kept = constraint.values.iter().filter(|value| !value.is_empty());
        return Ok(kept.map(|value| value.trim().to_owned()).collect());
    }
    let broken = |why: String| Err(Broken { at: constraint.at.clone(), why });
    if !survives(&constraint.context_name) {
        return broken(format!("the name {} cannot be quoted", quoted(&constraint.context_name)));
    }
    let operator = constraint.operator.as_str();
    if let Some(pattern) = constraint.value.as_deref()
        && operator == "REGEX"
        && !survives_escaped(pattern)
    {
        return broken(format!("the pattern {} cannot be quoted", quoted(pattern)));
    }
    if !matches!(
        operator,
        "IN" | "NOT_IN" | "STR_STARTS_WITH" | "STR_ENDS_WITH" | "STR_CONTAINS" | "IN_CIDR"
    ) {
        return Ok(Vec::new());
    }
    if let Some(bad) = constraint.values.iter().find(|value| !survives_escaped(value)) {
        return broken(format!("the value {} cannot be quoted", quoted(bad)));
    }
    if constraint.values.is_empty() && !matches!(operator, "IN" | "NOT_IN") {
        return broken(format!("`{operator}` has no values"));
    }
    Ok(constraint.values.clone())
}

fn affix(
    test: &str,
    path: &str,
    values: &[String],
    constraint: &Constraint,
    notes: &mut Notes,
) -> Value {
    time_as_text(path, constraint, notes);
    let has_sigma = |value: &String| value.contains(['Σ', 'σ', 'ς']);
    if constraint.ignores_case && values.iter().any(has_sigma) {
        let message = "a `Σ` at the end of a word is `ς` in lower case for Unleash, and `σ` here";
        let help = "compare with the lower-case texts themselves, or list both spellings";
        notes.add(codes::SIGMA, &constraint.at, message, help);
    }
    form::any(values.chunks(MAX_NEEDLES).map(|needles| {
        let operand = match needles {
            [needle] => json!(needle),
            several => json!(several),
        };
        match constraint.ignores_case {
            true => form::modified(path, test, operand, [("ignore_case", true.into())]),
            false => form::attribute(path, test, operand),
        }
    }))
}

fn regex(path: &str, constraint: &Constraint, profile: Profile, notes: &mut Notes) -> Value {
    let text = constraint.value.as_deref().unwrap_or_default();
    let pattern = match pattern::read(text, constraint.ignores_case, profile) {
        Ok(pattern) => pattern,
        Err(why) => {
            let message = format!("the pattern {} is {why}", quoted(text));
            constant(constraint, message, notes);
            return never();
        }
    };
    if pattern.is_approximate {
        let message = format!("{} asks for word boundaries of Unicode", quoted(text));
        let help = "here they know the word characters of ASCII: `é` is none of them";
        notes.add(codes::WORD_BOUNDARY, &constraint.at, message, help);
    }
    match constraint.ignores_case {
        true => form::modified(path, "matches", pattern.text, [("ignore_case", true.into())]),
        false => form::attribute(path, "matches", pattern.text),
    }
}

fn cidr(path: &str, values: &[String], constraint: &Constraint, notes: &mut Notes) -> Value {
    let nets: Vec<String> = values.iter().filter_map(|value| network::read(value)).collect();
    if nets.is_empty() {
        constant(constraint, "none of the values is an address or a network", notes);
    } else if nets.len() < values.len() {
        let bad = values.iter().find(|value| network::read(value).is_none());
        let bad = bad.map(String::as_str).unwrap_or_default();
        let message = format!("{} is no address and no network", quoted(bad));
        notes.add(codes::LEFT_OUT, &constraint.at, message, "Unleash passes it over too");
    }
    networks(path, &nets)
}

/// The attribute `path` is an address in one of `nets`.
pub(super) fn networks(path: &str, nets: &[String]) -> Value {
    form::any(nets.chunks(MAX_NETS).map(|nets| match nets {
        [net] => form::attribute(path, "cidr", net.as_str()),
        several => form::attribute(path, "cidr", several),
    }))
}

/// An operator that the client does not know.
fn unknown(constraint: &Constraint, profile: Profile, notes: &mut Notes) -> Result<Value, Broken> {
    let why = format!("the operator {} is not known", quoted(&constraint.operator));
    if profile == Profile::Yggdrasil {
        return Err(Broken { at: constraint.at.clone(), why });
    }
    let help = "the constraint never holds, whether inverted or not, as in Unleash's Node client";
    notes.add(codes::CONSTRAINT_CONSTANT, &constraint.at, why, help);
    Ok(never())
}

/// Says that a constraint never holds, before it is inverted.
pub(super) fn constant(constraint: &Constraint, message: impl Into<String>, notes: &mut Notes) {
    let help = match constraint.is_inverted {
        true => "the constraint is inverted, so it always holds, as in Unleash",
        false => "the constraint never holds, as in Unleash",
    };
    notes.add(codes::CONSTRAINT_CONSTANT, &constraint.at, message, help);
}

/// Warns of the clock where a text is asked for: here it is one only if the context says so.
fn time_as_text(path: &str, constraint: &Constraint, notes: &mut Notes) {
    if path == NOW {
        let message = format!("`{}` asks for the time as a text", constraint.operator);
        let help = "set `$now` in the context to a text in RFC 3339; the clock itself is a number";
        notes.add(codes::TIME_AS_TEXT, &constraint.at, message, help);
    }
}
