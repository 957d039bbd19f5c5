//! Commands and what is decided: changes as their summaries, refusals as their text.

use serde_json::json;
use vexil_compiler::document;

use super::*;
use crate::projection::apply_change;

fn nothing(revision: Revision) -> Result<Project, ProjectionError> {
    Err(ProjectionError::UnknownRevision(revision))
}

fn project() -> Project {
    document::read(
        r#"{ "format": "vexil/1", "project": "p", "environments": ["production", "staging"],
            "segments": { "staff": { "included": ["u1"] }, "idle": {} },
            "flags": {
                "payments": { "kind": "boolean", "environments": { "production": { "enabled": true } } },
                "old": { "kind": "boolean", "lifecycle": "archived" },
                "checkout": { "kind": "boolean", "environments": { "production": {
                    "prerequisites": [{ "flag": "payments", "variant": "on" }],
                    "rules": [
                        { "id": "staff", "when": { "segment": "staff" }, "serve": "on" },
                        { "id": "dach", "when": { "attribute": "country", "in": ["DE"] },
                          "serve": { "split": { "weights": { "on": 25000, "off": 75000 } } } }
                    ] } } }
            } }"#,
    )
    .unwrap()
}

fn state(project: Project) -> State {
    State { revision: Revision(9), project, ..State::start("p") }
}

/// What `command` comes to: one line each, refusals with their faults.
fn decided_on(state: &State, command: &Command) -> Vec<String> {
    match decide(state, command, &nothing) {
        Ok(changes) => {
            let mut after = state.project.clone();
            for change in &changes {
                apply_change(&mut after, change.clone(), &nothing).unwrap();
            }
            plan(&changes).into_iter().map(|step| step.summary).collect()
        }
        Err(Refusal::InvalidFlags(faults)) => {
            faults.iter().map(|fault| format!("{} {}", fault.code, fault.pointer)).collect()
        }
        Err(refusal) => vec![refusal.to_string()],
    }
}

#[track_caller]
fn check(command: Command, expected: &[&str]) {
    assert_eq!(decided_on(&state(project()), &command), expected, "{command:?}");
}

fn edit(flag: &str, edit: Edit) -> Command {
    Command::Configure { environment: "production".into(), flag: flag.into(), edit }
}

fn flag(key: &str) -> String {
    key.to_owned()
}

#[test]
fn a_project_comes_to_be_once() {
    let environments = vec![flag("production"), flag("staging")];
    let create = Command::CreateProject { environments };
    let expected = [
        "project `p` created",
        "environment `production` created",
        "environment `staging` created",
    ];
    assert_eq!(decided_on(&State::start("p"), &create), expected);
    check(create, &["project `p` already exists"]);
    let twice = Command::CreateProject { environments: vec![flag("e"), flag("e")] };
    assert_eq!(decided_on(&State::start("p"), &twice), ["VX0205 /environments/1"]);
    let bad = Command::CreateProject { environments: vec![flag("a b")] };
    assert_eq!(decided_on(&State::start("p"), &bad), ["VX0202 /environments/0"]);
    let create = Command::CreateProject { environments: vec![] };
    assert_eq!(decided_on(&State::start("../p"), &create), ["VX0202 /project"]);
}

#[test]
fn a_project_that_does_not_exist_is_unknown() {
    let command = Command::ArchiveFlag { flag: flag("f") };
    assert_eq!(decided_on(&State::start("p"), &command), ["there is no project `p`"]);
}

#[test]
fn environments_come_to_be_once() {
    let create = |name: &str| Command::CreateEnvironment { environment: name.to_owned() };
    check(create("late"), &["environment `late` created"]);
    check(create("staging"), &["environment `staging` already exists"]);
    check(create(".."), &["VX0202 /environments/2"]);
}

