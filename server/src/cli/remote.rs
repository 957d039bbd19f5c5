//! The server, as commands talk to it.
//!
//! In: where it is, which project and environment are meant, who asks and why. Out: its answers as
//! JSON, or a failure that says what to do. One request is sent once: nothing here retries.

use std::time::Duration;

use clap::Args;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::HeaderValue;
use reqwest::{Method, Response, Url};
use serde_json::Value;

use super::failure::Failure;
use super::problem::Problem;
use super::request::Request;

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an answer may take: applying and compiling the largest document stays far below.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

/// Which server, what in it, and who asks.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Server options")]
pub struct Connection {
    /// Where the server listens
    #[arg(long, global = true, env = "VEXIL_SERVER", value_name = "URL")]
    #[arg(default_value = "http://127.0.0.1:7070", hide_env_values = true)]
    pub server: String,
    /// The key to show to the server
    // Not `key`: positional arguments of commands are called that.
    #[arg(long = "key", global = true, env = "VEXIL_KEY", value_name = "KEY")]
    #[arg(hide_env_values = true)]
    pub access_key: Option<String>,
    /// The project
    #[arg(short, long, global = true, env = "VEXIL_PROJECT", value_name = "KEY")]
    #[arg(hide_env_values = true)]
    pub project: Option<String>,
    /// The environment
    #[arg(short, long, global = true, env = "VEXIL_ENVIRONMENT", value_name = "KEY")]
    #[arg(hide_env_values = true)]
    pub environment: Option<String>,
    /// Who makes a change; kept in the log [default: the key's name, or your user name without key]
    #[arg(long, global = true, env = "VEXIL_ACTOR", value_name = "NAME")]
    #[arg(hide_env_values = true)]
    pub actor: Option<String>,
    /// Why a change is made; kept in the log
    #[arg(short = 'm', long, global = true, value_name = "TEXT")]
    pub comment: Option<String>,
    /// Make a change only if the project is still at this revision
    #[arg(long, global = true, value_name = "REVISION")]
    pub if_match: Option<u64>,
    /// Give a change an id, so that sending it twice makes it once
    #[arg(long, global = true, value_name = "UUID")]
    pub idempotency_key: Option<uuid::Uuid>,
    /// The actor and the environment stand on the command line, not in environment variables:
    /// where they select what is shown, only then.
    #[arg(skip)]
    pub given: Given,
}

/// What stands on the command line itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given {
    /// `--actor`
    pub actor: bool,
    /// `--environment`
    pub environment: bool,
}

/// A server and who talks to it.
#[derive(Debug)]
pub struct Remote {
    http: reqwest::Client,
    base: Url,
    connection: Connection,
}

