//! The OpenAPI document: every route, as machines read it.
//!
//! In: the table of routes and what is told of each here. Out: OpenAPI 3.1
//! (<https://spec.openapis.org/oas/v3.1.0>), and a page for people. A route that is not told of, or
//! that is told of and does not exist, fails a test.

mod schemas;

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Response, header};
use serde_json::{Map, Value, json};
use vexil_abi::announcement::SELECTION_BYTES_MAX;

use super::{answer, table};
use crate::access::grant::Need;

/// What is told of a route.
struct Told {
    method: Method,
    path: &'static str,
    summary: &'static str,
    /// Names of query parameters.
    query: &'static [&'static str],
    body: What,
    answer: What,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Nothing,
    /// JSON of the component of this name.
    Json(&'static str),
    /// A flag document, JSON or YAML.
    Document,
    /// JSON, or as `format` asks, text.
    Log,
    Stream,
    Module,
    Code,
    Metrics,
    Page,
    Store,
}

use What::{Code, Document, Json, Log, Metrics, Module, Nothing, Page, Store, Stream};

macro_rules! told {
    ($($method:ident $path:literal ($($query:literal)*) $body:expr => $answer:expr, $summary:literal;)*) => {
        vec![$(Told {
            method: Method::$method,
            path: $path,
            summary: $summary,
            query: &[$($query),*],
            body: $body,
            answer: $answer,
        }),*]
    };
}

