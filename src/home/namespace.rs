//! The home namespace: what the volume with the credentials shows as the pod's namespace.
//!
//! Clients in the pod ask the API server for that namespace. The foreign cluster calls it otherwise (Liqo's default
//! mapping makes `demo-milan` of `demo`), and the home API server knows no such namespace.

use crate::changes::{ItemChange, SourceChange, SourceEdit};
use crate::pod::Context;
use crate::volumes::Source;

/// The annotation that tells a pod its home namespace.
pub(crate) const HOME_NAMESPACE: &str = "liqo-api-access-policy.github.io/home-namespace";

/// The field of the API that has the value of [`HOME_NAMESPACE`].
const ANNOTATION_FIELD: &str = "metadata.annotations['liqo-api-access-policy.github.io/home-namespace']";

/// The field of the API that has the foreign namespace.
const NAMESPACE_FIELD: &str = "metadata.namespace";

/// The file, in a volume with API credentials, that holds the namespace.
/// Source: `TokenVolumeSource` in Kubernetes' `plugin/pkg/admission/serviceaccount`.
pub(crate) const NAMESPACE: &str = "namespace";

/// The home namespace of a pod, where the volumes with the credentials do not show it by themselves.
#[derive(Debug)]
pub(crate) struct HomeNamespace<'c> {
    name: &'c str,
    annotation: Option<&'c str>,
    is_shown: bool,
}

impl<'c> HomeNamespace<'c> {
    /// `None` where the home namespace is not known.
    pub(crate) fn of(context: &'c Context) -> Option<Self> {
        let name = context.origin.home_namespace.as_deref()?;
        Some(Self { name, annotation: context.home_namespace_annotation.as_deref(), is_shown: false })
    }

    /// What must become of a source of a volume with the credentials; `None` when it is right.
    pub(crate) fn change(&mut self, source: &Source, context: &Context) -> Option<SourceChange> {
        let Source::DownwardApi(items) = source else { return None };
        let differs = context.origin.namespace.as_deref() != Some(self.name);
        let mut is_changed = false;
        let items = items.iter().map(|item| match item.field_path.as_deref().filter(|_| item.is_at(NAMESPACE)) {
            Some(ANNOTATION_FIELD) => {
                self.is_shown = true;
                None
            }
            Some(NAMESPACE_FIELD) if differs => {
                self.is_shown = true;
                is_changed = true;
                Some(ItemChange::Field(ANNOTATION_FIELD))
            }
            _ => None,
        });
        let edit = SourceEdit { items: items.collect(), ..SourceEdit::default() };
        is_changed.then_some(SourceChange::Edited(edit))
    }

    /// The annotation that must be set; `None` when it is right, or when nothing refers to it.
    pub(crate) fn annotation(self) -> Option<(&'static str, String)> {
        (self.is_shown && self.annotation != Some(self.name)).then(|| (HOME_NAMESPACE, self.name.to_owned()))
    }
}
