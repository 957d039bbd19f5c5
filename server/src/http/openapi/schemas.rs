//! The shapes that requests and answers have.
//!
//! In: nothing. Out: JSON Schema 2020-12 by name. What the flag language has stands in
//! `docs/schema/vexil-1.json`; here it is told as far as a client of the API needs it.

use serde_json::{Map, Value, json};

use super::super::problem::{Kind, Problem};

/// Every component.
pub(super) fn all() -> Map<String, Value> {
    let mut all = Map::new();
    for group in [common(), keys(), projects(), flags(), delivery(), evaluation()] {
        if let Value::Object(members) = group {
            all.extend(members);
        }
    }
    all
}

fn object(required: &[&str], properties: &Value) -> Value {
    json!({ "type": "object", "required": required, "properties": properties })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn list(of: &Value) -> Value {
    json!({ "type": "array", "items": of })
}

fn map(of: &Value) -> Value {
    json!({ "type": "object", "additionalProperties": of })
}

fn number() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn or_null(kind: &str) -> Value {
    json!({ "type": [kind, "null"] })
}

fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn truth() -> Value {
    json!({ "type": "boolean" })
}

fn hash() -> Value {
    json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })
}

/// A closed shape, as the server reads it: a misspelt member is refused.
fn closed(required: &[&str], properties: &Value) -> Value {
    let mut schema = object(required, properties);
    if let Some(members) = schema.as_object_mut() {
        members.insert("additionalProperties".to_owned(), false.into());
    }
    schema
}

fn common() -> Value {
    // An example, so that the document and the answers cannot part.
    let example = Problem::new(Kind::UnknownFlag, "there is no flag `x`").document();
    json!({
        "Any": { "type": "object" },
        "Alive": object(&["status"], &json!({ "status": { "const": "alive" } })),
        "Ready": object(&["status"], &json!({
            "status": { "const": "ready" },
            "environments": number(),
            "stale": list(&json!({ "type": "object" })),
            "read_only": list(&json!({ "type": "object" })),
        })),
        "Problem": {
            "type": "object",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": { "type": "string", "format": "uri" },
                "title": text(),
                "status": { "type": "integer", "minimum": 400, "maximum": 599 },
                "detail": text(),
            },
            "examples": [example],
        },
        "Written": object(&["revision", "repeated", "events"], &json!({
            "revision": number(), "repeated": truth(), "events": list(&reference("Appended")),
        })),
        "Appended": object(&["revision", "id", "kind"], &json!({
            "revision": number(), "id": text(), "kind": text(),
        })),
        "Archive": object(&[], &json!({ "keep": { "type": "integer", "minimum": 1 } })),
        "Archives": object(&["archives"], &json!({ "archives": list(&object(
            &["first", "last", "hash", "file", "bytes", "digest"],
            &json!({
                "first": number(), "last": number(), "hash": hash(), "file": text(),
                "bytes": number(), "digest": hash(),
            }),
        )) })),
        "Verification": object(&["ok"], &json!({
            "ok": truth(), "events": number(), "head_hash": hash(),
            "revision": number(), "message": text(),
        })),
        "Via": { "type": ["object", "null"], "properties": {
            "address": or_null("string"), "key": or_null("string"), "request": or_null("string"),
        } },
        "Event": object(
            &["revision", "id", "time", "actor", "comment", "schema", "kind", "payload", "via", "hash"],
            &json!({
                "revision": number(), "id": text(), "time": time(), "actor": text(),
                "comment": or_null("string"), "schema": number(), "kind": text(),
                "payload": { "type": "object" }, "via": reference("Via"), "hash": hash(),
            }),
        ),
        "Log": object(&["events", "head"], &json!({
            "events": list(&reference("Event")), "head": number(),
        })),
    })
}

