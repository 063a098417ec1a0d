//! Containers and init containers, and their environments.

use crate::pod::fields::{Fields, Object, items_mut, object_mut};
use crate::pod::path::Path;
use crate::rejection::{Rejection, Result};

/// The lists of containers that a new pod can have.
const LISTS: [&str; 2] = ["containers", "initContainers"];

/// More containers than any pod has. Each gets variables, so that a small request of empty ones would become a large
/// answer.
const MAX_CONTAINERS: usize = 1000;

/// A container or init container.
#[derive(Debug)]
pub(crate) struct Container<'v> {
    pub(crate) list: &'static str,
    pub(crate) index: usize,
    pub(crate) env: Vec<EnvVar<'v>>,
    /// Whether `foreignContainers` names it.
    pub(crate) is_foreign: bool,
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

/// Reads the containers and init containers of a pod. The environment of a foreign one stays unread.
pub(crate) fn containers<'v>(spec: &Fields<'v, '_>, foreign: &[String]) -> Result<Vec<Container<'v>>> {
    let mut containers = Vec::new();
    for list in LISTS {
        for (index, container) in spec.list(list)?.objects().enumerate() {
            let container = container?;
            let is_foreign = is_foreign(&container, foreign)?;
            let env = if is_foreign { Vec::new() } else { EnvVar::read_all(&container)? };
            containers.push(Container { list, index, env, is_foreign });
        }
    }
    Ok(containers)
}

/// Whether a container is one of the foreign cluster's.
fn is_foreign(container: &Fields, foreign: &[String]) -> Result<bool> {
    let name = container.string("name")?;
    Ok(name.is_some_and(|name| foreign.iter().any(|foreign| foreign == name)))
}

/// Calls `visit` with each container, in the order of [`containers`].
pub(crate) fn each_container(spec: &Fields, visit: &mut dyn FnMut(&Fields) -> Result<()>) -> Result<()> {
    for list in LISTS {
        let items = spec.list(list)?;
        if items.len() > MAX_CONTAINERS {
            return Err(Rejection::ManyContainers { path: items.path.to_string(), limit: MAX_CONTAINERS }.into());
        }
        for container in items.objects() {
            visit(&container?)?;
        }
    }
    Ok(())
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

impl Container<'_> {
    /// The path of the environment.
    pub(crate) fn env_path(&self) -> String {
        format!("spec.{}[{}].env", self.list, self.index)
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
