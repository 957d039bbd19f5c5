//! Is a module small enough, and plain enough, to be taken apart at all?
//!
//! In: bytes that anybody may have written. Out: nothing, or what there is too much of. Asked
//! before anything is validated or built: a few bytes can stand for any number of locals, and
//! whoever builds a function's tree needs many times its bytes.

use wasmparser::{Parser, Payload};

use super::inspect::InspectError;
use crate::limits::{MAX_FUNCTION_BYTES, MAX_LOCALS, MAX_MODULE_BYTES};

/// Checks the module's size.
pub(super) fn size(bytes: &[u8]) -> Result<(), InspectError> {
    match bytes.len() {
        0..=MAX_MODULE_BYTES => Ok(()),
        len => Err(InspectError::TooLarge { what: "bytes", found: len, most: MAX_MODULE_BYTES }),
    }
}

/// Checks the module's size, and those of its functions.
pub(super) fn functions(bytes: &[u8]) -> Result<(), InspectError> {
    size(bytes)?;
    for payload in Parser::new(0).parse_all(bytes) {
        let Payload::CodeSectionEntry(body) = payload? else { continue };
        let (what, most) = ("bytes in one function", MAX_FUNCTION_BYTES);
        let found = body.range().len();
        if found > most {
            return Err(InspectError::TooLarge { what, found, most });
        }
        let mut locals = 0u64;
        for group in body.get_locals_reader()? {
            locals += u64::from(group?.0);
        }
        let (what, most) = ("locals in one function", MAX_LOCALS);
        if locals > most as u64 {
            let found = usize::try_from(locals).unwrap_or(usize::MAX);
            return Err(InspectError::TooLarge { what, found, most });
        }
    }
    Ok(())
}

/// Notes the content of a section that may stand once.
pub(super) fn once<'a>(
    place: &mut Option<&'a [u8]>,
    content: &'a [u8],
    name: &'static str,
) -> Result<(), InspectError> {
    match place.replace(content) {
        None => Ok(()),
        Some(_) => Err(InspectError::Twice(name)),
    }
}