/// In the order in which it is to be read.
#[rustfmt::skip] // a table
fn operations() -> Vec<Told> {
    told! {
        GET "/healthz" () Nothing => Json("Alive"), "Does the process live";
        GET "/readyz" () Nothing => Json("Ready"), "Is every environment announced";
        GET "/metrics" () Nothing => Metrics, "Measurements, as Prometheus text";
        GET "/openapi.json" () Nothing => Json("Any"), "This document";
        GET "/openapi" () Nothing => Page, "This document, for people";

        GET "/v1/keys" () Nothing => Json("KeyList"), "List keys, without their secrets";
        POST "/v1/keys" ("comment") Json("NewKey") => Json("KeyChange"), "Create a key";
        GET "/v1/keys/self" () Nothing => Json("Any"), "Whose key is shown";
        GET "/v1/keys/{id}" () Nothing => Json("Key"), "Show a key";
        POST "/v1/keys/{id}/rotate" ("comment") Json("Rotation") => Json("KeyChange"), "Give a key a new secret";
        DELETE "/v1/keys/{id}" ("comment") Nothing => Json("KeyChange"), "Revoke a key";
        GET "/v1/access/log" ("after" "limit" "actor" "kind" "by_key" "since" "until" "format") Nothing => Log, "What happened to keys";
        GET "/v1/access/log/verify" () Nothing => Json("Verification"), "Is the log of keys as it was written";

        GET "/v1/backup" () Nothing => Store, "A copy of the whole store, as it is now";

        GET "/v1/projects" () Nothing => Json("ProjectList"), "List projects";
        POST "/v1/projects" ("comment") Json("NewProject") => Json("Written"), "Create a project";
        GET "/v1/projects/{p}" () Nothing => Json("Project"), "Show a project";
        POST "/v1/projects/{p}/environments" ("comment") Json("NewEnvironment") => Json("Written"), "Create an environment";
        GET "/v1/projects/{p}/environments/{e}/settings" () Nothing => Json("Settings"), "What holds of changes in an environment";
        PUT "/v1/projects/{p}/environments/{e}/settings" ("comment") Json("Settings") => Json("Written"), "Say what holds of changes in an environment";
        GET "/v1/projects/{p}/sensitive" ("at") Nothing => Json("Sensitive"), "List sensitive attributes";
        PUT "/v1/projects/{p}/sensitive" ("comment") Json("Sensitive") => Json("Written"), "Say which attributes are sensitive";
        GET "/v1/projects/{p}/document" ("at") Nothing => Json("FlagDocument"), "The project as a flag document";
        POST "/v1/projects/{p}/apply" ("comment" "dry_run" "prune") Document => Json("Applied"), "Make the project equal to a flag document";
        POST "/v1/projects/{p}/revert" ("comment") Json("Revert") => Json("Written"), "Go back to what was";
        GET "/v1/projects/{p}/log" ("after" "limit" "flag" "environment" "actor" "kind" "by_key" "since" "until" "format") Nothing => Log, "What happened to the project";
        GET "/v1/projects/{p}/log/verify" () Nothing => Json("Verification"), "Is the log as it was written";
        GET "/v1/projects/{p}/log/archives" () Nothing => Json("Archives"), "List the archives of the log";
        POST "/v1/projects/{p}/log/archive" () Json("Archive") => Json("Archives"), "Archive old events now";

        GET "/v1/projects/{p}/flags" ("at") Nothing => Json("Flags"), "List flags";
        GET "/v1/projects/{p}/flags/{f}" ("at") Nothing => Json("Flag"), "Show a flag";
        PUT "/v1/projects/{p}/flags/{f}" ("comment") Json("Definition") => Json("Written"), "Create a flag or replace its definition";
        DELETE "/v1/projects/{p}/flags/{f}" ("comment") Nothing => Json("Written"), "Delete an archived flag";
        POST "/v1/projects/{p}/flags/{f}/archive" ("comment") Nothing => Json("Written"), "Take a flag out of use";
        POST "/v1/projects/{p}/flags/{f}/restore" ("comment") Nothing => Json("Written"), "Bring an archived flag back";
        GET "/v1/projects/{p}/segments" ("at") Nothing => Json("Segments"), "List segments";
        GET "/v1/projects/{p}/segments/{s}" ("at") Nothing => Json("Segment"), "Show a segment";
        PUT "/v1/projects/{p}/segments/{s}" ("comment") Json("Segment") => Json("Written"), "Create or replace a segment";
        DELETE "/v1/projects/{p}/segments/{s}" ("comment") Nothing => Json("Written"), "Delete a segment that nothing names";

        GET "/v1/projects/{p}/environments/{e}/flags/{f}" ("at") Nothing => Json("Configuration"), "Show a flag in an environment";
        PUT "/v1/projects/{p}/environments/{e}/flags/{f}" ("comment") Json("Configuration") => Json("Written"), "Replace a flag's configuration";
        POST "/v1/projects/{p}/environments/{e}/flags/{f}/enable" ("comment") Nothing => Json("Written"), "Switch a flag on";
        POST "/v1/projects/{p}/environments/{e}/flags/{f}/disable" ("comment") Nothing => Json("Written"), "Switch a flag off";
        PUT "/v1/projects/{p}/environments/{e}/flags/{f}/fallthrough" ("comment") Json("Serve") => Json("Written"), "Say what is served when no rule holds";
        PUT "/v1/projects/{p}/environments/{e}/flags/{f}/overrides" ("comment") Json("Overrides") => Json("Written"), "Replace a flag's overrides";
        PUT "/v1/projects/{p}/environments/{e}/flags/{f}/prerequisites" ("comment") Json("Prerequisites") => Json("Written"), "Replace a flag's prerequisites";
        GET "/v1/projects/{p}/environments/{e}/flags/{f}/rules" ("at") Nothing => Json("Rules"), "List a flag's rules";
        POST "/v1/projects/{p}/environments/{e}/flags/{f}/rules" ("comment" "index") Json("Rule") => Json("Written"), "Add a rule";
        PUT "/v1/projects/{p}/environments/{e}/flags/{f}/rules" ("comment") Json("Order") => Json("Written"), "Put the rules in another order";
        PUT "/v1/projects/{p}/environments/{e}/flags/{f}/rules/{id}" ("comment") Json("Rule") => Json("Written"), "Replace a rule";
        DELETE "/v1/projects/{p}/environments/{e}/flags/{f}/rules/{id}" ("comment") Nothing => Json("Written"), "Remove a rule";

        GET "/v1/projects/{p}/environments/{e}/head" ("audience" "flags" "tags") Nothing => Json("Announcement"), "What is announced";
        GET "/v1/projects/{p}/environments/{e}/events" ("audience" "flags" "tags") Nothing => Stream, "Announcements as they are made";
        GET "/v1/projects/{p}/environments/{e}/deltas" ("since") Nothing => Json("Deltas"), "What changed since a revision";
        GET "/v1/projects/{p}/environments/{e}/flags" ("at") Nothing => Json("FlagSet"), "The flag set";
        GET "/v1/projects/{p}/environments/{e}/module" ("at") Nothing => Json("ModuleOf"), "Compile a revision again";
        GET "/v1/projects/{p}/environments/{e}/fleet" ("limit") Nothing => Json("Fleet"), "Which clients run which module";
        POST "/v1/projects/{p}/environments/{e}/fleet" () Json("Report") => Json("Reported"), "Say what this client runs";
        GET "/v1/modules/{file}" () Nothing => Module, "A module by its digest";
        GET "/v1/modules/{digest}/wat" ("flag") Nothing => Code, "The code of one flag of a module, as WebAssembly text";

        POST "/ofrep/v1/evaluate/flags" ("audience" "flagConfigEtag" "flagConfigLastModified") Json("Evaluation") => Json("Evaluated"), "OFREP: evaluate all flags";
        POST "/ofrep/v1/evaluate/flags/{f}" ("audience" "flagConfigEtag" "flagConfigLastModified") Json("Evaluation") => Json("Result"), "OFREP: evaluate a flag";
        GET "/ofrep/v1/sse" () Nothing => Stream, "OFREP: when to evaluate again";
        POST "/v1/projects/{p}/environments/{e}/ofrep/v1/evaluate/flags" ("audience" "flagConfigEtag" "flagConfigLastModified") Json("Evaluation") => Json("Evaluated"), "OFREP: evaluate all flags";
        POST "/v1/projects/{p}/environments/{e}/ofrep/v1/evaluate/flags/{f}" ("audience" "flagConfigEtag" "flagConfigLastModified") Json("Evaluation") => Json("Result"), "OFREP: evaluate a flag";
        GET "/v1/projects/{p}/environments/{e}/ofrep/v1/sse" () Nothing => Stream, "OFREP: when to evaluate again";
    }
}