#[test]
fn a_flag_is_created_changed_or_left_alone() {
    let put = |key: &str, definition| Command::PutFlag { flag: flag(key), definition };
    check(put("new", json!({ "kind": "boolean" })), &["flag `new` created"]);
    let archived = json!({ "kind": "boolean", "lifecycle": "archived" });
    check(put("new", archived.clone()), &["flag `new` created", "flag `new` archived"]);
    check(put("payments", json!({ "kind": "boolean" })), &[]);
    check(
        put("payments", json!({ "kind": "boolean", "owner": "eva" })),
        &["definition of `payments` changed"],
    );
    // The order of variants is part of the definition.
    let swapped = json!({ "kind": "boolean", "variants": { "off": false, "on": true } });
    check(put("payments", swapped), &["definition of `payments` changed"]);
    // The lifecycle stays unless it is named.
    check(put("old", json!({ "kind": "boolean" })), &[]);
    check(
        put("old", json!({ "kind": "boolean", "lifecycle": "active" })),
        &["flag `old` restored"],
    );
    check(put("old", archived), &[]);
    check(put("new", json!({ "kind": "boolean", "colour": 1 })), &["VX0103 /flags/new/colour"]);
    check(put("", json!({ "kind": "boolean" })), &["VX0201 /flags/"]);
}

#[test]
fn a_variant_in_use_cannot_go() {
    let definition = json!({ "kind": "boolean", "variants": { "off": false } });
    let put = Command::PutFlag { flag: flag("checkout"), definition };
    let faults = decided_on(&state(project()), &put);
    assert!(
        !faults.is_empty() && faults.iter().all(|fault| fault.starts_with("VX0301 ")),
        "{faults:?}"
    );
}

#[test]
fn a_flag_that_is_needed_cannot_be_archived() {
    let archive = |key: &str| Command::ArchiveFlag { flag: flag(key) };
    check(archive("payments"), &["VX0303 /flags/checkout/environments/production/prerequisites/0"]);
    check(archive("checkout"), &["flag `checkout` archived"]);
    check(archive("old"), &[]);
    check(archive("absent"), &["there is no flag `absent`"]);
}

#[test]
fn flags_come_back_or_go_away() {
    check(Command::RestoreFlag { flag: flag("old") }, &["flag `old` restored"]);
    check(Command::RestoreFlag { flag: flag("payments") }, &[]);
    check(Command::DeleteFlag { flag: flag("old") }, &["flag `old` deleted"]);
    check(Command::DeleteFlag { flag: flag("payments") }, &["flag `payments` is not archived"]);
    check(Command::DeleteFlag { flag: flag("absent") }, &["there is no flag `absent`"]);
}

#[test]
fn segments_are_put_and_deleted() {
    let put =
        |segment: &str, definition| Command::PutSegment { segment: segment.into(), definition };
    check(put("new", json!({})), &["segment `new` created"]);
    check(put("staff", json!({ "included": ["u1"] })), &[]);
    check(put("staff", json!({ "included": ["u2"] })), &["segment `staff` changed"]);
    check(
        put("staff", json!({ "when": { "segment": "staff" } })),
        &["VX0306 /segments/staff/when/segment"],
    );
    let delete = |segment: &str| Command::DeleteSegment { segment: segment.into() };
    check(delete("idle"), &["segment `idle` deleted"]);
    check(delete("absent"), &["there is no segment `absent`"]);
    check(
        delete("staff"),
        &["the segment `staff` is still used by rule `staff` of flag `checkout` in production"],
    );
}

#[test]
fn a_switch_is_one_event_or_none() {
    check(edit("checkout", Edit::Enable), &["`checkout` enabled in production"]);
    check(edit("checkout", Edit::Disable), &[]);
    check(edit("payments", Edit::Disable), &["`payments` disabled in production"]);
    check(edit("absent", Edit::Enable), &["there is no flag `absent`"]);
    let elsewhere = Command::Configure {
        environment: flag("absent"),
        flag: flag("payments"),
        edit: Edit::Enable,
    };
    check(elsewhere, &["there is no environment `absent`"]);
}

