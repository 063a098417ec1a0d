//! The answer for people: what was asked, what the policy says, and the object before and after.
//!
//! Text comes out the same with and without colours, which only a terminal gets to see.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use anyhow::{Context as _, Result};
use runner::{AdmissionRequest, AdmissionResponse};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

const CONTEXT_LINES: usize = 3;

/// The audit annotation that says how the pod reaches an API server; it leads the list.
const MODE: &str = "mode";
/// The audit annotation that repeats the warnings.
const PROBLEMS: &str = "problems";

/// The styles of the output.
#[derive(Clone, Copy, Default)]
pub(crate) struct Palette {
    heading: Style,
    removed: Style,
    added: Style,
}

impl Palette {
    pub(crate) fn new(colored: bool) -> Self {
        if !colored {
            return Self::default();
        }
        Self {
            heading: Style::new().bold(),
            removed: AnsiColor::Red.on_default(),
            added: AnsiColor::Green.on_default(),
        }
    }
}

/// Writes the heading, the annotations and warnings, and the outcome.
pub(crate) fn write(
    out: &mut impl Write,
    request: &AdmissionRequest,
    response: &AdmissionResponse,
    palette: Palette,
) -> Result<()> {
    let style = palette.heading;
    writeln!(out, "{style}{}{style:#}", heading(request))?;
    write_notes(out, response)?;
    if !response.allowed {
        let status = response.status.as_ref();
        let message = status.and_then(|status| status.message.as_deref());
        let style = palette.removed;
        let message = message.unwrap_or("no reason given");
        writeln!(out, "{style}rejected: {message}{style:#}")?;
    } else if let (Some(before), Some(patch)) = (request.object(), &response.patch) {
        let mut after = before.clone();
        json_patch::patch(&mut after, patch).context("the patch does not apply")?;
        writeln!(out)?;
        write_diff(out, &yaml(before)?, &yaml(&after)?, palette)?;
    } else {
        writeln!(out, "accepted unchanged")?;
    }
    Ok(())
}

/// The problems of settings, each on a line of its own, and no line twice: the policy lists the known settings behind each
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

/// `Pod web in namespace shop`, and the operation where it is not CREATE.
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
    let namespace = text("/namespace").or_else(|| text("/object/metadata/namespace"));
    if let Some(namespace) = namespace {
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

/// The object without `managedFields`, which say nothing about the pod and much of it.
fn yaml(object: &Value) -> Result<String> {
    let mut object = object.clone();
    if let Some(metadata) = object.pointer_mut("/metadata")
        && let Some(metadata) = metadata.as_object_mut()
    {
        metadata.remove("managedFields");
    }
    Ok(serde_yaml::to_string(&object)?)
}

fn write_diff(out: &mut impl Write, before: &str, after: &str, palette: Palette) -> io::Result<()> {
    let diff = TextDiff::from_lines(before, after);
    let mut unified = diff.unified_diff();
    let style = palette.heading;
    writeln!(out, "{style}--- before{style:#}\n{style}+++ after{style:#}")?;
    for hunk in unified.context_radius(CONTEXT_LINES).iter_hunks() {
        writeln!(out, "{style}{}{style:#}", hunk.header())?;
        for change in hunk.iter_changes() {
            let (tag, style) = match change.tag() {
                ChangeTag::Equal => (' ', Style::new()),
                ChangeTag::Delete => ('-', palette.removed),
                ChangeTag::Insert => ('+', palette.added),
            };
            let line = change.value().trim_end_matches('\n');
            writeln!(out, "{style}{tag}{line}{style:#}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn assert_colored(answer: &Value, text: &str) {
        let request = json!({
            "uid": "u1",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "name": "web", "operation": "CREATE", "userInfo": {},
            "object": {"a": 1, "b": 2},
        });
        let request = AdmissionRequest::from_value(request).unwrap();
        let response = AdmissionResponse::from_answer(&request, answer.to_string().as_bytes());
        let mut out = Vec::new();
        write(&mut out, &request, &response, Palette::new(true)).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }

    #[test]
    fn colors_on_a_terminal() {
        assert_colored(
            &json!({"accepted": true, "mutated_object": {"a": 1, "b": 3}}),
            "\
\u{1b}[1mPod web\u{1b}[0m

\u{1b}[1m--- before\u{1b}[0m
\u{1b}[1m+++ after\u{1b}[0m
\u{1b}[1m@@ -1,2 +1,2 @@\u{1b}[0m
 a: 1
\u{1b}[31m-b: 2\u{1b}[0m
\u{1b}[32m+b: 3\u{1b}[0m
",
        );
        assert_colored(
            &json!({"accepted": false, "message": "no"}),
            "\u{1b}[1mPod web\u{1b}[0m\n\u{1b}[31mrejected: no\u{1b}[0m\n",
        );
    }
}
