//! One flag's code as WebAssembly text, with its constants as comments.
//!
//! In: a sealed module and a flag's key. Out: the function that decides it, where every question
//! it asks and every answer it gives is named beside the instruction that does so. Flags of one
//! shape share the function; the comments are this flag's.

use std::fmt::Write as _;

use wasmparser::{ElementItems, Parser, Payload};

use super::inspect::{FlagRow, InspectError};
use super::subset::{Parts, SubsetError, UnknownFlags, parts};
use crate::image::{FlagRecord, Image, Names, RECORD_HEADER, read};

/// The code of one flag as WebAssembly text.
///
/// # Errors
/// When `bytes` are not a module sealed by this compiler, or have no such flag.
pub fn wat(bytes: &[u8], key: &str) -> Result<String, SubsetError> {
    let Parts { manifest, data, index } = parts(bytes)?;
    let rows = &manifest.4;
    let image = read(data, &index, manifest.3.len() as u32, rows.len() as u32)?;
    let unknown = || SubsetError::UnknownFlags(UnknownFlags::of(&[key], rows));
    let number = rows.binary_search_by(|row| row.0.as_bytes().cmp(key.as_bytes()));
    let number = number.map_err(|_| unknown())?;
    let (row, flag) = rows.get(number).zip(image.flags.get(number)).ok_or_else(unknown)?;
    let shape = image.shapes.get(flag.shape as usize).ok_or_else(unknown)?;
    let function = table(bytes)?.get(shape.decide.0 as usize).copied().ok_or_else(unknown)?;
    let names = Names {
        paths: manifest.3.iter().map(|attribute| attribute.0.as_str()).collect(),
        flags: rows.iter().map(|row| row.0.as_str()).collect(),
    };
    let sharing = image.flags.iter().filter(|other| other.shape == flag.shape).count();
    let mut text = format!(";; flag {key:?}\n");
    let _ = match sharing {
        1 => writeln!(text, ";; no other flag has this shape"),
        _ => writeln!(text, ";; {sharing} flags have this shape, and share this code"),
    };
    let printed = print(bytes, function)?;
    Annotator { image: &image, flag, row, names: &names }.annotate(&printed, &mut text);
    Ok(text)
}

/// The text of one function.
fn print(bytes: &[u8], function: u32) -> Result<String, InspectError> {
    let text = wasmprinter::print_bytes(bytes).map_err(|e| InspectError::Print(e.to_string()))?;
    let start = format!("  (func (;{function};)");
    let lines = text.lines().skip_while(|line| !line.starts_with(&start));
    let mut printed = String::new();
    for (number, line) in lines.enumerate() {
        // The next item of the module begins at the same depth.
        if number > 0 && line.starts_with("  (") {
            break;
        }
        printed.push_str(line.strip_prefix("  ").unwrap_or(line));
        printed.push('\n');
    }
    Ok(printed)
}

/// The function index of each place in the table.
fn table(bytes: &[u8]) -> Result<Vec<u32>, InspectError> {
    for payload in Parser::new(0).parse_all(bytes) {
        let Payload::ElementSection(section) = payload? else { continue };
        for element in section {
            if let ElementItems::Functions(functions) = element?.items {
                return Ok(functions.into_iter().collect::<Result<_, _>>()?);
            }
        }
    }
    Ok(Vec::new())
}

struct Annotator<'a> {
    image: &'a Image,
    flag: &'a FlagRecord,
    row: &'a FlagRow,
    names: &'a Names<'a>,
}

impl Annotator<'_> {
    fn annotate(&self, printed: &str, out: &mut String) {
        let lines: Vec<&str> = printed.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|index| lines.get(index));
            let next = lines.get(index + 1).map_or("", |line| line.trim());
            let comment = self.comment(before.map_or("", |line| line.trim()), line.trim(), next);
            match comment {
                Some(comment) => {
                    let _ = writeln!(out, "{line:<40} ;; {comment}");
                }
                None => {
                    let _ = writeln!(out, "{line}");
                }
            }
        }
    }

    fn comment(&self, before: &str, line: &str, next: &str) -> Option<String> {
        // The second parameter is the flag's record.
        let of_record = before == "local.get 1";
        if let (true, Some(offset)) = (of_record, offset(line, "i32.load")) {
            let question = offset.checked_sub(RECORD_HEADER)? / 4;
            let reference = *self.flag.refs.get(question as usize)?;
            return Some(self.image.question(reference, self.names));
        }
        if let (true, Some(offset)) = (of_record, offset(line, "i64.load")) {
            let first = (RECORD_HEADER + 4 * self.flag.refs.len() as u32).next_multiple_of(8);
            let at = offset.checked_sub(first)? as usize;
            let bytes: [u8; 8] = self.flag.thresholds.get(at..at + 8)?.try_into().ok()?;
            return Some(format!("from {}", u64::from_le_bytes(bytes)));
        }
        let number: u32 = line.strip_prefix("i32.const ")?.parse().ok()?;
        let answers = next == "return" || next == ")" || next.is_empty();
        answers.then(|| {
            let variants: Vec<&str> = self.row.2.iter().map(|(key, _)| key.as_str()).collect();
            self.image.answer(self.flag, number, &variants, &self.row.3)
        })
    }
}

/// The offset of a load.
fn offset(line: &str, load: &str) -> Option<u32> {
    line.strip_prefix(load)?.trim_start().strip_prefix("offset=")?.split(' ').next()?.parse().ok()
}
