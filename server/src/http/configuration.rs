//! A flag in an environment: the switch, rules, overrides, …
//!
//! In: requests below `/v1/projects/{p}/environments/{e}/flags/{f}`. Out: answers as in
//! `docs/http-api.md`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, Uri};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use vexil_compiler::document;
use vexil_compiler::flag_set::Configuration;

use super::problem::{Kind, Problem};
use super::query::Query;
use super::request::{Keys, Write};
use super::{App, answer};
use crate::command::{Command, Edit};
use crate::hub::Mode;

type Answer = Result<Response<Body>, Problem>;
/// Project, environment, flag.
type Place = (String, String, String);
/// Project, environment, flag, rule.
type RulePlace = (String, String, String, String);

/// A configuration as JSON, with the switch and what is served off and at the end also where they
/// are the defaults.
pub fn written_out(configuration: &Configuration) -> Value {
    let mut written = Map::new();
    written.insert("enabled".to_owned(), configuration.enabled.into());
    written.insert("off_variant".to_owned(), configuration.off_variant.clone().into());
    if let Value::Object(members) = document::write_configuration(configuration) {
        written.extend(members);
    }
    let fallthrough = document::write_serve(&configuration.fallthrough);
    written.shift_remove("fallthrough");
    written.insert("fallthrough".to_owned(), fallthrough);
    Value::Object(written)
}

/// The configuration at a place, and the project's revision as an entity tag.
async fn configuration(app: &App, place: Place, uri: &Uri) -> Result<(Value, String), Problem> {
    let at = Query::read(uri, &["at"])?.at()?;
    let (project, environment, flag) = place;
    let state = app.hub.state(&project, at).await?;
    if !state.project.environments.contains(&environment) {
        let detail = format!("there is no environment `{environment}`");
        return Err(Problem::new(Kind::UnknownEnvironment, detail));
    }
    let Some(found) = state.project.flags.get(&flag) else {
        return Err(Problem::new(Kind::UnknownFlag, format!("there is no flag `{flag}`")));
    };
    let configuration = match found.environments.get(&environment) {
        Some(configuration) => written_out(configuration),
        None => written_out(&Configuration::default_for(&found.definition)),
    };
    Ok((configuration, format!("\"{}\"", state.revision)))
}

/// `GET …`
pub async fn show(State(app): State<Arc<App>>, Keys(place): Keys<Place>, uri: Uri) -> Answer {
    let (configuration, tag) = configuration(&app, place, &uri).await?;
    let mut response = answer::json(&configuration);
    answer::tag(&mut response, &tag);
    Ok(response)
}

/// `GET …/rules`
pub async fn rules(State(app): State<Arc<App>>, Keys(place): Keys<Place>, uri: Uri) -> Answer {
    let (configuration, tag) = configuration(&app, place, &uri).await?;
    let rules = configuration.get("rules").cloned().unwrap_or_else(|| json!([]));
    let mut response = answer::json(&json!({ "rules": rules }));
    answer::tag(&mut response, &tag);
    Ok(response)
}

async fn carry_out(app: &App, place: Place, write: &Write, edit: Edit) -> Answer {
    let (caller, _) = write.caller(&[])?;
    let (project, environment, flag) = place;
    let command = Command::Configure { environment, flag, edit };
    Ok(answer::written(&app.hub.execute(&project, command, caller, Mode::Do).await?))
}

/// `PUT …`
pub async fn replace(
    State(app): State<Arc<App>>,
    Keys(place): Keys<Place>,
    write: Write,
) -> Answer {
    let edit = Edit::Replace(write.json()?);
    carry_out(&app, place, &write, edit).await
}

/// `POST …/enable`
pub async fn enable(State(app): State<Arc<App>>, Keys(place): Keys<Place>, write: Write) -> Answer {
    carry_out(&app, place, &write, Edit::Enable).await
}

/// `POST …/disable`
pub async fn disable(
    State(app): State<Arc<App>>,
    Keys(place): Keys<Place>,
    write: Write,
) -> Answer {
    carry_out(&app, place, &write, Edit::Disable).await
}

/// `PUT …/fallthrough`
pub async fn fallthrough(
    State(app): State<Arc<App>>,
    Keys(place): Keys<Place>,
    write: Write,
) -> Answer {
    let edit = Edit::Fallthrough(write.json()?);
    carry_out(&app, place, &write, edit).await
}

/// `PUT …/overrides`
pub async fn overrides(
    State(app): State<Arc<App>>,
    Keys(place): Keys<Place>,
    write: Write,
) -> Answer {
    let edit = Edit::Overrides(write.json()?);
    carry_out(&app, place, &write, edit).await
}

/// `PUT …/prerequisites`
pub async fn prerequisites(
    State(app): State<Arc<App>>,
    Keys(place): Keys<Place>,
    write: Write,
) -> Answer {
    let edit = Edit::Prerequisites(write.json()?);
    carry_out(&app, place, &write, edit).await
}

/// `POST …/rules`
pub async fn add_rule(
    State(app): State<Arc<App>>,
    Keys((project, environment, flag)): Keys<Place>,
    write: Write,
) -> Answer {
    let (caller, query) = write.caller(&["index"])?;
    let index = query.number("index", 0, usize::MAX)?;
    let edit = Edit::AddRule { index, rule: write.json()? };
    let command = Command::Configure { environment, flag, edit };
    Ok(answer::written(&app.hub.execute(&project, command, caller, Mode::Do).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewOrder {
    order: Vec<String>,
}

/// `PUT …/rules`
pub async fn reorder_rules(
    State(app): State<Arc<App>>,
    Keys(place): Keys<Place>,
    write: Write,
) -> Answer {
    let NewOrder { order } = write.shape()?;
    carry_out(&app, place, &write, Edit::ReorderRules { order }).await
}

/// `PUT …/rules/{id}`
pub async fn put_rule(
    State(app): State<Arc<App>>,
    Keys((project, environment, flag, id)): Keys<RulePlace>,
    write: Write,
) -> Answer {
    let edit = Edit::PutRule { id, rule: write.json()? };
    carry_out(&app, (project, environment, flag), &write, edit).await
}

/// `DELETE …/rules/{id}`
pub async fn remove_rule(
    State(app): State<Arc<App>>,
    Keys((project, environment, flag, id)): Keys<RulePlace>,
    write: Write,
) -> Answer {
    carry_out(&app, (project, environment, flag), &write, Edit::RemoveRule { id }).await
}
