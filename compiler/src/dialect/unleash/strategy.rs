//! Strategies as predicates.
//!
//! In: a strategy of a feature. Out: the predicate under which it is on: its own rule, its
//! constraints, and those of its segments. Or, in yggdrasil, that the engine cannot read it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Profile;
use super::attribute::{self, HOSTNAME, SUBJECT};
use super::constraint;
use super::form::{self, always, never};
use super::network;
use super::notes::{Broken, Notes};
use super::rollout::{bucket, lots, note, note_random, units};
use super::script;
use super::wire::Strategy;
use super::wording::{read_back, survives, survives_escaped};
use crate::check::codes;
use crate::check::names::quoted;

/// Where a strategy is read.
pub(super) struct Setting<'a> {
    pub(super) profile: Profile,
    /// The feature's name.
    pub(super) feature: &'a str,
    /// The name under which the feature is asked for: its own, or that of a feature that depends
    /// on it. It is the group of rollouts that name none.
    pub(super) asked_as: &'a str,
    /// Segments by id: key, or why the engine cannot read it.
    pub(super) segments: &'a BTreeMap<i64, Result<String, Broken>>,
}

/// The predicate under which `strategy` is on.
///
/// # Errors
/// Yggdrasil cannot read it.
pub(super) fn predicate(
    strategy: &Strategy,
    setting: &Setting<'_>,
    notes: &mut Notes,
) -> Result<Value, Broken> {
    if strategy.is_disabled {
        let message = "the strategy is switched off, and switches are of features here";
        let help = "it is kept as a rule that never holds; take the rule out, or mend its `when`";
        notes.add(codes::LEFT_OUT, &strategy.at, message, help);
        return Ok(never());
    }
    let mut parts = vec![own_rule(strategy, setting, notes)?];
    for constraint in &strategy.constraints {
        parts.push(constraint::predicate(constraint, setting.profile, notes)?);
    }
    for (at, id) in &strategy.segments {
        parts.push(segment(at, *id, setting, notes)?);
    }
    Ok(form::all(parts))
}

fn segment(at: &str, id: i64, setting: &Setting<'_>, notes: &mut Notes) -> Result<Value, Broken> {
    match setting.segments.get(&id) {
        Some(Ok(key)) => Ok(json!({ "segment": key })),
        Some(Err(broken)) => Err(broken.clone()),
        None => {
            let why = format!("the document has no segment `{id}`");
            if setting.profile == Profile::Yggdrasil {
                return Err(Broken { at: at.to_owned(), why });
            }
            notes.add(codes::STRATEGY_NEVER, at, why, NEVER);
            Ok(never())
        }
    }
}

const NEVER: &str = "the strategy never holds, as in Unleash";

/// What the strategy asks by itself.
fn own_rule(
    strategy: &Strategy,
    setting: &Setting<'_>,
    notes: &mut Notes,
) -> Result<Value, Broken> {
    match strategy.name.as_str() {
        "default" => Ok(always()),
        "userWithId" => user_with_id(strategy, setting.profile, notes),
        "remoteAddress" => remote_address(strategy, setting.profile, notes),
        "applicationHostname" => hostname(strategy, setting.profile, notes),
        "flexibleRollout" => flexible_rollout(strategy, setting, notes),
        "gradualRolloutUserId" => gradual_rollout(SUBJECT, strategy, setting.profile, notes),
        "gradualRolloutSessionId" => gradual_rollout("sessionId", strategy, setting.profile, notes),
        "gradualRolloutRandom" => random_rollout(strategy, setting, notes),
        custom => {
            let message = format!("the strategy {} is not one of Unleash's own", quoted(custom));
            let help = "it never holds here, as in a client that does not know it; write a rule \
                        that asks for an attribute which your services set";
            notes.add(codes::STRATEGY_NEVER, &strategy.at, message, help);
            Ok(never())
        }
    }
}

/// Says that a strategy lacks what it needs.
fn lacks(strategy: &Strategy, what: &str, notes: &mut Notes) -> Value {
    let message = format!("`{}` has no {what}", strategy.name);
    notes.add(codes::STRATEGY_NEVER, &strategy.at, message, NEVER);
    never()
}

