//! Shadowed paths: no path is shown twice in a volume that gets something of the home cluster.
//!
//! Of two sources with one path the kubelet shows the later one. The API server does not mind that with tokens of
//! ServiceAccounts, but refuses a second item of a Secret with the path.
//! Source: `validateProjectionSources` in Kubernetes' `pkg/apis/core/validation`.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::pod::{Path, Source, keep, list_or_new, member_mut, normalized};
use crate::rejection::{Rejection, Result};

/// The paths that later sources show.
#[derive(Default)]
struct Later {
    all: BTreeSet<String>,
    /// Those that the policy writes.
    written: BTreeSet<String>,
}

impl Later {
    /// Whether a path is shadowed by a later one, if one of the two is written by the policy. If not it is noted.
    fn shadows(&mut self, path: &str, is_written: bool) -> bool {
        let path = normalized(path);
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

/// Removes every source, or item, with the path of a later one if one of the two is `written` by the policy.
pub(crate) fn remove_shadowed(sources: &mut Vec<Value>, written: &[bool], path: Path) -> Result<()> {
    let mut later = Later::default();
    let mut is_kept = vec![true; sources.len()];
    for (index, source) in sources.iter_mut().enumerate().rev() {
        let read = Source::read(source, path.item(index))?;
        let is_written = written[index];
        let items = read.items();
        if items.is_empty() {
            // Each path is noted, also after one that is shadowed.
            let are_shadowed: Vec<_> = read.paths().map(|path| later.shadows(path, is_written)).collect();
            let is_shadowed = are_shadowed.contains(&true);
            // A certificate is not thrown away for one of its files.
            if is_shadowed && are_shadowed.len() > 1 {
                return Err(Rejection::PathTaken { path: path.item(index).to_string() }.into());
            }
            is_kept[index] = !is_shadowed;
            continue;
        }
        let mut is_shown = vec![true; items.len()];
        for (item, is_shown) in items.iter().zip(&mut is_shown).rev() {
            *is_shown = !item.path.is_some_and(|path| later.shadows(path, is_written));
        }
        // A source goes with its last item.
        is_kept[index] = is_shown.contains(&true);
        if is_shown.contains(&false) {
            let member = read.member();
            keep(list_or_new(member_mut(source, member, path)?, "items", path)?, &is_shown);
        }
    }
    keep(sources, &is_kept);
    Ok(())
}
