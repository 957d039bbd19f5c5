//! What a caller learns of an evaluation, in OpenFeature's words.
//!
//! In: verdicts and failures. Out: [`Details`]. Names are OpenFeature's, by the tables of
//! guest-abi; nothing here decides what is served.

use std::fmt;

use vexil_abi::verdict::{detail, error_code, reason};

/// A value, and why it was served.
#[derive(Clone, Debug, PartialEq)]
pub struct Details<T> {
    /// The flag's value, or the caller's default.
    pub value: T,
    /// The variant served; `None` when the caller's default is.
    pub variant: Option<String>,
    /// Why.
    pub reason: Reason,
    /// What went wrong, when the reason is [`Reason::Error`].
    pub error_code: Option<ErrorCode>,
    /// The error in a sentence, for people.
    pub error_message: Option<String>,
    /// Id of the rule that decided.
    pub rule: Option<String>,
    /// More on how the variant was chosen.
    pub detail: Detail,
    /// The key that was asked for.
    pub flag_key: String,
    /// The revision that was evaluated.
    pub revision: Option<u64>,
    /// Digest of the module that was evaluated.
    pub digest: Option<String>,
}

/// Why a value was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Not known.
    Unknown,
    /// The flag gives everybody the same.
    Static,
    /// Nothing more specific applied.
    Default,
    /// A rule or an override matched.
    TargetingMatch,
    /// A split by percentage decided.
    Split,
    /// The flag is switched off in this environment.
    Disabled,
    /// Evaluation failed; the caller's default is served.
    Error,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// There is no module yet.
    ProviderNotReady,
    /// The environment has no such flag.
    FlagNotFound,
    /// Something could not be parsed.
    ParseError,
    /// The flag's kind is not the one asked for.
    TypeMismatch,
    /// The flag splits by the targeting key, and the context has none.
    TargetingKeyMissing,
    /// The context lacks what the flag splits by, or is too large.
    InvalidContext,
    /// The host is in a state that it cannot leave.
    ProviderFatal,
    /// Anything else.
    General,
}

/// More on how a variant was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Detail {
    /// Nothing more to say.
    #[default]
    None,
    /// An override names the targeting key.
    Override,
    /// The prerequisite flag with this key was not met; [`Detail::None`] when the module does not
    /// say which, as those for browsers.
    Prerequisite(String),
}

impl Reason {
    pub(crate) fn from_number(number: u8) -> Self {
        match number {
            reason::STATIC => Self::Static,
            reason::DEFAULT => Self::Default,
            reason::TARGETING_MATCH => Self::TargetingMatch,
            reason::SPLIT => Self::Split,
            reason::DISABLED => Self::Disabled,
            reason::ERROR => Self::Error,
            _ => Self::Unknown,
        }
    }

    /// OpenFeature's name, such as `TARGETING_MATCH`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Static => "STATIC",
            Self::Default => "DEFAULT",
            Self::TargetingMatch => "TARGETING_MATCH",
            Self::Split => "SPLIT",
            Self::Disabled => "DISABLED",
            Self::Error => "ERROR",
        }
    }
}

impl ErrorCode {
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        match number {
            error_code::NONE => None,
            error_code::PROVIDER_NOT_READY => Some(Self::ProviderNotReady),
            error_code::FLAG_NOT_FOUND => Some(Self::FlagNotFound),
            error_code::PARSE_ERROR => Some(Self::ParseError),
            error_code::TYPE_MISMATCH => Some(Self::TypeMismatch),
            error_code::TARGETING_KEY_MISSING => Some(Self::TargetingKeyMissing),
            error_code::INVALID_CONTEXT => Some(Self::InvalidContext),
            error_code::PROVIDER_FATAL => Some(Self::ProviderFatal),
            _ => Some(Self::General),
        }
    }

    /// OpenFeature's name, such as `FLAG_NOT_FOUND`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ProviderNotReady => "PROVIDER_NOT_READY",
            Self::FlagNotFound => "FLAG_NOT_FOUND",
            Self::ParseError => "PARSE_ERROR",
            Self::TypeMismatch => "TYPE_MISMATCH",
            Self::TargetingKeyMissing => "TARGETING_KEY_MISSING",
            Self::InvalidContext => "INVALID_CONTEXT",
            Self::ProviderFatal => "PROVIDER_FATAL",
            Self::General => "GENERAL",
        }
    }

    /// The sentence for an error that a guest itself answered.
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::TargetingKeyMissing => {
                "the flag splits by the targeting key, and the context has none"
            }
            Self::InvalidContext => "the context lacks the attribute that the flag splits by",
            Self::FlagNotFound => "the module does not know the flag",
            _ => "the module answered with an error",
        }
    }
}

impl Detail {
    pub(crate) fn from_number(number: u16, prerequisites: &[String]) -> Self {
        match number {
            detail::NONE => Self::None,
            detail::OVERRIDE => Self::Override,
            met_not => prerequisites
                .get(usize::from(met_not) - 1)
                // A module for browsers does not say which flag it was.
                .filter(|key| !key.is_empty())
                .map_or(Self::None, |key| Self::Prerequisite(key.clone())),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_guest_abi() {
        for (number, name) in (0..).zip(reason::NAMES) {
            assert_eq!(Reason::from_number(number).name(), name);
        }
        for (number, name) in (0..).zip(error_code::NAMES) {
            assert_eq!(ErrorCode::from_number(number).map_or("", ErrorCode::name), name);
        }
    }

    #[test]
    fn details_name_the_prerequisite() {
        let keys = ["a".to_owned(), "b".to_owned()];
        assert_eq!(Detail::from_number(0, &keys), Detail::None);
        assert_eq!(Detail::from_number(2, &keys), Detail::Prerequisite("b".into()));
        assert_eq!(Detail::from_number(3, &keys), Detail::None);
        assert_eq!(Detail::from_number(0xFFFF, &keys), Detail::Override);
        assert_eq!(Detail::from_number(1, &[String::new()]), Detail::None, "it is not said");
    }
}
