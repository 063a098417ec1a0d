//! Workloads: their templates are checked as pods would be, and never changed, so that an author learns of a mistake at
//! once and not from the events of a controller that fails to create pods.

use crate::access_mode::{API_SERVER_SUPPORT, REMOTE_SERVICE_ACCOUNT_NAME, decide};
use crate::fields::{as_object, object_of};
use crate::json::{Object, Value};
use crate::outcome::{Rejection, Warning, Warnings};
use crate::path::Path;
use crate::settings::Settings;

/// A kind of workload: where its pod template is, and where an annotation would be misplaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Workload {
    /// The template is at `spec.template`.
    Plain,
    /// A CronJob: the template is at `spec.jobTemplate.spec.template`.
    CronJob,
}

impl Workload {
    /// The workload that a kind of object is, in any version of its group.
    pub(crate) fn of(group: &str, kind: &str) -> Option<Self> {
        match (group, kind) {
            ("apps", "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet")
            | ("batch", "Job")
            | ("", "ReplicationController") => Some(Self::Plain),
            ("batch", "CronJob") => Some(Self::CronJob),
            _ => None,
        }
    }

    /// Checks a workload. `old` is the object before an update; one that cannot be used counts as none, as on creation.
    pub(crate) fn check(
        self,
        object: &mut Object,
        old: Option<&mut Value>,
        settings: &Settings,
        warnings: &mut Warnings,
    ) -> Result<(), Rejection> {
        let mut old = old.and_then(|old| old.as_object_mut().ok());
        let mut changed = |object: &mut Object, place: &[&str]| -> Result<bool, Rejection> {
            let new = annotations(object, place)?;
            Ok(old.as_mut().is_none_or(|old| annotations(old, place).ok() != Some(new)))
        };
        let template_changed = changed(object, self.template())?;
        for (place, path) in self.misplacements() {
            if !changed(object, place)? && !template_changed {
                continue;
            }
            for (annotation, value) in ANNOTATIONS.into_iter().zip(annotations(object, place)?) {
                if value.is_some() {
                    warnings.add(Warning::Misplaced { annotation, path });
                }
            }
        }
        if template_changed {
            at(object, Path::Root, self.template(), &mut |template, path| {
                let [metadata, spec] = template.all_present_mut(["metadata", "spec"]);
                let metadata_path = path.member("metadata");
                let annotations = match metadata {
                    Some(metadata) => object_of(as_object(metadata, metadata_path)?, "annotations", metadata_path)?,
                    None => None,
                };
                decide(path, annotations, spec, settings, warnings).map(drop)
            })?;
        }
        Ok(())
    }

    fn template(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &["spec", "template"],
            Self::CronJob => &["spec", "jobTemplate", "spec", "template"],
        }
    }

    /// Objects whose metadata nothing reads for a mode, as paths and as messages write them.
    fn misplacements(self) -> &'static [(&'static [&'static str], &'static str)] {
        match self {
            Self::Plain => &[(&[], "metadata")],
            Self::CronJob => &[(&[], "metadata"), (&["spec", "jobTemplate"], "spec.jobTemplate.metadata")],
        }
    }
}

/// The annotations that the policy reads.
const ANNOTATIONS: [&str; 2] = [API_SERVER_SUPPORT, REMOTE_SERVICE_ACCOUNT_NAME];

/// The text of [`ANNOTATIONS`] in the metadata of the object at `place`.
fn annotations<'a>(object: &mut Object<'a>, place: &[&str]) -> Result<[Option<&'a str>; 2], Rejection> {
    let place = [place, &["metadata", "annotations"]].concat();
    let mut found = [None; 2];
    at(object, Path::Root, &place, &mut |annotations, _| {
        found = ANNOTATIONS.map(|name| annotations.get(name).map(|value| value.text().unwrap_or_default()));
        Ok(())
    })?;
    Ok(found)
}

/// Calls `visit` with the object that is so many steps below another, and with its path, where it is there.
fn at<'a>(
    object: &mut Object<'a>,
    path: Path,
    steps: &[&str],
    visit: &mut dyn FnMut(&mut Object<'a>, Path) -> Result<(), Rejection>,
) -> Result<(), Rejection> {
    let [step, rest @ ..] = steps else {
        return visit(object, path);
    };
    let path = path.member(step);
    match object.present_mut(step) {
        Some(value) => at(as_object(value, path)?, path, rest, visit),
        None => Ok(()),
    }
}
