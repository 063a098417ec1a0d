//! Projected volumes and their sources: how tokens and certificates reach a pod.

use serde_json::Value;

use crate::names::check_length;
use crate::pod::fields::{Fields, Object, items_mut, kind, object_mut, object_or_new};
use crate::pod::files::same_path;
use crate::pod::mounts::{ApiVolume, Mounts};
use crate::pod::path::{Path, SPEC};
use crate::rejection::{Rejection, Result};

/// The file with the CA certificates, and the key they have in a Secret or ConfigMap.
/// Source: `ServiceAccountRootCAKey` in Kubernetes' `pkg/apis/core`.
pub(crate) const CA: &str = "ca.crt";

/// How long a token lives, in seconds. Source: `TokenVolumeSource` in Kubernetes' `plugin/pkg/admission/serviceaccount`.
pub(crate) const TOKEN_SECONDS: i64 = 3607;

/// The mode of a file, by which everybody may read it.
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

/// A projected volume to edit: its sources, and their path.
#[derive(Debug)]
pub(crate) struct Sources<'e> {
    pub(crate) volume: &'e str,
    /// How it is mounted at the API path, if it is.
    pub(crate) mounted: Option<&'e ApiVolume>,
    /// Whether only root may read the files of a source that gives its items no mode.
    pub(crate) is_private: bool,
    pub(crate) list: &'e mut Vec<Value>,
    pub(crate) path: Path<'e>,
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
    edit: &mut dyn FnMut(Sources) -> Result<()>,
) -> Result<()> {
    let path = SPEC.member("volumes");
    for (index, volume) in items_mut(spec, "volumes", SPEC)?.iter_mut().enumerate() {
        let path = path.item(index);
        let fields = Fields::of(volume, path)?;
        if fields.get("projected").is_none() {
            continue;
        }
        let name = fields.required_string("name")?.to_owned();
        let projected = object_or_new(object_mut(volume, path)?, "projected", path)?;
        let path = path.member("projected");
        let default_mode = Fields { object: projected, path }.integer("defaultMode")?;
        let is_private = default_mode.is_some_and(|mode| mode & READABLE_BY_ALL == 0);
        let (mut list, is_list) = match projected.get_mut("sources") {
            Some(Value::Array(list)) => (std::mem::take(list), true),
            None | Some(Value::Null) => (Vec::new(), false),
            Some(other) => return Err(Rejection::shape(path.member("sources"), "a list", kind(other))),
        };
        let (mounted, path) = (mounts.api_volumes.get(&name), path.member("sources"));
        edit(Sources { volume: &name, mounted, is_private, list: &mut list, path })?;
        if is_list || !list.is_empty() {
            projected.insert("sources".to_owned(), Value::Array(list));
        }
    }
    Ok(())
}

/// What a source holds as its member, to edit it.
pub(crate) fn body_mut<'v>(source: &'v mut Value, member: &str, path: Path) -> Result<&'v mut Object> {
    object_or_new(object_mut(source, path)?, member, path)
}

/// Makes a source show another Secret or ConfigMap.
pub(crate) fn rename(source: &mut Value, member: &str, name: &str, path: Path) -> Result<()> {
    body_mut(source, member, path)?.insert("name".to_owned(), Value::from(name));
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
            return Err(Rejection::SourceKinds { path: source.path.to_string() }.into());
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
        body.list("items")?.objects().map(|item| Self::read(&item?)).collect()
    }

    fn read(item: &Fields<'v, '_>) -> Result<Self> {
        let field_path = item.string_in(&["fieldRef"], "fieldPath")?;
        Ok(Self { path: item.string("path")?, key: item.string("key")?, field_path })
    }

    pub(crate) fn is_at(&self, path: &str) -> bool {
        self.path.is_some_and(|own| same_path(own, path))
    }
}
