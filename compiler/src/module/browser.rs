//! Module → module: what of it may be shipped to browsers.
//!
//! In: a sealed module whose sets are concealed, keys of flags, and those that browsers may see.
//! Out: the module of those flags alone, which says the name of no flag that may not be seen. Verdicts are the
//! same.

use super::Module;
use super::manifest::Manifest;
use super::subset::{SubsetError, part};

/// The module of the `kept` flags; the keys of those that are `visible` stand in order.
pub(crate) fn for_browsers(
    bytes: &[u8],
    kept: &[&str],
    visible: &[&str],
) -> Result<Module, SubsetError> {
    let mut part = part(bytes, kept)?;
    blank(&mut part.manifest, visible);
    part.seal(bytes)
}

/// Blanks the keys of prerequisites that are not visible; their numbers stay.
fn blank(manifest: &mut Manifest, visible: &[&str]) {
    let prerequisites = manifest.flags.iter_mut().flat_map(|row| &mut row.prerequisites);
    let is_hidden = |key: &&mut String| visible.binary_search(&key.as_str()).is_err();
    prerequisites.filter(is_hidden).for_each(String::clear);
}
