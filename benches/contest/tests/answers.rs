//! Every row answers as the interpreter does.
//!
//! `cargo test` asks Vexil's rows. The peers are asked by
//! `cargo test --no-default-features --features peers`, when the questions have been written.

use vexil_contest::check::{Expected, Report, check};
use vexil_contest::questions::{Questions, questions};
use vexil_contest::row::Row;
use vexil_contest::rows::{Visitor, each};
use vexil_contest::workloads::{Name, Workload};

struct Check {
    workload: Workload,
    expected: Expected,
}

impl Visitor for Check {
    fn row<R: Row>(&mut self) {
        let name = self.workload.name;
        if R::absent(name).is_none() {
            let Report { compared, by_own_hash, shares } =
                check::<R>(&self.workload, &self.expected);
            println!(
                "{:4} {}: {compared} compared, {by_own_hash} by own hash {shares:.3?}",
                name.text(),
                R::NAME
            );
        }
    }
}

fn rows_answer(name: Name) {
    let Questions { workload, expected } = questions(name);
    println!("{:4} {:.3?}", name.text(), expected.shares());
    each(&mut Check { workload, expected });
}

macro_rules! workloads {
    ($($test:ident: $name:ident;)*) => {$(
        #[test]
        fn $test() {
            rows_answer(Name::$name);
        }
    )*};
}

workloads! {
    static_flags_are_answered: W1;
    equalities_are_answered: W2;
    lists_are_answered: W3;
    large_lists_are_answered: W3x;
    rollouts_are_answered: W4;
    five_rules_are_answered: W5;
    five_rules_with_their_context_are_answered: W5c;
    a_thousand_flags_are_answered: W6;
    a_thousand_different_flags_are_answered: W6d;
    requests_are_answered: W7;
}

#[test]
fn no_workload_is_the_same_for_everybody_but_the_first() {
    for name in Name::ALL {
        let (shares, _) = questions(name).expected.shares();
        let decided = shares.iter().filter(|share| **share > 0.0).count();
        assert_eq!(decided == 1, name == Name::W1, "{}: {shares:?}", name.text());
    }
}
