//! The shop's addresses, and what all answers have in common.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::sync::watch;
use vexil_runtime::Client;

use crate::live::{self, Pulse};
use crate::{api, browser, catalogue, pages};

/// What every request may use.
#[derive(Clone)]
pub struct Shop {
    /// The flags.
    pub client: Client,
    /// News of the flags.
    pub pulses: watch::Receiver<Pulse>,
    /// The environment whose flags are followed, to show.
    pub environment: String,
    /// The server that pages follow by themselves.
    pub server: String,
}

/// Pages load nothing from elsewhere and run no script but the shop's own file.
const CONTENT_SECURITY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// All routes of the shop.
pub fn routes(shop: Shop) -> Router {
    Router::new()
        .route("/", get(pages::home::page))
        .route("/product/{id}", get(pages::product::page))
        .route("/cart", get(pages::cart::page))
        .route("/cart/add", post(pages::cart::add))
        .route("/cart/remove", post(pages::cart::remove))
        .route("/cart/order", post(pages::cart::order))
        .route("/thanks", get(pages::cart::thanks))
        .route("/why", get(pages::why::page))
        .route("/live", get(pulses))
        .route("/api/decisions", get(api::decisions))
        .route("/api/flag/{key}", get(api::flag))
        .route("/browser", get(browser::enter))
        .route("/browser/", get(browser::page))
        .route("/browser/{*path}", get(browser::file))
        .route("/healthz", get(api::healthz))
        .route("/readyz", get(api::readyz))
        .route("/style.css", get(style))
        .route("/app.js", get(script))
        .route("/icon.svg", get(icon))
        .route("/picture/{file}", get(picture))
        .fallback(pages::not_found)
        .layer(map_response(guard))
        .with_state(shop)
}

async fn guard(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(CONTENT_SECURITY));
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn pulses(State(shop): State<Shop>) -> impl IntoResponse {
    live::stream(shop.pulses)
}

async fn style() -> Response {
    asset("text/css; charset=utf-8", include_str!("../assets/style.css"))
}

async fn script() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("../assets/app.js"))
}

async fn icon() -> Response {
    asset("image/svg+xml", include_str!("../assets/icon.svg"))
}

async fn picture(Path(file): Path<String>) -> Response {
    match file.strip_suffix(".svg").and_then(catalogue::product) {
        Some(product) => asset("image/svg+xml", product.picture),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn asset(kind: &'static str, content: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=60")];
    (headers, content).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt as _;

    use super::*;

    /// A shop whose server is not there.
    async fn deserted() -> Router {
        let client = Client::builder("http://127.0.0.1:9").project("p").environment("e");
        let client = client.build().await.unwrap();
        let (pulses, subscription) = live::follow(&client);
        subscription.detach();
        let server = "http://127.0.0.1:9".to_owned();
        routes(Shop { client, pulses, environment: "e\"<".to_owned(), server })
    }

    async fn get(shop: &Router, path: &str) -> (u16, String, String) {
        let request = Request::get(path).header("cookie", "cart=tent.2; persona=eva");
        let response = shop.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, policy, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn every_page_is_served_with_defaults_before_flags_arrive() {
        let shop = deserted().await;
        for path in ["/", "/?q=warm", "/product/tent", "/cart", "/thanks", "/why"] {
            let (status, policy, body) = get(&shop, path).await;
            assert_eq!((status, policy.as_str()), (200, CONTENT_SECURITY), "{path}");
            assert!(body.contains("no flags yet, serving defaults"), "{path}");
            assert!(!body.contains("<script>") && !body.contains("style="), "{path}");
        }
    }

    #[tokio::test]
    async fn what_a_visitor_sends_is_escaped() {
        let (_, _, body) = get(&deserted().await, "/?q=%3Cscript%3Ealert(1)%3C/script%3E").await;
        assert!(!body.contains("<script>alert"));
        assert!(body.contains("&lt;script&gt;alert(1)"));
    }

    #[tokio::test]
    async fn the_page_that_decides_by_itself_is_told_where_the_server_is() {
        let shop = deserted().await;
        let (status, policy, body) = get(&shop, "/browser/").await;
        assert_eq!(status, 200);
        assert!(policy.contains("connect-src 'self' http://127.0.0.1:9;"), "{policy}");
        assert!(body.contains("content=\"http://127.0.0.1:9\""), "{body}");
        assert!(body.contains("content=\"e&quot;&lt;\"") && !body.contains("{{"), "{body}");
        let (status, _, loader) = get(&shop, "/browser/vexil/index.js").await;
        assert!(status == 200 && loader.contains("createClient"), "{loader}");
        for path in ["/browser/README.md", "/browser/vexil/absent.js", "/browser/../Cargo.toml"] {
            assert_eq!(get(&shop, path).await.0, 404, "{path}");
        }
    }

    #[tokio::test]
    async fn answers_say_what_is_missing() {
        let shop = deserted().await;
        for (path, status, part) in [
            ("/product/anvil", 404, "Nothing out here"),
            ("/nowhere", 404, "Nothing out here"),
            ("/picture/anvil.svg", 404, ""),
            ("/healthz", 200, "ok"),
            ("/readyz", 503, "\"ready\":false"),
            ("/api/decisions?persona=nobody", 400, "there is no persona `nobody`"),
            ("/api/flag/accent?context=7", 400, "`context` is not an object"),
            ("/api/flag/accent?persona=mia", 200, "\"value\":\"pine\",\"variant\":null"),
            ("/api/flag/accent", 200, "\"errorCode\":\"PROVIDER_NOT_READY\""),
            ("/api/decisions", 200, "\"revision\":null"),
        ] {
            let (found, _, body) = get(&shop, path).await;
            assert_eq!(found, status, "{path}");
            assert!(body.contains(part), "{path}: {body}");
        }
    }
}
