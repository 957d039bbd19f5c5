//! What is remembered during the evaluations on one bound record.
//!
//! In: a program. Out: which flags and segments keep their answer in the record's scratch. A flag
//! that several others ask for, and that itself asks for others, would else be decided again at
//! every mention: sixteen flags that each name the one before eight times would never end. With
//! the rest mentioned once, or asking for nothing, an evaluation costs at most the whole program.

use crate::program::{FlagIndex, Pred, Program, SegmentId};

/// Places in the scratch, counted in answers of eight bytes behind the units' hashes.
#[derive(Debug, Default)]
pub(super) struct Memo {
    flags: Vec<Option<u32>>,
    segments: Vec<Option<u32>>,
    count: u32,
}

impl Memo {
    /// Which flags and segments of a program keep their answer.
    pub(super) fn of(program: &Program) -> Self {
        let mut flags = vec![Node::default(); program.flags.len()];
        let mut segments = vec![Node::default(); program.segments.len()];
        for (index, segment) in program.segments.iter().enumerate() {
            let asked = count(&mut flags, &mut segments, [&segment.when]);
            note(&mut segments, index, asked);
        }
        for (index, flag) in program.flags.iter().enumerate() {
            let body = &flag.body;
            let gates = body.gates.iter().map(|gate| Pred::Flag(gate.test.clone()));
            let gates: Vec<Pred> = gates.collect();
            let asked = gates.iter().chain(body.rules.iter().map(|rule| &rule.when));
            let asked = count(&mut flags, &mut segments, asked);
            note(&mut flags, index, asked);
        }
        let mut count = 0;
        let mut place = |node: &Node| {
            (node.asks && node.mentions > 1).then(|| {
                count += 1;
                count - 1
            })
        };
        let segments = segments.iter().map(&mut place).collect();
        let flags = flags.iter().map(&mut place).collect();
        Self { flags, segments, count }
    }

    pub(super) fn flag(&self, flag: FlagIndex) -> Option<u32> {
        self.flags.get(flag.index()).copied().flatten()
    }

    pub(super) fn segment(&self, segment: SegmentId) -> Option<u32> {
        self.segments.get(segment.index()).copied().flatten()
    }

    /// How many answers are kept.
    pub(super) const fn count(&self) -> u32 {
        self.count
    }
}

/// A flag or a segment in the graph of mentions.
#[derive(Clone, Default)]
struct Node {
    mentions: usize,
    asks: bool,
}

fn note(nodes: &mut [Node], index: usize, asks: bool) {
    if let Some(node) = nodes.get_mut(index) {
        node.asks = asks;
    }
}

/// Counts what `asked` mentions; whether that is anything.
fn count<'a>(
    flags: &mut [Node],
    segments: &mut [Node],
    asked: impl IntoIterator<Item = &'a Pred>,
) -> bool {
    let mut any = false;
    let mut waiting: Vec<&Pred> = asked.into_iter().collect();
    while let Some(pred) = waiting.pop() {
        let mentioned = match pred {
            Pred::Not(inner) => {
                waiting.push(inner);
                None
            }
            Pred::All(inner) | Pred::Any(inner) => {
                waiting.extend(inner);
                None
            }
            Pred::Segment(id) => segments.get_mut(id.index()),
            Pred::Flag(test) => flags.get_mut(test.flag.index()),
            Pred::Const(_) | Pred::Leaf(_) | Pred::Bucket(..) => None,
        };
        if let Some(node) = mentioned {
            node.mentions += 1;
            any = true;
        }
    }
    any
}
