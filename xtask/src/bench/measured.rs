//! What criterion measured.
//!
//! In: its folder, with a folder for each workload, in it one for each row, and in that
//! `new/benchmark.json` and `new/estimates.json`. Out: the median with its interval, divided by
//! how many questions a round answered.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

/// One row in one workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The workload's name.
    pub workload: String,
    /// The row's name.
    pub row: String,
    /// Nanoseconds.
    pub time_ns: f64,
    /// Nanoseconds between which the median lies with 95 % confidence.
    pub interval_ns: (f64, f64),
}

/// All that was measured.
pub fn read(criterion: &Path) -> Result<Vec<Measured>> {
    let mut measured = Vec::new();
    for workload in folders(criterion)? {
        for row in folders(&workload)? {
            let new = row.join("new");
            if new.join("estimates.json").is_file() {
                let (benchmark, estimates) =
                    (json(&new.join("benchmark.json"))?, json(&new.join("estimates.json"))?);
                measured.push(one(&benchmark, &estimates).with_context(|| {
                    format!("{} is not what criterion 0.8 writes", new.display())
                })?);
            }
        }
    }
    Ok(measured)
}

fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).context("criterion has left nothing")?;
    let paths: std::io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut folders: Vec<PathBuf> = paths?.into_iter().filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

fn json(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path);
    let text = text.with_context(|| format!("{} is not there", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
}

fn one(benchmark: &Value, estimates: &Value) -> Option<Measured> {
    let text = |name: &str| Some(benchmark.get(name)?.as_str()?.to_owned());
    let throughput = benchmark.get("throughput").and_then(|it| it.get("Elements")?.as_f64());
    let questions = throughput.unwrap_or(1.0);
    let median = estimates.get("median")?;
    let interval = median.get("confidence_interval")?;
    let bound = |name: &str| Some(interval.get(name)?.as_f64()? / questions);
    Some(Measured {
        workload: text("group_id")?,
        row: text("function_id")?,
        time_ns: median.get("point_estimate")?.as_f64()? / questions,
        interval_ns: (bound("lower_bound")?, bound("upper_bound")?),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_those_of_a_question() {
        let benchmark = json!({
            "group_id": "W6", "function_id": "unleash", "throughput": { "Elements": 1_000 },
        });
        let estimates = json!({ "median": {
            "confidence_interval": { "confidence_level": 0.95,
                                     "lower_bound": 950_000.0, "upper_bound": 1_100_000.0 },
            "point_estimate": 1_000_000.0, "standard_error": 1.0,
        } });
        let expected = Measured {
            workload: "W6".to_owned(),
            row: "unleash".to_owned(),
            time_ns: 1_000.0,
            interval_ns: (950.0, 1_100.0),
        };
        assert_eq!(one(&benchmark, &estimates), Some(expected));
        assert_eq!(one(&benchmark, &json!({})), None);
    }
}
