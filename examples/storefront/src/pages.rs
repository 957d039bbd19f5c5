//! The shop's pages, made on the server.
//!
//! In: a visit, that is a shopper, what the flags decided for them, and their cart. Out: HTML in
//! which each part that a flag decides names the flag (`data-flag`), and each part that may change
//! while the page is open has an id and `data-live`.

pub mod cart;
mod frame;
pub mod home;
pub mod product;
mod visit;
pub mod why;

use axum::http::StatusCode;
use axum::response::Response;

pub use visit::Visit;

/// The page for addresses that do not exist.
pub async fn not_found(visit: Visit) -> Response {
    let main = r#"<section class="plain"><h1>Nothing out here</h1>
<p>This path ends in a bog. <a href="/">Back to the shop</a></p></section>"#;
    let mut response = frame::page(&visit, "Not found", main);
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
