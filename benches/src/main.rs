//! What an evaluation of the policy costs, beside guests to compare it with, in the engine that kwctl and policy-server
//! embed. `make bench` runs this. Criterion leaves its measurements in the target folder; the summary goes to a file.

mod guest;
mod inputs;
mod measure;

use std::{env, fmt::Write as _, fs, path::PathBuf, time::Instant};

use anyhow::{Context as _, Result, ensure};
use criterion::Criterion;

use guest::Guest;
use inputs::Input;
use measure::{measure, task};

/// The pods whose evaluations are measured: 5, 20 and 145 kB.
const PODS: [&str; 3] = ["plain-web", "tekton-taskrun", "large"];

/// How many entries `homeClusters` has, where that is measured.
const CLUSTERS: [usize; 3] = [1, 100, 1000];

/// The sizes of hostile inputs. An API server takes up to 3 MB.
const HOSTILE: [usize; 2] = [100_000, 1_000_000];

struct NoCluster;

impl liqo_api_access_policy::Cluster for NoCluster {
    fn namespace(&self, name: &str) -> Result<String, String> {
        Err(format!("there is no Namespace {name}"))
    }
}

/// The measurements, and what is worth knowing of them.
struct Bench {
    criterion: Criterion,
    summary: String,
}

fn main() -> Result<()> {
    let mut bench = Bench { criterion: measure::criterion(), summary: String::new() };
    let module = module("MODULE")?.context("MODULE is not set")?;
    let policy = Guest::load(&module)?;
    let mut others = Vec::new();
    for (name, variable) in [("typed", "TYPED"), ("old", "OLD")] {
        if let Some(module) = self::module(variable)? {
            others.push((name, Guest::load(&module)?));
        }
    }
    writeln!(bench.summary, "module: {} bytes", module.len())?;
    pods(&mut bench, &module, &policy, &others)?;
    clusters(&mut bench, &policy, &others)?;
    hostile(&mut bench, &module, &policy)?;
    fs::write(env::var_os("SUMMARY").context("SUMMARY is not set")?, bench.summary)?;
    Ok(())
}

/// The module in the file that an environment variable names, if it is set.
fn module(variable: &str) -> Result<Option<Vec<u8>>> {
    let path = env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from);
    path.map(|path| fs::read(&path).with_context(|| path.display().to_string())).transpose()
}

/// Whole evaluations of recorded pods, and the policy's part of them, in the module and natively.
fn pods(bench: &mut Bench, module: &[u8], policy: &Guest, others: &[(&str, Guest)]) -> Result<()> {
    for name in PODS {
        let input = Input::recorded(name, inputs::home_cluster(0))?;
        evaluations(bench, name, &input, policy, others)?;
        let instance = policy.start()?;
        let mut tasks = [
            ("policy", task(|| instance.call(&input.payload))),
            ("native", task(|| Ok(liqo_api_access_policy::validate(&input.payload, &NoCluster)))),
        ];
        let figures = measure(&mut bench.criterion, &format!("{name}, guest alone"), &mut tasks)?;
        figures.write("policy", &mut bench.summary)?;
        let (times, bytes) = (input.memory(module)?, input.payload.len());
        writeln!(bench.summary, "{name}: memory is {times:.1} times the request of {bytes} bytes")?;
    }
    Ok(())
}

/// An evaluation with one home cluster, and with so many that the settings are larger than the pod.
fn clusters(bench: &mut Bench, policy: &Guest, others: &[(&str, Guest)]) -> Result<()> {
    for entries in CLUSTERS {
        let input = Input::recorded(PODS[0], inputs::home_clusters(entries))?;
        evaluations(bench, &format!("{} with {entries} home clusters", PODS[0]), &input, policy, others)?;
    }
    Ok(())
}

/// Whole evaluations in a fresh instance, as policy-server has them, and in one that is reused, as `kwctl bench` has them.
fn evaluations(bench: &mut Bench, name: &str, input: &Input, policy: &Guest, others: &[(&str, Guest)]) -> Result<()> {
    let echo = Guest::echo(&policy.start()?.call(&input.payload)?)?;
    let guests: Vec<_> = [("policy", policy), ("echo", &echo)]
        .into_iter()
        .chain(others.iter().map(|(name, guest)| (*name, guest)))
        .map(|(name, guest)| Ok((name, guest, guest.start()?)))
        .collect::<Result<_>>()?;
    for (guest, _, instance) in &guests {
        ensure!(instance.evaluate(input)?.is_some(), "{guest} does not change {name}");
    }
    let mut fresh: Vec<_> =
        guests.iter().map(|(name, guest, _)| (*name, task(|| guest.start()?.evaluate(input)))).collect();
    let mut reused: Vec<_> =
        guests.iter().map(|(name, _, instance)| (*name, task(|| instance.evaluate(input)))).collect();
    measure(&mut bench.criterion, &format!("{name}, fresh instance"), &mut fresh)?.write("echo", &mut bench.summary)?;
    measure(&mut bench.criterion, &format!("{name}, reused instance"), &mut reused)?.write("echo", &mut bench.summary)
}

/// How time and memory grow with inputs of the kinds that could make them grow faster than the request.
fn hostile(bench: &mut Bench, module: &[u8], policy: &Guest) -> Result<()> {
    for (kind, make) in inputs::HOSTILE {
        for bytes in HOSTILE {
            let input = Input::new(make(bytes), serde_json::json!({}))?;
            let mut answer = Ok(Vec::new());
            let mut fastest = f64::INFINITY;
            for _ in 0..5 {
                let instance = policy.start()?;
                let start = Instant::now();
                answer = instance.call(&input.payload);
                fastest = fastest.min(start.elapsed().as_secs_f64() * 1e3);
            }
            let outcome = match &answer {
                Err(_) => "no answer",
                Ok(answer) if answer.starts_with(br#"{"accepted":true"#) => "accepted",
                Ok(_) => "rejected",
            };
            let memory = if answer.is_ok() { input.memory(module)? } else { f64::INFINITY };
            let (size, answer) = (input.payload.len() / 1000, answer.map_or(0, |answer| answer.len()) / 1000);
            writeln!(
                bench.summary,
                "{kind}, {size} kB: {outcome}, {fastest:.1} ms, memory {memory:.1} times the request, answer {answer} kB"
            )?;
        }
    }
    Ok(())
}
