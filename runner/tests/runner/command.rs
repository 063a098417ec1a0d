//! The runner as a process in a directory of its own, where files go by short names.

use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// A request of which the runner and kwctl pass on every field.
pub(crate) const REQUEST: &str = r#"{
    "uid": "u1",
    "kind": {"group": "", "version": "v1", "kind": "Pod"},
    "resource": {"group": "", "version": "v1", "resource": "pods"},
    "operation": "CREATE",
    "userInfo": {},
    "object": {"spec": {"a": 1, "b": [1, 2]}}
}"#;

/// The line for a request that is accepted.
pub(crate) const ALLOWED: &str = r#"{"uid":"u1","allowed":true,"auditAnnotations":null,"warnings":null}"#;

/// The line for a call that fails.
pub(crate) fn failed(reason: &str) -> String {
    let message = serde_json::to_string(&format!("internal server error: {reason}")).unwrap();
    format!(
        r#"{{"uid":"u1","allowed":false,"status":{{"message":{message},"code":500}},"auditAnnotations":null,"warnings":null}}"#
    )
}

/// What a process leaves behind.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Answered: this line on stdout, nothing on stderr.
pub(crate) fn answer(line: &str) -> Outcome {
    printed(&format!("{line}\n"))
}

/// Answered: this text on stdout, nothing on stderr.
pub(crate) fn printed(text: &str) -> Outcome {
    Outcome { code: Some(0), stdout: text.to_owned(), stderr: String::new() }
}

/// Failed: nothing on stdout, this error on stderr.
pub(crate) fn failure(error: &str) -> Outcome {
    Outcome { code: Some(1), stdout: String::new(), stderr: format!("Error: {error}\n") }
}

/// A directory that goes with the test.
pub(crate) struct Directory(TempDir);

impl Directory {
    /// A directory with a `policy.wasm` and a `request.json`.
    pub(crate) fn new(policy: &[u8], request: &str) -> Self {
        Self(TempDir::new().unwrap()).with("policy.wasm", policy).with("request.json", request)
    }

    pub(crate) fn with(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.0.path().join(name), content).unwrap();
        self
    }

    /// `runner COMMAND --request-path request.json OPTIONS policy.wasm`
    pub(crate) fn evaluate(&self, command: &str, options: &[&str]) -> Outcome {
        let mut arguments = vec![command, "--request-path", "request.json"];
        arguments.extend(options);
        arguments.push("policy.wasm");
        self.runner(&arguments, "")
    }

    pub(crate) fn runner(&self, arguments: &[&str], stdin: &str) -> Outcome {
        let mut child = self.command(arguments).spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
        command.args(arguments).current_dir(self.0.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}
