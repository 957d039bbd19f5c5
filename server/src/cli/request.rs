//! One request to the server, before it is sent.
//!
//! In: a method, the parts of a path as they are (they are encoded when it is sent), a query, a
//! body. Out: what `remote` sends.

use reqwest::Method;

use crate::hub::lookup::At;

/// One request.
#[derive(Debug)]
pub struct Request<'a> {
    pub(super) method: Method,
    pub(super) path: Vec<&'a str>,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<(&'static str, Vec<u8>)>,
    pub(super) if_match: Option<u64>,
}

impl<'a> Request<'a> {
    fn new(method: Method, path: impl IntoIterator<Item = &'a str>) -> Self {
        let path = path.into_iter().collect();
        Self { method, path, query: Vec::new(), body: None, if_match: None }
    }

    /// `GET` below the server's URL.
    pub fn get(path: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(Method::GET, path)
    }

    /// `POST` below the server's URL.
    pub fn post(path: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(Method::POST, path)
    }

    /// `PUT` below the server's URL.
    pub fn put(path: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(Method::PUT, path)
    }

    /// `DELETE` below the server's URL.
    pub fn delete(path: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(Method::DELETE, path)
    }

    /// With a query parameter.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    /// With a query parameter if there is a value.
    #[must_use]
    pub fn query_some(self, name: &'static str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: impl ToString) -> Self {
        self.body("application/json", body.to_string().into_bytes())
    }

    /// With a body of `media_type`.
    #[must_use]
    pub fn body(mut self, media_type: &'static str, body: Vec<u8>) -> Self {
        self.body = Some((media_type, body));
        self
    }

    /// Only if the project is still at `revision`; what the caller of the command asked goes first.
    #[must_use]
    pub fn if_match(mut self, revision: u64) -> Self {
        self.if_match = Some(revision);
        self
    }
}

/// Checks that a place in a project's past is a revision or a time; the server reads it.
///
/// # Errors
/// It is neither.
pub fn place_in_time(text: &str) -> Result<String, String> {
    match At::parse(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err("a revision, such as 42, or a time, such as 2026-01-31T00:00:00Z".to_owned()),
    }
}
