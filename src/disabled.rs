//! Mode disabled: the pod has no API credentials, neither of the home cluster nor of the foreign one.
//!
//! After the change no projected volume has a source of a ServiceAccount's token, but for those that
//! `keptTokenAudiences` names, which are not for the API server.

use crate::changes::{Changes, ItemChange, SourceChange, SourceEdit, VolumeChange};
use crate::fields::Fields;
use crate::home::is_liqos_item;
use crate::liqo;
use crate::outcome::{Audit, Rejection};
use crate::pod::{self, Context};
use crate::volumes::{self, ProjectedVolume, Source};

/// Decides what must become of a pod in mode disabled, and what the audit log keeps.
pub(crate) fn decide(spec: &Fields, context: &Context) -> Result<(Changes, Audit), Box<Rejection>> {
    let volumes = volumes::projected(spec)?;
    let volumes = volumes.iter().filter_map(|volume| strip(volume, context)).collect();
    let (service_account, automount) = pod::detached(spec)?;
    Ok((Changes { volumes, service_account, automount, ..Changes::default() }, Audit::Disabled))
}

/// Takes the credentials out of a volume; `None` when it has none.
fn strip(volume: &ProjectedVolume, context: &Context) -> Option<VolumeChange> {
    let sources: Vec<_> = volume.sources.iter().map(|source| strip_source(&volume.name, source, context)).collect();
    let problem = "show API credentials";
    sources.iter().any(Option::is_some).then(|| VolumeChange {
        index: volume.index,
        sources,
        added: Vec::new(),
        problem,
    })
}

fn strip_source(volume: &str, source: &Source, context: &Context) -> Option<SourceChange> {
    match source {
        Source::ServiceAccountToken { audience, .. } => {
            (!context.keeps_audience(audience.as_deref())).then_some(SourceChange::Removed)
        }
        Source::Secret(secret) => {
            if secret.name.is_some()
                && secret.name == context.home_cluster.credentials_secret.as_deref().map(Into::into)
            {
                return Some(SourceChange::Removed);
            }
            // The pod was forged for mode home.
            let is_liqos = |item| is_liqos_item(context, volume, source, item);
            if !secret.items.iter().any(is_liqos) {
                return None;
            }
            if secret.items.iter().all(is_liqos) {
                return Some(SourceChange::Removed);
            }
            let items = secret.items.iter().map(|item| is_liqos(item).then_some(ItemChange::Removed)).collect();
            Some(SourceChange::Edited(SourceEdit { items, ..SourceEdit::default() }))
        }
        Source::ConfigMap(config_map) if config_map.name.as_deref() == Some(liqo::ROOT_CA) => {
            let name = context.root_ca.clone()?;
            Some(SourceChange::Edited(SourceEdit { name: Some(name), ..SourceEdit::default() }))
        }
        Source::ConfigMap(_) | Source::DownwardApi(_) | Source::Other(_) => None,
    }
}
