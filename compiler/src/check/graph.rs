//! Circles and long chains in a graph of names.
//!
//! In: names and who names whom. Out: one circle of each knot, and the names where chains get too
//! long. Linear in names and edges, without recursion: a document may chain all its flags.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::limits::MAX_CHAIN;

/// Names and the names they refer to; references to strangers are left out.
#[derive(Debug)]
pub(crate) struct Graph<'a> {
    edges: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Graph<'a> {
    /// A graph of `names` without edges.
    pub(crate) fn new(names: impl Iterator<Item = &'a str>) -> Self {
        Self { edges: names.map(|name| (name, BTreeSet::new())).collect() }
    }

    /// Adds the edge `from` → `to`, if both are names of the graph.
    pub(crate) fn add(&mut self, from: &str, to: &str) {
        let Some((&to, _)) = self.edges.get_key_value(to) else { return };
        if let Some(targets) = self.edges.get_mut(from) {
            targets.insert(to);
        }
    }

    /// The names where a chain of references gets longer than `MAX_CHAIN`, with the length there.
    /// Names that lead into circles are left out, as are those above the first too long.
    pub(crate) fn too_long(&self) -> Vec<(&'a str, usize)> {
        let just_above = |(_, length): &(&str, usize)| *length == MAX_CHAIN + 1;
        self.lengths().into_iter().filter(just_above).collect()
    }

    /// One shortest circle of each knot (strongly connected part), from its smallest name on, in
    /// the order of references, the first not repeated at the end.
    pub(crate) fn circles(&self) -> Vec<Vec<&'a str>> {
        let knots = self.knots();
        let of = |name: &str| knots.get(name).copied();
        let mut done = BTreeSet::new();
        let mut circles = Vec::new();
        for (&name, &knot) in &knots {
            if !done.contains(knot) {
                if let Some(circle) = self.circle_through(name, &|other| of(other) == Some(knot)) {
                    circles.push(circle);
                }
                done.insert(knot);
            }
        }
        circles
    }

    /// The longest chain of references from each name that does not lead into a circle.
    fn lengths(&self) -> BTreeMap<&'a str, usize> {
        let reversed = self.reversed();
        let mut open: BTreeMap<&str, usize> =
            self.edges.iter().map(|(&name, targets)| (name, targets.len())).collect();
        let mut ready: Vec<&'a str> =
            self.edges.iter().filter(|(_, targets)| targets.is_empty()).map(|(&n, _)| n).collect();
        let mut lengths: BTreeMap<&'a str, usize> = BTreeMap::new();
        while let Some(name) = ready.pop() {
            let below = self.targets(name).filter_map(|target| lengths.get(target)).max();
            let length = below.map_or(0, |length| length + 1);
            lengths.insert(name, length);
            for &above in reversed.get(name).into_iter().flatten() {
                if let Some(count) = open.get_mut(above) {
                    *count -= 1;
                    if *count == 0 {
                        ready.push(above);
                    }
                }
            }
        }
        lengths
    }

    /// Each name that can reach a circle → the representative of its knot (Kosaraju's algorithm).
    fn knots(&self) -> BTreeMap<&'a str, &'a str> {
        let harmless = self.lengths();
        let mut knots: BTreeMap<&'a str, &'a str> = BTreeMap::new();
        let reversed = self.reversed();
        for root in self.finished().into_iter().rev() {
            if knots.contains_key(root) || harmless.contains_key(root) {
                continue;
            }
            let mut stack = vec![root];
            while let Some(name) = stack.pop() {
                if knots.contains_key(name) {
                    continue;
                }
                knots.insert(name, root);
                stack.extend(reversed.get(name).into_iter().flatten());
            }
        }
        knots
    }

    /// All names in the order in which a depth-first walk leaves them.
    fn finished(&self) -> Vec<&'a str> {
        let mut seen = BTreeSet::new();
        let mut finished = Vec::new();
        for &root in self.edges.keys() {
            if !seen.insert(root) {
                continue;
            }
            let mut stack = vec![(root, self.targets(root))];
            while let Some((name, targets)) = stack.last_mut() {
                match targets.find(|target| !seen.contains(target)) {
                    Some(next) => {
                        seen.insert(next);
                        stack.push((next, self.targets(next)));
                    }
                    None => {
                        finished.push(*name);
                        stack.pop();
                    }
                }
            }
        }
        finished
    }

    /// The shortest way from `start` back to it through names that are `inside`.
    fn circle_through(
        &self,
        start: &'a str,
        inside: &dyn Fn(&str) -> bool,
    ) -> Option<Vec<&'a str>> {
        let mut came_from: BTreeMap<&str, &'a str> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(name) = queue.pop_front() {
            for target in self.targets(name).filter(|target| inside(target)) {
                if target == start {
                    return Some(way_back(start, name, &came_from));
                }
                if !came_from.contains_key(target) {
                    came_from.insert(target, name);
                    queue.push_back(target);
                }
            }
        }
        None
    }

    fn targets(&self, name: &str) -> impl Iterator<Item = &'a str> + use<'_, 'a> {
        self.edges.get(name).into_iter().flatten().copied()
    }

    fn reversed(&self) -> BTreeMap<&'a str, Vec<&'a str>> {
        let mut reversed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (&from, targets) in &self.edges {
            for &to in targets {
                reversed.entry(to).or_default().push(from);
            }
        }
        reversed
    }
}

fn way_back<'a>(start: &'a str, end: &'a str, came_from: &BTreeMap<&str, &'a str>) -> Vec<&'a str> {
    let mut way = vec![end];
    let mut name = end;
    while name != start {
        let Some(&before) = came_from.get(name) else { break };
        way.push(before);
        name = before;
    }
    way.reverse();
    way
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&'static str, &'static str)]) -> Graph<'static> {
        let names = edges.iter().flat_map(|(from, to)| [*from, *to]);
        let mut graph = Graph::new(names);
        for (from, to) in edges {
            graph.add(from, to);
        }
        graph
    }

    #[test]
    fn each_knot_gives_one_shortest_circle() {
        let edges = [("a", "b"), ("b", "c"), ("c", "a"), ("b", "a"), ("x", "y"), ("y", "a")];
        assert_eq!(graph(&edges).circles(), [vec!["a", "b"]]);
        assert_eq!(graph(&[("s", "s"), ("t", "s")]).circles(), [vec!["s"]]);
        let two = [("a", "b"), ("b", "a"), ("c", "d"), ("d", "c"), ("b", "c")];
        assert_eq!(graph(&two).circles(), [vec!["a", "b"], vec!["c", "d"]]);
        assert!(graph(&[("a", "b"), ("a", "c"), ("b", "c")]).circles().is_empty());
    }

    #[test]
    fn a_chain_is_too_long_at_one_name_only() {
        let names: Vec<&'static str> = vec![
            "00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13",
            "14", "15", "16", "17", "18", "19",
        ];
        let edges: Vec<_> = names.windows(2).map(|pair| (pair[1], pair[0])).collect();
        assert_eq!(graph(&edges).too_long(), [("17", 17)]);
    }

    #[test]
    fn a_chain_of_all_flags_needs_no_stack() {
        let names: Vec<String> = (0..200_000).map(|n| format!("{n:06}")).collect();
        let mut graph = Graph::new(names.iter().map(String::as_str));
        for pair in names.windows(2) {
            graph.add(&pair[0], &pair[1]);
        }
        assert!(graph.circles().is_empty());
        assert_eq!(graph.too_long().len(), 1);
        graph.add("199999", "000000");
        assert_eq!(graph.circles().first().map(Vec::len), Some(200_000));
    }
}
