//! What is asked of an attribute: operands that exist, parse and are not too many.
//!
//! In: a test. Out: faults, at the pointer of its predicate (whether an operand was written alone
//! or in a list is not known here; messages name the operand).

use super::faults::Faults;
use super::names::{grouped, quoted};
use super::pointer::Path;
use super::version::is_version;
use super::{codes, pattern};
use crate::flag_set::{Quantifier, Scalar, Test, VersionDialect};
use crate::limits::{MAX_NEEDLES, MAX_NETS, MAX_OPERAND_BYTES, MAX_PATTERNS, MAX_SET};
use crate::network;

/// Every fault of `test`, whose predicate stands at `at`.
pub(crate) fn check(test: &Test, at: &Path<'_>, faults: &mut Faults) {
    match test {
        Test::Exists(_) => {}
        Test::In { values, .. } => check_values(values, MAX_SET, at, faults),
        Test::List { quantifier: Quantifier::AllOf, values, .. } => {
            check_values(values, MAX_NEEDLES, at, faults);
        }
        Test::List { values, .. } => check_values(values, MAX_SET, at, faults),
        Test::Affix { needles, .. } => {
            check_count(needles.len(), MAX_NEEDLES, at, faults);
            needles.iter().for_each(|needle| check_text(needle, at, faults));
        }
        Test::Number { operand, .. } => check_number(*operand, at, faults),
        Test::Between { low, high, .. } => check_between(*low, *high, at, faults),
        Test::Matches { patterns, ignore_case } => {
            check_count(patterns.len(), MAX_PATTERNS, at, faults);
            // Automata are made of no more than is allowed.
            if patterns.len() <= MAX_PATTERNS {
                pattern::check(patterns, *ignore_case, at, faults);
            }
        }
        Test::Cidr { nets } => {
            check_count(nets.len(), MAX_NETS, at, faults);
            nets.iter().for_each(|net| check_network(net, at, faults));
        }
        Test::Version { operand, dialect, .. } => check_version(operand, *dialect, at, faults),
        Test::Time { operand_ms, .. } => check_number(*operand_ms, at, faults),
    }
}

fn check_values(values: &[Scalar], most: usize, at: &Path<'_>, faults: &mut Faults) {
    check_count(values.len(), most, at, faults);
    for value in values {
        match value {
            Scalar::String(text) => check_text(text, at, faults),
            Scalar::Number(number) => check_number(*number, at, faults),
            Scalar::Boolean(_) => {}
        }
    }
}

fn check_count(count: usize, most: usize, at: &Path<'_>, faults: &mut Faults) {
    if count == 0 {
        let help = "list at least one, or drop the rule: an empty list can never be meant";
        faults.advise(codes::EMPTY_LIST, at, "the list of operands is empty", help);
    }
    if count > most {
        let (count, most) = (grouped(count as u64), grouped(most as u64));
        faults.add(codes::TOO_MANY, at, format!("{count} operands, more than {most}"));
    }
}

fn check_text(text: &str, at: &Path<'_>, faults: &mut Faults) {
    if text.len() > MAX_OPERAND_BYTES {
        let (bytes, most) = (grouped(text.len() as u64), grouped(MAX_OPERAND_BYTES as u64));
        let message = format!("the operand {} has {bytes} bytes, more than {most}", quoted(text));
        faults.add(codes::TOO_LONG, at, message);
    }
}

fn check_number(number: f64, at: &Path<'_>, faults: &mut Faults) {
    if !number.is_finite() {
        faults.add(codes::BAD_NUMBER, at, format!("the operand `{number}` is not finite"));
    }
}

fn check_between(low: f64, high: f64, at: &Path<'_>, faults: &mut Faults) {
    check_number(low, at, faults);
    check_number(high, at, faults);
    if low > high {
        let message = format!("`between` begins at `{low}`, above its end `{high}`");
        faults.advise(codes::REVERSED, at, message, "write the lower number first");
    }
}

fn check_network(net: &str, at: &Path<'_>, faults: &mut Faults) {
    if let Err(wrong) = network::parse(net) {
        let help = "write it like `10.0.0.0/8`, `2001:db8::/32` or `192.0.2.1`";
        faults.advise(codes::BAD_NETWORK, at, format!("{} {wrong}", quoted(net)), help);
    }
}

fn check_version(operand: &str, dialect: VersionDialect, at: &Path<'_>, faults: &mut Faults) {
    if operand.len() > MAX_OPERAND_BYTES {
        check_text(operand, at, faults);
    } else if !is_version(operand, dialect) {
        let (message, help) = match dialect {
            VersionDialect::Loose => ("a version", "`1.2.3`, `v1.2` or `2.0.0-rc.1`"),
            VersionDialect::Strict => ("a strict version", "`1.2.3` or `2.0.0-rc.1`"),
            VersionDialect::Partial => ("a partial version", "`1.2.3`, `1.2` or `2-rc.1`"),
        };
        let message = format!("{} is not {message}", quoted(operand));
        faults.advise(codes::BAD_VERSION, at, message, format!("write it like {help}"));
    }
}
