//! Percentages as people write them: `on=25%,off=75%`.
//!
//! In: the words of a rollout. Out: weights in parts per 100,000 that sum to 100,000, or what is
//! wrong with them. Integers only, so that what is written is what is meant.

use serde_json::{Map, Value, json};

use super::sentence::percent;

/// All of a split, in parts per 100,000.
const WHOLE: u64 = 100_000;

/// A rollout as written on the command line.
#[derive(Clone, Debug, PartialEq)]
pub enum Rollout {
    /// One variant for everybody, without hashing.
    Variant(String),
    /// Variant → parts per 100,000, in order.
    Split(Vec<(String, u64)>),
}

impl std::str::FromStr for Rollout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a rollout names at least one variant".into());
        }
        if !text.contains('=') {
            return Ok(Self::Variant(text.to_owned()));
        }
        let weights: Vec<_> = text.split(',').map(weight).collect::<Result<_, _>>()?;
        for (at, (variant, _)) in weights.iter().enumerate() {
            if weights.iter().skip(at + 1).any(|(other, _)| other == variant) {
                return Err(format!("`{variant}` is named twice"));
            }
        }
        let sum: u64 = weights.iter().map(|(_, parts)| parts).sum();
        if sum != WHOLE {
            return Err(format!("the percentages sum to {}, not to 100 %", percent(sum)));
        }
        Ok(Self::Split(weights))
    }
}

/// `on=25%` as variant and parts per 100,000.
fn weight(text: &str) -> Result<(String, u64), String> {
    let fault = || format!("`{text}` is not of the form `VARIANT=PERCENT%`");
    let (variant, number) = text.trim().rsplit_once('=').ok_or_else(fault)?;
    let number = number.trim();
    let number = number.strip_suffix('%').unwrap_or(number).trim_end();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if variant.is_empty() || !digits(whole) || !digits(fraction) {
        return Err(fault());
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > 3 {
        return Err(format!("`{text}` is finer than a thousandth of a percent"));
    }
    let thousandths = format!("{whole}{fraction:0<3}").parse::<u64>().map_err(|_| fault())?;
    if thousandths > WHOLE {
        return Err(format!("`{text}` is more than 100 %"));
    }
    Ok((variant.trim().to_owned(), thousandths))
}

/// What a rollout keeps of the split before it, unless it is told otherwise.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// Attribute path that is hashed.
    pub by: Option<String>,
    /// Salt.
    pub salt: Option<String>,
    /// Variant for a missing unit.
    pub otherwise: Option<String>,
}

impl Rollout {
    /// The serve that this rollout makes of `before`: a split keeps what it hashed by and with, and
    /// the order of its variants, so that a changed percentage moves as few subjects as can be.
    #[must_use]
    pub fn serve(&self, before: &Value, change: &Kept) -> Value {
        let weights = match self {
            Self::Variant(variant) => return Value::String(variant.clone()),
            Self::Split(weights) => weights,
        };
        let new = |variant: &String| weights.iter().find(|(name, _)| name == variant);
        let old = before.get("split").and_then(|split| split.get("weights")?.as_object());
        let known = old.into_iter().flat_map(Map::keys).filter_map(new);
        let known: Map<String, Value> = known.chain(weights).map(part).collect();
        let mut split = Map::from_iter([("weights".to_owned(), Value::Object(known))]);
        let changes =
            [("by", &change.by), ("salt", &change.salt), ("otherwise", &change.otherwise)];
        for (name, new) in changes {
            let old = || before.get("split")?.get(name).cloned();
            if let Some(value) = new.clone().map(Value::String).or_else(old) {
                split.insert(name.to_owned(), value);
            }
        }
        json!({ "split": split })
    }
}

fn part((variant, parts): &(String, u64)) -> (String, Value) {
    (variant.clone(), json!(parts))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn percentages_become_parts_without_rounding() {
        let split = |text: &str| match text.parse::<Rollout>().unwrap() {
            Rollout::Split(weights) => weights,
            Rollout::Variant(_) => Vec::new(),
        };
        assert_eq!(split("on=25%,off=75%"), [("on".into(), 25_000), ("off".into(), 75_000)]);
        assert_eq!(split("a=0.001, b = 99.999 %"), [("a".into(), 1), ("b".into(), 99_999)]);
        assert_eq!(split("a=b=100.000%"), [("a=b".into(), 100_000)]);
        assert_eq!("on".parse(), Ok(Rollout::Variant("on".into())));
    }

    #[test]
    fn a_rollout_that_is_not_whole_is_refused_with_its_sum() {
        for (text, fault) in [
            ("on=25%,off=74.5%", "the percentages sum to 99.5 %, not to 100 %"),
            ("on=50%,on=50%", "`on` is named twice"),
            ("on=33.3333%,off=1%", "`on=33.3333%` is finer than a thousandth of a percent"),
            ("on=101%", "`on=101%` is more than 100 %"),
            ("on=99999999999999999999%", "is not of the form"),
            ("on=-5%,off=105%", "`on=-5%` is not of the form `VARIANT=PERCENT%`"),
            ("on=,off", "`on=` is not of the form `VARIANT=PERCENT%`"),
            ("=100%", "`=100%` is not of the form `VARIANT=PERCENT%`"),
        ] {
            assert!(text.parse::<Rollout>().unwrap_err().contains(fault), "{text}");
        }
    }

    #[test]
    fn a_changed_percentage_keeps_what_is_hashed() {
        let before = json!({"split": {
            "weights": {"off": 99_999, "on": 1}, "by": "company", "salt": "s", "otherwise": "off",
        }});
        let rollout: Rollout = "on=50%,off=50%".parse().unwrap();
        let change = Kept { otherwise: Some("on".into()), ..Kept::default() };
        let after = json!({"split": {
            "weights": {"off": 50_000, "on": 50_000}, "by": "company", "salt": "s",
            "otherwise": "on",
        }});
        assert_eq!(rollout.serve(&before, &change).to_string(), after.to_string());
        let fresh = json!({"split": {"weights": {"on": 50_000, "off": 50_000}}});
        assert_eq!(rollout.serve(&json!("off"), &Kept::default()), fresh);
    }
}
