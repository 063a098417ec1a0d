//! The home namespace: what the volume with the credentials shows as the pod's namespace.
//!
//! Clients in the pod ask the API server for that namespace. The foreign cluster calls it otherwise (Liqo's default
//! mapping makes `demo-milan` of `demo`), and the home cluster has no such namespace.

use serde_json::Value;

use crate::origin::Origin;
use crate::pod::{Fields, Item, Object, Path, items_mut, member_mut, object_mut, object_or_new};
use crate::rejection::Result;
use crate::review::Review;

/// The annotation that holds the home namespace.
const HOME_NAMESPACE: &str = "liqo-api-access-policy.github.io/home-namespace";

/// The field of the API that has the value of [`HOME_NAMESPACE`].
const ANNOTATION_FIELD: &str = "metadata.annotations['liqo-api-access-policy.github.io/home-namespace']";

/// The field of the API that has the foreign namespace.
pub(crate) const NAMESPACE_FIELD: &str = "metadata.namespace";

/// The file, in a volume with API credentials, that holds the namespace.
/// Source: `TokenVolumeSource` in Kubernetes' `plugin/pkg/admission/serviceaccount`.
pub(crate) const NAMESPACE: &str = "namespace";

/// The home namespace of a pod.
#[derive(Debug)]
pub(crate) struct HomeNamespace<'c> {
    name: &'c str,
    /// Whether the foreign namespace has another name, so that a volume must show the home namespace.
    differs: bool,
    /// Whether a volume shows the annotation.
    is_shown: bool,
}

impl<'c> HomeNamespace<'c> {
    /// `None` if the home namespace is not known.
    pub(crate) fn of(origin: &'c Origin) -> Option<Self> {
        let name = origin.home_namespace.as_deref()?;
        Some(Self { name, differs: origin.namespace.as_deref() != Some(name), is_shown: false })
    }

    /// Makes a source of a volume with the credentials show the annotation; returns whether it was not right.
    pub(crate) fn use_annotation(&mut self, source: &mut Value, path: Path) -> Result<bool> {
        let mut is_edited = false;
        for item in items_mut(member_mut(source, "downwardAPI", path)?, "items", path)? {
            let read = Item::read(item, path)?;
            match read.field_path.filter(|_| read.is_at(NAMESPACE)) {
                Some(ANNOTATION_FIELD) => self.is_shown = true,
                Some(NAMESPACE_FIELD) if self.differs => {
                    let field = object_or_new(object_mut(item, path)?, "fieldRef", path)?;
                    field.insert("fieldPath".to_owned(), Value::from(ANNOTATION_FIELD));
                    (self.is_shown, is_edited) = (true, true);
                }
                _ => {}
            }
        }
        Ok(is_edited)
    }

    /// Sets the annotation if a volume shows it.
    pub(crate) fn annotate(self, pod: &mut Object, review: &mut Review) -> Result<()> {
        if !self.is_shown {
            return Ok(());
        }
        let metadata = object_or_new(pod, "metadata", Path::Root)?;
        let path = Path::Root.member("metadata");
        let annotations = object_or_new(metadata, "annotations", path)?;
        let path = path.member("annotations");
        if (Fields { object: annotations, path }).string(HOME_NAMESPACE)? != Some(self.name) {
            annotations.insert(HOME_NAMESPACE.to_owned(), Value::from(self.name));
            review.note(path.member(HOME_NAMESPACE), "is not the home namespace");
        }
        Ok(())
    }
}
