//! Workloads: their templates are checked as pods would be, and never changed, so that an author learns of a mistake at
//! once and not from the events of a controller that fails to create pods.

use serde_json::Value;

use crate::decide::{ANNOTATIONS, Access, decide, meant_annotation};
use crate::pod::{Fields, Path};
use crate::rejection::Result;
use crate::service_account::own_service_account;
use crate::settings::HomeCluster;
use crate::warning::{Warning, Warnings};

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
        object: &Fields,
        old: Option<&Value>,
        home_cluster: &HomeCluster,
        warnings: &mut Warnings,
    ) -> Result<()> {
        let old = old.and_then(|old| Fields::of(old, Path::Root).ok());
        let changed = |place: &[&str]| -> Result<bool> {
            let new = annotations(object, place)?;
            Ok(old.is_none_or(|old| annotations(&old, place).ok().as_ref() != Some(&new)))
        };
        let template_changed = changed(self.template())?;
        for (place, path) in self.misplacements() {
            if !changed(place)? && !template_changed {
                continue;
            }
            let keys: Vec<_> = annotations(object, place)?.into_iter().map(|(key, _)| key).collect();
            for annotation in ANNOTATIONS.into_iter().filter(|name| keys.iter().any(|key| key == name)) {
                warnings.add(Warning::Misplaced { annotation, path });
            }
        }
        if template_changed {
            object.at(self.template(), &mut |template| check_template(template, home_cluster, warnings))?;
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

fn check_template(template: &Fields, home_cluster: &HomeCluster, warnings: &mut Warnings) -> Result<()> {
    let annotations = template.at(&["metadata", "annotations"], &mut |annotations| Ok(annotations.object))?;
    let access = decide(template.path, annotations, home_cluster, warnings)?;
    if let Access::Remote { annotated: None, is_explicit } = access {
        let spec = template.object("spec")?;
        own_service_account(spec.as_ref(), template.path.member("spec"), home_cluster, is_explicit)?;
    }
    Ok(())
}

/// The annotations of the object at `place` that the policy reads, or that were likely meant for one of those.
fn annotations<'v>(object: &Fields<'v, '_>, place: &[&str]) -> Result<Vec<(&'v String, &'v Value)>> {
    let place = [place, &["metadata", "annotations"]].concat();
    let all = object.at(&place, &mut |annotations| Ok(annotations.object))?;
    let is_read = |key: &str| ANNOTATIONS.contains(&key) || meant_annotation(key).is_some();
    Ok(all.into_iter().flatten().filter(|(key, _)| is_read(key)).collect())
}
