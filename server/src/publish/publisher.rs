//! The publisher of one environment: candidates in, announcements out.
//!
//! In: the newest flag set, usually with its module. Out: an announcement. State is synchronised,
//! not queued: of candidates that come while one is being published, or within the pause after it,
//! only the newest is published. A candidate that cannot be compiled leaves the old announcement
//! standing. Revisions never go back.
//!
//! A publisher may be of some flags only. They are compiled without the others, so that the digest
//! changes when they do, or what they need; else the module before is announced at the new revision.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tracing::{Instrument as _, Span};
use vexil_compiler::flag_set::FlagSet;
use vexil_compiler::{Audience, with_needed};
use vexil_runtime::simulated::spawn_blocking;

use super::announcement::{Announcement, Rendered, module_url};
use super::changed::changed;
use super::compiling::{CompileError, Compilers};
use super::encoding::Encodings;
use super::evaluator::Evaluator;
use super::modules::{Compiled, Modules, Owner, Shelf};
use super::selection::{Places, Selection};
use super::sign::{Facts, Signed, Signer};
use super::verified::Verifier;
use crate::clock;
use crate::limits::{
    MODULES_KEPT, PUBLISH_AGAIN, PUBLISH_AGAIN_MAX, PUBLISH_PAUSE_EACH, SELECTED_MODULES_KEPT,
};
use crate::log::event::{Hash, Revision};
use crate::telemetry::Telemetry;
use crate::trace::{self, Cause};

/// What is to be published.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The newest event in it.
    pub revision: Revision,
    /// The hash chain up to that event.
    pub log_head: Hash,
    /// When that event was appended, for people.
    pub committed_at_ms: i64,
    /// When it was acknowledged, for measuring.
    pub committed: Instant,
    /// The environment's flags at `revision`.
    pub flag_set: Arc<FlagSet>,
    /// Their module, where it has been compiled already.
    pub module: Option<Compiled>,
    /// Who or what has changed them.
    pub cause: Cause,
}

/// What an environment's publisher has come to.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// The announcement that stands.
    pub announced: Option<Arc<Rendered>>,
    /// Its module, for those who ask the server to evaluate.
    pub evaluator: Option<Arc<Evaluator>>,
    /// Why a newer revision could not be published.
    pub failure: Option<Failure>,
}

/// A revision that could not be published.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Which.
    pub revision: Revision,
    /// Why.
    pub message: String,
}

/// What all publishers share.
pub struct Press {
    /// The threads that compile.
    pub compilers: Compilers,
    /// The modules that can be fetched.
    pub modules: Modules,
    /// The same as they travel.
    pub encodings: Encodings,
    /// Room for publishers of some flags.
    pub places: Places,
    /// What signs announcements.
    pub signer: Signer,
    /// Where measurements go.
    pub telemetry: Arc<Telemetry>,
    /// The pause after an announcement.
    pub pause: Duration,
    /// After so long without news an announcement is signed anew.
    pub sign_again: Duration,
}

/// The two ends of a running publisher. It stops when this is dropped.
#[derive(Debug)]
pub struct Publisher {
    candidates: watch::Sender<Option<Arc<Candidate>>>,
    published: watch::Receiver<Published>,
    sender: watch::Sender<Published>,
}

impl Publisher {
    /// Starts the publisher of an environment that has announced nothing yet.
    #[must_use]
    pub fn start(owner: Owner, press: Arc<Press>) -> Self {
        let (candidates, to_publish) = watch::channel(None);
        let (sender, published) = watch::channel(Published::default());
        let work = Work {
            shelf: Shelf::new(match owner.selection {
                None => MODULES_KEPT,
                Some(_) => SELECTED_MODULES_KEPT,
            }),
            owner: Arc::new(owner),
            verifier: None,
            press,
            before: None,
            log_head: Hash::default(),
            published: sender.clone(),
        };
        tokio::spawn(work.run(to_publish));
        Self { candidates, published, sender }
    }

    /// Hands over the newest candidate.
    pub fn publish(&self, candidate: Candidate) {
        self.candidates.send_replace(Some(Arc::new(candidate)));
    }

