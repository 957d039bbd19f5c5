//! Flags by name: a key, or a handle that remembers where a module has the key.
//!
//! In: keys. Out: [`Flag`]s, which may be `static`, and [`Named`], what evaluations take: either.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use crate::evaluate::Failure;
use crate::load::Loaded;
use crate::manifest::{FlagRow, Kind};
use crate::slot::Epoch;

/// A type of flag values: `bool`, `f64`, `String`, or `serde_json::Value`.
pub trait FlagValue: sealed::FlagValue {}

/// What names a flag whose values are of type `T`: a key as `&str`, or a [`Flag`].
pub trait Named<T>: sealed::Named<T> {}

/// A flag by key, as a handle that remembers where the current module has it.
///
/// A handle saves the look-up of the key, and for a boolean flag that is the same for everybody
/// all of the evaluation. It belongs to no client, and may be a `static`:
///
/// ```
/// use vexil_runtime::{Client, Context, Flag};
///
/// static CHECKOUT_V2: Flag<bool> = Flag::new("checkout-v2");
///
/// fn is_new_checkout(client: &Client, context: &Context) -> bool {
///     client.bool(&CHECKOUT_V2, context, false)
/// }
/// ```
///
/// One that is used with several clients in turn looks its key up again at each turn.
pub struct Flag<T> {
    key: Cow<'static, str>,
    /// Where the flag was found last: an epoch, then two bits of what it was, then its number, or
    /// its value where that is constant. 0: nowhere yet.
    place: AtomicU64,
    of: PhantomData<fn() -> T>,
}

/// What a handle remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Number(u32),
    Constant(bool),
}

const CONSTANT: u64 = 1 << 31;

impl Place {
    /// Numbers of flags are far below 2^31: a module has at most 2^24 bytes.
    fn pack(self, epoch: Epoch) -> u64 {
        let low = match self {
            Self::Number(number) => u64::from(number),
            Self::Constant(value) => CONSTANT | u64::from(value),
        };
        u64::from(epoch.0) << 32 | low
    }

    #[inline]
    fn unpack(packed: u64, epoch: Epoch) -> Option<Self> {
        let low = packed as u32;
        ((packed >> 32) as u32 == epoch.0).then_some(match u64::from(low) & CONSTANT {
            0 => Self::Number(low),
            _ => Self::Constant(low & 1 == 1),
        })
    }
}

impl<T: FlagValue> Flag<T> {
    /// The flag with this key.
    #[must_use]
    pub const fn new(key: &'static str) -> Self {
        Self { key: Cow::Borrowed(key), place: AtomicU64::new(0), of: PhantomData }
    }

    /// The flag with a key that is known when the program runs.
    #[must_use]
    pub fn named(key: impl Into<String>) -> Self {
        Self { key: Cow::Owned(key.into()), place: AtomicU64::new(0), of: PhantomData }
    }

    /// The flag's key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl<T> Clone for Flag<T> {
    fn clone(&self) -> Self {
        let place = AtomicU64::new(self.place.load(Ordering::Relaxed));
        Self { key: self.key.clone(), place, of: PhantomData }
    }
}

impl<T> fmt::Debug for Flag<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Flag").field(&self.key).finish()
    }
}

pub(crate) mod sealed {
    use super::{Epoch, Failure, FlagRow, Kind, Loaded};

    pub trait FlagValue: 'static {
        const KIND: Kind;
    }

    pub trait Named<T>: Copy {
        fn key(&self) -> &str;

        /// The value, where it is known for everybody without looking at the module.
        #[inline]
        fn known(&self, _epoch: Option<Epoch>) -> Option<bool> {
            None
        }

        /// The flag's number and row in the module.
        fn find<'l>(
            &self,
            epoch: Epoch,
            loaded: &'l Loaded,
            counting: bool,
        ) -> Result<(u32, &'l FlagRow), Failure>;
    }
}

macro_rules! flag_values {
    ($($type:ty => $kind:ident,)*) => {$(
        impl FlagValue for $type {}

        impl sealed::FlagValue for $type {
            const KIND: Kind = Kind::$kind;
        }
    )*};
}

flag_values! {
    bool => Boolean,
    String => String,
    f64 => Number,
    Value => Json,
}

#[inline]
fn by_key<'l, T: FlagValue>(key: &str, loaded: &'l Loaded) -> Result<(u32, &'l FlagRow), Failure> {
    let (number, row) = loaded.manifest.flag(key).ok_or(Failure::NotFound)?;
    match row.kind == T::KIND {
        true => Ok((number, row)),
        false => Err(Failure::WrongKind { asked: T::KIND, kind: row.kind }),
    }
}

impl<T: FlagValue> Named<T> for &str {}

impl<T: FlagValue> sealed::Named<T> for &str {
    #[inline]
    fn key(&self) -> &str {
        self
    }

    #[inline]
    fn find<'l>(
        &self,
        _epoch: Epoch,
        loaded: &'l Loaded,
        _counting: bool,
    ) -> Result<(u32, &'l FlagRow), Failure> {
        by_key::<T>(self, loaded)
    }
}

impl<T: FlagValue> Named<T> for &String {}

impl<T: FlagValue> sealed::Named<T> for &String {
    #[inline]
    fn key(&self) -> &str {
        self
    }

    #[inline]
    fn find<'l>(
        &self,
        epoch: Epoch,
        loaded: &'l Loaded,
        counting: bool,
    ) -> Result<(u32, &'l FlagRow), Failure> {
        sealed::Named::<T>::find(&self.as_str(), epoch, loaded, counting)
    }
}

impl<T: FlagValue> Named<T> for &Flag<T> {}

impl<T: FlagValue> sealed::Named<T> for &Flag<T> {
    #[inline]
    fn key(&self) -> &str {
        &self.key
    }

    #[inline]
    fn known(&self, epoch: Option<Epoch>) -> Option<bool> {
        // Relaxed: the word is all there is.
        match Place::unpack(self.place.load(Ordering::Relaxed), epoch?) {
            Some(Place::Constant(value)) => Some(value),
            _ => None,
        }
    }

    #[inline]
    fn find<'l>(
        &self,
        epoch: Epoch,
        loaded: &'l Loaded,
        counting: bool,
    ) -> Result<(u32, &'l FlagRow), Failure> {
        let place = Place::unpack(self.place.load(Ordering::Relaxed), epoch);
        if let Some(Place::Number(number)) = place
            && let Some(row) = loaded.manifest.flags.get(number as usize)
        {
            return Ok((number, row));
        }
        self.look_up(epoch, loaded, counting)
    }
}

impl<T: FlagValue> Flag<T> {
    #[cold]
    fn look_up<'l>(
        &self,
        epoch: Epoch,
        loaded: &'l Loaded,
        counting: bool,
    ) -> Result<(u32, &'l FlagRow), Failure> {
        let (number, row) = by_key::<T>(&self.key, loaded)?;
        // What is counted has to be evaluated.
        let constant = row.constant_bool().filter(|_| !counting);
        let place = constant.map_or(Place::Number(number), Place::Constant);
        self.place.store(place.pack(epoch), Ordering::Relaxed);
        Ok((number, row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_of_one_epoch_only() {
        for place in
            [Place::Number(0), Place::Number(19_999), Place::Constant(false), Place::Constant(true)]
        {
            let packed = place.pack(Epoch(7));
            assert_eq!(Place::unpack(packed, Epoch(7)), Some(place));
            assert_eq!(Place::unpack(packed, Epoch(8)), None);
        }
        assert_eq!(Place::unpack(0, Epoch(1)), None);
    }
}
