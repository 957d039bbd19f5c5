//! The grammar of versions as operands: `[vV]?N(.N(.N)?)?(-PRE)?(+BUILD)?`, or a stricter dialect.
//!
//! In: text. Out: whether it is a version. Comparing versions is the evaluators' business.

use crate::flag_set::VersionDialect;

/// Is `text` a version of `dialect` by the grammar in `docs/flag-language.md`.
pub(crate) fn is_version(text: &str, dialect: VersionDialect) -> bool {
    let text = match dialect {
        VersionDialect::Loose => text.strip_prefix(['v', 'V']).unwrap_or(text),
        VersionDialect::Strict | VersionDialect::Partial => text,
    };
    let (text, build) = split(text, '+');
    // Digits and dots come first, so the first `-` begins the pre-release.
    let (core, pre) = split(text, '-');
    let numbers: Vec<&str> = core.split('.').collect();
    let enough = dialect != VersionDialect::Strict || numbers.len() == 3;
    enough
        && numbers.len() <= 3
        && numbers.into_iter().all(is_number)
        && pre.is_none_or(|pre| pre.split('.').all(is_pre_identifier))
        && build.is_none_or(|build| build.split('.').all(is_identifier))
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(left, right)| (left, Some(right)))
}

/// Decimal, without leading zeros, at most 18446744073709551615.
fn is_number(text: &str) -> bool {
    is_numeric(text) && has_no_leading_zero(text) && text.parse::<u64>().is_ok()
}

fn is_numeric(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn has_no_leading_zero(text: &str) -> bool {
    text == "0" || !text.starts_with('0')
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_pre_identifier(text: &str) -> bool {
    is_identifier(text) && (!is_numeric(text) || has_no_leading_zero(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_follow_the_grammar() {
        for good in [
            "1",
            "1.2",
            "1.2.3",
            "v1.2.3",
            "V0",
            "0.0.0",
            "1.0.0-alpha.1",
            "1-rc",
            "1.2-0.x-y.z",
            "1.0.0+build.007",
            "1+b",
            "1.0.0-a-b+c-d",
            "18446744073709551615.0.0",
            "1.0.0-123456789012345678901234567890",
            "1.0.0--",
            "1.0.0-0a",
        ] {
            assert!(is_version(good, VersionDialect::Loose), "{good}");
        }
        for bad in [
            "",
            "v",
            "vv1",
            "1.",
            ".1",
            "1.2.3.4",
            "01",
            "1.02",
            "-1",
            "+1",
            "1.x",
            "1.0.0-",
            "1.0.0-01",
            "1.0.0-a..b",
            "1.0.0+",
            "1.0.0+a..b",
            "1.0.0+a+b",
            " 1",
            "1 ",
            "1.0.0-ä",
            "18446744073709551616",
            "1e3",
        ] {
            assert!(!is_version(bad, VersionDialect::Loose), "{bad}");
        }
    }

    #[test]
    fn dialects_differ_in_the_v_and_in_missing_parts() {
        for (text, strict, partial) in [
            ("1.2.3", true, true),
            ("1.2.3-rc.1+b", true, true),
            ("1.2", false, true),
            ("2.0-rc", false, true),
            ("2-rc+b", false, true),
            ("v1.2.3", false, false),
            ("V1", false, false),
            ("1.2.3.4", false, false),
            ("1.2.03", false, false),
        ] {
            assert_eq!(is_version(text, VersionDialect::Strict), strict, "{text}");
            assert_eq!(is_version(text, VersionDialect::Partial), partial, "{text}");
        }
    }
}
