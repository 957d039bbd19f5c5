//! Evaluations as events that OpenTelemetry's conventions name.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::Write;
use std::sync::{Arc, Mutex};

use open_feature::{EvaluationContext, OpenFeature};
use serde_json::{Value, json};
use vexil_openfeature::{Provider, TelemetryHook};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn provider() -> Provider {
    let document = json!({ "format": "vexil/1", "environments": ["test"], "flags": {
        "checkout": { "kind": "boolean", "variants": { "a": false, "b": true },
            "environments": { "test": { "enabled": true, "fallthrough": "b" } } },
    } });
    let project = vexil_compiler::document::read_value(&document).unwrap();
    let module = vexil_compiler::compile(&project.flag_set("test").unwrap()).unwrap();
    Provider::new(vexil_runtime::Client::from_module(&module.bytes).unwrap())
}

/// The events of a good and a bad evaluation for somebody.
async fn events(hook: TelemetryHook) -> Vec<Value> {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().json().flatten_event(true);
    let subscriber = subscriber.with_writer(move || writer.clone()).finish();
    let _entered = tracing::subscriber::set_default(subscriber);
    let mut api = OpenFeature::default();
    api.set_provider(provider()).await;
    api.add_hook(hook).await;
    let somebody = EvaluationContext::default().with_targeting_key("somebody");
    let client = api.create_client();
    assert_eq!(client.get_bool_value("checkout", Some(&somebody), None).await, Ok(true));
    assert!(client.get_bool_value("absent", Some(&somebody), None).await.is_err());
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.filter(|event| event.get("feature_flag.key").is_some()).collect()
}

#[tokio::test]
async fn evaluations_are_told_as_the_conventions_name_them() {
    let events = events(TelemetryHook::default()).await;
    let [good, bad] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(good["feature_flag.key"], "checkout");
    assert_eq!(good["feature_flag.provider.name"], "Vexil");
    assert_eq!(good["feature_flag.result.variant"], "b");
    assert_eq!(good["feature_flag.result.reason"], "static");
    assert_eq!(good["feature_flag.version"].as_str().unwrap().len(), 64);
    assert_eq!(bad["feature_flag.result.reason"], "error");
    assert_eq!(bad["error.type"], "flag_not_found");
    assert_eq!(good.get("feature_flag.context.id"), None, "nobody asked for people");
}

#[tokio::test]
async fn the_targeting_key_is_told_when_that_is_asked_for() {
    let events = events(TelemetryHook::with_targeting_key()).await;
    assert!(
        events.iter().all(|event| event["feature_flag.context.id"] == "somebody"),
        "{events:?}"
    );
}
