//! Random commands: what the log, the projection and the decisions come to is what a naive model
//! says, and every past revision can be rebuilt as it was.
//!
//! The model is a JSON document that commands edit directly; it knows no events. Seeds of failures
//! are printed and kept by proptest.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::Uuid;
use vexil_compiler::{check, document};

use super::rebuild::{StoreHistory, rebuild};
use super::*;
use crate::command::{Command, Edit, Refusal, Unnamed, decide};
use crate::log::event::{Append, Appended, Hash, Record, Via};
use crate::log::memory::MemoryStore;
use crate::log::store::{AppendError, Checkpoint, Store};
use crate::log::verify::{Verification, verify};

/// A command in small numbers; revisions are told as a part of the log.
#[derive(Clone, Debug)]
enum Action {
    Do(Command),
    Revert { environment: Option<&'static str>, back: f64 },
    ApplyPast { back: f64, unnamed: Unnamed },
    Checkpoint,
}

const FLAGS: [&str; 3] = ["a", "b/~c", "d"];
const ENVIRONMENTS: [&str; 3] = ["production", "staging", "late"];
const RULES: [&str; 3] = ["r1", "r2", "r3"];

fn pick(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(names).prop_map(str::to_owned)
}

fn definition() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!({ "kind": "boolean" }),
        json!({ "kind": "boolean", "variants": { "off": false, "on": true } }),
        json!({ "kind": "boolean", "variants": { "on": true, "off": false, "maybe": true } }),
        json!({ "kind": "boolean", "tags": ["t"], "client_visible": true, "lifecycle": "active" }),
        json!({ "kind": "boolean", "lifecycle": "archived" }),
        json!({ "kind": "boolean", "colour": "red" }),
    ])
}

fn serve() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!("on"),
        json!("off"),
        json!("maybe"),
        json!({ "split": { "weights": { "on": 25_000, "off": 75_000 } } }),
        json!({ "split": { "weights": { "off": 75_000, "on": 25_000 } } }),
        json!({ "split": { "weights": { "on": 1 } } }),
    ])
}

fn rule() -> impl Strategy<Value = Value> {
    let when = prop::sample::select(vec![
        json!({ "all": [] }),
        json!({ "segment": "s" }),
        json!({ "flag": "a", "variant": "on" }),
        json!({ "attribute": "n", "in": [0.1, "1", true] }),
        json!({ "attribute": "s.n", "starts_with": "x" }),
        json!({ "attribute": "s.n", "equals": "x" }),
    ]);
    (pick(&RULES), when, serve())
        .prop_map(|(id, when, serve)| json!({ "id": id, "when": when, "serve": serve }))
}

fn prerequisites() -> impl Strategy<Value = Value> {
    let one = pick(&FLAGS).prop_map(|flag| json!({ "flag": flag, "variants": ["on", "off"] }));
    vec(one, 0..2).prop_map(Value::from)
}

fn configuration() -> impl Strategy<Value = Value> {
    (any::<bool>(), serve(), vec(rule(), 0..3), prerequisites()).prop_map(
        |(enabled, fallthrough, rules, prerequisites)| {
            json!({ "enabled": enabled, "fallthrough": fallthrough, "rules": rules,
                "prerequisites": prerequisites })
        },
    )
}

