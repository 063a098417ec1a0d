//! One admission request: which requests the policy handles, and the way from a request to its response.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::decide::{Access, decide};
use crate::origin::{Cluster, Origin};
use crate::pod::{Fields, Path, json_type, object_mut, required, string};
use crate::rejection::{Rejection, Result};
use crate::response::{Audit, Response};
use crate::review::{Context, Review};
use crate::settings::{Action, Settings};
use crate::warning::Warnings;
use crate::workload::Workload;
use crate::{disabled, home, remote};

/// The annotation of a pod that stands for one which a kubelet runs by itself.
/// Source: `MirrorPodAnnotationKey` in Kubernetes' core/v1.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// What policy-server hands to a policy.
#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    request: Option<Request<'a>>,
    #[serde(borrow)]
    settings: Option<&'a RawValue>,
}

/// What the policy reads of an admission request. Null and absent are the same.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    kind: Option<Value>,
    operation: Option<Value>,
    sub_resource: Option<Value>,
    namespace: Option<Value>,
    object: Option<Value>,
    #[serde(borrow)]
    old_object: Option<&'a RawValue>,
}

/// What the policy reviews of a request.
enum Subject {
    Pod,
    Workload(Workload),
}

/// An accepted request; the default is the plain accept.
#[derive(Default)]
struct Accepted {
    is_edited: bool,
    audit: Option<Audit>,
    warnings: Warnings,
}

/// Evaluates a payload as policy-server sends it, and returns the JSON of the response.
pub(crate) fn evaluate(payload: &[u8], cluster: &dyn Cluster) -> Vec<u8> {
    respond(payload, cluster).unwrap_or_else(|rejection| Response::rejected(&rejection).to_json())
}

fn respond(payload: &[u8], cluster: &dyn Cluster) -> Result<Vec<u8>> {
    let text = str::from_utf8(payload).map_err(|error| Rejection::NotText { at: error.valid_up_to() })?;
    let payload: Payload = serde_json::from_str(text).map_err(|error| unreadable(text, Some(error)))?;
    let mut request = payload.request.ok_or_else(|| unreadable(text, None))?;
    let Accepted { is_edited, audit, warnings } = match request.subject()? {
        None => Accepted::default(),
        Some(subject) => {
            let settings = Settings::of_request(payload.settings)?;
            let accepted = match subject {
                Subject::Pod => request.review_pod(&settings, cluster)?,
                Subject::Workload(workload) => request.review_workload(workload, &settings, cluster)?,
            };
            // `strict` rejects a request that has warnings.
            match accepted.warnings.joined() {
                Some(problems) if settings.strict => return Err(Rejection::Strict { problems }.into()),
                _ => accepted,
            }
        }
    };
    let object = request.object.as_ref().filter(|_| is_edited);
    Ok(Response::accepted(audit, &warnings, object).to_json())
}

/// Why a payload is no request. serde's own words about a wrong shape would quote it.
fn unreadable(text: &str, error: Option<serde_json::Error>) -> Box<Rejection> {
    let payload = match serde_json::from_str(text) {
        Ok(Value::Object(payload)) => payload,
        Ok(other) => return Rejection::shape(Path::Root.member("the request"), "an object", json_type(&other)),
        Err(error) => return Rejection::NotJson(error).into(),
    };
    match (payload.get("request"), error) {
        // A field appears twice.
        (Some(Value::Object(_)), Some(error)) => Rejection::NotJson(error).into(),
        (request, _) => {
            Rejection::shape(Path::Root.member("request"), "an object", request.map_or("nothing", json_type))
        }
    }
}

impl Request<'_> {
    /// What the policy reviews; `None` if it ignores the request.
    fn subject(&self) -> Result<Option<Subject>> {
        let path = Path::Root.member("request");
        let kind_path = path.member("kind");
        let kind = Fields::of(required(self.kind.as_ref(), kind_path, "an object")?, kind_path)?;
        let group = kind.string("group")?.unwrap_or_default();
        let version = kind.required_string("version")?;
        let kind = kind.required_string("kind")?;
        let operation_path = path.member("operation");
        let operation = string(required(self.operation.as_ref(), operation_path, "a string")?, operation_path)?;
        if let Some(subresource) = &self.sub_resource
            && !string(subresource, path.member("subResource"))?.is_empty()
        {
            return Ok(None);
        }
        Ok(match (group, version, kind, operation) {
            ("", "v1", "Pod", "CREATE") => Some(Subject::Pod),
            (group, _, kind, "CREATE" | "UPDATE") => Workload::of(group, kind).map(Subject::Workload),
            _ => None,
        })
    }

    /// The object under review.
    fn object(&self) -> Result<Fields<'_, 'static>> {
        let path = Path::Root.member("request");
        let path = path.member("object");
        let Fields { object, .. } = Fields::of(required(self.object.as_ref(), path, "an object")?, path)?;
        Ok(Fields { object, path: Path::Root })
    }

    /// Decides for a pod, and edits it.
    fn review_pod(&mut self, settings: &Settings, cluster: &dyn Cluster) -> Result<Accepted> {
        let pod = self.object()?;
        let metadata = pod.required_object("metadata")?;
        let annotations = metadata.object("annotations")?.map(|annotations| annotations.object);
        if annotations.is_some_and(|annotations| annotations.contains_key(MIRROR)) {
            return Ok(Accepted::default());
        }
        let Some(origin) = Origin::of_pod(self.namespace.as_ref(), &metadata, settings, cluster)? else {
            return Ok(Accepted::default());
        };
        let home_cluster = settings.home_cluster(origin.home_cluster())?;
        let mut warnings = Warnings::default();
        let access = decide(pod.path, annotations, &home_cluster, &mut warnings)?;
        origin.check_label(settings)?;
        let context = Context::read(&metadata, &origin, settings, &home_cluster)?;
        pod.required_object("spec")?;

        let pod = object_mut(self.object.get_or_insert_default(), Path::Root)?;
        let mut review = Review::new(&context);
        let audit = match access {
            Access::Home => home::edit(pod, &mut review)?,
            Access::Remote { annotated, is_explicit } => remote::edit(pod, annotated, is_explicit, &mut review)?,
            Access::Disabled => disabled::edit(pod, &mut review)?,
        };
        let mut is_edited = review.first_edit.is_some();
        match settings.action {
            Action::Mutate => warnings.append(review.warnings),
            // The edited object is not sent.
            Action::Validate => is_edited = false,
            Action::Verify => {
                if let Some((path, problem)) = review.first_edit {
                    return Err(Rejection::NotAsLeft { path, problem }.into());
                }
                warnings.append(review.warnings);
            }
        }
        Ok(Accepted { is_edited, audit: Some(audit), warnings })
    }

    /// Checks a workload.
    fn review_workload(&self, workload: Workload, settings: &Settings, cluster: &dyn Cluster) -> Result<Accepted> {
        let object = self.object()?;
        let Some(origin) = Origin::of_workload(self.namespace.as_ref(), settings, cluster)? else {
            return Ok(Accepted::default());
        };
        let home_cluster = match origin.home_cluster() {
            Some(origin) => settings.home_cluster(Some(origin))?,
            None => Cow::Borrowed(&settings.top_level),
        };
        let old: Option<Value> = self.old_object.and_then(|old| serde_json::from_str(old.get()).ok());
        let mut accepted = Accepted::default();
        workload.check(&object, old.as_ref(), &home_cluster, &mut accepted.warnings)?;
        Ok(accepted)
    }
}
