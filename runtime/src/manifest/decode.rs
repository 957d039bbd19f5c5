//! The manifest's wire form: MessagePack, structures as arrays.
//!
//! In: bytes that anybody may have written. Out: a checked [`Manifest`]. Arrays may be longer than
//! the tables of `ABI.md` (a newer compiler knows more), never shorter.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use vexil_abi::ABI_VERSION;

use super::{Attribute, FlagRow, Kind, Manifest, ManifestError, Most};
use crate::key_index::KeyIndex;
use crate::limits::{MANIFEST_DEPTH, MANIFEST_VALUES};
use crate::path::Path;
use crate::read::Read;

/// Decodes and checks a manifest.
pub(crate) fn decode(bytes: &[u8]) -> Result<Manifest, ManifestError> {
    count(bytes)?;
    let Row(mut manifest) =
        Row::<Manifest>::deserialize(&mut deserializer(bytes)).map_err(shape)?;
    manifest.check()?;
    Ok(manifest)
}

fn deserializer(
    bytes: &[u8],
) -> rmp_serde::Deserializer<rmp_serde::decode::ReadRefReader<'_, [u8]>> {
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(bytes);
    deserializer.set_max_depth(MANIFEST_DEPTH);
    deserializer
}

fn shape(error: rmp_serde::decode::Error) -> ManifestError {
    ManifestError::Shape(error.to_string())
}

/// A structure that is written as an array.
struct Row<T>(T);

trait FromRow: Sized {
    const NAME: &'static str;

    /// Takes the elements it knows, in order.
    fn from_row<'de, A: SeqAccess<'de>>(row: &mut A) -> Result<Self, A::Error>;
}

impl<'de, T: FromRow> Deserialize<'de> for Row<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RowVisitor<T>(PhantomData<T>);
        impl<'de, T: FromRow> Visitor<'de> for RowVisitor<T> {
            type Value = Row<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{} as an array", T::NAME)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut row: A) -> Result<Row<T>, A::Error> {
                let value = T::from_row(&mut row)?;
                while row.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Row(value))
            }
        }
        deserializer.deserialize_any(RowVisitor(PhantomData))
    }
}

fn next<'de, A: SeqAccess<'de>, T: Deserialize<'de>>(
    row: &mut A,
    name: &str,
) -> Result<T, A::Error> {
    row.next_element()?.ok_or_else(|| A::Error::custom(format!("`{name}` is absent")))
}

fn rows<'de, A: SeqAccess<'de>, T: FromRow>(row: &mut A, name: &str) -> Result<Vec<T>, A::Error> {
    let rows: Vec<Row<T>> = next(row, name)?;
    Ok(rows.into_iter().map(|Row(row)| row).collect())
}

fn lists<'de, A: SeqAccess<'de>, T: Deserialize<'de>>(
    row: &mut A,
    name: &str,
) -> Result<Vec<Arc<[T]>>, A::Error> {
    let lists: Vec<Vec<T>> = next(row, name)?;
    Ok(lists.into_iter().map(Arc::from).collect())
}

impl FromRow for Manifest {
    const NAME: &'static str = "a manifest";

    fn from_row<'de, A: SeqAccess<'de>>(row: &mut A) -> Result<Self, A::Error> {
        let abi: u64 = next(row, "abi")?;
        if abi != ABI_VERSION as u64 {
            return Err(A::Error::custom(format!("it is for guest ABI {abi}")));
        }
        Ok(Self {
            compiler: next(row, "compiler")?,
            scratch: next(row, "scratch")?,
            attributes: rows(row, "attributes")?,
            flags: {
                let lists = Lists {
                    variants: rows(row, "variants")?,
                    rules: lists(row, "rules")?,
                    reads: lists(row, "reads")?,
                };
                let flags: Vec<WireFlag> = rows(row, "flags")?;
                flags.into_iter().map(|flag| lists.row(flag)).collect::<Result<_, _>>()?
            },
            // `check` fills these in.
            record_bytes: 0,
            reads_now: false,
            asks: Arc::default(),
            keys: KeyIndex::default(),
        })
    }
}

/// Lists that flags name by number, so that what many have in common is there once.
struct Lists {
    variants: Vec<Variants>,
    rules: Vec<Arc<[String]>>,
    reads: Vec<Arc<[u32]>>,
}