fn edit() -> impl Strategy<Value = Edit> {
    let overrides = prop::sample::select(vec![
        json!({}),
        json!({ "on": ["u1"], "off": ["u2"] }),
        json!({ "off": ["u2"], "on": ["u1"] }),
        json!({ "on": ["u1"], "off": ["u1"] }),
    ]);
    let order = Just(RULES.map(str::to_owned).to_vec()).prop_shuffle();
    prop_oneof![
        2 => Just(Edit::Enable),
        2 => Just(Edit::Disable),
        2 => configuration().prop_map(Edit::Replace),
        2 => serve().prop_map(Edit::Fallthrough),
        1 => overrides.prop_map(Edit::Overrides),
        2 => prerequisites().prop_map(Edit::Prerequisites),
        6 => (prop::option::of(0_usize..3), rule())
            .prop_map(|(index, rule)| Edit::AddRule { index, rule }),
        2 => rule().prop_map(|rule| {
            let id = rule["id"].as_str().unwrap().to_owned();
            Edit::PutRule { id, rule }
        }),
        1 => pick(&RULES).prop_map(|id| Edit::RemoveRule { id }),
        2 => (order, 1_usize..4).prop_map(|(mut order, keep)| {
            order.truncate(keep);
            Edit::ReorderRules { order }
        }),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let segment = prop::sample::select(vec![
        json!({ "included": ["u1"] }),
        json!({ "included": ["u1", "u2"], "when": { "attribute": "x", "gt": 1e21 } }),
        json!({ "when": { "segment": "s" } }),
    ]);
    let sensitive = vec(pick(&["s", "s.n", "t"]), 0..3);
    prop_oneof![
        2 => sensitive.prop_map(|attributes| Command::SetSensitive { attributes }),
        6 => (pick(&FLAGS), definition())
            .prop_map(|(flag, definition)| Command::PutFlag { flag, definition }),
        2 => pick(&FLAGS).prop_map(|flag| Command::ArchiveFlag { flag }),
        2 => pick(&FLAGS).prop_map(|flag| Command::RestoreFlag { flag }),
        2 => pick(&FLAGS).prop_map(|flag| Command::DeleteFlag { flag }),
        2 => segment.prop_map(|definition| Command::PutSegment { segment: "s".into(), definition }),
        1 => Just(Command::DeleteSegment { segment: "s".into() }),
        1 => pick(&ENVIRONMENTS).prop_map(|environment| Command::CreateEnvironment { environment }),
        20 => (pick(&ENVIRONMENTS), pick(&FLAGS), edit()).prop_map(|(environment, flag, edit)| {
            Command::Configure { environment, flag, edit }
        }),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    let environment = prop::option::of(prop::sample::select(&ENVIRONMENTS[..]));
    let unnamed = prop::sample::select(vec![Unnamed::Keep, Unnamed::Prune]);
    prop_oneof![
        20 => command().prop_map(Action::Do),
        4 => (environment, 0.0..1.0).prop_map(|(environment, back)| {
            Action::Revert { environment, back }
        }),
        1 => (0.0..1.0, unnamed).prop_map(|(back, unnamed)| Action::ApplyPast { back, unnamed }),
        1 => Just(Action::Checkpoint),
    ]
}

/// The naive model: a document, edited in place.
#[derive(Clone)]
struct Model(Value);

impl Model {
    fn flag(&mut self, key: &str) -> &mut Value {
        &mut self.0["flags"][key]
    }

    fn configuration(&mut self, environment: &str, key: &str) -> &mut Value {
        let place = &mut self.flag(key)["environments"][environment];
        if place.is_null() {
            *place = json!({});
        }
        place
    }

    fn remove(&mut self, map: &str, key: &str) {
        self.0[map].as_object_mut().unwrap().shift_remove(key);
    }

    /// Does what a command asks, as it was accepted.
    fn follow(&mut self, command: &Command) {
        match command {
            Command::PutFlag { flag, definition } => {
                let old = self.flag(flag).take();
                let mut new = definition.clone();
                for kept in ["environments", "lifecycle"] {
                    if new.get(kept).is_none() && old.get(kept).is_some_and(|v| !v.is_null()) {
                        new[kept] = old[kept].clone();
                    }
                }
                *self.flag(flag) = new;
            }
            Command::ArchiveFlag { flag } => self.flag(flag)["lifecycle"] = json!("archived"),
            Command::RestoreFlag { flag } => self.flag(flag)["lifecycle"] = json!("active"),
            Command::DeleteFlag { flag } => self.remove("flags", flag),
            Command::PutSegment { segment, definition } => {
                self.0["segments"][segment] = definition.clone();
            }
            Command::DeleteSegment { segment } => self.remove("segments", segment),
            Command::CreateEnvironment { environment } => {
                self.0["environments"].as_array_mut().unwrap().push(json!(environment));
            }
            Command::SetSensitive { attributes } => {
                let mut attributes = attributes.clone();
                attributes.sort();
                attributes.dedup();
                self.0["sensitive"] = json!(attributes);
            }
            Command::Configure { environment, flag, edit } => {
                edit_configuration(self.configuration(environment, flag), edit);
            }
            other => panic!("the model does not know {other:?}"),
        }
    }

    /// Goes back to `past`.
    fn revert(&mut self, environment: Option<&str>, past: &Self) {
        let Some(environment) = environment else {
            *self = past.clone();
            return;
        };
        for (key, flag) in self.0["flags"].as_object_mut().unwrap() {
            let then = past.0["flags"].get(key).and_then(|flag| flag.get("environments"));
            let then = then.and_then(|environments| environments.get(environment));
            flag["environments"][environment] = then.cloned().unwrap_or_else(|| json!({}));
        }
    }

    fn project(&self) -> Project {
        document::read_value(&self.0).unwrap_or_else(|faults| panic!("{faults:?}\n{}", self.0))
    }
}

fn edit_configuration(configuration: &mut Value, edit: &Edit) {
    let find = |rules: &Value, id: &str| {
        let mut rules = rules.as_array().unwrap().iter();
        rules.position(|rule| rule["id"] == id).unwrap()
    };
    if configuration.get("rules").is_none() {
        configuration["rules"] = json!([]);
    }
    let rules = &mut configuration["rules"];
    match edit {
        Edit::Enable => configuration["enabled"] = json!(true),
        Edit::Disable => configuration["enabled"] = json!(false),
        Edit::Replace(value) => *configuration = value.clone(),
        Edit::Fallthrough(value) => configuration["fallthrough"] = value.clone(),
        Edit::Overrides(value) => configuration["overrides"] = value.clone(),
        Edit::Prerequisites(value) => configuration["prerequisites"] = value.clone(),
        Edit::AddRule { index, rule } => {
            let rules = rules.as_array_mut().unwrap();
            rules.insert(index.unwrap_or(rules.len()), rule.clone());
        }
        Edit::PutRule { id, rule } => {
            let index = find(rules, id);
            rules[index] = rule.clone();
        }
        Edit::RemoveRule { id } => {
            let index = find(rules, id);
            rules.as_array_mut().unwrap().remove(index);
        }
        Edit::ReorderRules { order } => {
            *rules = order.iter().map(|id| rules[find(rules, id)].clone()).collect();
        }
    }
}

/// The project as text with every configuration written out: two projects that mean the same in
/// the same order have the same.
fn meaning(project: &Project) -> String {
    let mut project = project.clone();
    for flag in project.flags.values_mut() {
        for environment in &project.environments {
            let default = || vexil_compiler::flag_set::Configuration::default_for(&flag.definition);
            flag.environments.entry(environment.clone()).or_insert_with(default);
        }
    }
    document::write(&project).to_string()
}

/// A store whose checkpoints are forgotten.
struct Bare<'s>(&'s MemoryStore);

impl Store for Bare<'_> {
    fn append(&self, project: &str, append: Append) -> Result<Appended, AppendError> {
        self.0.append(project, append)
    }
    fn appended(&self, project: &str, id: Uuid) -> Result<Option<Appended>, StoreError> {
        self.0.appended(project, id)
    }
    fn records(
        &self,
        project: &str,
        after: Revision,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        self.0.records(project, after, limit)
    }
    fn head(&self, project: &str) -> Result<Option<Head>, StoreError> {
        self.0.head(project)
    }
    fn projects(&self) -> Result<Vec<(String, Head)>, StoreError> {
        self.0.projects()
    }
    fn subscribe(&self, project: &str) -> watch::Receiver<Revision> {
        self.0.subscribe(project)
    }
    fn save_checkpoint(&self, _: &str, _: Checkpoint) -> Result<(), StoreError> {
        Ok(())
    }
    fn checkpoint(&self, _: &str, _: Revision) -> Result<Option<Checkpoint>, StoreError> {
        Ok(None)
    }
}