fn keys() -> Value {
    let kind = json!({ "enum": ["admin", "editor", "viewer", "server", "browser"] });
    json!({
        "Key": object(
            &["id", "kind", "name", "state", "project", "environments", "origins", "names_actors",
              "created_by", "created", "expires", "revoked", "old_secret_until"],
            &json!({
                "id": text(), "kind": kind, "name": text(),
                "state": { "enum": ["good", "expired", "revoked"] },
                "project": or_null("string"), "environments": { "type": ["array", "null"], "items": text() },
                "origins": list(&text()), "names_actors": truth(), "created_by": text(),
                "created": time(), "expires": or_null("string"), "revoked": or_null("string"),
                "old_secret_until": or_null("string"),
            }),
        ),
        "KeyList": object(&["keys"], &json!({ "keys": list(&reference("Key")) })),
        "KeyChange": object(&["revision", "repeated", "key"], &json!({
            "revision": number(), "repeated": truth(), "key": reference("Key"),
            "token": { "type": "string", "description": "The whole key, told this once" },
        })),
        "NewKey": closed(&["kind", "name"], &json!({
            "kind": kind,
            "name": { "type": "string", "minLength": 1, "maxLength": 256 },
            "project": or_null("string"),
            "environments": { "type": ["array", "null"], "items": text() },
            "origins": list(&text()),
            "expires": { "type": ["string", "null"], "format": "date-time" },
            "names_actors": truth(),
        })),
        "Rotation": closed(&[], &json!({
            "overlap_s": { "type": ["integer", "null"], "minimum": 0, "maximum": 7_776_000 },
        })),
    })
}

fn projects() -> Value {
    let name = json!({ "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$" });
    json!({
        "ProjectList": object(&["projects"], &json!({
            "projects": list(&object(&["key", "revision"], &json!({ "key": text(), "revision": number() }))),
        })),
        "NewProject": closed(&["key"], &json!({ "key": name, "environments": list(&name) })),
        "NewEnvironment": closed(&["key"], &json!({ "key": name })),
        "Project": object(&["key", "revision", "environments", "flags", "segments"], &json!({
            "key": text(), "revision": number(), "environments": list(&text()),
            "flags": number(), "segments": number(),
        })),
        "Sensitive": closed(&["attributes"], &json!({ "attributes": list(&text()) })),
        "Settings": closed(&[], &json!({ "require_reason": truth() })),
        "Revert": closed(&["to"], &json!({ "to": number(), "environment": or_null("string") })),
        "FlagDocument": object(&["format"], &json!({ "format": { "const": "vexil/1" } })),
        "Applied": object(&["revision", "repeated", "events", "plan"], &json!({
            "revision": number(), "repeated": truth(), "events": list(&reference("Appended")),
            "plan": list(&object(&["action", "pointer", "summary"], &json!({
                "action": { "enum": ["create", "change", "archive", "delete"] },
                "pointer": text(), "summary": text(),
            }))),
        })),
    })
}

fn flags() -> Value {
    json!({
        "Definition": object(&["kind"], &json!({
            "kind": { "enum": ["boolean", "string", "number", "json"] },
            "variants": { "type": "object" },
            "description": text(), "owner": text(), "tags": list(&text()),
            "client_visible": truth(),
        })),
        "Flag": object(&["kind"], &json!({
            "kind": { "enum": ["boolean", "string", "number", "json"] },
            "environments": map(&reference("Configuration")),
        })),
        "Flags": object(&["flags"], &json!({ "flags": map(&reference("Flag")) })),
        "Segment": object(&[], &json!({
            "description": text(), "when": { "type": "object" },
            "included": list(&text()), "excluded": list(&text()),
        })),
        "Segments": object(&["segments"], &json!({ "segments": map(&reference("Segment")) })),
        "Serve": {
            "description": "A variant's key, or a split",
            "oneOf": [text(), { "type": "object" }],
        },
        "Rule": object(&[], &json!({
            "id": text(), "description": text(), "when": { "type": "object" },
            "serve": reference("Serve"),
        })),
        "Rules": object(&["rules"], &json!({ "rules": list(&reference("Rule")) })),
        "Order": closed(&["order"], &json!({ "order": list(&text()) })),
        "Overrides": map(&list(&text())),
        "Prerequisites": list(&json!({ "type": "object" })),
        "Configuration": object(&[], &json!({
            "enabled": truth(), "off_variant": text(), "prerequisites": reference("Prerequisites"),
            "overrides": reference("Overrides"), "rules": list(&reference("Rule")),
            "fallthrough": reference("Serve"),
        })),
    })
}

