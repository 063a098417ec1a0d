//! Paths into an object, as messages show them: `spec.containers[0].env`.
//!
//! A path is a chain of borrowed steps, so walking an object costs nothing until a message is needed.

#[cfg(test)]
mod tests;

use std::fmt;

/// A place in the object under review.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Path<'p> {
    /// The object itself.
    Root,
    /// A member of the object at a path.
    Member(&'p Path<'p>, &'p str),
    /// An item of the array at a path.
    Item(&'p Path<'p>, usize),
}

/// The place of a pod's spec.
pub(crate) const SPEC: Path<'static> = Path::Member(&Path::Root, "spec");

impl Path<'_> {
    pub(crate) fn member<'p>(&'p self, name: &'p str) -> Path<'p> {
        Path::Member(self, name)
    }

    pub(crate) fn item(&self, index: usize) -> Path<'_> {
        Path::Item(self, index)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(Self::Root, name) => f.write_str(name),
            // Names of annotations and labels hold dots and slashes.
            Self::Member(parent, name) if name.contains(['.', '/']) => write!(f, "{parent}[\"{name}\"]"),
            Self::Member(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}