/// The system under test beside the model.
struct World {
    store: MemoryStore,
    state: State,
    model: Model,
    /// The state at every revision.
    states: BTreeMap<Revision, State>,
    /// The model at the end of every append.
    models: BTreeMap<Revision, Model>,
    id: u128,
}

impl World {
    fn new() -> Self {
        let environments = vec!["production".to_owned(), "staging".to_owned()];
        let model = Model(json!({ "format": "vexil/1", "project": "p",
            "environments": environments.clone(), "segments": {}, "flags": {} }));
        let (states, models) = (BTreeMap::new(), BTreeMap::new());
        let (store, state) = (MemoryStore::new(), State::start("p"));
        let mut world = Self { store, state, model, states, models, id: 0 };
        assert!(world.carry_out(&Command::CreateProject { environments }));
        world.models.insert(world.state.revision, world.model.clone());
        world
    }

    /// Decides, appends and applies; whether it was accepted.
    fn carry_out(&mut self, command: &Command) -> bool {
        let history = StoreHistory { store: &self.store, project: "p" };
        let changes = match decide(&self.state, command, &history) {
            Ok(changes) => changes,
            Err(refusal @ (Refusal::Broken(_) | Refusal::History(_))) => {
                panic!("{command:?}: {refusal}")
            }
            Err(_) => return false,
        };
        if !changes.is_empty() {
            self.id += 1;
            let append = Append {
                id: Uuid::from_u128(self.id),
                request: Hash::default(),
                time_ms: 1,
                actor: String::new(),
                comment: None,
                via: Via::default(),
                changes,
                expected: Some(self.state.revision),
            };
            self.store.append("p", append).unwrap();
            for event in self.store.read("p", self.state.revision, 1_000).unwrap() {
                apply(&mut self.state, &event, &history).unwrap();
                self.states.insert(event.revision, self.state.clone());
            }
        }
        assert_eq!(check::project(&self.state.project), []);
        true
    }

