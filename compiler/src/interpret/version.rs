//! Versions: SemVer 2.0, in most dialects with minor and patch that may be left out, and in one
//! with a leading `v` that is allowed.
//!
//! In: text. Out: a version that compares by the precedence of semver.org §11, or nothing.

use std::cmp::Ordering;

use super::number::is_digits;
use crate::flag_set::VersionDialect;

/// A version without its build metadata, which precedence ignores.
#[derive(Debug)]
pub(crate) struct Version<'a> {
    /// Major, minor, patch.
    core: [u64; 3],
    /// The identifiers of the pre-release; empty for a release.
    pre: Vec<&'a str>,
}

impl<'a> Version<'a> {
    /// Reads all of `text`: `[vV]?N(.N(.N)?)?(-PRE)?(+BUILD)?` when loose, without the `v` when
    /// partial, and with all three numbers when strict.
    pub(crate) fn parse(text: &'a str, dialect: VersionDialect) -> Option<Self> {
        let text = match dialect {
            VersionDialect::Loose => text.strip_prefix(['v', 'V']).unwrap_or(text),
            VersionDialect::Strict | VersionDialect::Partial => text,
        };
        // `+` stands nowhere but before BUILD; the first `-` left of it begins PRE.
        let (text, build) = match text.split_once('+') {
            Some((text, build)) => (text, Some(build)),
            None => (text, None),
        };
        let (core, pre) = match text.split_once('-') {
            Some((core, pre)) => (core, Some(pre)),
            None => (text, None),
        };
        if build.is_some_and(|build| !build.split('.').all(is_identifier)) {
            return None;
        }
        let pre: Vec<&str> = pre.map(|pre| pre.split('.').collect()).unwrap_or_default();
        if !pre.iter().all(|part| is_identifier(part) && !(is_digits(part) && is_padded(part))) {
            return None;
        }
        if dialect == VersionDialect::Strict && core.split('.').count() != 3 {
            return None;
        }
        Some(Self { core: parse_core(core)?, pre })
    }

    /// Precedence.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        self.core.cmp(&other.core).then_with(|| compare_pre(&self.pre, &other.pre))
    }
}

/// `N(.N(.N)?)?`
fn parse_core(text: &str) -> Option<[u64; 3]> {
    let mut numbers = text.split('.').map(|part| {
        // Beyond u64 the parse fails; the digits are asked first, as it would take a sign.
        if is_digits(part) && !is_padded(part) { part.parse().ok() } else { None }
    });
    let major = numbers.next()??;
    let minor = numbers.next().unwrap_or(Some(0))?;
    let patch = numbers.next().unwrap_or(Some(0))?;
    if numbers.next().is_some() { None } else { Some([major, minor, patch]) }
}

/// Non-empty, of `0-9 A-Z a-z -`.
fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Has a zero in front of more digits.
fn is_padded(digits: &str) -> bool {
    digits.len() > 1 && digits.starts_with('0')
}

/// A release comes after its pre-releases; those compare part by part, and of two of which one
/// begins like the other the longer comes later.
fn compare_pre(left: &[&str], right: &[&str]) -> Ordering {
    if left.is_empty() || right.is_empty() {
        return left.is_empty().cmp(&right.is_empty());
    }
    let parts = left.iter().zip(right).map(|(left, right)| compare_identifiers(left, right));
    parts.fold(Ordering::Equal, Ordering::then).then(left.len().cmp(&right.len()))
}

/// Numeric identifiers by value, before others; others by their bytes.
fn compare_identifiers(left: &str, right: &str) -> Ordering {
    match (is_digits(left), is_digits(right)) {
        // Without leading zeros the longer number is the greater one.
        (true, true) => left.len().cmp(&right.len()).then(left.cmp(right)),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => left.cmp(right),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;

    fn parse(text: &str) -> Option<Version<'_>> {
        Version::parse(text, VersionDialect::Loose)
    }

    #[test]
    fn stricter_dialects() {
        for (text, strict, partial) in [
            ("1.2.3", true, true),
            ("1.2.3-rc.1+b", true, true),
            ("1.2", false, true),
            ("2", false, true),
            ("2.0-rc", false, true),
            ("v1.2.3", false, false),
            ("V2", false, false),
            ("1.2.3.4", false, false),
        ] {
            let reads = |dialect| Version::parse(text, dialect).is_some();
            assert_eq!(reads(VersionDialect::Strict), strict, "{text}");
            assert_eq!(reads(VersionDialect::Partial), partial, "{text}");
        }
    }

    #[test]
    fn versions_in_order_of_precedence() {
        let ascending = [
            "0-0",
            "0.0.0-alpha",
            "0",
            "1.0.0-0",
            "1.0.0-2",
            "1.0.0-11",
            "1.0.0-99999999999999999999998",
            "1.0.0-99999999999999999999999",
            "1.0.0--",
            "1.0.0--1",
            "1.0.0-0a",
            "1.0.0-A",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "v1.0.0",
            "1.0.1",
            "V1.1",
            "1.2.3",
            "1.10",
            "2",
            "18446744073709551615.18446744073709551615.18446744073709551615",
        ];
        for (i, left) in ascending.iter().enumerate() {
            for (j, right) in ascending.iter().enumerate() {
                let compared = parse(left).unwrap().compare(&parse(right).unwrap());
                assert_eq!(compared, i.cmp(&j), "{left} against {right}");
            }
        }
    }

    #[test]
    fn spellings_of_one_version() {
        for text in ["1", "v1", "V1", "1.0", "1.0.0", "1+build", "1.0+001", "v1.0.0+a-b.-.0"] {
            let one = parse("1.0.0").unwrap();
            assert_eq!(parse(text).unwrap().compare(&one), Ordering::Equal, "{text}");
        }
    }

    #[test]
    fn what_is_no_version() {
        for text in [
            "",
            "v",
            "vv1",
            "a",
            "1.",
            ".1",
            "1..0",
            "1.2.3.4",
            "01",
            "1.02",
            "1.2.03",
            "-1",
            "+1",
            "1-",
            "1+",
            "1.0.0-01",
            "1.0.0-a..b",
            "1.0.0-a.",
            "1.0.0-ä",
            "1.0.0+a+b",
            "1.0.0+a..b",
            "1.0.0+",
            "1.0.0-a_b",
            " 1",
            "1 ",
            "1.0.0-a b",
            "18446744073709551616",
            "1.x",
            "v 1",
            "١",
        ] {
            assert!(parse(text).is_none(), "{text:?}");
        }
    }
}
