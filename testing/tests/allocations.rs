//! An evaluation allocates nothing: counted by the allocator, for every way of asking.

#![allow(clippy::unwrap_used, unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use serde_json::Value;
use vexil_runtime::{Context, Flag};
use vexil_testing::TestClient;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, which counts what each thread asks of it.
struct Counting;

// SAFETY: everything is the system allocator's; counting touches a plain cell of the thread.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Flags that ask for every kind of work: texts, numbers, versions, lists, buckets, the clock.
const FLAGS: &str = r#"
format: vexil/1
environments: [test]
flags:
  constant: { kind: boolean, variants: { a: true }, environments: { test: { enabled: true } } }
  title:
    kind: string
    variants: { a: Hello, b: Hallo }
    environments: { test: { enabled: true, fallthrough: a, rules: [
      { id: country, when: { attribute: country, in: [AT, CH, DE] }, serve: b } ] } }
  limit:
    kind: number
    variants: { a: 1, b: 2, c: 3 }
    environments: { test: { enabled: true, rules: [
      { id: age, when: { all: [ { attribute: age, gt: 90 }, { attribute: plan, equals: pro } ] }, serve: b },
      { id: version, when: { attribute: version, semver_gte: 9.0.0 }, serve: c },
      { id: time, when: { attribute: $now, before: '2001-01-01T00:00:00Z' }, serve: c },
      { id: roles, when: { attribute: roles, any_of: [admin] }, serve: c },
      { id: mail, when: { attribute: email, ignore_case: true, ends_with: '@VEXIL.dev' }, serve: b },
      { id: split, serve: { split: { weights: { a: 50000, b: 50000 } } } } ] } }
  theme:
    kind: json
    variants: { a: { dark: true }, b: [1, 2] }
    environments: { test: { enabled: true, fallthrough: a, rules: [
      { id: nested, when: { attribute: company.plan, matches: 'pro|team' }, serve: b } ] } }
"#;

static CONSTANT: Flag<bool> = Flag::new("constant");
static TITLE: Flag<String> = Flag::new("title");
static LIMIT: Flag<f64> = Flag::new("limit");
static THEME: Flag<Value> = Flag::new("theme");

fn context() -> Context<'static> {
    let company = [("plan".into(), "pro".into())].into_iter().collect();
    Context::with_key("user-7")
        .set("country", "DE")
        .set("age", "41")
        .set("plan", "free")
        .set("version", "2.11.0")
        .set("email", "Eva@Vexil.Dev")
        .set("roles", vec!["reader", "author"])
        .set("company", vexil_runtime::Value::Object(company))
}

#[track_caller]
fn check(what: &str, mut evaluate: impl FnMut()) {
    // The first evaluation on a thread takes a seat.
    evaluate();
    let before = ALLOCATIONS.get();
    (0..100).for_each(|_| evaluate());
    assert_eq!(ALLOCATIONS.get() - before, 0, "{what}");
}

#[test]
fn evaluations_allocate_nothing() {
    let client = TestClient::from_document(FLAGS, "test").unwrap();
    let context = context();
    let null = Value::Null;
    check("by key", || {
        assert!(client.bool("constant", &context, false));
        client.string_with("title", &context, "", |title| assert_eq!(title, "Hallo"));
        assert_eq!(client.number("limit", &context, 0.0), 2.0);
        client.json_with("theme", &context, &null, |theme| assert!(theme.is_array()));
        assert!(!client.bool("missing", &context, false));
    });
    check("by handle", || {
        assert!(client.bool(&CONSTANT, &context, false));
        client.string_with(&TITLE, &context, "", |title| assert_eq!(title, "Hallo"));
        assert_eq!(client.number(&LIMIT, &context, 0.0), 2.0);
        client.json_with(&THEME, &context, &null, |theme| assert!(theme.is_array()));
    });
    check("prepared", || {
        let prepared = client.prepare(&context);
        assert!(prepared.bool(&CONSTANT, false));
        assert_eq!(prepared.string(&TITLE, ""), "Hallo");
        assert_eq!(prepared.number(&LIMIT, 0.0), 2.0);
        assert!(prepared.json("theme", &null).is_array());
    });
}
