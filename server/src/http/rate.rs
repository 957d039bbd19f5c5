//! Rates: how many requests a key may make, so that one caller does not slow the others.
//!
//! In: who asks, and what kind of request it is. Out: leave, or a refusal that says when to come
//! back. The headers are those of draft-ietf-httpapi-ratelimit-headers-10, and `Retry-After`
//! (RFC 9110 §10.2.3). A caller is its key; who shows none that is good is its address. Good keys
//! are never made to wait for what others at their address do.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::{DefaultKeyedRateLimiter, Quota};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::{Kind, Problem};
use crate::access::grant::Need;
use crate::limits::{AT_A_TIME, FAILURES_MAX, FOLLOWS_MAX, READS_MAX, Rate, WRITES_RATE_MAX};
use crate::telemetry::LIMITS;

/// Header: what the limits are.
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// Header: what is left of them.
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// How many requests of each class a caller may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Of services and pages, which come all at once after a restart.
    pub follows: Rate,
    /// Of people and their tools.
    pub reads: Rate,
    /// Of whoever changes something.
    pub writes: Rate,
    /// With keys that are not good, from one address.
    pub failures: Rate,
}

impl Default for Rates {
    fn default() -> Self {
        let (follows, reads) = (FOLLOWS_MAX, READS_MAX);
        Self { follows, reads, writes: WRITES_RATE_MAX, failures: FAILURES_MAX }
    }
}

/// What kind of request it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Follow,
    Read,
    Write,
}

impl Class {
    const fn of(need: Need) -> Option<Self> {
        match need {
            Need::Nothing => None,
            Need::Follow | Need::Report | Need::Evaluate | Need::Fetch => Some(Self::Follow),
            Need::List | Need::Observe | Need::Read | Need::Rules | Need::Print => Some(Self::Read),
            Need::Create
            | Need::Copy
            | Need::Define
            | Need::Configure
            | Need::Archive
            | Need::Govern
            | Need::Revert
            | Need::Administer => Some(Self::Write),
        }
    }
}

/// One rate, and who has used how much of it.
struct Bucket<K: std::hash::Hash + Eq + Clone> {
    name: &'static str,
    rate: Rate,
    used: DefaultKeyedRateLimiter<K, StateInformationMiddleware>,
}

/// Leave to go on: what is left, for the answer's headers.
#[derive(Clone, Debug)]
pub struct Leave {
    /// Which limit it is.
    pub name: &'static str,
    policy: String,
    left: String,
}

/// All rates.
pub struct Limiter {
    follows: Bucket<String>,
    reads: Bucket<String>,
    writes: Bucket<String>,
    failures: Bucket<IpAddr>,
    turns: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// A caller's turn: while it is held, few others of the same key are carried out.
#[derive(Debug)]
pub struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
}

impl<K: std::hash::Hash + Eq + Clone> Bucket<K> {
    fn new(name: &'static str, rate: Rate) -> Self {
        let (burst, per_second) = (non_zero(rate.burst), non_zero(rate.per_minute));
        let quota = Quota::per_minute(per_second).allow_burst(burst);
        let used = DefaultKeyedRateLimiter::keyed(quota).with_middleware();
        Self { name, rate, used }
    }

    fn take(&self, key: &K) -> Result<Leave, Problem> {
        let Rate { burst, per_minute } = self.rate;
        // The time in which a burst that was used up comes back.
        let window_s = (u64::from(burst) * 60).div_ceil(u64::from(per_minute.max(1)));
        let name = self.name;
        let policy = format!("\"{name}\";q={burst};w={window_s}");
        match self.used.check_key(key) {
            Ok(state) => {
                let left = state.remaining_burst_capacity();
                Ok(Leave { name, policy, left: format!("\"{name}\";r={left}") })
            }
            Err(not_yet) => {
                let wait = not_yet.wait_time_from(DefaultClock::default().now());
                let seconds = u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX);
                let seconds = seconds.max(1);
                let detail = format!(
                    "too many {name}: {per_minute} a minute, {burst} at once; come back in \
                     {seconds} s"
                );
                let left = format!("\"{name}\";r=0;t={seconds}");
                let problem = Problem::new(Kind::TooManyRequests, detail);
                Err(problem.retry_after(seconds).limited(Leave { name, policy, left }))
            }
        }
    }

    fn tidy(&self) {
        self.used.retain_recent();
        self.used.shrink_to_fit();
    }
}

