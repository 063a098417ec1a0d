//! The edits of a pod: whether it was edited at all, and the first thing in it that was not right.
//!
//! Every rule that writes to the object under review notes the path here. Without a note the answer has no object, and
//! with `verifyOnly` the first note is the reason for the rejection.

use crate::pod::path::Path;

/// What was edited; the default is nothing.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    first: Option<(String, &'static str)>,
}

impl Edits {
    /// Notes that what stands at `path` was edited, and what was wrong with it.
    pub(crate) fn note(&mut self, path: Path, problem: &'static str) {
        self.first.get_or_insert_with(|| (path.to_string(), problem));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// The path of the first edit, and what was wrong there.
    pub(crate) fn into_first(self) -> Option<(String, &'static str)> {
        self.first
    }
}
