//! The fields of Unleash's context as attributes.
//!
//! In: the names that constraints, overrides and stickiness use. Out: attribute paths. Unleash's
//! own fields and the properties of its context share one flat name space here, as they do in the
//! way its clients look names up.

use crate::check::codes;
use crate::check::faults::Faults;
use crate::check::names::{path as check_path, quoted};
use crate::check::pointer::Path;

/// The subject.
pub(super) const SUBJECT: &str = "targetingKey";
/// The clock.
pub(super) const NOW: &str = "$now";
/// The draw of one evaluation.
pub(super) const RANDOM: &str = "$random";
/// What stands for the name of the host.
pub(super) const HOSTNAME: &str = "applicationHostname";

/// The attribute that stands for the field or property `name`.
pub(super) fn of(name: &str) -> &str {
    match name {
        "userId" => SUBJECT,
        "currentTime" => NOW,
        other => other,
    }
}

/// Faults a name that no attribute can have.
pub(super) fn check(name: &str, at: &Path<'_>, faults: &mut Faults) {
    let wrong = match check_path(name) {
        Err(wrong) => wrong,
        Ok(()) if name == SUBJECT => "is that of the user's id".to_owned(),
        Ok(()) if name == NOW || name == RANDOM => "is reserved".to_owned(),
        Ok(()) => return,
    };
    let message = format!("no attribute can have the name {}: it {wrong}", quoted(name));
    let help = "rename the field of the context in Unleash, then export again";
    faults.advise(codes::NO_SUCH_NAME, at, message, help);
}