fn non_zero(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

impl Limiter {
    /// Nobody has used anything yet.
    #[must_use]
    pub fn new(rates: Rates) -> Self {
        let [name_of_follows, name_of_reads, name_of_writes, name_of_failures] = LIMITS;
        Self {
            follows: Bucket::new(name_of_follows, rates.follows),
            reads: Bucket::new(name_of_reads, rates.reads),
            writes: Bucket::new(name_of_writes, rates.writes),
            failures: Bucket::new(name_of_failures, rates.failures),
            turns: Mutex::default(),
        }
    }

    /// A request of the holder of a key.
    ///
    /// # Errors
    /// `too-many-requests`.
    pub fn take(&self, key: &str, need: Need) -> Result<Option<Leave>, Problem> {
        let bucket = match Class::of(need) {
            None => return Ok(None),
            Some(Class::Follow) => &self.follows,
            Some(Class::Read) => &self.reads,
            Some(Class::Write) => &self.writes,
        };
        bucket.take(&key.to_owned()).map(Some)
    }

    /// Waits until a request of the holder of a key may be carried out: of reads and writes, which
    /// take the processor or the disk, a few of each key are at a time. So a caller who asks for
    /// much at once waits behind itself, and not in front of others.
    pub async fn turn(&self, key: &str, need: Need) -> Turn {
        let Some(Class::Read | Class::Write) = Class::of(need) else {
            return Turn { _permit: None };
        };
        let own = {
            // A semaphore is put in whole.
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            let fresh = || Arc::new(Semaphore::new(AT_A_TIME));
            Arc::clone(turns.entry(key.to_owned()).or_insert_with(fresh))
        };
        // It is never closed.
        Turn { _permit: own.acquire_owned().await.ok() }
    }

    /// A request with a key that is not good.
    ///
    /// # Errors
    /// `too-many-requests`.
    pub fn fail(&self, address: IpAddr) -> Result<(), Problem> {
        self.failures.take(&network(address)).map(drop)
    }

    /// Forgets who has not asked for a while.
    pub fn tidy(&self) {
        self.follows.tidy();
        self.reads.tidy();
        self.writes.tidy();
        self.failures.tidy();
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, own| Arc::strong_count(own) > 1);
    }
}

/// Who has one address of IPv6 has 2^64 of them.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 => v4,
    }
}

impl Leave {
    /// Tells in an answer what is left.
    pub fn write(&self, headers: &mut HeaderMap) {
        for (name, text) in [(POLICY, &self.policy), (LEFT, &self.left)] {
            if let Ok(value) = HeaderValue::from_str(text) {
                headers.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn limiter() -> Limiter {
        let rate = |burst| Rate { burst, per_minute: 6 };
        let rates = Rates { follows: rate(3), reads: rate(3), writes: rate(2), failures: rate(2) };
        Limiter::new(rates)
    }

    #[test]
    fn a_key_that_has_used_up_its_burst_is_told_when_to_come_back() {
        let limiter = limiter();
        let leave = limiter.take("a", Need::Define).unwrap().unwrap();
        assert_eq!(leave.policy, "\"writes\";q=2;w=20");
        assert_eq!(leave.left, "\"writes\";r=1");
        limiter.take("a", Need::Configure).unwrap();
        let problem = limiter.take("a", Need::Revert).unwrap_err();
        assert_eq!(problem.kind, Kind::TooManyRequests);
        assert!((1..=10).contains(&problem.retry_after_s.unwrap()), "{problem:?}");
        limiter.take("b", Need::Define).unwrap();
        limiter.take("a", Need::Read).unwrap();
        assert!(limiter.take("a", Need::Nothing).unwrap().is_none());
    }

    #[test]
    fn failures_are_counted_by_network() {
        let limiter = limiter();
        let fail = |text: &str| limiter.fail(text.parse().unwrap());
        fail("2001:db8::1").unwrap();
        fail("2001:db8::2").unwrap();
        assert!(fail("2001:db8::3").is_err());
        fail("2001:db8:0:1::1").unwrap();
        fail("192.0.2.1").unwrap();
        fail("::ffff:192.0.2.1").unwrap();
        assert!(fail("192.0.2.1").is_err());
        fail("192.0.2.2").unwrap();
    }

    #[tokio::test]
    async fn who_asks_for_much_at_once_waits_behind_itself() {
        let limiter = limiter();
        let mut held = Vec::new();
        for _ in 0..AT_A_TIME {
            held.push(limiter.turn("a", Need::Read).await);
        }
        let waits = |key: &'static str, need| {
            let turn = limiter.turn(key, need);
            async {
                tokio::time::timeout(std::time::Duration::from_millis(20), turn).await.is_err()
            }
        };
        assert!(waits("a", Need::Define).await);
        assert!(!waits("a", Need::Follow).await, "announcements wait for nobody");
        assert!(!waits("b", Need::Read).await);
        held.pop();
        assert!(!waits("a", Need::Read).await);
        drop(held);
        limiter.tidy();
        assert!(limiter.turns.lock().unwrap().is_empty());
    }

    #[test]
    fn who_has_not_asked_for_long_is_forgotten() {
        let limiter = limiter();
        limiter.take("a", Need::Define).unwrap();
        assert_eq!(limiter.writes.used.len(), 1);
        limiter.tidy();
        // What it has used comes back within the minute, and is kept until then.
        assert_eq!(limiter.writes.used.len(), 1);
    }
}
