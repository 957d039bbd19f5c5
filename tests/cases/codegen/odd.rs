// Made by `vexil codegen rust`. Do not edit: change the flags, and make it anew.

/// A text that is none of a flag's values as they were when this file was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownValue(pub ::std::string::String);

impl ::std::fmt::Display for UnknownValue {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        ::std::write!(f, "`{}` is none of the flag's values", self.0)
    }
}

impl ::std::error::Error for UnknownValue {}

/// The flag `"quoted\`.
///
/// - `on`: `true`
/// - `off`: `false`
pub static QUOTED: ::vexil_runtime::Flag<bool> = ::vexil_runtime::Flag::new("\"quoted\\");

/// Ends a comment: *\/ and /\* begins one.
///
/// @deprecated is a tag, and so is \<b\>bold\</b\>.
/// A \[link\] and `code`, "quotes", \ and \n.
/// \```
/// panic!("this would be run as a test")
/// \```
/// \- a list
/// 1\. and another
/// an indented line
///
/// - `on`: `true`
/// - `off`: `false`
pub static ALERT_1: ::vexil_runtime::Flag<bool> = ::vexil_runtime::Flag::new("*/ alert(1); /*");

/// The flag `2fa`.
///
/// - `on`: `true`
/// - `off`: `false`
pub static FLAG_2FA: ::vexil_runtime::Flag<bool> = ::vexil_runtime::Flag::new("2fa");

/// The flag `String`.
///
/// - `a`: `"x-y"`
/// - `b`: `"x.y"`
/// - `c`: `""`
/// - `d`: `"…"`
/// - `e`: `"a \"b\" \\ \n c"`
/// - `f`: `"x-y"`
pub static STRING: ::vexil_runtime::Flag<::std::string::String> =
    ::vexil_runtime::Flag::new("String");

/// The values of [`STRING`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::enum_variant_names, clippy::upper_case_acronyms)]
pub enum String {
    /// `"x-y"`
    XYCc96,
    /// `"x.y"`
    XYB24c,
    /// `""`
    EmptyE3b0,
    /// `"…"`
    EmptyB493,
    /// `"a \"b\" \\ \n c"`
    ABC,
}

impl String {
    /// All of them, in the order of the variants.
    pub const ALL: [Self; 5] = [
        Self::XYCc96,
        Self::XYB24c,
        Self::EmptyE3b0,
        Self::EmptyB493,
        Self::ABC,
    ];

    /// The value as the flag serves it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::XYCc96 => "x-y",
            Self::XYB24c => "x.y",
            Self::EmptyE3b0 => "",
            Self::EmptyB493 => "…",
            Self::ABC => "a \"b\" \\ \n c",
        }
    }
}

impl ::std::str::FromStr for String {
    type Err = UnknownValue;

    fn from_str(text: &str) -> ::std::result::Result<Self, UnknownValue> {
        match text {
            "x-y" => Ok(Self::XYCc96),
            "x.y" => Ok(Self::XYB24c),
            "" => Ok(Self::EmptyE3b0),
            "…" => Ok(Self::EmptyB493),
            "a \"b\" \\ \n c" => Ok(Self::ABC),
            other => Err(UnknownValue(other.to_owned())),
        }
    }
}

/// The flag `__proto__`.
///
/// - `` `a` ``: `` "`a`" ``
/// - ```` ``` ````: `" "`
pub static PROTO: ::vexil_runtime::Flag<::std::string::String> =
    ::vexil_runtime::Flag::new("__proto__");

/// The values of [`PROTO`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::enum_variant_names, clippy::upper_case_acronyms)]
pub enum Proto {
    /// `` "`a`" ``
    A,
    /// `" "`
    Empty,
}

impl Proto {
    /// All of them, in the order of the variants.
    pub const ALL: [Self; 2] = [
        Self::A,
        Self::Empty,
    ];

    /// The value as the flag serves it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "`a`",
            Self::Empty => " ",
        }
    }
}

