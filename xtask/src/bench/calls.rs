//! The cost of one policy call: runs criterion and reads what it found.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{
    places::Places,
    steps::{self, Steps},
};

/// What is called: criterion's group, and how the table names it.
pub(crate) const CALLS: [(&str, &str); 3] = [
    ("process", "`process`, a valid 1.0 event, migrated to 1.1"),
    ("invalid", "`process`, an event with two faults"),
    ("validate", "`validate`, a valid 1.0 event"),
];

/// How it is run: criterion's function.
pub(crate) const WAYS: [&str; 3] = ["native", "reused", "fresh"];

/// Microseconds a call: a row for each of [`CALLS`], a column for each of [`WAYS`].
pub(crate) type Calls = [[f64; 3]; 3];

#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    /// Nanoseconds.
    point_estimate: f64,
}

/// Runs the benchmark of the policy call.
pub(crate) fn measure(places: &Places, steps: &Steps) -> Result<Calls> {
    steps.say("measuring the policy call");
    let arguments = ["bench", "--workspace", "--bench=policy_call", "--", "--noplot"];
    let mut bench = places.cargo(arguments);
    bench.env("TIDEGATE_POLICY", places.policy());
    steps::run(&mut bench)?;

    let mut calls = Calls::default();
    for (row, (call, _)) in calls.iter_mut().zip(CALLS) {
        for (cell, way) in row.iter_mut().zip(WAYS) {
            let found = format!("criterion/{call}/{way}/new/estimates.json");
            *cell = microseconds(&places.target.join(found))?;
        }
    }
    Ok(calls)
}

fn microseconds(file: &Path) -> Result<f64> {
    let text = fs::read(file).with_context(|| file.display().to_string())?;
    let estimates: Estimates = serde_json::from_slice(&text).with_context(|| file.display().to_string())?;
    Ok(estimates.median.point_estimate / 1000.0)
}
