//! Names of what a module exports.

/// The one linear memory.
pub const MEMORY: &str = "memory";
/// Immutable `i32` global: the guest ABI version.
pub const ABI: &str = "vexil_abi";
/// Immutable `i32` global: the first byte the host may write; the arena ends 8 bytes before memory ends.
pub const ARENA: &str = "arena";
/// `(ctx: i32) -> ()`: prepares a written context record.
pub const BIND: &str = "bind";
/// `(flag: i32, ctx: i32) -> i64`: the verdict of one flag.
pub const EVALUATE: &str = "evaluate";
/// `(flag: i32, ctx: i32) -> i64`: the verdict of one flag on a record that is not bound.
pub const EVALUATE_ONCE: &str = "evaluate_once";
/// `(ctx: i32, out: i32) -> ()`: the verdicts of all flags, as `i64` in flag order.
pub const EVALUATE_ALL: &str = "evaluate_all";
