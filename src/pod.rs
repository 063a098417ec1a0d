//! A pod under review: what is known of it before anything changes, and the parts that more than one mode changes.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::fields::{as_object, list_of, members_of, noted_string, object_of, string_of};
use crate::json::{Object, Value};
use crate::liqo;
use crate::names::is_cluster_id;
use crate::outcome::{Reason, Rejection};
use crate::path::Path;
use crate::settings::Settings;
use crate::volumes::{Source, SourceKind, same_path};

/// Where containers find the API credentials.
/// Source: `DefaultAPITokenMountPath` in Kubernetes' `plugin/pkg/admission/serviceaccount`.
pub(crate) const SERVICE_ACCOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The lists of containers that a new pod can have.
pub(crate) const CONTAINER_LISTS: [&str; 2] = ["containers", "initContainers"];

/// What the modes know of a pod while they change it.
#[derive(Debug)]
pub(crate) struct Context<'c> {
    pub(crate) settings: &'c Settings,
    /// The Secret with the pod's tokens; `None` while the pod has no name (`generateName`).
    pub(crate) token_secret: Option<String>,
    /// The ConfigMap with the home cluster's CA certificates; `None` while the home cluster is unknown.
    pub(crate) root_ca: Option<String>,
}

impl<'c> Context<'c> {
    /// Reads name and origin from the pod's metadata.
    pub(crate) fn read(metadata: &mut Object, path: Path, settings: &'c Settings) -> Result<Self, Rejection> {
        let name = string_of(metadata, "name", path)?.filter(|name| !name.is_empty());
        // Where nothing is written, a name that the API server has yet to generate is not needed.
        let name = name.or(settings.validate_only.then_some(Cow::Borrowed("")));
        let label = match object_of(metadata, "labels", path)? {
            Some(labels) => string_of(labels, liqo::ORIGIN, path.member("labels"))?,
            None => None,
        };
        // An empty or invalid label says nothing about the origin.
        let label = label.filter(|label| is_cluster_id(label));
        let origin = match (&settings.home_cluster_id, label) {
            (Some(setting), Some(label)) if *setting != label => {
                return Err(Reason::OtherOrigin { label: label.into_owned(), setting: setting.clone() }.into());
            }
            (Some(setting), _) => Some(Cow::Borrowed(setting.as_str())),
            (None, label) => label,
        };
        Ok(Self {
            settings,
            token_secret: name.map(|name| liqo::token_secret(&name)),
            root_ca: origin.map(|origin| liqo::root_ca(&origin)),
        })
    }

    /// Whether a source shows credentials of the home cluster: of Liqo's Secret or of the user's own.
    pub(crate) fn is_for_home(&self, source: &mut Source) -> Result<bool, Rejection> {
        let own = self.settings.home_credentials_secret.as_deref();
        Ok(source.is_named(SourceKind::Secret, self.token_secret.as_deref())?
            || source.is_named(SourceKind::Secret, own)?)
    }
}

/// More containers than any pod that can be stored has. Each gets variables, so that a small request of empty ones would
/// become a large answer.
const MANY_CONTAINERS: usize = 10_000;

/// Calls `visit` with each container of a list and its path, in the order of the document.
pub(crate) fn containers<'a>(
    spec: &mut Object<'a>,
    path: Path,
    list: &'static str,
    visit: &mut dyn FnMut(&mut Object<'a>, Path) -> Result<(), Rejection>,
) -> Result<(), Rejection> {
    let Some(containers) = list_of(spec, list, path)? else {
        return Ok(());
    };
    let path = path.member(list);
    if containers.len() > MANY_CONTAINERS {
        return Err(Reason::ManyContainers { path: path.to_string(), limit: MANY_CONTAINERS }.into());
    }
    for (index, container) in containers.iter_mut().enumerate() {
        let path = path.item(index);
        visit(as_object(container, path)?, path)?;
    }
    Ok(())
}

/// The members of an item of `volumeMounts` that are read.
pub(crate) const MOUNT: [&str; 4] = ["mountPath", "name", "subPath", "subPathExpr"];

/// What containers have mounted at [`SERVICE_ACCOUNT_PATH`].
#[derive(Debug, Default)]
pub(crate) struct ApiMounts<'a> {
    /// The volumes that are mounted there as a whole.
    pub(crate) volumes: BTreeSet<Cow<'a, str>>,
    /// For each container, in the order of [`CONTAINER_LISTS`], whether it has nothing mounted there.
    pub(crate) bare: Vec<bool>,
}

impl<'a> ApiMounts<'a> {
    /// Reads the mounts of one container.
    pub(crate) fn add(&mut self, container: &mut Object<'a>, path: Path) -> Result<(), Rejection> {
        let mut bare = true;
        if let Some(mounts) = container.present("volumeMounts") {
            let path = path.member("volumeMounts");
            let mounts = mounts.rows(&MOUNT).map_err(|found| Rejection::shape(path, "a list", found))?;
            for (index, mount) in mounts.iter().enumerate() {
                let path = path.item(index);
                let [at, name, part, part_expression] = members_of(mount, path)?;
                if !noted_string(at, "mountPath", path)?.is_some_and(|at| same_path(&at, SERVICE_ACCOUNT_PATH)) {
                    continue;
                }
                bare = false;
                let part = noted_string(part, "subPath", path)?.or(noted_string(part_expression, "subPathExpr", path)?);
                if part.is_some_and(|part| !part.is_empty()) {
                    continue;
                }
                self.volumes.extend(noted_string(name, "name", path)?);
            }
        }
        self.bare.push(bare);
        Ok(())
    }
}

/// Takes the name of the ServiceAccount away, which exists in the home cluster only, and turns automounting off.
/// The API server then fills in `default`; where the pod says so already it stays. Tells whether anything changed.
pub(crate) fn detach_service_account(spec: &mut Object, path: Path) -> Result<bool, Rejection> {
    let mut named = false;
    for field in ["serviceAccount", "serviceAccountName"] {
        let name = string_of(spec, field, path)?;
        named |= name.is_some_and(|name| !matches!(name.as_ref(), "" | "default"));
    }
    let mut changed = set_automount(spec, path, "false")?;
    if named {
        // Both or none: the API server copies one field to the other.
        for field in ["serviceAccount", "serviceAccountName"] {
            changed |= spec.remove(field);
        }
    }
    Ok(changed)
}

/// Sets `automountServiceAccountToken` to `true` or `false`, and tells whether that changed anything.
pub(crate) fn set_automount(spec: &mut Object, path: Path, automount: &'static str) -> Result<bool, Rejection> {
    const FIELD: &str = "automountServiceAccountToken";
    if let Some(value) = spec.present(FIELD)
        && value.kind() != "a boolean"
    {
        return Err(Rejection::shape(path.member(FIELD), "a boolean", value.kind()));
    }
    let right = spec.get(FIELD).and_then(Value::text) == Some(automount);
    if !right {
        spec.set(FIELD, Value::Text(automount));
    }
    Ok(!right)
}
