//! What the modes read of a pod, and what they know of it beside its spec.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::changes::{AUTOMOUNT, SERVICE_ACCOUNT_NAMES, ServiceAccountChange};
use crate::fields::Fields;
use crate::json::Shape;
use crate::liqo;
use crate::origin::Origin;
use crate::outcome::Rejection;
use crate::settings::{Action, HomeCluster, Settings};
use crate::volumes::same_path;

/// Where containers find the API credentials.
/// Source: `DefaultAPITokenMountPath` in Kubernetes' `plugin/pkg/admission/serviceaccount`.
pub(crate) const SERVICE_ACCOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The lists of containers that a new pod can have.
const CONTAINER_LISTS: [&str; 2] = ["containers", "initContainers"];

/// More containers than any pod that can be stored has. Each gets variables, so that a small request of empty ones would
/// become a large answer.
const MANY_CONTAINERS: usize = 10_000;

/// What the modes know of a pod beside its spec.
#[derive(Debug)]
pub(crate) struct Context<'c> {
    pub(crate) home_cluster: &'c HomeCluster,
    pub(crate) kept_token_audiences: &'c [String],
    pub(crate) origin: &'c Origin,
    /// The Secret with the pod's tokens; `None` while the pod has no name (`generateName`).
    pub(crate) token_secret: Option<String>,
    /// The ConfigMap with the home cluster's CA certificates; `None` while the home cluster is unknown.
    pub(crate) root_ca: Option<String>,
    /// The value of the annotation [`HOME_NAMESPACE`](crate::home::HOME_NAMESPACE).
    pub(crate) home_namespace_annotation: Option<Cow<'c, str>>,
}

impl<'c> Context<'c> {
    /// Reads what else is known of a pod from its metadata.
    pub(crate) fn read(
        metadata: &Fields<'_, 'c>,
        annotations: Option<&Fields<'_, 'c>>,
        origin: &'c Origin,
        settings: &'c Settings,
        home_cluster: &'c HomeCluster,
    ) -> Result<Self, Box<Rejection>> {
        let name = metadata.string("name")?.filter(|name| !name.is_empty());
        // Where nothing is written, a name that the API server has yet to generate is not needed.
        let name = name.or((settings.action == Action::Validate).then_some(Cow::Borrowed("")));
        let home_namespace_annotation = match annotations {
            Some(annotations) if settings.namespace_lookup => annotations.string(crate::home::HOME_NAMESPACE)?,
            _ => None,
        };
        Ok(Self {
            home_cluster,
            kept_token_audiences: &settings.kept_token_audiences,
            origin,
            token_secret: name.map(|name| liqo::token_secret(&name)),
            root_ca: origin.home_cluster().map(liqo::root_ca),
            home_namespace_annotation,
        })
    }

    /// Whether a token for this audience stays in every mode.
    pub(crate) fn keeps_audience(&self, audience: Option<&str>) -> bool {
        audience.is_some_and(|audience| self.kept_token_audiences.iter().any(|kept| kept == audience))
    }
}

/// What of a container is opened.
pub(crate) const CONTAINER: Shape = {
    const FIELD_REF: Shape = Shape::Object(&[("fieldRef", Shape::Object(&[]))]);
    const ENV_VAR: Shape = Shape::Object(&[("valueFrom", FIELD_REF)]);
    const VOLUME_MOUNT: Shape = Shape::Object(&[]);
    Shape::Object(&[("env", Shape::List(&ENV_VAR)), ("volumeMounts", Shape::List(&VOLUME_MOUNT))])
};

/// Which container of a pod: the list and the place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContainerIndex {
    pub(crate) list: &'static str,
    pub(crate) index: usize,
}

impl ContainerIndex {
    /// The path of a field of the container, as messages say it.
    pub(crate) fn path_of(self, field: &str) -> String {
        format!("spec.{}[{}].{field}", self.list, self.index)
    }
}

