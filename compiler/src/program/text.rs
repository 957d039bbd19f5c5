//! The program as text, for `inspect`, for golden tests and for people who change passes.

use std::fmt::{self, Display, Formatter};
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    Answer, Body, Bucketing, Flag, FlagTest, Hash, Leaf, Missing, Over, Pred, Program, Range, Read,
    Segment, Serve, Set, Slot, Split, Test,
};
use crate::flag_set::{Order, Place, VersionDialect, VersionOrder};
use vexil_abi::verdict::{NO_RULE, NO_VARIANT, detail, error_code, reason};

impl Display for Program {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (id, slot) in self.slots.iter().enumerate() {
            writeln!(f, "slot s{id} = {slot}")?;
        }
        for (id, unit) in self.units.iter().enumerate() {
            write!(f, "unit u{id} =")?;
            unit.slots.iter().try_for_each(|slot| write!(f, " s{}", slot.0))?;
            writeln!(f)?;
        }
        for (id, segment) in self.segments.iter().enumerate() {
            writeln!(f, "{}", Numbered(id, segment))?;
        }
        for (id, flag) in self.flags.iter().enumerate() {
            write!(f, "{}", Numbered(id, flag))?;
        }
        Ok(())
    }
}

struct Numbered<'a, T>(usize, &'a T);

impl Display for Slot {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let read = match self.read {
            Read::Value => "value",
            Read::Number => "number",
            Read::Unit => "unit",
            Read::Float => "float",
        };
        write!(f, "{read} {:?}", self.path)
    }
}

impl Display for Numbered<'_, Segment> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "segment g{} {:?} = {}", self.0, self.1.key, self.1.when)
    }
}

impl Display for Numbered<'_, Flag> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Numbered(id, flag) = self;
        writeln!(f, "flag f{id} {:?} {:?}", flag.key, flag.kind)?;
        for (index, (key, value)) in flag.variants.iter().enumerate() {
            writeln!(f, "  variant v{index} {key:?} = {value}")?;
        }
        flag.body.fmt(f)
    }
}

impl Display for Body {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for gate in &self.gates {
            writeln!(f, "  unless {} -> {}", gate.test, gate.failed)?;
        }
        for rule in &self.rules {
            writeln!(f, "  if {} -> {}", rule.when, rule.serve)?;
        }
        writeln!(f, "  -> {}", self.last)
    }
}

impl Display for Serve {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(answer) => answer.fmt(f),
            Self::Split(split) => split.fmt(f),
        }
    }
}

impl Display for Answer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let verdict = self.0;
        let name = reason::NAMES.get(usize::from(verdict.reason)).unwrap_or(&"?");
        write!(f, "{name}")?;
        if verdict.variant != NO_VARIANT {
            write!(f, " v{}", verdict.variant)?;
        }
        if verdict.rule != NO_RULE {
            write!(f, " r{}", verdict.rule)?;
        }
        if verdict.error_code != error_code::NONE {
            let name = error_code::NAMES.get(usize::from(verdict.error_code)).unwrap_or(&"?");
            write!(f, " {name}")?;
        }
        match verdict.detail {
            detail::NONE => Ok(()),
            detail::OVERRIDE => write!(f, " override"),
            prerequisite => write!(f, " p{}", prerequisite - 1),
        }
    }
}

impl Display for Split {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "split {}", self.bucketing)?;
        for arm in &self.arms {
            write!(f, " [{}, {}) {}", arm.from, arm.to, arm.answer)?;
        }
        match self.missing {
            Missing::Next => write!(f, " missing next"),
            Missing::Answer(answer) => write!(f, " missing {answer}"),
        }
    }
}

impl Display for Bucketing {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.hash {
            Hash::Native { salt } => write!(f, "native(u{}, {salt:#018x})", self.unit.0),
            Hash::Foreign(hash) => {
                let (family, encoding) = (hash.family.word(), hash.encoding.word());
                write!(f, "{family}(u{}, {encoding}", self.unit.0)?;
                if hash.seed != 0 {
                    write!(f, ", seed {}", hash.seed)?;
                }
                write!(f, ", {:?} _ {:?}", hash.prefix, hash.suffix)?;
                write!(f, ", {} {})", hash.reduce.word(), hash.buckets)
            }
        }
    }
}

