//! Values, reasons and error codes.

use super::*;

#[tokio::test]
async fn before_the_first_module_the_default_is_served() {
    let server = Server::live().await;
    let client = server.client().await;
    assert_eq!(client.state(), State::NotReady);
    assert!(client.bool("checkout", &Context::new(), true));
    let details = client.bool_detail("checkout", &Context::new(), true);
    assert_eq!((details.value, details.reason), (true, Reason::Error));
    assert_eq!(details.error_code, Some(ErrorCode::ProviderNotReady));
    assert_eq!((details.revision, details.digest), (None, None));
    assert_eq!((client.current(), client.flags()), (None, vec![]));
    assert!(!client.ready(Duration::from_millis(10)).await);
}

#[tokio::test]
async fn flags_are_evaluated_with_reasons() {
    let (_server, client) = at_revision_1().await;
    assert_eq!(client.state(), State::Ready);
    assert!(client.bool("checkout", &german(), false));
    assert!(!client.bool("checkout", &Context::new(), true));
    assert_eq!(banner(&client), "one");

    let details = client.bool_detail("checkout", &german(), false);
    let expected = Details {
        value: true,
        variant: Some("on".into()),
        reason: Reason::TargetingMatch,
        error_code: None,
        error_message: None,
        rule: Some("dach".into()),
        detail: Detail::None,
        flag_key: "checkout".into(),
        revision: Some(1),
        digest: Some(fixture::module("one").1),
    };
    assert_eq!(details, expected);
    let details = client.string_detail("banner", &Context::new(), "");
    assert_eq!((details.value.as_str(), details.reason), ("one", Reason::Static));
}

#[tokio::test]
async fn errors_serve_the_default_and_say_why() {
    let (_server, client) = at_revision_1().await;
    let none = Context::new();
    let why = |code: Option<ErrorCode>, message: Option<String>| (code.unwrap(), message.unwrap());

    let details = client.bool_detail("nowhere", &none, true);
    assert!(details.value && details.reason == Reason::Error);
    let expected = (ErrorCode::FlagNotFound, "the environment has no such flag".into());
    assert_eq!(why(details.error_code, details.error_message), expected);

    let details = client.number_detail("checkout", &none, 7.0);
    assert_eq!((details.value, details.reason), (7.0, Reason::Error));
    let message = "the flag is of kind boolean, asked for was number";
    let expected = (ErrorCode::TypeMismatch, message.into());
    assert_eq!(why(details.error_code, details.error_message), expected);
    assert_eq!(client.json("banner", &none, json!([1])), json!([1]));
    assert_eq!(client.number("banner", &none, 3.0), 3.0);
    assert!(client.bool("banner", &none, true));

    let large = Context::new().set("country", "x".repeat(100_000));
    let details = client.bool_detail("checkout", &large, true);
    let expected =
        (ErrorCode::InvalidContext, "the context is too large for the module's arena".into());
    assert_eq!(why(details.error_code, details.error_message), expected);
    assert_eq!(client.metrics().guest_failures, 0);
}

#[tokio::test]
async fn a_guest_that_fails_costs_one_evaluation() {
    let (_server, client) = at_revision_1().await;
    let trap = Context::new().set("country", true);
    let out_of_range = Context::new().set("country", 5);
    for context in [trap, out_of_range] {
        let details = client.bool_detail("checkout", &context, true);
        assert!(details.value && details.reason == Reason::Error);
        assert_eq!(details.error_code, Some(ErrorCode::General));
        assert!(client.bool("checkout", &german(), false));
    }
    assert_eq!(client.metrics().guest_failures, 2);
}

#[tokio::test]
async fn a_client_tells_what_it_serves() {
    let (_server, client) = at_revision_1().await;
    let (bytes, digest) = fixture::module("one");
    let current = client.current().unwrap();
    assert_eq!((current.revision, &current.digest, current.flags), (1, &digest, 2));
    assert_eq!(current.bytes, bytes.len());
    assert!(current.loaded_at_ms > 1_700_000_000_000);
    let flag = |key: &str, kind| FlagInfo { key: key.into(), kind };
    let flags = [flag("banner", Kind::String), flag("checkout", Kind::Boolean)];
    assert_eq!(client.flags(), flags);
    let debug = format!("{client:?}");
    assert_eq!(debug, r#"Client { project: "p", environment: "e", state: Ready, .. }"#);
}

#[tokio::test]
async fn what_cannot_work_is_refused_when_the_client_is_built() {
    let refused = async |url: &str, project: &str, environment: &str| {
        let builder = Client::builder(url).project(project).environment(environment);
        builder.build().await.unwrap_err().to_string()
    };
    assert_eq!(refused("", "p", "e").await, "`` is not an `http` or `https` address");
    let ftp = "`ftp://x` is not an `http` or `https` address";
    assert_eq!(refused("ftp://x", "p", "e").await, ftp);
    let url = "http://127.0.0.1:1";
    assert_eq!(refused(url, "", "e").await, "no project is named; call `.project(…)`");
    assert_eq!(refused(url, "p", "").await, "no environment is named; call `.environment(…)`");
}

#[test]
fn a_client_without_a_runtime_is_refused() {
    let build = Client::builder("http://127.0.0.1:1").project("p").environment("e").build();
    let error = futures_util::FutureExt::now_or_never(build).unwrap().unwrap_err();
    assert_eq!(error.to_string(), "a client needs a tokio runtime");
}
