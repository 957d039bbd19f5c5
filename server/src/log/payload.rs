//! Payloads: changes as the log writes them, and back.
//!
//! In: a change; or an event's kind, schema and payload with the project it comes to. Out: the
//! other. The wire types stand here and in `payload/key`, and nowhere else; their fields are in
//! `docs/log.md`. A payload that a released version has written is read for ever.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use vexil_compiler::diagnostic::Diagnostic;
use vexil_compiler::document::{
    read_configuration, read_definition, read_rule, read_segment, read_serve, write_configuration,
    write_definition, write_rule, write_segment, write_serve,
};
use vexil_compiler::flag_set::{Definition, Lifecycle, Project};

use super::change::{Change, FlagChange, Settings};
use super::event::Revision;
use super::fragment::{read_overrides, read_prerequisites, write_overrides, write_prerequisites};
use super::upcast::{self, SCHEMA};

mod key;

/// Why a payload was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No version of Vexil up to this one writes this kind in this schema.
    #[error("the kind or schema is not known")]
    Unknown,
    /// The payload is not of its kind's shape.
    #[error("{0}")]
    Malformed(String),
}

impl From<Vec<Diagnostic>> for ReadError {
    fn from(faults: Vec<Diagnostic>) -> Self {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Self::Malformed(lines.join("; "))
    }
}

impl Change {
    /// The schema of its payload.
    #[must_use]
    pub const fn schema(&self) -> u32 {
        SCHEMA
    }

    /// Its name in the log.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ProjectCreated { .. } => "ProjectCreated",
            Self::EnvironmentCreated { .. } => "EnvironmentCreated",
            Self::EnvironmentChanged { .. } => "EnvironmentChanged",
            Self::FlagCreated { .. } => "FlagCreated",
            Self::FlagChanged { .. } => "FlagChanged",
            Self::FlagArchived { .. } => "FlagArchived",
            Self::FlagRestored { .. } => "FlagRestored",
            Self::FlagDeleted { .. } => "FlagDeleted",
            Self::SegmentCreated { .. } => "SegmentCreated",
            Self::SegmentChanged { .. } => "SegmentChanged",
            Self::SegmentDeleted { .. } => "SegmentDeleted",
            Self::SensitiveAttributesChanged { .. } => "SensitiveAttributesChanged",
            Self::InEnvironment { change, .. } => change.kind(),
            Self::Key { change, .. } => change.kind(),
            Self::Reverted { .. } => "Reverted",
        }
    }

    /// Its payload in the log.
    #[must_use]
    pub fn payload(&self) -> Value {
        match self {
            Self::ProjectCreated { project } => json!({ "project": project }),
            Self::EnvironmentCreated { environment } => json!({ "environment": environment }),
            Self::EnvironmentChanged { environment, settings } => {
                json!({ "environment": environment, "settings": settings })
            }
            Self::FlagCreated { flag, definition } | Self::FlagChanged { flag, definition } => {
                // The lifecycle has events of its own.
                let definition = Definition { lifecycle: Lifecycle::Active, ..definition.clone() };
                json!({ "flag": flag, "definition": write_definition(&definition) })
            }
            Self::FlagArchived { flag }
            | Self::FlagRestored { flag }
            | Self::FlagDeleted { flag } => json!({ "flag": flag }),
            Self::SegmentCreated { segment, definition }
            | Self::SegmentChanged { segment, definition } => {
                json!({ "segment": segment, "definition": write_segment(definition) })
            }
            Self::SegmentDeleted { segment } => json!({ "segment": segment }),
            Self::SensitiveAttributesChanged { attributes } => json!({ "attributes": attributes }),
            Self::InEnvironment { environment, flag, change } => {
                let mut payload = json!({ "environment": environment, "flag": flag });
                if let (Some(fields), Value::Object(own)) =
                    (payload.as_object_mut(), change.fields())
                {
                    fields.extend(own);
                }
                payload
            }
            Self::Key { key, change } => change.payload(key),
            Self::Reverted { environment: None, to } => json!({ "to": to }),
            Self::Reverted { environment: Some(environment), to } => {
                json!({ "environment": environment, "to": to })
            }
        }
    }

    /// Reads what an event says to `project`, the project as it was before the event: what a
    /// configuration leaves out is in the flag's definition.
    ///
    /// # Errors
    /// The kind or schema is not known, or the payload is not of its shape.
    pub fn read(
        kind: &str,
        schema: u32,
        payload: &Value,
        project: &Project,
    ) -> Result<Self, ReadError> {
        let payload = &*upcast::raise(kind, schema, payload).ok_or(ReadError::Unknown)?;
        Ok(match kind {
            "ProjectCreated" => {
                let ProjectKey { project } = shape(payload)?;
                Self::ProjectCreated { project }
            }
            "EnvironmentCreated" => {
                let EnvironmentKey { environment } = shape(payload)?;
                Self::EnvironmentCreated { environment }
            }
            "EnvironmentChanged" => {
                let SettingsBody { environment, settings } = shape(payload)?;
                Self::EnvironmentChanged { environment, settings }
            }
            "FlagCreated" => {
                let (flag, definition) = definition(payload)?;
                Self::FlagCreated { flag, definition }
            }
            "FlagChanged" => {
                let (flag, definition) = definition(payload)?;
                Self::FlagChanged { flag, definition }
            }
            "FlagArchived" => Self::FlagArchived { flag: shape::<FlagKey>(payload)?.flag },
            "FlagRestored" => Self::FlagRestored { flag: shape::<FlagKey>(payload)?.flag },
            "FlagDeleted" => Self::FlagDeleted { flag: shape::<FlagKey>(payload)?.flag },
            "SegmentCreated" => {
                let SegmentBody { segment, definition } = shape(payload)?;
                Self::SegmentCreated { segment, definition: read_segment(&definition, "")? }
            }
            "SegmentChanged" => {
                let SegmentBody { segment, definition } = shape(payload)?;
                Self::SegmentChanged { segment, definition: read_segment(&definition, "")? }
            }
            "SegmentDeleted" => {
                let SegmentKey { segment } = shape(payload)?;
                Self::SegmentDeleted { segment }
            }
            "SensitiveAttributesChanged" => {
                let AttributeList { attributes } = shape(payload)?;
                Self::SensitiveAttributesChanged { attributes }
            }
            "Reverted" => {
                let RevertBody { environment, to } = shape(payload)?;
                Self::Reverted { environment, to }
            }
            _ => return in_environment(kind, payload, project),
        })
    }
}

