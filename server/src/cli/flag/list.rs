//! `vexil flag list`: one line per flag.
//!
//! In: every flag of the project. Out: a table with a column per environment, or, for one
//! environment, with what is served there.

use clap::Args;
use comfy_table::{Cell, Color};
use serde_json::{Map, Value};

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::{Output, cut, plain, table};
use super::super::remote::Remote;
use super::super::request::Request;
use super::show;

/// Which flags.
#[derive(Args, Clone, Debug)]
pub struct List {
    /// Archived flags too
    #[arg(long)]
    pub all: bool,
    /// Only flags with this tag
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,
}

/// Runs `vexil flag list`.
///
/// # Errors
/// The server is out of reach or refuses.
pub async fn run(list: &List, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    let project = remote.project()?;
    let answer = remote.send(Request::get(["v1", "projects", project, "flags"])).await?;
    let flags = answer.get("flags").and_then(Value::as_object).cloned().unwrap_or_default();
    let flags: Map<String, Value> =
        flags.into_iter().filter(|(_, flag)| is_wanted(list, flag)).collect();
    if out.json {
        out.json(&serde_json::json!({ "flags": flags }))?;
        return Ok(Exit::Success);
    }
    if flags.is_empty() {
        out.note("no flags; `vexil apply FILE` and `vexil flag set KEY CONTENT` make some");
        return Ok(Exit::Success);
    }
    match remote.named_environment() {
        Some(environment) => one_environment(&flags, environment, out),
        None => {
            let project = remote.send(Request::get(["v1", "projects", project])).await?;
            every_environment(&flags, &project, out)
        }
    }
}

fn is_wanted(list: &List, flag: &Value) -> bool {
    let tags = flag.get("tags").and_then(Value::as_array);
    let tagged = |tag: &String| tags.is_some_and(|tags| tags.iter().any(|t| t == tag.as_str()));
    (list.all || !is_archived(flag)) && list.tag.as_ref().is_none_or(tagged)
}

fn is_archived(flag: &Value) -> bool {
    flag.get("lifecycle").and_then(Value::as_str) == Some("archived")
}

fn every_environment(
    flags: &Map<String, Value>,
    project: &Value,
    out: Output,
) -> Result<Exit, Failure> {
    let environments = project.get("environments").and_then(Value::as_array);
    let environments: Vec<&str> =
        environments.into_iter().flatten().filter_map(Value::as_str).collect();
    let heads: Vec<String> = environments.iter().map(|name| name.to_uppercase()).collect();
    let heads = ["FLAG", "KIND"].into_iter().chain(heads.iter().map(String::as_str));
    let mut rows = table(&heads.chain(["DESCRIPTION"]).collect::<Vec<_>>());
    for (key, flag) in flags {
        let mut row = vec![Cell::new(plain(key)), kind(flag)];
        row.extend(environments.iter().map(|environment| switch(flag, environment)));
        row.push(Cell::new(plain(&cut(text(flag, "description"), 48))));
        rows.add_row(row);
    }
    out.table(rows)?;
    Ok(Exit::Success)
}

fn one_environment(
    flags: &Map<String, Value>,
    environment: &str,
    out: Output,
) -> Result<Exit, Failure> {
    let head = environment.to_uppercase();
    let mut rows = table(&["FLAG", "KIND", &head, "RULES", "OTHERWISE", "DESCRIPTION"]);
    for (key, flag) in flags {
        let configuration = configuration(flag, environment);
        let rules = configuration.and_then(|c| c.get("rules")?.as_array()).map_or(0, Vec::len);
        let otherwise = show::otherwise(flag, configuration.unwrap_or(&Value::Null));
        rows.add_row(vec![
            Cell::new(plain(key)),
            kind(flag),
            switch(flag, environment),
            Cell::new(rules),
            Cell::new(plain(&cut(&otherwise, 40))),
            Cell::new(plain(&cut(text(flag, "description"), 48))),
        ]);
    }
    out.table(rows)?;
    Ok(Exit::Success)
}

fn kind(flag: &Value) -> Cell {
    Cell::new(text(flag, "kind"))
}

fn switch(flag: &Value, environment: &str) -> Cell {
    let enabled = configuration(flag, environment).and_then(|c| c.get("enabled")?.as_bool());
    match (is_archived(flag), enabled) {
        (true, _) => Cell::new("archived").fg(Color::DarkGrey),
        (false, Some(true)) => Cell::new("on").fg(Color::Green),
        (false, _) => Cell::new("off").fg(Color::DarkGrey),
    }
}

fn configuration<'v>(flag: &'v Value, environment: &str) -> Option<&'v Value> {
    flag.get("environments")?.get(environment)
}

fn text<'v>(flag: &'v Value, name: &str) -> &'v str {
    flag.get(name).and_then(Value::as_str).unwrap_or_default()
}