/// Parameters in paths, and what they name.
const PATHS: [(&str, &str); 7] = [
    ("p", "The project's key"),
    ("e", "The environment's name"),
    ("f", "The flag's key"),
    ("s", "The segment's key"),
    ("id", "The id of the rule or key"),
    ("file", "The module's digest and `.wasm`"),
    ("digest", "The module's digest"),
];

/// Parameters in queries.
fn query(name: &str) -> Value {
    let (schema, about) = match name {
        "comment" => (json!({ "type": "string", "maxLength": 1024 }), "Why; kept in the log"),
        "at" => (
            json!({ "type": "string", "pattern": PLACE }),
            "As it was after this revision, or at this time (RFC 3339); as it is unless given",
        ),
        "after" => (revision(), "Only after this revision"),
        "limit" => {
            (json!({ "type": "integer", "minimum": 1, "maximum": 1000 }), "At most this many")
        }
        "index" => (json!({ "type": "integer", "minimum": 0 }), "Where, from 0; at the end"),
        "dry_run" | "prune" => (json!({ "type": "boolean" }), "See docs/http-api.md"),
        "audience" => (json!({ "enum": ["server", "browser"] }), "For whom"),
        "flags" => (text_list(), "Only these flags, such as `a,b`; a comma of a key is `\\,`"),
        "tags" => (text_list(), "Only flags with one of these tags, beside those of `flags`"),
        "format" => (json!({ "enum": ["json", "jsonl", "csv"] }), "How events are written"),
        "until" => (time(), "Only before this time"),
        _ => (json!({ "type": "string" }), "Only with this"),
    };
    json!({ "name": name, "in": "query", "required": false, "schema": schema, "description": about })
}

/// A revision, or a time.
const PLACE: &str = r"^([1-9][0-9]*|[0-9]{4}-[0-9]{2}-[0-9]{2}T.+)$";

