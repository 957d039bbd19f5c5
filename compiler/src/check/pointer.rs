//! Places in a document while it is walked: JSON pointers (RFC 6901) that cost nothing until a
//! fault needs one.
//!
//! In: the steps of a walk, on its stack. Out: the pointer's text. A path never owns a name.

use std::fmt::Write;

use crate::limits::MAX_POINTER_NAME_BYTES;

/// The place of a value: the place it stands in, and the last step.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Path<'p> {
    /// Where the walk began: a pointer already.
    Root(&'p str),
    /// A member of an object.
    Field(&'p Path<'p>, &'p str),
    /// An element of a list.
    Item(&'p Path<'p>, usize),
}

impl Path<'_> {
    /// The place of member `name` of the object here.
    pub(crate) fn field<'c>(&'c self, name: &'c str) -> Path<'c> {
        Path::Field(self, name)
    }

    /// The place of element `index` of the list here.
    pub(crate) fn item(&self, index: usize) -> Path<'_> {
        Path::Item(self, index)
    }

    /// The JSON pointer. Names longer than any legal one are cut, so that a pointer stays short.
    pub(crate) fn pointer(&self) -> String {
        let mut text = String::new();
        self.append_to(&mut text);
        text
    }

    fn append_to(&self, text: &mut String) {
        match self {
            Self::Root(pointer) => text.push_str(pointer),
            Self::Field(parent, name) => {
                parent.append_to(text);
                text.push('/');
                append_escaped(name, text);
            }
            Self::Item(parent, index) => {
                parent.append_to(text);
                // Writing to a string cannot fail.
                let _ = write!(text, "/{index}");
            }
        }
    }
}

fn append_escaped(name: &str, text: &mut String) {
    let shown = name.get(..name.floor_char_boundary(MAX_POINTER_NAME_BYTES)).unwrap_or(name);
    for character in shown.chars() {
        match character {
            '~' => text.push_str("~0"),
            '/' => text.push_str("~1"),
            other => text.push(other),
        }
    }
    if shown.len() < name.len() {
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_escapes_slashes_and_tildes_and_cuts_long_names() {
        let root = Path::Root("/flags");
        let flag = root.field("a/b~c");
        let rules = flag.field("rules");
        assert_eq!(rules.item(3).pointer(), "/flags/a~1b~0c/rules/3");
        let long = "é".repeat(200);
        assert_eq!(root.field(&long).pointer(), format!("/flags/{}…", "é".repeat(128)));
    }
}
