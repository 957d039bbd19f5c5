//! Attributes become sensitive, or cease to be.
//!
//! In: a draft and paths. Out: the draft with the change, if there is one. The paths are kept in
//! order and once each, so that the same ones in another order are no change. Whether flags that go
//! to browsers agree is checked at the end, as for every command.

use std::collections::BTreeSet;

use super::Refusal;
use super::draft::Draft;
use crate::log::change::Change;

/// Makes `attributes` the sensitive ones, and no others.
pub(super) fn define(draft: &mut Draft<'_>, attributes: &[String]) -> Result<(), Refusal> {
    let attributes: BTreeSet<&String> = attributes.iter().collect();
    let attributes: Vec<String> = attributes.into_iter().cloned().collect();
    match draft.project.sensitive == attributes {
        true => Ok(()),
        false => draft.push(Change::SensitiveAttributesChanged { attributes }),
    }
}
