//! Convergence: how far the clients of one environment are.
//!
//! In: clients, and the digests that are announced. Out: who serves it, what the others serve, and
//! the lags with which the announced module came. Modules are compared by digest: who serves the
//! same module under an older revision evaluates alike. Who follows some flags is held against what
//! is announced of those.

use std::collections::BTreeMap;

use super::{Client, Followed};

/// How far the clients of one environment are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Convergence {
    /// All of them; who does not serve what is announced first, then by name.
    pub clients: Vec<Client>,
    /// How many serve what is announced: the last ones.
    pub current: usize,
    /// What is served, by most clients first.
    pub modules: Vec<Served>,
    /// Of those that serve what is announced and followed when it was.
    pub lag_ms: Option<Lags>,
}

/// A module that clients serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// What those who serve it follow.
    pub followed: Followed,
    /// Is it what is announced to them?
    pub current: bool,
    /// Its digest; `None`: defaults.
    pub digest: Option<String>,
    /// The newest revision under which it is served.
    pub revision: u64,
    /// How many serve it.
    pub clients: usize,
}

/// Milliseconds from commit to service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lags {
    /// Half of the clients had it by then.
    pub p50: u64,
    /// 99 of 100.
    pub p99: u64,
    /// All.
    pub max: u64,
}

impl Convergence {
    pub(super) fn of(
        clients: Vec<Client>,
        announced: impl Fn(&Followed) -> Option<String>,
    ) -> Self {
        let mut digests = Digests::new(announced);
        let clients = clients.into_iter().map(|client| (digests.is_current(&client), client));
        let mut clients: Vec<(bool, Client)> = clients.collect();
        clients.sort_by(|a, b| {
            let order = |(current, client): &(bool, Client)| (*current, client.report.name.clone());
            order(a).cmp(&order(b)).then_with(|| a.1.report.instance.cmp(&b.1.report.instance))
        });
        let current = clients.iter().filter(|(current, _)| *current).count();
        let lags = clients.iter().filter(|(current, _)| *current);
        let lag_ms = Lags::of(lags.filter_map(|(_, client)| client.lag_ms).collect());
        let mut by_digest: BTreeMap<(&Followed, Option<&str>), Served> = BTreeMap::new();
        for (current, client) in &clients {
            let (followed, digest) = (&client.followed, &client.report.digest);
            let empty = || Served {
                followed: followed.clone(),
                current: *current,
                digest: digest.clone(),
                revision: 0,
                clients: 0,
            };
            let served = by_digest.entry((followed, digest.as_deref())).or_insert_with(empty);
            served.revision = served.revision.max(client.report.revision);
            served.clients += 1;
        }
        let mut modules: Vec<Served> = by_digest.into_values().collect();
        modules.sort_by_key(|served| std::cmp::Reverse((served.clients, served.revision)));
        let clients = clients.into_iter().map(|(_, client)| client).collect();
        Self { clients, current, modules, lag_ms }
    }
}

/// What is announced to whom, asked once for each of what clients follow.
pub(super) struct Digests<F> {
    announced: F,
    known: BTreeMap<Followed, Option<String>>,
}

impl<F: Fn(&Followed) -> Option<String>> Digests<F> {
    pub(super) const fn new(announced: F) -> Self {
        Self { announced, known: BTreeMap::new() }
    }

    /// Does the client serve what is announced to it?
    pub(super) fn is_current(&mut self, client: &Client) -> bool {
        let followed = &client.followed;
        if !self.known.contains_key(followed) {
            self.known.insert(followed.clone(), (self.announced)(followed));
        }
        let announced = self.known.get(followed).and_then(Option::as_ref);
        // Where nothing is announced, who serves defaults is not behind; unless it should not be there.
        *followed != Followed::Unknown && client.report.digest.as_ref() == announced
    }
}

impl Lags {
    fn of(mut all: Vec<u64>) -> Option<Self> {
        all.sort_unstable();
        // The smallest that so many of a hundred do not exceed (nearest rank).
        let at = |percent: usize| {
            let rank = (all.len() * percent).div_ceil(100).max(1);
            all.get(rank - 1).copied()
        };
        Some(Self { p50: at(50)?, p99: at(99)?, max: at(100)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_values_that_were_measured() {
        assert_eq!(Lags::of(Vec::new()), None);
        assert_eq!(Lags::of(vec![7]), Some(Lags { p50: 7, p99: 7, max: 7 }));
        let hundred = (1..=100).rev().collect();
        assert_eq!(Lags::of(hundred), Some(Lags { p50: 50, p99: 99, max: 100 }));
        assert_eq!(Lags::of(vec![1, 2, 3]), Some(Lags { p50: 2, p99: 3, max: 3 }));
    }
}