fn text_list() -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": 2 * SELECTION_BYTES_MAX })
}

fn revision() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX })
}

fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn reference(component: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{component}") })
}

fn content(what: What) -> Option<Value> {
    let string = json!({ "schema": { "type": "string" } });
    Some(match what {
        Nothing => return None,
        Json(component) => json!({ "application/json": { "schema": reference(component) } }),
        Document => json!({
            "application/json": { "schema": reference("FlagDocument") },
            "application/yaml": string,
        }),
        Log => json!({
            "application/json": { "schema": reference("Log") },
            "application/jsonl": string,
            "text/csv": string,
        }),
        Stream => json!({ "text/event-stream": string }),
        Module => {
            json!({ "application/wasm": { "schema": { "type": "string", "format": "binary" } } })
        }
        Store => {
            json!({ "application/vnd.sqlite3": { "schema": { "type": "string", "format": "binary" } } })
        }
        Code | Metrics => json!({ "text/plain": string }),
        Page => json!({ "text/html": string }),
    })
}

fn operation(told: &Told, need: Need) -> Value {
    let in_path = |(name, about): &(&str, &str)| {
        told.path.contains(&format!("{{{name}}}")).then(|| {
            json!({
                "name": name, "in": "path", "required": true, "description": about,
                "schema": { "type": "string", "minLength": 1 },
            })
        })
    };
    let mut parameters: Vec<Value> = PATHS.iter().filter_map(in_path).collect();
    parameters.extend(told.query.iter().map(|name| match *name {
        // In the log a time, elsewhere a revision.
        "since" if told.answer == Log => {
            json!({ "name": "since", "in": "query", "schema": time(), "description": "Only from this time on" })
        }
        "since" => {
            json!({ "name": "since", "in": "query", "required": true, "schema": revision(), "description": "The revision that is known" })
        }
        "flag" if told.answer == Code => {
            json!({ "name": "flag", "in": "query", "required": true, "schema": { "type": "string" }, "description": "The flag's key" })
        }
        name => query(name),
    }));
    let is_write = told.query.contains(&"comment");
    if is_write {
        parameters.push(json!({ "$ref": "#/components/parameters/IfMatch" }));
        parameters.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
        parameters.push(json!({ "$ref": "#/components/parameters/Actor" }));
    }
    let mut good = json!({ "description": "Done" });
    if let (Some(content), Some(members)) = (content(told.answer), good.as_object_mut()) {
        members.insert("content".to_owned(), content);
    }
    let mut responses = json!({
        "200": good,
        "414": { "description": "The URL is too long" },
        "431": { "description": "The head of the request is too large" },
        "default": { "$ref": "#/components/responses/Problem" },
    });
    if matches!(told.answer, Json("Announcement" | "Evaluated") | Module)
        && let Some(members) = responses.as_object_mut()
    {
        members
            .insert("304".to_owned(), json!({ "description": "What the client has is still so" }));
    }
    if matches!(told.answer, Json("Evaluated" | "Result"))
        && let Some(members) = responses.as_object_mut()
    {
        let failure = json!({ "description": "It cannot be evaluated", "content": {
            "application/json": { "schema": reference("EvaluationFailure") },
            "application/problem+json": { "schema": reference("Problem") },
        } });
        members.insert("400".to_owned(), failure.clone());
        members.insert("404".to_owned(), failure);
    }
    let words: String = told
        .summary
        .chars()
        .filter_map(|letter| match letter {
            ' ' => Some('_'),
            letter => letter.is_ascii_alphanumeric().then(|| letter.to_ascii_lowercase()),
        })
        .collect();
    let place = if told.path.starts_with("/v1/projects") && words.starts_with("ofrep") {
        "_at"
    } else {
        ""
    };
    let mut operation = json!({
        "operationId": format!("{words}{place}"),
        "summary": told.summary,
        "tags": [tag(told.path)],
        "parameters": parameters,
        "responses": responses,
        "x-vexil-needs": format!("{need:?}"),
    });
    if let Some(members) = operation.as_object_mut() {
        if let Some(content) = content(told.body) {
            let required = told.body != Json("Rotation");
            members.insert(
                "requestBody".to_owned(),
                json!({ "required": required, "content": content }),
            );
        }
        if need == Need::Nothing {
            members.insert("security".to_owned(), json!([{}, { "key": [] }]));
        }
    }
    operation
}

