//! Equal flag sets give equal bytes: twice in one process, in any order of insertion, and on any
//! build of the compiler.

use std::fmt::Write as _;

use vexil_compiler::document;
use vexil_tests::cases::{files, root};
use vexil_tests::generate::{Dice, flag_set};

#[test]
fn the_same_flags_compiled_twice_give_equal_bytes() {
    for seed in 0..40 {
        let once = vexil_compiler::compile(&flag_set(&mut Dice::new(seed))).unwrap();
        let again = vexil_compiler::compile(&flag_set(&mut Dice::new(seed))).unwrap();
        assert_eq!(once, again, "seed {seed}");
    }
}

#[test]
fn threads_do_not_change_the_bytes() {
    let compiled = || vexil_compiler::compile(&flag_set(&mut Dice::new(7))).unwrap();
    let here = compiled();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(compiled)).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), here);
        }
    });
}

/// `tests/cases/digests.txt` was written by another build of the compiler, on another day; bless
/// it with `BLESS=1` when the compiler is meant to give other bytes.
#[test]
fn another_build_of_the_compiler_gave_the_same_digests() {
    let mut digests = String::new();
    for file in files() {
        let module = vexil_compiler::compile(&file.flags).unwrap();
        writeln!(digests, "{} {} {}", module.digest, module.bytes.len(), file.name).unwrap();
    }
    let shop = std::fs::read_to_string(root().join("examples/storefront/flags.yaml")).unwrap();
    let shop = document::read(&shop).unwrap();
    for environment in &shop.environments {
        let module = vexil_compiler::compile(&shop.flag_set(environment).unwrap()).unwrap();
        let name = format!("storefront {environment}");
        writeln!(digests, "{} {} {name}", module.digest, module.bytes.len()).unwrap();
    }
    let path = root().join("tests/cases/digests.txt");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &digests).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), digests);
}