impl ::std::str::FromStr for Proto {
    type Err = UnknownValue;

    fn from_str(text: &str) -> ::std::result::Result<Self, UnknownValue> {
        match text {
            "`a`" => Ok(Self::A),
            " " => Ok(Self::Empty),
            other => Err(UnknownValue(other.to_owned())),
        }
    }
}

/// The flag `a key that is so long that the line in which its handle stands has to be broken`.
///
/// - `on`: `true`
/// - `off`: `false`
pub static A_KEY_THAT_IS_SO_LONG_THAT_THE_LINE_IN_WHICH_ITS_HANDLE_STANDS_HAS_TO_BE_BROKEN: ::vexil_runtime::Flag<bool> =
    ::vexil_runtime::Flag::new("a key that is so long that the line in which its handle stands has to be broken");

/// The flag `a-b`.
///
/// - `on`: `true`
/// - `off`: `false`
pub static A_B_D44362D6: ::vexil_runtime::Flag<bool> = ::vexil_runtime::Flag::new("a-b");

/// The flag `a-b-d443`.
///
/// - `on`: `true`
/// - `off`: `false`
pub static A_B_D443_16D8: ::vexil_runtime::Flag<bool> = ::vexil_runtime::Flag::new("a-b-d443");

/// The flag `a.b`.
///
/// - `on`: `true`
/// - `off`: `false`
pub static A_B_2E73: ::vexil_runtime::Flag<bool> = ::vexil_runtime::Flag::new("a.b");

/// A line\u{2028}that breaks, a \u{202e}direction, a  Tab
///
/// - `on`: `true`
/// - `off`: `false`
pub static DIRECTION_OF_READING: ::vexil_runtime::Flag<bool> =
    ::vexil_runtime::Flag::new("direction \u{2028} \u{202e} of reading");

/// Not for pages
///
/// - `on`: `true`
/// - `off`: `false`
pub static INNER_ONLY: ::vexil_runtime::Flag<bool> = ::vexil_runtime::Flag::new("inner only");

/// The flag `large json`.
///
/// - `a`: `["0123456789012345678901234567890123456789","01234567890123456789012345678901234…`
pub static LARGE_JSON: ::vexil_runtime::Flag<::serde_json::Value> =
    ::vexil_runtime::Flag::new("large json");

/// The flag `layout`.
///
/// - `a`: `{"columns":3,"order":["new","cheap"],"od\"d":null}`
/// - `b`: `{"columns":4,"order":[],"od\"d":{}}`
/// - `c`: `{"columns":4,"order":[],"od\"d":{}}`
pub static LAYOUT: ::vexil_runtime::Flag<::serde_json::Value> =
    ::vexil_runtime::Flag::new("layout");

/// The flag `limit`.
///
/// - `low`: `10`
/// - `high`: `20`
pub static LIMIT: ::vexil_runtime::Flag<f64> = ::vexil_runtime::Flag::new("limit");

/// The flag `long text`.
///
/// - `a`: `"This text is much too long to be the name of a case, and stays as it is."`
/// - `b`: `"short"`
pub static LONG_TEXT: ::vexil_runtime::Flag<::std::string::String> =
    ::vexil_runtime::Flag::new("long text");

/// The flag `many variants`.
///
/// - `a`: `1`
/// - `b`: `2`
/// - `c`: `3`
/// - `d`: `4`
/// - `e`: `5`
/// - `f`: `6`
/// - `g`: `7`
/// - `h`: `8`
/// - `i`: `9`
/// - `j`: `10`
/// - `k`: `11`
/// - `l`: `12`
/// - `m`: `13`
/// - `n`: `14`
/// - `o`: `15`
/// - `p`: `16`
/// - `q`: `17`
/// - `r`: `18`
/// - `s`: `19`
/// - `t`: `20`
/// - and 2 more
pub static MANY_VARIANTS: ::vexil_runtime::Flag<f64> = ::vexil_runtime::Flag::new("many variants");

