//! A client of the HTTP API, as plain as curl.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;

/// One server.
#[derive(Clone, Debug)]
pub struct Api {
    http: reqwest::Client,
    /// Its address, without a slash at the end.
    pub url: String,
}

impl Api {
    /// Of the server at `url`.
    #[must_use]
    pub fn new(url: &str) -> Self {
        // Plain HTTP on loopback: no certificate is ever looked at.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { http, url: url.to_owned() }
    }

    /// Sends a request; status and JSON of the answer, or why there is none.
    ///
    /// # Errors
    /// When no whole answer came.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), reqwest::Error> {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    /// Gets what has to be there.
    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.send(Method::GET, path, None).await.unwrap();
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    /// Writes what has to be accepted; the answer.
    pub async fn write(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let (status, answer) = self.send(method.clone(), path, body).await.unwrap();
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    /// Gets `path` until `good` accepts the answer; the answer and how long that took.
    pub async fn get_until(
        &self,
        path: &str,
        good: impl Fn(u16, &Value) -> bool,
    ) -> (Value, Duration) {
        let start = Instant::now();
        loop {
            match self.send(Method::GET, path, None).await {
                Ok((status, body)) if good(status, &body) => return (body, start.elapsed()),
                last => {
                    assert!(start.elapsed() < Duration::from_secs(60), "GET {path}: {last:?}");
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        }
    }
}
