//! Words with colour, where a terminal shows them.

use std::io::IsTerminal as _;
use std::time::Duration;

/// Something good.
pub fn good(text: impl AsRef<str>) -> String {
    paint("32", text.as_ref())
}

/// Something bad.
pub fn bad(text: impl AsRef<str>) -> String {
    paint("1;31", text.as_ref())
}

/// Something that matters.
pub fn strong(text: impl AsRef<str>) -> String {
    paint("1", text.as_ref())
}

/// Something that matters less.
pub fn faint(text: impl AsRef<str>) -> String {
    paint("2", text.as_ref())
}

/// An address or a command.
pub fn link(text: impl AsRef<str>) -> String {
    paint("36", text.as_ref())
}

/// A time that somebody waited.
pub fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn paint(code: &str, text: &str) -> String {
    if std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}
