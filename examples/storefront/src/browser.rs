//! The example of flags in the browser (`examples/browser`), below `/browser/`.
//!
//! In: the page's files, the loader's (`browser-loader/src`), and where the server is. Out: both as
//! they are, but for the addresses that the page asks for. It decides nothing: that is the point.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use rust_embed::Embed;

use crate::shop::Shop;

#[derive(Embed)]
#[folder = "../browser"]
#[exclude = "*.md"]
struct Page;

#[derive(Embed)]
#[folder = "../../browser-loader/src"]
#[include = "*.js"]
struct Loader;

/// `/browser` itself: its files are below it.
pub async fn enter() -> Redirect {
    Redirect::permanent("/browser/")
}

/// The page.
pub async fn page(State(shop): State<Shop>) -> Response {
    let Some(file) = Page::get("index.html") else { return StatusCode::NOT_FOUND.into_response() };
    let text = String::from_utf8_lossy(&file.data);
    let text = text.replace("{{server}}", &attribute(&shop.server));
    let text = text.replace("{{environment}}", &attribute(&shop.environment));
    let mut response = ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response();
    // Modules are compiled in the page, and fetched from where the server is.
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src \
         'self'; connect-src 'self' {}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        shop.server
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// A file of the page's, or of the loader's below `vexil/`.
pub async fn file(Path(path): Path<String>) -> Response {
    let file = match path.strip_prefix("vexil/") {
        Some(name) => Loader::get(name),
        None => Page::get(&path),
    };
    let kind = match path.rsplit_once('.') {
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    };
    match file {
        Some(file) => ([(header::CONTENT_TYPE, kind)], file.data.into_owned()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Text as the value of an attribute of HTML.
fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}
