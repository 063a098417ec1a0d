//! Changes of the sources of projected volumes.

use k8s_openapi::api::core::v1::{KeyToPath, SecretProjection};

use crate::json::{Object, Value};

/// What must become of a projected volume.
#[derive(Debug)]
pub(crate) struct VolumeChange {
    /// The place in the list of volumes.
    pub(crate) index: usize,
    /// For each source what must become of it; `None` where it is right.
    pub(crate) sources: Vec<Option<SourceChange>>,
    /// Sources that are added.
    pub(crate) added: Vec<Value<'static>>,
    /// What is wrong with the volume as it is.
    pub(crate) problem: &'static str,
}

/// What must become of a source.
#[derive(Debug)]
pub(crate) enum SourceChange {
    Removed,
    /// A `serviceAccountToken` becomes this Secret.
    TokenToSecret(SecretProjection),
    Edited(SourceEdit),
}

/// What must become of a source that has items.
#[derive(Debug, Default)]
pub(crate) struct SourceEdit {
    /// A ConfigMap becomes a Secret.
    pub(crate) is_secret: bool,
    /// Another name of the Secret or ConfigMap.
    pub(crate) name: Option<String>,
    /// Items where there were none.
    pub(crate) added_items: Vec<KeyToPath>,
    /// For each item what must become of it. Without entries all of them stay.
    pub(crate) items: Vec<Option<ItemChange>>,
    /// The Secret that takes the items which are [`ItemChange::Moved`].
    pub(crate) moved_to: Option<String>,
}

/// What must become of an item of a source.
#[derive(Debug)]
pub(crate) enum ItemChange {
    Removed,
    /// It shows another key.
    Key(&'static str),
    /// It goes into a source of its own, where it shows another key.
    Moved(&'static str),
    /// It shows another field of the pod.
    Field(&'static str),
}

impl VolumeChange {
    /// Makes the change in a pod's spec.
    pub(super) fn apply(self, spec: &mut Object) {
        let volume = spec.list_mut("volumes").and_then(|volumes| volumes.get_mut(self.index));
        let projected = volume.and_then(Value::as_object_mut).and_then(|volume| volume.object_mut("projected"));
        let Some(sources) = projected.and_then(|projected| projected.list_or_new("sources")) else { return };
        let mut moved = Vec::new();
        let mut new = Vec::with_capacity(sources.len() + self.added.len());
        let mut changes = self.sources.into_iter();
        for mut value in std::mem::take(sources) {
            match (changes.next().flatten(), value.as_object_mut()) {
                (None, _) | (_, None) => {}
                (Some(SourceChange::Removed), _) => continue,
                (Some(SourceChange::TokenToSecret(secret)), Some(source)) => {
                    source.remove("serviceAccountToken");
                    source.set("secret", Value::written(&secret));
                }
                (Some(SourceChange::Edited(edit)), Some(source)) => moved.extend(edit.apply(source)),
            }
            new.push(value);
        }
        new.extend(moved);
        new.extend(self.added);
        *sources = new;
    }
}

impl SourceEdit {
    /// Makes the change, and gives the source that moved items become.
    fn apply<'a>(self, source: &mut Object<'a>) -> Option<Value<'a>> {
        if self.is_secret {
            source.rename("configMap", "secret");
        }
        let kind = ["secret", "configMap", "downwardAPI"].into_iter().find(|kind| source.present(kind).is_some())?;
        let body = source.object_mut(kind)?;
        if let Some(name) = self.name {
            body.set("name", Value::written(&name));
        }
        if !self.added_items.is_empty() {
            body.set("items", Value::List(self.added_items.iter().map(Value::written).collect()));
        }
        if self.items.is_empty() {
            return None;
        }
        let items = body.list_mut("items")?;
        let mut moved = Vec::new();
        let mut kept = Vec::with_capacity(items.len());
        let mut changes = self.items.into_iter();
        for mut value in std::mem::take(items) {
            match (changes.next().flatten(), value.as_object_mut()) {
                (None, _) | (_, None) => kept.push(value),
                (Some(ItemChange::Removed), _) => {}
                (Some(ItemChange::Key(key)), Some(item)) => {
                    item.set("key", Value::written(key));
                    kept.push(value);
                }
                (Some(ItemChange::Moved(key)), Some(item)) => {
                    item.set("key", Value::written(key));
                    moved.push(value);
                }
                (Some(ItemChange::Field(path)), Some(item)) => {
                    if let Some(field) = item.object_mut("fieldRef") {
                        field.set("fieldPath", Value::written(path));
                    }
                    kept.push(value);
                }
            }
        }
        *items = kept;
        let secret = self.moved_to.filter(|_| !moved.is_empty())?;
        let body = Value::object([("items", Value::List(moved)), ("name", Value::written(&secret))]);
        Some(Value::object([("secret", body)]))
    }
}