/// Reads an event of a flag in an environment.
fn in_environment(kind: &str, payload: &Value, project: &Project) -> Result<Change, ReadError> {
    let known = FlagChange::FIELDS.iter().find(|(name, _)| *name == kind);
    let Some((_, fields)) = known else { return Err(ReadError::Unknown) };
    let object = payload.as_object().ok_or_else(|| malformed("it is not an object"))?;
    let mut expected = ["environment", "flag"].iter().chain(fields.iter());
    let has_all = expected.clone().all(|name| object.contains_key(*name));
    if !has_all || object.keys().any(|name| !expected.clone().any(|known| known == name)) {
        let names: Vec<&str> = expected.by_ref().copied().collect();
        return Err(malformed(&format!("its fields are not {}", names.join(", "))));
    }
    let environment = text(payload, "environment")?;
    let flag = text(payload, "flag")?;
    let change = FlagChange::read(kind, payload, || {
        let flag = project.flags.get(&flag).map(|flag| &flag.definition);
        flag.ok_or_else(|| malformed("its flag does not exist"))
    })?;
    Ok(Change::InEnvironment { environment, flag, change })
}

impl FlagChange {
    /// Each kind and the fields of its payload, besides `environment` and `flag`.
    const FIELDS: &[(&str, &[&str])] = &[
        ("FlagEnabled", &[]),
        ("FlagDisabled", &[]),
        ("ConfigurationChanged", &["configuration"]),
        ("OffVariantChanged", &["off_variant"]),
        ("PrerequisitesChanged", &["prerequisites"]),
        ("OverridesChanged", &["overrides"]),
        ("RuleAdded", &["index", "rule"]),
        ("RuleChanged", &["rule"]),
        ("RuleRemoved", &["rule"]),
        ("RulesReordered", &["order"]),
        ("FallthroughChanged", &["fallthrough"]),
    ];

