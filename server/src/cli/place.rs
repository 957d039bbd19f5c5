//! Where a fault stands in the text of a document.
//!
//! In: the text, and the JSON pointer of a fault, or what a parser says of a line and column. Out:
//! line, column and length, or nothing when the text does not tell; then the pointer has to do.
//! Read only after a fault, so it costs good documents nothing.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

/// A stretch of one line; all in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// At least 1.
    pub length: usize,
}

/// A document with the places of its parts.
pub struct Places<'t> {
    lines: Vec<&'t str>,
    root: Option<Node>,
}

/// What stands at a place.
enum Node {
    Scalar,
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
}

impl<'t> Places<'t> {
    /// The places of `text`, which is JSON or YAML.
    #[must_use]
    pub fn read(text: &'t str) -> Self {
        Self { lines: text.lines().collect(), root: serde_saphyr::from_str(text).ok() }
    }

    /// A line of the text, without its end.
    #[must_use]
    pub fn line(&self, line: usize) -> Option<&'t str> {
        self.lines.get(line.checked_sub(1)?).copied()
    }

    /// The place of a fault: what `pointer` names, or the nearest part around it that is there; for
    /// the whole document what `message` says.
    #[must_use]
    pub fn find(&self, pointer: &str, message: &str) -> Option<Place> {
        if pointer.is_empty() {
            return said(message);
        }
        let mut node = self.root.as_ref()?;
        let mut found = None;
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            let (name, value) = match node {
                Node::Scalar => break,
                Node::List(items) => {
                    let Some(item) = token.parse().ok().and_then(|at: usize| items.get(at)) else {
                        break;
                    };
                    (None, item)
                }
                Node::Map(members) => {
                    let Some((name, value)) = members.iter().find(|(name, _)| name.value == token)
                    else {
                        break;
                    };
                    (Some(name), value)
                }
            };
            // A scalar is shown itself; what spreads over lines is shown by its name, and an
            // element of a list without one by its first member.
            found = match (&value.value, name) {
                (Node::Scalar, _) => self.place(value.referenced, true),
                (_, Some(name)) => self.place(name.referenced, true),
                (Node::Map(members), None) => self.first_of(members),
                (Node::List(_), None) => None,
            }
            .or_else(|| self.place(value.referenced, false));
            node = &value.value;
        }
        found
    }

    /// The first of `members`, name and value, if they stand in one line.
    fn first_of(&self, members: &[(Spanned<String>, Spanned<Node>)]) -> Option<Place> {
        let (name, value) = members.first()?;
        let name = self.place(name.referenced, true)?;
        let value = self.place(value.referenced, matches!(value.value, Node::Scalar));
        let end = value.filter(|value| value.line == name.line && value.column > name.column);
        let length = end.map_or(name.length, |end| end.column + end.length - name.column);
        Some(Place { length, ..name })
    }

    fn place(&self, location: Location, one_line: bool) -> Option<Place> {
        let line = usize::try_from(location.line()).ok()?;
        let column = usize::try_from(location.column()).ok()?;
        let rest = self.line(line)?.chars().count().checked_sub(column.checked_sub(1)?)?;
        let length = if one_line { usize::try_from(location.span().len()).ok()? } else { 1 };
        Some(Place { line, column, length: length.clamp(1, rest.max(1)) })
    }
}

/// `… at line 3, column 7: …`, as syntax faults say it.
fn said(message: &str) -> Option<Place> {
    let (_, rest) = message.split_once(" at line ")?;
    let (line, rest) = rest.split_once(", column ")?;
    let column: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some(Place { line: line.parse().ok()?, column: column.parse().ok()?, length: 1 })
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a document")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_str<E>(self, _: &str) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Node::Map(members))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const YAML: &str = "\
flags:
  checkout-v2:
    kind: bool
    environments:
      production:
        rules:
          - { id: dach, when: { segment: staf }, serve: \"on\" }
          - id: all
            serve: { split: { weights: { \"on\": 1 } } }
";

    /// The stretch of text at `pointer`.
    fn found(text: &str, pointer: &str) -> String {
        let places = Places::read(text);
        let Place { line, column, length } = places.find(pointer, "").unwrap();
        places.line(line).unwrap().chars().skip(column - 1).take(length).collect()
    }

    #[test]
    fn a_pointer_leads_to_the_text_it_means() {
        let rules = "/flags/checkout-v2/environments/production/rules";
        assert_eq!(found(YAML, "/flags/checkout-v2/kind"), "bool");
        assert_eq!(found(YAML, &format!("{rules}/0/when/segment")), "staf");
        assert_eq!(found(YAML, &format!("{rules}/1/serve/split/weights")), "weights");
        assert_eq!(found(YAML, &format!("{rules}/1/serve/split/weights/on")), "1");
        assert_eq!(found(YAML, &format!("{rules}/1/when/missing")), "id: all", "the nearest part");
    }

    #[test]
    fn json_has_places_too() {
        let json = "{\n  \"a/b\": {\n    \"ü~\": [1, \"zwei\"]\n  }\n}";
        assert_eq!(found(json, "/a~1b/ü~0/1"), "\"zwei\"");
        assert_eq!(found(json, "/a~1b/ü~0"), "\"ü~\"");
    }

    #[test]
    fn a_fault_of_the_text_says_its_place_itself() {
        let message = "not YAML at line 40, column 49: invalid trailing content";
        let place = Places::read("a: [").find("", message);
        assert_eq!(place, Some(Place { line: 40, column: 49, length: 1 }));
        assert_eq!(Places::read("a: [").find("", "no flags"), None);
        assert_eq!(Places::read("a: [").find("/a", ""), None);
    }
}
