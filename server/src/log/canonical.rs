//! The canonical form of events and the hash chain over them.
//!
//! In: records. Out: the bytes that are hashed, and the hashes. The form is fixed byte for byte in
//! `docs/log.md`: it never changes for an event that exists. A payload is hashed as its stored
//! text; it is never parsed and written again to verify.

use sha2::{Digest as _, Sha256};

use super::event::{Hash, Record};

/// What every link of the chain begins with.
const LINK: &[u8] = b"vexil event 1\0";
/// What the start of every chain begins with.
const START: &[u8] = b"vexil log 1\0";

/// The hash before a project's first event. The project's key is in it, so that the log of one
/// project cannot be passed off as another's.
#[must_use]
pub fn start(project: &str) -> Hash {
    hash(&[START, project.as_bytes()])
}

/// The hash of `record`'s content after `previous`; its own `hash` is not looked at.
#[must_use]
pub fn link(previous: Hash, record: &Record) -> Hash {
    hash(&[LINK, &previous.0, canonical(record).as_bytes()])
}

/// SHA-256 over `parts`, one after the other.
pub(crate) fn hash(parts: &[&[u8]]) -> Hash {
    let mut sha = Sha256::new();
    parts.iter().for_each(|part| sha.update(part));
    Hash(sha.finalize().into())
}

/// The canonical form: one JSON object, its names sorted, no white space. Events of schema 1 do not
/// say from where they came.
#[must_use]
pub fn canonical(record: &Record) -> String {
    let comment = record.comment.as_deref().map_or_else(|| "null".to_owned(), text);
    let via = match (record.schema, record.via.as_deref()) {
        (..=1, None) => String::new(),
        // Also of one that should not say it: that it does is an alteration.
        (_, via) => format!(r#","via":{}"#, via.unwrap_or("null")),
    };
    format!(
        r#"{{"actor":{},"comment":{comment},"id":"{}","kind":{},"payload":{},"revision":{},"schema":{},"time_ms":{}{via}}}"#,
        text(&record.actor),
        record.id,
        text(&record.kind),
        record.payload,
        record.revision,
        record.schema,
        record.time_ms,
    )
}

/// A JSON string: `"` and `\` escaped, control characters as `\b \t \n \f \r` or `\u00xx`.
fn text(string: &str) -> String {
    serde_json::Value::from(string).to_string()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::log::event::Revision;

    fn record() -> Record {
        Record {
            revision: Revision(1),
            id: Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_0000_0001),
            time_ms: 1_790_000_000_000,
            actor: "eva \"\u{1}é".to_owned(),
            comment: None,
            schema: 1,
            kind: "ProjectCreated".to_owned(),
            payload: r#"{"project":"storefront"}"#.to_owned(),
            via: None,
            hash: Hash([0; 32]),
        }
    }

    #[test]
    fn the_canonical_form_is_fixed_byte_for_byte() {
        let expected = concat!(
            r#"{"actor":"eva \"\u0001é","comment":null,"id":"01980000-0000-7000-8000-000000000001","#,
            r#""kind":"ProjectCreated","payload":{"project":"storefront"},"revision":1,"schema":1,"#,
            r#""time_ms":1790000000000}"#,
        );
        assert_eq!(canonical(&record()), expected);
    }

    /// The hashes were computed by another program (Python's `hashlib`) from `docs/log.md`.
    #[test]
    fn the_chain_is_fixed() {
        let start = start("storefront");
        assert_eq!(
            start.to_string(),
            "21d92895e7a1223ff66a640e46766becdf9d46d0124ef29b4e205decea9679a2"
        );
        assert_eq!(
            link(start, &record()).to_string(),
            "6643214247bee087c7ea98c4e975c9aa15aa54bb3ef835cafe32432f363c6815"
        );
    }

    #[test]
    fn an_event_of_schema_2_says_from_where_it_came() {
        let nowhere = Record { schema: 2, ..record() };
        assert!(canonical(&nowhere).ends_with(r#""schema":2,"time_ms":1790000000000,"via":null}"#));
        let via = r#"{"address":"192.0.2.7","key":"0123456789","request":"r"}"#;
        let known = Record { via: Some(via.to_owned()), ..nowhere };
        assert!(canonical(&known).ends_with(&format!(r#","via":{via}}}"#)));
    }

    #[test]
    fn every_field_and_the_past_are_in_the_hash() {
        let start = start("storefront");
        let hash = link(start, &record());
        let altered: [fn(&mut Record); 9] = [
            |r| r.revision = Revision(2),
            |r| r.id = Uuid::nil(),
            |r| r.time_ms += 1,
            |r| r.actor.push(' '),
            |r| r.comment = Some(String::new()),
            |r| r.schema += 1,
            |r| r.kind.push('s'),
            |r| r.payload.push(' '),
            |r| r.via = Some("null".to_owned()),
        ];
        for alter in altered {
            let mut record = record();
            alter(&mut record);
            assert_ne!(link(start, &record), hash, "{record:?}");
        }
        assert_ne!(link(super::start("storefront2"), &record()), hash);
    }
}