fn tag(path: &str) -> &'static str {
    match path {
        _ if path.contains("/ofrep/") => "Evaluation",
        _ if path.starts_with("/v1/keys") || path.starts_with("/v1/access") => "Keys",
        _ if path == "/v1/backup" => "Health",
        _ if path.ends_with("/settings") => "Projects",
        _ if path.contains("/environments/{e}/flags/{f}") => "Flags in an environment",
        _ if path.contains("/environments/{e}/") || path.starts_with("/v1/modules") => "Delivery",
        _ if path.contains("/flags") || path.contains("/segments") => "Flags and segments",
        _ if path.starts_with("/v1/projects") => "Projects",
        _ => "Health",
    }
}

/// The document.
#[must_use]
pub fn document() -> Value {
    let needs = table();
    let mut paths = Map::new();
    for told in operations() {
        let known =
            needs.iter().find(|(method, path, _)| *method == told.method && path == told.path);
        let Some((.., need)) = known else { continue };
        let place = paths.entry(told.path).or_insert_with(|| json!({}));
        if let Some(place) = place.as_object_mut() {
            place.insert(told.method.as_str().to_lowercase(), operation(&told, *need));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Vexil",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Event-sourced feature flags, compiled to WebAssembly.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "paths": paths,
        "security": [{ "key": [] }],
        "components": {
            "securitySchemes": { "key": {
                "type": "http", "scheme": "bearer",
                "description": "A key: `vxl_…`. A server that was started with `--dev` asks for none.",
            } },
            "parameters": {
                "IfMatch": {
                    "name": "If-Match", "in": "header", "required": false,
                    "description": "The revision that the caller has seen, in double quotes",
                    "schema": { "type": "string", "pattern": "^(\"(0|[1-9][0-9]{0,18})\"|\\*)$" },
                },
                "IdempotencyKey": {
                    "name": "Idempotency-Key", "in": "header", "required": false,
                    "description": "The same request with the same key is carried out once",
                    "schema": { "type": "string", "format": "uuid" },
                },
                "Actor": {
                    "name": "Vexil-Actor", "in": "header", "required": false,
                    "description": "Who does it; of keys that name actors",
                    "schema": { "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$" },
                },
            },
            "responses": { "Problem": {
                "description": "It was refused, or did not work (RFC 9457)",
                "content": { "application/problem+json": { "schema": reference("Problem") } },
            } },
            "schemas": schemas::all(),
        },
    })
}

/// `GET /openapi.json`
pub async fn json() -> Response<Body> {
    static TEXT: LazyLock<String> = LazyLock::new(|| document().to_string());
    answer::text("application/json", TEXT.as_str())
}

/// `GET /openapi`
pub async fn page() -> Response<Body> {
    static TEXT: LazyLock<String> = LazyLock::new(|| html(&document()));
    let mut response = answer::text("text/html; charset=utf-8", TEXT.as_str());
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    let policy = HeaderValue::from_static(policy);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

const STYLE: &str = include_str!("openapi/page.css");

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The document as a page without scripts.
fn html(document: &Value) -> String {
    let mut sections: Vec<(&str, String)> = Vec::new();
    let paths = document.get("paths").and_then(Value::as_object);
    for (path, methods) in paths.into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let tag = tag(path);
            let entry = entry(&method.to_uppercase(), path, operation);
            match sections.iter_mut().find(|(known, _)| *known == tag) {
                Some((_, text)) => text.push_str(&entry),
                None => sections.push((tag, entry)),
            }
        }
    }
    let links: String =
        sections.iter().map(|(tag, _)| format!("<a href=\"#{}\">{tag}</a>", anchor(tag))).collect();
    let body: String = sections
        .iter()
        .map(|(tag, text)| {
            format!("<section id=\"{}\"><h2>{tag}</h2>{text}</section>", anchor(tag))
        })
        .collect();
    let shapes: String = document
        .pointer("/components/schemas")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, schema)| {
            let text = serde_json::to_string_pretty(schema).unwrap_or_default();
            let name = escape(name);
            format!(
                "<details id=\"shape-{name}\"><summary><code>{name}</code></summary><pre>{}</pre></details>",
                escape(&text)
            )
        })
        .collect();
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Vexil: the HTTP API</title><style>{STYLE}</style></head><body>\
         <header><h1>The HTTP API of Vexil</h1><p>For machines: <a href=\"/openapi.json\">openapi.json</a>. \
         A key goes in <code>Authorization: Bearer vxl_…</code>.</p><nav>{links}<a href=\"#shapes\">Shapes</a></nav></header>\
         <main>{body}<section id=\"shapes\"><h2>Shapes</h2>{shapes}</section></main></body></html>"
    )
}

