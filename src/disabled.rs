//! Mode disabled: the pod has no API credentials, neither of the home cluster nor of the foreign one.
//!
//! After this no projected volume has a source of a ServiceAccount's token.

use crate::json::Object;
use crate::liqo;
use crate::outcome::{Audit, Rejection};
use crate::path::Path;
use crate::pod::{self, Context};
use crate::volumes::{self, Source, SourceKind};

/// Changes a pod's spec for mode disabled; tells whether anything changed, and what the audit log keeps.
pub(crate) fn apply(spec: &mut Object, path: Path, context: &Context) -> Result<(bool, Audit), Rejection> {
    let mut changed = volumes::projected(spec, path, &mut |volume| {
        let mut fate = Vec::with_capacity(volume.sources.len());
        for (index, source) in volume.sources.iter_mut().enumerate() {
            let source = Source::of(source, volume.path.item(index))?;
            fate.push(source.map_or(Ok(Fate::Kept), |source| decide_fate(source, context))?);
        }
        let changed = fate.iter().any(|fate| *fate != Fate::Kept);
        let mut fate = fate.into_iter();
        volume.sources.retain(|_| fate.next() != Some(Fate::Removed));
        Ok(changed)
    })?;
    changed |= pod::detach_service_account(spec, path)?;
    Ok((changed, Audit::Disabled))
}

/// What becomes of a source.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Kept,
    Changed,
    Removed,
}

fn decide_fate(mut source: Source, context: &Context) -> Result<Fate, Rejection> {
    // Credentials of the home cluster are there when the pod was forged for mode home.
    if source.kind == SourceKind::ServiceAccountToken || context.is_for_home(&mut source)? {
        return Ok(Fate::Removed);
    }
    if let Some(reflected) = &context.root_ca
        && source.is_named(SourceKind::ConfigMap, Some(liqo::ROOT_CA))?
    {
        source.body.set_string("name", reflected);
        return Ok(Fate::Changed);
    }
    Ok(Fate::Kept)
}