    /// The newest candidate.
    #[must_use]
    pub fn newest(&self) -> Option<Arc<Candidate>> {
        self.candidates.borrow().clone()
    }

    /// What has been announced, now and later.
    #[must_use]
    pub fn published(&self) -> watch::Receiver<Published> {
        self.published.clone()
    }

    /// Does anybody hold what [`Self::published`] has given?
    #[must_use]
    pub fn is_followed(&self) -> bool {
        // One receiver is its own.
        self.sender.receiver_count() > 1
    }
}

struct Work {
    owner: Arc<Owner>,
    /// Its own, so that it knows the functions of the module before; made when it is needed.
    verifier: Option<Verifier>,
    press: Arc<Press>,
    shelf: Shelf,
    /// What stands announced.
    before: Option<Before>,
    /// The hash chain up to its revision.
    log_head: Hash,
    published: watch::Sender<Published>,
}

/// What stands announced.
struct Before {
    revision: Revision,
    /// The first revision at which this module was announced without another in between.
    since: Revision,
    module: Compiled,
    /// What it was compiled from.
    flag_set: Arc<FlagSet>,
}

impl Work {
    async fn run(mut self, mut candidates: watch::Receiver<Option<Arc<Candidate>>>) {
        let mut failures = 0;
        loop {
            tokio::select! {
                biased;
                changed = candidates.changed() => match changed {
                    Ok(()) => {}
                    Err(_) => break,
                },
                () = tokio::time::sleep(again(failures)), if failures > 0 => {}
                () = tokio::time::sleep(self.press.sign_again) => {
                    self.sign_again();
                    continue;
                }
            }
            let newest = candidates.borrow_and_update().clone();
            let Some(candidate) = newest else { continue };
            let span = self.span(&candidate);
            match self.take(&candidate).instrument(span.clone()).await {
                Ok(()) => failures = 0,
                Err(error) => {
                    failures = if error.may_pass() { failures + 1 } else { 0 };
                    span.in_scope(|| self.fail(&candidate, &error));
                }
            }
            drop(span);
            // What comes now is joined: the next round publishes the newest of it.
            tokio::time::sleep(self.pause()).await;
        }
        self.press.modules.clear(&mut self.shelf);
    }

    /// The longer, the more there are who are told: so that telling them leaves room for the rest.
    fn pause(&self) -> Duration {
        let listeners = u32::try_from(self.published.receiver_count()).unwrap_or(u32::MAX);
        self.press.pause + PUBLISH_PAUSE_EACH.saturating_mul(listeners)
    }

    fn span(&self, candidate: &Candidate) -> Span {
        let Owner { project, environment, audience, .. } = &*self.owner;
        let (audience, revision) = (audience.name(), candidate.revision.0);
        let span = tracing::debug_span!("publish", project, environment, audience, revision);
        candidate.cause.continue_in(&span);
        span
    }

    /// Compiles a candidate where that is needed, verifies and announces it.
    async fn take(&mut self, candidate: &Candidate) -> Result<(), CompileError> {
        let candidate = &self.selected(candidate).await?;
        let module = self.module(candidate).await?;
        let changed = self.changed(candidate, &module).await;
        let evaluator = self.verify(candidate, &module, changed.clone()).await?;
        self.announce(candidate, &module, changed, evaluator);
        Ok(())
    }

    /// The candidate with the flags that this publisher is of and what they need; and with the
    /// module before, when it would come out the same.
    async fn selected(&self, candidate: &Candidate) -> Result<Candidate, CompileError> {
        let Some(selection) = self.owner.selection.clone() else { return Ok(candidate.clone()) };
        let (whole, audience) = (Arc::clone(&candidate.flag_set), self.owner.audience);
        let before = self.before.as_ref().map(|before| Arc::clone(&before.flag_set));
        let work = move || {
            let keys = selection.keys(&whole, audience);
            let part = with_needed(&whole, &keys);
            let same = before.is_some_and(|before| {
                selection.keys(&before, audience) == keys && means_the_same(&before, &part)
            });
            (part, same)
        };
        let (part, same) = spawn_blocking(work).await.map_err(|_| CompileError::Broken)?;
        let before = self.before.as_ref().filter(|_| same);
        let module = before.map(|before| before.module.clone());
        Ok(Candidate { flag_set: Arc::new(part), module, ..candidate.clone() })
    }

