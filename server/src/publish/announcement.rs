//! Announcements: "environment E is at revision R, module digest D".
//!
//! In: what was published. Out: the same, with its JSON and its server-sent frame rendered once
//! and shared by every connection. An announcement is never changed after it was made.

use bytes::Bytes;
use serde::Serialize;

use super::selection::Selection;
use super::sign::Signed;
use crate::log::event::Revision;

/// What the server says about an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Announcement {
    /// The project's key.
    pub project: String,
    /// The environment's name.
    pub environment: String,
    /// Of which flags the module is; `None`: of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<Selection>,
    /// The newest event in it.
    pub revision: Revision,
    /// SHA-256 of the module: 64 lower-case hexadecimal digits.
    pub digest: String,
    /// Size of the module.
    pub bytes: usize,
    /// Where to get it, relative to the server's URL.
    pub url: String,
    /// Flags that differ from the announcement before; `None` when that is not known.
    pub changed: Option<Vec<String>>,
    /// The revision of the announcement before; of a selection, that of the first with the digest
    /// before. A reader who has not seen that one or a later one, because it was slow, knows that
    /// `changed` is not all.
    pub changed_since: Option<Revision>,
    /// When it was announced.
    pub published_at_ms: i64,
    /// When its newest event was appended.
    pub committed_at_ms: i64,
    /// When it was signed.
    pub issued_ms: i64,
    /// What is signed of it, and by whom.
    #[serde(flatten)]
    pub signed: Signed,
}

/// An announcement as it goes over the wire.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// What it says.
    pub announcement: Announcement,
    /// The JSON document.
    pub json: Bytes,
    /// The server-sent event, with the empty line at its end.
    pub frame: Bytes,
    /// The same for clients of OFREP: to ask again.
    pub ofrep_frame: Bytes,
    /// The entity tag of `json`, with its quotes.
    pub tag: String,
}

impl Rendered {
    /// Bytes of what is kept of it to be sent.
    #[must_use]
    pub fn size(&self) -> usize {
        self.json.len() + self.frame.len() + self.ofrep_frame.len()
    }
}

/// The path at which a module is served.
#[must_use]
pub fn module_url(digest: &str) -> String {
    format!("/v1/modules/{digest}.wasm")
}

impl From<Announcement> for Rendered {
    fn from(announcement: Announcement) -> Self {
        // The shape holds no maps with odd keys and no floats: it always serialises.
        let json = serde_json::to_string(&announcement).unwrap_or_default();
        let revision = announcement.revision;
        let frame = format!("event: announcement\nid: {revision}\ndata: {json}\n\n");
        let tag = format!("\"{revision}-{}-{}\"", announcement.digest, announcement.issued_ms);
        let told = serde_json::json!({
            "type": "refetchEvaluation",
            "etag": announcement.digest,
            "lastModified": announcement.committed_at_ms / 1_000,
        });
        let ofrep_frame = format!("event: message\nid: {revision}\ndata: {told}\n\n").into();
        Self { json: json.into(), frame: frame.into(), ofrep_frame, tag, announcement }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use super::*;
    use crate::publish::sign::SignedKeys;

    #[test]
    fn an_announcement_is_one_line_in_its_frame() {
        let rendered = Rendered::from(Announcement {
            project: "storefront".into(),
            environment: "production".into(),
            selection: None,
            revision: Revision(42),
            digest: "9f86".into(),
            bytes: 7,
            url: module_url("9f86"),
            changed: Some(vec!["odd\nkey".into()]),
            changed_since: Some(Revision(40)),
            published_at_ms: 2,
            committed_at_ms: 1,
            issued_ms: 2,
            signed: Signed {
                statement: "{\"v\":1}".into(),
                signature: "ab".into(),
                key: "cd".into(),
                keys: SignedKeys { statement: "{}".into(), signatures: BTreeMap::new() },
            },
        });
        assert_eq!(rendered.tag, "\"42-9f86-2\"");
        assert_eq!(
            std::str::from_utf8(&rendered.frame).unwrap(),
            "event: announcement\nid: 42\ndata: {\"project\":\"storefront\",\
             \"environment\":\"production\",\"revision\":42,\"digest\":\"9f86\",\"bytes\":7,\
             \"url\":\"/v1/modules/9f86.wasm\",\"changed\":[\"odd\\nkey\"],\"changed_since\":40,\
             \"published_at_ms\":2,\"committed_at_ms\":1,\"issued_ms\":2,\
             \"statement\":\"{\\\"v\\\":1}\",\"signature\":\"ab\",\"key\":\"cd\",\
             \"keys\":{\"statement\":\"{}\",\"signatures\":{}}}\n\n"
        );
    }
}
