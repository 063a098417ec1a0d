//! What must become of a pod: a mode says it first, as [`Changes`], which are then made or, with `verifyOnly`, told.
//!
//! A change names what it is about by its place in the request, and making it cannot fail: everything that could be
//! wrong with a pod is found while the changes are decided.

mod sources;

use crate::json::{Object, Value};
use crate::pod::ContainerIndex;
use crate::volumes::sources_path;

pub(crate) use sources::{ItemChange, SourceChange, SourceEdit, VolumeChange};

/// What must become of a pod; the default is nothing.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// An annotation and its value.
    pub(crate) annotation: Option<(&'static str, String)>,
    pub(crate) containers: Vec<ContainerChange>,
    pub(crate) host_aliases: Option<Vec<AliasEntry>>,
    /// A volume that is added to the list of volumes.
    pub(crate) added_volume: Option<Value<'static>>,
    /// Changes of projected volumes, also of the added one.
    pub(crate) volumes: Vec<VolumeChange>,
    pub(crate) service_account: Option<ServiceAccountChange>,
    pub(crate) automount: Option<bool>,
}

/// What must become of a container.
#[derive(Debug)]
pub(crate) struct ContainerChange {
    pub(crate) at: ContainerIndex,
    pub(crate) env: Option<EnvChange>,
    /// A mount that is added.
    pub(crate) mount: Option<Value<'static>>,
}

/// A new environment.
#[derive(Debug)]
pub(crate) struct EnvChange {
    pub(crate) entries: Vec<EnvEntry>,
    /// What is wrong with the old one.
    pub(crate) problem: &'static str,
}

/// What an environment will consist of.
#[derive(Debug)]
pub(crate) enum EnvEntry {
    /// The entry at this place.
    Kept(usize),
    /// The entry at this place, with a literal value instead of a source.
    Literal(usize, String),
    Added(Value<'static>),
}

/// What the host aliases will consist of.
#[derive(Debug)]
pub(crate) enum AliasEntry {
    /// The alias at this place.
    Kept(usize),
    /// The alias at this place, with those of its names and these new ones.
    Renamed {
        index: usize,
        kept: Vec<usize>,
        added: Vec<String>,
    },
    Added(Value<'static>),
}

/// What must become of both names of the ServiceAccount. The API server copies one to the other.
#[derive(Debug)]
pub(crate) enum ServiceAccountChange {
    Removed,
    Set(String),
}

/// The fields that name a ServiceAccount.
pub(crate) const SERVICE_ACCOUNT_NAMES: [&str; 2] = ["serviceAccount", "serviceAccountName"];

/// The field that says whether the API server mounts a token.
pub(crate) const AUTOMOUNT: &str = "automountServiceAccountToken";

impl Changes {
    pub(crate) fn is_empty(&self) -> bool {
        self.first().is_none()
    }

    /// The path of the first thing that is not right, and what is wrong with it.
    pub(crate) fn first(&self) -> Option<(String, &'static str)> {
        if let Some((name, _)) = self.annotation {
            return Some((format!("metadata.annotations[\"{name}\"]"), "is not the home namespace"));
        }
        if let Some(ContainerChange { at, env, .. }) = self.containers.first() {
            return Some(match env {
                Some(env) => (at.path_of("env"), env.problem),
                None => (at.path_of("volumeMounts"), "lacks the credentials of the home cluster"),
            });
        }
        if self.host_aliases.is_some() {
            return Some(("spec.hostAliases".to_owned(), "do not lead to the home API server"));
        }
        if let Some(volume) = self.volumes.first() {
            return Some((sources_path(volume.index), volume.problem));
        }
        match (&self.service_account, self.automount) {
            (Some(ServiceAccountChange::Removed), _) => {
                Some(("spec.serviceAccountName".to_owned(), "names a ServiceAccount that the mode takes away"))
            }
            (Some(ServiceAccountChange::Set(_)), _) => {
                Some(("spec.serviceAccountName".to_owned(), "is not the ServiceAccount of mode \"remote\""))
            }
            (None, Some(true)) => Some((format!("spec.{AUTOMOUNT}"), "is not true")),
            (None, Some(false)) => Some((format!("spec.{AUTOMOUNT}"), "is not false")),
            (None, None) => None,
        }
    }

