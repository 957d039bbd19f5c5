//! The provider through OpenFeature's own SDK.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use open_feature::provider::FeatureProvider as _;
use open_feature::{
    Client, EvaluationContext, EvaluationContextFieldValue, EvaluationErrorCode, EvaluationReason,
    FlagMetadataValue, OpenFeature, StructValue, Value,
};
use serde_json::json;
use vexil_openfeature::Provider;

fn flags() -> serde_json::Value {
    let flag = |kind: &str, variants: serde_json::Value, rule: serde_json::Value| {
        json!({ "kind": kind, "variants": variants, "environments": { "test": {
            "enabled": true,
            "rules": [{ "id": "germans", "when": rule, "serve": "b" }],
            "fallthrough": "a",
        } } })
    };
    let german = json!({ "attribute": "country", "equals": "DE" });
    json!({ "format": "vexil/1", "environments": ["test"], "flags": {
        "checkout": flag("boolean", json!({ "a": false, "b": true }), german.clone()),
        "title": flag("string", json!({ "a": "Hello", "b": "Hallo" }), german.clone()),
        "limit": flag("number", json!({ "a": 10, "b": 2.5 }), german.clone()),
        "theme": flag("json", json!({ "a": { "dark": true, "sizes": [1, 2.5] }, "b": [1] }), german),
        "nested": flag("boolean", json!({ "a": false, "b": true }),
            json!({ "attribute": "company.plan", "equals": "pro" })),
        "late": flag("boolean", json!({ "a": false, "b": true }),
            json!({ "attribute": "since", "after": "2026-01-01T00:00:00Z" })),
    } })
}

fn provider() -> Provider {
    let project = vexil_compiler::document::read_value(&flags()).unwrap();
    let module = vexil_compiler::compile(&project.flag_set("test").unwrap()).unwrap();
    Provider::new(vexil_runtime::Client::from_module(&module.bytes).unwrap())
}

async fn client() -> Client {
    let mut api = OpenFeature::default();
    api.set_provider(provider()).await;
    api.create_client()
}

fn german() -> EvaluationContext {
    EvaluationContext::default().with_targeting_key("u").with_custom_field("country", "DE")
}

#[tokio::test]
async fn values_of_all_types_arrive() {
    let client = client().await;
    let german = german();
    assert_eq!(client.get_bool_value("checkout", Some(&german), None).await, Ok(true));
    assert_eq!(client.get_bool_value("checkout", None, None).await, Ok(false));
    let title = client.get_string_value("title", Some(&german), None).await;
    assert_eq!(title, Ok("Hallo".to_owned()));
    assert_eq!(client.get_int_value("limit", None, None).await, Ok(10));
    assert_eq!(client.get_float_value("limit", Some(&german), None).await, Ok(2.5));
    let theme = provider().resolve_struct_value("theme", &EvaluationContext::default()).await;
    let theme = theme.unwrap().value.fields;
    assert_eq!(theme.get("dark"), Some(&Value::Bool(true)));
    assert_eq!(theme.get("sizes"), Some(&Value::Array(vec![Value::Int(1), Value::Float(2.5)])));
}

#[tokio::test]
async fn details_say_why() {
    let details = client().await.get_bool_details("checkout", Some(&german()), None).await.unwrap();
    assert_eq!(details.variant.as_deref(), Some("b"));
    assert_eq!(details.reason, Some(EvaluationReason::TargetingMatch));
    let metadata = &details.flag_metadata.values;
    assert_eq!(metadata.get("rule"), Some(&FlagMetadataValue::String("germans".into())));
    assert!(metadata.contains_key("digest"));
}

#[tokio::test]
async fn errors_have_openfeatures_codes() {
    let client = client().await;
    let code = |error: open_feature::EvaluationError| error.code;
    let missing = client.get_bool_value("missing", None, None).await.unwrap_err();
    assert_eq!(code(missing), EvaluationErrorCode::FlagNotFound);
    let kind = client.get_bool_value("title", None, None).await.unwrap_err();
    assert_eq!(code(kind), EvaluationErrorCode::TypeMismatch);
    let fraction = client.get_int_value("limit", Some(&german()), None).await.unwrap_err();
    assert_eq!(fraction.message.as_deref(), Some("flag `limit`: 2.5 is not an integer"));
    assert_eq!(code(fraction), EvaluationErrorCode::TypeMismatch);
    let list = provider().resolve_struct_value("theme", &german()).await.unwrap_err();
    assert_eq!(list.message.as_deref(), Some("flag `theme`: its value is not an object"));
}

#[tokio::test]
async fn structures_and_times_in_contexts_are_read() {
    let client = client().await;
    let plan = |structure| EvaluationContext::default().with_custom_field("company", structure);
    let fields = [("plan".to_owned(), Value::String("pro".into()))].into();
    let own = plan(EvaluationContextFieldValue::new_struct(StructValue { fields }));
    assert_eq!(client.get_bool_value("nested", Some(&own), None).await, Ok(true));
    let json = plan(EvaluationContextFieldValue::new_struct(json!({ "plan": "pro" })));
    assert_eq!(client.get_bool_value("nested", Some(&json), None).await, Ok(true));
    let opaque = plan(EvaluationContextFieldValue::new_struct(7_u8));
    assert_eq!(client.get_bool_value("nested", Some(&opaque), None).await, Ok(false));
    for (seconds, late) in [(1_790_000_000, true), (1_700_000_000, false)] {
        let since = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap();
        let since = EvaluationContextFieldValue::DateTime(since);
        let context = EvaluationContext::default().with_custom_field("since", since);
        assert_eq!(client.get_bool_value("late", Some(&context), None).await, Ok(late));
    }
}
