//! What must be in a world, whenever its clock is about to move and at its end.
//!
//! In: clients, the log, what was acknowledged. Out: the first thing that must not be, as the world's.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use vexil_runtime::{Change, State};
use vexil_server::log::event::Revision;
use vexil_server::log::store::Store as _;
use vexil_server::log::verify::{Verification, verify_newest};

use super::super::truth::{OTHER, PROJECT};
use super::super::writer::Acknowledged;
use super::{Follower, World, lock};

/// Within so long after the last fault everybody has the newest revision. A fetch that hangs takes a
/// minute to be given up, a stream that is silent three quarters of one, and pauses half of one.
const CONVERGENCE: Duration = Duration::from_secs(180);

impl World {
    /// Looks at what every client serves.
    pub(super) fn look(&self) {
        for follower in lock(&self.followers).iter_mut().flatten() {
            if let Err(why) = self.look_at(follower).and_then(|()| self.look_at_told(follower)) {
                self.broke(format!("{} {why}", follower.name));
            }
        }
    }

    fn look_at(&self, follower: &mut Follower) -> Result<(), String> {
        let Some(current) = follower.client.current() else {
            return match follower.served {
                Some(_) => Err("serves nothing any more".to_owned()),
                None => Ok(()),
            };
        };
        let now = (current.revision, current.digest);
        if follower.served.as_ref() == Some(&now) {
            return Ok(());
        }
        let before = follower.served.replace(now.clone());
        let (revision, digest) = now;
        self.history.note(format!("{} serves revision {revision}", follower.name));
        if let Some((before, _)) = before.filter(|(before, _)| *before >= revision) {
            return Err(format!("went back from revision {before} to {revision}"));
        }
        let Some(meaning) = self.truth.at(revision) else {
            return Err(format!("serves revision {revision}, which the log does not have"));
        };
        if meaning.digest != digest {
            return Err(format!("serves another module than revision {revision} is"));
        }
        match meaning.differs(&follower.client) {
            Some(how) => Err(format!("is wrong at revision {revision}: {how}")),
            None => Ok(()),
        }
    }

    /// A listener hears of every flag that gives something else than when it heard last.
    fn look_at_told(&self, follower: &mut Follower) -> Result<(), String> {
        for Change { revision, changed, .. } in lock(&follower.told).drain(..) {
            let before = follower.heard.replace(revision);
            // Which flags changed is not signed.
            if self.plan.faults.garbled > 0 {
                continue;
            }
            let now = self.truth.at(revision).ok_or("told of a revision that is none")?;
            let before = before.and_then(|before| self.truth.at(before));
            let mut differing = now.changed(before.as_deref()).into_iter();
            let unheard = differing.find(|flag| !changed.iter().any(|it| it == flag));
            if let Some(flag) = unheard {
                return Err(format!("is not told at revision {revision} that `{flag}` changed"));
            }
        }
        Ok(())
    }

    /// Looks whether every acknowledged write is in the log, once, and the log is whole.
    pub(super) fn look_into_log(&self) {
        match verify_newest(&self.content, PROJECT) {
            Ok(Verification::Whole(_)) => {}
            other => self.broke(format!("the log is not whole: {other:?}")),
        }
        let records = self.content.records(PROJECT, Revision::ZERO, 1_000).unwrap();
        for Acknowledged { id, revision, events } in &*lock(&self.acknowledged) {
            let there = records.iter().filter(|record| record.id == *id);
            let last = there.clone().next_back().map(|record| record.revision.0);
            if there.count() != *events || (*events > 0 && last != Some(*revision)) {
                let said = format!("{events} events up to revision {revision}");
                self.broke(format!("write {id} was acknowledged as {said}; the log has {last:?}"));
            }
        }
    }

    /// The newest revision that is of the environment, and the digest of its module.
    fn newest(&self) -> (u64, String) {
        let events = self.content.read(PROJECT, Revision::ZERO, 1_000).unwrap();
        let touches = events.iter().filter(|event| event.payload["environment"] != OTHER);
        let revision = touches.map(|event| event.revision.0).max().unwrap_or_default();
        (revision, self.truth.at(self.head()).unwrap().digest.clone())
    }

    /// Who has not got the newest revision.
    fn behind(&self) -> Option<String> {
        let (revision, digest) = self.newest();
        let followers = lock(&self.followers);
        followers.iter().flatten().find_map(|follower| {
            let current = follower.client.current();
            let there = current.as_ref();
            let is = there.is_some_and(|it| it.revision >= revision && it.digest == digest);
            let at = there.map(|current| current.revision);
            (!is).then(|| format!("{} is at {at:?} of {revision}", follower.name))
        })
    }

    /// Waits until all have converged, and looks whether they stay so.
    pub(super) async fn converge(&self) {
        let began = Instant::now();
        while let Some(who) = self.behind() {
            if began.elapsed() > CONVERGENCE {
                return self.broke(format!("{who} and has not converged in {CONVERGENCE:?}"));
            }
            sleep(Duration::from_millis(500)).await;
        }
        self.history.note("all have the newest revision".to_owned());
        sleep(self.plan.afterwards).await;
        if let Some(who) = self.behind() {
            return self.broke(format!("{who} again"));
        }
        for follower in lock(&self.followers).iter().flatten() {
            let state = follower.client.state();
            if state != State::Ready {
                self.broke(format!("{} is {} in the calm", follower.name, state.name()));
            }
            let meaning = |revision| self.truth.at(revision);
            let served = follower.served.as_ref().and_then(|(revision, _)| meaning(*revision));
            let heard = follower.heard.and_then(meaning);
            if served.is_some_and(|served| !served.changed(heard.as_deref()).is_empty()) {
                let heard = follower.heard;
                self.broke(format!("{} tells only of revision {heard:?}", follower.name));
            }
        }
    }
}
