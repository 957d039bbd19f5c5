//! Code that `vexil codegen rust` makes: it compiles, and a client takes its handles.
//!
//! In: `tests/cases/codegen/*.rs`, made of the documents beside them. Out: values of a client.

#![allow(clippy::unwrap_used, clippy::panic)]

use vexil_runtime::Context;
use vexil_testing::TestClient;

#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../tests/cases/codegen/odd.rs"]
mod odd;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../tests/cases/codegen/storefront.rs"]
mod storefront;

fn client(file: &str, environment: &str) -> TestClient {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    TestClient::from_file(file, environment).unwrap()
}

#[test]
fn handles_that_were_made_of_a_document_find_its_flags() {
    let client = client("examples/storefront/flags.yaml", "development");
    let context = Context::with_key("user-7");
    assert!(client.bool(&storefront::PAYMENTS_ENABLED, &context, false));
    let ranking = client.string(&storefront::SEARCH_RANKING, &context, "classic");
    assert_eq!(ranking.parse(), Ok(storefront::SearchRanking::Fresh));
    assert_eq!(storefront::SearchRanking::Fresh.as_str(), "fresh");
    assert_eq!(
        storefront::SearchRanking::ALL.map(storefront::SearchRanking::as_str),
        ["classic", "popular", "fresh", "bargain"]
    );
    let unknown = "newest".parse::<storefront::SearchRanking>().unwrap_err();
    assert_eq!(unknown.to_string(), "`newest` is none of the flag's values");
}

#[test]
fn odd_keys_and_values_are_what_they_are_in_the_document() {
    assert_eq!(odd::FLAG.key(), "日本");
    assert_eq!(odd::FLAG_2FA.key(), "2fa");
    assert_eq!(odd::QUOTED.key(), "\"quoted\\");
    assert_eq!(odd::ALERT_1.key(), "*/ alert(1); /*");
    assert_eq!(odd::DIRECTION_OF_READING.key(), "direction \u{2028} \u{202e} of reading");
    let client = client("tests/cases/codegen/odd.yaml", "production");
    let context = Context::with_key("user-7");
    // They are off, and serve their first variant.
    assert_eq!(client.string(&odd::STRING, &context, ""), "x-y");
    assert_eq!(client.number(&odd::NUMBERS, &context, 0.0), 10.0);
    assert_eq!(client.json(&odd::TEXTS_AS_JSON, &context, serde_json::Value::Null), "x");
    for value in odd::String::ALL {
        assert_eq!(value.as_str().parse(), Ok(value));
    }
}
