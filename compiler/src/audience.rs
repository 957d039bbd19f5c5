//! For whom flags are compiled.

/// Who evaluates a module, and so what may stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Audience {
    /// Services of one's own: all flags, and constants as they are fastest.
    #[default]
    Server,
    /// Browsers and other places where anybody can read the module: the flags that are
    /// `client_visible`, and sets of strings as digests (see `docs/audiences.md`).
    Browser,
}
