//! What stands around every page: header, notices, the panel that explains, the status line.

use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::Value as Json;

use super::{Visit, why};
use crate::flags;
use crate::html::{Text, when};
use crate::shopper::PERSONAS;

/// A whole page around `main`.
pub fn page(visit: &Visit, title: &str, main: &str) -> Response {
    let decisions = &visit.decisions;
    // Header and footer ask for flags, too: they come before the panel that lists what was asked.
    let (notice, header, footer) = (notice(visit), header(visit), footer(visit));
    let accent = Text(decisions.text(&flags::ACCENT)).to_string();
    let (panel, status) = (why::panel(visit), status(visit));
    let html = format!(
        r##"<!doctype html>
<html lang="en" data-accent="{accent}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} – Fernweh</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
<script src="/app.js" defer></script>
</head>
<body>
<a class="skip" href="#main">To the content</a>
{notice}
{header}
<main id="main" data-live>
{main}
</main>
{panel}
{footer}
{status}
<div id="toast" role="status" aria-live="polite"></div>
</body>
</html>
"##,
        title = Text(title),
    );
    let mut response = Html(html).into_response();
    if visit.switched {
        remember(&mut response, "persona", visit.shopper.persona.id);
    }
    response
}

/// Sets a cookie of the shop; `value` is one of its own ids.
pub fn remember(response: &mut Response, name: &str, value: &str) {
    let cookie = format!("{name}={value}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

fn notice(visit: &Visit) -> String {
    let line = when(visit.decisions.bool(&flags::MAINTENANCE_NOTICE), || {
        r#"<p class="maintenance" data-flag="maintenance-notice">We are mending the shop tonight. Carts are kept, parcels leave tomorrow.</p>"#.to_owned()
    });
    format!(r#"<div id="notice" data-live>{line}</div>"#)
}

fn header(visit: &Visit) -> String {
    let search = when(visit.decisions.bool(&flags::SEARCH_ENABLED), || {
        format!(
            r#"<form class="search" role="search" action="/" data-flag="search-enabled search-ranking"><input type="search" name="q" value="{}" placeholder="Search for warm things" aria-label="Search"></form>"#,
            Text(&visit.search)
        )
    });
    let pieces = visit.cart.pieces();
    let people: String = PERSONAS
        .iter()
        .map(|persona| {
            let current = persona.id == visit.shopper.persona.id;
            let mark = if current { r#" aria-current="true""# } else { "" };
            format!(
                r#"<li><a href="{path}?persona={id}"{mark}>{avatar}<span>{name}<small>{about}</small></span></a></li>"#,
                path = Text(&visit.path),
                id = persona.id,
                avatar = avatar(persona.name),
                name = Text(persona.name),
                about = Text(persona.about),
            )
        })
        .collect();
    let persona = visit.shopper.persona;
    format!(
        r##"<header class="top" id="top" data-live>
<a class="brand" href="/"><svg viewBox="0 0 32 32" aria-hidden="true"><path d="M2 27 12 9l5 8 3-5 10 15z"/><circle cx="24" cy="7" r="3"/></svg>Fernweh</a>
{search}
<nav>
<label class="xray" title="Shows which flag decides which part"><input type="checkbox" id="xray"><span>Flags</span></label>
<a class="cart" href="/cart">Cart{count}</a>
<details class="who" id="who"><summary>{avatar}<span>{name}<small>{about}</small></span></summary>
<div class="people"><p>Shop as</p><ul>{people}</ul></div></details>
</nav>
</header>"##,
        count = when(pieces > 0, || format!(r#"<b>{pieces}</b>"#)),
        avatar = avatar(persona.name),
        name = Text(persona.name),
        about = Text(persona.about),
    )
}

fn avatar(name: &str) -> String {
    let initial: String = name.chars().take(1).collect();
    let hue = name.bytes().map(u32::from).sum::<u32>() % 6;
    format!(r#"<i class="avatar hue-{hue}" aria-hidden="true">{}</i>"#, Text(&initial))
}

fn footer(visit: &Visit) -> String {
    let contact = visit.decisions.json(&flags::SUPPORT_CONTACT);
    let part = |name| contact.get(name).and_then(Json::as_str).unwrap_or_default();
    format!(
        r#"<footer id="footer" data-live><p data-flag="support-contact">Questions? <b>{line}</b> <span>{hours}</span></p><p>Fernweh sells nothing. It is an example of <b>Vexil</b>; <a href="/why">every flag of the shop</a>, <a href="/api/decisions">as JSON</a>.</p></footer>"#,
        line = Text(part("line")),
        hours = Text(part("hours")),
    )
}

fn status(visit: &Visit) -> String {
    let pulse = &visit.pulse;
    let (revision, digest) = match visit.decisions.source() {
        Some((revision, digest)) => (revision.to_string(), digest.clone()),
        None => (String::new(), String::new()),
    };
    let short: String = digest.chars().take(8).collect();
    let words = match pulse.state {
        "READY" => format!("revision {revision} <code>{}</code>", Text(&short)),
        "STALE" => format!("server away, still at revision {revision}"),
        _ => "no flags yet, serving defaults".to_owned(),
    };
    format!(
        r#"<div id="status" class="status" data-live data-state="{state}" data-revision="{revision}" data-digest="{digest}"><i></i><b>{environment}</b> {words}</div>"#,
        state = pulse.state,
        digest = Text(&digest),
        environment = Text(&visit.environment),
    )
}
