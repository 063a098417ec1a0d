//! Containers and init containers, and their environments.

use crate::pod::fields::{Fields, Object, items_mut, object_mut};
use crate::pod::path::{Path, SPEC};
use crate::rejection::{Rejection, Result};

/// The lists of containers that a new pod can have.
const LISTS: [&str; 2] = ["containers", "initContainers"];

/// More containers than any pod has. Each gets variables, so that a small request of empty ones would become a large
/// answer.
const MAX_CONTAINERS: usize = 1000;

/// A container or init container that belongs to the pod and not to the foreign cluster.
#[derive(Debug)]
pub(crate) struct Container<'v> {
    /// The path of the environment.
    pub(crate) env_path: String,
    pub(crate) env: Vec<EnvVar<'v>>,
}

/// An entry of `env`.
#[derive(Debug, Clone)]
pub(crate) struct EnvVar<'v> {
    pub(crate) name: &'v str,
    /// The literal value; `None` if it is computed (`valueFrom`) or absent.
    pub(crate) value: Option<&'v str>,
    /// Whether the value is the name of the pod's ServiceAccount.
    pub(crate) is_service_account_name: bool,
}

/// Reads the containers and init containers of a pod, but for `foreign` ones.
pub(crate) fn containers<'v>(spec: &Fields<'v, '_>, foreign: &[String]) -> Result<Vec<Container<'v>>> {
    let mut containers = Vec::new();
    each_container(spec, &mut |container| {
        if !is_foreign(container, foreign)? {
            let env_path = container.path.member("env").to_string();
            containers.push(Container { env_path, env: EnvVar::read_all(container)? });
        }
        Ok(())
    })?;
    Ok(containers)
}

/// Whether a container is one of the foreign cluster's: `foreign` names it.
pub(crate) fn is_foreign(container: &Fields, foreign: &[String]) -> Result<bool> {
    let name = container.string("name")?;
    Ok(name.is_some_and(|name| foreign.iter().any(|foreign| foreign == name)))
}

/// Calls `visit` with each container and init container.
pub(super) fn each_container<'v>(
    spec: &Fields<'v, '_>,
    visit: &mut dyn FnMut(&Fields<'v, '_>) -> Result<()>,
) -> Result<()> {
    for list in LISTS {
        let items = spec.list(list)?;
        if items.len() > MAX_CONTAINERS {
            return Err(
                Rejection::TooMany { path: items.path.to_string(), limit: MAX_CONTAINERS, what: "containers" }.into()
            );
        }
        for container in items.objects() {
            visit(&container?)?;
        }
    }
    Ok(())
}

/// Calls `edit` with each container and init container, and its path.
pub(crate) fn edit_containers(spec: &mut Object, edit: &mut dyn FnMut(&mut Object, Path) -> Result<()>) -> Result<()> {
    for list in LISTS {
        let path = SPEC.member(list);
        for (index, container) in items_mut(spec, list, SPEC)?.iter_mut().enumerate() {
            let path = path.item(index);
            edit(object_mut(container, path)?, path)?;
        }
    }
    Ok(())
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