impl Lists {
    fn row<E: Error>(&self, flag: WireFlag) -> Result<FlagRow, E> {
        let WireFlag { key, variants, rules, reads, prerequisites, constant } = flag;
        let missing = |what: &str, number: u32| {
            E::custom(format!("flag `{key}`: {what} number {number} are not there"))
        };
        let Variants { kind, list } =
            self.variants.get(variants as usize).ok_or_else(|| missing("variants", variants))?;
        let rules = self.rules.get(rules as usize).ok_or_else(|| missing("rules", rules))?;
        let reads = self.reads.get(reads as usize).ok_or_else(|| missing("reads", reads))?;
        Ok(FlagRow {
            kind: *kind,
            variants: Arc::clone(list),
            rules: Arc::clone(rules),
            reads: Arc::clone(reads),
            key,
            prerequisites,
            constant,
            // `check` fills these in.
            asks: Arc::default(),
            reads_now: false,
            most: Most::default(),
        })
    }
}

/// Variants with the kind of their values.
struct Variants {
    kind: Kind,
    list: Arc<[(String, serde_json::Value)]>,
}

impl FromRow for Variants {
    const NAME: &'static str = "variants";

    fn from_row<'de, A: SeqAccess<'de>>(row: &mut A) -> Result<Self, A::Error> {
        let number: u64 = next(row, "kind")?;
        let unknown = || A::Error::custom(format!("kind number {number} is not known"));
        let kind = Kind::from_number(number).ok_or_else(unknown)?;
        let list: Vec<Variant> = rows(row, "variants")?;
        if let Some(Variant(key, _)) = list.iter().find(|Variant(_, value)| !kind.holds(value)) {
            let name = kind.name();
            return Err(A::Error::custom(format!("variant `{key}` is not of kind {name}")));
        }
        Ok(Self { kind, list: list.into_iter().map(|Variant(key, value)| (key, value)).collect() })
    }
}

/// A flag as it is written, with the numbers of its lists.
struct WireFlag {
    key: String,
    variants: u32,
    rules: u32,
    reads: u32,
    prerequisites: Vec<String>,
    constant: Option<i64>,
}

impl FromRow for Attribute {
    const NAME: &'static str = "an attribute";

    fn from_row<'de, A: SeqAccess<'de>>(row: &mut A) -> Result<Self, A::Error> {
        let path = Path::new(next(row, "path")?);
        let number: u64 = next(row, "read")?;
        let unknown = || A::Error::custom(format!("read number {number} is not known"));
        Ok(Self { path, read: Read::from_number(number).ok_or_else(unknown)? })
    }
}

impl FromRow for WireFlag {
    const NAME: &'static str = "a flag";

    fn from_row<'de, A: SeqAccess<'de>>(row: &mut A) -> Result<Self, A::Error> {
        Ok(Self {
            key: next(row, "key")?,
            variants: next(row, "variants")?,
            rules: next(row, "rules")?,
            reads: next(row, "reads")?,
            prerequisites: next(row, "prerequisites")?,
            constant: next(row, "constant")?,
        })
    }
}

struct Variant(String, serde_json::Value);

impl FromRow for Variant {
    const NAME: &'static str = "a variant";

    fn from_row<'de, A: SeqAccess<'de>>(row: &mut A) -> Result<Self, A::Error> {
        Ok(Self(next(row, "variant key")?, next(row, "variant value")?))
    }
}

/// Walks the whole value without keeping anything, and counts what it is made of.
fn count(bytes: &[u8]) -> Result<(), ManifestError> {
    let left = Cell::new(MANIFEST_VALUES);
    let mut deserializer = deserializer(bytes);
    Count(&left).deserialize(&mut deserializer).map_err(shape)?;
    match IgnoredAny::deserialize(&mut deserializer) {
        Err(rmp_serde::decode::Error::InvalidMarkerRead(_)) => Ok(()),
        _ => Err(ManifestError::Shape("bytes behind the value".into())),
    }
}

#[derive(Clone, Copy)]
struct Count<'a>(&'a Cell<usize>);

impl<'de> DeserializeSeed<'de> for Count<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.0.get().checked_sub(1) {
            Some(left) => self.0.set(left),
            None => return Err(D::Error::custom(format!("more than {MANIFEST_VALUES} values"))),
        }
        deserializer.deserialize_any(self)
    }
}

macro_rules! scalars {
    ($($visit:ident: $scalar:ty),*) => {$(
        fn $visit<E>(self, _: $scalar) -> Result<(), E> {
            Ok(())
        }
    )*};
}

impl<'de> Visitor<'de> for Count<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("booleans, numbers, texts, arrays and maps")
    }

    scalars! { visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while members.next_entry_seed(self, self)?.is_some() {}
        Ok(())
    }
}
