//! Links in Markdown: every relative one leads to a file or folder, every `#part` to a heading.
//!
//! In: the repository's Markdown. Out: all links that lead nowhere, at once. Addresses on the web
//! are not visited: tests must not depend on them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// Folders that hold nothing of ours.
const SKIPPED: [&str; 4] = ["target", "node_modules", "dist", ".git"];

/// Checks every Markdown file below `root`.
pub fn check(root: &Path) -> Result<()> {
    let mut documents = Vec::new();
    collect(root, &mut documents)?;
    documents.sort();
    let (mut links, mut broken) = (0, Vec::new());
    for document in &documents {
        let text = read(document)?;
        for (line, target) in targets(&text) {
            links += 1;
            if let Some(fault) = fault(document, &target)? {
                let name = document.strip_prefix(root).unwrap_or(document).display();
                broken.push(format!("  {name}:{line}: `{target}` {fault}"));
            }
        }
    }
    if !broken.is_empty() {
        bail!("links lead nowhere\n{}", broken.join("\n"));
    }
    println!("{links} links in {} documents lead somewhere", documents.len());
    Ok(())
}

fn collect(folder: &Path, documents: &mut Vec<PathBuf>) -> Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !SKIPPED.contains(&name.as_str()) {
            collect(&path, documents)?;
        } else if name.ends_with(".md") {
            documents.push(path);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// What is wrong with a link from `document`; `None` when nothing is, or when it leads outside.
fn fault(document: &Path, target: &str) -> Result<Option<&'static str>> {
    if target.contains("://") || target.starts_with("mailto:") {
        return Ok(None);
    }
    let (path, part) =
        target.split_once('#').map_or((target, None), |(path, part)| (path, Some(part)));
    let folder = document.parent().unwrap_or(Path::new(""));
    let found = if path.is_empty() { document.to_path_buf() } else { folder.join(path) };
    if !found.exists() {
        return Ok(Some("is not there"));
    }
    let Some(part) = part.filter(|_| found.extension().is_some_and(|kind| kind == "md")) else {
        return Ok(None);
    };
    let missing = !anchors(&read(&found)?).contains(part);
    Ok(missing.then_some("names a heading that is not there"))
}

/// The lines outside fenced code, with their numbers from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((index + 1, line))
    })
}

/// Every link target: `[text](target)`, `[name]: target`, and `src` or `srcset` of HTML.
fn targets(text: &str) -> Vec<(usize, String)> {
    let mut targets = Vec::new();
    for (number, line) in prose(text) {
        let line = without_code(line);
        for (opening, closing) in [("](", ')'), (" src=\"", '"'), (" srcset=\"", '"')] {
            for rest in line.split(opening).skip(1) {
                let target = rest.split([closing, ' ']).next().unwrap_or_default();
                targets.push((number, target.to_owned()));
            }
        }
        let definition = line.strip_prefix('[').and_then(|rest| rest.split_once("]: "));
        targets.extend(definition.map(|(_, target)| (number, target.trim().to_owned())));
    }
    targets
}

/// A line with its `code` taken out, where brackets mean nothing.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect()
}

/// The anchors of a document's headings, as GitHub names them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for (_, line) in prose(text).filter(|(_, line)| line.starts_with('#')) {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let slug: String = title
            .chars()
            .filter(|char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_'))
            .map(|char| if char == ' ' { '-' } else { char })
            .collect();
        let again = (1..).map(|count| format!("{slug}-{count}"));
        let free = std::iter::once(slug.clone()).chain(again).find(|name| !anchors.contains(name));
        anchors.extend(free);
    }
    anchors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_outside_code_only() {
        let text = "a [b](c.md#d) `[no](x)` ![p](q.svg \"title\")\n```\n[no](y)\n```\n[r]: s.md\n<img alt=\"\" src=\"t.svg\">";
        let found: Vec<_> = targets(text);
        let expected = [(1, "c.md#d"), (1, "q.svg"), (5, "s.md"), (6, "t.svg")];
        assert_eq!(found, expected.map(|(line, target)| (line, target.to_owned())));
    }

    #[test]
    fn headings_have_githubs_anchors() {
        let found = anchors(
            "# A flag in an environment\n## `vexil up` & more\n## Twice\n## Twice\n```\n# no\n```",
        );
        let expected = ["a-flag-in-an-environment", "vexil-up--more", "twice", "twice-1"];
        assert_eq!(found, expected.map(str::to_owned).into());
    }
}
