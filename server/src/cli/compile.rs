//! `vexil check FILE` and `vexil compile FILE`: a flag document's faults, or its module.
//!
//! In: a flag document. Out: its faults and warnings as compilers show them; or a module in a file,
//! with its digest. No server takes part.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use owo_colors::OwoColorize;
use serde::Serialize;
use serde_json::json;
use vexil_compiler::Module;
use vexil_compiler::diagnostic::{Diagnostic, Severity};
use vexil_compiler::flag_set::{FlagSet, Project};
use vexil_compiler::revealed::{Revealed, revealed};

use super::apply;
use super::exit::Exit;
use super::failure::{Failure, count};
use super::fault;
use super::output::{Output, pairs, plain, table};
use super::selected::Selected;
use super::source;

pub(super) const CHECK_EXAMPLES: &str = "\
Examples:
  vexil check flags.yaml
  vexil check flags.yaml --deny-warnings          for a pipeline: warnings count as faults
  vexil check flags.yaml --public -e production   what a visitor could read in the browser's module";

pub(super) const EXAMPLES: &str = "\
Examples:
  vexil compile flags.yaml -e production -o production.wasm
  vexil compile flags.yaml -e production          only say what it would be
  vexil compile flags.yaml -e production --audience browser -o browser.wasm
  vexil compile flags.yaml -e production --flags a,b   the module that who follows these two gets

For browsers, only flags that are `client_visible` are in the module, and lists of strings cannot be
read in it.";

/// Flags that are named as those through which a text can be read.
const FLAGS_TOLD: usize = 3;

/// What to check.
#[derive(Args, Clone, Debug)]
pub struct Check {
    /// A flag document in YAML or JSON; `-` is standard input
    file: PathBuf,
    /// Take warnings for faults
    #[arg(long)]
    deny_warnings: bool,
    /// List what a visitor could read in the module for browsers, of one environment or of all
    #[arg(long)]
    public: bool,
}

/// What to compile, and where to.
#[derive(Args, Clone, Debug)]
pub struct Compile {
    /// A flag document in YAML or JSON; `-` is standard input
    file: PathBuf,
    /// Write the module to a file; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Who evaluates it, and so may read what is in it
    #[arg(long, value_enum, default_value_t)]
    audience: Audience,
    #[command(flatten)]
    selected: Selected,
}

/// Who evaluates a module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Services of your own: every flag
    #[default]
    Server,
    /// Anybody: the flags that are `client_visible`, with lists of strings as digests
    Browser,
}

impl From<Audience> for vexil_compiler::Audience {
    fn from(audience: Audience) -> Self {
        match audience {
            Audience::Server => Self::Server,
            Audience::Browser => Self::Browser,
        }
    }
}

/// Runs `vexil check`: every environment is compiled.
///
/// # Errors
/// The document cannot be read or has faults, or warnings that are denied.
pub fn check(check: &Check, environment: Option<&str>, out: Output) -> Result<Exit, Failure> {
    let (text, project, warnings) = apply::read_and_lint(&check.file)?;
    let name = source::name(&check.file);
    let mut found = too_large(&project);
    found.extend(warnings);
    if check.deny_warnings {
        found.iter_mut().for_each(|diagnostic| diagnostic.severity = Severity::Error);
    }
    if found.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return Err(Failure::Flags { name, text, faults: found });
    }
    let public = match check.public {
        true => Some(public(&project, environment, &name)?),
        false => None,
    };
    good(&name, &text, &project, &found, public.as_deref(), out)
}

/// What can be read in an environment's module for browsers.
#[derive(Serialize)]
struct Public {
    environment: String,
    texts: Vec<Revealed>,
}

/// What can be read, in one environment or in each.
fn public(
    project: &Project,
    environment: Option<&str>,
    name: &str,
) -> Result<Vec<Public>, Failure> {
    let environments = match environment {
        Some(environment) => vec![environment.to_owned()],
        None => project.environments.clone(),
    };
    let mut public = Vec::new();
    for environment in environments {
        let flag_set = flag_set(project, Some(&environment), name)?;
        // The document was found good.
        let texts = revealed(&flag_set, &project.sensitive).unwrap_or_default();
        public.push(Public { environment, texts });
    }
    Ok(public)
}

fn show(public: &Public, out: Output) -> Result<(), Failure> {
    let environment = plain(&public.environment);
    if public.texts.is_empty() {
        let nothing = "shows a visitor nothing: no flag is `client_visible`";
        return out.line(format_args!("\nthe module for browsers of {environment} {nothing}"));
    }
    let shows = count(public.texts.len(), "text");
    out.line(format_args!("\nthe module for browsers of {environment} shows a visitor {shows}"))?;
    let is_marked = public.texts.iter().any(|text| mark(text).is_some());
    let columns: &[&str] = match is_marked {
        true => &["WHAT", "TEXT", "THROUGH", "MARK"],
        false => &["WHAT", "TEXT", "THROUGH"],
    };
    let mut rows = table(columns);
    for text in &public.texts {
        let flags = text.flags.iter().take(FLAGS_TOLD).map(|flag| plain(flag));
        let mut through = flags.collect::<Vec<_>>().join(", ");
        match text.flags.len().saturating_sub(FLAGS_TOLD) {
            0 => {}
            more => through.push_str(&format!(" and {more} more")),
        }
        let mut row = vec![text.what.name().to_owned(), plain(&text.text), through];
        row.extend(is_marked.then(|| mark(text).unwrap_or_default()));
        rows.add_row(row);
    }
    out.table(rows)
}

