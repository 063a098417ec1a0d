//! `runner run` answers a request as `kwctl run` does, `runner explain` shows a reader what the
//! policy did to it.
//!
//! Exit codes: 0 for an answer, also when it is a rejection; 1 when the policy refuses its
//! settings or the answer cannot be printed; 2 when an input or the command line is unusable.
//! Each failure is told on stderr.

mod explain;

use std::{
    fmt,
    io::{self, IsTerminal as _, Write as _},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use clap::{Args, Parser, Subcommand};
use runner::{AdmissionRequest, AdmissionResponse, InputError, Interactions, Policy, Settings, input};

/// Runs a Kubewarden policy on an admission request.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print the answer as `kwctl run` prints it: an AdmissionResponse on one line.
    Run(Inputs),
    /// Print what the policy decides and what it changes, to be read by people.
    Explain(Inputs),
}

#[derive(Args)]
struct Inputs {
    /// File with the admission request, or a whole AdmissionReview, in JSON; `-` for stdin.
    #[arg(short, long, value_name = "PATH")]
    request_path: PathBuf,
    /// File with the settings, in YAML or JSON.
    #[arg(short, long, value_name = "PATH", conflicts_with = "settings_json")]
    settings_path: Option<PathBuf>,
    /// The settings themselves, in JSON.
    #[arg(long, value_name = "VALUE")]
    settings_json: Option<String>,
    /// Let the policy ask for resources of a cluster, such as Namespaces. The answers must be recorded ones.
    #[arg(long)]
    allow_context_aware: bool,
    /// File with the answers, as kwctl records them.
    #[arg(long, value_name = "FILE")]
    replay_host_capabilities_interactions: Option<PathBuf>,
    /// The policy: a WebAssembly module.
    #[arg(value_name = "MODULE")]
    module: PathBuf,
}

/// What ends the program without an answer.
enum Failure {
    Input(InputError),
    InvalidSettings(String),
    Output(anyhow::Error),
}

impl Failure {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Input(_) => ExitCode::from(2),
            Self::InvalidSettings(_) | Self::Output(_) => ExitCode::FAILURE,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(error) => error.fmt(f),
            Self::InvalidSettings(message) => {
                write!(f, "Provided settings are not valid: {message}")
            }
            Self::Output(error) => write!(f, "cannot print the answer: {error:#}"),
        }
    }
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        Self::Input(error)
    }
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run(inputs) => run(&inputs),
        Command::Explain(inputs) => explain(&inputs),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody is left to tell when stderr is gone: the exit code has to do.
            let _ = writeln!(io::stderr().lock(), "Error: {failure}");
            failure.exit_code()
        }
    }
}

fn run(inputs: &Inputs) -> Result<(), Failure> {
    let (_, response) = evaluate(inputs)?;
    print_line(&response).map_err(Failure::Output)
}

fn explain(inputs: &Inputs) -> Result<(), Failure> {
    let (request, response) = evaluate(inputs)?;
    let mut stdout = io::stdout().lock();
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let palette = explain::Palette::new(stdout.is_terminal() && !no_color);
    explain::write(&mut stdout, &request, &response, palette).map_err(Failure::Output)
}

fn evaluate(inputs: &Inputs) -> Result<(AdmissionRequest, AdmissionResponse), Failure> {
    let settings = match (&inputs.settings_path, &inputs.settings_json) {
        (Some(path), _) => input::settings_file(path)?,
        (None, Some(text)) => input::settings_json(text)?,
        (None, None) => Settings::default(),
    };
    let request = input::request(&inputs.request_path)?;
    let interactions = Arc::new(interactions(inputs)?);
    let host = Arc::clone(&interactions);
    let policy = Policy::load(&inputs.module)?
        .with_host(move |_, namespace, operation, payload| host.answer(namespace, operation, payload));
    let instance = policy.instance().map_err(|error| InputError::new(inputs.module.display(), error))?;

    let verdict = instance.validate_settings(&settings);
    if !verdict.valid {
        let message = verdict.message.unwrap_or_default();
        return Err(Failure::InvalidSettings(message));
    }
    let response = instance.validate(&request, &settings);
    if interactions.unused() > 0 {
        note("not every recorded answer was asked for");
    }
    if interactions.refusals() > 0 {
        note("--allow-context-aware and --replay-host-capabilities-interactions let the policy ask for resources");
    }
    Ok((request, response))
}

fn interactions(inputs: &Inputs) -> Result<Interactions, InputError> {
    match &inputs.replay_host_capabilities_interactions {
        Some(path) => Interactions::load(path, inputs.allow_context_aware),
        None if inputs.allow_context_aware => Err(InputError::new(
            "--allow-context-aware",
            "there is no cluster here: give its answers with --replay-host-capabilities-interactions, or use kwctl",
        )),
        None => Ok(Interactions::default()),
    }
}

/// Tells something on stderr that does not change the answer.
fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "note: {text}");
}

fn print_line(response: &AdmissionResponse) -> anyhow::Result<()> {
    let line = serde_json::to_string(response)?;
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()?;
    Ok(())
}
