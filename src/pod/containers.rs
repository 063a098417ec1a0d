//! Containers and init containers: their environments, and what is mounted where clients look for API credentials.

use std::collections::BTreeSet;

use crate::pod::fields::{Fields, Object, items_mut, object_mut};
use crate::pod::files::same_path;
use crate::pod::path::Path;
use crate::rejection::{Rejection, Result};

/// Where containers find the API credentials.
/// Source: `DefaultAPITokenMountPath` in Kubernetes' `plugin/pkg/admission/serviceaccount`.
pub(crate) const SERVICE_ACCOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The lists of containers that a new pod can have.
const LISTS: [&str; 2] = ["containers", "initContainers"];

/// More containers than any pod that can be stored has. Each gets variables, so that a small request of empty ones would
/// become a large answer.
const MAX_CONTAINERS: usize = 10_000;

/// A container or init container.
#[derive(Debug)]
pub(crate) struct Container<'v> {
    list: &'static str,
    index: usize,
    pub(crate) name: Option<&'v str>,
    pub(crate) env: Vec<EnvVar<'v>>,
    pub(crate) mounts: Mounts<'v>,
}

/// What is mounted in a container where clients look for API credentials.
#[derive(Debug)]
pub(crate) struct Mounts<'v> {
    /// The volumes that are mounted at [`SERVICE_ACCOUNT_PATH`] as a whole.
    api_volumes: Vec<&'v str>,
    /// Whether nothing is mounted there, neither a volume nor a part of one.
    pub(crate) lacks_api: bool,
}

/// An entry of `env`.
#[derive(Debug)]
pub(crate) struct EnvVar<'v> {
    pub(crate) name: &'v str,
    /// The literal value; `None` if it is computed (`valueFrom`) or absent.
    pub(crate) value: Option<&'v str>,
    /// Whether the value is the name of the pod's ServiceAccount.
    pub(crate) is_service_account_name: bool,
}

/// Reads the containers and init containers of a pod.
pub(crate) fn containers<'v>(spec: &Fields<'v, '_>) -> Result<Vec<Container<'v>>> {
    let mut containers = Vec::new();
    for list in LISTS {
        let items = spec.list(list)?;
        if items.len() > MAX_CONTAINERS {
            return Err(Rejection::ManyContainers { path: items.path.to_string(), limit: MAX_CONTAINERS }.into());
        }
        for (index, container) in items.objects().enumerate() {
            containers.push(Container::read(&container?, list, index)?);
        }
    }
    Ok(containers)
}

/// Calls `edit` with each container and its path, in the order of [`containers`].
pub(crate) fn edit_containers(spec: &mut Object, edit: &mut dyn FnMut(&mut Object, Path) -> Result<()>) -> Result<()> {
    let path = Path::Root.member("spec");
    for list in LISTS {
        for (index, container) in items_mut(spec, list, path)?.iter_mut().enumerate() {
            let path = path.member(list);
            let path = path.item(index);
            edit(object_mut(container, path)?, path)?;
        }
    }
    Ok(())
}

/// The names of the volumes that are mounted at [`SERVICE_ACCOUNT_PATH`] as a whole.
pub(crate) fn api_volumes(containers: &[Container]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    names.extend(containers.iter().flat_map(|container| &container.mounts.api_volumes).map(|name| (*name).to_owned()));
    names
}

impl<'v> Container<'v> {
    fn read(container: &Fields<'v, '_>, list: &'static str, index: usize) -> Result<Self> {
        let name = container.string("name")?;
        let env = EnvVar::read_all(container)?;
        Ok(Self { list, index, name, env, mounts: Mounts::read(container)? })
    }

    /// The path of a field of the container.
    pub(crate) fn path_of(&self, field: &str) -> String {
        format!("spec.{}[{}].{field}", self.list, self.index)
    }
}

impl<'v> Mounts<'v> {
    /// Reads the mounts of a container.
    pub(crate) fn read(container: &Fields<'v, '_>) -> Result<Self> {
        let mut read = Self { api_volumes: Vec::new(), lacks_api: true };
        for mount in container.list("volumeMounts")?.objects() {
            let mount = mount?;
            if !mount.string("mountPath")?.is_some_and(|path| same_path(path, SERVICE_ACCOUNT_PATH)) {
                continue;
            }
            read.lacks_api = false;
            let part = mount.string("subPath")?.or(mount.string("subPathExpr")?);
            if part.is_none_or(str::is_empty) {
                read.api_volumes.extend(mount.string("name")?);
            }
        }
        Ok(read)
    }
}

impl<'v> EnvVar<'v> {
    /// Reads the environment of a container.
    pub(crate) fn read_all(container: &Fields<'v, '_>) -> Result<Vec<Self>> {
        container.list("env")?.objects().map(|entry| Self::read(&entry?)).collect()
    }

    fn read(entry: &Fields<'v, '_>) -> Result<Self> {
        let name = entry.required_string("name")?;
        let value = entry.string("value")?;
        let field_path = entry.string_in(&["valueFrom", "fieldRef"], "fieldPath")?;
        Ok(Self { name, value, is_service_account_name: field_path == Some("spec.serviceAccountName") })
    }
}
