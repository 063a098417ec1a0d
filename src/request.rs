//! One admission request: which requests the policy is about, and the way from a request to its outcome.

use crate::access_mode::{API_SERVER_SUPPORT, Access, REMOTE_SERVICE_ACCOUNT_NAME, decide};
use crate::fields::{absence, as_object, object_of, required_object, required_string, string_of};
use crate::home::env::ENTRY;
use crate::json::{Object, Shape, Value};
use crate::outcome::{Accepted, Outcome, Reason, Rejection, Warnings};
use crate::path::Path;
use crate::pod::{Context, MOUNT};
use crate::settings::Settings;
use crate::workload::Workload;
use crate::{disabled, home, liqo, remote, volumes};

/// What of a request is looked into in nearly every evaluation.
const PAYLOAD: Shape = {
    const TEXT: Shape = Shape::Text;
    const ANNOTATIONS: Shape =
        Shape::Members(&[(MIRROR, TEXT), (API_SERVER_SUPPORT, TEXT), (REMOTE_SERVICE_ACCOUNT_NAME, TEXT)]);
    const LABELS: Shape = Shape::Members(&[(liqo::ORIGIN, TEXT)]);
    const METADATA: Shape = Shape::Members(&[("annotations", ANNOTATIONS), ("labels", LABELS), ("name", TEXT)]);
    const CONTAINER: Shape = Shape::Members(&[("env", Shape::Table(&ENTRY)), ("volumeMounts", Shape::Table(&MOUNT))]);
    const CONTAINERS: Shape = Shape::Items(&CONTAINER);
    const VOLUME: Shape = Shape::Members(&[("name", TEXT), ("projected", volumes::PROJECTED)]);
    const ALIAS: Shape = Shape::Members(&[("hostnames", Shape::Items(&TEXT)), ("ip", TEXT)]);
    const SPEC: Shape = Shape::Members(&[
        ("containers", CONTAINERS),
        ("initContainers", CONTAINERS),
        ("volumes", Shape::Items(&VOLUME)),
        ("serviceAccountName", TEXT),
        ("serviceAccount", TEXT),
        ("automountServiceAccountToken", TEXT),
        ("hostAliases", Shape::Items(&ALIAS)),
        ("template", TEXT),
        ("jobTemplate", TEXT),
    ]);
    const OBJECT: Shape = Shape::Members(&[("metadata", METADATA), ("spec", SPEC)]);
    const REQUEST: Shape = Shape::Members(&[
        ("kind", Shape::Object),
        ("operation", TEXT),
        ("subResource", TEXT),
        ("object", OBJECT),
        ("oldObject", TEXT),
    ]);
    Shape::Members(&[("request", REQUEST), ("settings", Shape::Object)])
};

/// The annotation of a pod that stands for one which a kubelet runs by itself.
/// Source: `MirrorPodAnnotationKey` in Kubernetes' core/v1.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Evaluates a payload as policy-server sends it: `{"request": …, "settings": …}`.
pub(crate) fn evaluate(payload: &str) -> Outcome<'_> {
    match Value::parse(payload, &PAYLOAD).map_err(Rejection::from).and_then(review) {
        Ok(accepted) => Outcome::Accepted(accepted),
        Err(rejection) => Outcome::Rejected(rejection),
    }
}

/// What of a request the policy is about.
enum Subject {
    Pod,
    Workload(Workload),
}

fn review(mut payload: Value) -> Result<Accepted, Rejection> {
    let payload = as_object(&mut payload, Path::Root.member("the request"))?;
    let mut settings = payload.take("settings");
    let settings = settings.as_mut();
    let path = Path::Root.member("request");
    let request = required_object(payload, "request", Path::Root)?;
    let Some(subject) = subject(request, path)? else {
        return Ok(Accepted::default());
    };
    let object_path = path.member("object");
    let mut object = request.take("object").ok_or_else(|| Rejection::shape(object_path, "an object", "nothing"))?;
    let content = as_object(&mut object, object_path)?;
    let (changed, mut accepted) = match subject {
        Subject::Pod => pod(content, settings)?,
        Subject::Workload(workload) => {
            let settings = read_settings(settings)?;
            let mut old = request.take("oldObject");
            let mut accepted = Accepted::default();
            workload.check(content, old.as_mut(), &settings, &mut accepted.warnings)?;
            (false, accepted)
        }
    };
    accepted.mutated_object = changed.then_some(object);
    Ok(accepted)
}

/// What a request is about; `None` when it is nothing to the policy.
fn subject(request: &mut Object, path: Path) -> Result<Option<Subject>, Rejection> {
    let kind_path = path.member("kind");
    let kind = required_object(request, "kind", path)?;
    let group = string_of(kind, "group", kind_path)?.unwrap_or_default();
    let version = required_string(kind, "version", kind_path)?;
    let kind = required_string(kind, "kind", kind_path)?;
    let operation = required_string(request, "operation", path)?;
    if string_of(request, "subResource", path)?.is_some_and(|subresource| !subresource.is_empty()) {
        return Ok(None);
    }
    Ok(match (group.as_ref(), version.as_ref(), kind.as_ref(), operation.as_ref()) {
        ("", "v1", "Pod", "CREATE") => Some(Subject::Pod),
        (group, _, kind, "CREATE" | "UPDATE") => Workload::of(group, kind).map(Subject::Workload),
        _ => None,
    })
}

fn read_settings(settings: Option<&mut Value>) -> Result<Settings, Rejection> {
    Settings::from_value(settings).map_err(|problems| Reason::Settings { problems }.into())
}

/// Decides for a pod and changes it; tells whether anything changed.
fn pod<'a>(pod: &mut Object<'a>, settings: Option<&mut Value>) -> Result<(bool, Accepted<'a>), Rejection> {
    let (metadata_path, spec_path) = (Path::Root.member("metadata"), Path::Root.member("spec"));
    let (no_metadata, no_spec) = (absence(pod, "metadata"), absence(pod, "spec"));
    let [metadata, mut spec] = pod.all_present_mut(["metadata", "spec"]);
    let metadata = metadata.ok_or_else(|| Rejection::shape(metadata_path, "an object", no_metadata))?;
    let metadata = as_object(metadata, metadata_path)?;
    let mut annotations = object_of(metadata, "annotations", metadata_path)?;
    if annotations.as_mut().is_some_and(|annotations| annotations.get(MIRROR).is_some()) {
        return Ok((false, Accepted::default()));
    }
    let settings = read_settings(settings)?;
    let mut warnings = Warnings::default();
    let access = decide(Path::Root, annotations, spec.as_deref_mut(), &settings, &mut warnings)?;
    let context = Context::read(metadata, metadata_path, &settings)?;
    let spec = spec.ok_or_else(|| Rejection::shape(spec_path, "an object", no_spec))?;
    let spec = as_object(spec, spec_path)?;

    let mut of_changes = Warnings::default();
    let (changed, audit) = match access {
        Access::Home => home::apply(spec, spec_path, &context, &mut of_changes)?,
        Access::Remote { service_account } => remote::apply(spec, spec_path, &context, service_account.as_deref())?,
        Access::Disabled => disabled::apply(spec, spec_path, &context)?,
    };
    if !settings.validate_only {
        warnings.append(of_changes);
    }
    let accepted = Accepted { mutated_object: None, audit: Some(audit), warnings };
    Ok((changed && !settings.validate_only, accepted))
}
