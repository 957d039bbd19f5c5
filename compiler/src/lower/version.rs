//! Version operands → numbers and a pre-release, by the grammar of `docs/flag-language.md`.

use crate::program::Version;

/// `None` when `text` is not a version.
pub(super) fn parse(text: &str) -> Option<Version> {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let (text, build) = cut(text, '+');
    let (text, prerelease) = cut(text, '-');
    let mut numbers = [0; 3];
    let mut parts = text.split('.');
    for number in &mut numbers {
        match parts.next() {
            Some(part) => *number = self::number(part)?,
            None => break,
        }
    }
    let good = parts.next().is_none()
        && build.is_none_or(|build| build.split('.').all(is_identifier))
        && prerelease.is_none_or(|pre| pre.split('.').all(is_strict_identifier));
    good.then(|| Version { numbers, prerelease: prerelease.unwrap_or_default().to_owned() })
}

fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits && !has_leading_zero(text) { text.parse().ok() } else { None }
}

fn has_leading_zero(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0')
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_strict_identifier(text: &str) -> bool {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    is_identifier(text) && !(digits && has_leading_zero(text))
}
