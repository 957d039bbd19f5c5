//! Grants: what a kind of key may do, and where.
//!
//! In: an identity and what is needed. Out: yes or no. What is not granted here is not granted:
//! the table below is all there is.

use std::sync::Arc;

use super::keys::Key;
use super::token::KeyKind;
use crate::log::event::Hash;

/// Where a key is good.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The one project; `None`: all of them, also those to come.
    pub project: Option<String>,
    /// The only environments of the project; `None`: all of them, also those to come. It bounds
    /// what a key may change and what it is delivered; who may read a project may read all of it.
    pub environments: Option<Vec<String>>,
}

/// What a route needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: whether the server lives and is ready.
    Nothing,
    /// To know which projects there are, each in its scope.
    List,
    /// To look at measurements of the whole server.
    Observe,
    /// To read a project: definitions, configurations, its log.
    Read,
    /// To have a copy of the whole store.
    Copy,
    /// To move a project's old events into archives.
    Archive,
    /// To begin a project.
    Create,
    /// To change what all environments share.
    Define,
    /// To change a flag in one environment.
    Configure,
    /// To say what holds of changes in one environment.
    Govern,
    /// To go back: of all environments, or of one, which the body names.
    Revert,
    /// To be told what is announced in an environment.
    Follow,
    /// To say what one serves of it.
    Report,
    /// To have flags evaluated in the environment that the key is good for.
    Evaluate,
    /// To read the rules of an environment as JSON.
    Rules,
    /// To fetch a module, of whatever it is allowed to follow.
    Fetch,
    /// To read the code of a flag of such a module as text.
    Print,
    /// To give and take keys.
    Administer,
}

/// Who asks.
#[derive(Clone, Debug)]
pub enum Identity {
    /// Who shows no key to a server that asks for one.
    Nobody,
    /// Whoever reaches a server that asks for no keys.
    Anybody,
    /// The holder of a key.
    Key {
        /// The key.
        key: Arc<Key>,
        /// Which of its secrets was shown.
        secret: Hash,
    },
}

impl Need {
    /// Every need.
    pub const ALL: [Self; 18] = [
        Self::Nothing,
        Self::List,
        Self::Observe,
        Self::Read,
        Self::Copy,
        Self::Archive,
        Self::Create,
        Self::Define,
        Self::Configure,
        Self::Govern,
        Self::Revert,
        Self::Follow,
        Self::Report,
        Self::Evaluate,
        Self::Rules,
        Self::Fetch,
        Self::Print,
        Self::Administer,
    ];

    /// The table of kinds: may a key of this kind ever do it.
    #[must_use]
    pub const fn is_met_by(self, kind: KeyKind) -> bool {
        use KeyKind::{Admin, Editor, Server, Viewer};
        match self {
            Self::Nothing | Self::Follow | Self::Evaluate | Self::Fetch | Self::Print => true,
            Self::Rules | Self::Report => matches!(kind, Admin | Editor | Viewer | Server),
            Self::List | Self::Observe | Self::Read => matches!(kind, Admin | Editor | Viewer),
            Self::Create | Self::Define | Self::Configure | Self::Revert => {
                matches!(kind, Admin | Editor)
            }
            Self::Copy | Self::Archive | Self::Govern | Self::Administer => matches!(kind, Admin),
        }
    }

    /// The table of scopes: does it hold where it is asked for. `project` and `environment` are
    /// those of the path, where it has some.
    #[must_use]
    pub fn is_within(
        self,
        scope: &Scope,
        project: Option<&str>,
        environment: Option<&str>,
    ) -> bool {
        let in_project = || project.is_some_and(|project| scope.has_project(project));
        match self {
            // What is listed, fetched, printed or administered is looked at one by one.
            Self::Nothing
            | Self::List
            | Self::Evaluate
            | Self::Fetch
            | Self::Print
            | Self::Administer => true,
            Self::Observe | Self::Copy | Self::Create => *scope == Scope::default(),
            Self::Read | Self::Revert => in_project(),
            Self::Define | Self::Archive => in_project() && scope.environments.is_none(),
            Self::Configure | Self::Govern | Self::Follow | Self::Report | Self::Rules => {
                in_project() && environment.is_some_and(|name| scope.has_environment(name))
            }
        }
    }
}