    async fn module(&self, candidate: &Candidate) -> Result<Compiled, CompileError> {
        match &candidate.module {
            Some(module) => Ok(module.clone()),
            None => {
                let flag_set = Arc::clone(&candidate.flag_set);
                let Owner { audience, ref selection, .. } = *self.owner;
                let compile = self.press.compilers.compile(flag_set, audience, selection.clone());
                compile.instrument(tracing::debug_span!("compile")).await
            }
        }
    }

    /// Holds the module against its flags, unless it is the one that stands announced.
    async fn verify(
        &mut self,
        candidate: &Candidate,
        module: &Compiled,
        changed: Option<Vec<String>>,
    ) -> Result<Option<Arc<Evaluator>>, CompileError> {
        if self.stands(module) {
            return Ok(self.published.borrow().evaluator.clone());
        }
        let verifier = match self.verifier.take() {
            Some(verifier) => verifier,
            None => Verifier::new()?,
        };
        let verifier = self.verifier.insert(verifier);
        let flag_set = Arc::clone(&candidate.flag_set);
        let verify = self.press.compilers.verify(verifier, module, flag_set, changed);
        let verified = verify.instrument(tracing::debug_span!("verify")).await?;
        if self.owner.selection.is_some() {
            // Nobody asks the server to evaluate some flags: their machine code is not kept.
            self.verifier = None;
            return Ok(None);
        }
        Ok(Some(Arc::new(verified)))
    }

    /// Is it the module that stands announced?
    fn stands(&self, module: &Compiled) -> bool {
        self.before.as_ref().is_some_and(|before| before.module.digest == module.digest)
    }

    /// The flags that differ from what stands announced, when that is known.
    async fn changed(&self, candidate: &Candidate, module: &Compiled) -> Option<Vec<String>> {
        let before = self.before.as_ref()?;
        if self.stands(module) {
            return Some(Vec::new());
        }
        let (before, after) = (Arc::clone(&before.flag_set), Arc::clone(&candidate.flag_set));
        let owner = Arc::clone(&self.owner);
        let work = move || match &owner.selection {
            None => {
                let mut changed = changed(&before, &after);
                // A page is told nothing of flags that it may not see.
                let all = owner.audience == Audience::Server;
                changed.retain(|key| all || is_seen(key, &before, &after));
                changed
            }
            Some(selection) => changed_of(selection, owner.audience, &before, &after),
        };
        spawn_blocking(work).await.ok()
    }

    fn announce(
        &mut self,
        candidate: &Candidate,
        module: &Compiled,
        changed: Option<Vec<String>>,
        evaluator: Option<Arc<Evaluator>>,
    ) {
        let Candidate { revision, committed_at_ms, committed, ref flag_set, .. } = *candidate;
        if self.before.as_ref().is_some_and(|before| before.revision >= revision) {
            return;
        }
        self.press.modules.put(&mut self.shelf, &self.owner, module);
        let same = self.stands(module);
        let since = self.before.as_ref().map(|before| before.since);
        let selection = self.owner.selection.as_deref();
        // Who follows a selection is not told of revisions that change nothing of it.
        let changed_since = match selection {
            None => self.before.as_ref().map(|before| before.revision),
            Some(_) => since,
        };
        let now_ms = clock::now_ms();
        self.log_head = candidate.log_head;
        let signed = self.sign(revision, &module.digest, module.bytes.len(), now_ms);
        let rendered = Rendered::from(Announcement {
            project: self.owner.project.clone(),
            environment: self.owner.environment.clone(),
            selection: selection.cloned(),
            revision,
            digest: module.digest.clone(),
            bytes: module.bytes.len(),
            url: module_url(&module.digest),
            changed_since: changed_since.filter(|_| changed.is_some()),
            changed,
            published_at_ms: now_ms,
            committed_at_ms,
            issued_ms: now_ms,
            signed,
        });
        let since = since.filter(|_| same).unwrap_or(revision);
        let (module_kept, flag_set) = (module.clone(), Arc::clone(flag_set));
        self.before = Some(Before { revision, since, module: module_kept, flag_set });
        if self.press.compilers.forgets(revision) {
            return;
        }
        let announced = Some(Arc::new(rendered));
        self.published.send_replace(Published { announced, evaluator, failure: None });
        if same && self.owner.selection.is_some() {
            return;
        }
        self.press.telemetry.announcement(!same, committed.elapsed());
        let Owner { project, environment, audience, selection } = &*self.owner;
        let (digest, request) = (&*module.digest, candidate.cause.request.as_deref());
        let selection = selection.as_ref().map(ToString::to_string);
        trace::announced(&Span::current(), digest);
        tracing::info!(
            project, environment, audience = audience.name(), selection, %revision, digest,
            request, "announced"
        );
    }

