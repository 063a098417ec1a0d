//! The fields that name a pod's ServiceAccount, and the one that controls whether its token is mounted.

use serde_json::Value;

use crate::edits::Edits;
use crate::names::{MAX_SUBDOMAIN, check_length};
use crate::pod::fields::{Fields, Object};
use crate::pod::path::SPEC;
use crate::rejection::Result;

/// The field, and its deprecated twin. The API server copies one to the other.
const NAMES: [&str; 2] = ["serviceAccountName", "serviceAccount"];

/// The field that controls whether the API server mounts a token.
pub(crate) const AUTOMOUNT: &str = "automountServiceAccountToken";

/// The ServiceAccount that a pod names, also by the deprecated twin of the field.
pub(crate) fn service_account_of<'v>(spec: &Fields<'v, '_>) -> Result<Option<&'v str>> {
    for field in NAMES {
        if let Some(name) = spec.string(field)?.filter(|name| !name.is_empty()) {
            check_length(name, MAX_SUBDOMAIN, spec.path.member(field))?;
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Takes both names away. The API server then fills in `default`; if the pod names that already, they stay.
pub(crate) fn remove_service_account(spec: &mut Object, edits: &mut Edits) -> Result<()> {
    let mut is_named = false;
    for field in NAMES {
        is_named |= Fields::of_spec(spec).string(field)?.is_some_and(|name| !matches!(name, "" | "default"));
    }
    if is_named {
        NAMES.iter().for_each(|field| drop(spec.remove(*field)));
        edits.note(SPEC.member("serviceAccountName"), "names a ServiceAccount that the mode takes away");
    }
    Ok(())
}

/// Sets both names.
pub(crate) fn set_service_account(spec: &mut Object, name: &str, edits: &mut Edits) -> Result<()> {
    for field in NAMES {
        if Fields::of_spec(spec).string(field)? != Some(name) {
            spec.insert(field.to_owned(), Value::from(name));
            edits.note(SPEC.member("serviceAccountName"), "is not the ServiceAccount of remote mode");
        }
    }
    Ok(())
}

/// Sets whether the API server mounts a token.
pub(crate) fn set_automount(spec: &mut Object, automount: bool, edits: &mut Edits) -> Result<()> {
    if Fields::of_spec(spec).boolean(AUTOMOUNT)? != Some(automount) {
        spec.insert(AUTOMOUNT.to_owned(), Value::from(automount));
        edits.note(SPEC.member(AUTOMOUNT), if automount { "is not true" } else { "is not false" });
    }
    Ok(())
}
