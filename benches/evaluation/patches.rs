//! How large the patches are that the host makes of the policy's answers, beside those of a pod to whose environments the
//! same variables are appended, as Liqo's virtual kubelet does it.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use runner::{AdmissionRequest, Policy, Settings};
use serde_json::{Value, json};

/// The patch of one recorded request.
pub(crate) struct Patch {
    pub(crate) name: String,
    pub(crate) policy: Size,
    pub(crate) appended: Size,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) operations: usize,
    pub(crate) bytes: usize,
}

/// The patches of all recorded requests that get one, sorted by name.
pub(crate) fn compare(project: &Path, policy: &Policy) -> Result<Vec<Patch>> {
    let settings = Settings::from_value(json!({
        "homeApiServerHost": "api.milan.example.org",
        "homeCredentialsSecret": "home-credentials",
    }))?;
    let mut patches = Vec::new();
    for entry in fs::read_dir(project.join("test_data/requests"))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let request = AdmissionRequest::from_value(serde_json::from_str(&fs::read_to_string(&path)?)?)?;
        let answer = policy.instance()?.call("validate", &request.payload(&settings))?;
        let answer: Value = serde_json::from_slice(&answer)?;
        let Some((before, after)) = request.object().zip(answer.get("mutated_object")) else { continue };
        let mut appended = after.clone();
        for list in ["containers", "initContainers"] {
            if let Some(containers) = appended["spec"].get_mut(list) {
                append(&before["spec"][list], containers);
            }
        }
        patches.push(Patch {
            name: path.file_stem().context("a file")?.to_string_lossy().into_owned(),
            policy: Size::of(before, after)?,
            appended: Size::of(before, &appended)?,
        });
    }
    patches.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(patches)
}

/// Puts the variables of the home API server behind the entries that each container had.
fn append(before: &Value, after: &mut Value) {
    let (Some(before), Some(after)) = (before.as_array(), after.as_array_mut()) else { return };
    for (before, after) in before.iter().zip(after) {
        let Some(env) = after.get_mut("env").and_then(Value::as_array_mut) else { continue };
        let block = env.iter().filter(|entry| is_of_block(entry)).cloned().collect::<Vec<_>>();
        if block.is_empty() {
            continue;
        }
        *env = before["env"].as_array().cloned().unwrap_or_default();
        env.extend(block);
    }
}

fn is_of_block(entry: &Value) -> bool {
    let name = entry["name"].as_str().unwrap_or_default();
    name.starts_with("KUBERNETES_SERVICE_") || name == "KUBERNETES_PORT" || name.starts_with("KUBERNETES_PORT_")
}

impl Size {
    fn of(before: &Value, after: &Value) -> Result<Self> {
        let patch = json_patch::diff(before, after);
        Ok(Self { operations: patch.len(), bytes: serde_json::to_string(&patch)?.len() })
    }
}

impl std::iter::Sum for Size {
    fn sum<I: Iterator<Item = Self>>(sizes: I) -> Self {
        sizes.fold(Self::default(), |sum, size| Self {
            operations: sum.operations + size.operations,
            bytes: sum.bytes + size.bytes,
        })
    }
}
