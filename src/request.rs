//! One admission request: which requests the policy is about, and the way from a request to its outcome.

use crate::access_mode::{Access, decide};
use crate::changes::Changes;
use crate::fields::Fields;
use crate::json::{Shape, Value};
use crate::origin::{Cluster, Origin};
use crate::outcome::{self, Accepted, Rejection, Warnings};
use crate::path::Path;
use crate::pod::{CONTAINER, Context};
use crate::settings::{Action, SETTINGS, Settings};
use crate::volumes::VOLUME;
use crate::workload::{JOB_TEMPLATE, METADATA, TEMPLATE, Workload};
use crate::{disabled, home, remote};

/// What of a payload is opened: all that the modes read.
const PAYLOAD: Shape = {
    const ALIAS: Shape = Shape::Object(&[("hostnames", Shape::List(&Shape::Any))]);
    const SPEC: Shape = Shape::Object(&[
        ("containers", Shape::List(&CONTAINER)),
        ("initContainers", Shape::List(&CONTAINER)),
        ("volumes", Shape::List(&VOLUME)),
        ("hostAliases", Shape::List(&ALIAS)),
        ("template", TEMPLATE),
        ("jobTemplate", JOB_TEMPLATE),
    ]);
    const OBJECT: Shape = Shape::Object(&[("metadata", METADATA), ("spec", SPEC)]);
    const REQUEST: Shape = Shape::Object(&[("kind", Shape::Object(&[])), ("object", OBJECT)]);
    Shape::Object(&[("request", REQUEST), ("settings", SETTINGS)])
};

/// The annotation of a pod that stands for one which a kubelet runs by itself.
/// Source: `MirrorPodAnnotationKey` in Kubernetes' core/v1.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Evaluates a payload as policy-server sends it, and gives the JSON of the response.
pub(crate) fn evaluate(payload: &[u8], cluster: &dyn Cluster) -> Vec<u8> {
    respond(payload, cluster).unwrap_or_else(|rejection| outcome::reject(&rejection))
}

fn respond(payload: &[u8], cluster: &dyn Cluster) -> Result<Vec<u8>, Box<Rejection>> {
    let text = str::from_utf8(payload).map_err(|error| Rejection::NotText { at: error.valid_up_to() })?;
    let mut value = Value::parse(text, &PAYLOAD).map_err(Rejection::NotJson)?;
    let Accepted { changes, audit, warnings } = review(&value, cluster)?;
    let object = if changes.is_empty() { None } else { Some(changed(&mut value, changes)?) };
    // What is added to a pod takes some kilobytes, more where many containers get variables.
    let room = if object.is_some() { payload.len() + payload.len() / 8 + 4096 } else { 512 };
    Ok(outcome::accept(audit, &warnings, object, room))
}

/// Makes the changes in the object under review, and gives it.
fn changed<'v, 'a>(payload: &'v mut Value<'a>, changes: Changes) -> Result<&'v Value<'a>, Box<Rejection>> {
    let request = payload.as_object_mut().and_then(|payload| payload.object_mut("request"));
    let value = request.and_then(|request| request.present_mut("object"));
    // The object was read, so it is there. If it were not, no pod may pass unchanged.
    let missing = || Rejection::shape(Path::Root.member("request"), "an object to change", "none");
    let value = value.ok_or_else(missing)?;
    changes.apply(value.as_object_mut().ok_or_else(missing)?);
    Ok(value)
}

/// What of a request the policy is about.
enum Subject {
    Pod,
    Workload(Workload),
}

fn review(payload: &Value, cluster: &dyn Cluster) -> Result<Accepted, Box<Rejection>> {
    let payload = Fields::of(payload, Path::Root.member("the request"))?;
    let payload = Fields { path: Path::Root, ..payload };
    let request = payload.required_object("request")?;
    let Some(subject) = subject(&request)? else { return Ok(Accepted::default()) };
    let nothing = || Rejection::shape(request.path.member("object"), "an object", "nothing");
    let object = request.object("object")?.ok_or_else(nothing)?;
    let object = Fields { path: Path::Root, ..object };
    let settings = payload.object.present("settings");
    match subject {
        Subject::Pod => review_pod(&request, &object, settings, cluster),
        Subject::Workload(workload) => review_workload(workload, &request, &object, settings, cluster),
    }
}

