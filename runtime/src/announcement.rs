//! Announcements: "this environment is at that revision, with that module".
//!
//! In: JSON from the event stream or the head. Out: an [`Announcement`] for the environment that
//! the client follows, and that one of those has signed whom the client trusts (`trust`). The digest
//! binds the module. What is signed counts; what stands beside it has to say the same.

use serde::Deserialize;

use crate::limits::MODULE_BYTES;
use crate::selection::{Selection, described};
use crate::trust::{Signatures, TrustError, Trusting};

/// What a server announces; `docs/http-api.md`, "Delivery".
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Announcement {
    project: String,
    environment: String,
    /// Of which flags the module is; `None`: of all.
    #[serde(default)]
    selection: Option<Selection>,
    pub(crate) revision: u64,
    /// SHA-256 of the module in lower-case hexadecimal.
    pub(crate) digest: String,
    /// Bytes of the module.
    pub(crate) bytes: u64,
    /// Where the module is, relative to the server.
    pub(crate) url: String,
    /// Flags that differ from the announcement before; `None`: not known.
    #[serde(default)]
    pub(crate) changed: Option<Vec<String>>,
    /// Revision of the announcement that `changed` is relative to, from servers that say it.
    #[serde(default)]
    pub(crate) changed_since: Option<u64>,
    /// When the newest event in it was committed, in milliseconds since the Unix epoch.
    #[serde(default)]
    pub(crate) committed_at_ms: Option<i64>,
    /// Until when it is to be believed, in milliseconds since the Unix epoch; `None`: for ever.
    #[serde(skip)]
    pub(crate) expires_ms: Option<i64>,
}

impl Announcement {
    /// Do both name the same module at the same place?
    pub(crate) fn is_of_module_of(&self, other: &Self) -> bool {
        let module = |it: &Self| (it.digest.clone(), it.bytes, it.url.clone());
        module(self) == module(other)
    }
}

