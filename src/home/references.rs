//! References: how a variable's value refers to other variables, as `$(NAME)`.

#[cfg(test)]
mod tests;

/// The names that a value refers to. `$$` stands for a dollar sign, so `$$(NAME)` refers to nothing.
/// Source: `Expand` in Kubernetes' `third_party/forked/golang/expansion`.
pub(crate) fn references(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = value;
    std::iter::from_fn(move || {
        loop {
            let (_, after) = rest.split_once('$')?;
            if let Some(opened) = after.strip_prefix('(') {
                // If no bracket closes this one, none closes a later one either.
                let (name, after) = opened.split_once(')')?;
                rest = after;
                return Some(name);
            }
            // The character after the dollar sign is passed over with it.
            let mut characters = after.chars();
            characters.next();
            rest = characters.as_str();
        }
    })
}

/// A value that the kubelet expands to this text.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}