/// What a request is about; `None` when it is nothing to the policy.
fn subject(request: &Fields) -> Result<Option<Subject>, Box<Rejection>> {
    let kind = request.required_object("kind")?;
    let group = kind.string("group")?.unwrap_or_default();
    let version = kind.required_string("version")?;
    let kind = kind.required_string("kind")?;
    let operation = request.required_string("operation")?;
    if request.string("subResource")?.is_some_and(|subresource| !subresource.is_empty()) {
        return Ok(None);
    }
    Ok(match (group.as_ref(), version.as_ref(), kind.as_ref(), operation.as_ref()) {
        ("", "v1", "Pod", "CREATE") => Some(Subject::Pod),
        (group, _, kind, "CREATE" | "UPDATE") => Workload::of(group, kind).map(Subject::Workload),
        _ => None,
    })
}

/// Decides for a pod.
fn review_pod(
    request: &Fields,
    pod: &Fields,
    settings: Option<&Value>,
    cluster: &dyn Cluster,
) -> Result<Accepted, Box<Rejection>> {
    let metadata = pod.required_object("metadata")?;
    let annotations = metadata.object("annotations")?;
    if annotations.is_some_and(|annotations| annotations.object.get(MIRROR).is_some()) {
        return Ok(Accepted::default());
    }
    let settings = Settings::of_request(settings)?;
    let Some(origin) = Origin::of_pod(request, &metadata, &settings, cluster)? else {
        return Ok(Accepted::default());
    };
    let home_cluster = settings.home_cluster(origin.home_cluster())?;
    let mut warnings = Warnings::default();
    let access = decide(pod.path, annotations.map(|annotations| annotations.object), &home_cluster, &mut warnings)?;
    origin.check_label(&settings)?;
    let context = Context::read(&metadata, annotations.as_ref(), &origin, &settings, &home_cluster)?;
    let spec = pod.required_object("spec")?;

    let mut warnings_of_changes = Warnings::default();
    let (changes, audit) = match access {
        Access::Home => home::decide(&spec, &context, &mut warnings_of_changes)?,
        Access::Remote { annotated } => {
            remote::decide(&spec, &context, annotated.as_deref(), &mut warnings_of_changes)?
        }
        Access::Disabled => disabled::decide(&spec, &context)?,
    };
    let changes = match settings.action {
        Action::Mutate => changes,
        Action::Validate => Changes::default(),
        Action::Verify => match changes.first() {
            Some((path, problem)) => return Err(Rejection::NotAsLeft { path, problem }.into()),
            None => changes,
        },
    };
    if settings.action != Action::Validate {
        warnings.append(warnings_of_changes);
    }
    accept(Accepted { changes, audit: Some(audit), warnings }, &settings)
}

/// Checks a workload.
fn review_workload(
    workload: Workload,
    request: &Fields,
    object: &Fields,
    settings: Option<&Value>,
    cluster: &dyn Cluster,
) -> Result<Accepted, Box<Rejection>> {
    let settings = Settings::of_request(settings)?;
    let Some(origin) = Origin::of_workload(request, &settings, cluster)? else { return Ok(Accepted::default()) };
    let home_cluster = match origin.home_cluster() {
        Some(origin) => settings.home_cluster(Some(origin))?,
        None => settings.any_home_cluster(),
    };
    let mut accepted = Accepted::default();
    workload.check(object, request.object.present("oldObject"), &home_cluster, &mut accepted.warnings)?;
    accept(accepted, &settings)
}

/// Accepts what has no problems, and with `strict` nothing else.
fn accept(accepted: Accepted, settings: &Settings) -> Result<Accepted, Box<Rejection>> {
    match settings.strict.then(|| accepted.warnings.problems()).flatten() {
        Some(problems) => Err(Rejection::Strict { problems }.into()),
        None => Ok(accepted),
    }
}
