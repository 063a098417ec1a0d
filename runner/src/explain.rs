//! The answer for people: the request, what the policy says, and the object before and after.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use anyhow::{Context as _, Result};
use runner::{AdmissionRequest, AdmissionResponse};
use serde_json::Value;
use similar::TextDiff;

const HEADING: Style = Style::new().bold();
const REMOVED: Style = AnsiColor::Red.on_default();
const ADDED: Style = AnsiColor::Green.on_default();

/// The audit annotation that says how the pod reaches an API server; it leads the list.
const MODE: &str = "mode";
/// The audit annotation that repeats the warnings.
const PROBLEMS: &str = "problems";

/// Writes the heading, the annotations and warnings, and the outcome.
pub(crate) fn write(out: &mut impl Write, request: &AdmissionRequest, response: &AdmissionResponse) -> Result<()> {
    writeln!(out, "{HEADING}{}{HEADING:#}", heading(request))?;
    write_notes(out, response)?;
    if !response.allowed {
        let message = response.status.as_ref().and_then(|status| status.message.as_deref());
        writeln!(out, "{REMOVED}rejected: {}{REMOVED:#}", message.unwrap_or("no reason given"))?;
    } else if let (Some(before), Some(patch)) = (request.object(), &response.patch) {
        let mut after = before.clone();
        json_patch::patch(&mut after, patch).context("the patch does not apply")?;
        write_diff(out, &yaml(before)?, &yaml(&after)?)?;
    } else {
        writeln!(out, "accepted unchanged")?;
    }
    Ok(())
}

/// The problems of settings, each on a line of its own, and no line twice: the policy lists the known settings after each
/// unknown one.
pub(crate) fn settings_problems(message: &str) -> String {
    let mut lines = vec!["the policy refuses the settings:".to_owned()];
    let mut line = String::new();
    for part in message.split("; ") {
        line += part;
        // A value can hold the separator too.
        if line.replace("\\\\", "").replace("\\\"", "").matches('"').count() % 2 == 1 {
            line += "; ";
            continue;
        }
        let line = std::mem::take(&mut line);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.join("\n  ")
}

/// `Pod web in namespace shop`, and the operation if it is not CREATE.
fn heading(request: &AdmissionRequest) -> String {
    let request = request.as_value();
    let text = |pointer| request.pointer(pointer).and_then(Value::as_str);

    let mut heading = text("/kind/kind").unwrap_or_default().to_owned();
    if let Some(sub_resource) = text("/subResource") {
        heading += &format!("/{sub_resource}");
    }
    let name = text("/object/metadata/name").or_else(|| text("/name"));
    match (name, text("/object/metadata/generateName")) {
        (Some(name), _) if !name.is_empty() => heading += &format!(" {name}"),
        (_, Some(prefix)) => heading += &format!(" {prefix}*"),
        _ => heading += " without a name",
    }
    if let Some(namespace) = text("/namespace").or_else(|| text("/object/metadata/namespace")) {
        heading += &format!(" in namespace {namespace}");
    }
    if let Some(operation) = text("/operation").filter(|operation| *operation != "CREATE") {
        heading += &format!(", {operation}");
    }
    heading
}

fn write_notes(out: &mut impl Write, response: &AdmissionResponse) -> io::Result<()> {
    let annotations = response.audit_annotations.iter().flatten();
    let (mode, others): (Vec<_>, Vec<_>) = annotations.partition(|(key, _)| *key == MODE);
    for (key, value) in mode.into_iter().chain(others) {
        if key != PROBLEMS || response.warnings.is_none() {
            writeln!(out, "{key}: {value}")?;
        }
    }
    for warning in response.warnings.iter().flatten() {
        writeln!(out, "warning: {warning}")?;
    }
    Ok(())
}

/// The object without `managedFields`, which are long and do not affect the pod.
fn yaml(object: &Value) -> Result<String> {
    let mut object = object.clone();
    if let Some(metadata) = object.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    Ok(serde_yaml::to_string(&object)?)
}

fn write_diff(out: &mut impl Write, before: &str, after: &str) -> io::Result<()> {
    let diff = TextDiff::from_lines(before, after).unified_diff().header("before", "after").to_string();
    writeln!(out)?;
    for (index, line) in diff.lines().enumerate() {
        let style = match line.as_bytes().first() {
            _ if index < 2 => HEADING,
            Some(b'@') => HEADING,
            Some(b'-') => REMOVED,
            Some(b'+') => ADDED,
            _ => Style::new(),
        };
        writeln!(out, "{style}{line}{style:#}")?;
    }
    Ok(())
}
