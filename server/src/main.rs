//! The program `vexil`: the server and the command line in one.
//!
//! In: the command line. Out: an exit code; see `docs/cli.md`.

fn main() -> std::process::ExitCode {
    vexil_server::cli::run()
}
