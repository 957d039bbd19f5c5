//! Facts about an attribute that is a list.
//!
//! In: facts. Out: whether some list may agree with all of them. Facts say that some operands are
//! elements and others are not; an operand under `ignore_case` is said in any spelling.

use std::collections::BTreeSet;

use super::attribute::{Asked, Fact};
use crate::context::Value;
use crate::flag_set::{Quantifier, Scalar, Test};
use crate::interpret::lower;
use crate::lint::known::Steps;

/// An operand as an element.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Element {
    Boolean(bool),
    /// The bits of the double, zero without its sign.
    Number(u64),
    /// The text; in lower case if `folded`.
    Text {
        text: String,
        folded: bool,
    },
}

/// What is said of elements.
#[derive(Debug, Default)]
struct Said {
    present: BTreeSet<Element>,
    absent: BTreeSet<Element>,
    /// Of each some element is present.
    some_present: Vec<Vec<Element>>,
    /// Of each some element is absent.
    some_absent: Vec<Vec<Element>>,
}

/// May some list agree with all of `facts`?
pub(super) fn possible(facts: &[Fact<'_>], steps: &Steps<'_>) -> bool {
    let mut said = Said::default();
    for fact in facts {
        match (fact.asked, fact.test()) {
            (_, Some(Test::List { quantifier, values, ignore_case })) => {
                let elements = values.iter().map(|value| element(value, *ignore_case)).collect();
                said.add(*quantifier, elements, fact.truth);
            }
            // Whatever else is known fares the same on every list.
            (Asked::Listed(_) | Asked::Unit, _) | (_, Some(_))
                if !fact.agrees(Some(&Value::List(Vec::new()))) =>
            {
                return false;
            }
            _ => {}
        }
    }
    !steps.take(said.size()) || said.is_consistent()
}

fn element(value: &Scalar, fold: bool) -> Element {
    match value {
        Scalar::Boolean(boolean) => Element::Boolean(*boolean),
        Scalar::Number(number) => Element::Number((number + 0.0).to_bits()),
        Scalar::String(text) if fold => Element::Text { text: lower(text), folded: true },
        Scalar::String(text) => Element::Text { text: text.clone(), folded: false },
    }
}

impl Said {
    fn add(&mut self, quantifier: Quantifier, elements: Vec<Element>, truth: bool) {
        match (quantifier, truth) {
            (Quantifier::AllOf, true) => self.present.extend(elements),
            (Quantifier::AllOf, false) => self.some_absent.push(elements),
            (Quantifier::AnyOf, true) | (Quantifier::NoneOf, false) => {
                self.some_present.push(elements);
            }
            (Quantifier::AnyOf, false) | (Quantifier::NoneOf, true) => self.absent.extend(elements),
        }
    }

    fn size(&self) -> usize {
        let lists = self.some_present.iter().chain(&self.some_absent);
        self.present.len() + self.absent.len() + lists.map(Vec::len).sum::<usize>()
    }

    fn is_consistent(&self) -> bool {
        let spoken: BTreeSet<Element> = self.present.iter().map(Element::in_lower_case).collect();
        let is_absent = |element: &Element| {
            self.absent.contains(element) || self.absent.contains(&element.in_lower_case())
        };
        let is_present = |element: &Element| {
            self.present.contains(element) || (element.is_folded() && spoken.contains(element))
        };
        !self.present.iter().any(is_absent)
            && self.some_present.iter().all(|some| !some.iter().all(is_absent))
            && self.some_absent.iter().all(|some| !some.iter().all(is_present))
    }
}

impl Element {
    /// What is known when it is present: some spelling of it is.
    fn in_lower_case(&self) -> Self {
        match self {
            Self::Text { text, .. } => Self::Text { text: lower(text), folded: true },
            other => other.clone(),
        }
    }

    fn is_folded(&self) -> bool {
        matches!(self, Self::Text { folded: true, .. })
    }
}