fn delivery() -> Value {
    json!({
        "SignedKeys": object(&["statement", "signatures"], &json!({
            "statement": text(), "signatures": map(&text()),
        })),
        "Announcement": object(
            &["project", "environment", "revision", "digest", "bytes", "url", "changed",
              "changed_since", "published_at_ms", "committed_at_ms", "issued_ms", "statement",
              "signature", "key", "keys"],
            &json!({
                "project": text(), "environment": text(), "revision": number(), "digest": hash(),
                "bytes": number(), "url": text(),
                "changed": { "type": ["array", "null"], "items": text() },
                "changed_since": or_null("integer"),
                "published_at_ms": { "type": "integer" }, "committed_at_ms": { "type": "integer" },
                "issued_ms": { "type": "integer" }, "statement": text(), "signature": text(),
                "key": hash(), "keys": reference("SignedKeys"),
                "selection": reference("Selection"),
            }),
        ),
        "Selection": object(&["flags", "tags"], &json!({
            "flags": list(&text()), "tags": list(&text()),
        })),
        "FlagSet": object(&["revision", "flags", "segments"], &json!({
            "revision": number(), "flags": map(&reference("Flag")),
            "segments": map(&reference("Segment")),
        })),
        "Deltas": object(
            &["project", "environment", "from", "to", "snapshot", "flags", "segments"],
            &json!({
                "project": text(), "environment": text(), "from": number(), "to": number(),
                "snapshot": truth(), "flags": { "type": "object" }, "segments": { "type": "object" },
            }),
        ),
        "Report": closed(&["instance", "state"], &json!({
            "instance": { "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$" },
            "name": or_null("string"), "version": or_null("string"),
            "state": { "enum": ["NOT_READY", "READY", "STALE", "ERROR", "CLOSED"] },
            "revision": number(), "digest": { "type": ["string", "null"], "pattern": "^[0-9a-f]{64}$" },
            "served_for_ms": number(), "live": truth(),
            "error": or_null("string"), "selection": reference("Selection"),
        })),
        "Reported": object(&["revision", "interval_ms", "spread_ms"], &json!({
            "revision": or_null("integer"), "interval_ms": number(), "spread_ms": number(),
        })),
        "Fleet": object(
            &["project", "environment", "revision", "digest", "clients", "current", "lag_ms",
              "modules", "instances"],
            &json!({
                "project": text(), "environment": text(), "revision": or_null("integer"),
                "digest": or_null("string"), "clients": number(), "current": number(),
                "lag_ms": { "type": ["object", "null"] },
                "modules": list(&json!({ "type": "object" })),
                "instances": list(&json!({ "type": "object" })),
            }),
        ),
        "ModuleOf": object(&["revision", "digest", "bytes", "url"], &json!({
            "revision": number(), "digest": hash(), "bytes": number(), "url": text(),
        })),
    })
}

fn evaluation() -> Value {
    json!({
        "Evaluation": object(&["context"], &json!({
            "context": { "type": "object", "properties": { "targetingKey": text() } },
        })),
        "Result": object(&["key"], &json!({
            "key": text(), "value": {}, "variant": text(), "reason": text(),
            "metadata": { "type": "object" }, "errorCode": text(), "errorDetails": text(),
        })),
        "Evaluated": object(&["flags"], &json!({
            "flags": list(&reference("Result")), "metadata": { "type": "object" },
            "eventStreams": list(&json!({ "type": "object" })),
        })),
        "EvaluationFailure": object(&["errorCode"], &json!({
            "key": text(), "errorCode": text(), "errorDetails": text(),
        })),
    })
}
