//! Module → module: what of it may be shipped to browsers.
//!
//! In: a sealed module whose sets are concealed, and the keys of the flags that browsers may see.
//! Out: the module of those flags alone, which says the name of no other flag. Verdicts are the
//! same.

use super::Module;
use super::inspect::Manifest;
use super::subset::{SubsetError, part};

/// The module of the `visible` flags, whose keys stand in order.
pub(crate) fn for_browsers(bytes: &[u8], visible: &[&str]) -> Result<Module, SubsetError> {
    let mut part = part(bytes, visible)?;
    blank(&mut part.manifest, visible);
    part.seal(bytes)
}

/// Blanks the keys of prerequisites that are not visible; their numbers stay.
fn blank(manifest: &mut Manifest, visible: &[&str]) {
    let prerequisites = manifest.4.iter_mut().flat_map(|row| &mut row.4);
    let is_hidden = |key: &&mut String| visible.binary_search(&key.as_str()).is_err();
    prerequisites.filter(is_hidden).for_each(String::clear);
}
