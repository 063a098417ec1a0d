//! The home namespace: what the volume with the credentials shows as the pod's namespace.
//!
//! Clients in the pod ask the API server for that namespace. The foreign cluster calls it otherwise (Liqo's default
//! mapping makes `demo-milan` of `demo`), and the home cluster has no such namespace.

use serde_json::Value;

use crate::context::Context;
use crate::pod::{Path, Source, body_mut, items_mut, object_mut, object_or_new};
use crate::rejection::Result;

/// The field of the API that has the value of [`HOME_NAMESPACE`](crate::context::HOME_NAMESPACE).
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
    annotation: Option<&'c str>,
    is_shown: bool,
}

impl<'c> HomeNamespace<'c> {
    /// `None` if the home namespace is not known.
    pub(crate) fn of(context: &'c Context) -> Option<Self> {
        let name = context.origin.home_namespace.as_deref()?;
        let differs = context.origin.namespace.as_deref() != Some(name);
        Some(Self { name, differs, annotation: context.home_namespace_annotation.as_deref(), is_shown: false })
    }

    /// Makes a source of a volume with the credentials show the home namespace; returns whether it was not right.
    pub(crate) fn show(&mut self, source: &mut Value, path: Path) -> Result<bool> {
        let read = Source::read(source, path)?;
        let fields: Vec<_> =
            read.items().iter().map(|item| item.field_path.filter(|_| item.is_at(NAMESPACE))).collect();
        self.is_shown |= fields.contains(&Some(ANNOTATION_FIELD));
        let are_foreign: Vec<_> = fields.iter().map(|field| self.differs && *field == Some(NAMESPACE_FIELD)).collect();
        if !are_foreign.contains(&true) {
            return Ok(false);
        }
        self.is_shown = true;
        let items = items_mut(body_mut(source, "downwardAPI", path)?, "items", path)?.iter_mut().zip(are_foreign);
        for (item, _) in items.filter(|(_, is_foreign)| *is_foreign) {
            let field = object_or_new(object_mut(item, path)?, "fieldRef", path)?;
            field.insert("fieldPath".to_owned(), Value::from(ANNOTATION_FIELD));
        }
        Ok(true)
    }

    /// The value of the annotation that must be set; `None` if it is right, or if nothing refers to it.
    pub(crate) fn annotation(self) -> Option<String> {
        (self.is_shown && self.annotation != Some(self.name)).then(|| self.name.to_owned())
    }
}