fn unquotable(strategy: &Strategy, text: &str) -> Broken {
    let why = format!("the parameter {} cannot be quoted", quoted(text));
    Broken { at: strategy.at.clone(), why }
}

/// The elements of a list with commas, as the client has them: the Node client takes away blanks
/// around commas, yggdrasil those at the ends of the list too.
fn listed(text: &str, profile: Profile) -> Vec<String> {
    let text = if profile == Profile::Yggdrasil { text.trim() } else { text };
    let last = text.matches(',').count();
    let elements = text.split(',').enumerate().map(|(index, element)| {
        let element = if index > 0 { element.trim_start() } else { element };
        let element = if index < last { element.trim_end() } else { element };
        element.to_owned()
    });
    elements.collect()
}

fn user_with_id(strategy: &Strategy, profile: Profile, notes: &mut Notes) -> Result<Value, Broken> {
    let Some(ids) = strategy.parameters.get("userIds") else {
        return Ok(lacks(strategy, "`userIds`", notes));
    };
    if profile == Profile::Node && ids.is_empty() {
        return Ok(lacks(strategy, "`userIds`", notes));
    }
    let ids = listed(ids, profile);
    if let Some(bad) = ids.iter().find(|id| !survives_escaped(id))
        && profile == Profile::Yggdrasil
    {
        return Err(unquotable(strategy, bad));
    }
    Ok(form::any(ids.chunks(crate::limits::MAX_SET).map(|ids| form::one_of(SUBJECT, ids))))
}

fn remote_address(
    strategy: &Strategy,
    profile: Profile,
    notes: &mut Notes,
) -> Result<Value, Broken> {
    let Some(addresses) = strategy.parameters.get("IPs") else {
        return Ok(lacks(strategy, "`IPs`", notes));
    };
    let addresses = listed(addresses, profile);
    let nets: Vec<String> = addresses.iter().filter_map(|one| network::read(one)).collect();
    let path = attribute::of("remoteAddress");
    if profile == Profile::Node {
        // That client compares texts first, and knows only networks of IPv4 here.
        let nets: Vec<String> = nets.into_iter().filter(|net| !net.contains(':')).collect();
        let known: Vec<String> = addresses.into_iter().filter(|one| !one.is_empty()).collect();
        return Ok(form::any([form::one_of(path, &known), constraint::networks(path, &nets)]));
    }
    if let Some(bad) = addresses.iter().find(|one| !survives(one)) {
        return Err(unquotable(strategy, bad));
    }
    if nets.is_empty() {
        return Ok(lacks(strategy, "address or network in `IPs`", notes));
    }
    Ok(constraint::networks(path, &nets))
}

/// A module has no host whose name it could ask: the context has to say it.
fn hostname(strategy: &Strategy, profile: Profile, notes: &mut Notes) -> Result<Value, Broken> {
    let names = strategy.parameters.get("hostNames").map(String::as_str).unwrap_or_default();
    let names = listed(names, profile);
    if let Some(bad) = names.iter().find(|name| !survives(name))
        && profile == Profile::Yggdrasil
    {
        return Err(unquotable(strategy, bad));
    }
    let names: Vec<String> = names.iter().map(|name| read_back(name)).collect();
    let message = "`applicationHostname` asks for the name of the host";
    let help = "set the attribute `applicationHostname` in the context; without it the strategy \
                never holds";
    notes.add(codes::HOSTNAME, &strategy.at, message, help);
    Ok(form::modified(HOSTNAME, "in", names, [("ignore_case", true.into())]))
}

fn flexible_rollout(
    strategy: &Strategy,
    setting: &Setting<'_>,
    notes: &mut Notes,
) -> Result<Value, Broken> {
    let profile = setting.profile;
    let Some(percent) = percentage(strategy, "rollout", profile)? else {
        return Ok(lacks(strategy, "percentage in `rollout`", notes));
    };
    let group = match (group(strategy, profile)?, profile) {
        (Some(group), _) => group,
        (None, Profile::Yggdrasil) => setting.asked_as.to_owned(),
        (None, Profile::Node) => String::new(),
    };
    let stickiness = strategy.parameters.get("stickiness").map(String::as_str);
    if stickiness == Some("") && profile == Profile::Yggdrasil {
        return Ok(lacks(strategy, "field in `stickiness`", notes));
    }
    if let Some(bad) = stickiness.filter(|name| profile == Profile::Yggdrasil && !survives(name)) {
        return Err(unquotable(strategy, bad));
    }
    let units = units(stickiness, profile);
    note(&units, &group, &strategy.at, notes);
    Ok(bucket(&units, &group, percent, profile))
}

