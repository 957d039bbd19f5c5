//! Evaluations as OpenTelemetry's event `feature_flag.evaluation`.
//!
//! In: evaluations of the SDK. Out: events of `tracing` whose fields are named by the semantic
//! conventions (<https://opentelemetry.io/docs/specs/semconv/feature-flags/feature-flags-events/>);
//! `tracing-opentelemetry` or a bridge of logs carries them on. The targeting key is told only if
//! that is asked for: it is about people.

use open_feature::{
    EvaluationContext, EvaluationDetails, EvaluationError, EvaluationReason, FlagMetadata,
    FlagMetadataValue, Hook, HookContext, HookHints, Value, async_trait,
};
use tracing::Level;

/// Tells every evaluation to `tracing`, at level `INFO` within the span of the caller.
///
/// ```no_run
/// use open_feature::{EvaluationOptions, OpenFeature};
/// use vexil_openfeature::TelemetryHook;
///
/// # async fn example() {
/// let mut api = OpenFeature::singleton_mut().await;
/// api.add_hook(TelemetryHook::default()).await;
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct TelemetryHook {
    with_targeting_key: bool,
}

impl TelemetryHook {
    /// Tells the targeting key, too, as `feature_flag.context.id`.
    #[must_use]
    pub fn with_targeting_key() -> Self {
        Self { with_targeting_key: true }
    }

    fn context_id<'a>(&self, context: &'a HookContext<'_>) -> Option<&'a str> {
        context.evaluation_context.targeting_key.as_deref().filter(|_| self.with_targeting_key)
    }
}

#[async_trait]
impl Hook for TelemetryHook {
    async fn before<'a>(
        &self,
        _context: &HookContext<'a>,
        _hints: Option<&'a HookHints>,
    ) -> Result<Option<EvaluationContext>, EvaluationError> {
        Ok(None)
    }

    async fn after<'a>(
        &self,
        context: &HookContext<'a>,
        details: &EvaluationDetails<Value>,
        _hints: Option<&'a HookHints>,
    ) -> Result<(), EvaluationError> {
        let reason = details.reason.as_ref().map(reason);
        tracing::event!(name: "feature_flag.evaluation", Level::INFO, {
            "feature_flag.key" = context.flag_key,
            "feature_flag.provider.name" = context.provider_metadata.name,
            "feature_flag.result.variant" = details.variant.as_deref(),
            "feature_flag.result.reason" = reason,
            "feature_flag.version" = text(&details.flag_metadata, "digest"),
            "feature_flag.context.id" = self.context_id(context),
        }, "feature_flag.evaluation");
        Ok(())
    }

    async fn error<'a>(
        &self,
        context: &HookContext<'a>,
        error: &EvaluationError,
        _hints: Option<&'a HookHints>,
    ) {
        tracing::event!(name: "feature_flag.evaluation", Level::INFO, {
            "feature_flag.key" = context.flag_key,
            "feature_flag.provider.name" = context.provider_metadata.name,
            "feature_flag.result.reason" = "error",
            "error.type" = error_type(error),
            "feature_flag.error.message" = error.message.as_deref(),
            "feature_flag.context.id" = self.context_id(context),
        }, "feature_flag.evaluation");
    }

    async fn finally<'a>(
        &self,
        _context: &HookContext<'a>,
        _details: &EvaluationDetails<Value>,
        _hints: Option<&'a HookHints>,
    ) {
    }
}

fn text<'a>(metadata: &'a FlagMetadata, name: &str) -> Option<&'a str> {
    match metadata.values.get(name)? {
        FlagMetadataValue::String(text) => Some(text),
        _ => None,
    }
}

/// The conventions' name of a reason.
fn reason(reason: &EvaluationReason) -> &str {
    match reason {
        EvaluationReason::Static => "static",
        EvaluationReason::Default => "default",
        EvaluationReason::TargetingMatch => "targeting_match",
        EvaluationReason::Split => "split",
        EvaluationReason::Cached => "cached",
        EvaluationReason::Disabled => "disabled",
        EvaluationReason::Error => "error",
        EvaluationReason::Unknown => "unknown",
        EvaluationReason::Other(other) => other,
    }
}

/// The conventions' name of an error.
fn error_type(error: &EvaluationError) -> &'static str {
    use open_feature::EvaluationErrorCode as Code;
    match error.code {
        Code::ProviderNotReady => "provider_not_ready",
        Code::FlagNotFound => "flag_not_found",
        Code::ParseError => "parse_error",
        Code::TypeMismatch => "type_mismatch",
        Code::TargetingKeyMissing => "targeting_key_missing",
        Code::InvalidContext => "invalid_context",
        Code::General(_) => "general",
    }
}
