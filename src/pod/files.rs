//! Paths of files as containers and volumes write them.

#[cfg(test)]
mod tests;

/// Whether two paths name the same file.
pub(crate) fn same_path(one: &str, other: &str) -> bool {
    one == other || segments(one) == segments(other)
}

/// One spelling for all paths of the same file.
pub(crate) fn normalized(path: &str) -> String {
    segments(path).join("/")
}

/// The segments of a path that tell it from others; ignores empty ones and `.`, and follows `..`.
pub(crate) fn segments(path: &str) -> Vec<&str> {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    segments
}
