//! Projected volumes and their sources: where tokens and certificates reach a pod.

use std::borrow::Cow;

use crate::fields::Fields;
use crate::json::{Shape, Value};
use crate::outcome::Rejection;

/// The file, in a volume with API credentials, that holds the token.
/// Source: `ServiceAccountTokenKey` in Kubernetes' `pkg/apis/core`.
pub(crate) const TOKEN: &str = "token";

/// What of a volume is opened.
pub(crate) const VOLUME: Shape = {
    const ITEM: Shape = Shape::Object(&[("fieldRef", Shape::Object(&[]))]);
    const WITH_ITEMS: Shape = Shape::Object(&[("items", Shape::List(&ITEM))]);
    const SOURCE: Shape = Shape::Object(&[
        ("serviceAccountToken", Shape::Object(&[])),
        ("secret", WITH_ITEMS),
        ("configMap", WITH_ITEMS),
        ("downwardAPI", WITH_ITEMS),
        ("clusterTrustBundle", Shape::Object(&[])),
        ("podCertificate", Shape::Object(&[])),
    ]);
    Shape::Object(&[("projected", Shape::Object(&[("sources", Shape::List(&SOURCE))]))])
};

/// A projected volume.
#[derive(Debug)]
pub(crate) struct ProjectedVolume<'a> {
    /// The place in the list of volumes.
    pub(crate) index: usize,
    pub(crate) name: Cow<'a, str>,
    pub(crate) sources: Vec<Source<'a>>,
}

/// A source of a projected volume. Source: `VolumeProjection` in Kubernetes' core/v1.
#[derive(Debug)]
pub(crate) enum Source<'a> {
    ServiceAccountToken {
        /// Required by the API, but not where the token is taken away.
        path: Option<Cow<'a, str>>,
        audience: Option<Cow<'a, str>>,
    },
    Secret(KeyedSource<'a>),
    ConfigMap(KeyedSource<'a>),
    DownwardApi(Vec<Item<'a>>),
    /// A source of another kind, with the paths that it shows.
    Other(Vec<Cow<'a, str>>),
}

/// A Secret or ConfigMap as a source. Without items it shows all that it has.
#[derive(Debug)]
pub(crate) struct KeyedSource<'a> {
    pub(crate) name: Option<Cow<'a, str>>,
    pub(crate) items: Vec<Item<'a>>,
}

/// What a source shows at one path.
#[derive(Debug)]
pub(crate) struct Item<'a> {
    pub(crate) path: Option<Cow<'a, str>>,
    /// Of a Secret or ConfigMap.
    pub(crate) key: Option<Cow<'a, str>>,
    /// Of the downward API.
    pub(crate) field_path: Option<Cow<'a, str>>,
}

/// Reads the projected volumes of a pod.
pub(crate) fn projected<'a>(spec: &Fields<'_, 'a>) -> Result<Vec<ProjectedVolume<'a>>, Box<Rejection>> {
    let mut projected = Vec::new();
    for (index, volume) in spec.list("volumes")?.objects().enumerate() {
        projected.extend(ProjectedVolume::read(&volume?, index)?);
    }
    Ok(projected)
}

/// The path of the sources of a volume, as messages say it.
pub(crate) fn sources_path(volume: usize) -> String {
    format!("spec.volumes[{volume}].projected.sources")
}

impl<'a> ProjectedVolume<'a> {
    /// Reads a volume; `None` when it is not a projected one.
    pub(crate) fn read(volume: &Fields<'_, 'a>, index: usize) -> Result<Option<Self>, Box<Rejection>> {
        let Some(projected) = volume.object("projected")? else { return Ok(None) };
        let name = volume.required_string("name")?;
        let sources = projected.list("sources")?;
        let sources = sources.objects().map(|source| Source::read(&source?)).collect::<Result<_, _>>()?;
        Ok(Some(Self { index, name, sources }))
    }

    /// The path of one of the sources, as messages say it.
    pub(crate) fn path_of(&self, source: usize) -> String {
        let member = self.sources.get(source).map_or("", Source::member);
        let separator = if member.is_empty() { "" } else { "." };
        format!("{}[{source}]{separator}{member}", sources_path(self.index))
    }
}

impl<'a> Source<'a> {
    const MEMBERS: [&'static str; 6] =
        ["serviceAccountToken", "secret", "configMap", "downwardAPI", "clusterTrustBundle", "podCertificate"];

    /// Reads a source; one of an unknown kind shows no path that is known.
    fn read(source: &Fields<'_, 'a>) -> Result<Self, Box<Rejection>> {
        let mut members = Self::MEMBERS.into_iter().filter(|member| source.object.present(member).is_some());
        let Some(member) = members.next() else { return Ok(Self::Other(Vec::new())) };
        if members.next().is_some() {
            return Err(Rejection::SourceKinds { path: source.path.to_string() }.into());
        }
        let body = source.required_object(member)?;
        Ok(match member {
            "serviceAccountToken" => {
                let audience = body.string("audience")?.filter(|audience| !audience.is_empty());
                Self::ServiceAccountToken { path: body.string("path")?, audience }
            }
            "secret" => Self::Secret(KeyedSource::read(&body)?),
            "configMap" => Self::ConfigMap(KeyedSource::read(&body)?),
            "downwardAPI" => Self::DownwardApi(Item::read_all(&body)?),
            _ => {
                let mut paths = Vec::new();
                for field in ["path", "keyPath", "certificateChainPath", "credentialBundlePath"] {
                    paths.extend(body.string(field)?);
                }
                Self::Other(paths)
            }
        })
    }

    fn member(&self) -> &'static str {
        match self {
            Self::ServiceAccountToken { .. } => "serviceAccountToken",
            Self::Secret(_) => "secret",
            Self::ConfigMap(_) => "configMap",
            Self::DownwardApi(_) => "downwardAPI",
            Self::Other(_) => "",
        }
    }

    /// The name of the Secret that this is.
    pub(crate) fn secret_name(&self) -> Option<&str> {
        match self {
            Self::Secret(secret) => secret.name.as_deref(),
            _ => None,
        }
    }

    /// The name of the ConfigMap that this is.
    pub(crate) fn config_map_name(&self) -> Option<&str> {
        match self {
            Self::ConfigMap(config_map) => config_map.name.as_deref(),
            _ => None,
        }
    }

    /// The items of a source that has items.
    pub(crate) fn items(&self) -> &[Item<'a>] {
        match self {
            Self::Secret(source) | Self::ConfigMap(source) => &source.items,
            Self::DownwardApi(items) => items,
            Self::ServiceAccountToken { .. } | Self::Other(_) => &[],
        }
    }

    /// Whether the source shows all that a Secret or ConfigMap has, so that only the API server knows its paths.
    pub(crate) fn shows_everything(&self) -> bool {
        matches!(self, Self::Secret(source) | Self::ConfigMap(source) if source.items.is_empty())
    }

    /// The paths that the source is known to show.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        let items = self.items().iter().filter_map(|item| item.path.as_deref());
        let (own, others): (Option<&str>, &[Cow<str>]) = match self {
            Self::ServiceAccountToken { path, .. } => (path.as_deref(), &[]),
            Self::Other(paths) => (None, paths),
            _ => (None, &[]),
        };
        items.chain(own).chain(others.iter().map(AsRef::as_ref))
    }
}

