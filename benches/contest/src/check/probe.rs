//! Subjects that meet a rule, or miss it by one condition.
//!
//! In: the rules of a workload. Out: for the flags of a request, one subject that meets all
//! conditions of each rule, and for each condition one that misses it narrowly. The subjects of a
//! workload are people, and some rules apply to none of them.

use crate::rules::Condition;
use crate::subject::StringMap;
use crate::workloads::Workload;

/// The subjects, with the number of the flag that each is for.
pub fn probes(workload: &Workload) -> Vec<(StringMap, usize)> {
    let mut probes = Vec::new();
    for flag in &workload.requested {
        for rule in &workload.flags[*flag].rules {
            let mut met = workload.subjects[0].clone();
            met.extend(rule.when.iter().map(meeting));
            for condition in &rule.when {
                let mut missed = met.clone();
                missed.extend([missing(condition)]);
                probes.push((missed, *flag));
            }
            if !rule.when.is_empty() {
                probes.push((met, *flag));
            }
        }
    }
    probes
}

/// An attribute that meets a condition.
fn meeting(condition: &Condition) -> (String, String) {
    match condition {
        Condition::In { attribute, values } => {
            (attribute.clone(), values.last().cloned().unwrap_or_default())
        }
        Condition::Above { attribute, number } => (attribute.clone(), (number + 1.0).to_string()),
        Condition::EndsWith { attribute, suffix } => (attribute.clone(), format!("some{suffix}")),
        Condition::AtLeast { attribute, version } => (attribute.clone(), version.clone()),
    }
}

/// An attribute that just does not.
fn missing(condition: &Condition) -> (String, String) {
    match condition {
        Condition::In { attribute, values } => {
            (attribute.clone(), format!("{}x", values.last().cloned().unwrap_or_default()))
        }
        Condition::Above { attribute, number } => (attribute.clone(), number.to_string()),
        Condition::EndsWith { attribute, suffix } => (attribute.clone(), format!("some{suffix}x")),
        Condition::AtLeast { attribute, .. } => (attribute.clone(), "2.999.999".to_owned()),
    }
}
