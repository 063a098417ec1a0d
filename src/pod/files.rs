//! Paths of files as containers and volumes write them.

/// Whether two paths name the same file.
pub(crate) fn same_path(one: &str, other: &str) -> bool {
    one == other || segments(one).eq(segments(other))
}

/// One spelling for all paths of the same file.
pub(crate) fn normalized(path: &str) -> String {
    segments(path).collect::<Vec<_>>().join("/")
}

/// The segments of a path that tell it from others; ignores empty ones and `.`.
pub(crate) fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !matches!(*segment, "" | "."))
}
