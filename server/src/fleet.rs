//! The fleet: which clients run which module.
//!
//! In: reports of clients, each on what it serves and since when. Out: how much of an environment's
//! fleet has converged on what is announced, on which digests the rest is, and with which lag the
//! announcement arrived. All of it is in memory and of this process: a client that goes on
//! reporting is known again soon after a restart, one that has gone is forgotten. Nothing here
//! decides what is served to whom.

pub mod report;

pub mod convergence;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::limits::{
    FLEET_CLIENTS_EACH, FLEET_CLIENTS_MAX, FLEET_FORGOTTEN_AFTER, FLEET_SPREAD_MS_EACH,
    FLEET_SPREAD_MS_MAX, FLEET_SPREAD_MS_MIN,
};
use crate::publish::selection::Selection;
use crate::telemetry::Telemetry;
use convergence::{Convergence, Digests};
use report::{Announced, Report};

/// What a client follows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Followed {
    /// All flags of its environment.
    Whole,
    /// Some of them; shared with the publisher, so that many clients cost no more than one.
    Selection(Arc<Selection>),
    /// Some that are not published here, so that it cannot be following.
    Unknown,
}

/// Project, environment.
pub type Place = (String, String);

/// A client's name, and the key that it reports with: nobody speaks for the client of another key.
type Name = (Option<String>, String);
type Clients = BTreeMap<Place, BTreeMap<Name, Client>>;

/// The clients that report.
pub struct Fleet {
    clients: Mutex<Clients>,
    telemetry: Arc<Telemetry>,
}

/// A client, as it has reported last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// What it reported.
    pub report: Report,
    /// Which flags it follows.
    pub followed: Followed,
    /// From which address.
    pub address: Option<String>,
    /// With which key.
    pub key: Option<String>,
    /// When it was heard of, in milliseconds since the Unix epoch.
    pub heard_ms: i64,
    /// From the commit of the newest event in what it serves until it served it, in milliseconds,
    /// on this server's clock alone; `None`: it did not follow when that was announced.
    pub lag_ms: Option<u64>,
}

/// More clients report than can be remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "as many clients report already as this server remembers ({FLEET_CLIENTS_EACH} of an \
     environment, {FLEET_CLIENTS_MAX} in all); further ones are served as well"
)]
pub struct TooMany;

impl Fleet {
    /// Nobody has reported yet.
    #[must_use]
    pub fn new(telemetry: Arc<Telemetry>) -> Self {
        Self { clients: Mutex::default(), telemetry }
    }

    /// Takes a report. A client that says that it ends is forgotten.
    ///
    /// Returns over how many milliseconds clients should spread their next reports, so that a fleet
    /// that has been told something new does not answer all at once.
    ///
    /// # Errors
    /// See [`TooMany`].
    pub fn take(
        &self,
        place: Place,
        report: Report,
        (followed, announced): (Followed, Option<&Announced>),
        (address, key): (Option<String>, Option<String>),
        now_ms: i64,
    ) -> Result<u64, TooMany> {
        let name = (key.clone(), report.instance.clone());
        let mut clients = self.clients();
        if report.state == report::State::Closed {
            if let Some(there) = clients.get_mut(&place) {
                there.remove(&name);
            }
            clients.retain(|_, there| !there.is_empty());
            return Ok(FLEET_SPREAD_MS_MIN);
        }
        let there = clients.get(&place);
        let known = there.and_then(|there| there.get(&name));
        let is_full = there.map_or(0, BTreeMap::len) >= FLEET_CLIENTS_EACH;
        if known.is_none() && (is_full || count(&clients) >= FLEET_CLIENTS_MAX) {
            return Err(TooMany);
        }
        // What was measured once stays, while the same revision is served.
        let measured = known.filter(|known| known.report.revision == report.revision);
        let lag_ms = match measured {
            Some(known) => known.lag_ms,
            None => report.lag_ms(announced, now_ms),
        };
        let is_new = measured.is_none();
        // What it selects is in `followed`.
        let report = Report { selection: None, ..report };
        let client = Client { report, followed, address, key, heard_ms: now_ms, lag_ms };
        let there = clients.entry(place).or_default();
        there.insert(name, client);
        let spread_ms = there.len() as u64 * FLEET_SPREAD_MS_EACH;
        let spread_ms = spread_ms.clamp(FLEET_SPREAD_MS_MIN, FLEET_SPREAD_MS_MAX);
        drop(clients);
        self.telemetry.report(lag_ms.filter(|_| is_new).map(Duration::from_millis));
        Ok(spread_ms)
    }

