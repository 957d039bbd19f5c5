//! What a record's reader must know before comparing rows.
//!
//! In: the contest. Out: a list in Markdown: what differs by design, what was checked, and which
//! row is missing where.

use super::number::grouped;
use crate::bench::contest::{Checked, Contest, Row, Side};

/// The section's text.
pub fn text(contest: &Contest) -> String {
    let mut text = "- Each evaluator hashes in its own way, so people fall in other buckets. \
             Where a hash decides, only the shares were compared, and had to lie within five \
             standard deviations; every other answer had to be the interpreter's, on all subjects \
             (on one in seventeen where an answer takes more than a millisecond) and on subjects \
             made to meet each rule, or to miss it by one condition. A subject that misses and then \
             comes to a split tells nothing of a row with a hash of its own, and is left out.\n\
             - Peers return what they return: a value, a variant with its name, an object that \
             tells why. Vexil's client returns the value; all at once, variant, rule and reason as \
             numbers.\n"
        .to_owned();
    for row in contest.rows.iter().filter(|row| row.side == Side::Peer) {
        text += &format!("- {}: {}.\n", row.title, compared(row));
    }
    for row in &contest.rows {
        for (reason, workloads) in absences(row) {
            text += &format!("- {} is not in {}: {reason}.\n", row.title, workloads.join(", "));
        }
    }
    text
}

/// What was compared of a row, in a sentence's end.
fn compared(row: &Row) -> String {
    let (mut same, mut by_hash, mut farthest) = (0, 0, 0.0_f64);
    for Checked { compared, by_own_hash, shares } in row.checked.values() {
        same += compared;
        by_hash += by_own_hash;
        farthest =
            shares.iter().map(|(wanted, found)| (wanted - found).abs()).fold(farthest, f64::max);
    }
    format!(
        "{} answers were the interpreter's, {} were decided by a hash of its own, whose shares \
         are at most {:.1} points off",
        grouped(same),
        grouped(by_hash),
        farthest * 100.0
    )
}

/// Workloads in which a row takes no part, by reason.
fn absences(row: &Row) -> Vec<(&str, Vec<&str>)> {
    let mut absences: Vec<(&str, Vec<&str>)> = Vec::new();
    for (workload, reason) in &row.absent {
        match absences.iter_mut().find(|(known, _)| known == reason) {
            Some((_, workloads)) => workloads.push(workload),
            None => absences.push((reason, vec![workload])),
        }
    }
    absences
}
