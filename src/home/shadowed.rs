//! Shadowed paths: no path is shown twice in a volume that gets something of the home cluster.
//!
//! Of two sources with one path the kubelet shows the later one. The API server does not mind that with tokens of
//! ServiceAccounts, but refuses a second item of a Secret with the path.
//! Source: `validateProjectionSources` in Kubernetes' `pkg/apis/core/validation`.

use std::collections::BTreeSet;

use crate::changes::{ItemChange, SourceChange, SourceEdit};
use crate::home::credentials::CA;
use crate::volumes::{Source, segments};

/// The paths that later sources show.
#[derive(Default)]
struct Later {
    all: BTreeSet<String>,
    /// Those that the policy writes.
    written: BTreeSet<String>,
}

impl Later {
    /// Whether a path is shadowed by a later one, where one of the two is written by the policy. If not it is noted.
    fn shadows(&mut self, path: &str, is_written: bool) -> bool {
        let path = segments(path).collect::<Vec<_>>().join("/");
        if self.all.contains(&path) && (is_written || self.written.contains(&path)) {
            return true;
        }
        if is_written {
            self.written.insert(path.clone());
        }
        self.all.insert(path);
        false
    }
}

/// Adds to the changes what takes away every source, or item, with the path of a later one where one of the two is
/// written by the policy.
pub(crate) fn remove_shadowed(sources: &[Source], changes: &mut [Option<SourceChange>]) {
    let mut later = Later::default();
    for (source, change) in sources.iter().zip(changes).rev() {
        let is_written = change.is_some();
        match (source, &change) {
            // Certificates that get their one item.
            (Source::ConfigMap(_), Some(SourceChange::Edited(edit))) if !edit.added_items.is_empty() => {
                if later.shadows(CA, true) {
                    *change = Some(SourceChange::Removed);
                }
            }
            (Source::Secret(_) | Source::ConfigMap(_) | Source::DownwardApi(_), _) => {
                let items = source.items();
                let mut is_shadowed = vec![false; items.len()];
                for (item, is_shadowed) in items.iter().zip(&mut is_shadowed).rev() {
                    *is_shadowed = item.path.as_deref().is_some_and(|path| later.shadows(path, is_written));
                }
                remove_items(&is_shadowed, change);
            }
            (Source::ServiceAccountToken { .. } | Source::Other(_), _) => {
                if source.paths().any(|path| later.shadows(path, is_written)) {
                    *change = Some(SourceChange::Removed);
                }
            }
        }
    }
}

/// Takes items of a source away; the source goes with its last item.
fn remove_items(is_removed: &[bool], change: &mut Option<SourceChange>) {
    if !is_removed.contains(&true) {
        return;
    }
    if !is_removed.contains(&false) {
        *change = Some(SourceChange::Removed);
        return;
    }
    let edit = change.get_or_insert_with(|| SourceChange::Edited(SourceEdit::default()));
    if let SourceChange::Edited(edit) = edit {
        edit.items.resize_with(is_removed.len(), || None);
        for (item, _) in edit.items.iter_mut().zip(is_removed).filter(|(_, is_removed)| **is_removed) {
            *item = Some(ItemChange::Removed);
        }
    }
}
