//! How much memory the module needs for a pod.

use anyhow::{Result, ensure};
use runner::Policy;

use crate::pods::Pod;

/// Linear memory grows by pages of this many bytes.
const PAGE: usize = 64 * 1024;

/// More pages than any pod needs.
const MANY: usize = 1024;

/// How often an instance is called: memory that is not given back would show.
const CALLS: usize = 100;

/// The fewest bytes with which one instance answers about the pod again and again.
pub(crate) fn needed(policy: &Policy, pod: &Pod) -> Result<usize> {
    let payload = pod.request.payload(&pod.settings);
    let suffices = |pages: usize| {
        let limited = policy.with_memory_limit(pages * PAGE);
        limited.instance().is_ok_and(|instance| (0..CALLS).all(|_| instance.call("validate", &payload).is_ok()))
    };
    let (mut too_few, mut enough) = (0, MANY);
    ensure!(suffices(enough), "{} needs more than {MANY} pages", pod.name);
    while enough - too_few > 1 {
        let middle = usize::midpoint(too_few, enough);
        if suffices(middle) { enough = middle } else { too_few = middle }
    }
    Ok(enough * PAGE)
}