    const fn kind(&self) -> &'static str {
        match self {
            Self::Enabled => "FlagEnabled",
            Self::Disabled => "FlagDisabled",
            Self::Configuration(_) => "ConfigurationChanged",
            Self::OffVariant(_) => "OffVariantChanged",
            Self::Prerequisites(_) => "PrerequisitesChanged",
            Self::Overrides(_) => "OverridesChanged",
            Self::RuleAdded { .. } => "RuleAdded",
            Self::RuleChanged(_) => "RuleChanged",
            Self::RuleRemoved { .. } => "RuleRemoved",
            Self::RulesReordered { .. } => "RulesReordered",
            Self::Fallthrough(_) => "FallthroughChanged",
        }
    }

    fn fields(&self) -> Value {
        match self {
            Self::Enabled | Self::Disabled => json!({}),
            Self::Configuration(configuration) => {
                json!({ "configuration": write_configuration(configuration) })
            }
            Self::OffVariant(variant) => json!({ "off_variant": variant }),
            Self::Prerequisites(tests) => json!({ "prerequisites": write_prerequisites(tests) }),
            Self::Overrides(overrides) => json!({ "overrides": write_overrides(overrides) }),
            Self::RuleAdded { index, rule } => json!({ "index": index, "rule": write_rule(rule) }),
            Self::RuleChanged(rule) => json!({ "rule": write_rule(rule) }),
            Self::RuleRemoved { rule } => json!({ "rule": rule }),
            Self::RulesReordered { order } => json!({ "order": order }),
            Self::Fallthrough(serve) => json!({ "fallthrough": write_serve(serve) }),
        }
    }

    fn read<'d>(
        kind: &str,
        payload: &Value,
        definition: impl FnOnce() -> Result<&'d Definition, ReadError>,
    ) -> Result<Self, ReadError> {
        let field = |name: &str| payload.get(name).unwrap_or(&Value::Null);
        Ok(match kind {
            "FlagEnabled" => Self::Enabled,
            "FlagDisabled" => Self::Disabled,
            "ConfigurationChanged" => {
                let value = field("configuration");
                Self::Configuration(read_configuration(value, "", definition()?)?)
            }
            "OffVariantChanged" => Self::OffVariant(text(payload, "off_variant")?),
            "PrerequisitesChanged" => {
                let value = field("prerequisites");
                Self::Prerequisites(read_prerequisites(value, "", definition()?)?)
            }
            "OverridesChanged" => {
                Self::Overrides(read_overrides(field("overrides"), "", definition()?)?)
            }
            "RuleAdded" => {
                let index = shape(field("index"))?;
                Self::RuleAdded { index, rule: read_rule(field("rule"), "/rule")? }
            }
            "RuleChanged" => Self::RuleChanged(read_rule(field("rule"), "/rule")?),
            "RuleRemoved" => Self::RuleRemoved { rule: text(payload, "rule")? },
            "RulesReordered" => Self::RulesReordered { order: shape(field("order"))? },
            "FallthroughChanged" => {
                Self::Fallthrough(read_serve(field("fallthrough"), "/fallthrough")?)
            }
            _ => return Err(ReadError::Unknown),
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProjectKey {
    project: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingsBody {
    environment: String,
    settings: Settings,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvironmentKey {
    environment: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FlagKey {
    flag: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FlagBody {
    flag: String,
    definition: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SegmentKey {
    segment: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SegmentBody {
    segment: String,
    definition: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AttributeList {
    attributes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RevertBody {
    #[serde(default)]
    environment: Option<String>,
    to: Revision,
}

fn definition(payload: &Value) -> Result<(String, Definition), ReadError> {
    let FlagBody { flag, definition } = shape(payload)?;
    Ok((flag, read_definition(&definition, "")?))
}

fn text(payload: &Value, name: &str) -> Result<String, ReadError> {
    let text = payload.get(name).and_then(Value::as_str);
    text.map(str::to_owned).ok_or_else(|| malformed(&format!("its `{name}` is not a text")))
}

fn shape<T: DeserializeOwned>(value: &Value) -> Result<T, ReadError> {
    serde_json::from_value(value.clone()).map_err(|error| malformed(&error.to_string()))
}

fn malformed(message: &str) -> ReadError {
    ReadError::Malformed(message.to_owned())
}

#[cfg(test)]
mod tests;
