//! Projected volumes and their sources: where tokens and certificates reach a pod.

use std::borrow::Cow;

use crate::fields::{as_object, list_of, object_of, required_string, string_of};
use crate::json::{Object, Shape, Value};
use crate::outcome::{Reason, Rejection};
use crate::path::Path;

/// The file, in a volume with API credentials, that holds the token.
/// Source: `ServiceAccountTokenKey` in Kubernetes' `pkg/apis/core`.
pub(crate) const TOKEN: &str = "token";

/// A projected volume.
#[derive(Debug)]
pub(crate) struct Projected<'v, 'a> {
    pub(crate) name: Cow<'a, str>,
    /// The path of the sources.
    pub(crate) path: Path<'v>,
    pub(crate) sources: &'v mut Vec<Value<'a>>,
}

/// Calls `visit` with each projected volume; it tells whether it changed the sources, and so does this function.
pub(crate) fn projected<'a>(
    spec: &mut Object<'a>,
    path: Path,
    visit: &mut dyn FnMut(Projected<'_, 'a>) -> Result<bool, Rejection>,
) -> Result<bool, Rejection> {
    let Some(volumes) = list_of(spec, "volumes", path)? else {
        return Ok(false);
    };
    let path = path.member("volumes");
    let mut changed = false;
    for (index, volume) in volumes.iter_mut().enumerate() {
        let path = path.item(index);
        let volume = as_object(volume, path)?;
        if volume.present("projected").is_none() {
            continue;
        }
        let name = required_string(volume, "name", path)?;
        let Some(projected) = object_of(volume, "projected", path)? else { continue };
        let path = path.member("projected");
        let sources_path = path.member("sources");
        match list_of(projected, "sources", path)? {
            Some(sources) => changed |= visit(Projected { name, path: sources_path, sources })?,
            None => {
                let mut sources = Vec::new();
                if visit(Projected { name, path: sources_path, sources: &mut sources })? {
                    projected.set("sources", Value::Array(sources));
                    changed = true;
                }
            }
        }
    }
    Ok(changed)
}

/// What a source of a projected volume is, as far as the policy cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SourceKind {
    ServiceAccountToken,
    Secret,
    ConfigMap,
    Other,
}

/// What of a projected volume is looked into.
pub(crate) const PROJECTED: Shape = {
    const ITEMS: Shape = Shape::Members(&[("items", Shape::Items(&Shape::Object)), ("name", Shape::Text)]);
    const SOURCE: Shape = Shape::Members(&[
        ("serviceAccountToken", Shape::Object),
        ("secret", ITEMS),
        ("configMap", ITEMS),
        ("downwardAPI", ITEMS),
        ("clusterTrustBundle", Shape::Object),
        ("podCertificate", Shape::Object),
    ]);
    Shape::Members(&[("sources", Shape::Items(&SOURCE))])
};

impl SourceKind {
    /// The kinds of the API, and the members that hold them. Source: `VolumeProjection` in Kubernetes' core/v1.
    const MEMBERS: [(&'static str, Self); 6] = [
        ("serviceAccountToken", Self::ServiceAccountToken),
        ("secret", Self::Secret),
        ("configMap", Self::ConfigMap),
        ("downwardAPI", Self::Other),
        ("clusterTrustBundle", Self::Other),
        ("podCertificate", Self::Other),
    ];
}

/// A source of a projected volume: its kind and what stands under it.
#[derive(Debug)]
pub(crate) struct Source<'v, 'a> {
    pub(crate) kind: SourceKind,
    pub(crate) body: &'v mut Object<'a>,
    parent: Path<'v>,
    member: &'static str,
}

impl<'v, 'a> Source<'v, 'a> {
    /// Reads a source; one of none of the kinds is nothing to the policy.
    pub(crate) fn of(source: &'v mut Value<'a>, path: Path<'v>) -> Result<Option<Self>, Rejection> {
        let bodies = as_object(source, path)?.all_present_mut(SourceKind::MEMBERS.map(|(member, _)| member));
        let mut found = SourceKind::MEMBERS.into_iter().zip(bodies).filter_map(|(member, body)| Some((member, body?)));
        let Some(((member, kind), body)) = found.next() else {
            return Ok(None);
        };
        if found.next().is_some() {
            return Err(Reason::SourceKinds { path: path.to_string() }.into());
        }
        let body = as_object(body, path.member(member))?;
        Ok(Some(Self { kind, body, parent: path, member }))
    }