#[test]
fn rules_are_edited_one_by_one() {
    let rule = |id: &str| json!({ "id": id, "serve": "on" });
    let add = |index, rule| edit("checkout", Edit::AddRule { index, rule });
    check(add(None, rule("new")), &["rule `new` of `checkout` added in production"]);
    check(add(Some(0), rule("new")), &["rule `new` of `checkout` added in production"]);
    check(add(Some(3), rule("new")), &["VX0105 /flags/checkout/environments/production/rules/3"]);
    check(add(None, rule("dach")), &["rule `dach` already exists"]);
    check(
        add(None, json!({ "id": "n", "serve": "maybe" })),
        &["VX0301 /flags/checkout/environments/production/rules/2/serve"],
    );
    let put = |id: &str, rule| edit("checkout", Edit::PutRule { id: id.into(), rule });
    check(put("dach", rule("dach")), &["rule `dach` of `checkout` changed in production"]);
    check(
        put("dach", json!({ "serve": "off" })),
        &["rule `dach` of `checkout` changed in production"],
    );
    check(
        put("dach", rule("other")),
        &["VX0201 /flags/checkout/environments/production/rules/1/id"],
    );
    check(put("absent", rule("absent")), &["there is no rule `absent`"]);
    let remove = |id: &str| edit("checkout", Edit::RemoveRule { id: id.into() });
    check(remove("staff"), &["rule `staff` of `checkout` removed in production"]);
    check(remove("absent"), &["there is no rule `absent`"]);
    let order = |ids: &[&str]| {
        let order = ids.iter().map(|id| flag(id)).collect();
        edit("checkout", Edit::ReorderRules { order })
    };
    check(order(&["dach", "staff"]), &["rules of `checkout` reordered in production"]);
    check(order(&["staff", "dach"]), &[]);
    check(order(&["staff"]), &["VX0105 /order"]);
    check(order(&["staff", "staff"]), &["VX0402 /order/1"]);
    check(order(&["staff", "absent"]), &["there is no rule `absent`"]);
}

#[test]
fn weights_in_another_order_are_another_rule() {
    let split = json!({ "split": { "weights": { "off": 75_000, "on": 25_000 } } });
    let rule =
        json!({ "id": "dach", "when": { "attribute": "country", "in": ["DE"] }, "serve": split });
    let put = Edit::PutRule { id: flag("dach"), rule };
    check(edit("checkout", put), &["rule `dach` of `checkout` changed in production"]);
}

#[test]
fn parts_of_a_configuration_are_replaced() {
    let on = json!("on");
    check(
        edit("checkout", Edit::Fallthrough(on)),
        &["fallthrough of `checkout` changed in production"],
    );
    check(edit("checkout", Edit::Fallthrough(json!({ "variant": "off" }))), &[]);
    check(
        edit("checkout", Edit::Fallthrough(json!(1))),
        &["VX0101 /flags/checkout/environments/production/fallthrough"],
    );
    let overrides = json!({ "on": ["u1"] });
    check(
        edit("checkout", Edit::Overrides(overrides)),
        &["overrides of `checkout` changed in production"],
    );
    check(
        edit("checkout", Edit::Overrides(json!({ "blue": ["u1"] }))),
        &["VX0301 /flags/checkout/environments/production/overrides/blue"],
    );
    check(
        edit("checkout", Edit::Prerequisites(json!([]))),
        &["prerequisites of `checkout` changed in production"],
    );
    let circle = json!([{ "flag": "checkout", "variant": "on" }]);
    let faults = decided_on(&state(project()), &edit("payments", Edit::Prerequisites(circle)));
    assert!(faults.iter().any(|fault| fault.starts_with("VX0305 ")), "{faults:?}");
}

