//! Times the policy beside reference guests in the engine that kwctl and policy-server embed, and writes the results to
//! `README.md` and `chart.svg` in the folder `benches`.
//!
//! Every figure of a pod comes from one run in which the guests take turns, so that whatever slows the machine down slows
//! all of them down.

mod chart;
mod guests;
mod host;
mod memory;
mod patches;
mod pods;
mod report;
mod settings;
mod timing;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use guests::Guest;
use pods::Pod;
use runner::{Engine, Policy};
use timing::Samples;

/// What was measured of one guest with one pod.
struct Figures {
    /// The guest alone: its function is called in an instance that was called before.
    guest: Samples,
    /// A whole evaluation in such an instance, as `kwctl bench` does it.
    reused: Samples,
    /// A whole evaluation in an instance of its own, as policy-server does it.
    fresh: Samples,
    /// Only the start of such an instance.
    start: Samples,
}

/// What was measured with one pod, in the order of [`Guest::ALL`].
struct Row {
    pod: Pod,
    figures: [Figures; Guest::ALL.len()],
    /// How many bytes of memory the policy needs.
    memory: usize,
}

impl Row {
    fn figures_of(&self, guest: Guest) -> &Figures {
        &self.figures[guest as usize]
    }
}

fn main() -> Result<()> {
    let project = project();
    let policy =
        Policy::load(Engine::Wasmtime, &project.join("policy.wasm")).context("run `make policy.wasm` first")?;
    let references = guests::References::load(&guest_folder()?)?;
    let mut rows = Vec::new();
    for pod in pods::all(&project, &policy)? {
        eprintln!("{} kB, {}, {}", pod.kilobytes(), pod.name, pod.mode);
        let guests = references.with(&policy, &pod)?;
        let figures = measure(&guests, &pod)?;
        let memory = memory::needed(&policy, &pod)?;
        rows.push(Row { pod, figures, memory });
    }
    eprintln!("settings");
    let clusters = settings::clusters(&project, &policy, &references)?;
    let lookup = settings::lookup(&project, &policy)?;
    let patches = patches::compare(&project, &policy)?;
    let sizes = report::Sizes::of(&project, &guest_folder()?)?;

    let folder = project.join("benches");
    let report = report::Report { rows: &rows, clusters: &clusters, lookup: &lookup, patches: &patches, sizes: &sizes };
    std::fs::write(folder.join("README.md"), report.markdown())?;
    chart::draw(&rows, &folder.join("chart.svg"))
}

/// The folder of the project.
fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Where `make bench` has put the reference guests: the only argument.
fn guest_folder() -> Result<PathBuf> {
    std::env::args_os().nth(1).map(PathBuf::from).context("usage: evaluation FOLDER_OF_THE_REFERENCE_GUESTS")
}

fn measure(guests: &[Policy; Guest::ALL.len()], pod: &Pod) -> Result<[Figures; Guest::ALL.len()]> {
    let payload = pod.request.payload(&pod.settings);
    let mut instances = Vec::new();
    for guest in guests {
        instances.push(guest.instance()?);
    }
    let mut tasks: Vec<Box<dyn FnMut() + '_>> = Vec::new();
    for (guest, instance) in guests.iter().zip(&instances) {
        let payload = &payload;
        tasks.push(Box::new(move || drop(instance.call("validate", payload))));
        tasks.push(Box::new(move || drop(host::evaluate(instance, pod))));
        tasks.push(Box::new(move || drop(host::evaluate_afresh(guest, pod))));
        tasks.push(Box::new(move || drop(guest.instance())));
    }
    let mut samples = timing::take_turns(&mut tasks).into_iter();
    let mut figures = || {
        let [guest, reused, fresh, start] = timing::next(&mut samples)?;
        Some(Figures { guest, reused, fresh, start })
    };
    let all: Option<Vec<_>> = guests.iter().map(|_| figures()).collect();
    all.and_then(|all| all.try_into().ok()).context("four figures of each guest")
}
