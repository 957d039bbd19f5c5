//! `vexil flag show`: everything about one flag, in words.
//!
//! In: the flag as the server has it. Out: its definition, and for each environment (or the one
//! that is meant) its switch, prerequisites, overrides, rules and fallthrough.

use comfy_table::{Attribute, Cell, Color, Table};
use owo_colors::OwoColorize;
use serde_json::{Map, Value};

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::{Output, pairs, plain, some, table};
use super::super::remote::Remote;
use super::super::request::Request;
use super::super::sentence;

/// Runs `vexil flag show`.
///
/// # Errors
/// The server is out of reach or refuses.
pub async fn run(key: &str, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    if let (Some(_), true) = (remote.named_environment(), out.json) {
        out.json(&remote.send(Request::get(super::here(remote, key, None)?)).await?)?;
        return Ok(Exit::Success);
    }
    let path = ["v1", "projects", remote.project()?, "flags", key];
    let flag = remote.send(Request::get(path)).await?;
    if out.json {
        out.json(&flag)?;
        return Ok(Exit::Success);
    }
    out.table(definition(key, &flag))?;
    let environments = flag.get("environments").and_then(Value::as_object);
    let named = remote.named_environment();
    let shown = environments.into_iter().flatten();
    let shown: Vec<_> =
        shown.filter(|(name, _)| named.is_none_or(|named| named == *name)).collect();
    if let (Some(named), true) = (named, shown.is_empty()) {
        // The server knows whether there is such an environment, and its defaults.
        let configuration = remote.send(Request::get(super::here(remote, key, None)?)).await?;
        return environment(named, &configuration, &flag, out);
    }
    for (name, configuration) in shown {
        environment(name, configuration, &flag, out)?;
    }
    Ok(Exit::Success)
}

fn definition(key: &str, flag: &Value) -> Table {
    let mut rows = pairs();
    let text = |name| plain(flag.get(name).and_then(Value::as_str).unwrap_or_default());
    rows.add_row(vec![Cell::new("flag"), Cell::new(plain(key)).add_attribute(Attribute::Bold)]);
    rows.add_row(["kind", &text("kind")]);
    for name in ["description", "owner"] {
        if !text(name).is_empty() {
            rows.add_row([name, &text(name)]);
        }
    }
    let tags = flag.get("tags").and_then(Value::as_array).into_iter().flatten();
    let tags: Vec<&str> = tags.filter_map(Value::as_str).collect();
    if !tags.is_empty() {
        rows.add_row(["tags", &plain(&tags.join(", "))]);
    }
    if flag.get("client_visible").and_then(Value::as_bool) == Some(true) {
        rows.add_row(["visible to", "browsers too"]);
    }
    if text("lifecycle") == "archived" {
        rows.add_row(["lifecycle", "archived"]);
    }
    let variants = flag.get("variants").and_then(Value::as_object).into_iter().flatten();
    for (at, (variant, value)) in variants.enumerate() {
        let name = if at == 0 { "variants" } else { "" };
        rows.add_row([name, &plain(&format!("{variant} = {value}"))]);
    }
    rows
}

fn environment(
    name: &str,
    configuration: &Value,
    flag: &Value,
    out: Output,
) -> Result<Exit, Failure> {
    let enabled = configuration.get("enabled").and_then(Value::as_bool) == Some(true);
    let switch = if enabled { "on".green().to_string() } else { "off".dimmed().to_string() };
    out.line(format_args!("\n{}: {switch}", plain(name).bold()))?;
    let mut rows = pairs();
    rows.add_row(["  off", &plain(off_variant(flag, configuration))]);
    let list = |name| configuration.get(name).and_then(Value::as_array).into_iter().flatten();
    for test in list("prerequisites").filter_map(Value::as_object) {
        rows.add_row(["  needs", &plain(&prerequisite(test))]);
    }
    let overrides = configuration.get("overrides").and_then(Value::as_object);
    for (variant, keys) in overrides.into_iter().flatten() {
        let keys = keys.as_array().into_iter().flatten();
        let keys: Vec<&str> = keys.filter_map(Value::as_str).collect();
        rows.add_row(["  override", &plain(&format!("{variant} for {}", some(&keys, 8)))]);
    }
    out.table(rows)?;
    let mut steps = rules(list("rules"));
    steps.add_row(["", "otherwise", "", &plain(&otherwise(flag, configuration))]);
    out.table(steps)?;
    Ok(Exit::Success)
}

/// The off variant; documents leave it out where it is the default.
fn off_variant<'v>(flag: &'v Value, configuration: &'v Value) -> &'v str {
    let written = configuration.get("off_variant").and_then(Value::as_str);
    let variants = flag.get("variants").and_then(Value::as_object);
    let default = || match variants {
        // A boolean flag whose variants are the usual ones.
        None => Some("off"),
        Some(variants) => {
            let boolean = flag.get("kind").and_then(Value::as_str) == Some("boolean");
            let off = variants.iter().find(|(_, value)| boolean && **value == Value::Bool(false));
            off.or_else(|| variants.iter().next()).map(|(key, _)| key.as_str())
        }
    };
    written.or_else(default).unwrap_or_default()
}

/// What is served when nothing else applies, in words.
pub fn otherwise(flag: &Value, configuration: &Value) -> String {
    match configuration.get("fallthrough") {
        Some(fallthrough) => sentence::serve(fallthrough),
        None => off_variant(flag, configuration).to_owned(),
    }
}

/// A table of rules: number, id, condition, serve.
pub fn rules<'v>(rules: impl Iterator<Item = &'v Value>) -> Table {
    let mut rows = table(&["  #", "RULE", "WHEN", "SERVE"]);
    for (at, rule) in rules.enumerate() {
        let serve = rule.get("serve").map(sentence::serve).unwrap_or_default();
        rows.add_row(vec![
            Cell::new(format!("  {}", at + 1)),
            Cell::new(plain(&text(rule, "id"))).fg(Color::Cyan),
            Cell::new(plain(&sentence::predicate(rule.get("when")))),
            Cell::new(plain(&serve)),
        ]);
    }
    rows
}

fn prerequisite(test: &Map<String, Value>) -> String {
    let flag = test.get("flag").and_then(Value::as_str).unwrap_or_default();
    format!("flag {flag} to serve {}", sentence::variants(test))
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}
