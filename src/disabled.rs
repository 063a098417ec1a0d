//! Disabled mode: the pod has no API credentials, neither of the home cluster nor of the foreign one.
//!
//! After the edit no projected volume has a source of a ServiceAccount's token, but for those that `keptTokenAudiences`
//! names, which are not for the API server.

use serde_json::Value;

use crate::context::Review;
use crate::forged::is_liqos_item;
use crate::liqo;
use crate::pod::{
    ApiVolume, Fields, Mounts, Object, Path, Source, Sources, Volumes, body_mut, edit_projected_volumes, is_api_token,
    keep, list_or_new, object_or_new, rename,
};
use crate::rejection::Result;
use crate::release::{release_service_account, warn_of_unknown_credentials};
use crate::response::Audit;
use crate::warning::Warning;

/// Edits a pod for disabled mode, and returns what the audit log keeps.
pub(crate) fn edit(pod: &mut Object, review: &mut Review) -> Result<Audit> {
    let spec = object_or_new(pod, "spec", Path::Root)?;
    let fields = Fields::of_spec(spec);
    let mounts = Mounts::read(&fields)?;
    warn_of_unknown_credentials(&Volumes::read(&fields)?, &mounts, review);
    let mut keeps_token = false;
    edit_projected_volumes(spec, &mounts, &mut |sources| {
        keeps_token |= remove_credentials(sources, review)?;
        Ok(())
    })?;
    release_service_account(spec, keeps_token, review)?;
    Ok(Audit::Disabled)
}

/// What becomes of a source.
#[derive(PartialEq, Eq)]
enum Outcome {
    Right,
    /// It is a token of `keptTokenAudiences`.
    Kept,
    Edited,
    Removed,
}

/// Takes the credentials out of a volume; returns whether a token stays.
fn remove_credentials(sources: Sources, review: &mut Review) -> Result<bool> {
    let Sources { volume, mounted, list, path, .. } = sources;
    let mut outcomes = Vec::with_capacity(list.len());
    for (index, source) in list.iter_mut().enumerate() {
        outcomes.push(edit_source(volume, mounted, source, path.item(index), review)?);
    }
    let kept: Vec<_> = outcomes.iter().map(|outcome| *outcome != Outcome::Removed).collect();
    keep(list, &kept);
    if kept.contains(&false) || outcomes.contains(&Outcome::Edited) {
        review.note(path, "show API credentials");
    }
    Ok(outcomes.contains(&Outcome::Kept))
}

fn edit_source(
    volume: &str,
    mounted: Option<&ApiVolume>,
    source: &mut Value,
    path: Path,
    review: &mut Review,
) -> Result<Outcome> {
    let context = review.context;
    let read = Source::read(source, path)?;
    match &read {
        Source::ServiceAccountToken { path: file, audience } => {
            if !is_api_token(mounted, *file) && context.keeps_audience(*audience) {
                return Ok(Outcome::Kept);
            }
            if let Some(audience) = audience {
                let (audience, volume) = ((*audience).to_owned(), volume.to_owned());
                review.warn(Warning::AudienceRemoved { audience, volume });
            }
            Ok(Outcome::Removed)
        }
        Source::Secret { name, .. } if name.is_some_and(|name| context.is_own_secret(name)) => Ok(Outcome::Removed),
        Source::Secret { items, .. } => {
            // The pod was forged for home mode.
            let kept: Vec<_> = items.iter().map(|item| !is_liqos_item(context, volume, &read, item)).collect();
            match (kept.contains(&true), kept.contains(&false)) {
                (_, false) => Ok(Outcome::Right),
                (false, true) => Ok(Outcome::Removed),
                (true, true) => {
                    keep(list_or_new(body_mut(source, "secret", path)?, "items", path)?, &kept);
                    Ok(Outcome::Edited)
                }
            }
        }
        Source::ConfigMap { name: Some(liqo::ROOT_CA), .. } => match &context.root_ca {
            Some(reflected) => rename(source, "configMap", reflected, path).map(|()| Outcome::Edited),
            None => Ok(Outcome::Right),
        },
        Source::ConfigMap { .. } | Source::DownwardApi { .. } | Source::Other { .. } => Ok(Outcome::Right),
    }
}
