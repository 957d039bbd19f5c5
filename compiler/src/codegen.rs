//! Flags as code: what a program needs to name them without a mistake.
//!
//! In: a project, and for whom. Out: the text of a file in TypeScript or Rust, the same for equal
//! flags: sorted by key, without a time. Whatever stands in a document is written so that it cannot
//! end a comment or a literal. Archived flags are in no module, and not here.

mod escape;

mod names;

mod comment;

mod typescript;

mod rust;

use crate::audience::Audience;
use crate::flag_set::{Definition, Lifecycle, Project};

/// What the code is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Types for a client in a page.
    TypeScript,
    /// Handles for the Rust client.
    Rust,
}

/// A flag that code is made of: its key, and what is true of it in every environment.
type Told<'p> = (&'p str, &'p Definition);

impl Language {
    /// As the command line writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TypeScript => "ts",
            Self::Rust => "rust",
        }
    }

    /// Who evaluates flags in this language, unless something else is said.
    #[must_use]
    pub const fn audience(self) -> Audience {
        match self {
            Self::TypeScript => Audience::Browser,
            Self::Rust => Audience::Server,
        }
    }
}

/// The flags of a project that `audience` may ask for, as code.
#[must_use]
pub fn codegen(project: &Project, language: Language, audience: Audience) -> String {
    let flags = told(project, audience);
    let made_by = made_by(language, audience);
    match language {
        Language::TypeScript => typescript::file(&flags, &made_by),
        Language::Rust => rust::file(&flags, &made_by),
    }
}

/// How many flags that are.
#[must_use]
pub fn flags(project: &Project, audience: Audience) -> usize {
    told(project, audience).len()
}

fn told(project: &Project, audience: Audience) -> Vec<Told<'_>> {
    let flags = project.flags.iter().map(|(key, flag)| (key.as_str(), &flag.definition));
    let flags = flags.filter(|(_, flag)| flag.lifecycle == Lifecycle::Active);
    flags.filter(|(_, flag)| audience == Audience::Server || flag.client_visible).collect()
}

/// The command, without what does not change the text.
fn made_by(language: Language, audience: Audience) -> String {
    let mut command = format!("vexil codegen {}", language.name());
    if audience != language.audience() {
        command.push_str(" --audience ");
        command.push_str(audience.name());
    }
    command
}