impl Scope {
    /// Is the project in it?
    #[must_use]
    pub fn has_project(&self, project: &str) -> bool {
        self.project.as_deref().is_none_or(|own| own == project)
    }

    /// Is the environment in it, of a project that is?
    #[must_use]
    pub fn has_environment(&self, environment: &str) -> bool {
        self.environments.as_ref().is_none_or(|own| own.iter().any(|name| name == environment))
    }

    /// Is all that lies in `other` in it, too?
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        let projects = match (&self.project, &other.project) {
            (None, _) => true,
            (Some(own), Some(other)) => own == other,
            (Some(_), None) => false,
        };
        let environments = match (&self.environments, &other.environments) {
            (None, _) => true,
            (Some(own), Some(other)) => other.iter().all(|name| own.contains(name)),
            (Some(_), None) => false,
        };
        projects && environments
    }
}

impl Identity {
    /// May it do what is needed there?
    #[must_use]
    pub fn may(&self, need: Need, project: Option<&str>, environment: Option<&str>) -> bool {
        match self {
            Self::Nobody => need == Need::Nothing,
            Self::Anybody => true,
            Self::Key { key, .. } => {
                need.is_met_by(key.kind) && need.is_within(&key.scope, project, environment)
            }
        }
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> Option<&Arc<Key>> {
        match self {
            Self::Nobody | Self::Anybody => None,
            Self::Key { key, .. } => Some(key),
        }
    }

    /// Is it in a page, where everybody reads what it is given?
    #[must_use]
    pub fn is_browser(&self) -> bool {
        self.key().is_some_and(|key| key.kind == KeyKind::Browser)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(project: Option<&str>, environments: Option<&[&str]>) -> Scope {
        let environments =
            environments.map(|names| names.iter().map(|&name| name.into()).collect());
        Scope { project: project.map(str::to_owned), environments }
    }

    /// One row a need, one letter a kind: what `docs/security.md` shows.
    #[test]
    fn the_table_of_kinds_is_what_is_documented() {
        let letters = |need: Need| -> String {
            let letter = |kind: KeyKind| kind.name().chars().next().unwrap_or('?');
            KeyKind::ALL.into_iter().filter(|kind| need.is_met_by(*kind)).map(letter).collect()
        };
        let table: Vec<String> =
            Need::ALL.iter().map(|need| format!("{need:?} {}", letters(*need))).collect();
        assert_eq!(
            table.join("\n"),
            "Nothing aevsb\nList aev\nObserve aev\nRead aev\nCopy a\nArchive a\nCreate ae\nDefine ae\nConfigure ae\n\
             Govern a\nRevert ae\nFollow aevsb\nReport aevs\nEvaluate aevsb\nRules aevs\nFetch aevsb\nPrint aevsb\nAdminister a"
        );
    }

    #[test]
    fn scopes_bound_projects_and_environments() {
        let staging = scope(Some("shop"), Some(&["staging"]));
        let within =
            |need: Need, project, environment| need.is_within(&staging, Some(project), environment);
        assert!(within(Need::Read, "shop", None));
        assert!(!within(Need::Read, "bank", None));
        assert!(within(Need::Configure, "shop", Some("staging")));
        assert!(!within(Need::Configure, "shop", Some("production")));
        assert!(!within(Need::Configure, "bank", Some("staging")));
        assert!(!within(Need::Define, "shop", None));
        assert!(!Need::Create.is_within(&staging, None, None));
        assert!(!Need::Observe.is_within(&staging, None, None));
        assert!(Need::Create.is_within(&Scope::default(), None, None));
    }

    #[test]
    fn a_scope_holds_narrower_ones() {
        let all = Scope::default();
        let shop = scope(Some("shop"), None);
        let staging = scope(Some("shop"), Some(&["staging"]));
        let both = scope(Some("shop"), Some(&["staging", "production"]));
        for (outer, inner) in [(&all, &shop), (&all, &all), (&shop, &both), (&both, &staging)] {
            assert!(outer.holds(inner), "{outer:?} {inner:?}");
        }
        for (outer, inner) in [(&shop, &all), (&staging, &both), (&staging, &shop)] {
            assert!(!outer.holds(inner), "{outer:?} {inner:?}");
        }
        assert!(!shop.holds(&scope(Some("bank"), None)));
    }
}