impl Display for FlagTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "f{} in", self.flag.0)?;
        self.variants.iter().try_for_each(|variant| write!(f, " v{}", variant.0))
    }
}

impl Display for Pred {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Const(value) => write!(f, "{value}"),
            Self::Not(inner) => write!(f, "not {inner}"),
            Self::All(inner) => list(f, "all", inner),
            Self::Any(inner) => list(f, "any", inner),
            Self::Leaf(leaf) => leaf.fmt(f),
            Self::Segment(id) => write!(f, "g{}", id.0),
            Self::Flag(test) => write!(f, "({test})"),
            Self::Bucket(bucketing, Range { from, to }) => {
                write!(f, "({bucketing} in [{from}, {to}))")
            }
        }
    }
}

fn list(f: &mut Formatter<'_>, name: &str, inner: &[Pred]) -> fmt::Result {
    write!(f, "({name}")?;
    inner.iter().try_for_each(|pred| write!(f, " {pred}"))?;
    write!(f, ")")
}

impl Display for Leaf {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let some = if self.over == Over::AnyElement { "some of " } else { "" };
        write!(f, "({some}s{} {})", self.slot.0, self.test)
    }
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists => write!(f, "exists"),
            Self::IsList => write!(f, "is a list"),
            Self::In(set) => set.fmt(f),
            Self::Affix { place, needles, fold } => {
                let place = match place {
                    Place::Anywhere => "contains",
                    Place::Start => "starts",
                    Place::End => "ends",
                };
                write!(f, "{place}{} {needles:?}", folded(*fold))
            }
            Self::Number { order, operand } => write!(f, "{} {operand:?}", symbol(*order)),
            Self::Between { low, high } => write!(f, "between {low:?} {high:?}"),
            Self::Version { order, operand, dialect } => {
                let [major, minor, patch] = operand.numbers;
                let order = match order {
                    VersionOrder::Equal => "==",
                    VersionOrder::Less => "<",
                    VersionOrder::LessOrEqual => "<=",
                    VersionOrder::Greater => ">",
                    VersionOrder::GreaterOrEqual => ">=",
                };
                let dialect = match dialect {
                    VersionDialect::Loose => "",
                    other => other.word(),
                };
                let space = if dialect.is_empty() { "" } else { " " };
                write!(f, "{dialect}{space}version {order} {major}.{minor}.{patch}")?;
                if operand.prerelease.is_empty() {
                    Ok(())
                } else {
                    write!(f, "-{}", operand.prerelease)
                }
            }
            Self::Matches { patterns, ignore_case, table } => {
                write!(f, "matches{} {patterns:?}", folded(*ignore_case))?;
                write!(f, " by {} bytes", table.len())
            }
            Self::InNetworks { four, six } => {
                write!(f, "in networks")?;
                for (first, last) in four {
                    let [first, last] = [first, last].map(|end| Ipv4Addr::from(*end));
                    write!(f, " {first}-{last}")?;
                }
                for (first, last) in six {
                    let [first, last] = [first, last].map(|end| Ipv6Addr::from(*end));
                    write!(f, " {first}-{last}")?;
                }
                Ok(())
            }
            Self::Time { after, operand_ms } => {
                write!(f, "{} {operand_ms:?}ms", if *after { "after" } else { "before" })
            }
        }
    }
}

impl Display for Set {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let cohort = if self.is_cohort { " cohort" } else { "" };
        write!(f, "in{cohort}{}", folded(self.fold))?;
        self.strings.iter().try_for_each(|string| write!(f, " {string:?}"))?;
        self.numbers.iter().try_for_each(|number| write!(f, " {number:?}"))?;
        if self.has_false {
            write!(f, " false")?;
        }
        if self.has_true {
            write!(f, " true")?;
        }
        Ok(())
    }
}

const fn folded(fold: bool) -> &'static str {
    if fold { " lower" } else { "" }
}

const fn symbol(order: Order) -> &'static str {
    match order {
        Order::Less => "<",
        Order::LessOrEqual => "<=",
        Order::Greater => ">",
        Order::GreaterOrEqual => ">=",
    }
}