fn gradual_rollout(
    unit: &str,
    strategy: &Strategy,
    profile: Profile,
    notes: &mut Notes,
) -> Result<Value, Broken> {
    // Without a group yggdrasil does not even look at the percentage.
    if profile == Profile::Yggdrasil && !strategy.parameters.contains_key("groupId") {
        return Ok(lacks(strategy, "`groupId`", notes));
    }
    let Some(percent) = percentage(strategy, "percentage", profile)? else {
        return Ok(lacks(strategy, "percentage in `percentage`", notes));
    };
    let group = group(strategy, profile)?.unwrap_or_default();
    let units = [unit.to_owned()];
    note(&units, &group, &strategy.at, notes);
    Ok(bucket(&units, &group, percent, profile))
}

fn random_rollout(
    strategy: &Strategy,
    setting: &Setting<'_>,
    notes: &mut Notes,
) -> Result<Value, Broken> {
    // Each strategy has a name of its own here, so that two of them do not draw the same lot.
    let name = format!("{}{}:", setting.feature, strategy.at);
    let name = name.get(..name.floor_char_boundary(512)).unwrap_or_default();
    if setting.profile == Profile::Node {
        let text = strategy.parameters.get("percentage").map(String::as_str);
        let Some(percent) = script::percentage(text) else {
            return Ok(lacks(strategy, "percentage in `percentage`", notes));
        };
        note_random(&strategy.at, notes);
        return Ok(lots(name, 100, percent));
    }
    let text = strategy.parameters.get("percentage").and_then(|text| text.parse::<usize>().ok());
    let Some(percent) = text else {
        return Ok(lacks(strategy, "percentage in `percentage`", notes));
    };
    note_random(&strategy.at, notes);
    // The engine draws one of 1 to 99, and asks whether it is less.
    let to = percent.saturating_sub(1).min(99);
    Ok(lots(name, 99, u32::try_from(to).unwrap_or(99)))
}

/// The percentage in `parameter`; `None` where the strategy never holds for want of one.
fn percentage(
    strategy: &Strategy,
    parameter: &str,
    profile: Profile,
) -> Result<Option<u32>, Broken> {
    let text = strategy.parameters.get(parameter).map(String::as_str);
    if profile == Profile::Node {
        return Ok(script::percentage(text));
    }
    let Some(percent) = text.and_then(|text| text.parse::<usize>().ok()) else { return Ok(None) };
    match u32::try_from(percent) {
        Ok(percent) if percent <= 100 => Ok(Some(percent)),
        _ => {
            let why = format!("the percentage {percent} is more than 100");
            Err(Broken { at: strategy.at.clone(), why })
        }
    }
}

/// The parameter `groupId` as a rollout has it.
fn group(strategy: &Strategy, profile: Profile) -> Result<Option<String>, Broken> {
    let Some(group) = strategy.parameters.get("groupId") else { return Ok(None) };
    match profile {
        Profile::Node if group.is_empty() => Ok(None),
        Profile::Node => Ok(Some(group.clone())),
        Profile::Yggdrasil if survives(group) => Ok(Some(read_back(group))),
        Profile::Yggdrasil => Err(unquotable(strategy, group)),
    }
}

/// Does the rollout fall differently when the feature is asked for under another name.
pub(super) fn depends_on_name(strategy: &Strategy, profile: Profile) -> bool {
    let percent = strategy.parameters.get("rollout").and_then(|text| text.parse::<usize>().ok());
    profile == Profile::Yggdrasil
        && strategy.name == "flexibleRollout"
        && !strategy.parameters.contains_key("groupId")
        && percent.is_some_and(|percent| (1..100).contains(&percent))
}
