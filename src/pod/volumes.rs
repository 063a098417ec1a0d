//! Projected volumes and their sources: how tokens and certificates reach a pod.

use serde_json::Value;

use crate::names::check_length;
use crate::pod::fields::{Fields, Object, items_mut, json_type, object_mut, object_or_new};
use crate::pod::files::same_path;
use crate::pod::mounts::{ApiVolume, Mounts};
use crate::pod::path::{Path, SPEC};
use crate::rejection::{Rejection, Result};

/// The file with the CA certificates, and the key they have in a Secret or ConfigMap.
/// Source: `ServiceAccountRootCAKey` in Kubernetes' `pkg/apis/core`.
pub(crate) const CA: &str = "ca.crt";

/// The ConfigMap that holds the CA certificates of the cluster it is in.
/// Source: `RootCACertConfigMapName` in Kubernetes' `pkg/controller/certificates/rootcacertpublisher`.
pub(crate) const ROOT_CA: &str = "kube-root-ca.crt";

/// How long a token lives, in seconds. Source: `TokenVolumeSource` in Kubernetes' `plugin/pkg/admission/serviceaccount`.
pub(crate) const TOKEN_SECONDS: i64 = 3607;

/// The mode of a file that everybody may read, and the part of it that is about everybody.
const READABLE: i32 = 0o644;
const READABLE_BY_ALL: i64 = 0o004;

/// How long a volume's name can be, a DNS-1123 label.
const MAX_NAME: usize = 63;

/// The volumes of a pod to read.
#[derive(Debug, Default)]
pub(crate) struct Volumes<'v> {
    pub(crate) projected: Vec<ProjectedVolume<'v>>,
    /// The names of the volumes that are of another kind.
    pub(crate) others: Vec<&'v str>,
}

/// A projected volume to read.
#[derive(Debug)]
pub(crate) struct ProjectedVolume<'v> {
    index: usize,
    pub(crate) name: &'v str,
    pub(crate) sources: Vec<Source<'v>>,
}

/// A projected volume whose sources are edited.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Volume<'e> {
    pub(crate) name: &'e str,
    /// The path of its sources.
    pub(crate) path: Path<'e>,
    /// How it is mounted at the API path, if it is.
    pub(crate) mounted: Option<&'e ApiVolume>,
    /// The mode that the item of a token needs if only root could read it else. The kubelet gives its own tokens to the
    /// pod's user, but a Secret's files belong to root.
    pub(crate) token_mode: Option<i32>,
}

/// A source of a projected volume. Source: `VolumeProjection` in Kubernetes' core/v1.
#[derive(Debug)]
pub(crate) enum Source<'v> {
    ServiceAccountToken {
        /// Required by the API, but not if the token is taken away.
        path: Option<&'v str>,
        audience: Option<&'v str>,
    },
    /// Without items it shows all keys; so does a ConfigMap.
    Secret {
        name: Option<&'v str>,
        items: Vec<Item<'v>>,
    },
    ConfigMap {
        name: Option<&'v str>,
        items: Vec<Item<'v>>,
    },
    DownwardApi {
        items: Vec<Item<'v>>,
    },
    /// A source of another kind, with the paths that it shows.
    Other {
        paths: Vec<&'v str>,
    },
}

/// What a source shows at one path.
#[derive(Debug)]
pub(crate) struct Item<'v> {
    pub(crate) path: Option<&'v str>,
    /// Of a Secret or ConfigMap.
    pub(crate) key: Option<&'v str>,
    /// Of the downward API.
    pub(crate) field_path: Option<&'v str>,
}

impl<'v> Volumes<'v> {
    /// Reads the volumes of a pod.
    pub(crate) fn read(spec: &Fields<'v, '_>) -> Result<Self> {
        let mut volumes = Self::default();
        for (index, volume) in spec.list("volumes")?.objects().enumerate() {
            let volume = volume?;
            let Some(projected) = volume.object("projected")? else {
                volumes.others.extend(volume.string("name")?);
                continue;
            };
            let name = volume.required_string("name")?;
            check_length(name, MAX_NAME, volume.path.member("name"))?;
            let sources = projected.list("sources")?;
            let sources = sources.objects().map(|source| Source::of(&source?)).collect::<Result<_>>()?;
            volumes.projected.push(ProjectedVolume { index, name, sources });
        }
        Ok(volumes)
    }
}

/// Calls `edit` with the sources of each projected volume.
pub(crate) fn edit_projected_volumes(
    spec: &mut Object,
    mounts: &Mounts,
    edit: &mut dyn FnMut(Volume, &mut Vec<Value>) -> Result<()>,
) -> Result<()> {
    let path = SPEC.member("volumes");
    for (index, volume) in items_mut(spec, "volumes", SPEC)?.iter_mut().enumerate() {
        let path = path.item(index);
        let fields = Fields::of(volume, path)?;
        if fields.get("projected").is_none() {
            continue;
        }
        let name = fields.required_string("name")?.to_owned();
        let projected = member_mut(volume, "projected", path)?;
        let path = path.member("projected");
        let default_mode = Fields { object: projected, path }.integer("defaultMode")?;
        let is_root_only = default_mode.is_some_and(|mode| mode & READABLE_BY_ALL == 0);
        let token_mode = is_root_only.then_some(READABLE);
        let (mut sources, is_list) = match projected.get_mut("sources") {
            Some(Value::Array(sources)) => (std::mem::take(sources), true),
            None | Some(Value::Null) => (Vec::new(), false),
            Some(other) => return Err(Rejection::shape(path.member("sources"), "a list", json_type(other))),
        };
        let (path, mounted) = (path.member("sources"), mounts.api_volumes.get(&name));
        edit(Volume { name: &name, path, mounted, token_mode }, &mut sources)?;
        if is_list || !sources.is_empty() {
            projected.insert("sources".to_owned(), Value::Array(sources));
        }
    }
    Ok(())
}

