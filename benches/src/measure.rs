//! Measurements by criterion, in several rounds in which the guests take turns: what slows the machine down for a while
//! slows all of them down. A ratio compares measurements of one round, and is the median of all rounds.

use std::{collections::BTreeMap, env, fmt::Write as _, fs, hint::black_box, path::PathBuf, time::Duration};

use anyhow::{Context as _, Result};
use criterion::{BenchmarkId, Criterion};
use serde_json::Value;

const ROUNDS: usize = 21;

/// What is measured, under a name.
pub(crate) type Task<'t> = (&'t str, Box<dyn FnMut() + 't>);

/// What was measured: for each name the median of each round, in microseconds.
pub(crate) struct Figures {
    group: String,
    rounds: BTreeMap<String, Vec<f64>>,
}

pub(crate) fn criterion() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(20))
        .measurement_time(Duration::from_millis(60))
        .sample_size(10)
        .nresamples(1000)
        .configure_from_args()
}

/// The caller has seen that the task succeeds.
pub(crate) fn task<'t, T>(mut run: impl FnMut() -> Result<T> + 't) -> Box<dyn FnMut() + 't> {
    Box::new(move || drop(black_box(run())))
}

pub(crate) fn measure(criterion: &mut Criterion, name: &str, tasks: &mut [Task]) -> Result<Figures> {
    let mut group = criterion.benchmark_group(name);
    for round in 0..ROUNDS {
        for (name, task) in &mut *tasks {
            group.bench_function(BenchmarkId::new(*name, round), |bencher| bencher.iter(&mut *task));
        }
    }
    group.finish();
    let folder = PathBuf::from(env::var_os("CRITERION_HOME").context("CRITERION_HOME is not set")?).join(name);
    let mut rounds = BTreeMap::new();
    for (name, _) in tasks {
        let median = |round: usize| {
            let file = folder.join(&**name).join(round.to_string()).join("new/estimates.json");
            let estimates: Value = serde_json::from_slice(&fs::read(file)?)?;
            let nanoseconds = estimates.pointer("/median/point_estimate").and_then(Value::as_f64);
            Ok(nanoseconds.context("criterion's estimates have no median")? / 1e3)
        };
        rounds.insert((*name).to_owned(), (0..ROUNDS).map(median).collect::<Result<_>>()?);
    }
    Ok(Figures { group: name.to_owned(), rounds })
}

impl Figures {
    /// Writes each median, and how many times that of the base it is.
    pub(crate) fn write(&self, base: &str, summary: &mut String) -> Result<()> {
        write!(summary, "{}:", self.group)?;
        for (name, rounds) in &self.rounds {
            write!(summary, " {name} {:.0} µs", median(rounds.iter().copied()))?;
            if name != base {
                let ratios = rounds.iter().zip(&self.rounds[base]).map(|(one, base)| one / base);
                write!(summary, " ({:.2} × {base})", median(ratios))?;
            }
        }
        writeln!(summary)?;
        Ok(())
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
