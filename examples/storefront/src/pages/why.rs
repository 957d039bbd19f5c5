//! Why am I seeing this: which flags decided a page, with value, variant, reason and rule.

use axum::response::Response;
use serde_json::Value as Json;

use super::{Visit, frame};
use crate::decisions::Decision;
use crate::html::Text;

/// `GET /why`: every flag of the shop, for the current shopper.
pub async fn page(visit: Visit) -> Response {
    let all: Vec<&Decision> = visit.decisions.all.iter().collect();
    let main = format!(
        r#"<section class="plain wide"><h1>Every flag, for {name}</h1>
<p>{count} flags, evaluated in this process from the module at revision {revision}. Choose somebody else above, or change a flag and watch.</p>
{table}{context}</section>"#,
        name = Text(visit.shopper.persona.name),
        count = all.len(),
        revision = revision(&visit),
        table = table(&all),
        context = context(&visit),
    );
    frame::page(&visit, "Every flag", &main)
}

/// The panel below each page: the flags that the page asked for until now.
pub fn panel(visit: &Visit) -> String {
    if visit.path == "/why" {
        return r#"<details id="why" data-live hidden></details>"#.to_owned();
    }
    let used = visit.decisions.used();
    format!(
        r#"<details id="why" class="why" data-live><summary>Why am I seeing this?<span>{count} flags decided this page for {name}, at revision {revision}</span></summary>
{table}{context}</details>"#,
        count = used.len(),
        name = Text(visit.shopper.persona.name),
        revision = revision(visit),
        table = table(&used),
        context = context(visit),
    )
}

fn revision(visit: &Visit) -> String {
    match visit.decisions.source() {
        Some((revision, digest)) => {
            let short: String = digest.chars().take(8).collect();
            format!("{revision} (<code>{}</code>)", Text(&short))
        }
        None => "none, with the shop’s defaults".to_owned(),
    }
}

fn table(decisions: &[&Decision]) -> String {
    let rows: String = decisions.iter().map(|decision| row(decision)).collect();
    format!(
        r#"<div class="scroll"><table><thead><tr><th>Flag<th>Value<th>Variant<th>Reason<th>Decided by</tr></thead><tbody>{rows}</tbody></table></div>"#
    )
}

fn row(decision: &Decision) -> String {
    let value = match &decision.value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    let reason = decision.error_code.unwrap_or(decision.reason);
    format!(
        r#"<tr data-flag="{key}"><th scope="row">{key}<td class="value">{value}<td>{variant}<td><span class="reason {class}" title="{meaning}">{reason}</span><td>{rule}</tr>"#,
        key = Text(&decision.key),
        value = Text(&value),
        variant = Text(decision.variant.as_deref().unwrap_or("–")),
        class = decision.reason.to_ascii_lowercase(),
        meaning =
            Text(decision.error_message.as_deref().unwrap_or_else(|| meaning(decision.reason))),
        rule = Text(decision.rule.as_deref().or(decision.detail.as_deref()).unwrap_or("–")),
    )
}

fn meaning(reason: &str) -> &'static str {
    match reason {
        "STATIC" => "everybody gets this",
        "DEFAULT" => "no rule applied, or a prerequisite was not met",
        "TARGETING_MATCH" => "a rule or an override matched",
        "SPLIT" => "decided by percentage",
        "DISABLED" => "switched off in this environment",
        _ => "the shop’s own default",
    }
}

fn context(visit: &Visit) -> String {
    let json = serde_json::to_string_pretty(&visit.shopper.attributes).unwrap_or_default();
    format!(r#"<h3>Evaluated with</h3><pre>{}</pre>"#, Text(&json))
}
