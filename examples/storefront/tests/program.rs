//! The shop as a program; that it exists also makes `cargo test` build it for whole-system tests.

use std::process::Command;

#[test]
fn the_shop_explains_its_options() {
    let output = Command::new(env!("CARGO_BIN_EXE_storefront")).arg("--help").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    for option in ["--listen", "--server", "--project", "--environment"] {
        assert!(text.contains(option), "{option} is missing in:\n{text}");
    }
}

#[test]
fn the_shop_refuses_an_address_that_is_none() {
    let mut shop = Command::new(env!("CARGO_BIN_EXE_storefront"));
    let output = shop.args(["--listen", "nowhere"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--listen"));
}