/// The flag `mixed json`.
///
/// - `a`: `"x"`
/// - `b`: `1`
/// - `c`: `null`
pub static MIXED_JSON: ::vexil_runtime::Flag<::serde_json::Value> =
    ::vexil_runtime::Flag::new("mixed json");

/// The flag `numbers`.
///
/// - `a`: `10`
/// - `b`: `-0.5`
/// - `c`: `1e+21`
/// - `d`: `0`
/// - `e`: `0`
/// - `f`: `1e-7`
/// - `g`: `10`
pub static NUMBERS: ::vexil_runtime::Flag<f64> = ::vexil_runtime::Flag::new("numbers");

/// The flag `plain`.
///
/// - `on`: `true`
/// - `off`: `false`
pub static PLAIN: ::vexil_runtime::Flag<bool> = ::vexil_runtime::Flag::new("plain");

/// The flag `self`.
///
/// - `Self`: `"Self"`
/// - `self`: `"self"`
/// - `Err`: `"Err"`
/// - `Ok`: `"Ok"`
/// - `ALL`: `"ALL"`
pub static SELF: ::vexil_runtime::Flag<::std::string::String> = ::vexil_runtime::Flag::new("self");

/// The values of [`SELF`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::enum_variant_names, clippy::upper_case_acronyms)]
pub enum Self06c6 {
    /// `"Self"`
    Self85bc,
    /// `"self"`
    Self06c6,
    /// `"Err"`
    Err,
    /// `"Ok"`
    Ok,
    /// `"ALL"`
    All,
}

impl Self06c6 {
    /// All of them, in the order of the variants.
    pub const ALL: [Self; 5] = [
        Self::Self85bc,
        Self::Self06c6,
        Self::Err,
        Self::Ok,
        Self::All,
    ];

    /// The value as the flag serves it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Self85bc => "Self",
            Self::Self06c6 => "self",
            Self::Err => "Err",
            Self::Ok => "Ok",
            Self::All => "ALL",
        }
    }
}

impl ::std::str::FromStr for Self06c6 {
    type Err = UnknownValue;

    fn from_str(text: &str) -> ::std::result::Result<Self, UnknownValue> {
        match text {
            "Self" => Ok(Self::Self85bc),
            "self" => Ok(Self::Self06c6),
            "Err" => Ok(Self::Err),
            "Ok" => Ok(Self::Ok),
            "ALL" => Ok(Self::All),
            other => Err(UnknownValue(other.to_owned())),
        }
    }
}

/// The flag `texts as json`.
///
/// - `a`: `"x"`
/// - `b`: `"y"`
pub static TEXTS_AS_JSON: ::vexil_runtime::Flag<::serde_json::Value> =
    ::vexil_runtime::Flag::new("texts as json");

/// The flag `unknown value`.
///
/// - `a`: `"a"`
pub static UNKNOWN_VALUE: ::vexil_runtime::Flag<::std::string::String> =
    ::vexil_runtime::Flag::new("unknown value");

/// The values of [`UNKNOWN_VALUE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::enum_variant_names, clippy::upper_case_acronyms)]
pub enum UnknownValue4cd4 {
    /// `"a"`
    A,
}

impl UnknownValue4cd4 {
    /// All of them, in the order of the variants.
    pub const ALL: [Self; 1] = [
        Self::A,
    ];

    /// The value as the flag serves it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
        }
    }
}

impl ::std::str::FromStr for UnknownValue4cd4 {
    type Err = UnknownValue;

    fn from_str(text: &str) -> ::std::result::Result<Self, UnknownValue> {
        match text {
            "a" => Ok(Self::A),
            other => Err(UnknownValue(other.to_owned())),
        }
    }
}

/// The flag `日本`.
///
/// - `on`: `true`
/// - `off`: `false`
pub static FLAG: ::vexil_runtime::Flag<bool> = ::vexil_runtime::Flag::new("日本");