/// A container or init container.
#[derive(Debug)]
pub(crate) struct Container<'a> {
    pub(crate) at: ContainerIndex,
    pub(crate) name: Option<Cow<'a, str>>,
    pub(crate) env: Vec<EnvVar<'a>>,
    /// The volumes that are mounted at [`SERVICE_ACCOUNT_PATH`] as a whole.
    pub(crate) api_volumes: Vec<Cow<'a, str>>,
    /// Whether nothing is mounted there, neither a volume nor a part of one.
    pub(crate) lacks_api_mount: bool,
}

/// An entry of `env`.
#[derive(Debug)]
pub(crate) struct EnvVar<'a> {
    pub(crate) name: Cow<'a, str>,
    /// The literal value; `None` when it is computed (`valueFrom`) or absent.
    pub(crate) value: Option<Cow<'a, str>>,
    /// Whether the value is the name of the pod's ServiceAccount.
    pub(crate) is_service_account_name: bool,
}

/// Reads the containers and init containers of a pod.
pub(crate) fn containers<'a>(spec: &Fields<'_, 'a>) -> Result<Vec<Container<'a>>, Box<Rejection>> {
    let mut containers = Vec::new();
    for list in CONTAINER_LISTS {
        let items = spec.list(list)?;
        if items.len() > MANY_CONTAINERS {
            return Err(Rejection::ManyContainers { path: items.path().to_string(), limit: MANY_CONTAINERS }.into());
        }
        for (index, container) in items.objects().enumerate() {
            containers.push(Container::read(&container?, ContainerIndex { list, index })?);
        }
    }
    Ok(containers)
}

/// The names of the volumes that are mounted at [`SERVICE_ACCOUNT_PATH`] as a whole.
pub(crate) fn api_volumes(containers: &[Container]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    names.extend(containers.iter().flat_map(|container| &container.api_volumes).map(|name| name.to_string()));
    names
}

impl<'a> Container<'a> {
    fn read(container: &Fields<'_, 'a>, at: ContainerIndex) -> Result<Self, Box<Rejection>> {
        let env = container.list("env")?;
        let env = env.objects().map(|entry| EnvVar::read(&entry?)).collect::<Result<_, _>>()?;
        let mut read =
            Self { at, name: container.string("name")?, env, api_volumes: Vec::new(), lacks_api_mount: true };
        for mount in container.list("volumeMounts")?.objects() {
            let mount = mount?;
            if !mount.string("mountPath")?.is_some_and(|path| same_path(&path, SERVICE_ACCOUNT_PATH)) {
                continue;
            }
            read.lacks_api_mount = false;
            let part = mount.string("subPath")?.or(mount.string("subPathExpr")?);
            if part.is_none_or(|part| part.is_empty()) {
                read.api_volumes.extend(mount.string("name")?);
            }
        }
        Ok(read)
    }
}

impl<'a> EnvVar<'a> {
    fn read(entry: &Fields<'_, 'a>) -> Result<Self, Box<Rejection>> {
        let name = entry.required_string("name")?;
        let value = entry.string("value")?;
        let field_path = match entry.object("valueFrom")? {
            Some(source) => match source.object("fieldRef")? {
                Some(field) => field.string("fieldPath")?,
                None => None,
            },
            None => None,
        };
        let is_service_account_name = field_path.is_some_and(|path| path == "spec.serviceAccountName");
        Ok(Self { name, value, is_service_account_name })
    }
}

/// What takes away the ServiceAccount, which exists in the home cluster only, and turns automounting off. The API server
/// then fills in `default`; where the pod says so already it stays.
pub(crate) fn detached(spec: &Fields) -> Result<(Option<ServiceAccountChange>, Option<bool>), Box<Rejection>> {
    let mut is_named = false;
    for field in SERVICE_ACCOUNT_NAMES {
        is_named |= spec.string(field)?.is_some_and(|name| !matches!(name.as_ref(), "" | "default"));
    }
    Ok((is_named.then_some(ServiceAccountChange::Removed), automount(spec, false)?))
}

/// What sets `automountServiceAccountToken`; `None` when it is right.
pub(crate) fn automount(spec: &Fields, automount: bool) -> Result<Option<bool>, Box<Rejection>> {
    Ok((spec.boolean(AUTOMOUNT)? != Some(automount)).then_some(automount))
}
