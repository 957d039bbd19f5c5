//! Which answers Unleash draws lots for, so that there is nothing to compare.

use serde_json::Value;

/// May what is asked of the feature `name` in `context` depend on a draw? Rather too often yes: a
/// draw that in the end decides nothing counts too.
#[must_use]
pub fn draws(document: &Value, name: &str, context: &Value) -> bool {
    let features = document["features"].as_array().unwrap();
    let find = |name: &str| features.iter().find(|feature| feature["name"] == name);
    let Some(feature) = find(name) else { return false };
    let parents = list(&feature["dependencies"]).iter();
    let parents = parents.filter_map(|one| find(one["feature"].as_str().unwrap()));
    parents.chain([feature]).any(|feature| draws_itself(feature, context))
}

fn draws_itself(feature: &Value, context: &Value) -> bool {
    let of_feature = feature["variants"][0]["stickiness"].as_str();
    list(&feature["strategies"]).iter().any(|strategy| draws_strategy(strategy, context))
        || draws_variant(list(&feature["variants"]), of_feature, context)
}

fn draws_strategy(strategy: &Value, context: &Value) -> bool {
    let parameters = &strategy["parameters"];
    let percent = |name: &str| parameters[name].as_str().and_then(|text| text.parse().ok());
    let stickiness = parameters["stickiness"].as_str();
    let draws = match strategy["name"].as_str() {
        Some("gradualRolloutRandom") => {
            percent("percentage").is_some_and(|percent: u32| (2..=99).contains(&percent))
        }
        Some("flexibleRollout") => {
            percent("rollout").is_some_and(|percent: u32| (1..=99).contains(&percent))
                && match stickiness {
                    Some("random") => true,
                    Some("default") | None => !has_default(context),
                    Some(_) => false,
                }
        }
        _ => false,
    };
    draws || draws_variant(list(&strategy["variants"]), stickiness, context)
}

fn draws_variant(variants: &[Value], stickiness: Option<&str>, context: &Value) -> bool {
    let has_unit = match stickiness {
        Some("default") | None => has_default(context),
        Some(field) => has(context, field),
    };
    variants.len() > 1 && !has_unit
}

fn has_default(context: &Value) -> bool {
    has(context, "userId") || has(context, "sessionId")
}

fn has(context: &Value, field: &str) -> bool {
    context[field].is_string() || context["properties"][field].is_string()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
