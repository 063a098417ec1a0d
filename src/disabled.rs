//! Disabled mode: the pod has no API credentials, neither of the home cluster nor of the foreign one.
//!
//! After the edit no projected volume has a source of a ServiceAccount's token, but for those that `keptTokenAudiences`
//! names, which are not for the API server.

use serde_json::Value;

use crate::context::Context;
use crate::edits::Edits;
use crate::forged::is_liqos_item;
use crate::liqo;
use crate::pod::fields::{Fields, Object, list_or_new, object_or_new};
use crate::pod::mounts::{ApiVolume, Mounts, is_api_token};
use crate::pod::path::Path;
use crate::pod::volumes::{Item, Source, Sources, Volumes, body_mut, edit_projected_volumes};
use crate::rejection::Result;
use crate::release::{release_service_account, warn_of_unknown_credentials};
use crate::response::Audit;
use crate::warning::{Warning, Warnings};

/// Edits a pod for disabled mode, and returns what the audit log keeps.
pub(crate) fn edit(pod: &mut Object, context: &Context, edits: &mut Edits, warnings: &mut Warnings) -> Result<Audit> {
    let spec = object_or_new(pod, "spec", Path::Root)?;
    let fields = Fields { object: spec, path: Path::Root.member("spec") };
    let mounts = Mounts::read(&fields)?;
    warn_of_unknown_credentials(&Volumes::read(&fields)?, &mounts, warnings);
    let mut keeps_token = false;
    edit_projected_volumes(spec, &mut |sources| {
        let mounted = mounts.api_volumes.get(sources.volume);
        keeps_token |= remove_credentials(sources, mounted, context, edits, warnings)?;
        Ok(())
    })?;
    release_service_account(spec, keeps_token, context.home_cluster, edits)?;
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
fn remove_credentials(
    sources: Sources,
    mounted: Option<&ApiVolume>,
    context: &Context,
    edits: &mut Edits,
    warnings: &mut Warnings,
) -> Result<bool> {
    let Sources { volume, list, path, .. } = sources;
    let mut rest = Vec::with_capacity(list.len());
    let (mut is_edited, mut keeps_token) = (false, false);
    for (index, mut source) in std::mem::take(list).into_iter().enumerate() {
        let outcome = edit_source(volume, mounted, &mut source, path.item(index), context, warnings)?;
        is_edited |= matches!(outcome, Outcome::Edited | Outcome::Removed);
        keeps_token |= outcome == Outcome::Kept;
        if outcome != Outcome::Removed {
            rest.push(source);
        }
    }
    *list = rest;
    if is_edited {
        edits.note(path, "show API credentials");
    }
    Ok(keeps_token)
}

fn edit_source(
    volume: &str,
    mounted: Option<&ApiVolume>,
    source: &mut Value,
    path: Path,
    context: &Context,
    warnings: &mut Warnings,
) -> Result<Outcome> {
    let read = Source::read(&Fields::of(source, path)?)?;
    match &read {
        Source::ServiceAccountToken { path: file, audience } => {
            if !is_api_token(mounted, *file) && context.keeps_audience(*audience) {
                return Ok(Outcome::Kept);
            }
            if let Some(audience) = audience {
                let (audience, volume) = ((*audience).to_owned(), volume.to_owned());
                warnings.add(Warning::AudienceRemoved { audience, volume });
            }
            Ok(Outcome::Removed)
        }
        Source::Secret(secret) if secret.name.is_some_and(|name| context.is_own_secret(name)) => Ok(Outcome::Removed),
        Source::Secret(secret) => {
            // The pod was forged for home mode.
            let is_other = |item: &Item| !is_liqos_item(context, volume, &read, item);
            let are_others: Vec<_> = secret.items.iter().map(is_other).collect();
            if !are_others.contains(&false) {
                return Ok(Outcome::Right);
            }
            if !are_others.contains(&true) {
                return Ok(Outcome::Removed);
            }
            let mut are_others = are_others.into_iter();
            let items = list_or_new(body_mut(source, "secret", path)?, "items", path)?;
            items.retain(|_| are_others.next() != Some(false));
            Ok(Outcome::Edited)
        }
        Source::ConfigMap(config_map) if config_map.name == Some(liqo::ROOT_CA) => match &context.root_ca {
            Some(reflected) => {
                body_mut(source, "configMap", path)?.insert("name".to_owned(), Value::from(reflected.as_str()));
                Ok(Outcome::Edited)
            }
            None => Ok(Outcome::Right),
        },
        Source::ConfigMap(_) | Source::DownwardApi(_) | Source::Other(_) => Ok(Outcome::Right),
    }
}
