//! The pods that are timed: recorded ones of several sizes, and made ones up to the largest that an API server takes.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use runner::{AdmissionRequest, Policy, Settings};
use serde_json::{Value, json};

/// Recorded pods from small to large.
const RECORDED: [&str; 5] = ["plain-web", "newest-fields", "istio-injected", TEMPLATE, "large"];

/// What the made pods are made of.
const TEMPLATE: &str = "tekton-taskrun";

/// What the made pods are called, and their sizes in bytes, roughly. An API server takes 3 MB.
const MADE_NAME: &str = "made";
const MADE: [usize; 4] = [30_000, 300_000, 1_000_000, 3_000_000];

const ANNOTATION: &str = "liqo.io/api-server-support";

/// A pod in a request, and how the policy is to treat it.
pub(crate) struct Pod {
    pub(crate) name: String,
    pub(crate) mode: &'static str,
    pub(crate) request: AdmissionRequest,
    pub(crate) settings: Settings,
}

impl Pod {
    pub(crate) fn new(name: &str, mode: &'static str, request: Value, settings: Settings) -> Result<Self> {
        Ok(Self { name: name.to_owned(), mode, request: AdmissionRequest::from_value(request)?, settings })
    }

    /// The size of what a guest gets.
    pub(crate) fn bytes(&self) -> usize {
        self.request.payload(&self.settings).len()
    }

    pub(crate) fn kilobytes(&self) -> String {
        let kilobytes = self.bytes() as f64 / 1000.0;
        if kilobytes < 10.0 { format!("{kilobytes:.1}") } else { format!("{kilobytes:.0}") }
    }

    pub(crate) fn is_made(&self) -> bool {
        self.name == MADE_NAME
    }
}

/// The settings of one home cluster.
fn settings() -> Result<Settings> {
    Ok(Settings::from_value(json!({
        "homeApiServerHost": "api.milan.example.org",
        "homeApiServerAddresses": ["203.0.113.10"],
        "homeCredentialsSecret": "home-credentials",
    }))?)
}

/// All pods, each in mode home and once more as the policy leaves it, the recorded ones in every mode.
pub(crate) fn all(project: &Path, policy: &Policy) -> Result<Vec<Pod>> {
    let mut requests = Vec::new();
    for name in RECORDED {
        requests.push((name, recorded(project, name)?));
    }
    let template = recorded(project, TEMPLATE)?;
    for size in MADE {
        requests.push((MADE_NAME, made(&template, size)?));
    }
    let mut pods = Vec::new();
    for (name, request) in requests {
        for (mode, annotation) in [("home", None), ("remote", Some("remote")), ("disabled", Some("disabled"))] {
            if name == MADE_NAME && annotation.is_some() {
                continue;
            }
            pods.push(Pod::new(name, mode, annotated(&request, annotation)?, settings()?)?);
        }
        let home = Pod::new(name, "home", annotated(&request, None)?, settings()?)?;
        pods.push(Pod::new(name, "home, again", after(policy, &home)?, settings()?)?);
    }
    Ok(pods)
}

/// A recorded request.
pub(crate) fn recorded(project: &Path, name: &str) -> Result<Value> {
    let path = project.join("test_data/requests").join(name).with_extension("json");
    Ok(serde_json::from_str(&fs::read_to_string(path)?)?)
}

/// The pod with as many copies of its containers as bring it near to the size.
fn made(request: &Value, size: usize) -> Result<Value> {
    let mut request = request.clone();
    let containers = request.pointer_mut("/object/spec/containers").and_then(Value::as_array_mut);
    let containers = containers.context("containers")?;
    let templates = std::mem::take(containers);
    let mut length = 0;
    for (number, template) in templates.iter().cycle().enumerate() {
        let mut container = template.clone();
        container["name"] = json!(format!("c{number}"));
        length += container.to_string().len();
        containers.push(container);
        if length > size {
            break;
        }
    }
    Ok(request)
}

fn annotated(request: &Value, mode: Option<&str>) -> Result<Value> {
    let mut request = request.clone();
    let metadata = request.pointer_mut("/object/metadata").and_then(Value::as_object_mut).context("metadata")?;
    let annotations = metadata.entry("annotations").or_insert_with(|| json!({}));
    let annotations = annotations.as_object_mut().context("annotations")?;
    annotations.remove(ANNOTATION);
    if let Some(mode) = mode {
        annotations.insert(ANNOTATION.to_owned(), json!(mode));
    }
    Ok(request)
}

/// The request with the pod as the policy leaves it.
fn after(policy: &Policy, pod: &Pod) -> Result<Value> {
    let answer = policy.instance()?.call("validate", &pod.request.payload(&pod.settings))?;
    let answer: Value = serde_json::from_slice(&answer)?;
    let object = answer.get("mutated_object").context("a changed pod")?;
    let mut request = pod.request.as_value().clone();
    request["object"] = object.clone();
    let again = Pod::new(&pod.name, pod.mode, request.clone(), pod.settings.clone())?;
    let response = policy.instance()?.validate(&again.request, &again.settings);
    ensure!(response.allowed && response.patch.is_none(), "{} is changed again", pod.name);
    Ok(request)
}