    /// How far the clients of an environment are. `announced` tells the digest that is announced to
    /// who follows this.
    pub fn convergence(
        &self,
        place: &Place,
        announced: impl Fn(&Followed) -> Option<String>,
    ) -> Convergence {
        let clients = self.clients().get(place).cloned().unwrap_or_default();
        Convergence::of(clients.into_values().collect(), announced)
    }

    /// How many clients report, and how many of them do not serve what is announced of what they
    /// follow, which `announced` tells.
    pub fn count(&self, announced: impl Fn(&Place, &Followed) -> Option<String>) -> (usize, usize) {
        let clients = self.clients();
        let behind = clients.iter().map(|(place, there)| {
            let mut digests = Digests::new(|followed: &Followed| announced(place, followed));
            there.values().filter(|client| !digests.is_current(client)).count()
        });
        (count(&clients), behind.sum())
    }

    /// Forgets clients that have not been heard of for long.
    pub fn tidy(&self, now_ms: i64) {
        let forgotten_ms = i64::try_from(FLEET_FORGOTTEN_AFTER.as_millis()).unwrap_or(i64::MAX);
        let mut clients = self.clients();
        for there in clients.values_mut() {
            there.retain(|_, client| now_ms.saturating_sub(client.heard_ms) <= forgotten_ms);
        }
        clients.retain(|_, there| !there.is_empty());
    }

