//! Selections of a project: a publisher for each that is asked for.
//!
//! In: who asks for which flags of which environment. Out: what is announced of them. However many
//! ask for the same, it is made once; what nobody has followed for a while is dropped. Their number
//! is bounded: each costs something with every write.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, watch};
use vexil_compiler::Audience;

use crate::limits::{SELECTION_KEPT, SELECTIONS_EACH, SELECTIONS_MAX};
use crate::publish::publisher::{Published, Publisher};
use crate::publish::selection::{Places, Selection};

/// Environment, for whom, which flags.
type Place = (String, Audience, Arc<Selection>);

/// The selections of a project.
#[derive(Debug, Default)]
pub struct Selections {
    kept: BTreeMap<Place, Kept>,
}

#[derive(Debug)]
struct Kept {
    publisher: Publisher,
    /// When it was asked for, or followed, last.
    asked: Instant,
    _room: OwnedSemaphorePermit,
}

/// There is no room for one more selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "as many selections of flags are followed as this server makes modules of ({SELECTIONS_EACH} \
     of an environment, {SELECTIONS_MAX} in all); follow one of those, the whole environment, or \
     come back later"
)]
pub struct NoRoom;

impl Selections {
    /// What is announced of a selection that somebody has asked for already.
    pub fn ask(
        &mut self,
        environment: &str,
        audience: Audience,
        selection: &Arc<Selection>,
        now: Instant,
    ) -> Option<watch::Receiver<Published>> {
        let place = (environment.to_owned(), audience, Arc::clone(selection));
        let kept = self.kept.get_mut(&place)?;
        kept.asked = now;
        Some(kept.publisher.published())
    }

    /// A selection that is published, as it is kept, and what is announced of it now.
    #[must_use]
    pub fn known(
        &self,
        environment: &str,
        audience: Audience,
        selection: Selection,
    ) -> Option<(Arc<Selection>, Published)> {
        let place = (environment.to_owned(), audience, Arc::new(selection));
        let ((.., selection), kept) = self.kept.get_key_value(&place)?;
        Some((Arc::clone(selection), kept.publisher.published().borrow().clone()))
    }

    /// Room for one more of an environment.
    ///
    /// # Errors
    /// There is none.
    pub fn room(
        &mut self,
        environment: &str,
        audience: Audience,
        places: &Places,
        now: Instant,
    ) -> Result<OwnedSemaphorePermit, NoRoom> {
        self.tidy(now);
        let there =
            self.kept.keys().filter(|(name, whom, _)| name == environment && *whom == audience);
        if there.count() >= SELECTIONS_EACH {
            return Err(NoRoom);
        }
        places.take(audience).ok_or(NoRoom)
    }

    /// Keeps a publisher for whoever asks for the same.
    pub fn keep(
        &mut self,
        environment: &str,
        audience: Audience,
        selection: Arc<Selection>,
        publisher: Publisher,
        (now, room): (Instant, OwnedSemaphorePermit),
    ) {
        let kept = Kept { publisher, asked: now, _room: room };
        self.kept.insert((environment.to_owned(), audience, selection), kept);
    }

    /// Drops what nobody has followed for a while.
    pub fn tidy(&mut self, now: Instant) {
        self.kept.retain(|_, kept| {
            if kept.publisher.is_followed() {
                kept.asked = now;
            }
            now.saturating_duration_since(kept.asked) < SELECTION_KEPT
        });
    }

    /// Drops those of environments that are not there any more.
    pub fn retain(&mut self, is_there: impl Fn(&str) -> bool) {
        self.kept.retain(|(environment, ..), _| is_there(environment));
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Audience, &Arc<Selection>, &Publisher)> {
        self.kept.iter().map(|((environment, audience, selection), kept)| {
            (environment.as_str(), *audience, selection, &kept.publisher)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use super::*;
    use crate::publish::compiling::Compilers;
    use crate::publish::encoding::Encodings;
    use crate::publish::modules::{Modules, Owner};
    use crate::publish::publisher::Press;
    use crate::publish::sign::{SecretKey, Signer};
    use crate::telemetry::Telemetry;

    fn press() -> Arc<Press> {
        let telemetry = Arc::new(Telemetry::default());
        Arc::new(Press {
            compilers: Compilers::new(1, Arc::clone(&telemetry), None),
            modules: Modules::default(),
            encodings: Encodings::default(),
            places: Places::default(),
            signer: Signer::own(SecretKey::new()),
            telemetry,
            pause: Duration::ZERO,
            sign_again: Duration::from_secs(9),
        })
    }

    /// What is published of a flag of environment `e`, asked for at `now`.
    fn follow(
        selections: &mut Selections,
        press: &Arc<Press>,
        (flag, audience): (&str, Audience),
        now: Instant,
    ) -> Result<watch::Receiver<Published>, NoRoom> {
        let selection = Arc::new(Selection::of_lists(Some(flag), None).unwrap().unwrap());
        if let Some(published) = selections.ask("e", audience, &selection, now) {
            return Ok(published);
        }
        let room = selections.room("e", audience, &press.places, now)?;
        let (project, environment) = ("p".into(), "e".into());
        let some = Some(Arc::clone(&selection));
        let owner = Owner { project, environment, audience, selection: some };
        let publisher = Publisher::start(owner, Arc::clone(press));
        let published = publisher.published();
        selections.keep("e", audience, selection, publisher, (now, room));
        Ok(published)
    }

    #[tokio::test]
    async fn what_nobody_follows_is_dropped_after_a_while_and_what_somebody_follows_never() {
        let (mut selections, press, start) = (Selections::default(), press(), Instant::now());
        let services = |flag| (flag, Audience::Server);
        let followed = follow(&mut selections, &press, services("a"), start).unwrap();
        drop(follow(&mut selections, &press, services("b"), start).unwrap());
        selections.tidy(start + SELECTION_KEPT / 2);
        assert_eq!(selections.iter().count(), 2);
        let later = start + SELECTION_KEPT;
        selections.tidy(later);
        let kept: Vec<_> = selections.iter().map(|(.., one, _)| one.to_string()).collect();
        assert_eq!(kept, ["a"]);
        // It counts from when the last one left.
        drop(followed);
        selections.tidy(later + SELECTION_KEPT / 2);
        assert_eq!(selections.iter().count(), 1);
        selections.tidy(later + SELECTION_KEPT);
        assert_eq!(selections.iter().count(), 0);
    }

    #[tokio::test]
    async fn room_is_bounded_for_each_audience_and_comes_back() {
        let (mut selections, press, start) = (Selections::default(), press(), Instant::now());
        let mut open = |flag: &str, audience, now| {
            follow(&mut selections, &press, (flag, audience), now).map(drop)
        };
        for number in 0..SELECTIONS_EACH {
            open(&number.to_string(), Audience::Browser, start).unwrap();
        }
        assert_eq!(open("more", Audience::Browser, start), Err(NoRoom));
        open("7", Audience::Browser, start).unwrap();
        open("more", Audience::Server, start).unwrap();
        open("more", Audience::Browser, start + SELECTION_KEPT).unwrap();
        selections.retain(|_| false);
        let all: Vec<_> =
            (0..SELECTIONS_MAX).map(|_| press.places.take(Audience::Server).unwrap()).collect();
        assert!(press.places.take(Audience::Server).is_none());
        assert_eq!(
            follow(&mut selections, &press, ("a", Audience::Server), start).err(),
            Some(NoRoom)
        );
        drop(all);
    }
}
