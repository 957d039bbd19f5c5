//! Measurements of the running server, as Prometheus text.
//!
//! In: counts and durations from the hub, the publishers and HTTP. Out: the text of `/metrics`.
//! Every name is documented in `docs/operations.md`. Each server has its own recorder, so that
//! several in one process do not mix; nothing here is global.

pub mod memory;

use std::time::Duration;

use memory::Memory;
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// Upper bounds of the buckets of every duration, in seconds.
const BUCKETS_S: &[f64] =
    &[0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Where measurements go.
pub struct Telemetry {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Events were appended.
    Appended,
    /// It had been appended before.
    Repeated,
    /// It changed nothing.
    Unchanged,
    /// The caller had seen another revision.
    Conflict,
    /// It made no sense, or the flags would not compile.
    Refused,
    /// The store or the server failed.
    Failed,
}

impl Written {
    const ALL: [Self; 6] = [
        Self::Appended,
        Self::Repeated,
        Self::Unchanged,
        Self::Conflict,
        Self::Refused,
        Self::Failed,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Appended => "appended",
            Self::Repeated => "repeated",
            Self::Unchanged => "unchanged",
            Self::Conflict => "conflict",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl Default for Telemetry {
    fn default() -> Self {
        // Only an empty list of buckets is refused.
        let builder = PrometheusBuilder::new().set_buckets(BUCKETS_S).unwrap_or_default();
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            describe();
            begin();
        });
        Self { recorder, handle }
    }
}

impl Telemetry {
    /// A command was answered; `took` includes waiting for its turn.
    pub fn command(&self, written: Written, took: Duration) {
        self.record(|| {
            counter!("vexil_commands_total", "result" => written.label()).increment(1);
            histogram!("vexil_command_seconds").record(took);
        });
    }

    /// The store acknowledged an append of `events` events.
    pub fn append(&self, events: u64, took: Duration) {
        self.record(|| {
            counter!("vexil_events_total").increment(events);
            histogram!("vexil_append_seconds").record(took);
        });
    }

    /// So many events were archived.
    pub fn archived(&self, events: u64) {
        self.record(|| counter!("vexil_archived_events_total").increment(events));
    }

    /// A command was decided and its events were projected.
    pub fn projection(&self, took: Duration) {
        self.record(|| histogram!("vexil_projection_seconds").record(took));
    }

    /// A module was held against its flags.
    pub fn verification(&self, good: bool, took: Duration) {
        self.record(|| {
            if !good {
                counter!("vexil_miscompilations_total").increment(1);
            }
            histogram!("vexil_verify_seconds").record(took);
        });
    }

    /// A flag set was compiled, or refused.
    pub fn compile(&self, good: bool, took: Duration) {
        self.record(|| {
            if !good {
                counter!("vexil_compile_failures_total").increment(1);
            }
            histogram!("vexil_compile_seconds").record(took);
        });
    }

    /// An environment was announced, `lag` after its newest event was acknowledged.
    pub fn announcement(&self, new_module: bool, lag: Duration) {
        let module = if new_module { "new" } else { "same" };
        self.record(|| {
            counter!("vexil_announcements_total", "module" => module).increment(1);
            histogram!("vexil_publish_lag_seconds").record(lag);
        });
    }

    /// An environment could not be published; its old announcement stands.
    pub fn publish_failure(&self) {
        self.record(|| counter!("vexil_publish_failures_total").increment(1));
    }

    /// An event stream was opened (and later closed).
    pub fn stream(&self, opened: bool) {
        self.record(|| {
            if opened {
                counter!("vexil_streams_opened_total").increment(1);
                gauge!("vexil_streams").increment(1.0);
            } else {
                gauge!("vexil_streams").decrement(1.0);
            }
        });
    }

    /// An event stream was refused because too many are open.
    pub fn stream_refused(&self) {
        self.record(|| counter!("vexil_streams_refused_total").increment(1));
    }

    /// A client has reported; `lag` is of an announcement that it did not report before.
    pub fn report(&self, lag: Option<Duration>) {
        self.record(|| {
            counter!("vexil_fleet_reports_total").increment(1);
            if let Some(lag) = lag {
                histogram!("vexil_reception_lag_seconds").record(lag);
            }
        });
    }

    /// A client has reported, and there is no room to remember it.
    pub fn report_refused(&self) {
        self.record(|| counter!("vexil_fleet_reports_refused_total").increment(1));
    }

    /// Clients that report, and those of them that do not serve what is announced.
    #[allow(clippy::cast_precision_loss)] // counts far below 2^52
    pub fn fleet(&self, clients: usize, behind: usize) {
        self.record(|| {
            gauge!("vexil_fleet_clients").set(clients as f64);
            gauge!("vexil_fleet_behind").set(behind as f64);
        });
    }

    /// A request was answered (its head, in the case of streams).
    pub fn request(&self, method: &'static str, route: String, status: u16, took: Duration) {
        let status = status.to_string();
        self.record(|| {
            counter!("vexil_http_requests_total",
                "method" => method, "route" => route.clone(), "status" => status)
            .increment(1);
            histogram!("vexil_http_request_seconds", "method" => method, "route" => route)
                .record(took);
        });
    }

    /// A handler panicked.
    pub fn panic(&self) {
        self.record(|| counter!("vexil_panics_total").increment(1));
    }

    /// What is held now.
    #[allow(clippy::cast_precision_loss)] // counts far below 2^52
    pub fn held(
        &self,
        projects: usize,
        (environments, selections): (usize, usize),
        (modules, module_bytes): (usize, usize),
        tasks: usize,
    ) {
        self.record(|| {
            gauge!("vexil_projects").set(projects as f64);
            gauge!("vexil_environments").set(environments as f64);
            gauge!("vexil_selections").set(selections as f64);
            gauge!("vexil_modules").set(modules as f64);
            gauge!("vexil_module_bytes").set(module_bytes as f64);
            gauge!("vexil_tasks").set(tasks as f64);
        });
    }

    /// What takes how much memory now.
    #[allow(clippy::cast_precision_loss)] // far below 2^52
    pub fn memory(&self, memory: &Memory) {
        self.record(|| {
            for (component, bytes) in memory.components() {
                gauge!("vexil_memory_bytes", "component" => component).set(bytes as f64);
            }
        });
    }

    /// Keys that are good now, by kind.
    #[allow(clippy::cast_precision_loss)] // counts far below 2^52
    pub fn keys(&self, kinds: impl Iterator<Item = (&'static str, usize)>) {
        self.record(|| {
            for (kind, keys) in kinds {
                gauge!("vexil_keys", "kind" => kind).set(keys as f64);
            }
        });
    }

    /// A key was shown that is not good.
    pub fn bad_key(&self) {
        self.record(|| counter!("vexil_bad_keys_total").increment(1));
    }

    /// Somebody asked too often.
    pub fn rate_limited(&self, limit: &'static str) {
        self.record(|| counter!("vexil_rate_limited_total", "limit" => limit).increment(1));
    }

    /// Everything, as Prometheus text.
    #[must_use]
    pub fn render(&self) -> String {
        self.handle.run_upkeep();
        self.handle.render()
    }

    /// Moves what was recorded out of its buffers, which grow until then.
    pub fn tidy(&self) {
        self.handle.run_upkeep();
    }

    fn record(&self, what: impl FnOnce()) {
        metrics::with_local_recorder(&self.recorder, what);
    }
}

/// What may be used up: the names in `RateLimit`.
pub const LIMITS: [&str; 4] = ["deliveries", "reads", "writes", "failures"];

/// Makes everything exist from the start, at zero: the first failure is then a step that an alarm
/// sees. Of requests, whose labels are many, only the one is there that asks for this page.
fn begin() {
    for written in Written::ALL {
        counter!("vexil_commands_total", "result" => written.label()).increment(0);
    }
    for module in ["new", "same"] {
        counter!("vexil_announcements_total", "module" => module).increment(0);
    }
    let (method, route) = ("GET", "/metrics");
    counter!("vexil_http_requests_total",
        "method" => method, "route" => route, "status" => "200")
    .increment(0);
    drop(histogram!("vexil_http_request_seconds", "method" => method, "route" => route));
    for limit in LIMITS {
        counter!("vexil_rate_limited_total", "limit" => limit).increment(0);
    }
    counter!("vexil_bad_keys_total").increment(0);
    counter!("vexil_events_total").increment(0);
    counter!("vexil_archived_events_total").increment(0);
    counter!("vexil_compile_failures_total").increment(0);
    counter!("vexil_publish_failures_total").increment(0);
    counter!("vexil_miscompilations_total").increment(0);
    counter!("vexil_streams_opened_total").increment(0);
    counter!("vexil_streams_refused_total").increment(0);
    counter!("vexil_panics_total").increment(0);
    counter!("vexil_fleet_reports_total").increment(0);
    counter!("vexil_fleet_reports_refused_total").increment(0);
    gauge!("vexil_streams").set(0.0);
    drop(histogram!("vexil_command_seconds"));
    drop(histogram!("vexil_append_seconds"));
    drop(histogram!("vexil_projection_seconds"));
    drop(histogram!("vexil_compile_seconds"));
    drop(histogram!("vexil_verify_seconds"));
    drop(histogram!("vexil_publish_lag_seconds"));
    drop(histogram!("vexil_reception_lag_seconds"));
}

fn describe() {
    describe_counter!("vexil_commands_total", "Commands answered, by result");
    describe_histogram!("vexil_command_seconds", "Time of a command, waiting included");
    describe_counter!("vexil_rate_limited_total", "Requests refused with 429, by limit");
    describe_counter!("vexil_bad_keys_total", "Requests that showed a key that is not good");
    describe_gauge!("vexil_keys", "Keys that are good, by kind");
    describe_gauge!("vexil_memory_bytes", "Bytes of memory, by component");
    describe_counter!("vexil_events_total", "Events appended");
    describe_counter!("vexil_archived_events_total", "Events moved into archives");
    describe_histogram!("vexil_append_seconds", "Time of a durable append");
    describe_histogram!("vexil_projection_seconds", "Time to decide and project a command");
    describe_histogram!("vexil_compile_seconds", "Time to compile a flag set");
    describe_histogram!("vexil_verify_seconds", "Time to hold a module against its flags");
    describe_counter!(
        "vexil_miscompilations_total",
        "Modules that did not mean what their flags say, and were not announced"
    );
    describe_counter!("vexil_compile_failures_total", "Flag sets that did not compile");
    describe_histogram!("vexil_publish_lag_seconds", "Time from append to announcement");
    describe_counter!("vexil_announcements_total", "Announcements, with a new or the same module");
    describe_counter!("vexil_publish_failures_total", "Environments that could not be published");
    describe_gauge!("vexil_streams", "Event streams open");
    describe_counter!("vexil_streams_opened_total", "Event streams opened");
    describe_counter!("vexil_streams_refused_total", "Event streams refused: too many open");
    describe_counter!("vexil_http_requests_total", "Requests answered");
    describe_histogram!("vexil_http_request_seconds", "Time to the head of the answer");
    describe_counter!("vexil_panics_total", "Requests whose handler panicked");
    describe_counter!("vexil_fleet_reports_total", "Reports of clients on what they serve");
    describe_counter!(
        "vexil_fleet_reports_refused_total",
        "Reports of clients that are not remembered: there are too many"
    );
    describe_histogram!(
        "vexil_reception_lag_seconds",
        "Time from append to service in a client that was following"
    );
    describe_gauge!("vexil_fleet_clients", "Clients that report");
    describe_gauge!("vexil_fleet_behind", "Clients that do not serve what is announced");
    describe_gauge!("vexil_projects", "Projects");
    describe_gauge!("vexil_environments", "Environments");
    describe_gauge!("vexil_selections", "Selections of flags that are published");
    describe_gauge!("vexil_modules", "Modules in memory");
    describe_gauge!("vexil_module_bytes", "Bytes of the modules in memory");
    describe_gauge!("vexil_tasks", "Tasks of the server: some for each connection and environment");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_recorded_is_rendered_under_its_documented_name() {
        let telemetry = Telemetry::default();
        telemetry.command(Written::Appended, Duration::from_millis(3));
        telemetry.append(2, Duration::from_millis(3));
        telemetry.stream(true);
        let text = telemetry.render();
        assert!(text.contains("vexil_commands_total{result=\"appended\"} 1"), "{text}");
        assert!(text.contains("vexil_append_seconds_bucket{le=\"0.005\"} 1"), "{text}");
        assert!(text.contains("vexil_events_total 2"), "{text}");
        assert!(text.contains("vexil_streams 1"), "{text}");
    }

    /// Names of metrics in a text, without what Prometheus adds to them.
    fn names(text: &str) -> std::collections::BTreeSet<&str> {
        let letter = |c: char| c.is_ascii_lowercase() || c == '_';
        let words = text.split(|c| !letter(c)).filter(|word| word.starts_with("vexil_"));
        words.map(|word| word.trim_end_matches("_bucket")).collect()
    }

    #[test]
    fn the_dashboard_shows_every_metric_and_no_other() {
        let dashboard = include_str!("../../deploy/grafana.json");
        let alerts = include_str!("../../deploy/alerts.yaml");
        let page = include_str!("../../docs/operations.md");
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let documented: std::collections::BTreeSet<&str> =
            rows.filter(|name| name.starts_with("vexil_")).collect();
        // Bytes of modules are a component of memory.
        let shown = names(dashboard);
        let missing: Vec<_> = documented.difference(&shown).collect();
        assert_eq!(missing, [&"vexil_module_bytes"]);
        let unknown: Vec<_> = shown.difference(&documented).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        assert!(names(alerts).is_subset(&documented));
        let dashboard: serde_json::Value = serde_json::from_str(dashboard).unwrap();
        assert!(dashboard["panels"].as_array().unwrap().len() > 20);
    }

    #[test]
    fn every_metric_stands_in_the_operators_page() {
        let page = include_str!("../../docs/operations.md");
        let source = include_str!("telemetry.rs");
        let quoted = source.split('"').filter(|text| text.starts_with("vexil_") && text.len() > 6);
        let plain = |text: &&str| text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_'));
        for name in quoted.filter(plain) {
            assert!(page.contains(&format!("`{name}`")), "{name} is not documented");
        }
    }
}