#[test]
fn a_replaced_configuration_becomes_the_fewest_events() {
    let now = project().flags["checkout"].environments["production"].clone();
    let mut wanted = document::write_configuration(&now);
    check(edit("checkout", Edit::Replace(wanted.clone())), &[]);
    wanted["enabled"] = json!(true);
    wanted["rules"][1]["serve"] = json!("on");
    wanted["rules"].as_array_mut().unwrap().insert(0, json!({ "id": "first", "serve": "on" }));
    check(
        edit("checkout", Edit::Replace(wanted.clone())),
        &[
            "rule `first` of `checkout` added in production",
            "rule `dach` of `checkout` changed in production",
            "`checkout` enabled in production",
        ],
    );
    let rules = wanted["rules"].as_array_mut().unwrap();
    rules.extend((0..9).map(|n| json!({ "id": format!("r{n}"), "serve": "on" })));
    check(
        edit("checkout", Edit::Replace(wanted)),
        &["configuration of `checkout` replaced in production"],
    );
    // Where there is none yet, more than one change is one event.
    let new = json!({ "enabled": true, "fallthrough": "on" });
    let staging = Command::Configure {
        environment: flag("staging"),
        flag: flag("payments"),
        edit: Edit::Replace(new),
    };
    check(staging, &["configuration of `payments` replaced in staging"]);
}

fn apply(text: &str, unnamed: Unnamed) -> Command {
    Command::Apply { document: document::read(text).unwrap(), unnamed }
}

const PART: &str = r#"{ "format": "vexil/1", "environments": ["production", "late"],
    "segments": { "new": {} },
    "flags": { "checkout": { "kind": "boolean", "environments": { "production": {} } },
               "old": { "kind": "boolean" }, "new": { "kind": "boolean", "lifecycle": "archived" } } }"#;

#[test]
fn a_document_leaves_alone_what_it_does_not_name() {
    check(
        apply(PART, Unnamed::Keep),
        &[
            "environment `late` created",
            "segment `new` created",
            "prerequisites of `checkout` changed in production",
            "rule `staff` of `checkout` removed in production",
            "rule `dach` of `checkout` removed in production",
            "flag `new` created",
            "flag `new` archived",
            "flag `old` restored",
        ],
    );
}

#[test]
fn pruning_takes_away_what_a_document_does_not_name() {
    let all = decided_on(&state(project()), &apply(PART, Unnamed::Prune));
    let kept = decided_on(&state(project()), &apply(PART, Unnamed::Keep));
    assert_eq!(all[..kept.len()], kept);
    assert_eq!(
        all[kept.len()..],
        ["flag `payments` archived", "segment `idle` deleted", "segment `staff` deleted",]
    );
    // Where a named flag is not configured, it gets the default.
    let bare = r#"{ "format": "vexil/1", "environments": ["production"], "segments": { "idle": {}, "staff": { "included": ["u1"] } },
        "flags": { "payments": { "kind": "boolean" }, "checkout": { "kind": "boolean" }, "old": { "kind": "boolean", "lifecycle": "archived" } } }"#;
    check(apply(bare, Unnamed::Keep), &[]);
    check(
        apply(bare, Unnamed::Prune),
        &[
            "prerequisites of `checkout` changed in production",
            "rule `staff` of `checkout` removed in production",
            "rule `dach` of `checkout` removed in production",
            "`payments` disabled in production",
        ],
    );
}

#[test]
fn pruning_keeps_segments_that_an_archived_flag_asks_for() {
    let project = document::read(
        r#"{ "format": "vexil/1", "project": "p", "environments": ["production"],
            "segments": { "inner": {}, "idle": {}, "outer": { "when": { "not": { "segment": "inner" } } } },
            "flags": { "gone": { "kind": "boolean", "environments": { "production": { "rules": [
                { "id": "r", "when": { "any": [{ "segment": "outer" }] }, "serve": "on" }
            ] } } } } }"#,
    )
    .unwrap();
    let empty = r#"{ "format": "vexil/1", "environments": ["production"] }"#;
    assert_eq!(
        decided_on(&state(project), &apply(empty, Unnamed::Prune)),
        ["flag `gone` archived", "segment `idle` deleted"]
    );
}

