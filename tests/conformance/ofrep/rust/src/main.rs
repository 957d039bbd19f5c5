//! OpenFeature's Rust provider for OFREP against a Vexil server: values, reasons, errors.
//!
//! In: the server's URL and a key for one environment, in which `tests/cases/cli/files/flags.yaml`
//! serves. Out: a line for each question, and success if every answer was as expected.

use std::process::ExitCode;

use open_feature::provider::FeatureProvider as _;
use open_feature::{EvaluationContext, EvaluationErrorCode};
use open_feature_ofrep::{OfrepOptions, OfrepProvider};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(base_url), Some(key)) = (arguments.next(), arguments.next()) else {
        eprintln!("vexil-conformance-ofrep URL KEY");
        return ExitCode::from(2);
    };
    let mut headers = HeaderMap::new();
    let bearer = HeaderValue::from_str(&format!("Bearer {key}")).expect("a key is plain");
    headers.insert(AUTHORIZATION, bearer);
    let options = OfrepOptions { base_url, headers, ..Default::default() };
    let provider = OfrepProvider::new(options).await.expect("the options make sense");
    let staff = EvaluationContext::default()
        .with_targeting_key("user-7")
        .with_custom_field("email", "eva@example.com")
        .with_custom_field("country", "DE");
    let mut wrong = 0;
    let mut check = |question: &str, is_right: bool, answer: String| {
        println!("{} {question}: {answer}", if is_right { "ok   " } else { "WRONG" });
        wrong += u8::from(!is_right);
    };

    let answer = provider.resolve_bool_value("checkout-v2", &staff).await;
    let is_right = answer.as_ref().is_ok_and(|details| {
        // Version 0.1.2 gives `Static` for a reason, whatever the server says.
        details.value && details.variant.as_deref() == Some("on")
    });
    check("a boolean flag that a rule decides", is_right, format!("{answer:?}"));

    let answer = provider.resolve_string_value("theme", &staff).await;
    let is_right = answer.as_ref().is_ok_and(|details| details.value == "#202020");
    check("a string flag", is_right, format!("{answer:?}"));

    let answer = provider.resolve_float_value("price", &staff).await;
    let is_right = answer.as_ref().is_ok_and(|details| details.value == 2.0);
    check("a number flag", is_right, format!("{answer:?}"));

    let answer = provider.resolve_bool_value("absent", &staff).await;
    let is_right =
        answer.as_ref().is_err_and(|error| error.code == EvaluationErrorCode::FlagNotFound);
    check("a flag that is not there", is_right, format!("{answer:?}"));

    let answer = provider.resolve_bool_value("theme", &staff).await;
    // Version 0.1.2 takes a value of another type for one that cannot be read.
    let mismatch = [EvaluationErrorCode::TypeMismatch, EvaluationErrorCode::ParseError];
    let is_right = answer.as_ref().is_err_and(|error| mismatch.contains(&error.code));
    check("a flag of another type", is_right, format!("{answer:?}"));

    ExitCode::from(wrong.min(1))
}
