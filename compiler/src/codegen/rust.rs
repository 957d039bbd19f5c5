//! Rust: a handle for each flag, and an enum of the values of a flag of texts.
//!
//! In: flags. Out: the text of a Rust module for `vexil_runtime::Flag`. Every path in it begins at a
//! crate, so that no name of a flag stands in its way.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::escape::literal;
use super::names::{Case, names};
use super::{Told, comment, escape};
use crate::flag_set::{Definition, Kind};

/// Values of which an enum is made; of more, and of longer ones, it would tell nothing.
const VALUES_MAX: usize = 64;
/// Bytes of such a value.
const VALUE_BYTES_MAX: usize = 64;
/// Characters of a line.
const WIDTH: usize = 100;

/// Names of types that flags do not get: a keyword, and what stands at the top.
const TAKEN: [&str; 2] = ["Self", "UnknownValue"];

const UNKNOWN_VALUE: &str = "
/// A text that is none of a flag's values as they were when this file was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownValue(pub ::std::string::String);

impl ::std::fmt::Display for UnknownValue {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        ::std::write!(f, \"`{}` is none of the flag's values\", self.0)
    }
}

impl ::std::error::Error for UnknownValue {}
";

pub(super) fn file(flags: &[Told<'_>], made_by: &str) -> String {
    let statics = names(flags.iter().map(|(key, _)| *key), Case::Screaming, &[]);
    let listed = flags.iter().filter(|(_, flag)| !values(flag).is_empty());
    let types = names(listed.map(|(key, _)| *key), Case::Camel, &TAKEN);
    let mut text =
        format!("// Made by `{made_by}`. Do not edit: change the flags, and make it anew.\n");
    if !types.is_empty() {
        text.push_str(UNKNOWN_VALUE);
    }
    for told in flags {
        let (key, flag) = told;
        let Some(name) = statics.get(key) else { continue };
        text.push('\n');
        documented(told, &mut text);
        handle(name, key, flag.kind, &mut text);
        if let Some(of_values) = types.get(key) {
            text.push('\n');
            list(of_values, name, &values(flag), &mut text);
        }
    }
    text
}

/// What is told of a flag.
fn documented(told: &Told<'_>, text: &mut String) {
    for line in comment::lines(told, plain) {
        let _ = writeln!(text, "{}", format!("/// {line}").trim_end());
    }
}

/// A line of a description as Markdown that holds no link, no tag, no list, and no code, which
/// would be run as a test.
fn plain(line: &str) -> String {
    let mut plain = String::new();
    for character in line.chars() {
        if matches!(character, '[' | ']' | '<' | '>') {
            plain.push('\\');
        }
        plain.push(character);
    }
    let digits = line.chars().take_while(char::is_ascii_digit).count();
    let numbered =
        digits > 0 && line.get(digits..).is_some_and(|rest| rest.starts_with(['.', ')']));
    match plain.chars().next() {
        Some('-' | '*' | '+' | '~') => plain.insert(0, '\\'),
        Some('`') if line.starts_with("```") => plain.insert(0, '\\'),
        Some(_) if numbered => plain.insert(digits, '\\'),
        _ => {}
    }
    plain
}

fn handle(name: &str, key: &str, kind: Kind, text: &mut String) {
    let of = match kind {
        Kind::Boolean => "bool",
        Kind::String => "::std::string::String",
        Kind::Number => "f64",
        Kind::Json => "::serde_json::Value",
    };
    let start = format!("pub static {name}: ::vexil_runtime::Flag<{of}> =");
    let value = format!("::vexil_runtime::Flag::new({});", literal(key));
    let fits = start.chars().count() + 1 + value.chars().count() <= WIDTH;
    let between = if fits { " " } else { "\n    " };
    let _ = writeln!(text, "{start}{between}{value}");
}

/// The values of a flag of texts, in the order of its variants; none where they are no list of words.
fn values(flag: &Definition) -> Vec<&str> {
    let mut values: Vec<&str> = Vec::new();
    if flag.kind != Kind::String {
        return values;
    }
    for value in flag.variants.values().filter_map(|value| value.as_str()) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    let fits = |value: &&str| value.len() <= VALUE_BYTES_MAX;
    let is_list = values.len() <= VALUES_MAX && values.iter().all(fits);
    if is_list { values } else { Vec::new() }
}

/// An enum of values.
fn list(name: &str, of: &str, values: &[&str], text: &mut String) {
    let cases: BTreeMap<&str, String> = names(values.iter().copied(), Case::Camel, &["Self"]);
    let cases = values.iter().filter_map(|value| Some((*value, cases.get(value)?)));
    let cases: Vec<(&str, &String)> = cases.collect();
    let _ = writeln!(text, "/// The values of [`{of}`].");
    text.push_str("#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]\n");
    // A value may be a word of the key, or all capitals.
    text.push_str("#[allow(clippy::enum_variant_names, clippy::upper_case_acronyms)]\n");
    let _ = writeln!(text, "pub enum {name} {{");
    for (value, case) in &cases {
        let _ = writeln!(text, "    /// {}\n    {case},", escape::code(&literal(value)));
    }
    let _ = writeln!(text, "}}\n\nimpl {name} {{");
    text.push_str("    /// All of them, in the order of the variants.\n");
    let _ = writeln!(text, "    pub const ALL: [Self; {}] = [", cases.len());
    for (_, case) in &cases {
        let _ = writeln!(text, "        Self::{case},");
    }
    text.push_str("    ];\n\n    /// The value as the flag serves it.\n    #[must_use]\n");
    text.push_str("    pub const fn as_str(self) -> &'static str {\n        match self {\n");
    for (value, case) in &cases {
        let _ = writeln!(text, "            Self::{case} => {},", literal(value));
    }
    text.push_str("        }\n    }\n}\n\n");
    let _ = writeln!(text, "impl ::std::str::FromStr for {name} {{");
    text.push_str("    type Err = UnknownValue;\n\n");
    text.push_str("    fn from_str(text: &str) -> ::std::result::Result<Self, UnknownValue> {\n");
    text.push_str("        match text {\n");
    for (value, case) in &cases {
        let _ = writeln!(text, "            {} => Ok(Self::{case}),", literal(value));
    }
    text.push_str("            other => Err(UnknownValue(other.to_owned())),\n");
    text.push_str("        }\n    }\n}\n");
}
