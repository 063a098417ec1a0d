//! Reading requests and settings. Every failure is one line that names the file and the problem.

use std::{
    fmt::Display,
    fs,
    io::{self, Read as _},
    path::Path,
};

use serde_json::Value;

use crate::admission::{AdmissionRequest, Settings};

/// An input that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {problem}")]
pub struct InputError {
    origin: String,
    problem: String,
}

impl InputError {
    /// Says where the problem is and what; line breaks in the problem are taken out.
    pub fn new(origin: impl Display, problem: impl Display) -> Self {
        let problem = problem.to_string();
        let lines: Vec<_> = problem.lines().map(str::trim).collect();
        Self { origin: origin.to_string(), problem: lines.join(" ") }
    }
}

/// Reads a request, bare or in an `AdmissionReview`, from a JSON file, or from stdin for `-`.
pub fn request(path: &Path) -> Result<AdmissionRequest, InputError> {
    let (origin, bytes) = if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).map_err(|error| unreadable("stdin", &error))?;
        ("stdin".to_owned(), bytes)
    } else {
        (path.display().to_string(), read(path)?)
    };
    let value: Value = serde_json::from_slice(&bytes)
        .map_err(|error| InputError::new(&origin, format_args!("not valid JSON: {error}")))?;
    AdmissionRequest::from_value(value).map_err(|error| InputError::new(&origin, error))
}

/// Reads settings from a file, in YAML or JSON.
pub fn settings_file(path: &Path) -> Result<Settings, InputError> {
    let origin = path.display();
    let value: Value = serde_yaml::from_slice(&read(path)?)
        .map_err(|error| InputError::new(&origin, format_args!("not valid YAML: {error}")))?;
    Settings::from_value(value).map_err(|error| InputError::new(&origin, error))
}

/// Reads settings from the JSON text that the option `--settings-json` carries.
pub fn settings_json(text: &str) -> Result<Settings, InputError> {
    const ORIGIN: &str = "--settings-json";
    let value: Value =
        serde_json::from_str(text).map_err(|error| InputError::new(ORIGIN, format_args!("not valid JSON: {error}")))?;
    Settings::from_value(value).map_err(|error| InputError::new(ORIGIN, error))
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, InputError> {
    fs::read(path).map_err(|error| unreadable(path.display(), &error))
}

fn unreadable(origin: impl Display, error: &io::Error) -> InputError {
    InputError::new(origin, format_args!("cannot be read: {error}"))
}
