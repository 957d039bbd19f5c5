//! What a visitor can read in the module for browsers, before it is shipped.
//!
//! In: a checked flag set. Out: every text and number of it that stands in that module, with the
//! flags through which it got there. Read off the program that is emitted, so what the passes drop
//! is not told; sets of strings are not, as only their digests are emitted (`docs/audiences.md`).

mod looks;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::Serialize;
use serde_json::Value;

use crate::audience;
use crate::check;
use crate::compile::program;
use crate::diagnostic::Diagnostic;
use crate::flag_set::{FlagSet, covers};
pub use looks::Looks;

use crate::program::{
    Bucketing, FlagIndex, FlagTest, Hash, Leaf, Pred, Program, SegmentId, Serve, Set, Slot, SlotId,
    Test, Version,
};

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// The key of a flag.
    Flag,
    /// The key of a variant.
    Variant,
    /// A value, or a text inside of one.
    Value,
    /// The id of a rule.
    Rule,
    /// An attribute's path.
    Attribute,
    /// An operand of `contains`, `starts_with` or `ends_with`.
    Needle,
    /// A pattern of `matches`: an automaton that can be turned back into one.
    Pattern,
    /// A number or boolean that an attribute is compared with.
    Operand,
    /// A version that an attribute is compared with.
    Version,
    /// Addresses, from and to.
    Network,
    /// A time, in milliseconds since the Unix epoch.
    Time,
    /// What stands before or after a unit that another system's hash takes.
    Affix,
}

impl What {
    /// A word for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Variant => "variant",
            Self::Value => "value",
            Self::Rule => "rule",
            Self::Attribute => "attribute",
            Self::Needle => "needle",
            Self::Pattern => "pattern",
            Self::Operand => "operand",
            Self::Version => "version",
            Self::Network => "network",
            Self::Time => "time",
            Self::Affix => "affix",
        }
    }
}

/// Something that can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Revealed {
    /// What it is.
    pub what: What,
    /// As it stands there, or as it was written.
    pub text: String,
    /// The `client_visible` flags that bring it there, in order.
    pub flags: Vec<String>,
    /// It is the path of a sensitive attribute.
    #[serde(skip_serializing_if = "is_false")]
    pub sensitive: bool,
    /// What it looks like, where that is something that is seldom meant to be public.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looks: Option<Looks>,
}

const fn is_false(truth: &bool) -> bool {
    !*truth
}

impl Revealed {
    fn new((what, text): (What, String), flags: Vec<String>, sensitive: &[String]) -> Self {
        let is_path = what == What::Attribute;
        let sensitive = is_path && sensitive.iter().any(|sensitive| covers(sensitive, &text));
        let looks = match what {
            What::Flag
            | What::Variant
            | What::Value
            | What::Rule
            | What::Needle
            | What::Pattern => looks::looks(&text),
            _ => None,
        };
        Self { what, text, flags, sensitive, looks }
    }
}

/// What the module for browsers of a flag set shows: by kind, then in the order of the texts.
/// `sensitive` are the paths of sensitive attributes, which are marked.
///
/// # Errors
/// Every fault of the flag set.
pub fn revealed(
    flag_set: &FlagSet,
    sensitive: &[String],
) -> Result<Vec<Revealed>, Vec<Diagnostic>> {
    let faults = check::flag_set(flag_set, None);
    if !faults.is_empty() {
        return Err(faults);
    }
    let visible = audience::client_visible(flag_set);
    let program = program(&audience::with_needed(flag_set, &visible))?;
    let mut found = BTreeMap::<(What, String), Vec<String>>::new();
    for (index, flag) in program.flags.iter().enumerate() {
        if visible.contains(&flag.key.as_str()) {
            let mut walk = Walk::of(&program);
            walk.named(index);
            walk.flag(index);
            for each in walk.found {
                found.entry(each).or_default().push(flag.key.clone());
            }
        }
    }
    let revealed = found.into_iter().map(|(each, flags)| Revealed::new(each, flags, sensitive));
    Ok(revealed.collect())
}

/// A way through all that one flag is decided by.
struct Walk<'a> {
    program: &'a Program,
    /// Flags and segments that were walked through.
    flags: BTreeSet<usize>,
    segments: BTreeSet<usize>,
    found: BTreeSet<(What, String)>,
}

impl<'a> Walk<'a> {
    fn of(program: &'a Program) -> Self {
        let (flags, segments) = (BTreeSet::new(), BTreeSet::new());
        Self { program, flags, segments, found: BTreeSet::new() }
    }

