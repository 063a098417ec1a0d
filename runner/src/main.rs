//! `runner run` answers a request as `kwctl run` does, `runner explain` shows a reader what the policy did to it.
//!
//! The exit code is 0 for an answer, also if it is a rejection; 1 if an input cannot be used or the policy refuses its
//! settings; 2 if the command line is wrong. Failures and notes go to stderr.

mod explain;
mod input;
mod interactions;
mod request;
mod response;

use std::{
    fmt::Display,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Parser};
use runner::Policy;
use serde_json::json;

use interactions::Interactions;
use request::AdmissionRequest;
use response::AdmissionResponse;

/// Runs a Kubewarden policy on admission requests.
#[derive(Parser)]
#[command(version)]
enum Command {
    /// Print the answer to each request as `kwctl run` prints it: an AdmissionResponse on one line.
    Run(Inputs),
    /// Print what the policy decides and what it changes, to be read by people.
    Explain(Inputs),
}

#[derive(Args)]
struct Inputs {
    /// File with the request, in JSON or YAML: an AdmissionReview, a bare admission request, or pods and workloads as
    /// in a manifest; `-` for stdin.
    #[arg(short, long, value_name = "PATH")]
    request_path: PathBuf,
    /// File with the settings, in YAML or JSON, or with the manifest of a policy.
    #[arg(short, long, value_name = "PATH", conflicts_with = "settings_json")]
    settings_path: Option<PathBuf>,
    /// The settings themselves, in JSON.
    #[arg(long, value_name = "VALUE")]
    settings_json: Option<String>,
    /// Let the policy read resources of a cluster, such as Namespaces. The answers must be recorded ones.
    #[arg(long, requires = "replay_host_capabilities_interactions")]
    allow_context_aware: bool,
    /// File with the answers, as kwctl records them.
    #[arg(long, value_name = "FILE")]
    replay_host_capabilities_interactions: Option<PathBuf>,
    /// The policy: a WebAssembly module.
    #[arg(value_name = "MODULE")]
    module: PathBuf,
}

fn main() -> ExitCode {
    match run(&Command::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report("Error", format_args!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> Result<()> {
    match command {
        Command::Run(inputs) => {
            let mut stdout = io::stdout().lock();
            for (_, response) in evaluate(inputs)? {
                writeln!(stdout, "{}", serde_json::to_string(&response)?)?;
            }
        }
        Command::Explain(inputs) => {
            // Styles are for terminals only, and not for those whose user set NO_COLOR.
            let mut stdout = anstream::stdout().lock();
            for (index, (request, response)) in evaluate(inputs)?.iter().enumerate() {
                if index > 0 {
                    writeln!(stdout)?;
                }
                explain::write(&mut stdout, request, response)?;
            }
        }
    }
    Ok(())
}

/// The requests with their responses, each from a fresh instance.
fn evaluate(inputs: &Inputs) -> Result<Vec<(AdmissionRequest, AdmissionResponse)>> {
    let settings = match (&inputs.settings_path, &inputs.settings_json) {
        (Some(path), _) => read(path, input::settings)?,
        (None, Some(text)) => input::settings_json(text).context("--settings-json")?,
        (None, None) => json!({}),
    };
    let requests = read(&inputs.request_path, input::requests)?;
    let policy = Policy::load(&inputs.module)?;
    let interactions = match &inputs.replay_host_capabilities_interactions {
        Some(path) => read(path, |text| Interactions::recorded(text).context("not a recording of kwctl"))?,
        None => Interactions::default(),
    };
    let granted = inputs.allow_context_aware;
    let policy = policy.with_host(move |binding, namespace, operation, payload| {
        interactions.answer(granted, [binding, namespace, operation], payload)
    });
    let call = |function, payload: &[u8]| {
        let instance = policy.instance().with_context(|| inputs.module.display().to_string())?;
        anyhow::Ok(instance.call(function, payload))
    };

    let verdict = call("validate_settings", settings.to_string().as_bytes())?;
    if let Some(problem) = response::settings_problem(verdict) {
        bail!("Provided settings are not valid: {problem}");
    }
    let answer = |request: AdmissionRequest| {
        let answer = call("validate", &request.payload(&settings))?;
        let response = AdmissionResponse::new(&request, answer)?;
        Ok((request, response))
    };
    requests.into_iter().map(answer).collect()
}

/// What a file says, or stdin for `-`. An error names the file.
fn read<T>(path: &Path, parse: impl FnOnce(&str) -> Result<T>) -> Result<T> {
    let text = if path == Path::new("-") { io::read_to_string(io::stdin()) } else { fs::read_to_string(path) };
    text.map_err(anyhow::Error::from).and_then(|text| parse(&text)).with_context(|| path.display().to_string())
}

/// Writes an error or a note to stderr.
fn report(what: &str, text: impl Display) {
    // If stderr is closed, the exit code has to do.
    let _ = writeln!(io::stderr().lock(), "{what}: {text}");
}