/// What should make people look at a text.
fn mark(text: &Revealed) -> Option<String> {
    if text.sensitive {
        return Some("sensitive: its name alone".to_owned());
    }
    text.looks.map(|looks| format!("looks like {}", looks.words()))
}

/// What only compiling finds, in each environment.
fn too_large(project: &Project) -> Vec<Diagnostic> {
    let flag_sets = project.environments.iter().filter_map(|name| project.flag_set(name));
    flag_sets.filter_map(|flag_set| vexil_compiler::compile(&flag_set).err()).flatten().collect()
}

/// Says that the document is good, after what there is to warn about.
fn good(
    name: &str,
    text: &str,
    project: &Project,
    warnings: &[Diagnostic],
    public: Option<&[Public]>,
    out: Output,
) -> Result<Exit, Failure> {
    let (flags, segments) = (project.flags.len(), project.segments.len());
    if out.json {
        let environments = &project.environments;
        let mut document = json!({
            "flags": flags, "segments": segments, "environments": environments,
            "diagnostics": warnings,
        });
        if let (Some(public), Some(members)) = (public, document.as_object_mut()) {
            members.insert("public".to_owned(), json!(public));
        }
        out.json(&document)?;
    } else {
        if !warnings.is_empty() {
            out.line(fault::listed(name, text, warnings))?;
        }
        let flags = count(flags, "flag");
        let environments = count(project.environments.len(), "environment");
        let tick = "✓".green().bold().to_string();
        let name = plain(name);
        let warnings = match warnings.len() {
            0 => String::new(),
            some => format!(", {}", count(some, "warning").yellow().bold()),
        };
        out.line(format_args!("{tick} {name} is good: {flags} in {environments}{warnings}"))?;
        public.unwrap_or_default().iter().try_for_each(|public| show(public, out))?;
    }
    Ok(Exit::Success)
}

/// Runs `vexil compile`.
///
/// # Errors
/// The document cannot be read or has faults, there is no such environment, or the module cannot be
/// written.
pub fn run(compile: &Compile, environment: Option<&str>, out: Output) -> Result<Exit, Failure> {
    let (text, project) = apply::read(&compile.file)?;
    let name = source::name(&compile.file);
    let flag_set = flag_set(&project, environment, &name)?;
    let selection = compile.selected.selection()?;
    let keys = selection.as_ref().map(|some| some.keys(&flag_set, compile.audience.into()));
    let module = compiled((&name, &text), &flag_set, compile.audience, keys.as_deref())?;
    let to_stdout = compile.output.as_ref().is_some_and(|file| file.as_os_str() == "-");
    if let Some(file) = &compile.output {
        source::write(file, &module.bytes)?;
    }
    let flags = keys.map_or_else(|| flags(&flag_set, compile.audience), |keys| keys.len());
    if flags == 0 && selection.is_some() {
        out.note("no such flag is there: the module has no flags");
    } else if flags == 0 && compile.audience == Audience::Browser {
        out.note("no flag is `client_visible`: the module has no flags");
    }
    let bytes = module.bytes.len();
    match (out.json, to_stdout) {
        (_, true) => out.note(format_args!("{} {bytes} bytes", module.digest)),
        (true, false) => out.json(&json!({
            "digest": module.digest, "bytes": bytes, "flags": flags, "audience": compile.audience,
        }))?,
        (false, false) => {
            let mut rows = pairs();
            rows.add_row(["digest", &module.digest]);
            rows.add_row(["bytes", &bytes.to_string()]);
            match compile.audience {
                Audience::Server if selection.is_none() => {
                    rows.add_row(["flags", &flags.to_string()])
                }
                _ => rows.add_row(["flags", &format!("{flags} of {}", flag_set.flags.len())]),
            };
            if let Some(file) = &compile.output {
                rows.add_row(["written to", &plain(&source::name(file))]);
            }
            out.table(rows)?;
        }
    }
    Ok(Exit::Success)
}

/// How many flags a module for `audience` has.
fn flags(flag_set: &FlagSet, audience: Audience) -> usize {
    let flags = flag_set.flags.values();
    flags.filter(|flag| audience == Audience::Server || flag.definition.client_visible).count()
}

/// The flag set of `environment`; of the only one when none is named.
///
/// # Errors
/// There is no such environment, or none was named and there are several.
pub fn flag_set(
    project: &Project,
    environment: Option<&str>,
    name: &str,
) -> Result<FlagSet, Failure> {
    let known = project.environments.join("`, `");
    let environment = match (environment, project.environments.as_slice()) {
        (Some(environment), _) => environment,
        (None, [only]) => only,
        (None, []) => return Err(Failure::Usage(format!("{name} names no environment"))),
        (None, _) => {
            return Err(Failure::Usage(format!(
                "which environment? name one with `--environment KEY`: `{known}`"
            )));
        }
    };
    project.flag_set(environment).ok_or_else(|| {
        Failure::Missing(format!("{name} has no environment `{environment}`; it has `{known}`"))
    })
}

fn compiled(
    (name, text): (&str, &str),
    flag_set: &FlagSet,
    audience: Audience,
    keys: Option<&[&str]>,
) -> Result<Module, Failure> {
    let module = match keys {
        None => vexil_compiler::compile_for(flag_set, audience.into()),
        Some(keys) => vexil_compiler::compile_some(flag_set, audience.into(), keys),
    };
    module.map_err(|faults| Failure::Flags { name: name.to_owned(), text: text.to_owned(), faults })
}
