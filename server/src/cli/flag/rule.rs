//! `vexil flag rule …`: the rules of a flag in an environment.
//!
//! In: rules in the flag language, their ids and positions (from 1, as they are shown). Out: what
//! the server says of them.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::Output;
use super::super::remote::Remote;
use super::super::request::Request;
use super::super::source::Content;
use super::super::written::written;
use super::serve::at_revision;
use super::{Key, here, show};

/// What to do with rules.
#[derive(Subcommand, Clone, Debug)]
pub enum RuleCommand {
    /// List the rules in the order in which they are tried
    List(Key),
    /// Add a rule, at the end unless a position is given
    #[command(after_help = ADD_EXAMPLES)]
    Add(Add),
    /// Replace the rule that has the same id
    Set(super::KeyAndContent),
    /// Remove a rule
    Remove(KeyAndRule),
    /// Move a rule to another place
    Move(Move),
}

const ADD_EXAMPLES: &str = "\
Examples:
  vexil flag rule add checkout-v2 -e production \\
    '{id: dach, when: {attribute: country, in: [DE, AT, CH]}, serve: \"on\"}'
  vexil flag rule add checkout-v2 -e production --position 1 --file rule.yaml";

/// A flag and a new rule.
#[derive(Args, Clone, Debug)]
pub struct Add {
    /// The flag's key
    key: String,
    /// Where: 1 is the first rule
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    position: Option<u32>,
    #[command(flatten)]
    content: Content,
}

/// A flag and one of its rules.
#[derive(Args, Clone, Debug)]
pub struct KeyAndRule {
    /// The flag's key
    key: String,
    /// The rule's id
    rule: String,
}

/// A rule and its new place.
#[derive(Args, Clone, Debug)]
pub struct Move {
    /// The flag's key
    key: String,
    /// The rule's id
    rule: String,
    #[command(flatten)]
    place: Place,
}

/// A place among the rules.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub struct Place {
    /// To this position: 1 is the first
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    position: Option<u32>,
    /// Right before this rule
    #[arg(long, value_name = "ID")]
    before: Option<String>,
    /// Right after this rule
    #[arg(long, value_name = "ID")]
    after: Option<String>,
    /// To the end
    #[arg(long)]
    last: bool,
}

/// Runs `vexil flag rule …`.
///
/// # Errors
/// The server is out of reach or refuses.
pub async fn run(command: &RuleCommand, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    let environment = remote.environment()?;
    match command {
        RuleCommand::List(Key { key }) => list(key, remote, out).await,
        RuleCommand::Add(add) => {
            let rule = add.content.read()?;
            let request = Request::post(here(remote, &add.key, ["rules"])?).json(rule.json);
            let request = request.query_some("index", add.position.map(|n| n.saturating_sub(1)));
            let answer = remote.send(request).await?;
            let id = id(&rule.value).unwrap_or_default();
            written(out, &answer, &format!("rule {id} is in {} in {environment}", add.key))
        }
        RuleCommand::Set(set) => {
            let rule = set.content.read()?;
            let id =
                id(&rule.value).ok_or_else(|| Failure::Usage("the rule has no `id`".into()))?;
            let request = Request::put(here(remote, &set.key, ["rules", id])?).json(&rule.json);
            let what = format!("rule {id} of {} is as given in {environment}", set.key);
            written(out, &remote.send(request).await?, &what)
        }
        RuleCommand::Remove(KeyAndRule { key, rule }) => {
            let path = here(remote, key, ["rules", rule.as_str()])?;
            let answer = remote.send(Request::delete(path)).await?;
            written(out, &answer, &format!("rule {rule} is gone from {key} in {environment}"))
        }
        RuleCommand::Move(to) => {
            let answer = move_to(to, remote).await?;
            written(out, &answer, &format!("rule {} of {} is moved", to.rule, to.key))
        }
    }
}

fn id(rule: &Value) -> Option<&str> {
    rule.get("id")?.as_str()
}

async fn list(key: &str, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    let answer = remote.send(Request::get(here(remote, key, ["rules"])?)).await?;
    if out.json {
        out.json(&answer)?;
    } else {
        let rules = answer.get("rules").and_then(Value::as_array).into_iter().flatten();
        out.table(show::rules(rules))?;
    }
    Ok(Exit::Success)
}

async fn move_to(to: &Move, remote: &Remote) -> Result<Value, Failure> {
    at_revision(remote, async |revision| {
        let path = here(remote, &to.key, ["rules"])?;
        let answer = remote.send(Request::get(path.clone())).await?;
        let rules = answer.get("rules").and_then(Value::as_array).into_iter().flatten();
        let ids: Vec<String> = rules.filter_map(id).map(str::to_owned).collect();
        let order = reorder(ids, &to.rule, &to.place).map_err(Failure::Missing)?;
        let request = Request::put(path).json(json!({ "order": order }));
        remote.send(request.if_match(revision)).await
    })
    .await
}

/// `ids` with `rule` in its new place.
fn reorder(mut ids: Vec<String>, rule: &str, place: &Place) -> Result<Vec<String>, String> {
    let find = |ids: &[String], id: &str| {
        ids.iter().position(|other| other == id).ok_or_else(|| format!("there is no rule `{id}`"))
    };
    let from = find(&ids, rule)?;
    let moved = ids.remove(from);
    let to = match place {
        Place { before: Some(other), .. } => find(&ids, other)?,
        Place { after: Some(other), .. } => find(&ids, other)? + 1,
        Place { position: Some(position), .. } => position.saturating_sub(1) as usize,
        Place { .. } => ids.len(),
    };
    ids.insert(to.min(ids.len()), moved);
    Ok(ids)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn moved(rule: &str, place: &Place) -> String {
        reorder(["a", "b", "c"].map(String::from).into(), rule, place).unwrap().concat()
    }

    #[test]
    fn a_rule_moves_to_where_it_is_told() {
        let none = Place { position: None, before: None, after: None, last: false };
        assert_eq!(moved("c", &Place { position: Some(1), ..none.clone() }), "cab");
        assert_eq!(moved("a", &Place { position: Some(9), ..none.clone() }), "bca");
        assert_eq!(moved("a", &Place { before: Some("c".into()), ..none.clone() }), "bac");
        assert_eq!(moved("a", &Place { after: Some("c".into()), ..none.clone() }), "bca");
        assert_eq!(moved("a", &Place { last: true, ..none.clone() }), "bca");
        assert!(
            reorder(vec!["a".into()], "a", &Place { before: Some("a".into()), ..none }).is_err()
        );
    }
}
