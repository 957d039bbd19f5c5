//! Tests on attributes → leaves.

use crate::flag_set::{self, NumberDialect, Quantifier, Scalar};
use crate::program::{Leaf, Over, Pred, Read, Set, Test};
use crate::regex::{self, Work};

use super::{Lowering, network, version};

impl Lowering<'_> {
    /// One test on one attribute. A missing or mistyped attribute makes a leaf false, whatever it
    /// asks.
    pub(super) fn attribute(&mut self, path: &str, test: &flag_set::Test) -> Pred {
        use flag_set::Test as Source;
        match test {
            Source::Exists(true) => self.leaf(path, Read::Value, Test::Exists),
            Source::Exists(false) => {
                Pred::Not(Box::new(self.leaf(path, Read::Value, Test::Exists)))
            }
            Source::In { values, ignore_case } => {
                self.leaf(path, Read::Value, Test::In(set(values, *ignore_case)))
            }
            Source::Affix { place, needles, ignore_case } => {
                let needles = sorted(needles.iter().map(|needle| folded(needle, *ignore_case)));
                let test = Test::Affix { place: *place, needles, fold: *ignore_case };
                self.leaf(path, Read::Value, test)
            }
            Source::Number { order, operand, dialect } => {
                let test = Test::Number { order: *order, operand: *operand };
                self.leaf(path, number(*dialect), test)
            }
            Source::Between { low, high, dialect } => {
                self.leaf(path, number(*dialect), Test::Between { low: *low, high: *high })
            }
            Source::Matches { patterns, ignore_case } => self.matches(path, patterns, *ignore_case),
            Source::Cidr { nets } => self.leaf(path, Read::Value, network::in_networks(nets)),
            Source::Version { order, operand, dialect } => match version::parse(operand) {
                Some(operand) => {
                    let test = Test::Version { order: *order, operand, dialect: *dialect };
                    self.leaf(path, Read::Value, test)
                }
                None => Pred::Const(false),
            },
            Source::Time { after, operand_ms } => {
                let test = Test::Time { after: *after, operand_ms: *operand_ms };
                self.leaf(path, Read::Value, test)
            }
            Source::List { quantifier, values, ignore_case } => {
                self.list(path, *quantifier, values, *ignore_case)
            }
        }
    }

    /// Patterns that do not compile (no checked flag set has any) are found nowhere.
    fn matches(&mut self, path: &str, patterns: &[String], ignore_case: bool) -> Pred {
        let patterns = sorted(patterns.iter().cloned());
        match regex::compile(&patterns, ignore_case, &mut Work::default()) {
            Ok(table) => {
                let test = Test::Matches { patterns, ignore_case, table: table.0 };
                self.leaf(path, Read::Value, test)
            }
            Err(_) => Pred::Const(false),
        }
    }

    fn leaf(&mut self, path: &str, read: Read, test: Test) -> Pred {
        let slot = self.slot(path, read);
        Pred::Leaf(Leaf { slot, over: Over::Value, test })
    }

    fn list(
        &mut self,
        path: &str,
        quantifier: Quantifier,
        values: &[Scalar],
        ignore_case: bool,
    ) -> Pred {
        match quantifier {
            Quantifier::AnyOf => self.some_of(path, set(values, ignore_case)),
            // A list, and none of its elements: what is no list fails this test as well.
            Quantifier::NoneOf => Pred::All(vec![
                self.leaf(path, Read::Value, Test::IsList),
                Pred::Not(Box::new(self.some_of(path, set(values, ignore_case)))),
            ]),
            Quantifier::AllOf => Pred::All(
                single_sets(set(values, ignore_case))
                    .into_iter()
                    .map(|set| self.some_of(path, set))
                    .collect(),
            ),
        }
    }

    fn some_of(&mut self, path: &str, set: Set) -> Pred {
        let slot = self.slot(path, Read::Value);
        Pred::Leaf(Leaf { slot, over: Over::AnyElement, test: Test::In(set) })
    }
}

/// The read that gives numbers of `dialect`.
const fn number(dialect: NumberDialect) -> Read {
    match dialect {
        NumberDialect::Decimal => Read::Number,
        NumberDialect::Float => Read::Float,
    }
}

/// Operands split by type, sorted and distinct, so that their order in the document cannot be seen.
fn set(values: &[Scalar], fold: bool) -> Set {
    let mut set = Set { fold, ..Set::default() };
    for value in values {
        match value {
            Scalar::String(text) => set.strings.push(folded(text, fold)),
            Scalar::Number(number) => set.numbers.push(number + 0.0),
            Scalar::Boolean(false) => set.has_false = true,
            Scalar::Boolean(true) => set.has_true = true,
        }
    }
    set.strings = sorted(set.strings.into_iter());
    set.numbers.sort_by(f64::total_cmp);
    set.numbers.dedup();
    set.fold &= !set.strings.is_empty();
    set
}

fn single_sets(set: Set) -> Vec<Set> {
    let fold = set.fold;
    let strings =
        set.strings.into_iter().map(|string| Set { strings: vec![string], fold, ..Set::default() });
    let numbers =
        set.numbers.into_iter().map(|number| Set { numbers: vec![number], ..Set::default() });
    let has_false = set.has_false.then(|| Set { has_false: true, ..Set::default() });
    let has_true = set.has_true.then(|| Set { has_true: true, ..Set::default() });
    strings.chain(numbers).chain(has_false).chain(has_true).collect()
}

/// Sorted and distinct.
pub(super) fn sorted(strings: impl Iterator<Item = String>) -> Vec<String> {
    let mut strings: Vec<String> = strings.collect();
    strings.sort_unstable();
    strings.dedup();
    strings
}

/// Lower-cased character by character if `fold`.
fn folded(text: &str, fold: bool) -> String {
    if fold { text.chars().flat_map(char::to_lowercase).collect() } else { text.to_owned() }
}
