//! `vexil module verify`: a file and its announcement, held against each other by hand.

use std::path::Path;

use super::{announced, json, revision, run, shop, text, vexil};

/// Exit code and all output of `vexil module verify`.
fn verify(module: &Path, announcement: &Path, more: &[&str]) -> (Option<i32>, String) {
    let (module, announcement) = (module.to_str().unwrap(), announcement.to_str().unwrap());
    let arguments = ["module", "verify", module, "--announcement", announcement];
    let output = vexil(&[&arguments, more].concat()).output().unwrap();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn a_module_is_held_against_what_was_signed() {
    let server = shop();
    announced(&server, revision(&server));
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (module, head) = (at("m.wasm"), at("head.json"));
    run(&server, &format!("module -e production -o {}", module.display()));
    let announcement = run(&server, "head -e production --json");
    std::fs::write(&head, &announcement).unwrap();

    let (code, said) = verify(&module, &head, &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("shop/production at revision") && said.contains("good until"), "{said}");
    let key = json(&announcement)["key"].as_str().unwrap().to_owned();
    let (code, said) = verify(&module, &head, &["--root", &key.to_uppercase(), "--json"]);
    assert_eq!((code, json(&said)["root"].as_str()), (Some(0), Some(key.as_str())));

    let (code, said) = verify(&module, &head, &["--root", &"0".repeat(64)]);
    assert_eq!((code, said.contains("none of the roots")), (Some(1), true), "{said}");
    assert_eq!(verify(&module, &head, &["--root", "abc"]).0, Some(2));
    let mut altered = std::fs::read(&module).unwrap();
    *altered.last_mut().unwrap() ^= 1;
    std::fs::write(at("altered.wasm"), &altered).unwrap();
    let (code, said) = verify(&at("altered.wasm"), &head, &[]);
    assert_eq!((code, said.contains("SHA-256")), (Some(1), true), "{said}");
    for (name, from, to, why) in [
        ("moved", "production", "developmen", "signature is wrong"),
        ("unsigned", "statement", "stetement", "not signed"),
    ] {
        std::fs::write(at(name), announcement.replace(from, to)).unwrap();
        let (code, said) = verify(&module, &at(name), &[]);
        assert_eq!((code, said.contains(why)), (Some(1), true), "{name}: {said}");
    }
    assert_eq!(verify(&at("absent"), &head, &[]).0, Some(1));
}