/// Why an announcement is not one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnnouncementError {
    #[error("not an announcement: {0}")]
    Shape(#[from] serde_json::Error),
    #[error("it is for `{0}`/`{1}`")]
    Elsewhere(String, String),
    #[error("it is of {found}, and this client asked for {asked}")]
    Selection { found: String, asked: String },
    #[error("its revision is 0; revisions count from 1")]
    Revision,
    #[error("its digest `{0}` is not 64 lower-case hexadecimal digits")]
    Digest(String),
    #[error("its module has {0} bytes")]
    Bytes(u64),
    #[error("it is not trusted: {0}")]
    Trust(#[from] TrustError),
    #[error("what is signed of it differs in its {0}")]
    Differs(&'static str),
}

/// Reads an announcement for `project` and `environment`, of the flags in `selection`.
pub(crate) fn read(
    json: &[u8],
    (project, environment): (&str, &str),
    selection: Option<&Selection>,
    trusting: &Trusting,
) -> Result<Announcement, AnnouncementError> {
    // An announcement without signatures is of another shape, and may still be one.
    let signatures: Option<Signatures> = serde_json::from_slice(json).ok();
    let statement = trusting.check(signatures.as_ref())?;
    let mut announcement: Announcement = serde_json::from_slice(json)?;
    if let Some(statement) = statement {
        for (same, what) in [
            (announcement.project == statement.project, "project"),
            (announcement.environment == statement.environment, "environment"),
            (announcement.selection == statement.selection, "selection"),
            (announcement.revision == statement.revision, "revision"),
            (announcement.digest == statement.digest, "digest"),
            (announcement.bytes == statement.bytes, "bytes"),
        ] {
            if !same {
                return Err(AnnouncementError::Differs(what));
            }
        }
        announcement.expires_ms = Some(statement.expires_ms);
    }
    if announcement.project != project || announcement.environment != environment {
        let Announcement { project, environment, .. } = announcement;
        return Err(AnnouncementError::Elsewhere(project, environment));
    }
    if announcement.selection.as_ref() != selection {
        let found = described(announcement.selection.as_ref());
        return Err(AnnouncementError::Selection { found, asked: described(selection) });
    }
    if announcement.revision == 0 {
        return Err(AnnouncementError::Revision);
    }
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if announcement.digest.len() != 64 || !announcement.digest.bytes().all(hex) {
        return Err(AnnouncementError::Digest(announcement.digest));
    }
    if announcement.bytes > MODULE_BYTES as u64 {
        return Err(AnnouncementError::Bytes(announcement.bytes));
    }
    Ok(announcement)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::{Value, json};

    use super::*;
    use crate::trust::Trust;

    fn anybody() -> Trusting {
        Trusting::new(Trust::Anybody, None)
    }

    fn good() -> Value {
        json!({
            "project": "p", "environment": "e", "revision": 42, "digest": "0af9".repeat(16),
            "bytes": 18231, "url": "/v1/modules/x.wasm", "changed": ["a"],
            "published_at_ms": 1, "committed_at_ms": 2, "signature": "ignored",
        })
    }

    #[track_caller]
    fn check(field: &str, value: Value, expected: &str) {
        let mut announcement = good();
        announcement[field] = value;
        let json = announcement.to_string();
        let error = read(json.as_bytes(), ("p", "e"), None, &anybody()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn a_good_announcement_is_read_and_unknown_fields_are_ignored() {
        let read = read(good().to_string().as_bytes(), ("p", "e"), None, &anybody()).unwrap();
        assert_eq!((read.revision, read.committed_at_ms), (42, Some(2)));
        assert_eq!(read.changed, Some(vec!["a".into()]));
    }

    #[test]
    fn an_announcement_without_signature_is_refused_by_who_asks_for_one() {
        let trusting = Trusting::new(Trust::FirstUse, None);
        let error = read(good().to_string().as_bytes(), ("p", "e"), None, &trusting).unwrap_err();
        assert!(error.to_string().contains("not signed"), "{error}");
    }

    #[test]
    fn who_asks_for_all_flags_takes_no_selection_and_the_other_way_round() {
        let one = |key: &str| Selection { flags: [key.to_owned()].into(), ..Selection::default() };
        let refused = |found: Option<Selection>, asked: Option<&Selection>| {
            let mut announcement = good();
            if let Some(found) = found {
                announcement["selection"] = serde_json::to_value(found).unwrap();
            }
            let json = announcement.to_string();
            let read = read(json.as_bytes(), ("p", "e"), asked, &anybody());
            read.err().map(|error| error.to_string())
        };
        assert_eq!(refused(None, None), None);
        assert_eq!(refused(Some(one("a")), Some(&one("a"))), None);
        let asked_for = |text: &str| Some(format!("it is of {text}"));
        assert_eq!(
            refused(Some(one("a")), None),
            asked_for("some flags (a), and this client asked for all flags")
        );
        assert_eq!(
            refused(None, Some(&one("a"))),
            asked_for("all flags, and this client asked for some flags (a)")
        );
        assert_eq!(
            refused(Some(one("b")), Some(&one("a"))),
            asked_for("some flags (b), and this client asked for some flags (a)")
        );
    }

    #[test]
    fn wrong_announcements_are_refused() {
        check("project", json!("q"), "it is for `q`/`e`");
        check("environment", json!("f"), "it is for `p`/`f`");
        check("revision", json!(0), "revisions count from 1");
        check("revision", json!(-1), "not an announcement");
        check("digest", json!("0AF9".repeat(16)), "is not 64 lower-case hexadecimal digits");
        check("digest", json!("0af9"), "is not 64 lower-case hexadecimal digits");
        check("bytes", json!(16_777_217), "its module has 16777217 bytes");
        check("url", Value::Null, "not an announcement");
        assert!(read(b"{\"project\": \"p\"", ("p", "e"), None, &anybody()).is_err());
    }
}