#[test]
fn a_document_can_create_its_project() {
    let steps = decided_on(&State::start("p"), &apply(PART, Unnamed::Keep));
    assert_eq!(steps[0], "project `p` created");
    assert_eq!(steps.len(), 8, "{steps:?}");
}

#[test]
fn a_plan_says_what_is_done_where() {
    let changes = decide(&state(project()), &apply(PART, Unnamed::Prune), &nothing).unwrap();
    let steps = plan(&changes);
    let step = |index: usize| serde_json::to_value(&steps[index]).unwrap();
    assert_eq!(
        step(0),
        json!({ "action": "create", "pointer": "/environments", "summary": "environment `late` created" })
    );
    assert_eq!(steps[2].pointer, "/flags/checkout/environments/production/prerequisites");
    let actions: Vec<Action> = steps.iter().skip(7).map(|step| step.action).collect();
    assert_eq!(actions, [Action::Change, Action::Archive, Action::Delete, Action::Delete]);
}

/// Decides a revert, where the project was `past` at every revision before.
fn reverted(environment: Option<&str>, to: u64, past: &Project) -> Vec<String> {
    let history = |_: Revision| -> Result<Project, ProjectionError> { Ok(past.clone()) };
    let environment = environment.map(str::to_owned);
    let command = Command::Revert { environment, to: Revision(to) };
    match decide(&state(project()), &command, &history) {
        Ok(changes) => plan(&changes).into_iter().map(|step| step.summary).collect(),
        Err(Refusal::InvalidFlags(faults)) => faults.iter().map(|f| f.code.to_owned()).collect(),
        Err(refusal) => vec![refusal.to_string()],
    }
}

#[test]
fn a_revert_goes_back_where_there_is_something_to_go_back_to() {
    let same = project();
    let unknown = "there is no revision 10: the project is at 9";
    assert_eq!(reverted(None, 10, &same), [unknown]);
    assert_eq!(reverted(None, 0, &same), ["there is no revision 0: the project is at 9"]);
    assert!(reverted(None, 9, &same).is_empty());
    assert!(reverted(None, 5, &same).is_empty(), "what was is what is");
    let mut past = project();
    let payments = past.flags.get_mut("payments").unwrap();
    payments.environments.get_mut("production").unwrap().enabled = false;
    assert_eq!(reverted(None, 5, &past), ["project reverted to revision 5"]);
    assert_eq!(reverted(Some("production"), 5, &past), ["production reverted to revision 5"]);
    assert!(reverted(Some("staging"), 5, &past).is_empty());
    for to in [5, 9] {
        assert_eq!(reverted(Some("absent"), to, &past), ["there is no environment `absent`"]);
    }
    past.environments.retain(|name| name != "staging");
    assert_eq!(reverted(Some("staging"), 5, &past), ["there is no environment `staging`"]);
}

#[test]
fn a_revert_that_does_not_fit_what_has_changed_since_is_refused() {
    let mut past = project();
    let checkout = past.flags.get_mut("checkout").unwrap();
    checkout.environments.get_mut("production").unwrap().off_variant = "blue".into();
    assert_eq!(reverted(Some("production"), 5, &past), ["VX0301"]);
}

#[test]
fn sensitive_attributes_are_kept_in_order_and_once() {
    let set = |paths: &[&str]| Command::SetSensitive {
        attributes: paths.iter().map(|path| (*path).to_owned()).collect(),
    };
    check(set(&["b", "a", "b"]), &["the sensitive attributes are `a` and `b`"]);
    check(set(&[]), &[]);
    check(set(&["a", ""]), &["VX0201 /sensitive/0"]);
}
