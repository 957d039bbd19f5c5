//! What evaluates: a loaded module, or the interpreter on a flag document.
//!
//! In: a flag's key, a context, the time. Out: the verdict with its numbers as names and its value.
//! Both evaluators give the same verdict for the same flags; this file must not make them differ.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;
use vexil_abi::verdict::{Verdict, detail, error_code, reason};
use vexil_compiler::{context, flag_set, interpret};
use vexil_runtime as runtime;

use super::super::failure::Failure;
use super::super::{apply, compile, source};

/// One verdict, as programs read it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// The flag.
    pub key: String,
    /// The served variant's value; null when none is served.
    pub value: Value,
    /// The served variant.
    pub variant: Option<String>,
    /// OpenFeature's reason.
    pub reason: &'static str,
    /// The rule that decided.
    pub rule: Option<String>,
    /// OpenFeature's error code.
    #[serde(rename = "errorCode")]
    pub error_code: Option<&'static str>,
}

/// A verdict with what only people are shown.
#[derive(Clone, Debug)]
pub struct Evaluated {
    /// What programs get.
    pub line: Line,
    /// The kind of the flag's values.
    pub kind: Option<&'static str>,
    /// More on how it came about.
    pub detail: Option<String>,
}

/// What evaluates.
pub enum Evaluator {
    /// A module in wasmtime.
    Module(Box<runtime::Instance>),
    /// A flag set.
    Interpreter(Box<flag_set::FlagSet>),
}

/// The names behind the numbers of a verdict.
struct Names<'a> {
    kind: &'static str,
    variant: Option<(&'a str, &'a Value)>,
    rule: Option<&'a str>,
    prerequisite: Option<&'a str>,
}

impl Evaluator {
    /// Loads a module from a file.
    ///
    /// # Errors
    /// It cannot be read, or is not a module of a known guest ABI.
    pub fn module(file: &Path) -> Result<Self, Failure> {
        let bytes = source::bytes(file)?;
        let fail = |error: &dyn std::fmt::Display| {
            Failure::Other(format!("{} cannot be loaded: {error}", source::name(file)))
        };
        if !bytes.starts_with(b"\0asm") {
            return Err(Failure::Other(format!(
                "{} is not a module; flag documents are evaluated with `--interpret`",
                source::name(file)
            )));
        }
        let engine = runtime::Engine::new().map_err(|error| fail(&error))?;
        let loaded = runtime::load(&engine, &bytes, None).map_err(|error| fail(&error))?;
        let instance = runtime::Instance::new(&loaded).map_err(|error| fail(&error))?;
        Ok(Self::Module(Box::new(instance)))
    }

    /// Reads a flag document for the interpreter.
    ///
    /// # Errors
    /// It cannot be read, has faults, or has no such environment.
    pub fn document(file: &Path, environment: Option<&str>) -> Result<Self, Failure> {
        let (_, project) = apply::read(file)?;
        let flag_set = compile::flag_set(&project, environment, &source::name(file))?;
        Ok(Self::Interpreter(Box::new(flag_set)))
    }

    /// The keys of every flag, in order.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        match self {
            Self::Module(instance) => {
                instance.loaded().manifest.flags.iter().map(|flag| flag.key.clone()).collect()
            }
            Self::Interpreter(flag_set) => flag_set.flags.keys().cloned().collect(),
        }
    }

    /// The verdict on one flag.
    ///
    /// # Errors
    /// The context is none, or the module is broken.
    pub fn evaluate(
        &mut self,
        key: &str,
        context: &Value,
        now_ms: f64,
    ) -> Result<Evaluated, String> {
        let verdict = match self {
            Self::Module(instance) => in_module(instance, key, context, now_ms)?,
            Self::Interpreter(flag_set) => {
                let mut context = context::Context::from_json(context)?;
                // As every host does, where the context sets nothing.
                context.random = Some(rand::random());
                interpret::evaluate(flag_set, key, &context, now_ms)
            }
        };
        Ok(evaluated(key, verdict, self.names(key, verdict).as_ref()))
    }

    fn names(&self, key: &str, verdict: Verdict) -> Option<Names<'_>> {
        let (variant, rule) = (usize::from(verdict.variant), usize::from(verdict.rule));
        let unmet = usize::from(verdict.detail).wrapping_sub(1);
        match self {
            Self::Module(instance) => {
                let (_, flag) = instance.loaded().manifest.flag(key)?;
                let variant = flag.variants.get(variant).map(|(key, value)| (key.as_str(), value));
                let kind = flag.kind.name();
                let rule = flag.rules.get(rule).map(String::as_str);
                let prerequisite = flag.prerequisites.get(unmet).map(String::as_str);
                Some(Names { kind, variant, rule, prerequisite })
            }
            Self::Interpreter(flag_set) => {
                let flag_set::Flag { definition, configuration } = flag_set.flags.get(key)?;
                let variant = definition.variants.get_index(variant);
                let rule = configuration.rules.get(rule).map(|rule| rule.id.as_str());
                let unmet = configuration.prerequisites.get(unmet);
                Some(Names {
                    kind: kind(definition.kind),
                    variant: variant.map(|(key, value)| (key.as_str(), value)),
                    rule,
                    prerequisite: unmet.map(|test| test.flag.as_str()),
                })
            }
        }
    }
}

fn in_module(
    instance: &mut runtime::Instance,
    key: &str,
    context: &Value,
    now_ms: f64,
) -> Result<Verdict, String> {
    let context = runtime::Context::from_json(context).map_err(|error| error.to_string())?;
    let flag = instance.loaded().manifest.flag(key).map(|(number, _)| number);
    let Some(flag) = flag else { return Ok(Verdict::error(error_code::FLAG_NOT_FOUND)) };
    match instance.evaluate(flag, &context, now_ms) {
        Ok(verdict) => Ok(verdict),
        // As guest ABI has hosts answer.
        Err(runtime::EvaluateError::ContextTooLarge) => {
            Ok(Verdict::error(error_code::INVALID_CONTEXT))
        }
        Err(error) => Err(error.to_string()),
    }
}

fn evaluated(key: &str, verdict: Verdict, names: Option<&Names<'_>>) -> Evaluated {
    let variant = names.and_then(|names| names.variant);
    let line = Line {
        key: key.to_owned(),
        value: variant.map_or(Value::Null, |(_, value)| value.clone()),
        variant: variant.map(|(key, _)| key.to_owned()),
        reason: reason::NAMES.get(usize::from(verdict.reason)).copied().unwrap_or("UNKNOWN"),
        rule: names.and_then(|names| names.rule).map(str::to_owned),
        error_code: match verdict.error_code {
            error_code::NONE => None,
            code => Some(error_code::NAMES.get(usize::from(code)).copied().unwrap_or("GENERAL")),
        },
    };
    let prerequisite = names.and_then(|names| names.prerequisite);
    let detail = match (verdict.detail, prerequisite) {
        (detail::OVERRIDE, _) => Some("an override names the targeting key".to_owned()),
        (detail::NONE, _) | (_, None) => None,
        // A module for browsers does not say which.
        (_, Some("")) => Some("a prerequisite is not met".to_owned()),
        (_, Some(flag)) => Some(format!("prerequisite {flag} is not met")),
    };
    Evaluated { line, kind: names.map(|names| names.kind), detail }
}

/// The name of a kind in the flag language.
const fn kind(kind: flag_set::Kind) -> &'static str {
    match kind {
        flag_set::Kind::Boolean => "boolean",
        flag_set::Kind::String => "string",
        flag_set::Kind::Number => "number",
        flag_set::Kind::Json => "json",
    }
}