    fn act(&mut self, action: Action) {
        let back = |back: f64, models: &BTreeMap<Revision, Model>| {
            *models.keys().nth((back * models.len() as f64) as usize).unwrap()
        };
        match action {
            Action::Do(command) => {
                if self.carry_out(&command) {
                    self.model.follow(&command);
                }
            }
            Action::Revert { environment, back: part } => {
                let to = back(part, &self.models);
                let command = Command::Revert { environment: environment.map(str::to_owned), to };
                if self.carry_out(&command) {
                    self.model.revert(environment, &self.models[&to]);
                }
            }
            Action::ApplyPast { back: part, unnamed } => {
                let document = self.states[&back(part, &self.models)].project.clone();
                self.apply_document(document, unnamed);
            }
            Action::Checkpoint => {
                self.store.save_checkpoint("p", checkpoint::write(&self.state)).unwrap();
            }
        }
        assert_eq!(meaning(&self.state.project), meaning(&self.model.project()));
        self.models.insert(self.state.revision, self.model.clone());
    }

    /// Applies a document: what it names is then as it says, and a second time changes nothing.
    fn apply_document(&mut self, document: Project, unnamed: Unnamed) {
        let command = Command::Apply { document: document.clone(), unnamed };
        if !self.carry_out(&command) {
            return;
        }
        let head = self.state.revision;
        assert!(self.carry_out(&command));
        assert_eq!(self.state.revision, head, "the second time nothing changes");
        let mut named = self.state.project.clone();
        named.environments.clone_from(&document.environments);
        named.sensitive.retain(|path| document.sensitive.contains(path));
        if unnamed == Unnamed::Prune {
            assert_eq!(self.state.project.sensitive, document.sensitive);
        }
        named.segments.retain(|key, _| document.segments.contains_key(key));
        named.flags.retain(|key, _| document.flags.contains_key(key));
        for (key, flag) in &mut named.flags {
            let there = &document.flags[key].environments;
            let pruned = unnamed == Unnamed::Prune;
            flag.environments.retain(|name, _| {
                document.environments.contains(name) && (pruned || there.contains_key(name))
            });
        }
        assert_eq!(meaning(&named), meaning(&document));
        // What a document comes to is told above; the model takes it over.
        self.model.0 = document::write(&self.state.project);
        for map in ["segments", "flags"] {
            if self.model.0.get(map).is_none() {
                self.model.0[map] = json!({});
            }
        }
    }

    /// Every past state can be rebuilt, with checkpoints and without.
    fn look_back(&self) {
        assert!(matches!(verify(&self.store, "p").unwrap(), Verification::Whole(_)));
        for (revision, state) in &self.states {
            let stores: [&dyn Store; 2] = [&self.store, &Bare(&self.store)];
            for store in stores {
                let rebuilt = rebuild(store, "p", Some(*revision)).unwrap();
                assert_eq!(&rebuilt, state);
                let written = document::write(&rebuilt.project).to_string();
                assert_eq!(written, document::write(&state.project).to_string());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn the_projection_is_what_a_naive_model_says(actions in vec(action(), 1..60)) {
        let mut world = World::new();
        for action in actions {
            world.act(action);
        }
        world.look_back();
    }
}
