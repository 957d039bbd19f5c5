//! The verifier of signatures, for browsers that cannot check them: Rust, as WebAssembly.
//!
//! In: `browser-loader/verifier`. Out: a module, made small. Rust's own target is used where rustup
//! can bring it; elsewhere Debian's compiler builds the library from its source, which is smaller
//! and takes half a minute.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::LOADER;
use crate::{root, show, target};

const TRIPLE: &str = "wasm32-unknown-unknown";

/// What Debian calls its compiler for the web, and where it puts it.
const DEBIAN_PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust/library/core";

/// Panics become traps, and their texts are left out.
const SMALL: &str = "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none \
                     -Zfmt-debug=none";

/// Builds it; gives the file.
pub fn build() -> Result<PathBuf> {
    let folder = target().join("wasm");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--release", "--locked", "--quiet", "--target", TRIPLE]);
    // Settings of the cargo that runs this task are of another crate and another target.
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        cargo.env_remove(name);
    }
    cargo.current_dir(root().join(LOADER).join("verifier")).env("CARGO_TARGET_DIR", &folder);
    if !has_target() {
        by_debian(&mut cargo)?;
    }
    println!("{}", show::faint("building the verifier (the first time takes half a minute)"));
    if !cargo.stdin(Stdio::null()).status().context("cargo does not start")?.success() {
        bail!("the verifier does not build");
    }
    shrink(&folder.join(TRIPLE).join("release/vexil_verifier.wasm"))
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
fn by_debian(cargo: &mut Command) -> Result<()> {
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
    cargo
        .args(["-Zbuild-std=core,compiler_builtins"])
        .args(["-Zbuild-std-features=compiler-builtins-mem"])
        .env("RUSTC", DEBIAN_RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", SMALL)
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    // Cargo asks rustup's wrapper otherwise, which knows other compilers only.
    cargo.env_remove("RUSTUP_TOOLCHAIN").env_remove("RUSTDOC");
    Ok(())
}

/// Binaryen's optimiser, which npm has brought.
fn shrink(module: &Path) -> Result<PathBuf> {
    let small = module.with_file_name("vexil_verify.wasm");
    let optimiser = root().join(LOADER).join("node_modules/.bin/wasm-opt");
    let mut command = Command::new(optimiser);
    command.args(["-Oz", "--strip-debug", "--strip-producers", "--enable-bulk-memory"]);
    command.args(["--enable-sign-ext", "--enable-mutable-globals"]);
    command.args(["--enable-nontrapping-float-to-int"]).arg(module).arg("-o").arg(&small);
    if !command.stdin(Stdio::null()).status().context("wasm-opt does not start")?.success() {
        bail!("wasm-opt cannot make the verifier smaller");
    }
    Ok(small)
}