    fn note(&mut self, what: What, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.found.insert((what, text));
        }
    }

    /// What the manifest says of a flag that has a row.
    fn named(&mut self, index: usize) {
        let Some(flag) = self.program.flags.get(index) else { return };
        self.note(What::Flag, flag.key.as_str());
        for (key, value) in &flag.variants {
            self.note(What::Variant, key.as_str());
            self.value(value);
        }
        for id in &flag.rule_ids {
            self.note(What::Rule, id.as_str());
        }
    }

    /// A value of json gives its texts and numbers one by one: they are what is looked for.
    fn value(&mut self, value: &Value) {
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            match value {
                Value::Null => {}
                Value::String(text) => self.note(What::Value, text.as_str()),
                Value::Array(items) => waiting.extend(items),
                Value::Object(members) => {
                    members.keys().for_each(|key| self.note(What::Value, key.as_str()));
                    waiting.extend(members.values());
                }
                Value::Bool(_) | Value::Number(_) => self.note(What::Value, value.to_string()),
            }
        }
    }

    fn flag(&mut self, index: usize) {
        let Some(flag) = self.program.flags.get(index).filter(|_| self.flags.insert(index)) else {
            return;
        };
        for gate in &flag.body.gates {
            self.asked(&gate.test);
        }
        for rule in &flag.body.rules {
            self.pred(&rule.when);
            self.serve(&rule.serve);
        }
        self.serve(&flag.body.last);
    }

    fn asked(&mut self, test: &FlagTest) {
        let FlagIndex(index) = test.flag;
        self.flag(index as usize);
    }

    fn serve(&mut self, serve: &Serve) {
        if let Serve::Split(split) = serve {
            self.bucketing(&split.bucketing);
        }
    }

    fn bucketing(&mut self, bucketing: &Bucketing) {
        if let Some(unit) = self.program.units.get(bucketing.unit.0 as usize) {
            unit.slots.iter().for_each(|slot| self.slot(*slot));
        }
        if let Hash::Foreign(hash) = &bucketing.hash {
            self.note(What::Affix, hash.prefix.as_str());
            self.note(What::Affix, hash.suffix.as_str());
        }
    }

    fn slot(&mut self, SlotId(slot): SlotId) {
        if let Some(Slot { path, .. }) = self.program.slots.get(slot as usize) {
            self.note(What::Attribute, path.as_str());
        }
    }

    /// As deep as a predicate may be.
    fn pred(&mut self, pred: &Pred) {
        match pred {
            Pred::Const(_) => {}
            Pred::Not(inner) => self.pred(inner),
            Pred::All(inner) | Pred::Any(inner) => inner.iter().for_each(|each| self.pred(each)),
            Pred::Leaf(leaf) => self.leaf(leaf),
            Pred::Segment(SegmentId(index)) => {
                let segment = self.program.segments.get(*index as usize);
                if let Some(segment) = segment.filter(|_| self.segments.insert(*index as usize)) {
                    self.pred(&segment.when);
                }
            }
            Pred::Flag(test) => self.asked(test),
            Pred::Bucket(bucketing, _) => self.bucketing(bucketing),
        }
    }

    fn leaf(&mut self, leaf: &Leaf) {
        self.slot(leaf.slot);
        match &leaf.test {
            Test::Exists | Test::IsList => {}
            Test::In(set) => self.set(set),
            Test::Affix { needles, .. } => {
                needles.iter().for_each(|needle| self.note(What::Needle, needle.as_str()));
            }
            Test::Number { operand, .. } => self.note(What::Operand, operand.to_string()),
            Test::Between { low, high } => {
                self.note(What::Operand, low.to_string());
                self.note(What::Operand, high.to_string());
            }
            Test::Version { operand, .. } => self.note(What::Version, version(operand)),
            Test::Matches { patterns, .. } => {
                patterns.iter().for_each(|pattern| self.note(What::Pattern, pattern.as_str()));
            }
            Test::InNetworks { four, six } => {
                for (from, to) in four {
                    let (from, to) = (Ipv4Addr::from(*from), Ipv4Addr::from(*to));
                    self.note(What::Network, format!("{from} to {to}"));
                }
                for (from, to) in six {
                    let (from, to) = (Ipv6Addr::from(*from), Ipv6Addr::from(*to));
                    self.note(What::Network, format!("{from} to {to}"));
                }
            }
            Test::Time { operand_ms, .. } => self.note(What::Time, operand_ms.to_string()),
        }
    }

    fn set(&mut self, set: &Set) {
        set.numbers.iter().for_each(|number| self.note(What::Operand, number.to_string()));
        for (has, text) in [(set.has_false, "false"), (set.has_true, "true")] {
            if has {
                self.note(What::Operand, text);
            }
        }
    }
}

fn version(version: &Version) -> String {
    let [major, minor, patch] = version.numbers;
    let dash = if version.prerelease.is_empty() { "" } else { "-" };
    format!("{major}.{minor}.{patch}{dash}{}", version.prerelease)
}