    /// Makes the changes in a pod that has what they were decided from.
    pub(crate) fn apply(self, pod: &mut Object) {
        if let Some((name, value)) = self.annotation
            && let Some(metadata) = pod.object_mut("metadata")
            && let Some(annotations) = metadata.object_or_new("annotations")
        {
            annotations.set(name, Value::written(&value));
        }
        let Some(spec) = pod.object_mut("spec") else { return };
        for ContainerChange { at, env, mount } in self.containers {
            let containers = spec.list_mut(at.list);
            let container = containers.and_then(|list| list.get_mut(at.index)).and_then(Value::as_object_mut);
            let Some(container) = container else { continue };
            if let Some(env) = env {
                apply_env(env.entries, container);
            }
            if let Some(mount) = mount
                && let Some(mounts) = container.list_or_new("volumeMounts")
            {
                mounts.push(mount);
            }
        }
        if let Some(entries) = self.host_aliases {
            apply_host_aliases(entries, spec);
        }
        if let Some(volume) = self.added_volume
            && let Some(volumes) = spec.list_or_new("volumes")
        {
            volumes.push(volume);
        }
        for change in self.volumes {
            change.apply(spec);
        }
        match self.service_account {
            None => {}
            Some(ServiceAccountChange::Removed) => SERVICE_ACCOUNT_NAMES.iter().for_each(|name| spec.remove(name)),
            Some(ServiceAccountChange::Set(name)) => {
                for field in SERVICE_ACCOUNT_NAMES {
                    spec.set(field, Value::written(&name));
                }
            }
        }
        if let Some(automount) = self.automount {
            spec.set(AUTOMOUNT, Value::written(&automount));
        }
    }
}

fn apply_env(entries: Vec<EnvEntry>, container: &mut Object) {
    let mut old = take_items(container, "env");
    let new = entries.into_iter().filter_map(|entry| match entry {
        EnvEntry::Kept(index) => old.get_mut(index)?.take(),
        EnvEntry::Literal(index, value) => {
            let mut variable = old.get_mut(index)?.take()?;
            let fields = variable.as_object_mut()?;
            fields.remove("valueFrom");
            fields.set("value", Value::written(&value));
            Some(variable)
        }
        EnvEntry::Added(variable) => Some(variable),
    });
    let new = new.collect();
    container.set("env", Value::List(new));
}

fn apply_host_aliases(entries: Vec<AliasEntry>, spec: &mut Object) {
    let mut old = take_items(spec, "hostAliases");
    let new = entries.into_iter().filter_map(|entry| match entry {
        AliasEntry::Kept(index) => old.get_mut(index)?.take(),
        AliasEntry::Renamed { index, kept, added } => {
            let mut alias = old.get_mut(index)?.take()?;
            let fields = alias.as_object_mut()?;
            let mut names = take_items(fields, "hostnames");
            let kept = kept.into_iter().filter_map(|index| names.get_mut(index)?.take());
            let added = added.iter().map(Value::written);
            let names = kept.chain(added).collect();
            fields.set("hostnames", Value::List(names));
            Some(alias)
        }
        AliasEntry::Added(alias) => Some(alias),
    });
    let new = new.collect();
    spec.set("hostAliases", Value::List(new));
}

/// Takes the items out of a list, so that each can be put into a new one.
fn take_items<'a>(object: &mut Object<'a>, name: &str) -> Vec<Option<Value<'a>>> {
    object.list_mut(name).map(std::mem::take).unwrap_or_default().into_iter().map(Some).collect()
}
