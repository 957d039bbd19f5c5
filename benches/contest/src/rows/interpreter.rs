//! Vexil's interpreter: the slow, obvious evaluator that fixes what the flag language means.
//!
//! In: a flag set. Out: verdicts. Every other row is compared with it.

use vexil_abi::verdict::Verdict;
use vexil_compiler::context::{Context, Value as Attribute};
use vexil_compiler::flag_set::{FlagSet, Project, ProjectFlag};
use vexil_compiler::{document, interpret};

use crate::row::{Row, Served, Side, Wired};
use crate::subject::{Reading, StringMap, key, readings};
use crate::workloads::{NOW_MS, Workload};

/// The row.
pub struct Interpreter {
    flag_set: FlagSet,
    keys: Vec<String>,
}

impl Row for Interpreter {
    const NAME: &'static str = "interpreter";
    const TITLE: &'static str = "Vexil's interpreter";
    const SIDE: Side = Side::Oracle;
    const HOW: &'static str = "`interpret::evaluate` by key on a `Context` made beforehand; it is \
        written to be obvious, not fast, and no host runs it";
    const BUCKETS_LIKE_VEXIL: bool = true;

    type Context<'m> = Context;
    type Answer<'a> = Verdict;

    fn load(workload: &Workload) -> Self {
        Self { flag_set: workload.flag_set.clone(), keys: workload.keys() }
    }

    fn context<'m>(&self, subject: &'m StringMap) -> Context {
        let attributes = readings(subject).map(|(name, reading)| {
            let value = match reading {
                Reading::Text(text) => Attribute::String(text.to_owned()),
                Reading::Number(number) => Attribute::Number(number),
            };
            (name.to_owned(), value)
        });
        Context {
            targeting_key: Some(key(subject).to_owned()),
            attributes: attributes.collect(),
            random: None,
        }
    }

    fn evaluate<'a, 'm: 'a>(&'a mut self, flag: usize, context: &'a Context) -> Verdict {
        interpret::evaluate(&self.flag_set, &self.keys[flag], context, NOW_MS)
    }

    fn served(answer: Verdict) -> Served {
        assert_eq!(answer.error_code, 0, "the verdict is no error");
        Served::Number(answer.variant.into())
    }
}

impl Wired for Interpreter {
    fn wire(workload: &Workload) -> Vec<u8> {
        let flags = workload.flag_set.flags.iter().map(|(key, flag)| {
            let environments = [("bench".to_owned(), flag.configuration.clone())].into();
            (key.clone(), ProjectFlag { definition: flag.definition.clone(), environments })
        });
        let project = Project {
            environments: vec!["bench".to_owned()],
            flags: flags.collect(),
            ..Project::default()
        };
        document::write(&project).to_string().into_bytes()
    }

    fn read(wire: &[u8], keys: &[String]) -> Self {
        let text = std::str::from_utf8(wire).expect("a document is text");
        let project = document::read(text).expect("the document is good");
        let flag_set = project.flag_set("bench").expect("the document has its environment");
        Self { flag_set, keys: keys.to_vec() }
    }
}
