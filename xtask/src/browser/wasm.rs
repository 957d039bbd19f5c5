//! Rust for the browser: crates as WebAssembly, made small.
//!
//! In: a crate's folder. Out: its module. Rust's own target is used where rustup can bring it;
//! elsewhere Debian's compiler builds the library from its source, which takes half a minute longer
//! and comes out smaller.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use super::LOADER;
use crate::{root, show, succeed, target};

const TRIPLE: &str = "wasm32-unknown-unknown";

/// What Debian calls its compiler for the web, and where it puts it.
const DEBIAN_PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust/library/core";

/// Panics become traps, and their texts are left out.
const SMALL: &str = "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none \
                     -Zfmt-debug=none";

/// How much of Rust's library a crate is built on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    Core,
    Std,
}

/// Builds the crate in `folder`, below the root; gives the module `NAME.wasm`.
pub fn build(folder: &str, name: &str, library: Library) -> Result<PathBuf> {
    let made = target().join("wasm");
    let mut cargo = crate::cargo();
    cargo.args(["build", "--release", "--locked", "--quiet", "--target", TRIPLE]);
    // Settings of the cargo that runs this task are of another crate and another target.
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        cargo.env_remove(name);
    }
    cargo.current_dir(root().join(folder)).env("CARGO_TARGET_DIR", &made);
    if !has_target() {
        by_debian(&mut cargo, library)?;
    }
    println!("{}", show::faint(format!("building {folder} (the first time takes a minute)")));
    succeed(&mut cargo, &format!("the build of {folder}"))?;
    Ok(made.join(TRIPLE).join("release").join(format!("{name}.wasm")))
}

/// Makes a module smaller by Binaryen's optimiser, which npm has brought with the loader's packages.
pub fn shrink(module: &Path, small: &Path) -> Result<()> {
    let optimiser = root().join(LOADER).join("node_modules/.bin/wasm-opt");
    let mut command = Command::new(optimiser);
    command.args(["-Oz", "--strip-debug", "--strip-producers", "--enable-bulk-memory"]);
    command.args(["--enable-sign-ext", "--enable-mutable-globals", "--enable-reference-types"]);
    command.args(["--enable-multivalue", "--enable-nontrapping-float-to-int"]);
    command.arg(module).arg("-o").arg(small);
    succeed(&mut command, "wasm-opt")
}

/// Is Rust's own target there, or can it be brought?
fn has_target() -> bool {
    let quiet = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stderr(Stdio::null());
        command.output().ok().filter(|output| output.status.success())
    };
    let library = quiet("rustc", &["--print", "target-libdir", "--target", TRIPLE]);
    let is_there = library
        .is_some_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir());
    is_there || quiet("rustup", &["target", "add", TRIPLE]).is_some()
}

/// Lets Debian's compiler build the library as well.
fn by_debian(cargo: &mut Command, library: Library) -> Result<()> {
    if !Path::new(DEBIAN_SOURCE).is_dir() || !Path::new(DEBIAN_RUSTC).is_file() {
        super::chromium::apt_install(&DEBIAN_PACKAGES).context(
            "WebAssembly cannot be built: `rustup target add wasm32-unknown-unknown` failed, and \
             Debian's rustc-web and rust-web-src are not there",
        )?;
    }
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output()?;
    let host = if cfg!(target_arch = "aarch64") { "aarch64" } else { "x86_64" };
    let linker = PathBuf::from(String::from_utf8_lossy(&sysroot.stdout).trim())
        .join(format!("lib/rustlib/{host}-unknown-linux-gnu/bin/rust-lld"));
    match library {
        Library::Core => cargo
            .arg("-Zbuild-std=core,compiler_builtins")
            .arg("-Zbuild-std-features=compiler-builtins-mem"),
        Library::Std => cargo.arg("-Zbuild-std=std,panic_abort"),
    };
    cargo
        .env("RUSTC", DEBIAN_RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", SMALL)
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    // Rustup's own variables are of a compiler that is not asked here.
    cargo.env_remove("RUSTUP_TOOLCHAIN").env_remove("RUSTDOC");
    Ok(())
}