    fn clients(&self) -> MutexGuard<'_, Clients> {
        // A client is put in whole or not at all.
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(clients: &Clients) -> usize {
    clients.values().map(BTreeMap::len).sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::report::State;
    use super::*;

    fn fleet() -> (Fleet, Arc<Telemetry>) {
        let telemetry = Arc::new(Telemetry::default());
        (Fleet::new(Arc::clone(&telemetry)), telemetry)
    }

    fn place() -> Place {
        ("p".into(), "e".into())
    }

    fn report(instance: &str, revision: u64, digest: &str) -> Report {
        Report {
            instance: instance.into(),
            name: None,
            version: None,
            state: State::Ready,
            revision,
            digest: Some(digest.into()),
            served_for_ms: 10,
            live: true,
            error: None,
            selection: None,
        }
    }

    fn take(fleet: &Fleet, report: Report, now_ms: i64) -> u64 {
        let announced = Announced { revision: 2, digest: "new".into(), committed_at_ms: 900 };
        let announced = (Followed::Whole, Some(&announced));
        fleet.take(place(), report, announced, (None, None), now_ms).unwrap()
    }

    #[test]
    fn who_serves_what_is_announced_is_current_and_the_rest_is_behind() {
        let (fleet, _) = fleet();
        take(&fleet, report("a", 2, "new"), 1_000);
        take(&fleet, report("b", 1, "old"), 1_000);
        let now = fleet.convergence(&place(), |_| Some("new".into()));
        assert_eq!((now.clients.len(), now.current), (2, 1));
        assert_eq!(now.clients[0].report.instance, "b", "who is behind stands first");
        assert_eq!(fleet.count(|_, _| Some("new".into())), (2, 1));
        take(&fleet, report("b", 2, "new"), 1_100);
        assert_eq!(fleet.convergence(&place(), |_| Some("new".into())).current, 2);
    }

    #[test]
    fn who_follows_some_flags_is_held_against_what_is_announced_of_them() {
        let (fleet, _) = fleet();
        let selection = Selection::of_lists(Some("a"), None).unwrap().map(Arc::new).unwrap();
        let follow = |instance: &str, followed: Followed, digest: &str| {
            let report = report(instance, 2, digest);
            fleet.take(place(), report, (followed, None), (None, None), 0).unwrap();
        };
        follow("whole", Followed::Whole, "whole");
        follow("some", Followed::Selection(Arc::clone(&selection)), "part");
        follow("wrong", Followed::Selection(selection), "whole");
        follow("nowhere", Followed::Unknown, "part");
        let announced = |followed: &Followed| match followed {
            Followed::Whole => Some("whole".into()),
            Followed::Selection(_) => Some("part".into()),
            Followed::Unknown => None,
        };
        let now = fleet.convergence(&place(), announced);
        let order: Vec<_> = now.clients.iter().map(|one| one.report.instance.as_str()).collect();
        assert_eq!((now.current, order), (2, vec!["nowhere", "wrong", "some", "whole"]));
        assert_eq!(now.modules.len(), 4, "a row for each of what is followed");
        assert_eq!(now.modules.iter().filter(|module| module.current).count(), 2);
        assert_eq!(fleet.count(|_, followed| announced(followed)), (4, 2));
    }

    #[test]
    fn a_lag_is_measured_once_and_on_one_clock() {
        let (fleet, telemetry) = fleet();
        // It was committed at 900 and served since 990.
        take(&fleet, report("a", 2, "new"), 1_000);
        // The same again, a minute later.
        let again = Report { served_for_ms: 60_010, ..report("a", 2, "new") };
        take(&fleet, again, 61_050);
        let now = fleet.convergence(&place(), |_| Some("new".into()));
        assert_eq!(now.clients[0].lag_ms, Some(90));
        assert!(telemetry.render().contains("vexil_reception_lag_seconds_count 1"));
        // Who starts later has no lag.
        take(&fleet, Report { live: false, ..report("b", 2, "new") }, 90_000);
        assert_eq!(fleet.convergence(&place(), |_| Some("new".into())).lag_ms.unwrap().max, 90);
    }

    #[test]
    fn who_is_not_heard_of_is_forgotten_and_who_ends_at_once() {
        let (fleet, _) = fleet();
        take(&fleet, report("a", 2, "new"), 0);
        take(&fleet, report("b", 2, "new"), 100_000);
        fleet.tidy(200_000);
        assert_eq!(fleet.count(|_, _| None).0, 1, "three minutes are long");
        take(&fleet, Report { state: State::Closed, ..report("b", 2, "new") }, 200_001);
        assert_eq!(fleet.count(|_, _| None), (0, 0));
    }

    #[test]
    fn one_key_speaks_for_its_own_clients_and_fills_no_more_than_one_environment() {
        let (fleet, _) = fleet();
        let by = |key: &str, place: Place, report: Report| {
            fleet.take(place, report, (Followed::Whole, None), (None, Some(key.into())), 0)
        };
        by("one", place(), report("a", 1, "old")).unwrap();
        by("other", place(), report("a", 2, "new")).unwrap();
        by("other", place(), Report { state: State::Closed, ..report("a", 2, "new") }).unwrap();
        let now = fleet.convergence(&place(), |_| Some("new".into()));
        assert_eq!((now.clients.len(), now.current), (1, 0), "the one's client is as it was");
        for number in 0..FLEET_CLIENTS_EACH {
            let _ = by("other", place(), report(&format!("c{number}"), 2, "new"));
        }
        assert_eq!(by("other", place(), report("more", 2, "new")), Err(TooMany));
        by("one", place(), report("a", 2, "new")).unwrap();
        by("third", ("p".into(), "f".into()), report("b", 2, "new")).unwrap();
    }

    #[test]
    fn a_large_fleet_takes_its_time() {
        let (fleet, _) = fleet();
        assert_eq!(take(&fleet, report("a", 2, "new"), 0), FLEET_SPREAD_MS_MIN);
        for number in 0..5_000 {
            take(&fleet, report(&format!("c{number}"), 2, "new"), 0);
        }
        let spread_ms = take(&fleet, report("z", 2, "new"), 0);
        assert_eq!(spread_ms, 5_002 * FLEET_SPREAD_MS_EACH);
    }
}
