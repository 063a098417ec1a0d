//! Mode disabled: the pod has no API credentials, neither of the home cluster nor of the foreign one.
//!
//! After the edit no projected volume has a source of a ServiceAccount's token, but for those that `keptTokenAudiences`
//! names, which are not for the API server.

use serde_json::Value;

use crate::context::Context;
use crate::edits::Edits;
use crate::forged::is_liqos_item;
use crate::liqo;
use crate::pod::fields::{Fields, Object, list_or_new, object_or_new};
use crate::pod::path::Path;
use crate::pod::service_account::remove_service_account;
use crate::pod::volumes::{Item, Source, Sources, body_mut, edit_projected_volumes};
use crate::rejection::Result;
use crate::response::Audit;

/// Edits a pod for mode disabled, and returns what the audit log keeps.
pub(crate) fn edit(pod: &mut Object, context: &Context, edits: &mut Edits) -> Result<Audit> {
    let spec = object_or_new(pod, "spec", Path::Root)?;
    edit_projected_volumes(spec, &mut |sources| remove_credentials(sources, context, edits))?;
    remove_service_account(spec, edits)?;
    Ok(Audit::Disabled)
}

/// What becomes of a source.
enum Outcome {
    Right,
    Edited,
    Removed,
}

/// Takes the credentials out of a volume.
fn remove_credentials(sources: Sources, context: &Context, edits: &mut Edits) -> Result<()> {
    let Sources { volume, list, path } = sources;
    let mut kept = Vec::with_capacity(list.len());
    let mut is_edited = false;
    for (index, mut source) in std::mem::take(list).into_iter().enumerate() {
        let outcome = edit_source(volume, &mut source, path.item(index), context)?;
        is_edited |= !matches!(outcome, Outcome::Right);
        if !matches!(outcome, Outcome::Removed) {
            kept.push(source);
        }
    }
    *list = kept;
    if is_edited {
        edits.note(path, "show API credentials");
    }
    Ok(())
}

fn edit_source(volume: &str, source: &mut Value, path: Path, context: &Context) -> Result<Outcome> {
    let read = Source::read(&Fields::of(source, path)?)?;
    match &read {
        Source::ServiceAccountToken { audience, .. } if context.keeps_audience(*audience) => Ok(Outcome::Right),
        Source::ServiceAccountToken { .. } => Ok(Outcome::Removed),
        Source::Secret(secret) if secret.name.is_some_and(|name| context.is_own_secret(name)) => Ok(Outcome::Removed),
        Source::Secret(secret) => {
            // The pod was forged for mode home.
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