fn anchor(tag: &str) -> String {
    tag.to_lowercase().replace(' ', "-")
}

/// One operation.
fn entry(method: &str, path: &str, operation: &Value) -> String {
    let text = |name: &str| operation.get(name).and_then(Value::as_str).unwrap_or_default();
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let named = parameters.into_iter().flatten().filter_map(|parameter| {
        let name = parameter.get("name")?.as_str()?;
        let place = parameter.get("in")?.as_str()?;
        let about = parameter.get("description").and_then(Value::as_str).unwrap_or_default();
        Some(format!(
            "<tr><td><code>{}</code></td><td>{place}</td><td>{}</td></tr>",
            escape(name),
            escape(about)
        ))
    });
    let rows: String = named.collect();
    let table = if rows.is_empty() { rows } else { format!("<table>{rows}</table>") };
    let shape = |pointer: &str| {
        let reference = operation.pointer(pointer)?.as_str()?.rsplit('/').next()?;
        Some(format!("<a href=\"#shape-{reference}\"><code>{reference}</code></a>"))
    };
    let body = shape("/requestBody/content/application~1json/schema/$ref");
    let answer = shape("/responses/200/content/application~1json/schema/$ref");
    let line = |name: &str, shape: Option<String>| {
        shape.map(|shape| format!("<p>{name} {shape}</p>")).unwrap_or_default()
    };
    format!(
        "<details><summary><b class=\"{}\">{method}</b> <code>{}</code> <span>{}</span></summary>\
         <p>needs <em>{}</em></p>{table}{}{}</details>",
        method.to_lowercase(),
        escape(path),
        escape(text("summary")),
        escape(text("x-vexil-needs")),
        line("body", body),
        line("answer", answer),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_route_is_told_of_and_nothing_else() {
        let told: BTreeSet<String> =
            operations().iter().map(|told| format!("{} {}", told.method, told.path)).collect();
        let routes: BTreeSet<String> =
            table().iter().map(|(method, path, _)| format!("{method} {path}")).collect();
        assert_eq!(told, routes);
        assert_eq!(told.len(), operations().len(), "none is told of twice");
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_shape_is_used() {
        let document = document();
        let text = document.to_string();
        let shapes = document.pointer("/components/schemas").unwrap().as_object().unwrap();
        for name in shapes.keys() {
            assert!(text.contains(&format!("\"#/components/schemas/{name}\"")), "{name}");
        }
        for part in text.split("\"$ref\":\"#").skip(1) {
            let pointer = part.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let document = document();
        let mut names = BTreeSet::new();
        for methods in document["paths"].as_object().unwrap().values() {
            for operation in methods.as_object().unwrap().values() {
                let name = operation["operationId"].as_str().unwrap();
                assert!(names.insert(name.to_owned()), "{name}");
            }
        }
    }

    #[test]
    fn the_page_names_every_route_and_holds_no_script() {
        let page = html(&document());
        for (_, path, _) in table() {
            assert!(page.contains(&format!("<code>{}</code>", escape(&path))), "{path}");
        }
        assert!(!page.contains("<script"));
    }
}
