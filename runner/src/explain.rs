//! The answer for people: the request, what the policy says, and the object before and after.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use anyhow::Result;
use serde_json::Value;
use similar::TextDiff;

use crate::{request::AdmissionRequest, response::AdmissionResponse};

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
    if !response.allowed {
        let message = response.status.as_ref().and_then(|status| status.message.as_deref());
        writeln!(out, "{REMOVED}rejected: {}{REMOVED:#}", message.unwrap_or("no reason given"))?;
    } else if let (Some(before), Some(after)) = (&request.object, &response.patched) {
        write_diff(out, &yaml(before)?, &yaml(after)?)?;
    } else {
        writeln!(out, "accepted unchanged")?;
    }
    Ok(())
}

/// `Pod web in namespace shop`, and the operation if it is not CREATE.
fn heading(request: &AdmissionRequest) -> String {
    let metadata = |field: &str| request.object.as_ref()?.get("metadata")?.get(field)?.as_str();
    let mut heading = request.kind.kind.clone();
    if let Some(sub_resource) = &request.sub_resource {
        heading += &format!("/{sub_resource}");
    }
    match (metadata("name").or(request.name.as_deref()), metadata("generateName")) {
        (Some(name), _) if !name.is_empty() => heading += &format!(" {name}"),
        (_, Some(prefix)) => heading += &format!(" {prefix}*"),
        _ => heading += " without a name",
    }
    if let Some(namespace) = request.namespace.as_deref().or(metadata("namespace")) {
        heading += &format!(" in namespace {namespace}");
    }
    if request.operation != "CREATE" {
        heading += &format!(", {}", request.operation);
    }
    heading
}

/// The object without `managedFields`, which are long and do not affect the pod.
fn yaml(object: &Value) -> Result<String> {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
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
