//! Vexil behind OpenFeature's Rust SDK.
//!
//! In: a client of Vexil. Out: a [`Provider`] for `OpenFeature::set_provider`. Nothing here waits:
//! the SDK's functions are asynchronous, evaluations in Vexil are not.
//!
//! ```no_run
//! use open_feature::OpenFeature;
//! use vexil_openfeature::Provider;
//! use vexil_runtime::Client;
//!
//! # async fn example() -> Result<(), vexil_runtime::BuildError> {
//! let vexil = Client::builder("http://127.0.0.1:7070")
//!     .project("storefront")
//!     .environment("production")
//!     .build()
//!     .await?;
//! let mut api = OpenFeature::singleton_mut().await;
//! api.set_provider(Provider::new(vexil)).await;
//! let client = api.create_client();
//! let new_checkout = client.get_bool_value("checkout-v2", None, None).await.unwrap_or(false);
//! # Ok(())
//! # }
//! ```
//!
//! The crate stands beside `vexil-runtime` because version 0.3 of the SDK brings its test code and
//! a second set of dependencies along, which no service should pay for that does not use it.

mod context;

mod outcome;

mod telemetry;

use std::time::Duration;

use open_feature::provider::{
    FeatureProvider, ProviderMetadata, ProviderStatus, ResolutionDetails,
};
use open_feature::{EvaluationContext, EvaluationResult, StructValue, async_trait};
use serde_json::Value;
use vexil_runtime::{Client, State};

use outcome::resolved;
pub use telemetry::TelemetryHook;

/// How long [`Provider`] waits for the first module when it is set.
pub const READY_WAIT: Duration = Duration::from_secs(5);

/// Evaluates OpenFeature's flags with a [`Client`].
///
/// Integers are number flags that serve an integer; structures are json flags that serve an object.
/// Revision, digest, rule and detail of an evaluation stand in the flag's metadata.
#[derive(Debug)]
pub struct Provider {
    client: Client,
    metadata: ProviderMetadata,
}

impl Provider {
    /// A provider of what `client` serves.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client, metadata: ProviderMetadata::new("Vexil") }
    }
}

#[async_trait]
impl FeatureProvider for Provider {
    async fn initialize(&mut self, _context: &EvaluationContext) {
        // Whether it succeeded is what `status` says.
        self.client.ready(READY_WAIT).await;
    }

    fn status(&self) -> ProviderStatus {
        match self.client.state() {
            State::NotReady => ProviderStatus::NotReady,
            State::Ready => ProviderStatus::Ready,
            State::Stale => ProviderStatus::STALE,
            State::Error => ProviderStatus::Error,
        }
    }

    fn metadata(&self) -> &ProviderMetadata {
        &self.metadata
    }

    async fn resolve_bool_value(
        &self,
        flag_key: &str,
        context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<bool>> {
        resolved(self.client.bool_detail(flag_key, &context::read(context), false), Ok)
    }

    async fn resolve_int_value(
        &self,
        flag_key: &str,
        context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<i64>> {
        let details = self.client.number_detail(flag_key, &context::read(context), 0.0);
        resolved(details, outcome::integer)
    }

    async fn resolve_float_value(
        &self,
        flag_key: &str,
        context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<f64>> {
        resolved(self.client.number_detail(flag_key, &context::read(context), 0.0), Ok)
    }

    async fn resolve_string_value(
        &self,
        flag_key: &str,
        context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<String>> {
        resolved(self.client.string_detail(flag_key, &context::read(context), ""), Ok)
    }

    async fn resolve_struct_value(
        &self,
        flag_key: &str,
        context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<StructValue>> {
        resolved(
            self.client.json_detail(flag_key, &context::read(context), Value::Null),
            outcome::structure,
        )
    }
}
