//! Warnings: flags that are good, and in which something can have no effect.
//!
//! In: a project that passed `check`. Out: warnings, none of them false: a rule reported as never
//! reached decides for no context, a variant reported as never served is served to nobody. What is
//! not certain is not reported, and the work is bounded. Every family of warnings has a file
//! beneath this one; they ask `possible` whether one context can meet a list of claims, and
//! `reach` what that means for a flag's rules. Nothing here compiles, and no flag is changed.
//!
//! What only follows from another warning is not told: a rule whose condition never holds is
//! reported once, at its condition.

use crate::diagnostic::Diagnostic;
use crate::flag_set::{Lifecycle, Project, ProjectFlag};

mod warnings;

mod unit;

mod possible;

mod known;

mod reach;

mod environment;

mod rules;

mod conditions;

mod references;

mod serves;

mod lists;

mod segments;

use environment::Environment;
use known::Known;
use warnings::Warnings;

/// Every warning about `project`, in all its environments. On a project that would not pass
/// [`crate::check::project`] some are missing.
#[must_use]
pub fn project(project: &Project) -> Vec<Diagnostic> {
    let mut warnings = Warnings::default();
    let (known, alone) = (Known::new(&project.segments), Known::new(&project.segments));
    lists::of_project(project, &mut warnings);
    segments::lint(project, &alone, &mut warnings);
    let mut environments = Vec::new();
    for environment in &project.environments {
        let environment = Environment::read(project, environment, &known);
        for reading in environment.readings() {
            reading.at(|at| {
                rules::lint(reading, at, &mut warnings);
                conditions::of_configuration(&alone, reading, at, &mut warnings);
                references::lint(&environment, reading, at, &mut warnings);
                serves::one_arm(reading, at, &mut warnings);
                lists::of_configuration(reading.configuration, at, &mut warnings);
            });
        }
        environments.push(environment);
    }
    serves::never_served(project, &environments, &mut warnings);
    warnings.into_diagnostics()
}

/// The flags that are in modules.
fn active(project: &Project) -> impl Iterator<Item = (&str, &ProjectFlag)> {
    let flags = project.flags.iter().map(|(key, flag)| (key.as_str(), flag));
    flags.filter(|(_, flag)| flag.definition.lifecycle == Lifecycle::Active)
}