/// The object in a field of a source, to edit it.
pub(crate) fn member_mut<'v>(source: &'v mut Value, member: &str, path: Path) -> Result<&'v mut Object> {
    object_or_new(object_mut(source, path)?, member, path)
}

/// Makes a source show another Secret or ConfigMap.
pub(crate) fn set_source_name(source: &mut Value, member: &str, name: &str, path: Path) -> Result<()> {
    member_mut(source, member, path)?.insert("name".to_owned(), Value::from(name));
    Ok(())
}

impl ProjectedVolume<'_> {
    /// The path of the Secret that one of the sources is.
    pub(crate) fn path_of_secret(&self, source: usize) -> String {
        format!("spec.volumes[{}].projected.sources[{source}].secret", self.index)
    }
}

impl<'v> Source<'v> {
    const MEMBERS: [&'static str; 6] =
        ["serviceAccountToken", "secret", "configMap", "downwardAPI", "clusterTrustBundle", "podCertificate"];

    /// Reads a source.
    pub(crate) fn read(source: &'v Value, path: Path) -> Result<Self> {
        Self::of(&Fields::of(source, path)?)
    }

    /// A source of an unknown kind shows no path that is known.
    fn of(source: &Fields<'v, '_>) -> Result<Self> {
        let mut members = Self::MEMBERS.into_iter().filter(|member| source.get(member).is_some());
        let Some(member) = members.next() else { return Ok(Self::Other { paths: Vec::new() }) };
        if members.next().is_some() {
            return Err(Rejection::shape(source.path, "one kind of volume source", "several"));
        }
        let body = source.required_object(member)?;
        Ok(match member {
            "serviceAccountToken" => {
                let audience = body.string("audience")?.filter(|audience| !audience.is_empty());
                Self::ServiceAccountToken { path: body.string("path")?, audience }
            }
            "secret" => Self::Secret { name: body.string("name")?, items: Item::read_all(&body)? },
            "configMap" => Self::ConfigMap { name: body.string("name")?, items: Item::read_all(&body)? },
            "downwardAPI" => Self::DownwardApi { items: Item::read_all(&body)? },
            _ => {
                let mut paths = Vec::new();
                for field in ["path", "keyPath", "certificateChainPath", "credentialBundlePath"] {
                    paths.extend(body.string(field)?);
                }
                Self::Other { paths }
            }
        })
    }

    pub(crate) fn member(&self) -> &'static str {
        match self {
            Self::ServiceAccountToken { .. } => "serviceAccountToken",
            Self::Secret { .. } => "secret",
            Self::ConfigMap { .. } => "configMap",
            Self::DownwardApi { .. } => "downwardAPI",
            Self::Other { .. } => "",
        }
    }

    /// The name of the Secret that this is.
    pub(crate) fn secret_name(&self) -> Option<&'v str> {
        match self {
            Self::Secret { name, .. } => *name,
            _ => None,
        }
    }

    /// The name of the ConfigMap that this is.
    pub(crate) fn config_map_name(&self) -> Option<&'v str> {
        match self {
            Self::ConfigMap { name, .. } => *name,
            _ => None,
        }
    }

    /// The items of a source that has items.
    pub(crate) fn items(&self) -> &[Item<'v>] {
        match self {
            Self::Secret { items, .. } | Self::ConfigMap { items, .. } | Self::DownwardApi { items } => items,
            Self::ServiceAccountToken { .. } | Self::Other { .. } => &[],
        }
    }

    /// Whether the source shows all keys of a Secret or ConfigMap, so that only the API server knows its paths.
    pub(crate) fn shows_everything(&self) -> bool {
        matches!(self, Self::Secret { items, .. } | Self::ConfigMap { items, .. } if items.is_empty())
    }

    /// The paths that the source is known to show.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &'v str> {
        let own = match self {
            Self::ServiceAccountToken { path, .. } => path.as_slice(),
            Self::Other { paths } => paths,
            _ => &[],
        };
        self.items().iter().filter_map(|item| item.path).chain(own.iter().copied())
    }
}

impl<'v> Item<'v> {
    fn read_all(body: &Fields<'v, '_>) -> Result<Vec<Self>> {
        body.list("items")?.objects().map(|item| Self::of(&item?)).collect()
    }

    /// Reads an item.
    pub(crate) fn read(item: &'v Value, path: Path) -> Result<Self> {
        Self::of(&Fields::of(item, path)?)
    }

    fn of(item: &Fields<'v, '_>) -> Result<Self> {
        let field_path = item.string_in(&["fieldRef"], "fieldPath")?;
        Ok(Self { path: item.string("path")?, key: item.string("key")?, field_path })
    }

    pub(crate) fn is_at(&self, path: &str) -> bool {
        self.path.is_some_and(|own| same_path(own, path))
    }
}