    /// The path of the body.
    pub(crate) fn path(&self) -> Path<'_> {
        self.parent.member(self.member)
    }

    /// The string that a member of the body must be, when it is there.
    pub(crate) fn string(&mut self, name: &str) -> Result<Option<Cow<'a, str>>, Rejection> {
        string_of(self.body, name, self.parent.member(self.member))
    }

    /// The string that a member of the body must be; it must be there.
    pub(crate) fn required_string(&mut self, name: &str) -> Result<Cow<'a, str>, Rejection> {
        required_string(self.body, name, self.parent.member(self.member))
    }

    /// Whether this is the Secret or ConfigMap (as the kind says) of this name.
    pub(crate) fn is_named(&mut self, kind: SourceKind, name: Option<&str>) -> Result<bool, Rejection> {
        if self.kind != kind {
            return Ok(false);
        }
        let own = self.string("name")?;
        Ok(name.is_some() && own.as_deref() == name)
    }

    /// Calls `visit` with each item and its path.
    pub(crate) fn items(
        &mut self,
        visit: &mut dyn FnMut(&mut Object<'a>, Path) -> Result<(), Rejection>,
    ) -> Result<usize, Rejection> {
        let path = self.parent.member(self.member);
        let Some(items) = list_of(self.body, "items", path)? else {
            return Ok(0);
        };
        let path = path.member("items");
        for (index, item) in items.iter_mut().enumerate() {
            let path = path.item(index);
            visit(as_object(item, path)?, path)?;
        }
        Ok(items.len())
    }

    /// Whether the source shows a file [`TOKEN`]. A Secret or ConfigMap without items shows all it has, so it may.
    pub(crate) fn provides_token(&mut self) -> Result<bool, Rejection> {
        let mut provided = false;
        let items = self.items(&mut |item, path| {
            provided |= is_at(item, "path", path, TOKEN)?;
            Ok(())
        })?;
        match self.kind {
            SourceKind::Secret | SourceKind::ConfigMap => provided |= items == 0,
            SourceKind::ServiceAccountToken | SourceKind::Other => {
                for field in ["path", "keyPath", "certificateChainPath", "credentialBundlePath"] {
                    provided |= self.string(field)?.is_some_and(|at| same_path(&at, TOKEN));
                }
            }
        }
        Ok(provided)
    }
}

/// Whether a field says that something is shown at this path.
pub(crate) fn is_at(object: &mut Object, field: &str, path: Path, shown: &str) -> Result<bool, Rejection> {
    Ok(string_of(object, field, path)?.is_some_and(|at| same_path(&at, shown)))
}

/// Whether any source of a volume shows a file [`TOKEN`].
pub(crate) fn any_provides_token(sources: &mut [Value], path: Path) -> Result<bool, Rejection> {
    for (index, source) in sources.iter_mut().enumerate() {
        if let Some(mut source) = Source::of(source, path.item(index))?
            && source.provides_token()?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a path names the same file as another, which has neither `.` nor empty segments inside.
pub(crate) fn same_path(one: &str, other: &str) -> bool {
    fn segments(path: &str) -> impl Iterator<Item = &str> {
        path.split('/').filter(|segment| !matches!(*segment, "" | "."))
    }
    // What is left out makes a path longer, but for a slash at its start; most paths are told apart by that.
    one == other || (one.len() + 1 >= other.len() && segments(one).eq(segments(other)))
}