    /// Signs what is announced of the newest revision, whose hash is the log's head.
    fn sign(&self, revision: Revision, digest: &str, bytes: usize, issued_ms: i64) -> Signed {
        let (owner, log_head) = (&*self.owner, self.log_head);
        self.press.signer.sign(Facts { owner, revision, log_head, digest, bytes, issued_ms })
    }

    /// Says the same with a younger signature, so that who hears it knows that it is still so.
    fn sign_again(&self) {
        self.published.send_if_modified(|published| {
            let Some(announced) = &published.announced else { return false };
            let Announcement { revision, digest, bytes, .. } = &announced.announcement;
            let issued_ms = clock::now_ms();
            let signed = self.sign(*revision, digest, *bytes, issued_ms);
            let announcement = Announcement { issued_ms, signed, ..announced.announcement.clone() };
            published.announced = Some(Arc::new(announcement.into()));
            true
        });
    }

    fn fail(&self, candidate: &Candidate, error: &CompileError) {
        let Owner { project, environment, audience, selection } = &*self.owner;
        let selection = selection.as_ref().map(ToString::to_string);
        let (revision, request) = (candidate.revision, candidate.cause.request.as_deref());
        tracing::error!(
            project, environment, audience = audience.name(), selection, %revision, request,
            %error, "could not be published"
        );
        self.press.telemetry.publish_failure();
        let message = error.to_string();
        self.published
            .send_modify(|published| published.failure = Some(Failure { revision, message }));
    }
}

/// Do two parts of flag sets, of the same flags, give the same module?
fn means_the_same(before: &FlagSet, after: &FlagSet) -> bool {
    // Pages are told names of visible flags only.
    let visible = |flags: &FlagSet| -> Vec<bool> {
        flags.flags.values().map(|flag| flag.definition.client_visible).collect()
    };
    changed(before, after).is_empty() && visible(before) == visible(after)
}

/// The selected flags that differ, that came to be selected, or are not any more.
fn changed_of(
    selection: &Selection,
    audience: Audience,
    before: &FlagSet,
    after: &FlagSet,
) -> Vec<String> {
    let keys = |flags| -> BTreeSet<&str> { selection.keys(flags, audience).into_iter().collect() };
    let (old, new) = (keys(before), keys(after));
    let mut changed: BTreeSet<String> = changed(before, after).into_iter().collect();
    changed.retain(|key| old.contains(key.as_str()) || new.contains(key.as_str()));
    changed.extend(old.symmetric_difference(&new).map(|key| (*key).to_owned()));
    changed.into_iter().collect()
}

/// Is the flag one that pages see, or was it?
fn is_seen(key: &str, before: &FlagSet, after: &FlagSet) -> bool {
    let sees =
        |flags: &FlagSet| flags.flags.get(key).is_some_and(|flag| flag.definition.client_visible);
    sees(before) || sees(after)
}

/// How long to wait before what failed so often is tried again.
fn again(failures: u32) -> Duration {
    let doubled = PUBLISH_AGAIN.saturating_mul(1 << failures.saturating_sub(1).min(10));
    doubled.min(PUBLISH_AGAIN_MAX)
}

#[cfg(test)]
mod tests;