impl Remote {
    /// A connection that is made with the first request.
    ///
    /// # Errors
    /// The URL is none.
    pub fn new(connection: &Connection) -> Result<Self, Failure> {
        let server = connection.server.as_str();
        let url = if server.contains("://") { server.into() } else { format!("http://{server}") };
        let base = Url::parse(&url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let base =
            base.ok_or_else(|| Failure::Usage(format!("`{server}` is not the URL of a server")))?;
        // A provider that is already installed is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .user_agent(concat!("vexil/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT);
        // A proxy that the environment names does not lead back to this machine.
        let builder = if is_loopback(&base) { builder.no_proxy() } else { builder };
        let http = builder
            .build()
            .map_err(|error| Failure::Other(format!("cannot prepare requests: {error}")))?;
        Ok(Self { http, base, connection: connection.clone() })
    }

    /// The project that is meant.
    ///
    /// # Errors
    /// None was named.
    pub fn project(&self) -> Result<&str, Failure> {
        self.named_project().ok_or_else(|| {
            Failure::Usage("which project? name it with `--project KEY` or VEXIL_PROJECT".into())
        })
    }

    /// The project that is meant, if one was named.
    #[must_use]
    pub fn named_project(&self) -> Option<&str> {
        self.connection.project.as_deref().filter(|key| !key.is_empty())
    }

    /// The environment that is meant.
    ///
    /// # Errors
    /// None was named.
    pub fn environment(&self) -> Result<&str, Failure> {
        self.named_environment().ok_or_else(|| {
            Failure::Usage(
                "which environment? name it with `--environment KEY` or VEXIL_ENVIRONMENT".into(),
            )
        })
    }

    /// The environment that is meant, if one was named.
    #[must_use]
    pub fn named_environment(&self) -> Option<&str> {
        self.connection.environment.as_deref().filter(|key| !key.is_empty())
    }

    /// The environment, if it stands on the command line.
    #[must_use]
    pub fn given_environment(&self) -> Option<&str> {
        self.named_environment().filter(|_| self.connection.given.environment)
    }

    /// The actor, if it stands on the command line.
    #[must_use]
    pub fn given_actor(&self) -> Option<&str> {
        self.connection.actor.as_deref().filter(|_| self.connection.given.actor)
    }

    /// The revision that a change is bound to, if one was named.
    #[must_use]
    pub fn if_match(&self) -> Option<u64> {
        self.connection.if_match
    }

    /// The server's URL, for messages.
    #[must_use]
    pub fn server(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// Sends `request` and reads the JSON of its answer.
    ///
    /// # Errors
    /// The server is out of reach, refuses, or answers something else.
    pub async fn send(&self, request: Request<'_>) -> Result<Value, Failure> {
        let bytes = self.bytes(request).await?;
        serde_json::from_slice(&bytes).map_err(|error| self.answer(&error.to_string()))
    }

    /// Sends `request` and reads the bytes of its answer.
    ///
    /// # Errors
    /// As [`Remote::send`].
    pub async fn bytes(&self, request: Request<'_>) -> Result<Vec<u8>, Failure> {
        let read = async { Ok::<_, Failure>(self.open(request).await?.bytes().await) };
        let read = tokio::time::timeout(ANSWER_TIMEOUT, read).await;
        let read = read.map_err(|_| self.unreachable("no answer within two minutes".into()))??;
        read.map(Vec::from).map_err(|error| self.unreachable(cause(&error)))
    }

    /// Sends `request` and gives the answer, whose body may never end.
    ///
    /// # Errors
    /// The server is out of reach or refuses.
    pub async fn open(&self, request: Request<'_>) -> Result<Response, Failure> {
        let sent = self.prepare(request)?.send().await;
        let response = sent.map_err(|error| self.unreachable(cause(&error)))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = response.bytes().await.unwrap_or_default();
        Err(Failure::Problem(Box::new(Problem::read(status.as_u16(), &body))))
    }

    fn prepare(&self, request: Request<'_>) -> Result<reqwest::RequestBuilder, Failure> {
        let url = self.url(&request.path)?;
        let write = request.method != Method::GET;
        let mut builder = self.http.request(request.method, url).query(&request.query);
        if let Some(key) = self.key() {
            let mut value = HeaderValue::from_str(&format!("Bearer {key}")).map_err(|_| {
                Failure::Usage("the key holds characters that no key has; is it whole?".into())
            })?;
            value.set_sensitive(true);
            builder = builder.header("authorization", value);
        }
        if let Some((media_type, body)) = request.body {
            builder = builder.header("content-type", media_type).body(body);
        }
        if write {
            if let Some(actor) = self.actor() {
                builder = builder.header(
                    "vexil-actor",
                    utf8_percent_encode(&actor, NON_ALPHANUMERIC).to_string(),
                );
            }
            if let Some(comment) = &self.connection.comment {
                builder = builder.query(&[("comment", comment)]);
            }
            if let Some(revision) = self.connection.if_match.or(request.if_match) {
                builder = builder.header("if-match", format!("\"{revision}\""));
            }
            if let Some(id) = self.connection.idempotency_key {
                builder = builder.header("idempotency-key", id.to_string());
            }
        }
        Ok(builder)
    }

    fn url(&self, path: &[&str]) -> Result<Url, Failure> {
        // URLs give these two a meaning of their own, in any spelling.
        if let Some(part) = path.iter().find(|part| matches!(**part, "." | ".." | "")) {
            return Err(Failure::Usage(format!("`{part}` cannot be named in a URL")));
        }
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        Ok(url)
    }

    fn key(&self) -> Option<&str> {
        self.connection.access_key.as_deref().map(str::trim).filter(|key| !key.is_empty())
    }

    fn actor(&self) -> Option<String> {
        let given = self.connection.actor.clone();
        if self.key().is_some() {
            // The key says who acts.
            return given;
        }
        let named = given.or_else(|| std::env::var("USER").ok());
        named.or_else(|| std::env::var("USERNAME").ok()).filter(|name| !name.is_empty())
    }

    /// The failure of a connection.
    #[must_use]
    pub fn unreachable(&self, reason: String) -> Failure {
        Failure::Unreachable { server: self.server().to_owned(), reason }
    }

    /// The failure of an answer that makes no sense.
    #[must_use]
    pub fn answer(&self, reason: &str) -> Failure {
        Failure::Answer { server: self.server().to_owned(), reason: reason.to_owned() }
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// The innermost reason of a failed request, which is the one that says something.
pub fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn remote(server: &str) -> Result<Remote, Failure> {
        Remote::new(&Connection {
            access_key: None,
            server: server.into(),
            project: None,
            environment: None,
            actor: None,
            comment: None,
            if_match: None,
            idempotency_key: None,
            given: Given::default(),
        })
    }

    #[test]
    fn a_key_is_one_part_of_the_path_whatever_it_holds() {
        let remote = remote("127.0.0.1:7070/below/").unwrap();
        let url = remote.url(&["v1", "a/b c?#%"]).unwrap();
        assert_eq!(url.as_str(), "http://127.0.0.1:7070/below/v1/a%2Fb%20c%3F%23%25");
        assert!(remote.url(&["v1", ".."]).is_err());
    }

    #[test]
    fn this_machine_is_reached_without_a_proxy() {
        for (url, expected) in [
            ("http://127.0.0.1:7070", true),
            ("http://[::1]:1/x", true),
            ("http://localhost", true),
            ("https://flags.example", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn a_server_that_is_no_url_is_a_usage_error() {
        assert!(matches!(remote("http://"), Err(Failure::Usage(_))));
        assert!(matches!(remote("mailto:x://"), Err(Failure::Usage(_))));
    }
}
