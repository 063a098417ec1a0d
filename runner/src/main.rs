//! `runner run` answers a request as `kwctl run` does, `runner explain` shows a reader what the policy did to it.
//!
//! Exit codes: 0 for an answer, also when it is a rejection; 1 when the policy refuses its settings or the answer cannot
//! be printed; 2 when an input or the command line is unusable. Failures and notes go to stderr.

mod explain;

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::{Args, Parser, Subcommand};
use runner::{AdmissionRequest, AdmissionResponse, InputError, Interactions, Policy, Settings, input};

/// Runs a Kubewarden policy on admission requests.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
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
    #[arg(long)]
    allow_context_aware: bool,
    /// File with the answers, as kwctl records them.
    #[arg(long, value_name = "FILE")]
    replay_host_capabilities_interactions: Option<PathBuf>,
    /// Name inputs in messages by the variables of `make run`.
    #[arg(long, hide = true)]
    from_make: bool,
    /// The policy: a WebAssembly module.
    #[arg(value_name = "MODULE")]
    module: PathBuf,
}

impl Inputs {
    /// An input as its author named it.
    fn origin(&self, variable: &str, path: &Path) -> String {
        match path.display() {
            path if self.from_make => format!("{variable}={path}"),
            path if path.to_string() == "-" => "stdin".to_owned(),
            path => path.to_string(),
        }
    }
}

/// What ends the program without an answer.
enum Failure {
    Input(InputError),
    InvalidSettings(String),
    Output(anyhow::Error),
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        Self::Input(error)
    }
}

fn main() -> ExitCode {
    let (inputs, explain) = match Cli::parse().command {
        Command::Run(inputs) => (inputs, false),
        Command::Explain(inputs) => (inputs, true),
    };
    let print = if explain { print_explanations } else { print_lines };
    let result = evaluate(&inputs).and_then(|answers| print(&answers).map_err(Failure::Output));
    let (message, code) = match result {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Input(error)) => (error.to_string(), 2),
        Err(Failure::Output(error)) => (format!("cannot print the answer: {error:#}"), 1),
        Err(Failure::InvalidSettings(message)) if explain => (explain::settings_problems(&message), 1),
        Err(Failure::InvalidSettings(message)) => (format!("Provided settings are not valid: {message}"), 1),
    };
    tell("Error", &message);
    ExitCode::from(code)
}

type Answer = (AdmissionRequest, AdmissionResponse);

fn evaluate(inputs: &Inputs) -> Result<Vec<Answer>, Failure> {
    let settings = match (&inputs.settings_path, &inputs.settings_json) {
        (Some(path), _) => noted(input::settings_file(path, &inputs.origin("SETTINGS", path))?),
        (None, Some(text)) => input::settings_json(text, "--settings-json")?,
        (None, None) => Settings::default(),
    };
    let requests = input::requests(&inputs.request_path, &inputs.origin("REQUEST", &inputs.request_path))?;
    let interactions = Arc::new(interactions(inputs)?);
    let host = Arc::clone(&interactions);
    let policy = Policy::load(&inputs.module)?
        .with_host(move |_, namespace, operation, payload| host.answer(namespace, operation, payload));
    let instance = || policy.instance().map_err(|error| InputError::new(inputs.module.display(), error));

    let verdict = instance()?.validate_settings(&settings);
    if !verdict.valid {
        return Err(Failure::InvalidSettings(verdict.message.unwrap_or_default()));
    }
    let mut answers = Vec::new();
    for request in noted(requests) {
        let response = instance()?.validate(&request, &settings);
        answers.push((request, response));
    }
    if interactions.has_unused() {
        tell("note", "not every recorded answer was requested");
    }
    if interactions.has_refused() {
        let flags = if inputs.from_make {
            "CLUSTER=FILE lets"
        } else {
            "--allow-context-aware and --replay-host-capabilities-interactions let"
        };
        tell("note", &format!("{flags} the policy read resources"));
    }
    Ok(answers)
}

fn interactions(inputs: &Inputs) -> Result<Interactions, InputError> {
    match &inputs.replay_host_capabilities_interactions {
        Some(path) => Interactions::load(path, &inputs.origin("CLUSTER", path), inputs.allow_context_aware),
        None if inputs.allow_context_aware => Err(InputError::new(
            "--allow-context-aware",
            "there is no cluster here: give its answers with --replay-host-capabilities-interactions, or use kwctl",
        )),
        None => Ok(Interactions::default()),
    }
}

/// Takes what was read, and passes on the notes about it.
fn noted<T>(read: input::Read<T>) -> T {
    for note in read.notes {
        tell("note", &note);
    }
    read.content
}

fn tell(what: &str, message: &str) {
    // If stderr is closed, the exit code has to do.
    let _ = writeln!(io::stderr().lock(), "{what}: {message}");
}

fn print_lines(answers: &[Answer]) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    for (_, response) in answers {
        writeln!(stdout, "{}", serde_json::to_string(response)?)?;
    }
    Ok(stdout.flush()?)
}

/// Styles are for terminals only, and not for those whose user set NO_COLOR.
fn print_explanations(answers: &[Answer]) -> anyhow::Result<()> {
    let mut stdout = anstream::stdout().lock();
    for (index, (request, response)) in answers.iter().enumerate() {
        if index > 0 {
            writeln!(stdout)?;
        }
        explain::write(&mut stdout, request, response)?;
    }
    Ok(stdout.flush()?)
}