impl<'a> KeyedSource<'a> {
    fn read(body: &Fields<'_, 'a>) -> Result<Self, Box<Rejection>> {
        Ok(Self { name: body.string("name")?, items: Item::read_all(body)? })
    }
}

impl<'a> Item<'a> {
    fn read_all(body: &Fields<'_, 'a>) -> Result<Vec<Self>, Box<Rejection>> {
        let items = body.list("items")?;
        let read = |item: Fields<'_, 'a>| {
            let field_path = match item.object("fieldRef")? {
                Some(field) => field.string("fieldPath")?,
                None => None,
            };
            Ok(Self { path: item.string("path")?, key: item.string("key")?, field_path })
        };
        items.objects().map(|item| read(item?)).collect()
    }

    pub(crate) fn is_at(&self, path: &str) -> bool {
        self.path.as_deref().is_some_and(|own| same_path(own, path))
    }
}

/// Whether two paths name the same file.
pub(crate) fn same_path(one: &str, other: &str) -> bool {
    one == other || segments(one).eq(segments(other))
}

/// The segments that tell a path from others: empty ones and `.` say nothing.
pub(crate) fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !matches!(*segment, "" | "."))
}

/// A volume as a value, for a pod that has none of the kind.
pub(crate) fn volume(name: &str, default_mode: i32, sources: Vec<Value<'static>>) -> Value<'static> {
    let projected = Value::object([("defaultMode", Value::written(&default_mode)), ("sources", Value::List(sources))]);
    Value::object([("name", Value::written(name)), ("projected", projected)])
}
