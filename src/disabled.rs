//! Disabled mode: the pod has no API credentials, neither of the home cluster nor of the foreign one.
//!
//! After the edit no projected volume has a source of a ServiceAccount's token, but for those that `keptTokenAudiences`
//! names, which are not for the API server.

use serde_json::Value;

use crate::forged::{is_liqos_item, shows_liqos_token};
use crate::pod::{
    Fields, Item, Mounts, Object, Path, ROOT_CA, Source, Volume, Volumes, edit_projected_volumes, is_api_token,
    list_or_new, member_mut, object_or_new, retain, set_source_name,
};
use crate::rejection::Result;
use crate::response::Audit;
use crate::review::Review;
use crate::service_account::release_service_account;
use crate::warning::Warning;

/// Edits a pod for disabled mode, and returns what the audit log keeps.
pub(crate) fn edit(pod: &mut Object, review: &mut Review) -> Result<Audit> {
    let spec = object_or_new(pod, "spec", Path::Root)?;
    let fields = Fields::of_spec(spec);
    let mounts = Mounts::read(&fields)?;
    review.warn_of_unknown_credentials(&Volumes::read(&fields)?, &mounts);
    edit_projected_volumes(spec, &mounts, &mut |volume, sources| {
        let (path, before, mut is_edited) = (volume.path, sources.len(), false);
        retain(sources, path, &mut |source, path| remove_credentials(volume, source, path, &mut is_edited, review))?;
        if is_edited || sources.len() < before {
            review.note(path, "show API credentials");
        }
        Ok(())
    })?;
    release_service_account(spec, review)?;
    Ok(Audit::Disabled)
}

/// Removes the credentials from a source; returns whether the source stays.
fn remove_credentials(
    volume: Volume,
    source: &mut Value,
    path: Path,
    is_edited: &mut bool,
    review: &mut Review,
) -> Result<bool> {
    let context = review.context;
    let read = Source::read(source, path)?;
    match &read {
        Source::ServiceAccountToken { path: file, audience } => {
            if !is_api_token(volume.mounted, *file) && context.keeps_audience(*audience) {
                return Ok(true);
            }
            if let Some(audience) = audience {
                let (audience, volume) = ((*audience).to_owned(), volume.name.to_owned());
                review.warn(Warning::AudienceRemoved { audience, volume });
            }
            Ok(false)
        }
        Source::Secret { name: Some(name), .. } if context.is_own_secret(name) => Ok(false),
        // The pod was forged for home mode.
        Source::Secret { .. } if shows_liqos_token(context, volume.name, &read) => {
            *is_edited = true;
            let items = list_or_new(member_mut(source, "secret", path)?, "items", path)?;
            retain(items, path, &mut |item, path| Ok(!is_liqos_item(volume.name, &Item::read(item, path)?)))?;
            Ok(!items.is_empty())
        }
        Source::ConfigMap { name: Some(ROOT_CA), .. } => {
            if let Some(reflected) = &context.root_ca {
                *is_edited = true;
                set_source_name(source, "configMap", reflected, path)?;
            }
            Ok(true)
        }
        Source::Secret { .. } | Source::ConfigMap { .. } | Source::DownwardApi { .. } | Source::Other { .. } => {
            Ok(true)
        }
    }
}
